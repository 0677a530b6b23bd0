//! What the source repository and the places say, before anything is planned.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use artifact_publish::Bucket;
use git_repo::{CloneOptions, CommitId, CommitRange, GitRemote, GitRepo, Layout, ObjectId, RefName};
use jiff::Timestamp;
use release_version::{BranchState, BuildVersion, Policy, ReleaseBranch, ReleaseVersion};

use crate::{
    Error,
    config::Loaded,
    places::{Places, git_address},
    plan::{ImageBase, release_prefix},
};

/// A tag of the project, as its policy reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionTag {
    /// The name of the tag.
    pub tag: String,
    /// The commit it is on.
    pub commit: CommitId,
}

/// What a stage plan is made from.
#[derive(Debug)]
pub struct StageObserved {
    /// The repository, to compute object ids with.
    pub repository: GitRepo,
    /// Its address.
    pub source: String,
    /// Whether the branch is there.
    pub branch_state: BranchState,
    /// The head of the branch, or of the branch that a new one comes from.
    pub head: CommitId,
    /// All versions that are tagged.
    pub tags: BTreeMap<ReleaseVersion, VersionTag>,
    /// All versions that are taken, at the source or at the destination.
    pub taken: BTreeSet<ReleaseVersion>,
    /// The build version of the commit to release, as git describes it.
    pub described: BuildVersion,
    /// The build version that was asked for, or `described`.
    pub build_version: BuildVersion,
    /// The commit to release.
    pub commit: CommitId,
    /// When it was made.
    pub commit_time: Timestamp,
    /// The date of the youngest version tag that it has already.
    pub youngest_tag: Option<Timestamp>,
    /// Commits between it and the head.
    pub behind: usize,
    /// Whether it is on the branch at all.
    pub on_branch: bool,
    /// Heads of branches that the destination has, as far as the source knows them.
    pub known_heads: Vec<CommitId>,
    /// The base images that the configuration names, by the words it uses.
    pub bases: BTreeMap<String, ImageBase>,
}

/// The repository to build, cloned into `cache` when it is not on this machine.
///
/// # Errors
/// When the repository cannot be opened or cloned.
pub async fn open_source(loaded: &Loaded, cache: &Path) -> Result<(GitRepo, String), Error> {
    let address = git_address(&loaded.config.project.source, &loaded.folder);
    let path = PathBuf::from(&address);
    let path = if path.is_absolute() {
        path
    } else if let Some(path) = address.strip_prefix("file://") {
        PathBuf::from(path)
    } else {
        let remote = GitRemote::parse(&address).map_err(Error::git(format!("use `{address}`")))?;
        let clone = cache.join("source.git");
        let repository = if clone.is_dir() {
            let repository = GitRepo::open(&clone).map_err(Error::git(format!("open the copy of `{address}`")))?;
            let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
            repository.fetch(&remote, &all).await.map_err(Error::git(format!("fetch from `{address}`")))?;
            repository
        } else {
            let options = CloneOptions::new(Layout::Bare);
            GitRepo::clone_from(&remote, &clone, options).await.map_err(Error::git(format!("clone `{address}`")))?
        };
        return Ok((repository, address));
    };
    let repository = GitRepo::open(&path).map_err(Error::git(format!("open repository `{}`", path.display())))?;
    Ok((repository, path.display().to_string()))
}

/// The version tags of a repository.
///
/// # Errors
/// When the tags cannot be read.
pub fn version_tags(repository: &GitRepo, policy: &Policy) -> Result<BTreeMap<ReleaseVersion, VersionTag>, Error> {
    let tags = repository.tags().map_err(Error::git("read the tags"))?;
    Ok(tags
        .into_iter()
        .filter_map(|tag| {
            let version = policy.versions([tag.name.as_str()]).into_iter().next()?;
            Some((version, VersionTag { tag: tag.name, commit: tag.commit }))
        })
        .collect())
}

