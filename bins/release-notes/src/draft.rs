//! `release-notes draft-pr`

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, approve};
use git_repo::{CommitId, EntryKind, GitRemote, GitRepo, Identity, ObjectId, RefName};
use github_client::RepoId;
use notes_gen::{Compat, Document, Layout, Profile, RenderOptions, render, to_json};
use pull_proposal::{Files, Places, PlanError, Proposal, ProposalPlan, Proposed, apply, observe, plan};
use release_journal::{Plan, Reach, canonical_json};
use serde::Serialize;

use crate::failure;
use crate::form::{Ending, write_file};
use crate::proposal::{ProposalArgs, local, proposal_failure};
use crate::source::{Run, SourceArgs, now};
use crate::work::Work;

/// Propose the draft of a release's notes: open a pull request, or update the open one
///
/// Notes are gathered, edited by the maps that the target repository holds already and by those of `--maps-from`, and proposed as
/// `release-notes-draft.md` and `.json` together with the maps. Run again, the open pull request grows by one commit; when nothing
/// changed, nothing happens.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes draft-pr v1.29.0..v1.30.0-rc.0 --tag v1.30.0-rc.0 --fork someone --plan
  release-notes draft-pr v1.29.0..v1.30.0-rc.0 --tag v1.30.0-rc.0 --fork someone --approve FINGERPRINT
  release-notes draft-pr v1.29.0..v1.30.0-rc.0 --tag v1.30.0-rc.0 --fork someone --plan-out draft.json
  release-notes draft-pr v1.0.0.. --tag v1.1.0 --target example/docs --fork someone/docs --folder notes/1.1")]
pub(crate) struct DraftArgs {
    /// Where the notes come from
    #[command(flatten)]
    source: SourceArgs,
    /// The release that the draft is for
    #[arg(long, short = 't', value_name = "TAG", help_heading = "Draft")]
    tag: String,
    /// The repository that takes drafts
    #[arg(long, value_name = "OWNER/NAME", default_value = "kubernetes/sig-release", help_heading = "Draft")]
    target: RepoId,
    /// The branch of it
    #[arg(long, value_name = "NAME", default_value = "master", help_heading = "Draft")]
    base: String,
    /// Your fork of it, by its owner or its whole name
    #[arg(long, value_name = "OWNER[/NAME]", help_heading = "Draft")]
    fork: String,
    /// The branch that carries the draft; `release-notes-draft-TAG` by default
    #[arg(long, value_name = "NAME", help_heading = "Draft")]
    draft_branch: Option<String>,
    /// The folder of the draft; `releases/release-X.Y/release-notes` by default
    #[arg(long, value_name = "DIR", help_heading = "Draft")]
    folder: Option<String>,
    /// Your maps and sessions to propose with the draft: a folder that has `maps` and `sessions`; what is under embargo, and what
    /// links lead to, stays where it is
    #[arg(long, value_name = "DIR", help_heading = "Draft")]
    work: Option<PathBuf>,
    /// A clone of the target; by default a mirror in the cache
    #[arg(long, value_name = "PATH", help_heading = "Draft")]
    clone: Option<PathBuf>,
    /// Where git finds the target, when that is not on the host of the API
    #[arg(long, value_name = "URL|PATH", help_heading = "Draft")]
    target_url: Option<String>,
    /// Where git finds the fork
    #[arg(long, value_name = "URL|PATH", help_heading = "Draft")]
    fork_url: Option<String>,
    /// Who makes the commit: `Name <address>`; by default the operator
    #[arg(long, value_name = "NAME <ADDRESS>", value_parser = identity, help_heading = "Draft")]
    author: Option<Identity>,
    /// Print the plan and stop; its fingerprint is all that is needed to approve it
    #[arg(long, help_heading = "Approval")]
    plan: bool,
    /// Write the plan, with the text that is proposed, to a file for `apply` here or on another machine, and stop
    #[arg(long, value_name = "FILE", help_heading = "Approval")]
    plan_out: Option<PathBuf>,
    /// The fingerprint of the plan that you read and approve
    #[arg(long, value_name = "FINGERPRINT", help_heading = "Approval")]
    approve: Option<String>,
}

