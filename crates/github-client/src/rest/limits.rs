//! What is left of the allowances.

use std::collections::BTreeMap;

use http_kit::Allowance;
use jiff::Timestamp;
use serde::Deserialize;

use crate::call::Call;
use crate::{Error, GithubClient};

impl GithubClient {
    /// What is left of every allowance, by a request that counts against none.
    ///
    /// # Errors
    /// When GitHub does not answer, or is an Enterprise server without limits ([`Error::NotFound`]).
    pub async fn rate_limits(&self) -> Result<Vec<Allowance>, Error> {
        #[derive(Deserialize)]
        struct Wire {
            resources: BTreeMap<String, Resource>,
        }
        #[derive(Deserialize)]
        struct Resource {
            limit: u64,
            remaining: u64,
            reset: i64,
        }
        let call = Call::get(self.shared.endpoints.rest(["rate_limit"]));
        if self.offline() {
            return Err(Error::NotRecorded { subject: call.subject });
        }
        // Never from a recording: what was left then is of no use now.
        let reply = self.exchange(&call, None).await?;
        if !reply.status.is_success() {
            return Err(crate::refusal::error_of(self, &call.subject, &reply, crate::refusal::Intent::Read));
        }
        let wire: Wire = reply.json(&call.subject)?;
        let allowances: Vec<Allowance> = wire
            .resources
            .into_iter()
            .map(|(lane, resource)| Allowance {
                lane,
                limit: resource.limit,
                remaining: resource.remaining,
                renewed: Timestamp::from_second(resource.reset).unwrap_or(Timestamp::MAX),
            })
            .collect();
        for allowance in &allowances {
            self.shared.gate.note(allowance.clone(), reply.time);
        }
        Ok(allowances)
    }
}
