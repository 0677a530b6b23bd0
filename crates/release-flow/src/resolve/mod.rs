//! From what was asked and what was seen to a stage plan: no effects, no clock.

mod jobs;

use std::collections::BTreeMap;

use git_repo::{CommitId, CommitRange, Identity, NewCommit, NewTag};
use jiff::Timestamp;
use release_version::{
    BranchKind, BranchNames, BranchState, BuildVersion, Bump, Companions, NextRequest, Placement, PlannedVersion,
    Policy, ReleaseBranch, ReleaseKind, ReleaseVersion, StraightOfficial, next_versions,
};

use self::jobs::{check_published_once, images, jobs, tarballs};
use crate::{
    Error,
    config::{BumpConfig, Config, Loaded, PolicyName},
    observe::StageObserved,
    places::{Mode, Places},
    plan::{NotesSince, Project, StagePlan, StageVersion, stage_prefix},
};

/// What is asked of a stage run.
#[derive(Debug, Clone)]
pub struct StageRequest {
    /// The kind of release.
    pub kind: ReleaseKind,
    /// The branch; the default branch when none is named.
    pub branch: Option<String>,
    /// The build version; the head of the branch when none is named.
    pub build_version: Option<BuildVersion>,
    /// Which places.
    pub mode: Mode,
    /// Which number goes up under the semver policy, when it is not that of `release.yaml`.
    pub bump: Option<Bump>,
    /// What to do about a build that is behind the head of the default branch.
    pub stale: StaleBuild,
    /// The date of tags and release commits, when it is not that of the released commit.
    pub date: Option<Timestamp>,
}

/// What to do about a build that is behind the head of the default branch. Release branches are never cut behind their head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StaleBuild {
    /// Refuse it.
    #[default]
    Refuse,
    /// Release it all the same: the tag goes on the build's own commit.
    Allow,
}

/// The rules of a project.
#[derive(Debug, Clone)]
pub struct Rules {
    /// How versions are counted.
    pub policy: Policy,
    /// What branches are called.
    pub names: BranchNames,
}

impl Rules {
    /// The rules that a configuration states.
    ///
    /// # Errors
    /// When a name in it is malformed; [`Loaded`] has checked most of that.
    pub fn of(config: &Config) -> Result<Self, Error> {
        let names = BranchNames::new(&config.project.default_branch, &config.project.release_branch_prefix).map_err(
            |source| Error::Branch { branch: config.project.default_branch.clone(), source: Box::new(source) },
        )?;
        let first = config.versions.first.as_deref().map(str::parse).transpose()?;
        let policy = match config.versions.policy {
            PolicyName::Kubernetes => {
                Policy::Branches { companions: Companions::None, straight_official: StraightOfficial::Refuse, first }
            }
            PolicyName::Semver => Policy::SemVer {
                path_prefix: config.versions.tag_prefix.parse().unwrap_or_default(),
                first: first.unwrap_or_else(|| ReleaseVersion::official(0, 1, 0)),
            },
        };
        Ok(Self { policy, names })
    }

    /// A branch by its name, or the default branch.
    ///
    /// # Errors
    /// [`Error::Branch`] when the name is neither the default branch nor a release branch.
    pub fn branch(&self, name: Option<&str>) -> Result<ReleaseBranch, Error> {
        match name {
            None => Ok(self.names.default_branch()),
            Some(name) => self
                .names
                .parse(name)
                .map_err(|source| Error::Branch { branch: name.to_owned(), source: Box::new(source) }),
        }
    }
}

/// What plans say of the project.
#[must_use]
pub(crate) fn project(config: &Config) -> Project {
    Project {
        name: config.project.name.clone(),
        title: config.project.title.clone().unwrap_or_else(|| config.project.name.clone()),
        homepage: config.project.homepage.as_ref().and_then(|text| text.parse().ok()),
    }
}

