//! `cve edit`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;

use crate::{
    CveError, CveFolder, CveId, Existing,
    record::Written,
    results::{Outcome, RecordOutcome},
    write::{self, TextArgs},
};

/// Change a record, in an editor or from a file, or its embargo alone
///
/// An unchanged or empty text cancels.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve edit CVE-2026-1234
  cve edit CVE-2026-1234 --file - < record.yaml
  cve edit CVE-2026-1234 --embargo 2026-12-08
  cve edit CVE-2026-1234 --lift-embargo")]
pub(crate) struct EditArgs {
    /// Its id
    id: CveId,

    /// Set the end of its embargo; comments in the file are lost
    #[arg(long, value_name = "INSTANT", value_parser = write::embargo, conflicts_with = "lift_embargo")]
    embargo: Option<Timestamp>,

    /// Take its embargo out; comments in the file are lost
    #[arg(long)]
    lift_embargo: bool,

    #[command(flatten)]
    text: TextArgs,
}

pub(crate) async fn run(args: EditArgs, folder: &CveFolder, shell: &mut Shell) -> Result<Exit, Failure> {
    let id = args.id;
    let Some(before) = folder.read(&id)? else { return Err(CveError::Missing { id }.into()) };
    let invalid = |problems| CveError::Invalid { problems };
    let by_flag = args.embargo.is_some() || args.lift_embargo;
    let text = match &args.text.file {
        Some(path) => write::given(path, shell).await?,
        None if by_flag => before.clone(),
        None => match write::edited(&id, &before, &args.text, shell).await? {
            Some((text, _)) => text,
            None => before.clone(),
        },
    };
    let text = if by_flag { Written::parse(&id, &text).map_err(invalid)?.with_embargo(args.embargo) } else { text };
    if text.trim().is_empty() || text == before {
        shell.note("nothing was changed");
        shell.result(&RecordOutcome {
            id: id.to_string(),
            outcome: Outcome::Unchanged,
            embargo: None,
            problems: Vec::new(),
        })?;
        return Ok(Exit::Done);
    }
    let written = write::accept(&id, &text, &args.text).map_err(invalid)?;
    write::keep(&id, &text, written, folder, Existing::Replace, shell)?;
    Ok(Exit::Done)
}
