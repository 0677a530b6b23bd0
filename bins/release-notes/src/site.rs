//! `release-notes site`

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell};
use notes_gen::site::{
    SiteOptions, SiteRelease, WebsiteForm, render_site, website_file_name, website_index, website_json,
};
use notes_gen::{MAX_NOTES, Profile, from_json};
use notes_sources::read_text;
use serde::Serialize;
use url::Url;

use crate::failure;
use crate::form::write_file;
use crate::source::ProjectArgs;

/// Make one searchable page of the notes of many releases
///
/// The page holds all notes, styles and its script, asks no server for anything, and can be read without JavaScript.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes site release-notes-1.29.0.json release-notes-1.30.0.json --out site/index.html
  release-notes site assets/ --project Kubernetes --link https://github.com/kubernetes/kubernetes -o index.html
  release-notes site assets/ -o index.html --json site/assets        also the files of a notes web site")]
pub(crate) struct SiteArgs {
    /// Files of notes, or folders of them; the version is in the name: `release-notes-1.30.0.json`
    #[arg(value_name = "FILE|DIR", required = true)]
    notes: Vec<PathBuf>,
    /// The project's profile, for its kinds and groups
    #[command(flatten)]
    project_rules: ProjectArgs,
    /// The page
    #[arg(long, short = 'o', value_name = "FILE", default_value = "release-notes.html")]
    out: PathBuf,
    /// The project's name; else the profile's, or that of the repository whose pull requests these are
    #[arg(long, value_name = "NAME")]
    project: Option<String>,
    /// The title of the page
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The project's page; else that of the repository whose pull requests these are
    #[arg(long, value_name = "URL")]
    link: Option<Url>,
    /// Also write the files of the notes web site, and an index of them, into this folder
    #[arg(long, value_name = "DIR")]
    json: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Made {
    page: PathBuf,
    bytes: usize,
    releases: usize,
    notes: usize,
    files: Vec<PathBuf>,
}

impl Render for Made {
    const SCHEMA: &'static str = "krel/release-notes-site/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let size = cli_kit::human_bytes(self.bytes as u64);
        writeln!(
            page,
            "{}: {} of {}, {size}",
            self.page.display(),
            cli_kit::human_count(self.notes, "note"),
            cli_kit::human_count(self.releases, "release")
        )?;
        self.files.iter().try_for_each(|file| writeln!(page, "{}", file.display()))
    }
}

pub(crate) fn run(args: SiteArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for path in &args.notes {
        if path.is_dir() {
            let entries = std::fs::read_dir(path).or_exit(Exit::Usage)?;
            let mut found: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            found.retain(|path| path.extension().is_some_and(|end| end == "json") && version_of(path).is_some());
            found.sort();
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    let mut releases = Vec::new();
    for path in &files {
        let text = read_text(path, MAX_NOTES as u64).map_err(failure::sources)?;
        let version = version_of(path).ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`{}` has no version in its name", path.display()))
                .hint("call it as the web site does: `release-notes-1.30.0.json`")
        })?;
        let notes = from_json(&text).map_err(|error| {
            Failure::new(Exit::Usage, error).hint(format!("`{}` is no file of notes", path.display()))
        })?;
        releases.push(SiteRelease { version, notes });
    }
    if releases.is_empty() {
        return Err(Failure::new(Exit::Usage, "there are no notes")
            .hint("name files `release-notes-1.30.0.json`, or folders of them"));
    }
    let profile = args.project_rules.profile()?;
    let link = args.link.or_else(|| repository_of(&releases));
    // Without a profile of its own it is Kubernetes' profile, but not Kubernetes.
    let name = args.project.or_else(|| {
        let name = link.as_ref()?.path_segments()?.next_back()?.to_owned();
        (profile.name == Profile::default().name).then_some(name)
    });
    let mut options = SiteOptions::new(name.unwrap_or_else(|| profile.name.clone()));
    if let Some(title) = &args.title {
        options.title.clone_from(title);
    }
    options.repository = link;
    options.profile = profile;
    let html = render_site(&releases, &options).or_exit(Exit::Usage)?;
    write_file(&args.out, &html)?;
    let mut written = Vec::new();
    if let Some(folder) = &args.json {
        for release in &releases {
            let path = folder.join(website_file_name(&release.version).or_exit(Exit::Usage)?);
            write_file(&path, &website_json(&release.notes, WebsiteForm::Line))?;
            written.push(path);
        }
        let index = folder.join("index.json");
        write_file(&index, &website_index(&releases).or_exit(Exit::Usage)?)?;
        written.push(index);
    }
    let notes = releases.iter().map(|release| release.notes.len()).sum();
    shell.result(&Made { page: args.out, bytes: html.len(), releases: releases.len(), notes, files: written })?;
    Ok(Exit::Done)
}

/// The repository that all notes are of, by the addresses of their pull requests.
fn repository_of(releases: &[SiteRelease]) -> Option<Url> {
    let mut pages = releases.iter().flat_map(|release| release.notes.iter()).filter_map(|note| {
        let (page, _) = note.pr_url.split_once("/pull/")?;
        Some(page)
    });
    let first = pages.next()?;
    pages.all(|page| page == first).then(|| first.parse().ok())?
}

/// The version in the name of a file: `v1.30.0` of `release-notes-1.30.0.json`.
fn version_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    let at = stem.find(|c: char| c.is_ascii_digit())?;
    let version = &stem[at..];
    (version.matches('.').count() >= 2).then(|| format!("v{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_names() {
        for (name, expected) in [
            ("release-notes-1.30.0.json", Some("v1.30.0")),
            ("v1.22.0-alpha.1.json", Some("v1.22.0-alpha.1")),
            ("notes.json", None),
            ("2026.json", None),
        ] {
            assert_eq!(version_of(Path::new(name)).as_deref(), expected, "{name}");
        }
    }
}