/// A person as git writes them.
///
/// # Errors
/// When it is not `Name <address>`.
pub fn identity(text: &str) -> Result<Identity, String> {
    let parts = text.strip_suffix('>').and_then(|text| text.split_once(" <"));
    match parts {
        Some((name, address)) if !name.is_empty() && address.contains('@') => Ok(Identity::new(name, address)),
        _ => Err("write it as `Name <name@example.org>`".to_owned()),
    }
}

#[derive(Debug, Serialize)]
struct Drafted {
    /// What would be done, or was; none when the target has the files already.
    plan: Option<ProposalPlan>,
    fingerprint: Option<String>,
    notes: usize,
    /// The file with the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    pull_request: Option<Proposed>,
    #[serde(skip)]
    nothing: Option<String>,
}

impl Render for Drafted {
    const SCHEMA: &'static str = "krel/draft-pull-request/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        match (&self.pull_request, &self.plan) {
            (Some(pull), _) => writeln!(page, "{}", pull.url),
            (None, Some(plan)) => {
                writeln!(page, "{plan}fingerprint {}", self.fingerprint.as_deref().unwrap_or_default())?;
                self.file.as_ref().map_or(Ok(()), |file| writeln!(page, "written to {}", file.display()))
            }
            (None, None) => writeln!(page, "{}", self.nothing.as_deref().unwrap_or_default()),
        }
    }
}

