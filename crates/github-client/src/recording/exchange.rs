//! Questions of any kind, and their answers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::pulls::json;
use super::{Recording, RecordingError, shelf};

/// The largest recorded answer that is read.
const MAX_EXCHANGE: u64 = 256 << 20;
/// The headers that are kept: those that say what the body is and whether it changed. None of them can hold a secret.
const KEPT: [&str; 7] = ["content-type", "etag", "last-modified", "link", "date", "location", "x-github-media-type"];
/// Names in a query whose values are secret.
const SECRET: [&str; 5] = ["access_token", "token", "client_secret", "sig", "signature"];

/// Fields of answers that let their reader in, whoever that is: to a private repository, for an hour or so.
const KEYS: [&str; 2] = ["temp_clone_token", "tempCloneToken"];

/// Whether the value of this name in a query is secret.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.contains(&name.as_str()) || name.starts_with("x-amz-") || name.starts_with("x-goog-")
}

/// An answer in JSON without what lets its reader in; the same text where there is nothing of that.
fn without_secrets(text: &str) -> String {
    let suspicious = KEYS.iter().any(|key| text.contains(key)) || text.contains("://") && text.contains('?');
    if suspicious
        && let Ok(mut value) = serde_json::from_str::<Value>(text)
        && remove_secrets(&mut value)
    {
        return value.to_string();
    }
    text.to_owned()
}

