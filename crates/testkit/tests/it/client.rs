//! The smallest client that can talk to a server: no library between the test and the socket.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// Sends requests to one server.
pub(crate) struct Client {
    base: String,
    pub(crate) token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!("{error}: {} {}", self.status, String::from_utf8_lossy(&self.body));
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The JSON of a reply that must have this status.
    pub(crate) fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

impl Client {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), token: None }
    }

    /// Sends one request on a connection of its own. `None` when the answer does not come whole.
    pub(crate) fn try_send(&self, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let base = self.base.strip_prefix("http://").expect("the address begins with its scheme");
        let (host, path) = match path.strip_prefix("http://") {
            Some(absolute) => {
                absolute.split_once('/').map(|(host, path)| (host, format!("/{path}"))).expect("it has a path")
            }
            None => (base, path.to_owned()),
        };
        let mut stream = TcpStream::connect(host).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
        let mut headers: Vec<(&str, &str)> = vec![("user-agent", "testkit")];
        headers.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
        let authorization = self.token.as_ref().map(|token| format!("Bearer {token}"));
        headers.extend(authorization.as_ref().map(|value| ("authorization", value.as_str())));
        headers.extend_from_slice(more);
        for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(&[head.as_bytes(), body].concat()).expect("the server reads");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok()?;
        let end = all.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(all[..end].to_vec()).expect("headers are text");
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status is a number");
        let headers: BTreeMap<String, String> =
            lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_lowercase(), v.to_owned())).collect();
        let body = all[end + 4..].to_vec();
        let whole = headers.get("content-length").is_none_or(|length| length.parse() == Ok(body.len()));
        (whole || method == "HEAD").then_some(Answer { status, headers, body })
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.try_send(method, path, &[("content-type", "application/json")], body.as_bytes()).expect("a whole answer")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body))
    }

    pub(crate) fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, Some(body))
    }

    /// Asks by GraphQL.
    pub(crate) fn graphql(&self, query: &str, variables: Value) -> Answer {
        self.post("/graphql", json!({ "query": query, "variables": variables }))
    }

    /// Asks about one repository by GraphQL, and returns its part of the data.
    pub(crate) fn repository(&self, fields: &str) -> Value {
        let query = format!("{{ repository(owner: \"o\", name: \"r\") {{ {fields} }} }}");
        let answer = self.graphql(&query, Value::Null).expect(200);
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"]["repository"].clone()
    }
}
