//! Documents in a layout of one's own.

mod guard;
mod helpers;
mod view;

use std::io;

use handlebars::{Context, Handlebars, RenderErrorReason};

use crate::render::Parts;
use crate::{Document, Profile};
use view::View;

/// The longest template that is read, in bytes.
pub const MAX_TEMPLATE: usize = 256 << 10;
/// The longest document that a template may make, in bytes.
pub const MAX_RENDERED: usize = 64 << 20;

/// The layout of drafts with downloads and dependencies, as a template.
pub const DEFAULT_TEMPLATE: &str =
    concat!(include_str!("downloads.hbs"), include_str!("notes.hbs"), include_str!("dependencies.hbs"));
/// The layout of a changelog's section, as a template.
pub const CHANGELOG_TEMPLATE: &str = concat!(
    include_str!("title.hbs"),
    include_str!("downloads.hbs"),
    include_str!("since.hbs"),
    include_str!("notes.hbs"),
    include_str!("nothing.hbs"),
    include_str!("dependencies.hbs")
);

/// How a template is named on a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateName {
    /// `default`: [`DEFAULT_TEMPLATE`].
    Default,
    /// `changelog`: [`CHANGELOG_TEMPLATE`].
    Changelog,
    /// `inline:…`: the text itself.
    Inline(String),
    /// Anything else is the path of a file.
    File(String),
}

impl TemplateName {
    /// Reads a name; every text is one.
    pub fn parse(name: &str) -> Self {
        match (name, name.strip_prefix("inline:")) {
            ("default", _) => Self::Default,
            ("changelog", _) => Self::Changelog,
            (_, Some(text)) => Self::Inline(text.to_owned()),
            _ => Self::File(name.to_owned()),
        }
    }
}

/// A handlebars template of a document. Everything it can say is in `document`; a name that is not there is an error. Nothing is
/// escaped for HTML. Partials are not known.
///
/// | name | what |
/// |---|---|
/// | `version` (`current`), `previous`, `repository` | as they are; `null` when unknown |
/// | `title`, `since` | the same for Markdown; `since` is a link to the comparison, where there is a repository |
/// | `urgent` | the notes that require action |
/// | `kinds` | the others: `kind`, `heading`, `notes` |
/// | `cves` | `id`, `title`, `description`, `rating`, `score`, `vector`, `calc_link`, `issue`, `pulls`, `markdown` |
/// | `downloads`, `downloads_markdown` | groups: `heading`, `files` with `name`, `url`, `sha512`; all tables as text |
/// | `images` | `name`, `url`, `architectures` with `name`, `url` |
/// | `dependencies` | Markdown, or `null` |
/// | `words` | `urgent`, `urgent_warning`, `documentation` of the profile |
/// | `is_empty` | whether there is neither note nor CVE |
///
/// A note has `text`, `line` (with pull requests, authors and groups), `links` (the documentation, as list items), `markdown` (both),
/// and its record: `author`, `author_url`, `pr_number`, `pr_url`, `commit`, `sigs`, `kinds`, `areas`, `documentation` (`description`, `url`,
/// `type`), `pulls` (`number`, `url`, `author`, `author_url`; more than one when several say the same), `action_required`, `feature`,
/// `is_mapped`. The texts are safe inside of a list item.
///
/// Helpers: `pretty_kind`, `sig_list`, `indent` (text, blanks), `anchor`, `escape`.
#[derive(Debug, Clone)]
pub struct Template {
    compiled: handlebars::Template,
}

/// A template cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is longer than [`MAX_TEMPLATE`].
    #[error("a template of {bytes} bytes is longer than the {MAX_TEMPLATE} that are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It does not read as a template.
    #[error("malformed template at line {line}, column {column}: {message}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// It asks for what is not there.
    #[error("cannot render the template at line {line}, column {column}: {message}")]
    Render {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// What it makes is longer than [`MAX_RENDERED`].
    #[error("the template makes more than {MAX_RENDERED} bytes")]
    Endless,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE {
            return Err(TemplateError::TooLarge { bytes: text.len() });
        }
        guard::check_depth(text)?;
        let compiled = handlebars::Template::compile(text).map_err(|error| {
            let (line, column) = error.pos().unwrap_or((1, 1));
            TemplateError::Malformed { line, column, message: first_line(&error.reason().to_string()) }
        })?;
        guard::check_elements(&compiled, text)?;
        Ok(Self { compiled })
    }

    /// The document that it makes, without blank space at its ends.
    pub fn render(&self, document: &Document, profile: &Profile) -> Result<String, TemplateError> {
        let parts = Parts::of(document, profile);
        let fail = |error: &handlebars::RenderError| TemplateError::Render {
            line: error.line_no.unwrap_or(1),
            column: error.column_no.unwrap_or(1),
            message: first_line(&error.reason().to_string()),
        };
        let data = Context::wraps(View::of(&parts)).map_err(|error| fail(&error))?;
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.register_escape_fn(handlebars::no_escape);
        helpers::register(&mut registry, profile);
        registry.register_template(NAME, self.compiled.clone());
        let mut output = Bounded::default();
        registry
            .render_with_context_to_write(NAME, &data, &mut output)
            .map_err(|error| if output_is_full(error.reason()) { TemplateError::Endless } else { fail(&error) })?;
        Ok(String::from_utf8_lossy(&output.bytes).trim().to_owned())
    }
}

const NAME: &str = "document";

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

fn output_is_full(reason: &RenderErrorReason) -> bool {
    matches!(reason, RenderErrorReason::IOError(error) if error.kind() == io::ErrorKind::FileTooLarge)
}

#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > MAX_RENDERED {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
