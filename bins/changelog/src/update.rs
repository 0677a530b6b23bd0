//! `changelog update`

use std::fmt::{self, Write as _};

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell};
use git_repo::{CommitId, Expected, GitRepo, Identity, NewCommit, RefName};
use jiff::Timestamp;
use notes_gen::changelog::{Outcome, WhenDifferent};
use notes_sources::{ChangelogFiles, OtherChangelogs, changelog_changes};
use release_notes::{failure, identity, now};
use serde::Serialize;

use crate::section::{ContentArgs, Purpose};

/// Write the section of a version into the changelogs of its branch and of the default branch, a commit each
///
/// The commits are made from git's objects: nothing is checked out, nothing is pushed, and the files in the work tree follow only when
/// the branch is checked out and nothing in it is changed. Run again, it finds its section and does nothing; a section that
/// somebody edited since stays as it is.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  changelog update --tag v1.30.0-alpha.1 --downloads _output/release-tars --html-file notes.html
  changelog update --tag v1.30.0 --draft release-notes-draft.md
  changelog update --tag v1.29.4 --plan                   what would be written

Exit codes: 3 files in the work tree would be lost; 5 a branch moved meanwhile; 6 no token; 7 GitHub does not answer")]
pub(crate) struct UpdateArgs {
    /// What the section is made of
    #[command(flatten)]
    content: ContentArgs,
    /// The changelog; `CHANGELOG/CHANGELOG-X.Y.md` by default
    #[arg(long, value_name = "PATH", help_heading = "Changelog")]
    file: Option<String>,
    /// Keep no index of changelogs
    #[arg(long, help_heading = "Changelog")]
    no_index: bool,
    /// Replace a section of this version that has another text
    #[arg(long, help_heading = "Changelog")]
    replace: bool,
    /// Who makes the commits: `Name <address>`
    #[arg(long, value_name = "NAME <ADDRESS>", value_parser = identity, default_value = "Kubernetes Release Robot <k8s-release-robot@users.noreply.github.com>", help_heading = "Changelog")]
    author: Identity,
    /// Say what would be done, and do nothing
    #[arg(long, help_heading = "Changelog")]
    plan: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Done {
    Created,
    Inserted,
    Replaced,
    Unchanged,
    /// Somebody edited the section; it stays.
    Kept,
}

impl From<&Outcome> for Done {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Created => Self::Created,
            Outcome::Inserted => Self::Inserted,
            Outcome::Replaced => Self::Replaced,
            Outcome::Kept(_) => Self::Kept,
            _ => Self::Unchanged,
        }
    }
}

#[derive(Debug, Serialize)]
struct BranchUpdate {
    branch: String,
    before: CommitId,
    /// The new head; none when nothing is to be done.
    commit: Option<CommitId>,
    section: Done,
    files: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Updated {
    tag: String,
    previous: String,
    notes: usize,
    applied: bool,
    branches: Vec<BranchUpdate>,
}

impl Render for Updated {
    const SCHEMA: &'static str = "krel/changelog-update/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        for BranchUpdate { branch, commit, section, files, .. } in &self.branches {
            let what = match section {
                Done::Created => "a new file",
                Done::Inserted => "a new section",
                Done::Replaced => "the section replaced",
                Done::Unchanged => "the section is there already",
                Done::Kept => "the section was edited by hand, and stays",
            };
            match commit {
                Some(commit) if self.applied => writeln!(page, "{branch} {}: {what}", commit.short(12))?,
                Some(_) => writeln!(page, "{branch}: would get a commit: {what}")?,
                None => writeln!(page, "{branch}: {what}")?,
            }
            files.iter().try_for_each(|file| writeln!(page, "  {file}"))?;
        }
        Ok(())
    }
}

