//! `cve delete`

use clap::Args;
use cli_kit::{Answer, Exit, Failure, Shell};

use crate::{
    CveError, CveFolder, CveId, Deleted,
    results::{Outcome, RecordOutcome},
};

/// Delete a record, after a question
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve delete CVE-2026-1234
  cve delete CVE-2026-1234 --yes

Exit codes: 2 there is none; 3 nobody is here to confirm")]
pub(crate) struct DeleteArgs {
    /// Its id
    id: CveId,

    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(crate) async fn run(args: DeleteArgs, folder: &CveFolder, shell: &mut Shell) -> Result<Exit, Failure> {
    let id = args.id;
    if folder.read(&id)?.is_none() {
        return Err(CveError::Missing { id }.into());
    }
    let outcome = |outcome| RecordOutcome { id: id.to_string(), outcome, embargo: None, problems: Vec::new() };
    if !args.yes {
        if !shell.is_interactive() {
            return Err(CveError::NotConfirmed { id }.into());
        }
        if shell.confirm(&format!("Delete `{id}`?")).await? == Answer::No {
            shell.note("nothing was deleted");
            shell.result(&outcome(Outcome::Unchanged))?;
            return Ok(Exit::Done);
        }
    }
    match folder.delete(&id)? {
        Deleted::Yes => shell.result(&outcome(Outcome::Deleted))?,
        Deleted::WasNotThere => return Err(CveError::Missing { id: id.clone() }.into()),
    }
    Ok(Exit::Done)
}
