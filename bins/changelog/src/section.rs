//! `changelog section`, and the section that `changelog update` writes.

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cli_kit::{Exit, Failure, Page, Render, Shell};
use git_repo::CommitId;
use notes_gen::changelog::{Draft, MAX_CHANGELOG, Section};
use notes_gen::{Document, Layout, Notes, RenderOptions, html_page, render, to_json};
use notes_sources::{Ends, ListOptions, VersionTag, Wanted, ends, previous_tag, read_text, version_tags};
use release_notes::{DocumentArgs, InputArgs, Repository, Run, failure, now, write_file};
use semver::Version;
use serde::Serialize;

use crate::tag;

/// What a section is made of
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ContentArgs {
    /// What is made of the commits
    #[command(flatten)]
    inputs: InputArgs,
    /// What stands around the notes
    #[command(flatten)]
    document: DocumentArgs,
    /// Where the notes begin: the tag before, by default the one that this version counts from
    #[arg(long, value_name = "REV", help_heading = "Range")]
    start_rev: Option<String>,
    /// Where they end, by default the tag if it exists, else the head of the branch
    #[arg(long, value_name = "REV", help_heading = "Range")]
    end_rev: Option<String>,
    /// The branch of the version: `release-X.Y` if there is one, else the default branch
    #[arg(long, value_name = "NAME", help_heading = "Range")]
    branch: Option<String>,
    /// What tags begin with before `vX.Y.Z`
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, help_heading = "Range")]
    tag_prefix: String,
    /// For X.Y.0: the reviewed text, which is taken as it is
    #[arg(long, value_name = "FILE", help_heading = "Document")]
    draft: Option<PathBuf>,
    /// Also write a page for the announcement
    #[arg(long, value_name = "FILE", help_heading = "Document")]
    html_file: Option<PathBuf>,
    /// Also write the notes as JSON
    #[arg(long, value_name = "FILE", help_heading = "Document")]
    json_file: Option<PathBuf>,
}

/// What a section is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be seen: a branch is what the remote has of it.
    Print,
    /// To be written: a branch is the local one, which gets the commit.
    Write,
}

/// A section and what it was made of.
pub(crate) struct Made {
    pub(crate) section: Section,
    /// The notes of it; none of a reviewed text.
    records: Option<Notes>,
    pub(crate) repository: Repository,
    /// The branch of the version.
    pub(crate) branch: String,
    pub(crate) notes: usize,
    pub(crate) start: String,
}

impl ContentArgs {
    pub(crate) async fn make(&self, purpose: Purpose, shell: &Shell) -> Result<Made, Failure> {
        let tag = self.document.tag().ok_or_else(|| {
            Failure::new(Exit::Usage, "the version is not given").hint("name it with `--tag v1.30.0-rc.0`")
        })?;
        let version = tag::version_of(&tag, &self.tag_prefix)?;
        self.document.check()?;
        self.check_files()?;
        if let (Purpose::Write, Some(remote)) = (purpose, self.inputs.repo.remote()?) {
            let error = format!("`{remote}` is no place to write to: a commit in its mirror would be lost");
            return Err(Failure::new(Exit::Usage, error)
                .hint("clone it, and name the clone with `--repo PATH`")
                .hint("`changelog section` prints what would be written"));
        }
        let repository = self.inputs.open(shell).await?;
        let tags = version_tags(&repository.git, &self.tag_prefix).map_err(failure::sources)?;
        tag::check_spelling(&tag, &self.tag_prefix, &version, &tags)?;
        let branch = self.branch_of(&repository, &version)?;
        let before = previous_tag(&tags, &version).filter(|_| self.start_rev.is_none());
        let ends = self.ends(&repository, before, tag::find(&tags, &tag, &self.tag_prefix), &branch, purpose)?;
        if self.start_rev.is_none()
            && let Some(doubt) = tag::doubt(&tag, &self.tag_prefix, &version, before)
        {
            shell.warn(doubt);
        }
        let start = ends.start.as_ref().map(|start| start.name.clone()).unwrap_or_default();
        if let Some(path) = &self.draft {
            let section = self.reviewed(&tag, &start, path, shell).await?;
            if let Some(path) = &self.json_file {
                shell.warn(format!("`{}` is not written: a reviewed text has no notes", path.display()));
            }
            return Ok(Made { section, records: None, repository, branch, notes: 0, start });
        }
        let run = self.inputs.run(shell, repository, ends, &ListOptions::default(), &[], now()?).await?;
        if run.collected.notes.is_empty() {
            let begin = if start.is_empty() { "the beginning of history" } else { &start };
            shell.warn(format!("{tag} has no notes: there are none from {begin} to {}", run.ends.end.name));
        }
        let document = self.document.document(&run, shell).await?;
        let section = self.compose(&document, &run)?;
        let (repository, records) = (run.repository, run.collected.notes);
        Ok(Made { section, notes: records.len(), records: Some(records), repository, branch, start })
    }

