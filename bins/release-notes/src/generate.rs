//! `release-notes generate`

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, env};
use notes_gen::{
    Compat, Document, Exclusion, Explanation, Fate, JsonForm, Layout, MAX_NOTES, Notes, PullNumber, RenderOptions,
    Template, TemplateName, from_json, html_page, merge_notes, render, to_json_form,
};
use notes_sources::read_text;
use serde::Serialize;

use crate::document::DocumentArgs;
use crate::failure;
use crate::form::{Ending, Format, Written, read_template, template, templated, write_file};
use crate::original::GoneArgs;
use crate::source::{Run, SourceArgs, now};

/// Make the release notes of a range of commits
///
/// The commits come from git, the notes from the pull requests that they merged. What was fetched once is kept, and only
/// what changed is fetched again.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes generate v1.29.0..v1.30.0 --repo ../kubernetes
  release-notes generate --repo https://github.com/cri-o/cri-o --discover minor-to-minor
  release-notes generate v1.2.0.. --titles                       no account: titles from git alone
  release-notes generate v1.2.0..v1.3.0 --maps-from maps --format json --out notes.json
  release-notes generate v1.2.0.. --explain why.json             why each commit is in or out")]
pub(crate) struct GenerateArgs {
    /// Where the notes come from
    #[command(flatten)]
    source: SourceArgs,
    /// What stands around them
    #[command(flatten)]
    document: DocumentArgs,
    /// How they are written
    #[command(flatten)]
    form: FormArgs,
    /// Write here what became of each commit, and which map changed what, as JSON
    #[arg(long, value_name = "FILE", help_heading = "Document")]
    explain: Option<PathBuf>,
    #[command(flatten)]
    gone: GoneArgs,
}

/// How notes are written
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FormArgs {
    /// The form: markdown, json (the original's records), html; else FORMAT, else markdown
    #[arg(long, value_enum, value_name = "markdown|json|html", hide_possible_values = true, help_heading = "Document")]
    format: Option<Format>,
    /// The layout: default, changelog, inline:TEXT or a file with a handlebars template; else GO_TEMPLATE
    #[arg(long, value_name = "TEMPLATE", value_parser = template, alias = "go-template", help_heading = "Document")]
    template: Option<TemplateName>,
    /// Begin with a table of contents; also when TOC is set
    #[arg(long, help_heading = "Document")]
    toc: bool,
    /// Write into this file, which appears whole or not at all; JSON is merged with what it holds; else OUTPUT
    #[arg(long, short = 'o', value_name = "FILE", help_heading = "Document")]
    out: Option<PathBuf>,
}

/// What was made.
#[derive(Debug, Serialize)]
struct Generated {
    start: Option<String>,
    end: String,
    commits: usize,
    pull_requests: usize,
    notes: usize,
    /// Pull requests that could not be had, when the run went on without them.
    missing: Vec<u64>,
    requests: u64,
    received_bytes: u64,
    #[serde(flatten)]
    written: Written,
}

impl Render for Generated {
    const SCHEMA: &'static str = "krel/release-notes/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        self.written.human(page)
    }
}

pub(crate) async fn run(args: GenerateArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let form = args.form.prepare()?;
    args.document.check()?;
    let run = args.source.run(shell, &[], now()?).await?;
    let document = args.document.document(&run, shell).await?;
    let _alone = form.alone().await?;
    let mut text = form.write(&document, &run)?;
    if let Some(mark) = run.incomplete_mark() {
        match form.format {
            Format::Markdown => text.insert_str(0, &format!("{mark}\n\n")),
            Format::Html => text.insert_str(0, &format!("<!-- {} -->\n", mark.trim_start_matches("> "))),
            Format::Json => {}
        }
    }
    if let Some(path) = &args.explain {
        let explanation = Explanation::new(&run.collected.accounting, &run.collected.applied);
        let json = serde_json::to_string_pretty(&explanation).or_exit(Exit::Unexpected)?;
        write_file(path, &(json + "\n"))?;
    }
    let written = Written::new(text, form.out, Ending::of(form.format, run.strict))?;
    let usage = run.usage.unwrap_or_default();
    shell.result(&Generated {
        start: run.ends.start.as_ref().map(|start| start.name.clone()),
        end: run.ends.end.name.clone(),
        commits: run.collected.commits,
        pull_requests: run.collected.accounting.pulls().len(),
        notes: run.collected.notes.len(),
        missing: run.incomplete.keys().map(|number| number.get()).collect(),
        requests: usage.requests,
        received_bytes: usage.received,
        written,
    })?;
    Ok(Exit::Done)
}

