//! `cve show`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;

use crate::{CveError, CveFolder, CveId, record::Written, results::Shown};

/// Show a record
///
/// What stdout carries may end in a log, so nothing of a record under embargo is shown without `--reveal`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve show CVE-2026-1234
  cve show CVE-2026-1234 --output json")]
pub(crate) struct ShowArgs {
    /// Its id
    id: CveId,

    /// Show it although it is under embargo
    #[arg(long)]
    reveal: bool,
}

pub(crate) fn run(args: &ShowArgs, folder: &CveFolder, now: Timestamp, shell: &mut Shell) -> Result<Exit, Failure> {
    let id = &args.id;
    let Some(text) = folder.read(id)? else { return Err(CveError::Missing { id: id.clone() }.into()) };
    let written = match Written::parse(id, &text) {
        Ok(written) => written,
        Err(problems) => return Err(CveError::Invalid { problems }.into()),
    };
    let shown = match (written.embargo(now), written.cve) {
        (Some(embargo), _) if !args.reveal => Shown::Withheld { id: id.to_string(), embargo },
        (embargo, Some(cve)) => Shown::Record { cve: Box::new(cve), embargo },
        (_, None) => Shown::Invalid { id: id.to_string(), problems: written.problems },
    };
    shell.result(&shown)?;
    Ok(if matches!(shown, Shown::Invalid { .. }) { Exit::Usage } else { Exit::Done })
}
