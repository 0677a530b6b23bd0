//! Credentials for the `Authorization` header, and places to get them from. Nothing here looks anywhere unasked.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncReadExt;

/// The longest token that is accepted, in bytes.
const MAX_TOKEN: u64 = 16 * 1024;

/// What a client presents itself with.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Auth {
    /// Nothing.
    #[default]
    Anonymous,
    /// A token, sent as `Authorization: Bearer …`.
    Bearer(SecretString),
}

impl Auth {
    /// A token, sent as `Authorization: Bearer …`.
    pub fn token(token: SecretString) -> Self {
        Self::Bearer(token)
    }

    /// The value of the `Authorization` header, marked as sensitive; `None` for anonymous.
    ///
    /// # Errors
    /// When the token holds what no header may hold.
    pub fn header(&self) -> Result<Option<HeaderValue>, TokenError> {
        match self {
            Self::Anonymous => Ok(None),
            Self::Bearer(token) => {
                let checked = checked_token(token.expose_secret(), &|| "the token given".to_owned())?;
                let mut value = HeaderValue::try_from(format!("Bearer {}", checked.expose_secret()))
                    .ok()
                    .ok_or_else(|| TokenError::Malformed { place: "the token given".to_owned() })?;
                value.set_sensitive(true);
                Ok(Some(value))
            }
        }
    }
}

/// A token could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// There is nothing in it but blanks.
    #[error("`{place}` holds no token")]
    Empty {
        /// Where it was looked for.
        place: String,
    },
    /// It holds blanks, line breaks or other characters no token has.
    #[error("`{place}` holds what is no token")]
    Malformed {
        /// Where it was looked for.
        place: String,
    },
    /// A file could not be read.
    #[error("cannot read a token from `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A program could not be run.
    #[error("cannot run `{program}` for a token")]
    Program {
        /// The program.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A program ended without a token.
    #[error("`{program}` gave no token: {detail}")]
    Refused {
        /// The program.
        program: String,
        /// How it ended; what it wrote is not repeated, since it may be secret.
        detail: String,
    },
}

/// Reads a token from a file; blanks and line breaks around it do not count.
///
/// # Errors
/// When the file cannot be read or holds no token.
pub async fn token_from_file(path: &Path) -> Result<SecretString, TokenError> {
    let failed = |source| TokenError::File { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut text = Vec::new();
    file.take(MAX_TOKEN + 1).read_to_end(&mut text).await.map_err(failed)?;
    let place = || path.display().to_string();
    checked_token(std::str::from_utf8(&text).ok().ok_or_else(|| TokenError::Malformed { place: place() })?, &place)
}

/// Runs a program that prints a token, such as `gh auth token`, and takes the token from what it prints.
///
/// # Errors
/// When the program cannot be run, fails, takes longer than `limit`, or prints no token.
pub async fn token_from_program<S: AsRef<OsStr> + Sync>(
    program: &str,
    args: &[S],
    limit: Duration,
) -> Result<SecretString, TokenError> {
    let failed = |source| TokenError::Program { program: program.to_owned(), source };
    let refused = |detail: String| TokenError::Refused { program: program.to_owned(), detail };
    let mut child = tokio::process::Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let output = child.stdout.take();
    let run = async {
        let mut text = Vec::new();
        if let Some(output) = output {
            output.take(MAX_TOKEN + 1).read_to_end(&mut text).await?;
        }
        Ok((text, child.wait().await?))
    };
    let (text, status) = tokio::time::timeout(limit, run)
        .await
        .ok()
        .ok_or_else(|| refused(format!("it took longer than {} s", limit.as_secs_f64())))?
        .map_err(failed)?;
    if !status.success() {
        return Err(refused(format!("it ended with {status}")));
    }
    let place = || program.to_owned();
    checked_token(std::str::from_utf8(&text).ok().ok_or_else(|| TokenError::Malformed { place: place() })?, &place)
}

fn checked_token(text: &str, place: &dyn Fn() -> String) -> Result<SecretString, TokenError> {
    let token = text.trim();
    if token.is_empty() {
        return Err(TokenError::Empty { place: place() });
    }
    if token.len() as u64 > MAX_TOKEN || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(TokenError::Malformed { place: place() });
    }
    Ok(SecretString::from(token))
}
