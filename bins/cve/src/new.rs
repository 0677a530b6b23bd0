//! `cve new`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;
use notes_gen::{PullNumber, cve::CveRecord, maps::NoteMap};

use crate::{
    CveError, CveFolder, CveId, Existing,
    record::skeleton,
    results::{Outcome, RecordOutcome},
    write::{self, Embargo, Rules, TextArgs},
};

/// Write a new record, in an editor or from a file
///
/// The editor is the one of KUBE_EDITOR, VISUAL or EDITOR. An unchanged or empty text cancels. A record under embargo is written so that
/// only its owner can read it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve new CVE-2026-1234 --pr 4711 --linked 4712,4713
  cve new CVE-2026-1234 --embargo 2026-12-01T17:00:00Z --file record.yaml

Exit codes: 2 it cannot be used; 3 there is one already, or nobody is here to edit")]
pub(crate) struct NewArgs {
    /// Its id: CVE-<year>-<number>
    id: CveId,

    /// The pull request whose note carries it
    #[arg(long, value_name = "NUMBER")]
    pr: Option<PullNumber>,

    /// Other pull requests that belong to it
    #[arg(long, value_name = "NUMBER", value_delimiter = ',')]
    linked: Vec<PullNumber>,

    /// Until when nothing of it may be shown: a date, or an instant, to come
    #[arg(long, value_name = "INSTANT", value_parser = write::embargo)]
    embargo: Option<Timestamp>,

    #[command(flatten)]
    text: TextArgs,
}

pub(crate) async fn run(args: NewArgs, folder: &CveFolder, now: Timestamp, shell: &mut Shell) -> Result<Exit, Failure> {
    let id = args.id;
    if folder.read(&id)?.is_some() {
        return Err(CveError::Exists { id }.into());
    }
    let flag = Embargo::of_flag(&id, args.embargo, now)?;
    // In an editor the flag is part of the text that somebody begins with, and may change there.
    let embargo = match &args.text.file {
        Some(_) => flag.unwrap_or(Embargo::Stays(None)),
        None => Embargo::Stays(args.embargo),
    };
    let rules = Rules { args: &args.text, embargo, now };
    let (text, written) = match &args.text.file {
        Some(path) => {
            let text = write::given(path, shell).await?;
            write::accept(&id, &text, rules, shell).map_err(|problems| CveError::Invalid { problems })?
        }
        None => {
            let mut map = args.pr.map_or_else(NoteMap::default, NoteMap::new);
            let mut record = CveRecord::new(id.to_string());
            record.linked_pulls = args.linked;
            record.embargo = args.embargo;
            map.cve = Some(record);
            match write::edited(&id, &skeleton(&id, map), rules, shell).await? {
                Some(found) => found,
                None => {
                    shell.note("cancelled; nothing was written");
                    let outcome = Outcome::Unchanged;
                    shell.result(&RecordOutcome {
                        id: id.to_string(),
                        outcome,
                        embargo: None,
                        problems: Vec::new(),
                    })?;
                    return Ok(Exit::Done);
                }
            }
        }
    };
    write::keep(&id, &text, written, folder, Existing::Refuse, shell)?;
    Ok(Exit::Done)
}
