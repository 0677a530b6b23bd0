//! REST, one file an area.

pub(crate) mod assets;
pub(crate) mod commits;
pub(crate) mod contents;
pub(crate) mod issues;
pub(crate) mod labels;
mod limits;
pub(crate) mod milestones;
pub(crate) mod pulls;
mod raw;
pub(crate) mod refs;
pub(crate) mod releases;
pub(crate) mod repos;
pub(crate) mod tags;

use futures_core::Stream;
use http::Method;
use http::header::LINK;
use http_kit::Idempotency;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::call::Call;
use crate::paging::paged;
use crate::record::Author;
use crate::transport::{Reply, check};
use crate::wire::{RestLabel, RestUser};
use crate::{Error, GithubClient, RepoId};

/// The parts of the path after `/repos/OWNER/NAME`.
type Parts<'a> = &'a [&'a str];

impl GithubClient {
    /// A call about a repository, under the name it has now.
    fn repo_call(&self, method: Method, repo: &RepoId, parts: Parts<'_>) -> Call {
        let name = self.renamed(repo).unwrap_or_else(|| repo.clone());
        Call::new(method, self.shared.endpoints.repo(&name, parts.iter().copied())).about(repo)
    }

    /// Reads something of a repository.
    async fn get<T: DeserializeOwned>(
        &self,
        repo: &RepoId,
        parts: Parts<'_>,
        query: &impl Serialize,
    ) -> Result<T, Error> {
        let mut call = self.repo_call(Method::GET, repo, parts);
        add_query(&mut call.url, query, &call.subject)?;
        self.read(&call).await?.json(&call.subject)
    }

    /// Reads a list of a repository, page after page.
    fn list<T: DeserializeOwned + Send + 'static, Q: Serialize>(
        &self,
        repo: &RepoId,
        parts: Parts<'_>,
        query: &Q,
    ) -> impl Stream<Item = Result<T, Error>> + Send + use<T, Q> {
        let mut call = self.repo_call(Method::GET, repo, parts);
        call.url.query_pairs_mut().append_pair("per_page", "100");
        let usable = add_query(&mut call.url, query, &call.subject);
        self.pages(usable.map(|()| call), |reply, subject| reply.json::<Vec<T>>(subject))
    }

    /// The pages that begin with this call. The next one is where the answer's `Link` leads.
    fn pages<T: Send + 'static>(
        &self,
        first: Result<Call, Error>,
        items: fn(&Reply, &str) -> Result<Vec<T>, Error>,
    ) -> impl Stream<Item = Result<T, Error>> + Send + use<T> {
        let client = self.clone();
        paged(first, move |call: Result<Call, Error>| {
            let client = client.clone();
            async move {
                let call = call?;
                let reply = client.read(&call).await?;
                let found = items(&reply, &call.subject)?;
                let next = next_page(&reply, &call.url);
                if let Some(next) = next.as_ref().filter(|next| !client.shared.endpoints.knows(next)) {
                    let detail = format!("the next page is on another server, `{}`", http_kit::redact_url(next));
                    return Err(Error::Malformed { subject: call.subject, detail });
                }
                let next = next.map(|url| Ok(Call { repo: call.repo.clone(), ..Call::get(url) }));
                Ok((found, next))
            }
        })
    }

    /// Changes something of a repository, and reads what it is now.
    async fn send_json<T: DeserializeOwned>(
        &self,
        method: Method,
        repo: &RepoId,
        parts: Parts<'_>,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let call = self.change(method, repo, parts, body)?;
        self.write(&call).await?.json(&call.subject)
    }

    fn change(&self, method: Method, repo: &RepoId, parts: Parts<'_>, body: &impl Serialize) -> Result<Call, Error> {
        let mut call = self.repo_call(method, repo, parts);
        let unusable =
            |error: serde_json::Error| Error::Unusable { subject: call.subject.clone(), reason: error.to_string() };
        call.body = serde_json::to_vec(body).map_err(unusable)?.into();
        // GitHub's PATCH sets values, so that twice is the same as once.
        if call.method == Method::PATCH {
            call.idempotency = Idempotency::Repeatable;
        }
        Ok(call)
    }

    /// Deletes something of a repository.
    async fn delete(&self, repo: &RepoId, parts: Parts<'_>) -> Result<(), Error> {
        let call = self.repo_call(Method::DELETE, repo, parts);
        let reply = self.write_unchecked(&call).await?;
        // When an attempt broke off after it was carried out, the next one finds nothing.
        let gone = match reply.status.as_u16() {
            404 | 410 => true,
            422 => crate::limits::message(&reply.body).contains("does not exist"),
            _ => false,
        };
        if gone && reply.attempt > 1 { Ok(()) } else { check(self, &call, reply).map(drop) }
    }
}

