//! What a verification says.

use artifact_publish::Depth;
use release_version::ReleaseVersion;
use serde::Serialize;
use url::Url;

use super::{evidence::Evidence, wanted::Wanted};
use crate::{Error, places::Mode};

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Something else is there.
    Different,
    /// A text that people may edit is there in other words.
    Edited,
    /// Nothing is there.
    Missing,
    /// Not there, and need not be yet.
    Pending,
    /// The place did not answer.
    Unreachable,
    /// It is there, and there is nothing to compare it with.
    Unknown,
}

/// One thing looked at.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was compared, e.g. ``tag `v1.2.0` ``.
    pub subject: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, in words; of a difference also what was expected.
    pub detail: String,
}

/// What all checks together come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Conclusion {
    /// Everything is as it was released, and announced.
    AsReleased,
    /// Everything is as it was released; the announcement is still to come.
    NotAnnounced,
    /// Nothing is known to differ, but not every place could be looked at.
    Unreachable,
    /// Only texts that people may edit have other words.
    Edited,
    /// Something differs or is missing.
    Different,
}

/// All checks of a release.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The version.
    pub version: ReleaseVersion,
    /// Which places.
    pub mode: Mode,
    /// Whether every byte was read.
    pub deep: bool,
    /// The checks in the order of publication.
    pub checks: Vec<Check>,
}

impl Verification {
    /// What the checks come to; the worst of them decides.
    #[must_use]
    pub fn conclusion(&self) -> Conclusion {
        let any = |verdicts: &[Verdict]| self.checks.iter().any(|check| verdicts.contains(&check.verdict));
        if any(&[Verdict::Different, Verdict::Missing]) {
            Conclusion::Different
        } else if any(&[Verdict::Edited]) {
            Conclusion::Edited
        } else if any(&[Verdict::Unreachable, Verdict::Unknown]) {
            Conclusion::Unreachable
        } else if any(&[Verdict::Pending]) {
            Conclusion::NotAnnounced
        } else {
            Conclusion::AsReleased
        }
    }

    /// Whether everything could be looked at and nothing is missing or different.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(self.conclusion(), Conclusion::AsReleased | Conclusion::NotAnnounced)
    }
}

/// A verification in the making.
pub(super) struct Report {
    verification: Verification,
    /// Whether anything of the release was seen.
    seen: bool,
    /// Whether a place that is there did not answer, so that nothing can be said about what it holds.
    silent: bool,
}

impl Report {
    pub(super) fn new(version: ReleaseVersion, mode: Mode, depth: Depth) -> Self {
        let verification = Verification { version, mode, deep: depth == Depth::Bytes, checks: Vec::new() };
        Self { verification, seen: false, silent: false }
    }

    pub(super) fn add(&mut self, subject: impl Into<String>, verdict: Verdict, detail: impl Into<String>) {
        let check = Check { subject: subject.into(), verdict, detail: detail.into() };
        self.verification.checks.push(check);
    }

    pub(super) fn ok(&mut self, subject: impl Into<String>, detail: impl Into<String>) {
        self.add(subject, Verdict::Ok, detail);
    }

    pub(super) fn missing(&mut self, subject: impl Into<String>, detail: impl Into<String>) {
        self.add(subject, Verdict::Missing, detail);
    }

    pub(super) fn different(
        &mut self,
        subject: impl Into<String>,
        expected: impl std::fmt::Display,
        found: impl std::fmt::Display,
    ) {
        self.add(subject, Verdict::Different, format!("expected {expected}, found {found}"));
    }

    /// A place of this machine that is not there: gone, or never made.
    pub(super) fn not_there(&mut self, subject: impl Into<String>, detail: impl Into<String>) {
        self.add(subject, Verdict::Unreachable, detail);
    }

    /// Something of the release is there, be it as it should or not.
    pub(super) fn saw(&mut self) {
        self.seen = true;
    }

    /// Whether nothing of the release was seen, though every place answered or was never made.
    pub(super) fn is_of_nothing(&self) -> bool {
        !self.seen && !self.silent
    }

    /// What was looked up; a place that does not answer or holds what cannot be read becomes a check of its own, and the rest goes on.
    ///
    /// # Errors
    /// What is no fault of a place.
    pub(super) fn settle<T>(&mut self, subject: &str, result: Result<T, Error>) -> Result<Option<T>, Error> {
        let error = match result {
            Ok(value) => return Ok(Some(value)),
            Err(error) => error,
        };
        let Some(verdict) = verdict_of(&error) else { return Err(error) };
        self.silent |= verdict == Verdict::Unreachable;
        self.seen |= verdict == Verdict::Different;
        self.add(subject, verdict, chain(&error));
        Ok(None)
    }

    /// The check of the plan itself: whether its witnesses agree.
    pub(super) fn plan(&mut self, evidence: &Evidence, wanted: &Wanted) {
        let Some((mut verdict, detail)) = evidence.told.clone() else { return };
        let mut words = vec![detail];
        if !wanted.lacking.is_empty() {
            verdict = if verdict == Verdict::Ok { Verdict::Different } else { verdict };
            words.push(format!(
                "the plan does not hold what its manifest and the rules ask for: {}",
                wanted.lacking.join(", ")
            ));
        }
        self.add("plan", verdict, words.join("; "));
    }

    pub(super) fn done(self) -> Verification {
        self.verification
    }
}

/// Whether a place did not answer or holds something unreadable; nothing when it is no matter of places.
fn verdict_of(error: &Error) -> Option<Verdict> {
    match error {
        Error::Git { source, .. } if matches!(**source, git_repo::Error::TooLarge { .. }) => Some(Verdict::Different),
        Error::Git { .. } | Error::Place(_) => Some(Verdict::Unreachable),
        Error::Bucket { .. }
        | Error::Forge(_)
        | Error::Image { .. }
        | Error::Mail(_)
        | Error::Manifest(_)
        | Error::History(_)
        | Error::Journal(_) => {
            let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
            while let Some(error) = cause {
                // What the system says is about the place; what a library of ours says is about its contents.
                if error.is::<std::io::Error>() {
                    return Some(Verdict::Unreachable);
                }
                cause = error.source();
            }
            Some(Verdict::Different)
        }
        _ => None,
    }
}

/// An error with its causes, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

/// What is told of a place in a folder when that folder is not there.
pub(super) fn missing_folder(url: &Url) -> Option<String> {
    let path = url.to_file_path().ok()?;
    (!path.exists()).then(|| format!("`{}` is not there", path.display()))
}
