//! The TLS provider and the client builder.

use std::sync::Once;
use std::time::Duration;

/// What may differ between the clients of this workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Value of the `User-Agent` header, by custom `name/version`.
    pub user_agent: String,
    /// Longest wait for a connection, TLS handshake included.
    pub connect_timeout: Duration,
    /// Longest silence of the server while an answer is awaited or read. There is no limit on the whole request, so a
    /// large transfer may take its time as long as bytes arrive.
    pub read_timeout: Duration,
}

impl ClientOptions {
    /// Ten seconds to connect, sixty seconds of silence.
    pub fn new(user_agent: impl Into<String>) -> Self {
        Self {
            user_agent: user_agent.into(),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
        }
    }
}

/// A client could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// An option holds a value HTTP does not allow, such as a line break in the user agent.
    #[error("cannot make an HTTP client with user agent `{user_agent}`")]
    Build {
        /// The user agent asked for.
        user_agent: String,
        /// What was wrong.
        source: reqwest::Error,
    },
}

/// Installs ring as the TLS provider of this process, once.
///
/// May be called any number of times and from any thread. A provider that the program installed earlier stays.
/// Whoever opens a TLS connection without [`client`], for example through a library with a client of its own, calls this
/// first: without a provider such a client panics when it is made.
pub fn install_crypto_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // A refusal means that another thread was faster, and then there is a provider too.
            drop(rustls::crypto::ring::default_provider().install_default());
        }
    });
}

/// A builder with the settings all our clients share; the caller may add to it.
///
/// Meant for the clients of this workspace: they must not pass `reqwest` types on to their own callers.
pub fn client_builder(options: &ClientOptions) -> reqwest::ClientBuilder {
    install_crypto_provider();
    reqwest::Client::builder()
        .user_agent(&options.user_agent)
        .connect_timeout(options.connect_timeout)
        .read_timeout(options.read_timeout)
        // A service that redirects an authenticated call elsewhere is followed a few steps, never down to plain HTTP.
        .redirect(reqwest::redirect::Policy::custom(|attempt| {
            let secure = attempt.previous().iter().any(|url| url.scheme() == "https");
            if attempt.previous().len() > 5 {
                attempt.error("more than five redirects")
            } else if secure && attempt.url().scheme() != "https" {
                attempt.error("redirect from https to http")
            } else {
                attempt.follow()
            }
        }))
}

/// A client with the settings all our clients share.
///
/// # Errors
/// When an option holds a value HTTP does not allow.
pub fn client(options: &ClientOptions) -> Result<reqwest::Client, ClientError> {
    client_builder(options)
        .build()
        .map_err(|source| ClientError::Build { user_agent: options.user_agent.clone(), source })
}
