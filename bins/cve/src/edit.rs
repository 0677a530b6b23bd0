//! `cve edit`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;

use crate::{
    CveError, CveFolder, CveId, Existing,
    record::Written,
    results::{Outcome, RecordOutcome},
    write::{self, Embargo, Rules, TextArgs},
};

/// Change a record, in an editor or from a file, or its embargo alone
///
/// An unchanged or empty text cancels. A text without `embargo` leaves the embargo as it is: only `--lift-embargo` takes it out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve edit CVE-2026-1234
  cve edit CVE-2026-1234 --file - < record.yaml
  cve edit CVE-2026-1234 --embargo 2026-12-08
  cve edit CVE-2026-1234 --lift-embargo

Exit codes: 2 there is none, or it cannot be used; 3 nobody is here to edit")]
pub(crate) struct EditArgs {
    /// Its id
    id: CveId,

    /// Set the end of its embargo: a date, or an instant, to come
    #[arg(long, value_name = "INSTANT", value_parser = write::embargo, conflicts_with = "lift_embargo")]
    embargo: Option<Timestamp>,

    /// Take its embargo out, so that documents show it from now on
    #[arg(long)]
    lift_embargo: bool,

    #[command(flatten)]
    text: TextArgs,
}

pub(crate) async fn run(
    args: EditArgs,
    folder: &CveFolder,
    now: Timestamp,
    shell: &mut Shell,
) -> Result<Exit, Failure> {
    let id = args.id;
    let Some(before) = folder.read(&id)? else { return Err(CveError::Missing { id }.into()) };
    let flag = if args.lift_embargo { Some(Embargo::Lifted) } else { Embargo::of_flag(&id, args.embargo, now)? };
    let embargo = flag.unwrap_or_else(|| match Written::parse(&id, &before) {
        Ok(written) => Embargo::Stays(written.map.embargoed_until()),
        Err(_) if before.contains("embargo") => Embargo::Unreadable,
        Err(_) => Embargo::Stays(None),
    });
    let rules = Rules { args: &args.text, embargo, now };
    let given = match &args.text.file {
        Some(path) => Some(write::given(path, shell).await?),
        None => flag.map(|_| before.clone()),
    };
    let accepted = match given {
        Some(text) if text.trim().is_empty() || (flag.is_none() && text == before) => None,
        Some(text) => Some(write::accept(&id, &text, rules, shell).map_err(|problems| CveError::Invalid { problems })?),
        None => write::edited(&id, &before, rules, shell).await?,
    };
    match accepted.filter(|(text, _)| *text != before) {
        Some((text, written)) => write::keep(&id, &text, written, folder, Existing::Replace, shell)?,
        None => {
            shell.note("nothing was changed");
            shell.result(&RecordOutcome {
                id: id.to_string(),
                outcome: Outcome::Unchanged,
                embargo: None,
                problems: Vec::new(),
            })?;
        }
    }
    Ok(Exit::Done)
}
