//! `release-notes validate`

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cli_kit::{Exit, Failure, Page, Render, Shell, human_count};
use notes_gen::maps::{MapError, MapFile, Maps, SetTwice};
use notes_sources::{map_paths, read_map};
use serde::Serialize;

use crate::failure;

/// Check folders of maps: every field, every CVE record
///
/// Exit code 9 when something is wrong. A field that two maps of one folder set is a warning.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes validate releases/release-1.30/release-notes/maps
  release-notes validate maps cve --output json
  release-notes validate maps --annotations        messages for GitHub Actions")]
pub(crate) struct ValidateArgs {
    /// Folders of maps, or single files
    #[arg(value_name = "DIR|FILE", required = true)]
    maps: Vec<PathBuf>,
    /// Write messages that GitHub Actions shows beside the file
    #[arg(long)]
    annotations: bool,
}

#[derive(Debug, Serialize)]
struct Problem {
    file: String,
    line: usize,
    problem: String,
}

#[derive(Debug, Serialize)]
struct Validated {
    files: usize,
    maps: usize,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    #[serde(skip)]
    annotations: bool,
}

impl Render for Validated {
    const SCHEMA: &'static str = "krel/validated-maps/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let problems = self.problems.iter().map(|found| ("error", "", found));
        for (level, prefix, found) in problems.chain(self.warnings.iter().map(|found| ("warning", "warning: ", found)))
        {
            let Problem { file, line, problem } = found;
            if self.annotations {
                let text = crate::annotation::annotation(level, Some((file, *line)), "release note map", problem);
                writeln!(page, "{text}")?;
            } else {
                writeln!(page, "{file}:{line}: {prefix}{problem}")?;
            }
        }
        let verdict = match self.problems.len() {
            0 => "all good".to_owned(),
            1 => "1 problem".to_owned(),
            more => format!("{more} problems"),
        };
        let (maps, files) = (human_count(self.maps, "map"), human_count(self.files, "file"));
        writeln!(page, "{maps} in {files}: {verdict}")
    }
}

pub(crate) fn run(args: ValidateArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut problems = Vec::new();
    let mut providers = Vec::new();
    let mut files = 0;
    for folder in &args.maps {
        let mut provider = Vec::new();
        for path in map_paths(folder).map_err(failure::sources)? {
            files += 1;
            // One that is no text is a finding like others, and hides none of them.
            let file = match read_map(&path) {
                Ok(file) => file,
                Err(error) => {
                    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
                    let words: Vec<String> = causes.map(ToString::to_string).collect();
                    problems.push(Problem { file: path.display().to_string(), line: 1, problem: words.join(": ") });
                    continue;
                }
            };
            match MapFile::parse(file.path, &file.text) {
                Ok(map) => provider.push(map),
                Err(error) => problems.push(problem(error)),
            }
        }
        providers.push(provider);
    }
    // A folder may well say something else than the folder before it.
    let each = providers.iter().map(|provider| Maps::new(vec![provider.clone()]));
    let mut warnings: Vec<Problem> = each.flat_map(|maps| maps.set_twice()).map(set_twice).collect();
    let maps = providers.iter().flatten().map(|file| file.maps().len()).sum();
    if let Err(found) = Maps::new(providers).check() {
        problems.extend(found.errors.into_iter().map(problem));
    }
    for list in [&mut problems, &mut warnings] {
        list.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    }
    let exit = if problems.is_empty() { Exit::Done } else { Exit::Difference };
    shell.result(&Validated { files, maps, problems, warnings, annotations: args.annotations })?;
    Ok(exit)
}

fn set_twice(found: SetTwice) -> Problem {
    let SetTwice { field, lost, wins } = found;
    let pull = wins.pull.map(|pull| format!(" of #{pull}")).unwrap_or_default();
    let problem = format!("`{field}`{pull} is set in {}:{} too, and what is said there is lost", lost.file, lost.line);
    Problem { file: wins.file, line: wins.line, problem }
}

fn problem(error: MapError) -> Problem {
    Problem { file: error.file, line: error.line, problem: error.problem.to_string() }
}
