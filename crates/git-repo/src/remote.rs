//! Addresses of other repositories, and the secret to reach them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::Error;
use crate::repo::absolute;

/// How long one operation on a remote may take unless the caller says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// A repository elsewhere: its address, the secret to reach it, and how long an operation on it may take.
///
/// An address never holds a secret: `https://user:password@host/` is refused. `Debug` and `Display` show no secret.
#[derive(Clone)]
pub struct GitRemote {
    address: Address,
    token: Option<Token>,
    time_limit: Duration,
}

/// A user name and the secret that goes with it, sent by HTTP basic authentication.
#[derive(Clone)]
pub struct Token {
    /// The user name. GitHub takes any with a token and documents `x-access-token`.
    pub username: String,
    /// The token or password.
    pub secret: SecretString,
}

#[derive(Clone, PartialEq, Eq)]
enum Address {
    Path(PathBuf),
    Url(Url),
    /// `user@host:path`, which ssh understands and URLs do not.
    Scp(String),
}

impl Token {
    /// A token with the user name `x-access-token`.
    pub fn new(secret: SecretString) -> Self {
        Self { username: "x-access-token".to_owned(), secret }
    }

    /// The value of the `Authorization` header.
    pub(crate) fn header(&self) -> String {
        let pair = format!("{}:{}", self.username, self.secret.expose_secret());
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("username", &self.username).finish_non_exhaustive()
    }
}

impl GitRemote {
    /// A remote from what people write: a path, `file:///…`, `https://…`, `ssh://…` or `user@host:path`.
    ///
    /// # Errors
    /// For other schemes, and for an address with a password, or with a user name where a token belongs.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if let Ok(url) = Url::parse(text)
            && text.contains("://")
        {
            return Self::from_url(url);
        }
        let refused = |reason| Err(Error::Remote { remote: text.chars().take(200).collect(), reason });
        if text.is_empty() || text.starts_with('-') || text.contains(char::is_control) {
            return refused("it is neither a path nor a URL");
        }
        match text.split_once(':') {
            Some((host, path)) if !host.contains('/') && !path.is_empty() => {
                if host.starts_with('-') || path.starts_with([':', '-']) || !host.contains('@') || host.contains(' ') {
                    return refused("it is neither a path nor a URL of a known scheme");
                }
                Ok(Self::new(Address::Scp(text.to_owned())))
            }
            _ => Self::from_path(text),
        }
    }

    /// A repository on this machine.
    ///
    /// # Errors
    /// When the current folder cannot be found.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self, Error> {
        Ok(Self::new(Address::Path(absolute(path.as_ref())?)))
    }

    /// A remote from a URL of the scheme `file`, `https`, `http` or `ssh`.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_url(url: Url) -> Result<Self, Error> {
        let refused = |reason| Err(Error::Remote { remote: http_kit::redact_url(&url), reason });
        let userinfo = !url.username().is_empty() || url.password().is_some();
        match url.scheme() {
            "https" | "http" if userinfo => refused("it holds a user name or password; give the token apart from it"),
            "https" | "http" if url.host_str().is_none_or(str::is_empty) => refused("it names no host"),
            "https" | "http" if url.query().is_some() || url.fragment().is_some() => {
                refused("a query or fragment is no part of the address of a repository")
            }
            "ssh" if url.password().is_some() => refused("it holds a password"),
            "ssh" if url.host_str().is_none_or(|host| host.is_empty() || host.starts_with('-')) => {
                refused("it names no host")
            }
            "file" if userinfo || url.to_file_path().is_err() => refused("it names no path of this machine"),
            "https" | "http" | "ssh" | "file" => Ok(Self::new(Address::Url(url))),
            _ => refused("its scheme is none of file, https, http, ssh"),
        }
    }

    fn new(address: Address) -> Self {
        Self { address, token: None, time_limit: TIME_LIMIT }
    }

    /// The same remote with a token.
    ///
    /// # Errors
    /// When the token would be sent in the clear, to a host other than this machine, or the remote is not reached by HTTP at all.
    pub fn with_token(mut self, token: Token) -> Result<Self, Error> {
        let reason = match &self.address {
            Address::Url(url) if url.scheme() == "https" => None,
            Address::Url(url) if url.scheme() == "http" => {
                let here = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
                (!here).then_some("a token is sent by https only")
            }
            _ => Some("a token is for https only"),
        };
        match reason {
            Some(reason) => Err(Error::Remote { remote: self.to_string(), reason }),
            None => {
                self.token = Some(token);
                Ok(self)
            }
        }
    }

    /// The same remote with another limit on the time of one operation; fifteen minutes by default.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    pub(crate) fn time_limit(&self) -> Duration {
        self.time_limit
    }

    /// The address as the git program and gix take it. Never begins with `-`, never holds a secret.
    pub(crate) fn argument(&self) -> String {
        match &self.address {
            Address::Path(path) => path.to_string_lossy().into_owned(),
            Address::Url(url) => url.as_str().to_owned(),
            Address::Scp(text) => text.clone(),
        }
    }
}

impl fmt::Display for GitRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.argument())
    }
}

impl fmt::Debug for GitRemote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitRemote")
            .field("address", &self.argument())
            .field("token", &self.token)
            .field("time_limit", &self.time_limit)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_taken_and_refused() {
        let cases = [
            ("/srv/repo.git", true),
            ("../repo.git", true),
            ("file:///srv/repo.git", true),
            ("https://example.invalid/a/b.git", true),
            ("http://127.0.0.1:8080/b.git", true),
            ("ssh://git@example.invalid/a/b.git", true),
            ("git@example.invalid:a/b.git", true),
            ("https://s3cret@example.invalid/a/b.git", false),
            ("https://me:s3cret@example.invalid/a/b.git", false),
            ("https://example.invalid/a/b.git?token=s3cret", false),
            ("ssh://git:s3cret@example.invalid/a/b.git", false),
            ("ssh://-oProxyCommand=x/a", false),
            ("ext::sh -c date", false),
            ("git://example.invalid/a", false),
            ("javascript://x", false),
            ("--upload-pack=x", false),
            ("-x:y", false),
            ("", false),
        ];
        for (text, good) in cases {
            let remote = GitRemote::parse(text);
            assert_eq!(remote.is_ok(), good, "{text:?}: {remote:?}");
            if let Err(error) = remote {
                assert!(!format!("{error} {error:?}").contains("s3cret"), "{text:?}: {error:?}");
            }
        }
    }

    #[test]
    fn tokens_are_neither_shown_nor_sent_in_the_clear() {
        let token = || Token::new("s3cret".into());
        let remote = GitRemote::parse("https://example.invalid/a").unwrap().with_token(token()).unwrap();
        assert!(!format!("{remote:?} {remote} {:?}", token()).contains("s3cret"));
        for address in ["http://example.invalid/a", "/srv/a", "ssh://git@example.invalid/a", "git@example.invalid:a"] {
            assert!(GitRemote::parse(address).unwrap().with_token(token()).is_err(), "{address}");
        }
        assert!(GitRemote::parse("http://127.0.0.1:1/a").unwrap().with_token(token()).is_ok());
    }

    proptest! {
        #[test]
        fn an_argument_never_looks_like_an_option(text in "\\PC{0,40}") {
            if let Ok(remote) = GitRemote::parse(&text) {
                prop_assert!(!remote.argument().starts_with('-'));
                prop_assert!(!remote.argument().contains("::") || remote.argument().starts_with('/'));
            }
        }
    }
}
