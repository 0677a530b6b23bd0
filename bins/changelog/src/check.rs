//! `changelog check`

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell};
use notes_gen::changelog::{ChangelogFile, MAX_CHANGELOG};
use notes_sources::read_text;
use release_notes::{failure, write_file};
use serde::Serialize;

/// Check changelogs: that they read as such, and that their tables of contents are right
///
/// Exit code 9 when something is wrong.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  changelog check CHANGELOG
  changelog check CHANGELOG/CHANGELOG-1.30.md --fix          write the table of contents anew")]
pub(crate) struct CheckArgs {
    /// Changelogs, or folders of them
    #[arg(value_name = "FILE|DIR", required = true)]
    files: Vec<PathBuf>,
    /// Write tables of contents that are not right anew
    #[arg(long)]
    fix: bool,
}

#[derive(Debug, Serialize)]
struct Checked {
    file: PathBuf,
    sections: usize,
    problem: Option<String>,
    fixed: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    files: Vec<Checked>,
}

impl Render for Report {
    const SCHEMA: &'static str = "krel/checked-changelogs/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        for Checked { file, sections, problem, fixed } in &self.files {
            match problem {
                None => {
                    let plural = if *sections == 1 { "" } else { "s" };
                    writeln!(page, "{}: {sections} version{plural}", file.display())?;
                }
                Some(problem) if *fixed => writeln!(page, "{}: mended: {problem}", file.display())?,
                Some(problem) => writeln!(page, "{}: {problem}", file.display())?,
            }
        }
        Ok(())
    }
}

pub(crate) fn run(args: CheckArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut paths = Vec::new();
    for path in &args.files {
        if path.is_dir() {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(path).or_exit(Exit::Usage)? {
                let path = entry.or_exit(Exit::Usage)?.path();
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with("CHANGELOG-") && name.ends_with(".md") {
                    found.push(path);
                }
            }
            if found.is_empty() {
                return Err(Failure::new(Exit::Usage, format!("there are no changelogs in `{}`", path.display()))
                    .hint("they are called `CHANGELOG-X.Y.md`; name a file that is called otherwise itself"));
            }
            found.sort();
            paths.extend(found);
        } else {
            paths.push(path.clone());
        }
    }
    let mut files = Vec::new();
    for path in paths {
        files.push(check(&path, args.fix)?);
    }
    let wrong = files.iter().any(|file| file.problem.is_some() && !file.fixed);
    shell.result(&Report { files })?;
    Ok(if wrong { Exit::Difference } else { Exit::Done })
}

fn check(path: &Path, fix: bool) -> Result<Checked, Failure> {
    let text = read_text(path, MAX_CHANGELOG as u64).map_err(failure::sources)?;
    let problem =
        |problem: String| Checked { file: path.to_owned(), sections: 0, problem: Some(problem), fixed: false };
    let file = match ChangelogFile::parse(text.as_str()) {
        Ok(file) => file,
        Err(error) => return Ok(problem(error.to_string())),
    };
    let sections = file.sections().count();
    if let Some((first, second)) = file.repeated() {
        let lines = format!("lines {} and {}", first.line, second.line);
        let what = if first.tag == second.tag {
            format!("`{}` has two sections: {lines}", first.tag)
        } else {
            format!("`{}` and `{}` are two sections of one version: {lines}", first.tag, second.tag)
        };
        return Ok(Checked { sections, ..problem(what) });
    }
    let found = file.table_of_contents().map(str::trim);
    let expected = file.expected_table_of_contents();
    let (wrong, what) = match found {
        Some(found) => (found != expected.trim(), "the table of contents is not that of the sections"),
        None => (true, "there is no table of contents"),
    };
    if !wrong {
        return Ok(Checked { file: path.to_owned(), sections, problem: None, fixed: false });
    }
    if fix {
        let mended = file.with_table_of_contents().map_err(crate::failure::changelog)?;
        write_file(path, mended.render())?;
    }
    Ok(Checked { file: path.to_owned(), sections, problem: Some(what.to_owned()), fixed: fix })
}
