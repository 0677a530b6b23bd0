//! Requests that have no function of their own yet.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::call::{Call, JSON};
use crate::{Error, GithubClient};

impl GithubClient {
    /// Sends any request, so that a missing function blocks nobody. The address is a path with a query below the REST API
    /// (`/repos/o/r/topics?page=2`), or a whole one on the same server. Of the headers, `Accept` and `Content-Type` count. Limits, retries,
    /// the token and the recording are as with all others; the answer has a status of success.
    ///
    /// # Errors
    /// As all others: an error status becomes the error it stands for.
    pub async fn request(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Error> {
        let (parts, body) = request.into_parts();
        let endpoints = &self.shared.endpoints;
        let text = parts.uri.to_string();
        let unusable = |reason: &str| Error::Unusable {
            subject: format!("{} {}", parts.method, parts.uri.path()),
            reason: reason.to_owned(),
        };
        let url = if parts.uri.host().is_some() {
            text.parse().ok().filter(|url| endpoints.knows(url))
        } else {
            let path = text.trim_start_matches('/');
            // A path that climbs would leave the API, and one that begins with two slashes would name a host.
            let base = format!("{}/", endpoints.rest.as_str().trim_end_matches('/'));
            url::Url::parse(&format!("{base}{path}")).ok().filter(|url| url.as_str().starts_with(&base))
        };
        let url = url.ok_or_else(|| unusable("it is not below the API of this client"))?;
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut call = Call::new(parts.method.clone(), url);
        call.body = body;
        call.accept = header(ACCEPT).map_or_else(|| JSON.into(), Into::into);
        if let Some(kind) = header(CONTENT_TYPE) {
            call.content_type = kind.into();
        }
        let reply = if call.reads() { self.read(&call).await? } else { self.write(&call).await? };
        let mut response = http::Response::new(reply.body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        Ok(response)
    }
}
