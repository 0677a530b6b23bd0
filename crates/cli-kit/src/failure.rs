//! Failures: what went wrong, how the process ends, and what to do about it.

use std::{error::Error, fmt};

use release_journal::{
    CanonicalError, HistoryError, InvalidStepId, JournalError, LeaseError, NotMock, Refused, RunError, StoreError,
};
use serde_json::{Value, json};

use crate::{Exit, Paint};

/// The `schema` of the JSON document that a failed command prints with `--output json`.
pub const ERROR_SCHEMA: &str = "krel/error/v1";

type BoxError = Box<dyn Error + Send + Sync>;

/// Why a command failed: the error of a library, the exit code, and advice for whoever typed the command.
///
/// Libraries state facts; the command adds the advice with [`Failure::hint`].
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: BoxError,
    hints: Vec<String>,
    silent: bool,
}

impl Failure {
    /// A failure that ends the process with `exit`.
    pub fn new(exit: Exit, error: impl Into<BoxError>) -> Self {
        Self { exit, error: error.into(), hints: Vec::new(), silent: false }
    }

    /// The reader of stdout went away: the end of the command, and not an error.
    pub(crate) fn broken_pipe() -> Self {
        Self { silent: true, ..Self::new(Exit::Done, "stdout was closed by its reader") }
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.silent
    }

    /// Adds one line of advice. The order is kept.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The same failure with another exit code.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What went wrong.
    #[must_use]
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.error
    }

    /// The advice, in the order it was given.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The messages of the causes below the error, outermost first; a cause that repeats its parent is left out.
    fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut last = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if text != last {
                causes.push(text.clone());
                last = text;
            }
            cause = error.source();
        }
        causes
    }

    /// The lines for stderr; `clean` is applied to every text that is not ours.
    pub(crate) fn human(&self, paint: Paint, clean: impl Fn(&str) -> String) -> String {
        let mut text = format!("{} {}\n", paint.bad("error:"), clean(&self.error.to_string()));
        for cause in self.causes() {
            text.push_str(&format!("  {} {}\n", paint.dim("caused by:"), clean(&cause)));
        }
        for hint in &self.hints {
            text.push_str(&format!("{} {}\n", paint.good("hint:"), clean(hint)));
        }
        text
    }

    /// The document for stdout.
    pub(crate) fn document(&self) -> Value {
        json!({
            "schema": ERROR_SCHEMA,
            "exit": self.exit.code(),
            "error": self.error.to_string(),
            "causes": self.causes(),
            "hints": self.hints,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.human(Paint::plain(), str::to_owned).trim_end())
    }
}

/// Gives an error its exit code: `std::fs::read(path).or_exit(Exit::Usage)?`.
pub trait OrExit<T> {
    /// Turns an error into a [`Failure`] that ends the process with `exit`.
    ///
    /// # Errors
    /// The error, as a failure.
    fn or_exit(self, exit: Exit) -> Result<T, Failure>;
}

impl<T, E: Into<BoxError>> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(exit, error))
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Journal(error) => error.into(),
            RunError::Moved { .. } => Self::new(Exit::Moved, error).hint("make a new plan and have it approved"),
            RunError::Interrupted { .. } => Self::new(Exit::Interrupted, error),
            other => Self::new(Exit::PartlyDone, other),
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Lease(error) => error.into(),
            JournalError::Store(error) => error.into(),
            JournalError::OtherPlan { .. } => Self::new(Exit::Refused, error),
            JournalError::Crowded { .. } => Self::new(Exit::PartlyDone, error),
            other => Self::new(Exit::Unexpected, other),
        }
    }
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Store(error) => error.into(),
            LeaseError::Held { .. } => {
                Self::new(Exit::Refused, error).hint("wait for the other run to end, or for its lease to expire")
            }
            LeaseError::Lost { .. } => Self::new(Exit::PartlyDone, error),
            other => Self::new(Exit::Unexpected, other),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::BadName { .. } => Self::new(Exit::Usage, error),
            other => Self::new(Exit::Unexpected, other),
        }
    }
}

impl From<HistoryError> for Failure {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Store(error) => error.into(),
            HistoryError::NoSuchRun { .. } => Self::new(Exit::Usage, error),
            other => Self::new(Exit::Unexpected, other),
        }
    }
}

impl From<Refused> for Failure {
    fn from(error: Refused) -> Self {
        Self::new(Exit::Refused, error)
    }
}

impl From<NotMock> for Failure {
    fn from(error: NotMock) -> Self {
        Self::new(Exit::Refused, error)
    }
}

impl From<CanonicalError> for Failure {
    fn from(error: CanonicalError) -> Self {
        Self::new(Exit::Unexpected, error)
    }
}

impl From<InvalidStepId> for Failure {
    fn from(error: InvalidStepId) -> Self {
        Self::new(Exit::Unexpected, error)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `release.yaml`")]
    struct Outer(#[source] io::Error);

    fn failure() -> Failure {
        Err::<(), _>(Outer(io::Error::other("disk on fire")))
            .or_exit(Exit::Usage)
            .unwrap_err()
            .hint("run `krel config check`")
            .hint("or look at `release.yaml`")
    }

    #[test]
    fn for_people() {
        insta::assert_snapshot!(failure().to_string(), @r"
        error: cannot read `release.yaml`
          caused by: disk on fire
        hint: run `krel config check`
        hint: or look at `release.yaml`
        ");
    }

    #[test]
    fn for_programs() {
        insta::assert_snapshot!(serde_json::to_string_pretty(&failure().document()).unwrap(), @r#"
        {
          "schema": "krel/error/v1",
          "exit": 2,
          "error": "cannot read `release.yaml`",
          "causes": [
            "disk on fire"
          ],
          "hints": [
            "run `krel config check`",
            "or look at `release.yaml`"
          ]
        }
        "#);
    }

    #[test]
    fn errors_of_a_run_have_their_code() {
        let step = || release_journal::StepId::new("copy", "v1").unwrap();
        let cases: Vec<(&str, RunError, Exit)> = vec![
            ("interrupted", RunError::Interrupted { step: step() }, Exit::Interrupted),
            ("not done", RunError::NotDone { step: step() }, Exit::PartlyDone),
            ("failed", RunError::Step { step: step(), source: "no".into() }, Exit::PartlyDone),
            (
                "moved",
                RunError::Moved {
                    step: step(),
                    difference: release_journal::Difference {
                        subject: "tag".into(),
                        expected: "a".into(),
                        found: "b".into(),
                    },
                },
                Exit::Moved,
            ),
            ("other plan", RunError::Journal(JournalError::OtherPlan { run: "a-b".parse().unwrap() }), Exit::Refused),
        ];
        for (name, error, exit) in cases {
            assert_eq!(Failure::from(error).exit(), exit, "{name}");
        }
    }
}
