//! Release: make a staged build public. Reads like a table of contents.

use std::path::Path;

use artifact_publish::{Bucket, Sha256Digest, read_marker};
use git_repo::CommitRange;
use release_journal::{Approved, StepId};
use release_version::{BuildVersion, MarkerDecision, MarkerRoot, ReleaseKind, ReleaseVersion, decide, markers_for};

use crate::{
    Error,
    apply::Released,
    config::Loaded,
    manifest::{self, ExpectRef, StageManifest},
    observe::{published, remote_refs},
    places::{Mode, Places},
    plan::{
        AnyPlan, ChangelogPlan, MarkerKept, MarkerMove, OtherChangelogs, PagePlan, PushPlan, ReleasePlan,
        ReleaseVersionPlan, release_prefix, stage_prefix,
    },
    resolve::project,
    runner::{RunJournal, Runner},
    stage::places,
    steps::{
        ahead::look_ahead,
        changelog::Changelog,
        id,
        images::{self, Promote},
        page::PublishPage,
        publish::{Copy, Keep, MoveMarker, ReleaseContext},
        push::{Push, open_staged, remove_push_repositories},
        texts::NOTES_MARKDOWN,
        upload::object,
    },
};

/// What is asked of a release run.
#[derive(Debug, Clone)]
pub struct ReleaseRequest {
    /// The staged build.
    pub build_version: BuildVersion,
    /// Which places.
    pub mode: Mode,
}

/// Commits that a plan shows in words.
const SHOWN_COMMITS: usize = 50;

/// Reads the staged build and the places and decides everything about a release run. `cache` is a folder for git objects.
///
/// # Errors
/// [`Error`] says what is against the run; nothing was changed.
pub async fn plan_release(loaded: &Loaded, request: &ReleaseRequest, cache: &Path) -> Result<ReleasePlan, Error> {
    let places = places(loaded, request.mode)?;
    let bucket = places.open_bucket()?;
    let prefix = stage_prefix(&request.build_version);
    let (manifest, bytes) = read_manifest(&bucket, &prefix, request).await?;
    let Some(prime) = manifest.prime() else {
        return Err(Error::NotStaged { build: Box::new(request.build_version), bucket: bucket.url().to_string() });
    };
    let mut versions = Vec::new();
    for version in &manifest.versions {
        if let Some(found) = published(&bucket, &version.version).await? {
            return Err(Error::Published { version: version.version, place: bucket.address(&found) });
        }
        if !version.images.is_empty() {
            let names = version.images.iter().flat_map(images::repositories).map(|(name, _)| name);
            if let Some(place) = images::published(&places, &version.version.to_string(), names).await? {
                return Err(Error::Published { version: version.version, place });
            }
        }
        versions.push(ReleaseVersionPlan {
            version: version.version,
            from: format!("{prefix}/{}", version.folder),
            to: release_prefix(&version.version),
            files: version.files.files.len(),
            bytes: version.files.size(),
            images: version.images.iter().map(|image| (format!("{}:{}", image.name, image.tag), image.index)).collect(),
        });
    }
    let push = plan_push(&manifest, &places).await?;
    let (push_commits, push_summary) = new_commits(&bucket, &prefix, &manifest, &push, &places, cache).await?;
    let (markers, markers_kept) = plan_markers(&bucket, &manifest).await?;
    let body = prime.files.get(NOTES_MARKDOWN).map_or_else(|| Sha256Digest::of(b""), |file| file.sha256);
    let forge = places.open_forge()?;
    if forge.page(&prime.tag).await?.is_some() {
        return Err(Error::Published {
            version: prime.version,
            place: format!("page `{}` at {}", prime.tag, places.forge),
        });
    }
    let rules = crate::Rules::of(&loaded.config)?;
    let officials = forge.official_tags().await?;
    let newest = rules.policy.versions(officials.iter().map(String::as_str)).into_iter().next_back();
    let project = project(&loaded.config);
    Ok(ReleasePlan {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        mode: request.mode,
        branch: manifest.branch.clone(),
        build_version: request.build_version,
        manifest: Sha256Digest::of(&bytes),
        stage_plan: manifest.plan,
        identity: git_repo::Identity::new(&loaded.config.identity.name, &loaded.config.identity.email),
        changelogs: plan_changelogs(loaded, &manifest, &prefix)?,
        push,
        push_summary,
        push_commits,
        pages: vec![PagePlan {
            tag: prime.tag.clone(),
            title: format!("{} {}", project.title, prime.version),
            prerelease: prime.version.is_prerelease(),
            latest: !prime.version.is_prerelease() && newest.is_none_or(|newest| newest < prime.version),
            body,
        }],
        markers,
        markers_kept,
        archive: archive_prefix(&project.name, &prime.version),
        project,
        versions,
        prefix,
        places,
    })
}

