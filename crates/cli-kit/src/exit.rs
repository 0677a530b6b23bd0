//! The exit codes: one table for every command.

use std::{fmt, process::ExitCode};

use serde::Serialize;

/// How a command ends. Scripts rely on the numbers: they never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
#[repr(u8)]
pub enum Exit {
    /// 0: done, or nothing to do.
    Done = 0,
    /// 1: an unexpected failure; worth a report.
    Unexpected = 1,
    /// 2: the arguments or the configuration are wrong.
    Usage = 2,
    /// 3: refused: a gate is closed, an approval is missing, another run holds the lease.
    Refused = 3,
    /// 4: `--check` was given and the plan is not empty.
    NotEmpty = 4,
    /// 5: the world moved since the plan was made; plan again.
    Moved = 5,
    /// 6: credentials are missing or insufficient.
    Credentials = 6,
    /// 7: a remote service is unavailable after retries; try later.
    Unavailable = 7,
    /// 8: partly done; the journal is written; resume with the printed command.
    PartlyDone = 8,
    /// 9: verification found a difference.
    Difference = 9,
    /// 130: interrupted.
    Interrupted = 130,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::Refused,
        Self::NotEmpty,
        Self::Moved,
        Self::Credentials,
        Self::Unavailable,
        Self::PartlyDone,
        Self::Difference,
        Self::Interrupted,
    ];

    /// The number the process returns.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in one line.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or nothing to do",
            Self::Unexpected => "unexpected failure (report it)",
            Self::Usage => "usage: arguments or configuration",
            Self::Refused => "refused: gate closed, approval missing",
            Self::NotEmpty => "`--check` given and the plan is not empty",
            Self::Moved => "world moved since the plan; plan again",
            Self::Credentials => "credentials missing or insufficient",
            Self::Unavailable => "remote service unavailable after retries; try later",
            Self::PartlyDone => "partly done; journal written; resume with the printed command",
            Self::Difference => "verification found a difference",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_contract() {
        let codes: Vec<_> = Exit::ALL.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130]);
    }
}