/// Whether anything was removed.
fn remove_secrets(value: &mut Value) -> bool {
    match value {
        // All of them, not the ones up to the first.
        Value::Array(items) => items.iter_mut().filter_map(|item| remove_secrets(item).then_some(())).count() > 0,
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, _| !KEYS.contains(&name.as_str()));
            let removed = fields.len() < before;
            let below = fields.values_mut().filter_map(|field| remove_secrets(field).then_some(())).count();
            removed || below > 0
        }
        Value::String(text) => match without_signature(text) {
            Some(clean) => {
                *text = clean;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// The address without the parts of its query that let its reader in; nothing when the text is no address, or has none of them.
fn without_signature(text: &str) -> Option<String> {
    if !text.starts_with("https://") && !text.starts_with("http://") || !text.contains('?') {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    let (secret, kept): (Vec<_>, Vec<_>) =
        url.query_pairs().into_owned().collect::<Vec<_>>().into_iter().partition(|(name, _)| is_secret(name));
    if secret.is_empty() {
        return None;
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(&kept);
    }
    Some(url.into())
}

/// What makes two questions the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestKey {
    method: String,
    url: String,
    accept: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    query: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    variables: Option<Value>,
}

impl RequestKey {
    /// A REST question. The address of the server is replaced by the name of the host, so that it may be reached in other ways.
    pub(crate) fn rest(method: &str, host: &str, base: &Url, url: &Url, accept: &str) -> Self {
        let path = url.path().strip_prefix(base.path().trim_end_matches('/')).unwrap_or(url.path());
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !is_secret(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.extend_pairs(&pairs).finish();
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{host}{path}{separator}{query}");
        Self { method: method.to_owned(), url, accept: accept.to_owned(), query: None, variables: None }
    }

    /// A GraphQL question.
    pub(crate) fn graphql(host: &str, query: &str, variables: &Value) -> Self {
        Self {
            method: "QUERY".to_owned(),
            url: format!("{host}/graphql"),
            accept: "application/json".to_owned(),
            query: Some(query.to_owned()),
            // Nothing at all is read back as `None`.
            variables: (!variables.is_null()).then(|| sorted(variables)),
        }
    }

    fn digest(&self) -> String {
        shelf::digest(&json(self))
    }
}

/// The value with all names in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(fields) => {
            let fields: BTreeMap<&String, Value> = fields.iter().map(|(name, value)| (name, sorted(value))).collect();
            fields.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        other => other.clone(),
    }
}

/// A recorded answer.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct ExchangeFile {
    request: RequestKey,
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Recording {
    /// The recorded answer to a question.
    pub(crate) fn exchange(&self, key: &RequestKey) -> Result<Option<Recorded>, RecordingError> {
        if self.imported().is_some() {
            return Ok(None);
        }
        let (folder, name) = self.place(key);
        let Some(entry) = shelf::find(&folder, &name)? else { return Ok(None) };
        let Some(bytes) = shelf::read(&entry, MAX_EXCHANGE)? else { return Ok(None) };
        let damaged = |detail: String| RecordingError::Damaged { path: entry.path.clone(), detail };
        let file: ExchangeFile = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if file.request != *key {
            return Err(damaged("it answers another question".to_owned()));
        }
        let body = match (file.text, file.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|error| damaged(error.to_string()))?,
            _ => return Err(damaged("it has no body, or two".to_owned())),
        };
        let status = StatusCode::from_u16(file.status).map_err(|error| damaged(error.to_string()))?;
        let pairs = file.headers.iter().filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value).ok()?))
        });
        Ok(Some(Recorded { status, headers: pairs.collect(), body: body.into() }))
    }

    /// Writes an answer down.
    pub(crate) fn put_exchange(&self, key: &RequestKey, answer: &Recorded) -> Result<(), RecordingError> {
        let root = self.writable()?;
        let headers = KEPT.iter().filter_map(|name| {
            let value = answer.headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), without_signature(value).unwrap_or_else(|| value.to_owned())))
        });
        let headers = headers.collect();
        let text = std::str::from_utf8(&answer.body).ok();
        // The contents of a file are those of the file.
        let text = text.map(|text| if key.accept.contains("raw") { text.to_owned() } else { without_secrets(text) });
        let base64 = text.is_none().then(|| STANDARD.encode(&answer.body));
        let file = ExchangeFile { request: key.clone(), status: answer.status.as_u16(), headers, text, base64 };
        let (folder, name) = self.place(key);
        shelf::put(root, &folder, &[(name, json(&file))])
    }

    fn place(&self, key: &RequestKey) -> (PathBuf, String) {
        let digest = key.digest();
        (self.folder().join("exchanges").join(&digest[..2]), digest[..40].to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_addresses_are_no_part_of_a_question() {
        let base: Url = "https://git.example.invalid/api/v3/".parse().unwrap();
        let url: Url =
            "https://me:s3cret@git.example.invalid/api/v3/repos/o/r/tags?page=2&access_token=s3cret".parse().unwrap();
        let key = RequestKey::rest("GET", "git.example.invalid", &base, &url, "a");
        assert_eq!(key.url, "git.example.invalid/repos/o/r/tags?page=2");
        let variables = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let one = RequestKey::graphql("h", "query{a}", &variables(r#"{"b":{"y":1,"x":2},"a":[1]}"#));
        assert_eq!(
            one.digest(),
            RequestKey::graphql("h", "query{a}", &variables(r#"{"a":[1],"b":{"x":2,"y":1}}"#)).digest()
        );
        assert_ne!(
            one.digest(),
            RequestKey::graphql("h", "query{a}", &variables(r#"{"a":[2],"b":{"x":2,"y":1}}"#)).digest()
        );
    }

    #[test]
    fn what_lets_a_reader_in_is_not_written_down() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording::open(folder.path()).unwrap();
        let base: Url = "https://api.github.com/".parse().unwrap();
        let put = |accept: &str, body: &str| {
            let key = RequestKey::rest("GET", "github.com", &base, &base, accept);
            let mut headers = HeaderMap::new();
            headers.insert("location", "https://codeload.example.invalid/o/r?token=s3cret".parse().unwrap());
            let answer = Recorded { status: StatusCode::OK, headers, body: Bytes::copy_from_slice(body.as_bytes()) };
            recording.put_exchange(&key, &answer).unwrap();
            recording.exchange(&key).unwrap().unwrap()
        };
        let text = |recorded: &Recorded| String::from_utf8(recorded.body.to_vec()).unwrap();
        for (body, expected) in [
            (r#"{"name":"r","temp_clone_token":"s3cret"}"#, r#"{"name":"r"}"#),
            (
                r#"[{"download_url":"https://raw.example.invalid/o/r/x?token=s3cret","size":1}]"#,
                r#"[{"download_url":"https://raw.example.invalid/o/r/x","size":1}]"#,
            ),
            (
                r#"{"a":{"u":"https://s.example.invalid/x?X-Amz-Signature=s3cret&X-Amz-Date=1&page=2"}}"#,
                r#"{"a":{"u":"https://s.example.invalid/x?page=2"}}"#,
            ),
            (r#"{"data":{"repository":{"tempCloneToken":"s3cret"}}}"#, r#"{"data":{"repository":{}}}"#),
            // What holds none of that stays as it is, to the byte.
            (
                r#"{"b": "see https://example.invalid/?page=2 and temp_clone_token" }"#,
                r#"{"b": "see https://example.invalid/?page=2 and temp_clone_token" }"#,
            ),
            ("no json: temp_clone_token", "no json: temp_clone_token"),
        ] {
            let recorded = put("application/vnd.github+json", body);
            assert_eq!(text(&recorded), expected);
            assert_eq!(recorded.headers["location"], "https://codeload.example.invalid/o/r");
        }
        let file = r#"{"temp_clone_token": "a word in a file"}"#;
        assert_eq!(text(&put("application/vnd.github.raw+json", file)), file);
    }

    #[test]
    fn answers_come_back_and_damage_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let recording = Recording::open(folder.path()).unwrap();
        let key = RequestKey::graphql("h", "query{a}", &Value::Null);
        assert!(recording.exchange(&key).unwrap().is_none());
        let mut headers = HeaderMap::new();
        for (name, value) in [("etag", "\"1\""), ("set-cookie", "s3cret"), ("authorization", "s3cret")] {
            headers.insert(name, value.parse().unwrap());
        }
        for body in [b"{\"a\":1}".as_slice(), b"\xff\x00"] {
            let answer =
                Recorded { status: StatusCode::OK, headers: headers.clone(), body: Bytes::copy_from_slice(body) };
            recording.put_exchange(&key, &answer).unwrap();
            let read = recording.exchange(&key).unwrap().unwrap();
            assert_eq!((read.status, &read.body[..], read.headers.len()), (StatusCode::OK, body, 1));
        }
        let (shelf, _) = recording.place(&key);
        let files: Vec<_> = std::fs::read_dir(&shelf).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "the older answer is gone");
        let text = std::fs::read_to_string(&files[0]).unwrap();
        assert!(!text.contains("s3cret"), "{text}");
        std::fs::write(&files[0], text.replace("QUERY", "QUARY")).unwrap();
        assert!(matches!(recording.exchange(&key), Err(RecordingError::Damaged { .. })));
    }
}