/// A form that is ready to write: templates are read before anything slow is begun.
#[derive(Debug)]
pub(crate) struct Form {
    format: Format,
    template: Option<Template>,
    toc: bool,
    out: Option<PathBuf>,
}

impl FormArgs {
    pub(crate) fn prepare(&self) -> Result<Form, Failure> {
        let named =
            |name: &str, error: String| Failure::new(Exit::Usage, format!("`{name}` in the environment: {error}"));
        let format = match (self.format, env::process("FORMAT")) {
            (Some(format), _) => format,
            (None, Some(text)) => Format::from_str(&text, false).map_err(|error| named("FORMAT", error))?,
            (None, None) => Format::default(),
        };
        let wanted = match (&self.template, env::process("GO_TEMPLATE")) {
            (Some(typed), _) => Some(typed.clone()),
            // The original's default, which its scripts set beside any format.
            (None, Some(text)) if text == "go-template:default" => None,
            (None, Some(text)) => Some(template(&text).map_err(|error| named("GO_TEMPLATE", error))?),
            (None, None) => None,
        };
        format.check(wanted.as_ref(), self.toc)?;
        let template = wanted.as_ref().map(read_template).transpose()?;
        let toc = self.toc || env::process("TOC").is_some();
        let out = self.out.clone().or_else(|| env::process("OUTPUT").map(PathBuf::from));
        Ok(Form { format, template, toc, out })
    }
}

impl Form {
    /// A lock on the folder of a JSON file, which is merged with what it holds: of two runs at once, none loses the notes of the other.
    async fn alone(&self) -> Result<Option<File>, Failure> {
        let Some(path) = self.out.as_ref().filter(|_| self.format == Format::Json) else { return Ok(None) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Whoever writes there will say what is wrong with a folder that cannot be opened.
        let Ok(folder) = File::open(folder) else { return Ok(None) };
        // Whoever waits can be interrupted.
        let locked = tokio::task::spawn_blocking(move || (folder.lock(), folder)).await.or_exit(Exit::Unexpected)?;
        match locked {
            (Err(error), _) if error.kind() != ErrorKind::Unsupported => Err(error).or_exit(Exit::Usage),
            (_, folder) => Ok(Some(folder)),
        }
    }

    /// The text of a document.
    pub(crate) fn write(&self, document: &Document, run: &Run) -> Result<String, Failure> {
        if self.format == Format::Json {
            let mut notes = document.notes.clone();
            if let Some(path) = self.out.as_ref().filter(|path| path.is_file()) {
                let older = read_text(path, MAX_NOTES as u64).map_err(failure::sources)?;
                let older = from_json(&older).map_err(|error| {
                    Failure::new(Exit::Usage, error)
                        .hint(format!("`{}` is no file of notes; move it away", path.display()))
                })?;
                notes = merge_notes(&older, &notes, &gone(run, &notes));
            }
            return Ok(to_json_form(&notes, JsonForm::StandAlone));
        }
        let markdown = match &self.template {
            Some(template) => templated(template, document, &run.profile, self.toc)?,
            None => {
                let mut options = RenderOptions::new(Layout::StandAlone);
                options.profile = run.profile.clone();
                options.compat = run.strict.map_or(Compat::Corrected, Compat::Strict);
                if self.toc {
                    options = options.with_table_of_contents();
                }
                render(document, &options)
            }
        };
        Ok(match self.format {
            Format::Html => html_page(&document.version, &markdown),
            _ => markdown,
        })
    }
}

/// What the range holds and gives no note any more, which is taken out of an older file. A pull request of which nothing is known, as
/// it could not be had or was not asked for, keeps its older note.
fn gone(run: &Run, notes: &Notes) -> BTreeSet<PullNumber> {
    let accounting = &run.collected.accounting;
    let unknown: BTreeSet<PullNumber> = accounting
        .entries
        .iter()
        .filter_map(|entry| match &entry.fate {
            Fate::Excluded(
                Exclusion::OtherPaths { pull }
                | Exclusion::OtherLabels { pull }
                | Exclusion::PullMissing { pull }
                | Exclusion::BodyTooLarge { pull, .. },
            ) => Some(*pull),
            _ => None,
        })
        .chain(run.incomplete.keys().copied())
        .collect();
    let known = accounting.pulls().into_iter().filter(|pull| !unknown.contains(pull));
    known.filter(|pull| notes.get(*pull).is_none()).collect()
}
