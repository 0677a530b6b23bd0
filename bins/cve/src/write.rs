//! Getting the text of a record from a person or a file, and keeping it.

use std::{fs::File, path::PathBuf};

use clap::Args;
use cli_kit::{Answer, Edited, Failure, Shell};
use jiff::Timestamp;
use notes_gen::cve::parse_embargo;

use crate::{
    CveError, CveFolder, CveId, Existing, Problem, Readers,
    folder::read_text,
    record::Written,
    results::{Outcome, RecordOutcome},
};

/// Where the text comes from, and how strictly it is taken.
#[derive(Debug, Args)]
pub(crate) struct TextArgs {
    /// Take the text from a file instead of the editor; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Keep a record that is not finished; it stops documents until it is
    #[arg(long)]
    incomplete: bool,
}

/// The end of an embargo as an argument.
pub(crate) fn embargo(text: &str) -> Result<Timestamp, String> {
    parse_embargo(text).ok_or_else(|| "expected a date or an instant such as 2026-12-01T17:00:00Z".to_owned())
}

/// The text of `--file`.
pub(crate) async fn given(path: &PathBuf, shell: &Shell) -> Result<String, Failure> {
    if path.as_os_str() == "-" {
        return shell.stdin().await;
    }
    let file = File::open(path).map_err(|source| CveError::Read { path: path.clone(), source })?;
    Ok(read_text(file, path)?)
}

/// Lets somebody edit the text until it is a record, or until they give up. Nothing when they cancel.
pub(crate) async fn edited(
    id: &CveId,
    start: &str,
    args: &TextArgs,
    shell: &Shell,
) -> Result<Option<(String, Written)>, Failure> {
    if !shell.is_interactive() {
        return Err(CveError::NoEditor.into());
    }
    let mut text = start.to_owned();
    loop {
        // A second look at a text that was refused may leave it as it is, and so gives up.
        let Edited::Text(edited) = shell.edit(&text, ".yaml").await? else { return Ok(None) };
        match accept(id, &edited, args) {
            Ok(written) => return Ok(Some((edited, written))),
            Err(problems) => {
                for problem in &problems {
                    shell.warn(problem);
                }
                if shell.confirm("Edit again?").await? == Answer::No {
                    return Err(CveError::Invalid { problems }.into());
                }
                text = edited;
            }
        }
    }
}

/// A text that can be kept.
pub(crate) fn accept(id: &CveId, text: &str, args: &TextArgs) -> Result<Written, Vec<Problem>> {
    let written = Written::parse(id, text)?;
    if written.problems.is_empty() || args.incomplete { Ok(written) } else { Err(written.problems) }
}

/// Writes the text and tells of it.
pub(crate) fn keep(
    id: &CveId,
    text: &str,
    written: Written,
    folder: &CveFolder,
    existing: Existing,
    shell: &mut Shell,
) -> Result<(), Failure> {
    let embargo = written.map.embargoed_until();
    // Whatever the clock says: a file that speaks of an embargo is for its owner, until somebody takes the embargo out.
    let readers = if embargo.is_some() { Readers::Owner } else { Readers::All };
    folder.write(id, text, readers, existing)?;
    for problem in &written.problems {
        shell.warn(problem);
    }
    let outcome = if existing == Existing::Refuse { Outcome::Created } else { Outcome::Changed };
    shell.result(&RecordOutcome { id: id.to_string(), outcome, embargo, problems: written.problems })
}
