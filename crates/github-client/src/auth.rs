//! A token from the `gh` program. Nothing is looked for unasked: no environment, no keyring.

use std::time::Duration;

use http_kit::token_from_program;
use secrecy::SecretString;

use crate::TokenError;

/// How long `gh` may take; it may ask a keyring.
const LIMIT: Duration = Duration::from_secs(30);

/// The token that `gh auth token` prints, for github.com or for another host.
///
/// # Errors
/// When `gh` is not installed, or not signed in there.
pub async fn token_from_gh(host: Option<&str>) -> Result<SecretString, TokenError> {
    let mut args = vec!["auth", "token"];
    if let Some(host) = host {
        args.extend(["--hostname", host]);
    }
    token_from_program("gh", &args, LIMIT).await
}