/// The build version of a commit: what `git describe` says, counting the project's version tags only.
///
/// # Errors
/// When the history cannot be read.
pub fn describe(repository: &GitRepo, policy: &Policy, commit: CommitId) -> Result<BuildVersion, Error> {
    let version = |tag: &str| policy.versions([tag]).into_iter().next();
    let described = repository
        .describe(commit, |tag| version(tag).is_some())
        .map_err(Error::git(format!("describe commit {commit}")))?;
    let id = build_commit(commit);
    match described.and_then(|described| Some((version(&described.tag)?, described.commits))) {
        Some((base, commits)) => Ok(BuildVersion::from_parts(base, u64::from(commits), id)),
        None => {
            let count = repository
                .count(&CommitRange::of(commit))
                .map_err(Error::git(format!("count the history of commit {commit}")))?;
            Ok(BuildVersion::untagged(count as u64, id))
        }
    }
}

/// A commit as build versions carry it: fourteen digits.
fn build_commit(commit: CommitId) -> release_version::CommitId {
    commit.short(14).parse().expect("fourteen hexadecimal digits are a commit of a build version")
}

/// Looks at the source and the destination of a stage run.
///
/// # Errors
/// When one of them cannot be read, or the build version names a commit that is not there.
pub async fn observe_stage(
    loaded: &Loaded,
    policy: &Policy,
    branch: &ReleaseBranch,
    build: Option<&BuildVersion>,
    places: &Places,
    cache: &Path,
) -> Result<StageObserved, Error> {
    let (repository, source) = open_source(loaded, cache).await?;
    let (branch_state, head) = match head_of(&repository, branch.name())? {
        Some(head) => (BranchState::Exists, head),
        None => {
            let parent = branch.parent();
            let missing = || Error::NoBranch { repository: source.clone(), branch: branch.name().to_owned() };
            let parent = parent.ok_or_else(missing)?;
            (BranchState::New, head_of(&repository, parent.name())?.ok_or_else(missing)?)
        }
    };
    let tags = version_tags(&repository, policy)?;

    let point = branch_point(branch, branch_state, &tags)?;
    let commit = match build {
        None => point.unwrap_or(head),
        Some(build) if build.is_dirty() => return Err(Error::Dirty { build: Box::new(*build) }),
        Some(build) => commit_of(&repository, policy, build, &source)?,
    };
    let described = describe(&repository, policy, commit)?;
    let behind = repository
        .count(&CommitRange::between(commit, head))
        .map_err(Error::git("count the commits after the build"))?;
    // The tag of an earlier urgent fix may be on no other branch.
    let on_branch = point == Some(commit)
        || repository.is_ancestor(commit, head).map_err(Error::git("compare the build with the branch"))?;
    let facts = repository.commit(commit).map_err(Error::git(format!("read commit {commit}")))?;

    let youngest_tag = youngest_tag(&repository, policy, commit)?;

    // A name is taken whatever it names: a tag of a tree or a file as well.
    let names = repository.refs("refs/tags/").map_err(Error::git("read the tags"))?;
    let mut taken: BTreeSet<ReleaseVersion> = policy.versions(names.keys().map(RefName::short)).into_iter().collect();
    let remote_refs = remote_refs(places).await?;
    taken.extend(policy.versions(remote_refs.keys().filter(|name| name.is_tag()).map(RefName::short)));
    let known_heads = known_heads(&repository, &remote_refs);
    Ok(StageObserved {
        bases: bases(loaded).await?,
        known_heads,
        repository,
        source,
        branch_state,
        head,
        tags,
        taken,
        described,
        build_version: build.copied().unwrap_or(described),
        commit,
        commit_time: facts.committer_time,
        youngest_tag,
        behind,
        on_branch,
    })
}

/// The date of the youngest version tag on a commit.
fn youngest_tag(repository: &GitRepo, policy: &Policy, commit: CommitId) -> Result<Option<Timestamp>, Error> {
    let failed = || Error::git("read the tags");
    let mut youngest = None;
    for tag in repository.tags().map_err(failed())? {
        if tag.commit == commit && !policy.versions([tag.name.as_str()]).is_empty() {
            youngest = youngest.max(repository.tag_time(&tag).map_err(failed())?);
        }
    }
    Ok(youngest)
}

/// Where a branch for an urgent fix begins that is not there yet: at its tag, wherever the release branch is by now.
fn branch_point(
    branch: &ReleaseBranch,
    state: BranchState,
    tags: &BTreeMap<ReleaseVersion, VersionTag>,
) -> Result<Option<CommitId>, Error> {
    match (state, branch.branch_point()) {
        (BranchState::New, Some(version)) => match tags.get(&version) {
            Some(tag) => Ok(Some(tag.commit)),
            None => Err(Error::NoBranchPoint { branch: branch.name().to_owned(), version }),
        },
        _ => Ok(None),
    }
}

