//! `release-notes render`

use std::fmt;
use std::path::PathBuf;

use cli_kit::{Exit, Failure, Page, Render, Shell};
use notes_gen::maps::ApplyOptions;
use notes_gen::{
    Compat, Document, JsonForm, Layout, MAX_NOTES, Notes, Part, RenderOptions, TemplateName, from_json, html_page,
    render, to_json_form,
};
use notes_sources::read_text;
use serde::Serialize;

use crate::failure;
use crate::form::{Ending, Format, Written, read_template, template, templated};
use crate::source::{EditArgs, now};

/// Write a file of notes in another form
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes render release-notes-draft.json
  release-notes render notes.json --format html --title v1.30.0 --out notes.html
  release-notes render notes.json --maps-from maps                           edited since it was made
  release-notes render notes.json --template changelog --previous v1.29.0 --title v1.30.0")]
pub(crate) struct RenderArgs {
    /// The notes, as JSON of the original or of `generate --format json`; `-` for stdin
    #[arg(value_name = "FILE")]
    notes: PathBuf,
    /// The rules, which are the project's and whose document it is
    #[command(flatten)]
    rules: EditArgs,
    /// The form: markdown, json, html
    #[arg(long, value_enum, default_value_t, value_name = "markdown|json|html", hide_possible_values = true)]
    format: Format,
    /// The layout: default, changelog, inline:TEXT or a file with a handlebars template
    #[arg(long, value_name = "TEMPLATE", value_parser = template)]
    template: Option<TemplateName>,
    /// The title, which is the release
    #[arg(long, value_name = "TAG")]
    title: Option<String>,
    /// The release before it
    #[arg(long, value_name = "TAG", requires = "title")]
    previous: Option<String>,
    /// Begin with a table of contents
    #[arg(long)]
    toc: bool,
    /// Write into this file
    #[arg(long, short = 'o', value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Rendered {
    notes: usize,
    #[serde(flatten)]
    written: Written,
}

impl Render for Rendered {
    const SCHEMA: &'static str = "krel/rendered-notes/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        self.written.human(page)
    }
}

pub(crate) async fn run(args: RenderArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    args.format.check(args.template.as_ref(), args.toc)?;
    let profile = args.rules.profile()?;
    let text = if args.notes.as_os_str() == "-" {
        shell.stdin().await?
    } else {
        read_text(&args.notes, MAX_NOTES as u64).map_err(failure::sources)?
    };
    let mut notes: Notes = from_json(&text).map_err(|error| {
        Failure::new(Exit::Usage, error).hint(format!(
            "`{}` should hold notes as `generate --format json` writes them",
            crate::check::shown(&args.notes)
        ))
    })?;
    let maps = args.rules.maps(&[])?;
    let mut options = ApplyOptions::new(&profile, now()?);
    options.rules = args.rules.map_rules();
    maps.apply(&mut notes, &options).map_err(|errors| {
        Failure::new(Exit::Usage, errors).hint("`release-notes validate DIR` checks a folder of maps")
    })?;
    let count = notes.len();
    let mut document = Document::new(args.title.clone().unwrap_or_default(), notes);
    document.previous.clone_from(&args.previous);
    let document = match (args.format, &args.template) {
        (Format::Json, _) => to_json_form(&document.notes, JsonForm::Draft),
        (format, template) => {
            let markdown = match template {
                Some(name) => templated(&read_template(name)?, &document, &profile, args.toc)?,
                None => {
                    let layout = if args.title.is_some() { Layout::Changelog } else { Layout::Draft };
                    let mut options = RenderOptions::new(layout);
                    options.profile = profile;
                    options.compat = args.rules.strict().map_or(Compat::Corrected, Compat::Strict);
                    if args.previous.is_none() {
                        options = options.without(Part::Since);
                    }
                    if args.toc {
                        options = options.with_table_of_contents();
                    }
                    render(&document, &options)
                }
            };
            if format == Format::Html { html_page(&document.version, &markdown) } else { markdown }
        }
    };
    let written = Written::new(document, args.out, Ending::of(args.format, args.rules.strict()))?;
    shell.result(&Rendered { notes: count, written })?;
    Ok(Exit::Done)
}