/// Decides everything about a stage run.
///
/// # Errors
/// [`Error`] says which rule is against it.
pub(crate) fn plan_stage(
    loaded: &Loaded,
    rules: &Rules,
    branch: &ReleaseBranch,
    request: &StageRequest,
    observed: &StageObserved,
    places: Places,
    now: Timestamp,
) -> Result<StagePlan, Error> {
    let config = &loaded.config;
    check_build(request, branch, observed)?;
    let bump = request.bump.unwrap_or(match config.versions.bump {
        BumpConfig::Major => Bump::Major,
        BumpConfig::Minor => Bump::Minor,
        BumpConfig::Patch => Bump::Patch,
    });
    let next = NextRequest::new(request.kind, branch, &observed.build_version)
        .with_state(observed.branch_state)
        .with_bump(bump)
        .with_existing(&observed.taken);
    let next = next_versions(&rules.policy, &next)?;
    check_new(next.prime(), branch, observed)?;

    let date = date(request, observed);
    let project = project(config);
    let identity = Identity::new(&config.identity.name, &config.identity.email);
    let mut tips: BTreeMap<String, CommitId> = BTreeMap::new();
    let mut versions = Vec::new();
    for planned in next.in_order() {
        let parent = match planned.placement {
            Placement::BuildCommit => observed.commit,
            Placement::ReleaseCommit => tips.get(&planned.branch).copied().unwrap_or(observed.commit),
        };
        let (commit, commit_message) = match planned.placement {
            Placement::BuildCommit => (observed.commit, None),
            Placement::ReleaseCommit => {
                let message = format!("Release commit for {} {}", project.title, planned.version);
                let commit = release_commit(parent, &message, &identity, date);
                let id =
                    observed.repository.commit_object_id(&commit).map_err(Error::git("name the release commit"))?;
                tips.insert(planned.branch.clone(), id);
                (id, Some(message))
            }
        };
        // The kind in the message is that of the version itself, companions included.
        let message = format!("{} {} release {}", project.title, planned.version.kind(), planned.version);
        let tag = rules.policy.tag_name(&planned.version);
        let tag_object = new_tag(&tag, commit, &message, &identity, date)
            .object_id()
            .map_err(Error::git(format!("name tag `{tag}`")))?;
        let jobs = jobs(config, planned, observed, commit)?;
        let tarballs = tarballs(config, planned, &jobs)?;
        let images = images(config, planned, &jobs, observed)?;
        check_published_once(&jobs, &tarballs)?;
        versions.push(StageVersion {
            version: planned.version,
            role: planned.role,
            branch: planned.branch.clone(),
            placement: planned.placement,
            tag,
            message,
            commit_message,
            parent,
            commit,
            tag_object,
            jobs,
            tarballs,
            images,
        });
    }
    let notes = crate::notes::plan(loaded, since(&next.prime().version, observed), now)?;
    let warnings = warnings(&project.title, notes.since.as_ref(), observed)?;
    Ok(StagePlan {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        date,
        mode: request.mode,
        project,
        kind: request.kind,
        branch: branch.name().to_owned(),
        branch_state: observed.branch_state,
        build_version: observed.build_version,
        commit: observed.commit,
        commit_time: observed.commit_time,
        source: observed.source.clone(),
        identity,
        notes: Box::new(notes),
        versions,
        changelog: config.changelog.as_ref().map(|changelog| changelog.folder.clone()),
        changelog_downloads: config.changelog.as_ref().and_then(|changelog| changelog.downloads.clone()),
        known_heads: observed.known_heads.clone(),
        parallel: config.build.parallel,
        disk_gib: config.build.disk_gib.unwrap_or(1),
        prefix: stage_prefix(&observed.build_version),
        places,
        warnings,
    })
}

/// The release commit of a version: no change of files, so that two tags are never on one commit.
pub(crate) fn release_commit(parent: CommitId, message: &str, identity: &Identity, at: Timestamp) -> NewCommit {
    NewCommit {
        files_of: parent,
        parents: vec![parent],
        message: message.to_owned(),
        author: identity.clone(),
        time: whole_seconds(at),
    }
}

/// The tag of a version.
pub(crate) fn new_tag(tag: &str, target: CommitId, message: &str, identity: &Identity, at: Timestamp) -> NewTag {
    NewTag {
        name: tag.to_owned(),
        target,
        message: message.to_owned(),
        tagger: identity.clone(),
        time: whole_seconds(at),
    }
}

/// How many commits are looked at for a warning.
const FEW: usize = 4;

