//! REST, one module an area.

mod commits;
mod contents;
mod git;
mod issues;
mod pulls;
mod releases;
mod repos;
pub(super) mod search;
mod shape;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::limits::Token;
use super::state::{Received, Reply, State};
use super::world::{Repository, Role, World, date};

pub(super) use releases::download;

/// What a handler looks at.
pub(super) struct Call<'s> {
    pub(super) world: &'s mut World,
    pub(super) base: &'s str,
    pub(super) files: &'s str,
    pub(super) method: &'s str,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
    pub(super) bytes: &'s [u8],
    pub(super) accept: &'s str,
    pub(super) content_type: &'s str,
    /// Who asks; nobody when no token is needed.
    pub(super) login: Option<String>,
    /// Whether the token may write.
    pub(super) scoped: Scoped,
    pub(super) path: &'s str,
    target: &'s str,
    /// The full name of the repository in question.
    pub(super) key: String,
}

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scoped {
    /// No token is needed here.
    Free,
    /// The token has a scope for writing.
    Writes,
    /// It has none, or there is none.
    Reads,
}

/// What a handler gives: the second kind is an error reply.
pub(super) type Answered = Result<Reply, Reply>;

pub(super) fn not_found() -> Reply {
    Reply::error(404, "Not Found")
}

pub(super) fn invalid(resource: &str, field: &str, code: &str) -> Reply {
    let page = "https://docs.github.com/rest";
    let errors = json!([{ "resource": resource, "field": field, "code": code }]);
    let body = json!({ "message": "Validation Failed", "errors": errors, "documentation_url": page, "status": "422" });
    Reply::json(422, body)
}

pub(super) fn answer(state: &mut State, request: &Received, token: Option<&Token>) -> Reply {
    let path = request.path();
    if path == "/rate_limit" {
        return Reply::json(200, state.budgets.json());
    }
    super::git::refresh(&mut state.world);
    let query = request.target.split_once('?').map_or("", |(_, query)| query);
    let scoped = match token {
        None if state.tokens.is_empty() => Scoped::Free,
        Some(token) if token.writes() => Scoped::Writes,
        _ => Scoped::Reads,
    };
    let mut call = Call {
        world: &mut state.world,
        base: &state.base,
        files: &state.files,
        // The same answer; its body is left out on the way.
        method: if request.method == "HEAD" { "GET" } else { &request.method },
        query: query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (decode(name), decode(&value.replace('+', " "))))
            .collect(),
        body: serde_json::from_slice(&request.body).unwrap_or_default(),
        bytes: &request.body,
        accept: request.header("accept").unwrap_or_default(),
        content_type: request.header("content-type").unwrap_or_default(),
        login: token.map(|token| token.login.clone()),
        scoped,
        path,
        target: &request.target,
        key: String::new(),
    };
    let parts: Vec<String> = path.trim_matches('/').split('/').map(decode).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let reply = match parts[..] {
        ["repos", owner, name, ref rest @ ..] | ["uploads", "repos", owner, name, ref rest @ ..] => {
            call.in_repository(owner, name, rest)
        }
        ["user"] => repos::viewer(&call),
        ["users", login] => repos::user(&call, login),
        ["search", "issues"] => search::answer(&call),
        _ => Err(unanswered(&call)),
    };
    reply.unwrap_or_else(|error| error)
}

/// An operation of the contract that the fake has no answer for: that is told, never hidden.
fn unanswered(call: &Call<'_>) -> Reply {
    Reply::error(501, &format!("the fake GitHub does not answer `{} {}`", call.method, call.path))
}

