//! What a classic token may do.

use std::collections::BTreeSet;

use http::HeaderMap;

use crate::call::Call;
use crate::{Error, GithubClient};

/// Scopes that contain others.
const CONTAINS: &[(&str, &[&str])] = &[
    ("repo", &["repo:status", "repo_deployment", "public_repo", "repo:invite", "security_events"]),
    ("admin:org", &["write:org", "read:org", "manage_runners:org"]),
    ("write:org", &["read:org"]),
    ("admin:public_key", &["write:public_key", "read:public_key"]),
    ("write:public_key", &["read:public_key"]),
    ("admin:repo_hook", &["write:repo_hook", "read:repo_hook"]),
    ("write:repo_hook", &["read:repo_hook"]),
    ("admin:gpg_key", &["write:gpg_key", "read:gpg_key"]),
    ("write:gpg_key", &["read:gpg_key"]),
    ("write:packages", &["read:packages"]),
    ("write:discussion", &["read:discussion"]),
    ("user", &["read:user", "user:email", "user:follow"]),
    ("project", &["read:project"]),
    ("admin:enterprise", &["manage_runners:enterprise", "manage_billing:enterprise", "read:enterprise"]),
];

/// The scopes of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scopes {
    /// A classic token has these.
    Granted(BTreeSet<String>),
    /// GitHub does not tell them: fine-grained tokens and apps have permissions instead, which only the call itself shows.
    NotTold,
}

impl Scopes {
    /// Reads `x-oauth-scopes`.
    fn of(headers: &HeaderMap) -> Self {
        list(headers, "x-oauth-scopes").map_or(Self::NotTold, Self::Granted)
    }

    /// Those of `wanted` that the token lacks, sorted. Nothing when the scopes are not told.
    pub fn missing(&self, wanted: &[&str]) -> Vec<String> {
        let Self::Granted(granted) = self else { return Vec::new() };
        let wanted: BTreeSet<&str> = wanted.iter().copied().filter(|scope| !has(granted, scope)).collect();
        wanted.into_iter().map(str::to_owned).collect()
    }

    /// What a refused answer says would have been needed: the first of its alternatives, unless one of them is there.
    pub(crate) fn lacking(headers: &HeaderMap) -> Vec<String> {
        let (Self::Granted(granted), Some(accepted)) = (Self::of(headers), list(headers, "x-accepted-oauth-scopes"))
        else {
            return Vec::new();
        };
        if accepted.iter().any(|scope| has(&granted, scope)) {
            return Vec::new();
        }
        // The smallest is the one that the others contain.
        let smallest =
            accepted.iter().find(|scope| accepted.iter().all(|other| other == *scope || contains(other, scope)));
        smallest.or_else(|| accepted.first()).cloned().into_iter().collect()
    }
}

fn contains(scope: &str, other: &str) -> bool {
    CONTAINS.iter().any(|(outer, inner)| *outer == scope && inner.contains(&other))
}

fn has(granted: &BTreeSet<String>, scope: &str) -> bool {
    granted.contains(scope) || granted.iter().any(|granted| contains(granted, scope))
}

fn list(headers: &HeaderMap, name: &str) -> Option<BTreeSet<String>> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
}

impl GithubClient {
    /// The scopes of the token, by a request that counts against no limit.
    ///
    /// # Errors
    /// [`Error::BadCredentials`] for a token that is not accepted.
    pub async fn scopes(&self) -> Result<Scopes, Error> {
        let call = Call::get(self.shared.endpoints.rest(["rate_limit"]));
        let reply = self.exchange(&call, None).await?;
        if !reply.status.is_success() && !reply.headers.contains_key("x-oauth-scopes") {
            return Err(crate::refusal::error_of(self, &call.subject, &reply, crate::refusal::Intent::Read));
        }
        Ok(Scopes::of(&reply.headers))
    }

    /// Checks that the token has these scopes, or those that contain them.
    ///
    /// # Errors
    /// [`Error::MissingScopes`] names those it lacks.
    pub async fn require_scopes(&self, wanted: &[&str]) -> Result<Scopes, Error> {
        let scopes = self.scopes().await?;
        let missing = scopes.missing(wanted);
        if missing.is_empty() {
            Ok(scopes)
        } else {
            Err(Error::MissingScopes { subject: self.shared.endpoints.web.clone(), missing })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_scopes_are_named() {
        let headers = |granted: Option<&str>, accepted: Option<&str>| {
            let mut headers = HeaderMap::new();
            for (name, value) in [("x-oauth-scopes", granted), ("x-accepted-oauth-scopes", accepted)] {
                if let Some(value) = value {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            headers
        };
        let cases: [(_, &[&str], &[&str]); 5] = [
            (Some("repo, admin:org"), &["public_repo", "read:org", "repo"], &[]),
            (Some("public_repo"), &["repo", "read:org"], &["read:org", "repo"]),
            (Some(""), &["repo"], &["repo"]),
            (Some("write:packages"), &["read:packages"], &[]),
            (None, &["repo"], &[]),
        ];
        for (granted, wanted, expected) in cases {
            assert_eq!(Scopes::of(&headers(granted, None)).missing(wanted), expected, "{granted:?} {wanted:?}");
        }
        let cases: [(_, _, &[&str]); 5] = [
            (Some("read:org"), Some("public_repo, repo"), &["public_repo"]),
            (Some("read:org"), Some("repo, public_repo"), &["public_repo"]),
            (Some("repo"), Some("public_repo"), &[]),
            (Some("repo"), Some(""), &[]),
            (None, Some("repo"), &[]),
        ];
        for (granted, accepted, expected) in cases {
            assert_eq!(Scopes::lacking(&headers(granted, accepted)), expected, "{granted:?} {accepted:?}");
        }
    }
}