/// The section of the prime version goes to the default branch, and to the release branch that it is on.
pub(crate) fn plan_changelogs(
    loaded: &Loaded,
    manifest: &StageManifest,
    prefix: &str,
) -> Result<Vec<ChangelogPlan>, Error> {
    let Some((prime, config)) = manifest.prime().zip(loaded.config.changelog.as_ref()) else { return Ok(Vec::new()) };
    let Some(section) = &prime.section else { return Ok(Vec::new()) };
    let line = notes_gen::changelog::ChangelogLine::of_tag(&prime.tag)
        .map_err(|source| Error::Changelog { tag: prime.tag.clone(), source: Box::new(source) })?;
    let mut branches = vec![manifest.branch.clone(), loaded.config.project.default_branch.clone()];
    branches.dedup();
    let first = prime.version.kind() == ReleaseKind::Official && prime.version.patch() == 0;
    let plan = |branch| ChangelogPlan {
        others: if first && branch != loaded.config.project.default_branch {
            OtherChangelogs::Drop
        } else {
            OtherChangelogs::Keep
        },
        branch,
        tag: prime.tag.clone(),
        file: format!("{}/{}", config.folder, line.file_name()),
        index: format!("{}/README.md", config.folder),
        section: format!("{prefix}/{}", section.path),
        sha256: section.sha256,
    };
    Ok(branches.into_iter().map(plan).collect())
}

/// Where plan, manifest and logs of a release are kept in its bucket.
pub(crate) fn archive_prefix(project: &str, version: &ReleaseVersion) -> String {
    format!("archive/{project}-{version}")
}

async fn read_manifest(
    bucket: &Bucket,
    prefix: &str,
    request: &ReleaseRequest,
) -> Result<(StageManifest, Vec<u8>), Error> {
    let name = object(&format!("{prefix}/{}", manifest::FILE_NAME))?;
    let found = bucket.read(&name, manifest::MAX_BYTES).await.map_err(Error::bucket("read the stage manifest"))?;
    let Some(found) = found else {
        return Err(Error::NotStaged { build: Box::new(request.build_version), bucket: bucket.url().to_string() });
    };
    let manifest = manifest::parse(&bucket.address(name.as_str()), &found.bytes)?;
    if manifest.mode != request.mode {
        return Err(Error::OtherMode {
            build: Box::new(request.build_version),
            staged: manifest.mode,
            wanted: request.mode,
        });
    }
    Ok((manifest, found.bytes.to_vec()))
}

async fn plan_push(manifest: &StageManifest, places: &Places) -> Result<Vec<PushPlan>, Error> {
    let refs = remote_refs(places).await?;
    let mut push = Vec::new();
    for staged in &manifest.refs {
        let found = refs.get(&staged.name).copied();
        let shown = |value: Option<git_repo::ObjectId>| value.map_or_else(|| "nothing".to_owned(), |id| id.to_string());
        let expected = match staged.expect {
            ExpectRef::Anything if found.is_some() => continue,
            ExpectRef::Anything | ExpectRef::Absent => None,
            ExpectRef::At(object) if refs.is_empty() => {
                // An empty repository gets the whole branch.
                tracing::info!(%object, "the destination has no refs; the branch is pushed whole");
                None
            }
            ExpectRef::At(object) => Some(object),
        };
        if found != expected {
            return Err(Error::MovedSinceStage {
                what: format!("`{}` at `{}`", staged.name, places.git),
                expected: shown(expected),
                found: shown(found),
            });
        }
        push.push(PushPlan { name: staged.name.clone(), expected, new: staged.object });
    }
    Ok(push)
}

/// The commits that the destination does not have yet: how many, and the newest in words.
async fn new_commits(
    bucket: &Bucket,
    prefix: &str,
    manifest: &StageManifest,
    push: &[PushPlan],
    places: &Places,
    cache: &Path,
) -> Result<(usize, Vec<String>), Error> {
    let folder = cache.join(format!("release-{}", manifest.build_version)).join(manifest.mode.to_string());
    crate::steps::source::remove(&folder)?;
    let repository = open_staged(bucket, prefix, manifest, places, &folder).await?;
    let pushed = manifest.refs.iter().filter(|staged| push.iter().any(|push| push.name == staged.name));
    let mut range = CommitRange::of(manifest.commit);
    range.include = pushed.map(|staged| staged.commit).collect();
    let theirs = repository.refs("refs/remotes/origin/").map_err(Error::git("read the refs of the destination"))?;
    range.exclude = theirs.values().filter_map(|target| target.commit).collect();
    let commits = repository.commits(&range).map_err(Error::git("list the new commits"))?;
    let summary = commits.iter().take(SHOWN_COMMITS).map(|commit| {
        let subject: String =
            commit.message.lines().next().unwrap_or("").chars().filter(|c| !c.is_control()).take(100).collect();
        format!("{} {subject}", commit.id.short(12))
    });
    Ok((commits.len(), summary.collect()))
}

