//! The clone that is built, and the commits and tags made in it.

use git_repo::{CommitId, GitRemote, GitRepo, ObjectId, RefName};
use release_journal::{Observed, Step, StepId};
use release_version::Placement;

use super::{different, id};
use crate::{
    Error,
    plan::StageVersion,
    resolve::{new_tag, release_commit},
    runner::StageContext,
};

/// Clones the source and checks the released commit out.
pub(crate) struct Source;

/// All branches and tags of the source; the branches of its own origin serve where it has none.
const REFSPECS: [&str; 3] = [
    "+refs/heads/*:refs/remotes/origin/*",
    "+refs/tags/*:refs/tags/*",
    "+refs/remotes/origin/*:refs/remotes/upstream/*",
];
/// Written into the clone when it is whole.
const WHOLE: &str = "krel-clone-complete";

impl<'a> Step<StageContext<'a>> for Source {
    type Output = CommitId;
    type Error = Error;

    fn id(&self) -> StepId {
        id("source", "clone")
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<CommitId>, Error> {
        let folder = cx.workspace.source();
        if !folder.join(".git").join(WHOLE).is_file() {
            return Ok(Observed::Absent);
        }
        let repository = cx.workspace.open_source()?;
        match repository.commit(cx.plan.commit) {
            Ok(commit) => Ok(Observed::Done(commit.id)),
            Err(_) => Ok(Observed::Absent),
        }
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let folder = cx.workspace.source();
        remove(&folder)?;
        std::fs::create_dir_all(&folder).map_err(Error::work("create", &folder))?;
        let remote = GitRemote::parse(&cx.plan.source).map_err(Error::git("use the source repository"))?;
        let repository = GitRepo::init(&folder).map_err(Error::git("make the clone"))?;
        repository.fetch(&remote, &REFSPECS).await.map_err(Error::git(format!("fetch from `{}`", cx.plan.source)))?;
        repository.checkout(cx.plan.commit).await.map_err(Error::git("check the released commit out"))?;
        let whole = folder.join(".git").join(WHOLE);
        std::fs::write(&whole, "").map_err(Error::work("write", &whole))
    }
}

pub(crate) fn remove(folder: &std::path::Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::work("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Makes the release commit, if the version has one, and the tag, in the clone.
pub(crate) struct MakeTag<'v>(pub(crate) &'v StageVersion);

impl<'a> Step<StageContext<'a>> for MakeTag<'_> {
    type Output = ObjectId;
    type Error = Error;

    fn id(&self) -> StepId {
        id("tag", &self.0.tag)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<ObjectId>, Error> {
        let repository = cx.workspace.open_source()?;
        let name = RefName::tag(&self.0.tag).map_err(|error| Error::git("name the tag")(error.into()))?;
        match repository.object_of(&name).map_err(Error::git("look for the tag"))? {
            None => Ok(Observed::Absent),
            Some(found) if found == self.0.tag_object => Ok(Observed::Done(found)),
            Some(found) => Ok(different(format!("tag `{}`", self.0.tag), self.0.tag_object, found)),
        }
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let (plan, version) = (cx.plan, self.0);
        let repository = cx.workspace.open_source()?;
        if let (Placement::ReleaseCommit, Some(message)) = (version.placement, &version.commit_message) {
            let commit = release_commit(version.parent, message, &plan.identity, plan.date);
            repository.create_commit(&commit).map_err(Error::git("make the release commit"))?;
        }
        let tag = new_tag(&version.tag, version.commit, &version.message, &plan.identity, plan.date);
        repository.create_tag(&tag).map_err(Error::git(format!("make tag `{}`", version.tag)))?;
        Ok(())
    }
}
