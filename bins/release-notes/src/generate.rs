//! `release-notes generate`

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;
use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, env};
use notes_gen::compat::Edition;
use notes_gen::{
    Compat, Document, Exclusion, Explanation, Fate, JsonForm, Layout, MAX_NOTES, Notes, PullNumber, RenderOptions,
    Template, TemplateName, from_json, html_page, merge_notes, render, to_json_form,
};
use notes_sources::read_text;
use serde::Serialize;

use crate::document::DocumentArgs;
use crate::failure;
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

/// The forms of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// Markdown.
    #[default]
    Markdown,
    /// The original's records.
    Json,
    /// A page.
    Html,
}

pub(crate) fn template(name: &str) -> Result<TemplateName, String> {
    let name = name.strip_prefix("go-template:").unwrap_or(name);
    if name.is_empty() { Err("it is empty".to_owned()) } else { Ok(TemplateName::parse(name)) }
}

/// The template of a name.
pub(crate) fn read_template(name: &TemplateName) -> Result<Template, Failure> {
    let text = match name {
        TemplateName::Default => notes_gen::DEFAULT_TEMPLATE.to_owned(),
        TemplateName::Changelog => notes_gen::CHANGELOG_TEMPLATE.to_owned(),
        TemplateName::Inline(text) => text.clone(),
        TemplateName::File(path) => {
            read_text(Path::new(path), notes_gen::MAX_TEMPLATE as u64).map_err(failure::sources)?
        }
        _ => return Err(Failure::new(Exit::Usage, "the template has an unknown name")),
    };
    Template::parse(&text).or_exit(Exit::Usage)
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
    file: Option<PathBuf>,
    document: Option<String>,
}

impl Render for Generated {
    const SCHEMA: &'static str = "krel/release-notes/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        match (&self.document, &self.file) {
            (Some(document), _) if document.trim().is_empty() => Ok(()),
            (Some(document), _) => writeln!(page, "{}", document.trim_end_matches('\n')),
            (None, Some(file)) => writeln!(page, "{}", file.display()),
            (None, None) => Ok(()),
        }
    }
}

pub(crate) async fn run(args: GenerateArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let form = args.form.prepare()?;
    args.document.check()?;
    let run = args.source.run(shell, &[], now()?).await?;
    let document = args.document.document(&run, shell).await?;
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
    let file = form.out.clone();
    if let Some(path) = &file {
        let ending = if form.format == Format::Json { Ending::AsItIs } else { Ending::of(run.strict) };
        write_file(path, &ending.put(&text))?;
    }
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
        document: file.is_none().then_some(text),
        file,
    })?;
    Ok(Exit::Done)
}

/// What is at the end of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A line break, as files have.
    LineBreak,
    /// What the form says: the original wrote none.
    AsItIs,
}

impl Ending {
    pub(crate) fn of(strict: Option<Edition>) -> Self {
        if strict.is_some() { Self::AsItIs } else { Self::LineBreak }
    }

    pub(crate) fn put(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::LineBreak if !text.is_empty() && !text.ends_with('\n') => Cow::Owned(format!("{text}\n")),
            _ => Cow::Borrowed(text),
        }
    }
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
        if wanted.is_some() && format == Format::Json {
            return Err(
                Failure::new(Exit::Usage, "JSON has no template").hint("leave `--template` or `--format json` out")
            );
        }
        let template = wanted.as_ref().map(read_template).transpose()?;
        let toc = self.toc || env::process("TOC").is_some();
        let out = self.out.clone().or_else(|| env::process("OUTPUT").map(PathBuf::from));
        Ok(Form { format, template, toc, out })
    }
}

impl Form {
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
            Some(template) => {
                let text = template.render(document, &run.profile).or_exit(Exit::Usage)?;
                if self.toc { format!("{}\n{text}", notes_gen::changelog::table_of_contents(&text)) } else { text }
            }
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

/// Writes a file that appears whole or not at all.
///
/// # Errors
/// Exit 2 when it cannot be written.
pub fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    // What other programs give a new file: the user's mask decides.
    write_with(path, text, 0o666)
}

/// Writes a file that appears whole or not at all, and that only its owner can read.
///
/// # Errors
/// Exit 2 when it cannot be written.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    write_with(path, text, 0o600)
}

fn write_with(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let failed =
        |error: std::io::Error| Failure::new(Exit::Usage, format!("cannot write `{}`: {error}", path.display()));
    // A link stays one, and a device or a pipe (`/dev/null`, `>(less)`) is written to: a new file in its place would take it away
    // from everybody.
    let there = std::fs::metadata(path);
    if there.as_ref().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
        let mut pipe = std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
        return std::io::Write::write_all(&mut pipe, text.as_bytes()).map_err(failed);
    }
    let path = if there.is_ok() { &std::fs::canonicalize(path).map_err(failed)? } else { path };
    // Who may read a file that was there is not ours to widen.
    let mode = there.map_or(mode, |there| mode & std::os::unix::fs::PermissionsExt::mode(&there.permissions()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
    let mut file =
        tempfile::Builder::new().prefix(".krel-").permissions(permissions).tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