/// Adds the fields of a value to the query; what is `None` is left out.
fn add_query(url: &mut Url, query: &impl Serialize, subject: &str) -> Result<(), Error> {
    let unusable = |reason: String| Error::Unusable { subject: subject.to_owned(), reason };
    let value = serde_json::to_value(query).map_err(|error| unusable(error.to_string()))?;
    let serde_json::Value::Object(fields) = value else { return Ok(()) };
    for (name, value) in fields {
        match value {
            serde_json::Value::Null => {}
            serde_json::Value::String(text) => drop(url.query_pairs_mut().append_pair(&name, &text)),
            other => drop(url.query_pairs_mut().append_pair(&name, &other.to_string())),
        }
    }
    Ok(())
}

/// Where the next page is, from `Link: <…>; rel="next"`.
fn next_page(reply: &Reply, from: &Url) -> Option<Url> {
    let address = reply.headers.get_all(LINK).iter().find_map(|header| next_link(header.to_str().ok()?))?;
    from.join(address).ok().filter(|next| next != from)
}

/// The address of the link `next`. Addresses may hold commas and so may parameters within quotation marks; with a link overlooked a list
/// would end early, and nobody would see it.
fn next_link(header: &str) -> Option<&str> {
    let is_next = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            let mut relations = value.trim().trim_matches('"').split_ascii_whitespace();
            name.trim().eq_ignore_ascii_case("rel") && relations.any(|word| word.eq_ignore_ascii_case("next"))
        })
    };
    let mut rest = header;
    loop {
        let (address, after) = rest.trim_start_matches([' ', '\t', ',']).strip_prefix('<')?.split_once('>')?;
        let mut quoted = false;
        let ends = |c: char| {
            quoted ^= c == '"';
            c == ',' && !quoted
        };
        let (parameters, behind) = after.split_at(after.find(ends).unwrap_or(after.len()));
        if parameters.split(';').any(is_next) {
            return Some(address);
        }
        rest = behind;
    }
}

/// A path of a file or ref, part by part. What would lead elsewhere is refused: URLs swallow `.` and `..`.
fn path_parts<'a>(path: &'a str, subject: &str) -> Result<Vec<&'a str>, Error> {
    let parts: Vec<&str> = path.split('/').collect();
    if parts.iter().any(|part| matches!(*part, "" | "." | "..") || part.contains(char::is_control)) {
        let reason = format!("`{}` is no path", crate::text::shown(path, 120));
        return Err(Error::Unusable { subject: subject.to_owned(), reason });
    }
    Ok(parts)
}

/// `null` as nothing.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// An account; `null` and `ghost` are deleted ones.
fn account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Author>, D::Error> {
    let user: Option<RestUser> = Option::deserialize(deserializer)?;
    Ok(user.and_then(|user| user.author("https://github.com")))
}

/// The names of labels, which REST gives as objects or as texts.
fn label_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Name(String),
        Label(RestLabel),
    }
    let labels: Option<Vec<Wire>> = Option::deserialize(deserializer)?;
    let name = |label| match label {
        Wire::Name(name) => Some(name),
        Wire::Label(label) => label.name,
    };
    Ok(labels.into_iter().flatten().filter_map(name).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_where_the_link_leads() {
        let next = |link: &str| {
            let mut headers = http::HeaderMap::new();
            headers.insert(LINK, http::HeaderValue::from_bytes(link.as_bytes()).ok()?);
            let reply = Reply::new(http::StatusCode::OK, headers, bytes::Bytes::new(), 1);
            next_page(&reply, &"https://example.invalid/a?page=1".parse().ok()?).map(String::from)
        };
        let cases = [
            (
                r#"<https://example.invalid/a?page=2>; rel="next", <https://example.invalid/a?page=9>; rel="last""#,
                Some("2"),
            ),
            (
                r#"<https://example.invalid/a?page=9>; rel="last", <https://example.invalid/a?page=2>; rel="next""#,
                Some("2"),
            ),
            (r#"</a?page=3>; rel=next"#, Some("3")),
            (
                r#"<https://example.invalid/a?page=7,8>; rel="last", <https://example.invalid/a?page=2,3>; rel="next""#,
                Some("2,3"),
            ),
            (
                r#"<https://example.invalid/a?page=9>; title="b, c"; rel="last",</a?page=2>;rel="prefetch next""#,
                Some("2"),
            ),
            (r#"</a?page=2>; Rel=Next"#, Some("2")),
            (r#"<https://example.invalid/a?page=1>; rel="next""#, None),
            (r#"<https://example.invalid/a?page=9>; rel="last""#, None),
            ("nonsense", None),
            ("", None),
        ];
        for (link, expected) in cases {
            assert_eq!(next(link), expected.map(|page| format!("https://example.invalid/a?page={page}")), "{link}");
        }
        proptest::proptest!(|(link in "[<>;,=\"a-z:/?0-9 ]{0,60}")| {
            next(&link);
        });
    }

    #[test]
    fn paths_that_lead_elsewhere_are_refused() {
        for (path, good) in [
            ("a", true),
            ("docs/a b.md", true),
            (".github/x", true),
            ("", false),
            ("/a", false),
            ("a/", false),
            ("a//b", false),
            ("../../user", false),
            ("a/./b", false),
            ("a\n", false),
        ] {
            assert_eq!(path_parts(path, "x").is_ok(), good, "{path:?}");
        }
    }
}
