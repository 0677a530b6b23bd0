//! Tags and branches to the git remote: one atomic push with the expected old values.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use git_repo::{Expected, GitRemote, GitRepo, ObjectId, PushError, PushMode, PushOptions, RefName, RefUpdate};
use release_journal::{Observed, Step, StepId};

use super::{different, id, publish::ReleaseContext, source::remove, upload::object};
use crate::{
    Error,
    manifest::StageManifest,
    observe::{missing_local_repository, remote_refs},
    places::Places,
};

/// Pushes.
pub(crate) struct Push;

/// Why the push did not happen.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PushStepError {
    #[error("cannot push")]
    Push(#[from] PushError),
    #[error(transparent)]
    Flow(#[from] Error),
}

/// A repository that holds the objects of a staged build: the bundle on top of what the destination has.
pub(crate) async fn open_staged(
    bucket: &artifact_publish::Bucket,
    prefix: &str,
    manifest: &StageManifest,
    places: &Places,
    work: &Path,
) -> Result<GitRepo, Error> {
    std::fs::create_dir_all(work).map_err(Error::work("create", work))?;
    let path = work.join("push.git");
    // What a killed run left may be half a repository, or locked.
    remove(&path)?;
    let repository = GitRepo::init_bare(&path, "main").map_err(Error::git("make a repository to push from"))?;
    let bundle = work.join("git.bundle");
    let name = object(&format!("{prefix}/{}", manifest.bundle.path))?;
    let digests = bucket
        .download(&name, &bundle, &artifact_publish::Progress::none())
        .await
        .map_err(Error::bucket("fetch the bundle"))?;
    if digests.sha256 != manifest.bundle.sha256 {
        return Err(Error::StagedChanged {
            place: bucket.address(name.as_str()),
            found: format!("sha256 {}", digests.sha256),
        });
    }
    if !missing_local_repository(&places.git) {
        let remote = places.open_git()?;
        repository
            .fetch(&remote, &["+refs/heads/*:refs/remotes/origin/*"])
            .await
            .map_err(Error::git(format!("fetch from `{}`", places.git)))?;
    }
    let refs: Vec<RefName> = manifest.refs.iter().map(|staged| staged.name.clone()).collect();
    repository.fetch_bundle(&bundle, &refs).await.map_err(Error::git("read the bundle"))?;
    Ok(repository)
}

impl Push {
    /// Whether the destination has the refs, lacks them, or has others.
    pub(crate) async fn look(cx: &ReleaseContext<'_>) -> Result<Observed<Vec<String>>, Error> {
        let refs = remote_refs(&cx.plan.places).await?;
        let found = |name: &RefName| refs.get(name).copied();
        if cx.plan.push.iter().all(|push| found(&push.name) == Some(push.new)) {
            return Ok(Observed::Done(cx.plan.push.iter().map(|push| format!("{} {}", push.name, push.new)).collect()));
        }
        if Self::gone_on(cx, &refs).await? {
            return Ok(Observed::Done(cx.plan.push.iter().map(|push| format!("{} {}", push.name, push.new)).collect()));
        }
        for push in &cx.plan.push {
            let found = found(&push.name);
            if found != push.expected {
                let shown = |value: Option<ObjectId>| value.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
                let subject = format!("`{}` at `{}`", push.name, cx.plan.places.git);
                return Ok(different(subject, shown(push.expected), shown(found)));
            }
        }
        Ok(Observed::Absent)
    }
}

/// A repository to push single commits from, with the branches of the destination. It is this process's own.
pub(crate) async fn open_push_repository(places: &Places, work: &Path) -> Result<GitRepo, Error> {
    std::fs::create_dir_all(work).map_err(Error::work("create", work))?;
    let path = work.join(format!("changelog-{}.git", std::process::id()));
    let repository = if path.is_dir() { GitRepo::open(&path) } else { GitRepo::init_bare(&path, "main") };
    let repository = repository.map_err(Error::git("make a repository to push from"))?;
    let remote = places.open_git()?;
    repository
        .fetch(&remote, &["+refs/heads/*:refs/remotes/origin/*"])
        .await
        .map_err(Error::git(format!("fetch from `{}`", places.git)))?;
    Ok(repository)
}

/// Removes the repositories that this run pushed single commits from, those of its killed processes too. Nobody else is at work here: the
/// run is under a lease.
pub(crate) fn remove_push_repositories(work: &Path) -> Result<(), Error> {
    let Ok(entries) = std::fs::read_dir(work) else { return Ok(()) };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with("changelog-") && name.ends_with(".git")) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

impl Push {
    /// Whether all was pushed and branches have gone on since, as they do with the next commit: every other ref is at its new
    /// value, and every branch holds the commit that was pushed.
    async fn gone_on(cx: &ReleaseContext<'_>, refs: &BTreeMap<RefName, ObjectId>) -> Result<bool, Error> {
        let found = |push: &crate::plan::PushPlan| refs.get(&push.name).copied();
        let tags = cx.plan.push.iter().filter(|push| !push.name.is_branch());
        let moved = cx.plan.push.iter().filter(|push| push.name.is_branch() && found(push) != Some(push.new));
        if !tags.clone().all(|push| found(push) == Some(push.new)) || tags.count() == 0 {
            return Ok(false);
        }
        let moved: Vec<_> = moved.collect();
        if moved.iter().any(|push| found(push).is_none()) {
            return Ok(false);
        }
        let repository = open_push_repository(&cx.plan.places, &cx.work).await?;
        for push in moved {
            let head = repository.resolve(&format!("refs/remotes/origin/{}", push.name.short()));
            let pushed = repository.resolve(&push.new.to_string());
            let (Ok(head), Ok(pushed)) = (head, pushed) else { return Ok(false) };
            if !repository.is_ancestor(pushed, head).map_err(Error::git("compare the branch with what was pushed"))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<'a> Step<ReleaseContext<'a>> for Push {
    type Output = Vec<String>;
    type Error = PushStepError;

    fn id(&self) -> StepId {
        id("push", "git")
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Vec<String>>, PushStepError> {
        Ok(Self::look(cx).await?)
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), PushStepError> {
        let repository = open_staged(&cx.bucket, &cx.plan.prefix, cx.manifest, &cx.plan.places, &cx.work).await?;
        if missing_local_repository(&cx.plan.places.git) {
            make_repository(&cx.plan.places.git, &cx.manifest.branch)?;
        }
        let remote: GitRemote = cx.plan.places.open_git().map_err(Error::from)?;
        let updates: Vec<RefUpdate> = cx
            .plan
            .push
            .iter()
            .map(|push| RefUpdate {
                name: push.name.clone(),
                expected: push.expected.map_or(Expected::Absent, Expected::Is),
                new: Some(push.new),
            })
            .collect();
        let push = repository.push(&remote, &updates, PushOptions::new(PushMode::Apply));
        cx.runner.effect(format!("refs of `{}`", cx.plan.places.git), push).await?;
        Ok(())
    }
}

/// A new bare repository at a path of this machine; the plan said that there is none. It appears whole or not at all.
fn make_repository(address: &str, branch: &str) -> Result<(), Error> {
    let path = PathBuf::from(address.strip_prefix("file://").unwrap_or(address));
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(Error::work("create", parent))?;
    }
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    remove(&part)?;
    GitRepo::init_bare(&part, branch).map_err(Error::git(format!("make repository `{address}`")))?;
    std::fs::rename(&part, &path).map_err(Error::work("create", &path))
}
