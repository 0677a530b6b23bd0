use std::collections::BTreeMap;

use futures::TryStreamExt;
use git_repo::{CommitId, CommitRange, GitRemote, GitRepo, NewCommit, ObjectId, RefName};
use github_client::{GithubClient, PullQuery, RepoId};

use crate::{Error, Holds, MadeCommit, Observed, OpenPull, Proposal};

/// Where the commits of a proposal are made and go to.
#[derive(Debug, Clone)]
pub struct Places {
    /// A local repository with the history of the target; commits are made here before they are pushed.
    pub local: GitRepo,
    /// The target, for reading.
    pub target: GitRemote,
    /// The carrying repository, for pushing.
    pub fork: GitRemote,
}

/// Reads what is there: both branches and the open pull request. The commit is made in the local repository, where no ref names it.
///
/// # Errors
/// When the base branch is missing, the fork is none, or somebody does not answer.
pub async fn observe(client: &GithubClient, places: &Places, proposal: &Proposal) -> Result<Observed, Error> {
    let Proposal { target, base, fork, branch, .. } = proposal;
    let heads = Heads { base: &branch_name(base)?, branch: &branch_name(branch)? };
    check_fork(client, target, fork).await?;
    let there = heads.read(places).await?;
    let Some(base_head) = there.base else {
        return Err(Error::NoBase { target: target.clone(), base: base.clone() });
    };
    heads.fetch(places, there.branch.is_some()).await?;
    let local = &places.local;
    let resolve = |object: ObjectId| local.resolve(&object.to_string());
    let base_head = resolve(base_head).map_err(Error::git("read the base branch"))?;
    let branch_head = there.branch.map(resolve).transpose().map_err(Error::git("read the branch of the fork"))?;
    let holds = match branch_head {
        Some(head) => holds(local, proposal, base_head, head)?,
        None => Holds::Nothing,
    };
    let pull = find_pull(client, target, base, fork, branch).await?;
    // An open pull request grows by a commit; its reviews stay. Otherwise the work begins at the base.
    let parent = match (branch_head, &pull, holds) {
        (Some(head), Some(_), Holds::OurWork | Holds::OtherWork) | (Some(head), None, Holds::OurWork) => head,
        _ => base_head,
    };
    let before = local.commit(parent).map_err(Error::git("read the commit to build on"))?;
    let commit = NewCommit {
        files_of: parent,
        parents: vec![parent],
        message: proposal.message.clone(),
        author: proposal.author.clone(),
        // A child is no older than its parent: walks by date rely on it.
        time: proposal.at.max(before.committer_time),
    };
    let files = proposal.files.iter().map(|(path, text)| (path.as_str(), text.as_deref()));
    let id = make(local, &commit, files)?;
    let tree = |commit| local.object_at(commit, "").map_err(Error::git("compare the files"));
    let made = (tree(id)? != tree(parent)?).then_some(MadeCommit { id, parent, time: commit.time });
    Ok(Observed {
        github: client.web().to_owned(),
        target_at: (&places.target).into(),
        fork_at: (&places.fork).into(),
        base: base_head,
        branch: branch_head,
        holds,
        pull,
        commit: made,
    })
}

/// The two branches of a proposal.
pub(crate) struct Heads<'a> {
    pub(crate) base: &'a RefName,
    pub(crate) branch: &'a RefName,
}

/// Where they are.
pub(crate) struct FoundHeads {
    pub(crate) base: Option<ObjectId>,
    pub(crate) branch: Option<ObjectId>,
}

impl Heads<'_> {
    /// Asks both repositories.
    pub(crate) async fn read(&self, places: &Places) -> Result<FoundHeads, Error> {
        let target = places.target.ls_remote().await.map_err(Error::git("list the branches of the target"))?;
        let fork = places.fork.ls_remote().await.map_err(Error::git("list the branches of the fork"))?;
        Ok(FoundHeads { base: target.get(self.base).copied(), branch: fork.get(self.branch).copied() })
    }

    /// Fetches them into the local repository.
    pub(crate) async fn fetch(&self, places: &Places, with_branch: bool) -> Result<(), Error> {
        let base = format!("+{}:refs/pull-proposal/base", self.base);
        let fetched = places.local.fetch(&places.target, &[&base]).await;
        fetched.map_err(Error::git("fetch the base branch"))?;
        if with_branch {
            let branch = format!("+{}:refs/pull-proposal/branch", self.branch);
            let fetched = places.local.fetch(&places.fork, &[&branch]).await;
            fetched.map_err(Error::git("fetch the branch of the fork"))?;
        }
        Ok(())
    }
}

pub(crate) fn branch_name(branch: &str) -> Result<RefName, Error> {
    RefName::branch(branch).map_err(|source| Error::BadBranch { branch: branch.to_owned(), source })
}

/// Makes the commit with these files, which is the same wherever its parent is.
pub(crate) fn make<'a>(
    local: &GitRepo,
    commit: &NewCommit,
    files: impl Iterator<Item = (&'a str, Option<&'a str>)>,
) -> Result<CommitId, Error> {
    let mut changes: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for (path, content) in files {
        let there = local.object_at(commit.files_of, path).map_err(Error::git("look for a file"))?;
        // A file that is not there cannot be removed, and need not be.
        if content.is_some() || there.is_some() {
            changes.insert(path.to_owned(), content.map(|text| text.as_bytes().to_vec()));
        }
    }
    local.write_files_commit(commit, &changes).map_err(Error::git("make the commit"))
}

/// Whose commits the branch has that the base has not.
fn holds(local: &GitRepo, proposal: &Proposal, base: CommitId, head: CommitId) -> Result<Holds, Error> {
    let commits = local.commits(&CommitRange::between(base, head)).map_err(Error::git("compare the branches"))?;
    let ours = |commit: &git_repo::Commit| {
        commit.author == proposal.author && commit.message.trim_end() == proposal.message.trim_end()
    };
    Ok(match commits.as_slice() {
        [] => Holds::Nothing,
        commits if commits.iter().all(ours) => Holds::OurWork,
        _ => Holds::OtherWork,
    })
}

pub(crate) async fn check_fork(client: &GithubClient, target: &RepoId, fork: &RepoId) -> Result<(), Error> {
    if fork == target {
        return Ok(());
    }
    let info = client.repository_info(fork).await.map_err(Error::github("look at the fork"))?;
    let from: Vec<&RepoId> = [&info.parent, &info.source].into_iter().flatten().map(|repo| &repo.full_name).collect();
    if from.contains(&target) { Ok(()) } else { Err(Error::NoFork { fork: fork.clone(), target: target.clone() }) }
}

/// The open pull request from the carrying branch to the base branch.
pub(crate) async fn find_pull(
    client: &GithubClient,
    target: &RepoId,
    base: &str,
    fork: &RepoId,
    branch: &str,
) -> Result<Option<OpenPull>, Error> {
    let query = PullQuery {
        head: Some(format!("{}:{branch}", fork.owner())),
        base: Some(base.to_owned()),
        ..PullQuery::default()
    };
    let pulls: Vec<_> =
        client.pulls(target, &query).try_collect().await.map_err(Error::github("look for an open pull request"))?;
    // GitHub passes over a filter that it does not understand, so what it lists is looked at.
    let ours = pulls.into_iter().find(|pull| {
        let owner = pull.record.head_owner.as_deref().unwrap_or_default();
        pull.record.head_ref == branch && owner.eq_ignore_ascii_case(fork.owner())
    });
    Ok(ours.map(|pull| pull.record).map(|it| OpenPull {
        number: it.number,
        url: it.url,
        title: it.title,
        body: it.body,
    }))
}