/// What the approver should know: that nobody has changed anything since the release before, but this tool its changelog and the commits
/// that it tags.
fn warnings(title: &str, since: Option<&NotesSince>, observed: &StageObserved) -> Result<Vec<String>, Error> {
    let Some(since) = since else { return Ok(Vec::new()) };
    let range = CommitRange::between(since.commit, observed.commit);
    let repository = &observed.repository;
    let count = repository.count(&range).map_err(Error::git("count the commits of the release"))?;
    if count > FEW {
        return Ok(Vec::new());
    }
    let commits = repository.commits(&range).map_err(Error::git("list the commits of the release"))?;
    let ours = [crate::steps::changelog::SUBJECT.to_owned(), format!("Release commit for {title} ")];
    let by_us = |message: &String| ours.iter().any(|subject| message.starts_with(subject));
    if commits.iter().all(|commit| by_us(&commit.message)) {
        let text = format!("nothing but changelogs was committed since {}: nothing new would be released", since.tag);
        return Ok(vec![text]);
    }
    Ok(Vec::new())
}

/// The date of tags and release commits. It never comes from a clock: the same world gives the same plan, whenever it is made. It is not
/// before the commit, and after every tag that the commit has: of several tags on one commit `git describe` names the youngest.
fn date(request: &StageRequest, observed: &StageObserved) -> Timestamp {
    let wanted = request.date.unwrap_or(observed.commit_time).max(observed.commit_time).max(Timestamp::UNIX_EPOCH);
    let after = observed.youngest_tag.and_then(|tag| tag.checked_add(jiff::SignedDuration::from_secs(1)).ok());
    whole_seconds(after.map_or(wanted, |after| wanted.max(after)))
}

/// Git knows no fractions of seconds.
pub(crate) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn check_build(request: &StageRequest, branch: &ReleaseBranch, observed: &StageObserved) -> Result<(), Error> {
    let (given, described) = (observed.build_version, observed.described);
    let same_commit = match (given.commit(), described.commit()) {
        (Some(given), Some(described)) => given.agrees_with(&described),
        (None, None) => true,
        _ => false,
    };
    if given.base() != described.base() || given.commits() != described.commits() || !same_commit {
        return Err(Error::OtherBuild { given: Box::new(given), described: Box::new(described) });
    }
    if !observed.on_branch {
        return Err(Error::NotOnBranch { build: Box::new(given), branch: branch.name().to_owned() });
    }
    let may_be_behind = match (branch.kind(), observed.branch_state) {
        (_, BranchState::New) => true,
        (BranchKind::Default, BranchState::Exists) => request.stale == StaleBuild::Allow,
        _ => false,
    };
    if observed.behind > 0 && !may_be_behind {
        return Err(Error::BehindHead {
            build: Box::new(given),
            branch: branch.name().to_owned(),
            head: observed.head.short(12),
            behind: observed.behind,
        });
    }
    Ok(())
}

/// Two tags of one line on one commit would make `git describe` ambiguous.
fn check_new(prime: &PlannedVersion, branch: &ReleaseBranch, observed: &StageObserved) -> Result<(), Error> {
    let tagged = observed.tags.values().find(|tag| tag.commit == observed.commit);
    match (prime.placement, tagged) {
        (Placement::BuildCommit, Some(tag)) => Err(Error::NothingNew {
            commit: observed.commit.short(12),
            branch: branch.name().to_owned(),
            tag: tag.tag.clone(),
        }),
        _ => Ok(()),
    }
}

/// The release that notes count from, by the rule that `changelog` follows too.
fn since(prime: &ReleaseVersion, observed: &StageObserved) -> Option<NotesSince> {
    let semver = |version: &ReleaseVersion| version.to_string().trim_start_matches('v').parse().ok();
    let known: Vec<(&ReleaseVersion, notes_sources::VersionTag)> = observed
        .tags
        .iter()
        .filter_map(|(version, tag)| {
            let (name, commit) = (tag.tag.clone(), tag.commit);
            Some((version, notes_sources::VersionTag { name, version: semver(version)?, commit }))
        })
        .collect();
    let tags: Vec<_> = known.iter().map(|(_, tag)| tag.clone()).collect();
    let before = notes_sources::previous_tag(&tags, &semver(prime)?)?;
    let (version, _) = known.iter().find(|(_, tag)| tag == before)?;
    Some(NotesSince { version: **version, tag: before.name.clone(), commit: before.commit })
}
