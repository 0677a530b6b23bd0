//! `cve validate`

use clap::Args;
use cli_kit::{Exit, Failure, Shell};
use jiff::Timestamp;

use crate::{CveError, CveFolder, CveId, Problem, Readers, record::Written, results::Validation};

/// Check records: form, CVSS vector, score, rating, embargo
///
/// Problems are printed as file, line and what is wrong. Of a record under embargo they repeat nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cve validate
  cve validate CVE-2026-1234 --dir releases/release-1.40/release-notes/cve

Exit codes: 2 there is none; 9 something is wrong")]
pub(crate) struct ValidateArgs {
    /// The records; all of the folder by default
    ids: Vec<CveId>,
}

pub(crate) fn run(args: &ValidateArgs, folder: &CveFolder, now: Timestamp, shell: &mut Shell) -> Result<Exit, Failure> {
    let (ids, others) = if args.ids.is_empty() { folder.list()? } else { (args.ids.clone(), Vec::new()) };
    let mut problems: Vec<Problem> = others
        .into_iter()
        .map(|file| Problem::form(file, 1, "the file is not named after a record: `<CVE-ID>.yaml`"))
        .collect();
    let files = ids.len() + problems.len();
    let mut bad = problems.len();
    for id in ids {
        let Some(text) = folder.read(&id)? else { return Err(CveError::Missing { id }.into()) };
        let before = problems.len();
        match Written::parse(&id, &text) {
            Ok(written) => {
                let hidden = written.embargo(now).is_some();
                problems.extend(written.problems);
                if hidden && folder.readers(&id)? == Readers::All {
                    let advice = "others can read this file, which is under embargo: `chmod 600` it";
                    problems.push(Problem::form(id.file_name(), 1, advice));
                }
            }
            Err(found) => problems.extend(found),
        }
        bad += usize::from(problems.len() > before);
    }
    shell.result(&Validation { files, problems })?;
    if bad > 0 { Err(CveError::InvalidFolder { count: bad, files }.into()) } else { Ok(Exit::Done) }
}