pub(crate) async fn run(args: UpdateArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let at = now()?;
    let made = shell.reading().run(args.content.make(Purpose::Write, shell)).await?;
    let tag = made.section.tag().to_owned();
    let mut files = ChangelogFiles::of_tag(&tag).map_err(crate::failure::changelog)?;
    if let Some(file) = &args.file {
        files.file.clone_from(file);
    }
    if args.no_index {
        files.index = None;
    }
    let default = made.repository.default_branch()?;
    // The default branch keeps all changelogs, a release branch its own.
    let mut branches = vec![(default.clone(), OtherChangelogs::Keep)];
    if made.branch != default {
        branches.push((made.branch.clone(), OtherChangelogs::Remove));
    }
    let when = if args.replace { WhenDifferent::Replace } else { WhenDifferent::Keep };
    let git = &made.repository.git;
    let mut updates = Vec::new();
    for (branch, others) in branches {
        let name = RefName::branch(&branch).or_exit(Exit::Usage)?;
        let head = git.resolve(name.as_str()).map_err(|error| {
            Failure::new(Exit::Usage, error)
                .hint(format!("make the local branch: `git branch {branch} origin/{branch}`"))
        })?;
        let changes = changelog_changes(git, head, &made.section, &files, others, when).map_err(failure::sources)?;
        if let Outcome::Kept(difference) = &changes.outcome {
            shell.warn(format!(
                "the section of {tag} on `{branch}` was edited by hand (line {}) and stays; `--replace` writes it anew",
                difference.line
            ));
        }
        let commit = if changes.files.is_empty() {
            None
        } else {
            let message = if branch == default {
                format!("CHANGELOG: Update directory for {tag} release")
            } else {
                format!("Update {} for {tag}", files.file)
            };
            let commit = NewCommit {
                files_of: head,
                parents: vec![head],
                message,
                author: args.author.clone(),
                time: second(at),
            };
            Some(git.write_files_commit(&commit, &changes.files).map_err(failure::git)?)
        };
        let mut names: Vec<String> = changes.files.keys().cloned().collect();
        names.sort();
        updates.push((
            name,
            BranchUpdate { branch, before: head, commit, section: (&changes.outcome).into(), files: names },
        ));
    }
    if !args.plan {
        args.content.write_files(&made)?;
        apply(git, &updates).await?;
    }
    let branches = updates.into_iter().map(|(_, update)| update).collect();
    shell.result(&Updated { tag, previous: made.start, notes: made.notes, applied: !args.plan, branches })?;
    Ok(Exit::Done)
}

/// Moves the branches, each only from where it was read.
async fn apply(git: &GitRepo, updates: &[(RefName, BranchUpdate)]) -> Result<(), Failure> {
    let head = git.head_branch().map_err(failure::git)?;
    let checked_out = |name: &RefName| git.work_dir().is_some() && head.as_ref() == Some(name);
    for (name, update) in updates.iter().filter(|(_, update)| update.commit.is_some()) {
        if checked_out(name)
            && !git.status().await.map_err(failure::git)?.entries.iter().all(|entry| entry.code == "??")
        {
            return Err(Failure::new(
                Exit::Refused,
                format!("branch `{}` is checked out, and files in it are changed", update.branch),
            )
            .hint("commit or stash them first"));
        }
        if let (true, Some(folder)) = (checked_out(name), git.work_dir()) {
            for file in &update.files {
                let known = git.object_at(update.before, file).map_err(failure::git)?.is_some();
                if !known && folder.join(file).exists() {
                    let branch = &update.branch;
                    return Err(Failure::new(
                        Exit::Refused,
                        format!("`{file}` is in the work tree, and not part of branch `{branch}`"),
                    )
                    .hint("commit it, or move it away: the changelog would be written over it"));
                }
            }
        }
    }
    for (name, update) in updates {
        let Some(commit) = update.commit else { continue };
        git.update_ref(name, Expected::Is(update.before.object()), commit.object()).map_err(|error| {
            let hint = "run it again: what is done is found, and it goes on from where the branches are now";
            match error {
                git_repo::Error::Moved { .. } => Failure::new(Exit::Moved, error).hint(hint),
                error => failure::git(error).hint(hint),
            }
        })?;
        if checked_out(name) {
            git.follow_head().await.map_err(failure::git)?;
        }
    }
    Ok(())
}

fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