pub(crate) async fn run(args: DraftArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let at = now()?;
    let fork: RepoId = match args.fork.split_once('/') {
        Some(_) => args.fork.parse(),
        None => RepoId::new(&args.fork, args.target.name()),
    }
    .or_exit(Exit::Usage)?;
    let folder = match &args.folder {
        Some(folder) => folder.trim_matches('/').to_owned(),
        None => format!("releases/release-{}/release-notes", line_of(&args.tag)?),
    };
    // What is wrong with the names shows before anything is fetched.
    let branch = args.draft_branch.clone().unwrap_or_else(|| format!("release-notes-draft-{}", args.tag));
    for name in [&args.base, &branch] {
        RefName::branch(name)
            .map_err(|error| Failure::new(Exit::Usage, format!("`{name}` is no name of a branch: {error}")))?;
    }
    Files::new(BTreeMap::from([(format!("{folder}/release-notes-draft.md"), None)])).or_exit(Exit::Usage)?;
    let work = args.work.as_ref().map_or_else(|| Ok(Work::default()), |work| Work::read(work, at))?;
    if work.withheld > 0 {
        let plural = if work.withheld == 1 { " is" } else { "s are" };
        shell.warn(format!("{} file{plural} under embargo, and not proposed", work.withheld));
    }
    let (client, account) = args.source.inputs.github.account.live_client(shell).await?;
    let remote = |given: &Option<String>, repo: &RepoId| -> Result<GitRemote, Failure> {
        let address = given.clone().unwrap_or_else(|| format!("{}/{repo}.git", client.web()));
        Ok(account.on(GitRemote::parse(&address).map_err(failure::git)?, &address))
    };
    let (target, carrying) = (remote(&args.target_url, &args.target)?, remote(&args.fork_url, &fork)?);
    let local = local(&args.target, &target, args.clone.as_deref(), shell).await?;
    let places = Places { local, target, fork: carrying };

    // Edits that are merged already count, whoever made the draft before; the original forgot them.
    let merged = tempfile::tempdir().or_exit(Exit::Unexpected)?;
    let maps_path = format!("{folder}/maps");
    export_maps(&places, &args, &maps_path, merged.path()).await?;
    let mut maps = vec![merged.path().to_owned()];
    maps.extend(args.work.as_ref().map(|work| work.join("maps")).filter(|maps| maps.is_dir()));
    let run = args.source.run(shell, &maps, at).await?;

    if run.collected.notes.is_empty() {
        let range = format!(
            "{} to {}",
            run.ends.start.as_ref().map_or("the beginning", |start| &start.name),
            run.ends.end.name
        );
        return Err(Failure::new(Exit::Refused, format!("there are no notes from {range} to propose")).hint(
            "is it the range, and the profile? `release-notes generate --explain FILE` says what became of each commit",
        ));
    }
    let mut document = Document::new(args.tag.clone(), run.collected.notes.clone());
    document.previous = run.ends.start.as_ref().map(|start| start.name.clone());
    document.cves = run.collected.applied.cves.clone();
    let mut options = RenderOptions::new(Layout::Draft);
    options.profile = run.profile.clone();
    options.compat = args.source.inputs.rules.strict().map_or(Compat::Corrected, Compat::Strict);
    let mut markdown = render(&document, &options);
    if let Some(mark) = run.incomplete_mark() {
        markdown.insert_str(0, &format!("{mark}\n\n"));
    }
    let ending = Ending::of_text(args.source.inputs.rules.strict());
    let mut files = BTreeMap::from([
        (format!("{folder}/release-notes-draft.md"), Some(ending.put(&markdown).into_owned())),
        (format!("{folder}/release-notes-draft.json"), Some(ending.put(&to_json(&run.collected.notes)).into_owned())),
    ]);
    files.extend(work.files.into_iter().map(|(path, text)| (format!("{folder}/{path}"), Some(text))));
    let proposal = Proposal {
        target: args.target.clone(),
        base: args.base.clone(),
        fork,
        branch,
        files,
        message: format!("Release Notes draft for {} {}", project(&run), args.tag),
        author: args.author.clone().unwrap_or_else(|| {
            Identity::new(shell.operator(), format!("{}@users.noreply.github.com", shell.operator()))
        }),
        // The time of the last change that the draft tells of, not the present: the same draft makes the same plan, and the fingerprint
        // that `--plan` printed is still good for `--approve`.
        at: run.repository.git.commit(run.ends.end.commit).map_err(failure::git)?.committer_time,
        title: format!("Update release notes draft to version {}", args.tag),
        body: body(&args.tag, &run.ends.end.name, document.previous.as_deref(), run.collected.notes.len()),
        reach: Reach::Production,
    };
    let observed = observe(&client, &places, &proposal).await.map_err(proposal_failure)?;
    let notes = run.collected.notes.len();
    let plan = match plan(&proposal, &observed) {
        Ok(plan) => plan,
        Err(nothing @ PlanError::NothingNew { .. }) => {
            let nothing = Some(format!("nothing to do: {nothing}"));
            shell.result(&Drafted { plan: None, fingerprint: None, notes, file: None, pull_request: None, nothing })?;
            return Ok(Exit::Done);
        }
        Err(error @ PlanError::BranchInUse { .. }) => {
            return Err(Failure::new(Exit::Refused, error)
                .hint("delete that branch, or choose another one with `--draft-branch NAME`"));
        }
        Err(error) => return Err(Failure::new(Exit::Usage, error)),
    };
    let fingerprint = plan.fingerprint().or_exit(Exit::Unexpected)?;
    if let Some(path) = &args.plan_out {
        let text = String::from_utf8(canonical_json(&plan)?).or_exit(Exit::Unexpected)?;
        // A file that would be refused when it is read helps nobody.
        ProposalArgs::read(text.as_bytes())?;
        write_file(path, &text)?;
    }
    let pull_request = if args.plan || args.plan_out.is_some() {
        None
    } else if let (true, Some(open)) = (plan.is_empty(), &observed.pull) {
        shell.note(format!("pull request {}#{} holds this draft already", plan.target, open.number));
        Some(Proposed { number: open.number, url: open.url.clone() })
    } else {
        let operator = shell.operator().to_owned();
        let approved = approve(shell, plan.clone(), args.approve.as_deref(), &operator, at).await?;
        Some(apply(&approved, &client, &places).await.map_err(proposal_failure)?)
    };
    let fingerprint = Some(fingerprint.to_string());
    shell.result(&Drafted {
        plan: Some(plan),
        fingerprint,
        notes,
        file: args.plan_out,
        pull_request,
        nothing: None,
    })?;
    Ok(Exit::Done)
}