    /// Writes the files that were asked for beside the section.
    pub(crate) fn write_files(&self, made: &Made) -> Result<(), Failure> {
        let section = &made.section;
        if let Some(path) = &self.html_file {
            write_file(path, &html_page(section.tag(), section.markdown()))?;
        }
        if let (Some(path), Some(records)) = (&self.json_file, &made.records) {
            write_file(path, &(to_json(records) + "\n"))?;
        }
        Ok(())
    }

    fn check_files(&self) -> Result<(), Failure> {
        let files = [("--html-file", &self.html_file), ("--json-file", &self.json_file)];
        match files.into_iter().find(|(_, path)| path.as_ref().is_some_and(|path| path.as_os_str() == "-")) {
            Some((flag, _)) => {
                let error = format!("`{flag} -` cannot be: stdout carries the result of the command");
                Err(Failure::new(Exit::Usage, error).hint("name a file"))
            }
            None => Ok(()),
        }
    }

    fn branch_of(&self, repository: &Repository, version: &Version) -> Result<String, Failure> {
        if let Some(branch) = &self.branch {
            return Ok(branch.clone());
        }
        let release = format!("release-{}.{}", version.major, version.minor);
        let early = ["alpha", "beta"].iter().any(|label| version.pre.starts_with(label));
        if !early && repository.has_branch(&release)? { Ok(release) } else { repository.default_branch() }
    }

    fn ends(
        &self,
        repository: &Repository,
        before: Option<&VersionTag>,
        tagged: Option<&VersionTag>,
        branch: &str,
        purpose: Purpose,
    ) -> Result<Ends, Failure> {
        let git = &repository.git;
        let named =
            |name: &str, commit: CommitId| Wanted { revision: Some(name.to_owned()), commit: Some(commit.to_string()) };
        let start = match &self.start_rev {
            Some(revision) => Wanted::revision(revision),
            None => before.map(|tag| named(&tag.name, tag.commit)).unwrap_or_default(),
        };
        let of = |place: &str, name: &str| git.resolve(&format!("{place}/{name}")).ok();
        let local = of("refs/heads", branch).filter(|_| purpose == Purpose::Write);
        let end = match (&self.end_rev, tagged, local) {
            (Some(revision), ..) => Wanted::revision(revision),
            (None, Some(tag), _) => named(&tag.name, tag.commit),
            (None, None, Some(commit)) => named(branch, commit),
            (None, None, None) => Wanted::revision(branch),
        };
        ends(git, &start, &end).map_err(failure::sources)
    }

    fn compose(&self, document: &Document, run: &Run) -> Result<Section, Failure> {
        let mut options = RenderOptions::new(Layout::Changelog);
        options.profile = run.profile.clone();
        if let Some(edition) = run.strict {
            options.compat = notes_gen::Compat::Strict(edition);
        }
        let mut markdown = render(document, &options);
        if let Some(mark) = run.incomplete_mark() {
            // Below the title, which comes first in a section.
            let title = markdown.find('\n').unwrap_or(markdown.len());
            markdown.insert_str(title, &format!("\n\n{mark}"));
        }
        Section::new(&document.version, &markdown).map_err(crate::failure::changelog)
    }

    async fn reviewed(
        &self,
        tag: &str,
        previous: &str,
        path: &std::path::Path,
        shell: &Shell,
    ) -> Result<Section, Failure> {
        let markdown = read_text(path, MAX_CHANGELOG as u64).map_err(failure::sources)?;
        let profile = self.inputs.rules.profile()?;
        let downloads = self.document.downloads_of(&profile, tag, shell).await?;
        shell.note(format!("{tag}: the draft `{}` as it is", path.display()));
        let documentation = Some(profile.document.documentation.as_str()).filter(|address| !address.is_empty());
        let draft = Draft { tag, previous, documentation, markdown: markdown.trim() };
        Section::from_draft(&draft, downloads.as_ref()).map_err(crate::failure::changelog)
    }
}

/// Print the section of a version, and change nothing
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  changelog section --tag v1.30.0-rc.0
  changelog section --tag v1.2.3 --titles --downloads SHA512SUMS --download-prefix https://dl.example.org")]
pub(crate) struct SectionArgs {
    /// What it is made of
    #[command(flatten)]
    content: ContentArgs,
}

#[derive(Debug, Serialize)]
struct Printed {
    tag: String,
    previous: String,
    notes: usize,
    section: String,
}

impl Render for Printed {
    const SCHEMA: &'static str = "krel/changelog-section/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{}", self.section)
    }
}

pub(crate) async fn run(args: SectionArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let made = args.content.make(Purpose::Print, shell).await?;
    args.content.write_files(&made)?;
    shell.result(&Printed {
        tag: made.section.tag().to_owned(),
        previous: made.start,
        notes: made.notes,
        section: made.section.markdown().to_owned(),
    })?;
    Ok(Exit::Done)
}
