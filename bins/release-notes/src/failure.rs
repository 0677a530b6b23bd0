//! Errors of the libraries as failures of a command: an exit code, and what to do about it.

use std::convert::Infallible;

use cli_kit::{Exit, Failure};
use notes_gen::GatherError;
use notes_sources::{CollectError, Error, GithubSourceError};

/// Git.
pub fn git(error: git_repo::Error) -> Failure {
    if let git_repo::Error::UnknownRevision { revision, .. } = &error {
        return unknown(revision);
    }
    let (exit, hint) = of_git(&error);
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}

/// How git came to this says nothing more to anybody.
fn unknown(revision: &str) -> Failure {
    Failure::new(Exit::Usage, format!("the repository has no commit, tag or branch `{revision}`")).hint(
        "look at `git tag` and `git branch -a` for what is there; `git fetch --tags` gets tags, `git fetch --unshallow` history",
    )
}

pub(crate) fn of_git(error: &git_repo::Error) -> (Exit, Option<&'static str>) {
    match error {
        git_repo::Error::Denied { .. } => (Exit::Credentials, Some("see that `GITHUB_TOKEN` may read the repository")),
        git_repo::Error::Unavailable { .. } => {
            (Exit::Unavailable, Some("try again later, or add `--no-fetch` to use the mirror as it is"))
        }
        git_repo::Error::NoRepository { .. } => {
            (Exit::Usage, Some("name the repository with `--repo PATH` or `--repo URL`"))
        }
        error if error.is_retryable() => (Exit::Unavailable, Some("try again later")),
        git_repo::Error::Program(git_repo::ProgramError::Failed { .. }) => (Exit::Unexpected, None),
        _ => (Exit::Usage, None),
    }
}

/// Ranges and files.
pub fn sources(error: Error) -> Failure {
    let hint = match &error {
        Error::Git { source, .. } => {
            if let git_repo::Error::UnknownRevision { revision, .. } = source.as_ref() {
                return unknown(revision);
            }
            let (exit, hint) = of_git(source);
            return hint.into_iter().fold(Failure::new(exit, error), Failure::hint);
        }
        Error::Swapped { start, end } => Some(format!("did you mean `{end}..{start}`?")),
        Error::Shallow { .. } => Some("get the whole history with `git fetch --unshallow`".to_owned()),
        Error::Discover { .. } => Some("give the range itself: `v1.29.0..v1.30.0`".to_owned()),
        Error::Maps(_) => Some("`release-notes validate DIR` checks a folder of maps".to_owned()),
        _ => None,
    };
    hint.into_iter().fold(Failure::new(Exit::Usage, error), Failure::hint)
}

/// GitHub.
pub fn github(error: github_client::Error) -> Failure {
    let (exit, hint) = of_github(&error);
    hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
}

pub(crate) fn of_github(error: &github_client::Error) -> (Exit, Option<&'static str>) {
    use github_client::Error as E;
    match error {
        E::BadCredentials { .. } | E::Token(_) => {
            (Exit::Credentials, Some("make a new token, or log in again with `gh auth login`"))
        }
        E::MissingScopes { .. } => {
            (Exit::Credentials, Some("add the scopes to the token: `gh auth refresh --scopes …`"))
        }
        E::SingleSignOn { .. } => {
            (Exit::Credentials, Some("open that address, signed in as who the token is of; then run it again"))
        }
        E::NotGithub { .. } => (
            Exit::Unavailable,
            Some(
                "see that `--github-api` is the address of an API (`https://HOST/api/v3`), and that no proxy or login page is in between",
            ),
        ),
        E::Stopped { .. } => (Exit::Interrupted, None),
        E::Denied { .. } => (Exit::Credentials, Some("see that the token may do this in this repository")),
        E::RateLimited { .. } | E::Budget { .. } => (
            Exit::Unavailable,
            Some("run it again then: what was fetched is kept, and only the rest will be asked for"),
        ),
        E::Unavailable { .. } => (
            Exit::Unavailable,
            Some("try again later; what was fetched is kept. Without network: `--offline` or `--replay DIR`"),
        ),
        E::NotRecorded { .. } => {
            (Exit::Usage, Some("make the recording with `--record DIR`, or leave `--offline` and `--replay` out"))
        }
        E::NotFound { .. } => (Exit::Usage, Some("see that the name is right and that the token may see it")),
        E::Conflict { .. } | E::Moved { .. } => (Exit::Moved, Some("look at what is there now, and plan again")),
        _ => (Exit::Usage, None),
    }
}

/// Collecting notes from GitHub.
pub fn collect_github(error: CollectError<GithubSourceError>) -> Failure {
    let found = match &error {
        CollectError::Source(source)
        | CollectError::Gather(GatherError::Source { source, .. } | GatherError::Commits { source, .. }) => {
            Some(source)
        }
        _ => None,
    };
    match found {
        Some(source @ GithubSourceError::Incomplete { .. }) => {
            let why = source.client_error();
            let message = format!("{source}: {why}");
            if matches!(why, github_client::Error::NotRecorded { .. }) {
                return Failure::new(Exit::Usage, message)
                    .hint("record the range first: `--record DIR`, or a run without `--offline` and `--replay`")
                    .hint("a recording is of one host: give `--github-api URL` as it was recorded");
            }
            Failure::new(Exit::Unavailable, message)
                .hint("run it again: what was fetched is kept, and only the rest will be asked for")
                .hint("`--allow-partial` makes the notes of the others, and says so in the document")
        }
        Some(source) => {
            let (exit, hint) = of_github(source.client_error());
            hint.into_iter().fold(Failure::new(exit, error), Failure::hint)
        }
        None => rules(error),
    }
}

/// Collecting notes from titles.
pub fn collect_titles(error: CollectError<Infallible>) -> Failure {
    rules(error)
}

fn rules<E: std::error::Error + Send + Sync + 'static>(error: CollectError<E>) -> Failure {
    let hint = match &error {
        CollectError::Maps(_) => Some("`release-notes validate DIR` checks a folder of maps"),
        CollectError::NoRepository => Some("name it with `--github OWNER/NAME`"),
        _ => None,
    };
    hint.into_iter().fold(Failure::new(Exit::Usage, error), Failure::hint)
}
