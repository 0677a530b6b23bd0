//! From what was asked and what was seen to a stage plan: no effects, no clock.

use std::collections::{BTreeMap, BTreeSet};

use git_repo::{CommitId, Identity, NewCommit, NewTag};
use jiff::Timestamp;
use release_version::{
    BranchKind, BranchNames, BranchState, BuildVersion, Bump, Companions, NextRequest, Placement, PlannedVersion,
    Policy, ReleaseBranch, ReleaseKind, ReleaseVersion, StraightOfficial, next_versions,
};

use crate::{
    Error,
    config::{
        ArtifactKind, BuildGroup, BumpConfig, Config, ContainerConfig, Duration, Loaded, Platform, PolicyName,
        TarballConfig, expand, placeholders,
    },
    engine::{ArtifactSpec, BuildJob, ContainerSpec},
    observe::StageObserved,
    places::{Mode, Places},
    plan::{
        ImageJob, ImagePart, NotesSince, Project, StagePlan, StageVersion, TarballEntry, TarballJob, TarballSource,
        stage_prefix,
    },
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
                let commit = release_commit(parent, &message, &identity, now);
                let id =
                    observed.repository.commit_object_id(&commit).map_err(Error::git("name the release commit"))?;
                tips.insert(planned.branch.clone(), id);
                (id, Some(message))
            }
        };
        // The kind in the message is that of the version itself, companions included.
        let message = format!("{} {} release {}", project.title, planned.version.kind(), planned.version);
        let tag = rules.policy.tag_name(&planned.version);
        let tag_object = new_tag(&tag, commit, &message, &identity, now)
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
    Ok(StagePlan {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        created: now,
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

/// Git knows no fractions of seconds.
fn whole_seconds(at: Timestamp) -> Timestamp {
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

fn jobs(
    config: &Config,
    planned: &PlannedVersion,
    observed: &StageObserved,
    commit: CommitId,
) -> Result<Vec<BuildJob>, Error> {
    let mut jobs = Vec::new();
    for group in &config.build.groups {
        let mut seen = BTreeSet::new();
        for selector in &group.platforms {
            let platform = selector.resolve()?;
            if seen.insert(platform) {
                jobs.push(job(config, group, platform, planned, observed, commit)?);
            }
        }
    }
    Ok(jobs)
}

fn values(config: &Config, planned: &PlannedVersion, platform: Option<Platform>) -> BTreeMap<&'static str, String> {
    let mut values =
        BTreeMap::from([("version", planned.version.to_string()), ("project", config.project.name.clone())]);
    if let Some(platform) = platform {
        values.insert("os", platform.os());
        values.insert("arch", platform.arch());
        values.insert("exe", platform.exe_suffix().to_owned());
    }
    values
}

fn job(
    config: &Config,
    group: &BuildGroup,
    platform: Platform,
    planned: &PlannedVersion,
    observed: &StageObserved,
    commit: CommitId,
) -> Result<BuildJob, Error> {
    let names = values(config, planned, Some(platform));
    let mut words = names.clone();
    words.insert("commit", commit.to_string());
    // The folder is known on the machine that builds only.
    words.insert("out", "{out}".to_owned());
    let mut env = BTreeMap::from([("SOURCE_DATE_EPOCH".to_owned(), observed.commit_time.as_second().to_string())]);
    for (key, value) in config.build.env.iter().chain(&group.env) {
        env.insert(key.clone(), expand(value, &words)?);
    }
    let mut artifacts = Vec::new();
    for artifact in &group.artifacts {
        let path = expand(&artifact.path, &names)?;
        let publish = match (artifact.kind, &artifact.publish) {
            (ArtifactKind::Part, _) => None,
            (_, Some(publish)) => Some(expand(publish, &names)?),
            (_, None) => {
                let file = path.rsplit('/').next().unwrap_or(&path);
                Some(format!("bin/{}/{}/{file}", platform.os(), platform.arch()))
            }
        };
        artifacts.push(ArtifactSpec { path, publish, binary: artifact.kind == ArtifactKind::Binary });
    }
    Ok(BuildJob {
        id: format!("{}-{}-{}", group.name, platform.os(), platform.arch()),
        platform,
        command: expand(&group.command, &words)?,
        env,
        timeout_s: group.timeout.or(config.build.timeout).unwrap_or(Duration::HOUR).seconds(),
        container: group.container.as_ref().map(|container| container_spec(container, observed)).transpose()?,
        artifacts,
    })
}

/// The largest file that names a container's tag, in bytes.
const TAG_FILE_BYTES: u64 = 4096;

/// A container by its name, and by the tag that the released commit names.
fn container_spec(container: &ContainerConfig, observed: &StageObserved) -> Result<ContainerSpec, Error> {
    let engine = container.engine;
    let Some(file) = &container.tag_file else {
        return Ok(ContainerSpec { image: container.image.clone(), engine });
    };
    let none = |found: String| Error::NoContainerTag { image: container.image.clone(), file: file.clone(), found };
    let bytes = observed
        .repository
        .blob(observed.commit, file, TAG_FILE_BYTES)
        .map_err(Error::git(format!("read `{file}`")))?
        .ok_or_else(|| none("the file is not in the sources".to_owned()))?;
    let text = String::from_utf8_lossy(&bytes);
    let tag: registry_client::Tag = text.trim().parse().map_err(|error| none(format!("{error}")))?;
    Ok(ContainerSpec { image: format!("{}:{tag}", container.image), engine })
}

fn tarballs(config: &Config, planned: &PlannedVersion, jobs: &[BuildJob]) -> Result<Vec<TarballJob>, Error> {
    let built: BTreeSet<Platform> = jobs.iter().map(|job| job.platform).collect();
    let mut out = Vec::new();
    for tarball in &config.tarballs {
        if placeholders(&tarball.name).contains(&"os") {
            let wanted = tarball.platforms.iter().map(|one| one.resolve()).collect::<Result<BTreeSet<_>, _>>()?;
            for platform in built.iter().filter(|platform| wanted.is_empty() || wanted.contains(platform)) {
                out.push(tarball_job(config, tarball, planned, jobs, Some(*platform))?);
            }
        } else {
            out.push(tarball_job(config, tarball, planned, jobs, None)?);
        }
    }
    Ok(out)
}

fn tarball_job(
    config: &Config,
    tarball: &TarballConfig,
    planned: &PlannedVersion,
    jobs: &[BuildJob],
    platform: Option<Platform>,
) -> Result<TarballJob, Error> {
    let values = values(config, planned, platform);
    let name = expand(&tarball.name, &values)?;
    let mut entries = Vec::new();
    for file in &tarball.files {
        let from = expand(&file.from, &values)?;
        let to = expand(&file.to, &values)?.trim_end_matches('/').to_owned();
        let from = source_of(&from, &name, jobs, platform)?;
        entries.push(TarballEntry { from, to });
    }
    Ok(TarballJob { name, platform, entries })
}

fn images(
    config: &Config,
    planned: &PlannedVersion,
    jobs: &[BuildJob],
    observed: &StageObserved,
) -> Result<Vec<ImageJob>, Error> {
    let mut built: Vec<Platform> =
        jobs.iter().map(|job| job.platform).filter(|platform| platform.os() == "linux").collect();
    built.sort();
    built.dedup();
    let mut out = Vec::new();
    for image in &config.images {
        let wanted = image.platforms.iter().map(|one| one.resolve()).collect::<Result<BTreeSet<_>, _>>()?;
        let chosen: Vec<Platform> =
            built.iter().copied().filter(|one| wanted.is_empty() || wanted.contains(one)).collect();
        if chosen.is_empty() {
            return Err(Error::NoImagePlatform { image: image.name.clone() });
        }
        let mut platforms = Vec::new();
        for platform in chosen {
            let values = values(config, planned, Some(platform));
            let mut files = Vec::new();
            for file in &image.files {
                let from = source_of(&expand(&file.from, &values)?, &image.name, jobs, Some(platform))?;
                files.push(TarballEntry { from, to: expand(&file.to, &values)? });
            }
            let archive = match &image.archive {
                Some(archive) => Some(source_of(&expand(archive, &values)?, &image.name, jobs, Some(platform))?),
                None => None,
            };
            platforms.push(ImagePart { platform, files, archive });
        }
        out.push(ImageJob {
            name: image.name.clone(),
            base: observed.bases.get(&image.base).cloned(),
            platforms,
            entrypoint: image.entrypoint.clone(),
            cmd: image.cmd.clone(),
            user: image.user.clone(),
            labels: image.labels.clone(),
            env: image.env.clone(),
        });
    }
    Ok(out)
}

/// Where a configured `out/…` or `src/…` is.
fn source_of(
    from: &str,
    wanted_by: &str,
    jobs: &[BuildJob],
    platform: Option<Platform>,
) -> Result<TarballSource, Error> {
    let Some(("out", path)) = from.split_once('/') else {
        return Ok(TarballSource::Source(from.strip_prefix("src/").unwrap_or(from).trim_end_matches('/').to_owned()));
    };
    let makes =
        |job: &&BuildJob| Some(job.platform) == platform && job.artifacts.iter().any(|artifact| artifact.path == path);
    let job = jobs.iter().find(makes).ok_or_else(|| Error::NoResult {
        tarball: wanted_by.to_owned(),
        path: path.to_owned(),
        platform: platform.map_or_else(|| "no platform".to_owned(), |platform| platform.to_string()),
    })?;
    Ok(TarballSource::Result { job: job.id.clone(), path: path.to_owned() })
}

/// Names that the stage run itself writes beside the artifacts.
const OURS: [&str; 8] = [
    "SHA256SUMS",
    "SHA512SUMS",
    "release-notes.md",
    "release-notes.html",
    "release-notes.json",
    "announcement.html",
    "announcement.txt",
    "announcement-subject.txt",
];

fn check_published_once(jobs: &[BuildJob], tarballs: &[TarballJob]) -> Result<(), Error> {
    let mut seen: BTreeSet<&str> = OURS.into_iter().collect();
    let artifacts = jobs.iter().flat_map(|job| &job.artifacts).filter_map(|artifact| artifact.publish.as_deref());
    for path in artifacts.chain(tarballs.iter().map(|tarball| tarball.name.as_str())) {
        if !seen.insert(path) || path.ends_with(".sha256") || path.ends_with(".sha512") {
            return Err(Error::Twice { path: path.to_owned() });
        }
    }
    Ok(())
}
