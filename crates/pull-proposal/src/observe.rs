use std::collections::BTreeMap;

use futures::TryStreamExt;
use git_repo::{CommitId, CommitRange, GitRemote, GitRepo, NewCommit, RefName};
use github_client::{GithubClient, PullQuery, RepoId};

use crate::{Error, Holds, Observed, OpenPull, Proposal};

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
    let Proposal { target, base, branch, .. } = proposal;
    let name =
        |branch: &str| RefName::branch(branch).map_err(|source| Error::BadBranch { branch: branch.to_owned(), source });
    let (base_name, branch_name) = (name(base)?, name(branch)?);
    check_fork(client, proposal).await?;

    let there = places.target.ls_remote().await.map_err(Error::git("list the branches of the target"))?;
    let Some(base_head) = there.get(&base_name) else {
        return Err(Error::NoBase { target: target.clone(), base: base.clone() });
    };
    let carried = places.fork.ls_remote().await.map_err(Error::git("list the branches of the fork"))?;
    let local = &places.local;
    let base_spec = format!("+{base_name}:refs/pull-proposal/base");
    local.fetch(&places.target, &[&base_spec]).await.map_err(Error::git("fetch the base branch"))?;
    let resolve = |object: &git_repo::ObjectId| local.resolve(&object.to_string());
    let base_head = resolve(base_head).map_err(Error::git("read the base branch"))?;
    let branch_head: Option<CommitId> = match carried.get(&branch_name) {
        None => None,
        Some(object) => {
            let spec = format!("+{branch_name}:refs/pull-proposal/branch");
            local.fetch(&places.fork, &[&spec]).await.map_err(Error::git("fetch the branch of the fork"))?;
            Some(resolve(object).map_err(Error::git("read the branch of the fork"))?)
        }
    };
    let holds = match branch_head {
        Some(head) => holds(local, proposal, base_head, head)?,
        None => Holds::Nothing,
    };
    let pull = open_pull(client, proposal).await?;
    // An open pull request grows by a commit; its reviews stay. Otherwise the work begins at the base.
    let parent = match (branch_head, &pull, holds) {
        (Some(head), Some(_), Holds::OurWork | Holds::OtherWork) | (Some(head), None, Holds::OurWork) => head,
        _ => base_head,
    };
    let commit = commit(local, proposal, parent)?;
    Ok(Observed { base: base_head, branch: branch_head, holds, pull, commit })
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

async fn check_fork(client: &GithubClient, proposal: &Proposal) -> Result<(), Error> {
    let Proposal { target, fork, .. } = proposal;
    if fork == target {
        return Ok(());
    }
    let info = client.repository_info(fork).await.map_err(Error::github("look at the fork"))?;
    let from: Vec<&RepoId> = [&info.parent, &info.source].into_iter().flatten().map(|repo| &repo.full_name).collect();
    if from.contains(&target) { Ok(()) } else { Err(Error::NoFork { fork: fork.clone(), target: target.clone() }) }
}

/// The open pull request from the carrying branch to the base branch.
pub(crate) async fn open_pull(client: &GithubClient, proposal: &Proposal) -> Result<Option<OpenPull>, Error> {
    find_pull(client, &proposal.target, &proposal.base, &proposal.fork, &proposal.branch).await
}

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

/// The commit with the files, or nothing when its parent has them all.
fn commit(local: &GitRepo, proposal: &Proposal, parent: CommitId) -> Result<Option<CommitId>, Error> {
    let mut changes: BTreeMap<String, Option<Vec<u8>>> = BTreeMap::new();
    for (path, content) in &proposal.files {
        let there = local.object_at(parent, path).map_err(Error::git("look for a file"))?;
        // A file that is not there cannot be removed, and need not be.
        if content.is_some() || there.is_some() {
            changes.insert(path.clone(), content.as_ref().map(|text| text.as_bytes().to_vec()));
        }
    }
    let before = local.commit(parent).map_err(Error::git("read the commit to build on"))?;
    let commit = NewCommit {
        files_of: parent,
        parents: vec![parent],
        message: proposal.message.clone(),
        author: proposal.author.clone(),
        // A child is no older than its parent: walks by date rely on it.
        time: proposal.at.max(before.committer_time),
    };
    let made = local.write_files_commit(&commit, &changes).map_err(Error::git("make the commit"))?;
    let tree = |commit| local.object_at(commit, "").map_err(Error::git("compare the files"));
    Ok((tree(made)? != tree(parent)?).then_some(made))
}
