//! Errors of changelogs as failures of a command.

use cli_kit::{Exit, Failure};
use notes_gen::changelog::ChangelogError;

pub(crate) fn changelog(error: ChangelogError) -> Failure {
    let hint = match &error {
        ChangelogError::NotAVersion { .. } => Some("tags look like `v1.30.0-rc.1`"),
        ChangelogError::RepeatedSection { .. } => Some("remove one of the two sections by hand"),
        _ => None,
    };
    hint.into_iter().fold(Failure::new(Exit::Usage, error), Failure::hint)
}
