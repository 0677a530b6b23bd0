//! What an answer with an error status means.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::call::{Call, JSON};
use crate::scopes::Scopes;
use crate::text::shown;
use crate::transport::{Reply, location};
use crate::{Error, GithubClient};

/// The longest message of GitHub that is passed on, in characters.
const LONGEST: usize = 400;
/// The most problems of fields that are passed on.
const MOST: usize = 20;

#[derive(Default, Deserialize)]
struct Body {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: Option<Value>,
}

/// Whether a request was to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Read,
    Write,
}

/// The error that an answer stands for.
pub(crate) fn error_of(client: &GithubClient, subject: &str, reply: &Reply, intent: Intent) -> Error {
    let subject = subject.to_owned();
    let body: Body = serde_json::from_slice(&reply.body).unwrap_or_default();
    let message = shown(body.message.as_deref().unwrap_or_default(), LONGEST);
    match reply.status {
        StatusCode::UNAUTHORIZED => Error::BadCredentials { host: client.shared.endpoints.host.clone(), message },
        StatusCode::FORBIDDEN | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => {
            let missing = Scopes::lacking(&reply.headers);
            if let Some(url) = sign_on(&reply.headers) {
                Error::SingleSignOn { subject, url }
            } else if missing.is_empty() {
                Error::Denied { subject, message }
            } else {
                Error::MissingScopes { subject, missing }
            }
        }
        // GitHub hides what a token may not write to. A read of what is not there looks the same, and most likely is that.
        StatusCode::NOT_FOUND if intent == Intent::Write && !Scopes::lacking(&reply.headers).is_empty() => {
            Error::MissingScopes { subject, missing: Scopes::lacking(&reply.headers) }
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => Error::NotFound { subject },
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => Error::Conflict { subject, message },
        status if status.is_redirection() || status.is_informational() => {
            Error::Malformed { subject, detail: format!("status {} was not asked for", status.as_u16()) }
        }
        status => Error::Rejected { subject, status, message, problems: problems(body.errors.as_ref()) },
    }
}

/// Where a token is let through single sign-on, when that is what it lacks: `x-github-sso: required; url=…`.
pub(crate) fn sign_on(headers: &HeaderMap) -> Option<String> {
    let text = headers.get("x-github-sso")?.to_str().ok()?;
    let mut parts = text.split(';').map(str::trim);
    let url = (parts.next()? == "required").then(|| parts.find_map(|part| part.strip_prefix("url=")))??;
    Url::parse(url).ok().filter(|url| url.scheme() == "https").map(|url| shown(url.as_str(), 2 * LONGEST))
}

/// What answers, if it cannot be a GitHub: one has no web pages where its API is, and leads nobody to another server there.
pub(crate) fn stranger(client: &GithubClient, call: &Call, reply: &Reply) -> Option<String> {
    if reply.status.is_redirection() && reply.status != StatusCode::NOT_MODIFIED {
        let to = location(&reply.headers, &call.url).filter(|to| !client.shared.endpoints.knows(to))?;
        return Some(format!("a redirect to `{}`", shown(&http_kit::redact_url(&to), LONGEST)));
    }
    if call.accept != JSON || reply.status.is_server_error() {
        return None;
    }
    let kind = reply.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let begin = reply.body.trim_ascii_start();
    if begin.is_empty() || !(kind.starts_with("text/html") || begin.starts_with(b"<")) {
        return None;
    }
    // What calls itself a page and holds JSON is taken at its word.
    if serde_json::from_slice::<serde::de::IgnoredAny>(&reply.body).is_ok() {
        return None;
    }
    let page = String::from_utf8_lossy(&begin[..begin.len().min(16 << 10)]);
    let title = page.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    let title = title.map(|(title, _)| format!(", `{}`", shown(title, 80))).unwrap_or_default();
    Some(format!("a web page{title} (status {})", reply.status.as_u16()))
}

/// What GitHub says of single fields. Its `errors` are a list of objects, a list of texts, or a text.
fn problems(errors: Option<&Value>) -> Vec<String> {
    let one = |error: &Value| {
        let field = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let text = match error {
            Value::String(text) => text.clone(),
            _ => {
                let place: Vec<&str> = ["resource", "field"].into_iter().filter_map(field).collect();
                let what = field("message").or_else(|| field("code"));
                match (place.is_empty(), what) {
                    (false, Some(what)) => format!("{}: {what}", place.join(".")),
                    (true, Some(what)) => what.to_owned(),
                    (_, None) => error.to_string(),
                }
            }
        };
        shown(&text, LONGEST)
    };
    match errors {
        Some(Value::Array(list)) => list.iter().take(MOST).map(one).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![one(other)],
    }
}

/// An answer in a few words, for one that is no answer.
pub(crate) fn describe(reply: &Reply) -> String {
    let message = shown(&crate::limits::message(&reply.body), LONGEST);
    let status = reply.status.as_u16();
    if message.is_empty() { format!("status {status}") } else { format!("status {status}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_read_in_all_their_forms() {
        let cases = [
            (r#"[{"resource":"Label","code":"invalid","field":"color"}]"#, vec!["Label.color: invalid"]),
            (
                r#"[{"resource":"PullRequest","code":"custom","message":"No commits between a and b"}]"#,
                vec!["PullRequest: No commits between a and b"],
            ),
            (r#"["is too long","\u202eevil\n"]"#, vec!["is too long", " evil"]),
            (r#""one text""#, vec!["one text"]),
            (r#"[{"x":1},7]"#, vec![r#"{"x":1}"#, "7"]),
            ("null", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(problems(Some(&serde_json::from_str(text).unwrap())), expected, "{text}");
        }
        let many = Value::Array(vec![Value::String("x".repeat(5000)); 5000]);
        let found = problems(Some(&many));
        assert!(found.len() == MOST && found[0].chars().count() == LONGEST + 1);
    }
}
