//! How a document is written: its form, its template, its file.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Page};
use notes_gen::changelog::table_of_contents;
use notes_gen::compat::Edition;
use notes_gen::{Document, Profile, Template, TemplateName};
use notes_sources::read_text;
use serde::Serialize;

use crate::failure;

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

impl Format {
    /// Refuses what was typed about the layout of a document where there is none.
    pub(crate) fn check(self, template: Option<&TemplateName>, toc: bool) -> Result<(), Failure> {
        let (what, flag) = match (self, template, toc) {
            (Self::Json, Some(_), _) => ("template", "--template"),
            (Self::Json, None, true) => ("table of contents", "--toc"),
            _ => return Ok(()),
        };
        let failure = Failure::new(Exit::Usage, format!("JSON has no {what}"));
        Err(failure.hint(format!("leave `{flag}` or `--format json` out")))
    }
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

/// A document by a template, with a table of its headings before it, if one is wanted.
pub(crate) fn templated(
    template: &Template,
    document: &Document,
    profile: &Profile,
    toc: bool,
) -> Result<String, Failure> {
    let text = template.render(document, profile).or_exit(Exit::Usage)?;
    Ok(if toc { format!("{}\n{text}", table_of_contents(&text)) } else { text })
}

/// What became of a text: it stands in a file, or it is the result.
#[derive(Debug, Serialize)]
pub(crate) struct Written {
    file: Option<PathBuf>,
    document: Option<String>,
}

impl Written {
    /// Writes the text into the file, if one is named.
    pub(crate) fn new(text: String, file: Option<PathBuf>, ending: Ending) -> Result<Self, Failure> {
        match file {
            None => Ok(Self { file, document: Some(text) }),
            Some(path) => {
                write_file(&path, &ending.put(&text))?;
                Ok(Self { file: Some(path), document: None })
            }
        }
    }

    pub(crate) fn human(&self, page: &mut Page) -> fmt::Result {
        match (&self.document, &self.file) {
            (Some(document), _) if document.trim().is_empty() => Ok(()),
            (Some(document), _) => writeln!(page, "{}", document.trim_end_matches('\n')),
            (None, Some(file)) => writeln!(page, "{}", file.display()),
            (None, None) => Ok(()),
        }
    }
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
    /// That of a document, by whose rules it was made.
    pub(crate) fn of(format: Format, strict: Option<Edition>) -> Self {
        if format == Format::Json { Self::AsItIs } else { Self::of_text(strict) }
    }

    /// That of a file that is not only shown.
    pub(crate) fn of_text(strict: Option<Edition>) -> Self {
        if strict.is_some() { Self::AsItIs } else { Self::LineBreak }
    }

    pub(crate) fn put(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::LineBreak if !text.is_empty() && !text.ends_with('\n') => Cow::Owned(format!("{text}\n")),
            _ => Cow::Borrowed(text),
        }
    }
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
    if path.as_os_str() == "-" {
        return Err(Failure::new(Exit::Usage, "`-` is no name of a file")
            .hint("without `--out` the document goes to stdout; `/dev/stdout` is a file"));
    }
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