impl Call<'_> {
    fn in_repository(&mut self, owner: &str, name: &str, rest: &[&str]) -> Answered {
        let full = format!("{owner}/{name}");
        if let Some(now) = self.world.renamed.get(&full).filter(|_| self.world.find(&full).is_none()) {
            let id = self.world.find(now).ok_or_else(not_found)?.id;
            // What follows the name stays as it came, with its percent signs.
            let rest = self.target.splitn(5, '/').nth(4).map(|rest| format!("/{rest}")).unwrap_or_default();
            let url = format!("{}/repositories/{id}{rest}", self.base);
            let status = if self.method == "GET" { 301 } else { 307 };
            let body = json!({ "message": "Moved Permanently", "url": url, "documentation_url": "https://docs.github.com/rest" });
            return Ok(Reply::json(status, body).with("location", url));
        }
        self.key = self.world.key(&full).ok_or_else(not_found)?.to_owned();
        if self.method != "GET" {
            self.need(needed(rest))?;
        }
        match rest {
            [] | ["collaborators" | "forks" | "branches" | "tags", ..] => repos::answer(self, rest),
            ["git", ..] => git::answer(self, rest),
            ["commits" | "compare", ..] => commits::answer(self, rest),
            ["pulls", ..] => pulls::answer(self, rest),
            ["issues" | "labels" | "milestones", ..] => issues::answer(self, rest),
            ["releases", ..] => releases::answer(self, rest),
            ["contents", ..] | ["readme"] => contents::answer(self, rest),
            _ => Err(self.unanswered()),
        }
    }

    pub(super) fn unanswered(&self) -> Reply {
        unanswered(self)
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.world.repositories[&self.key]
    }

    pub(super) fn repository_mut(&mut self) -> &mut Repository {
        self.world.repositories.get_mut(&self.key).expect("it was found")
    }

    /// The role of who asks: everything, when nobody has to say who asks.
    pub(super) fn role(&self) -> Role {
        match (&self.login, self.scoped) {
            (_, Scoped::Free) => Role::Admin,
            (Some(login), _) => self.repository().roles.get(login).copied().unwrap_or(Role::Read),
            (None, _) => Role::Read,
        }
    }

    /// Refuses who has not this role, or a token without a scope for writing.
    pub(super) fn need(&self, role: Role) -> Result<(), Reply> {
        if self.scoped == Scoped::Reads {
            return Err(not_found().with("x-accepted-oauth-scopes", "public_repo, repo"));
        }
        if self.role() < role {
            return Err(Reply::error(403, "Resource not accessible by personal access token"));
        }
        Ok(())
    }

    pub(super) fn who(&self) -> String {
        self.login.clone().unwrap_or_else(|| "someone".to_owned())
    }

    /// A text of the body.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }

    /// The number in a part of the path.
    pub(super) fn number(part: &str) -> Result<u64, Reply> {
        part.parse().map_err(|_not_a_number| not_found())
    }

    /// One page of a list, with the links to the others.
    pub(super) fn page(&self, items: impl IntoIterator<Item = Value>) -> Reply {
        let (page, items) = self.slice(items.into_iter().collect());
        page(Value::Array(items))
    }

    /// One page of a list, and how to make a reply of what is around it.
    pub(super) fn slice(&self, items: Vec<Value>) -> (impl FnOnce(Value) -> Reply + use<>, Vec<Value>) {
        let number = |name: &str, or: usize| self.query.get(name).and_then(|text| text.parse().ok()).unwrap_or(or);
        let size = number("per_page", 30).clamp(1, 100);
        let page = number("page", 1).max(1);
        let last = items.len().div_ceil(size).max(1);
        let others = self.query.iter().filter(|(name, _)| *name != "page");
        let others: String = others.map(|(name, value)| format!("{name}={}&", encode(value))).collect();
        let link = |to: usize, rel: &str| format!("<{}{}?{others}page={to}>; rel=\"{rel}\"", self.base, self.path);
        let mut links = Vec::new();
        if page > 1 {
            links.push(link(page - 1, "prev"));
        }
        if page < last {
            links.extend([link(page + 1, "next"), link(last, "last")]);
        }
        if page > 1 {
            links.push(link(1, "first"));
        }
        let items = items.into_iter().skip((page - 1) * size).take(size).collect();
        let reply = move |body: Value| {
            let reply = Reply::json(200, body);
            if links.is_empty() { reply } else { reply.with("link", links.join(", ")) }
        };
        (reply, items)
    }
}

/// The role that a change needs. Issues, comments and pull requests are everybody's.
fn needed(rest: &[&str]) -> Role {
    match rest {
        ["issues"] | ["issues", _] | ["issues", _, "comments"] | ["issues", "comments", _] => Role::Read,
        ["pulls"] | ["pulls", _] | ["forks"] => Role::Read,
        ["issues", _, "labels" | "assignees", ..] => Role::Triage,
        _ => Role::Write,
    }
}

/// Takes away percent signs, as lenient as a service that has checked before.
pub(super) fn decode(raw: &str) -> String {
    let bytes = raw.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = raw.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], code) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (byte, _) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Puts percent signs where an address needs them.
fn encode(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    value.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// The date of what was never changed.
fn beginning() -> String {
    date(0)
}