/// `1.30` of `v1.30.0-rc.1`.
fn line_of(tag: &str) -> Result<String, Failure> {
    let version = tag.strip_prefix('v').unwrap_or(tag);
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if [major, minor].iter().all(|part| part.parse::<u32>().is_ok()) => {
            Ok(format!("{major}.{minor}"))
        }
        _ => {
            Err(Failure::new(Exit::Usage, format!("`{tag}` is no version")).hint("name the folder with `--folder DIR`"))
        }
    }
}

/// The maps that the target holds, as files.
async fn export_maps(places: &Places, args: &DraftArgs, folder: &str, to: &std::path::Path) -> Result<(), Failure> {
    let base = &args.base;
    let there = places.target.ls_remote().await.map_err(failure::git)?;
    if RefName::branch(base).ok().is_none_or(|name| !there.contains_key(&name)) {
        let error = pull_proposal::Error::NoBase { target: args.target.clone(), base: base.clone() };
        return Err(proposal_failure(error));
    }
    let spec = format!("+refs/heads/{base}:refs/pull-proposal/base");
    places.local.fetch(&places.target, &[&spec]).await.map_err(failure::git)?;
    let head = places.local.resolve("refs/pull-proposal/base").map_err(failure::git)?;
    let entries = maps_below(&places.local, head, folder)?;
    let objects: Vec<_> = entries.iter().map(|(_, object)| *object).collect();
    places.local.fetch_objects(&places.target, &objects).await.map_err(failure::git)?;
    for (path, _) in entries {
        let bytes = places.local.blob(head, &path, notes_sources::MAX_TEXT).map_err(failure::git)?;
        let file = to.join(path.strip_prefix(folder).unwrap_or(&path).trim_start_matches('/'));
        std::fs::create_dir_all(file.parent().unwrap_or(to)).or_exit(Exit::Unexpected)?;
        std::fs::write(file, bytes.unwrap_or_default()).or_exit(Exit::Unexpected)?;
    }
    Ok(())
}

/// The files of maps in a folder of a commit and in those below it, with their objects: as a folder of maps is read from the disk,
/// without what is hidden, so that no name leads out of the folder.
fn maps_below(git: &GitRepo, head: CommitId, folder: &str) -> Result<Vec<(String, ObjectId)>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in git.tree(head, &folder).map_err(failure::git)? {
            // A tree that somebody forged may hold a path where git has a name.
            if entry.name.starts_with('.') || entry.name.contains('/') {
                continue;
            }
            let path = format!("{folder}/{}", entry.name);
            match entry.kind {
                EntryKind::Folder => open.push(path),
                EntryKind::File | EntryKind::Executable if [".yaml", ".yml"].iter().any(|end| path.ends_with(end)) => {
                    found.push((path, entry.object));
                }
                _ => {}
            }
        }
    }
    Ok(found)
}

/// The project's name. Without a profile of its own it is Kubernetes' profile, but not Kubernetes.
fn project(run: &Run) -> &str {
    let repository = run.repository.github.as_ref().map(RepoId::name);
    repository.filter(|_| run.profile.name == Profile::default().name).unwrap_or(&run.profile.name)
}

fn body(tag: &str, end: &str, previous: Option<&str>, notes: usize) -> String {
    let since = previous.map(|previous| format!(" since {previous}")).unwrap_or_default();
    format!(
        "Release notes draft of {tag}: {notes} notes of the changes{since} up to {end}.\n\n\
         /kind documentation\n/priority important-soon\n"
    )
}
