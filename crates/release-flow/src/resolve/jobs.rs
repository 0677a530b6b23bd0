//! What is built, packed and made into images.

use std::collections::{BTreeMap, BTreeSet};

use git_repo::CommitId;
use release_version::PlannedVersion;

use crate::{
    Error,
    config::{
        ArtifactKind, BuildGroup, Config, ContainerConfig, Duration, Platform, TarballConfig, expand, placeholders,
    },
    engine::{ArtifactSpec, BuildJob, ContainerSpec},
    observe::StageObserved,
    plan::{ImageJob, ImagePart, TarballEntry, TarballJob, TarballSource},
};

pub(super) fn jobs(
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

pub(super) fn tarballs(config: &Config, planned: &PlannedVersion, jobs: &[BuildJob]) -> Result<Vec<TarballJob>, Error> {
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

pub(super) fn images(
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

pub(super) fn check_published_once(jobs: &[BuildJob], tarballs: &[TarballJob]) -> Result<(), Error> {
    let mut seen: BTreeSet<&str> = OURS.into_iter().collect();
    let artifacts = jobs.iter().flat_map(|job| &job.artifacts).filter_map(|artifact| artifact.publish.as_deref());
    for path in artifacts.chain(tarballs.iter().map(|tarball| tarball.name.as_str())) {
        if !seen.insert(path) || path.ends_with(".sha256") || path.ends_with(".sha512") {
            return Err(Error::Twice { path: path.to_owned() });
        }
    }
    Ok(())
}