async fn plan_markers(bucket: &Bucket, manifest: &StageManifest) -> Result<(Vec<MarkerMove>, Vec<MarkerKept>), Error> {
    // Two versions of one run may want the same marker: what the first does is what the second finds.
    let mut values: std::collections::BTreeMap<String, Option<String>> = std::collections::BTreeMap::new();
    let (mut moves, mut kept): (Vec<MarkerMove>, Vec<MarkerKept>) = (Vec::new(), Vec::new());
    for version in &manifest.versions {
        let build = BuildVersion::from(version.version);
        let markers = markers_for(MarkerRoot::Release, &build, &[])
            .map_err(|source| Error::Marker { object: version.version.to_string(), source: Box::new(source) })?;
        for marker in markers {
            let path = marker.path();
            let current = match values.get(&path) {
                Some(current) => current.clone(),
                None => read_marker(bucket, &object(&path)?)
                    .await
                    .map_err(Error::bucket(format!("read marker `{path}`")))?
                    .map(|marker| marker.version),
            };
            let decision = decide(&marker, current.as_deref(), &build)
                .map_err(|source| Error::Marker { object: bucket.address(&path), source: Box::new(source) })?;
            match decision {
                MarkerDecision::Create | MarkerDecision::Move { .. } | MarkerDecision::Repair { .. } => {
                    values.insert(path.clone(), Some(version.version.to_string()));
                    moves.push(MarkerMove { object: path, from: current, to: version.version });
                }
                MarkerDecision::Keep { reason } => kept.push(MarkerKept {
                    object: path,
                    current: current.unwrap_or_default(),
                    reason: reason.to_string(),
                }),
            }
        }
    }
    // Only the last move of a marker is made; it starts from what is there now.
    let mut last: Vec<MarkerMove> = Vec::new();
    for step in moves {
        match last.iter_mut().find(|earlier| earlier.object == step.object) {
            Some(earlier) => earlier.to = step.to,
            None => last.push(step),
        }
    }
    Ok((last, kept))
}

fn steps(plan: &ReleasePlan) -> Vec<StepId> {
    let mut steps: Vec<StepId> = plan.versions.iter().map(|version| id("copy", version.version)).collect();
    let with_images = plan.versions.iter().filter(|version| !version.images.is_empty());
    steps.extend(with_images.map(|version| id("promote", version.version)));
    steps.push(id("push", "git"));
    steps.extend(plan.changelogs.iter().map(|changelog| id("changelog", &changelog.branch)));
    steps.extend(plan.pages.iter().map(|page| id("page", &page.tag)));
    steps.push(id("archive", "run"));
    steps.extend(plan.markers.iter().map(|marker| id("marker", &marker.object)));
    steps
}

/// Applies a release plan.
pub(crate) async fn apply(
    approved: &Approved<AnyPlan>,
    plan: &ReleasePlan,
    runner: &Runner,
) -> Result<Released, Error> {
    let bucket = plan.places.open_bucket()?;
    let request = ReleaseRequest { build_version: plan.build_version, mode: plan.mode };
    let (manifest, bytes) = read_manifest(&bucket, &plan.prefix, &request).await?;
    let found = Sha256Digest::of(&bytes);
    if found != plan.manifest {
        return Err(Error::Moved {
            what: format!("the manifest of `{}`", plan.prefix),
            expected: plan.manifest.to_string(),
            found: found.to_string(),
        });
    }
    let mut cx = ReleaseContext {
        plan,
        manifest: &manifest,
        manifest_bytes: &bytes,
        runner,
        bucket: runner.watched(&bucket),
        work: runner.work.clone(),
    };
    look_ahead(&cx).await?;
    let mut journal = runner.open(&bucket, approved, steps(plan)).await?;
    cx.work.push(journal.run().as_str());
    let result = run(&cx, &mut journal).await.and_then(|()| remove_push_repositories(&cx.work));
    crate::apply::close(journal, result).await?;
    Ok(Released {
        mode: plan.mode,
        build_version: plan.build_version,
        versions: plan.versions.iter().map(|version| version.version).collect(),
        tags: manifest.versions.iter().map(|version| version.tag.clone()).collect(),
        files: plan.versions.iter().map(|version| version.files).sum(),
        bytes: plan.versions.iter().map(|version| version.bytes).sum(),
        markers: plan.markers.iter().map(|marker| marker.object.clone()).collect(),
        location: cx.bucket.address(&plan.prime().to),
        archive: cx.bucket.address(&plan.archive),
    })
}

/// The order of publication: files, git objects, page, archive; markers last of all.
async fn run(cx: &ReleaseContext<'_>, journal: &mut RunJournal) -> Result<(), Error> {
    for (version, staged) in cx.plan.versions.iter().zip(&cx.manifest.versions) {
        journal.step(cx, &Copy::new(version, &staged.files)).await?;
    }
    for staged in cx.manifest.versions.iter().filter(|staged| !staged.images.is_empty()) {
        journal.step(cx, &Promote { version: staged.version.to_string(), images: &staged.images }).await?;
    }
    journal.step(cx, &Push).await?;
    for changelog in &cx.plan.changelogs {
        journal.step(cx, &Changelog(changelog)).await?;
    }
    for page in &cx.plan.pages {
        journal.step(cx, &PublishPage(page)).await?;
    }
    journal.step(cx, &Keep).await?;
    for marker in &cx.plan.markers {
        journal.step(cx, &MoveMarker(marker)).await?;
    }
    Ok(())
}
