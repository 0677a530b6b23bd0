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

/// What becomes of the embargo when somebody gives a text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Embargo {
    /// The text says it; one that says nothing leaves what was there, since nobody lifts an embargo by leaving a line out.
    Stays(Option<Timestamp>),
    /// The text must say it: there is one, but what it says cannot be read.
    Unreadable,
    /// A flag sets it.
    Set(Timestamp),
    /// A flag takes it out.
    Lifted,
}

impl Embargo {
    /// What a flag says; nothing without one.
    pub(crate) fn of_flag(id: &CveId, flag: Option<Timestamp>, now: Timestamp) -> Result<Option<Self>, CveError> {
        match flag {
            Some(until) if until <= now => Err(CveError::EmbargoOver { id: id.clone(), until }),
            flag => Ok(flag.map(Self::Set)),
        }
    }
}

/// How a text is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) args: &'a TextArgs,
    pub(crate) embargo: Embargo,
    pub(crate) now: Timestamp,
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
    rules: Rules<'_>,
    shell: &Shell,
) -> Result<Option<(String, Written)>, Failure> {
    if !shell.is_interactive() {
        return Err(CveError::NoEditor.into());
    }
    let mut text = start.to_owned();
    loop {
        // A second look at a text that was refused may leave it as it is, and so gives up.
        let Edited::Text(edited) = shell.edit(&text, ".yaml").await? else { return Ok(None) };
        match accept(id, &edited, rules, shell) {
            Ok(accepted) => return Ok(Some(accepted)),
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

/// A text that can be kept, with its embargo as the rules say.
pub(crate) fn accept(
    id: &CveId,
    text: &str,
    rules: Rules<'_>,
    shell: &Shell,
) -> Result<(String, Written), Vec<Problem>> {
    let mut written = Written::parse(id, text)?;
    let mut text = text.to_owned();
    let said = written.map.embargoed_until();
    let problem = |line, problem: &str| Err(vec![Problem::form(id.file_name(), line, problem)]);
    let wanted = match (rules.embargo, said) {
        (Embargo::Set(until), _) => Some(until),
        (Embargo::Lifted, _) => None,
        // A year that is mistyped would publish the record. One that ended meanwhile may stay where it is.
        (Embargo::Stays(_) | Embargo::Unreadable, Some(until))
            if until <= rules.now && !matches!(rules.embargo, Embargo::Stays(Some(before)) if before == until) =>
        {
            return problem(
                written.embargo_line(),
                "`embargo` is over: write an instant to come, or take the line out",
            );
        }
        (Embargo::Unreadable, None) => {
            let advice = "the present file cannot be read, but speaks of an embargo: write `embargo` into this text too, \
                          or give `--embargo` or `--lift-embargo`";
            return problem(1, advice);
        }
        (Embargo::Stays(before), None) => before.filter(|until| rules.now < *until),
        (_, said) => said,
    };
    if wanted != said {
        text = written.with_embargo(&text, wanted);
        written = Written::parse(id, &text)?;
    }
    if !written.problems.is_empty() && !rules.args.incomplete {
        return Err(written.problems);
    }
    if let (Embargo::Stays(_), None, Some(until)) = (rules.embargo, said, wanted) {
        shell.warn(format!(
            "the text names no embargo, so the one until {until} stays; `cve edit {id} --lift-embargo` takes it out"
        ));
    }
    Ok((text, written))
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
