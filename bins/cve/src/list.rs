//! `cve list`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;
use notes_gen::cve::Score;

use crate::{
    CveError, CveFolder,
    record::Written,
    results::{List, Listed},
};

/// List the records of the folder
///
/// Records under embargo are only counted, unless `--reveal` is given.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve list
  cve list --reveal")]
pub(crate) struct ListArgs {
    /// List what is under embargo too
    #[arg(long)]
    reveal: bool,
}

pub(crate) fn run(args: &ListArgs, folder: &CveFolder, now: Timestamp, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut list = List { records: Vec::new(), withheld: 0 };
    for id in folder.list()?.0 {
        let Some(text) = folder.read(&id)? else { return Err(CveError::Missing { id }.into()) };
        let mut listed =
            Listed { id: id.to_string(), score: None, rating: None, title: None, embargo: None, problems: 0 };
        match Written::parse(&id, &text) {
            Ok(written) => {
                listed.embargo = written.embargo(now);
                if listed.embargo.is_some() && !args.reveal {
                    list.withheld += 1;
                    continue;
                }
                let record = written.record();
                let score = Score::parse(&record.score);
                listed.title = Some(record.title.clone());
                listed.score = score.map(|score| score.to_string());
                listed.rating = score.map(|score| score.rating().to_string());
                listed.problems = written.problems.len();
            }
            // What cannot be read may be under embargo all the same.
            Err(_) if text.contains("embargo") && !args.reveal => {
                list.withheld += 1;
                continue;
            }
            Err(problems) => listed.problems = problems.len(),
        }
        list.records.push(listed);
    }
    shell.result(&list)?;
    Ok(Exit::Done)
}
