//! Errors of the flow as failures of a command: an exit code, and what to do about it.

use std::str::FromStr;

use cli_kit::{Exit, Failure};
use release_flow::Error;
use release_version::ParseVersionError;

/// A version as it was typed.
pub(crate) fn typed_version<V: FromStr<Err = ParseVersionError>>(text: &str) -> Result<V, Failure> {
    text.parse().map_err(|error: ParseVersionError| fail(error.into()))
}

/// Gives an error its exit code and its advice.
pub(crate) fn fail(error: Error) -> Failure {
    match error {
        Error::Run(error) => error.into(),
        Error::Journal(error) => error.into(),
        Error::History(error) => error.into(),
        Error::Plan(error) => error.into(),
        error => {
            let (exit, hints) = advice(&error);
            hints.into_iter().fold(Failure::new(exit, error), Failure::hint)
        }
    }
}

const RESET: &str = "to rehearse a version again, empty the mock places with `krel reset-mock`";
const MARKER: &str = "look at the marker: it must hold one version and nothing else";

fn advice(error: &Error) -> (Exit, Vec<String>) {
    let one = |exit, hint: &str| (exit, vec![hint.to_owned()]);
    match error {
        Error::Config(_) => one(Exit::Usage, "`krel config explain` tells every field of release.yaml"),
        Error::Place(_) | Error::Template(_) | Error::NoResult { .. } | Error::Twice { .. } | Error::Sender { .. } => {
            one(Exit::Usage, "mend release.yaml; `krel config explain` tells every field")
        }
        Error::Base { .. } => one(
            Exit::Usage,
            "take a base for every platform of the image, or name the platforms with `images.platforms`",
        ),
        Error::NoBase { .. } | Error::NoImagePlatform { .. } | Error::NoContainerTag { .. } => {
            one(Exit::Usage, "mend release.yaml, or make what it names; `krel config explain` tells every field")
        }
        Error::Profile { .. } | Error::Maps { .. } | Error::Notes(_) => {
            one(Exit::Usage, "see `notes` in release.yaml; `release-notes validate DIR` checks maps")
        }
        Error::Changelog { .. } => {
            one(Exit::Refused, "mend that file on its branch, then go on; nothing is public yet")
        }
        Error::BranchChangelog { .. } => {
            one(Exit::Refused, "mend that file on its branch and run it again; nothing is public yet")
        }
        Error::NoGithub { .. } => one(Exit::Credentials, "set `GITHUB_TOKEN` and run it again"),
        Error::Version(_) => {
            one(Exit::Usage, "versions look like `v1.2.0-rc.1`, build versions like `v1.2.0-rc.1.5+0123456789abcd`")
        }
        Error::NextVersion(release_version::NextVersionError::Taken { version }) => (
            Exit::Refused,
            vec![
                "published bytes are never written over; the branch must have moved on for a next version".to_owned(),
                format!("if `{version}` was an urgent fix on a branch of its own, merge its tag into this branch"),
                RESET.to_owned(),
            ],
        ),
        Error::NoBranchPoint { .. } => one(
            Exit::Usage,
            "a branch for an urgent fix has the name of the release that it mends, such as `release-1.2.3`",
        ),
        Error::NextVersion(_) => one(
            Exit::Refused,
            "alphas and betas come from the default branch, release candidates and official releases from release branches",
        ),
        Error::Branch { .. } | Error::NoBranch { .. } => {
            one(Exit::Usage, "see `project.default_branch` and `project.release_branch_prefix` in release.yaml")
        }
        Error::NoCommit { .. } => {
            one(Exit::Usage, "fetch the source repository, or leave `--build-version` out to release the head")
        }
        Error::Dirty { .. } => one(Exit::Refused, "commit the changes and build again"),
        Error::OtherBuild { described, .. } => {
            (Exit::Refused, vec![format!("if that is the commit you mean, give `--build-version {described}`")])
        }
        Error::BehindHead { .. } => one(
            Exit::Refused,
            "release the head of the branch; on the default branch `--allow-stale-build` releases an older build",
        ),
        Error::NotOnBranch { .. } => one(Exit::Refused, "name the branch the build was made from with `--branch`"),
        Error::NothingNew { .. } => one(Exit::Refused, "merge something first"),
        Error::Published { .. } => (
            Exit::Refused,
            vec!["published bytes are never written over; release the next version".to_owned(), RESET.to_owned()],
        ),
        Error::MockInUse { .. } => one(Exit::Refused, "wait for that run, or stop it with Ctrl-C"),
        Error::MockRemote { .. } => one(Exit::Refused, "reset that repository where it is"),
        Error::StagedByOther { build, .. } => (
            Exit::Refused,
            vec![
                format!("release it with `krel release --build-version {build}`"),
                "or resume that run: `krel status` shows it".to_owned(),
            ],
        ),
        Error::NotStaged { .. } => one(Exit::Refused, "`krel list` shows what is staged; stage with `krel stage`"),
        Error::OtherMode { .. } => {
            one(Exit::Refused, "stage again for the places you mean: with or without `--nomock`")
        }
        Error::NotReleased { .. } => one(Exit::Refused, "release it first; `--nomock` looks at the production places"),
        Error::Moved { .. } => one(Exit::Moved, "make a new plan and have it approved"),
        Error::MovedSinceStage { .. } => {
            one(Exit::Moved, "fetch what is there now into the source repository, then stage the build that it gives")
        }
        Error::StagedChanged { .. } => one(
            Exit::Refused,
            "find out who wrote there; then remove the folder of the staged build and stage it again",
        ),
        Error::Marker { .. } => one(Exit::Refused, MARKER),
        Error::Prerequisites { .. } => one(Exit::Refused, "`krel doctor` shows everything a run needs"),
        Error::Manifest(_) => one(Exit::Refused, "stage again with this version of the tool"),
        Error::Git { source, .. } => (git_exit(source), Vec::new()),
        Error::Bucket { source, .. } if matches!(**source, artifact_publish::Error::BadMarker { .. }) => {
            one(Exit::Refused, MARKER)
        }
        Error::Bucket { source, .. } => (bucket_exit(source), Vec::new()),
        _ => (Exit::Unexpected, Vec::new()),
    }
}

fn git_exit(error: &git_repo::Error) -> Exit {
    match error {
        git_repo::Error::Denied { .. } => Exit::Credentials,
        git_repo::Error::Unavailable { .. } => Exit::Unavailable,
        git_repo::Error::Open { .. } | git_repo::Error::Remote { .. } | git_repo::Error::NoRepository { .. } => {
            Exit::Usage
        }
        _ => Exit::Unexpected,
    }
}

fn bucket_exit(error: &artifact_publish::Error) -> Exit {
    match error {
        artifact_publish::Error::Denied { .. } => Exit::Credentials,
        artifact_publish::Error::Moved { .. } => Exit::Moved,
        artifact_publish::Error::Exists { .. } | artifact_publish::Error::Extra { .. } => Exit::Refused,
        artifact_publish::Error::BadPlace { .. } | artifact_publish::Error::Obstructed { .. } => Exit::Usage,
        _ => Exit::Unexpected,
    }
}