/// The base images of the configuration, pinned by digest.
async fn bases(loaded: &Loaded) -> Result<BTreeMap<String, ImageBase>, Error> {
    let mut bases = BTreeMap::new();
    for image in loaded.config.images.iter().filter(|image| image.archive.is_none() && image.base != "scratch") {
        let missing = || Error::NoBase { image: image.name.clone(), base: image.base.clone() };
        let failed = |source| Error::Image { image: image.base.clone(), source: Box::new(source) };
        let (folder, tag) = image.base.rsplit_once(':').ok_or_else(missing)?;
        let Ok(tag) = tag.parse::<registry_client::Tag>() else { return Err(missing()) };
        let folder = loaded.folder.join(folder);
        if !folder.is_dir() {
            return Err(missing());
        }
        let layout = registry_client::OciLayout::open(&folder).await.map_err(failed)?;
        let found = layout.resolve(&tag).await.map_err(failed)?.ok_or_else(missing)?;
        let base = ImageBase { layout: folder.display().to_string(), digest: found.digest, tag };
        bases.insert(image.base.clone(), base);
    }
    Ok(bases)
}

/// The branch heads among `refs` whose commits the repository has, without duplicates, sorted.
fn known_heads(repository: &GitRepo, refs: &BTreeMap<RefName, ObjectId>) -> Vec<CommitId> {
    let heads: BTreeSet<CommitId> = refs
        .iter()
        .filter(|(name, _)| name.is_branch())
        .filter_map(|(_, object)| repository.resolve(&object.to_string()).ok())
        .collect();
    heads.into_iter().collect()
}

/// The refs of the repository that a set of places pushes to; empty when that is a folder that is not there yet.
///
/// # Errors
/// When the repository does not answer.
pub async fn remote_refs(places: &Places) -> Result<BTreeMap<RefName, ObjectId>, Error> {
    if missing_local_repository(&places.git) {
        return Ok(BTreeMap::new());
    }
    let remote = places.open_git()?;
    remote.ls_remote().await.map_err(Error::git(format!("list the refs of `{}`", places.git)))
}

/// Whether the address is a path of this machine where nothing is.
pub(crate) fn missing_local_repository(address: &str) -> bool {
    let path = Path::new(address.strip_prefix("file://").unwrap_or(address));
    path.is_absolute() && !path.exists()
}

/// What a bucket holds of a public version, if anything: the name of one object.
///
/// # Errors
/// When the bucket does not answer.
pub async fn published(bucket: &Bucket, version: &ReleaseVersion) -> Result<Option<String>, Error> {
    let folder = release_prefix(version);
    let prefix = folder.parse().map_err(|error: artifact_publish::BadName| Error::Bucket {
        operation: format!("list `{folder}`"),
        source: Box::new(error.into()),
    })?;
    let objects = bucket.list(&prefix).await.map_err(Error::bucket(format!("list `{folder}`")))?;
    Ok(objects.first().map(|info| info.name.to_string()))
}

fn head_of(repository: &GitRepo, branch: &str) -> Result<Option<CommitId>, Error> {
    let failed = |error: git_repo::NameError| Error::Git {
        operation: format!("look up branch `{branch}`"),
        source: Box::new(error.into()),
    };
    for name in [format!("refs/heads/{branch}"), format!("refs/remotes/origin/{branch}")] {
        let name: RefName = name.parse().map_err(failed)?;
        if repository.object_of(&name).map_err(Error::git(format!("look up `{name}`")))?.is_some() {
            let commit = repository.resolve(name.as_str()).map_err(Error::git(format!("look up `{name}`")))?;
            return Ok(Some(commit));
        }
    }
    Ok(None)
}

fn commit_of(repository: &GitRepo, policy: &Policy, build: &BuildVersion, source: &str) -> Result<CommitId, Error> {
    let revision = match build.commit() {
        Some(commit) => commit.to_string(),
        None => format!("refs/tags/{}", policy.tag_name(&build.base())),
    };
    repository.resolve(&revision).map_err(|error| Error::NoCommit {
        build: Box::new(*build),
        commit: revision,
        repository: source.to_owned(),
        source: Box::new(error),
    })
}
