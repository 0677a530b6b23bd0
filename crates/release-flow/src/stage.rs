//! Stage: build a commit and put everything into staging. Reads like a table of contents.

use std::path::Path;

use jiff::Timestamp;
use release_journal::{Approved, Fingerprint, Plan as _, StepId};
use release_version::Role;

use crate::{
    Error,
    apply::Staged,
    config::Loaded,
    manifest::{self, SCHEMA, StageManifest, StagedVersion},
    observe::{observe_stage, published},
    places::Places,
    plan::{AnyPlan, ImageJob, StagePlan},
    resolve::{self, Rules, StageRequest},
    runner::{RunJournal, Runner, StageContext, Workspace},
    steps::{
        build::{Build, interrupted},
        id,
        images::{self, MakeImages, StageImages},
        manifest::Manifest,
        package::Package,
        section::StageSection,
        source::{MakeTag, Source},
        texts::Texts,
        upload::{Bundle, Logs, Upload, object, staged_refs, version_folder},
    },
};

/// Looks at source and places and decides everything about a stage run. `cache` is a folder for copies of remote
/// repositories; `now` decides which maps of release notes are still under embargo, and reaches nothing else.
///
/// # Errors
/// [`Error`] says what is against the run; nothing was changed.
pub async fn plan_stage(
    loaded: &Loaded,
    request: &StageRequest,
    cache: &Path,
    now: Timestamp,
) -> Result<StagePlan, Error> {
    let rules = Rules::of(&loaded.config)?;
    let branch = rules.branch(request.branch.as_deref())?;
    let places = places(loaded, request.mode)?;
    let observed =
        observe_stage(loaded, &rules.policy, &branch, request.build_version.as_ref(), &places, cache).await?;
    let bucket = places.open_bucket()?;
    let plan = resolve::plan_stage(loaded, &rules, &branch, request, &observed, places, now)?;
    images::check_bases(&plan).await?;
    for version in &plan.versions {
        if let Some(found) = published(&bucket, &version.version).await? {
            return Err(Error::Published { version: version.version, place: bucket.address(&found) });
        }
        if !version.images.is_empty() {
            let names = version.images.iter().flat_map(image_names);
            if let Some(place) = images::published(&plan.places, &version.version.to_string(), names).await? {
                return Err(Error::Published { version: version.version, place });
            }
        }
    }
    Ok(plan)
}

/// The public repositories of an image: one a platform, and the index.
fn image_names(image: &ImageJob) -> Vec<String> {
    let parts = image.platforms.iter().map(|part| format!("{}-{}", image.name, part.platform.arch()));
    parts.chain([image.name.clone()]).collect()
}

/// The places of a mode, with absolute addresses.
///
/// # Errors
/// When an address is of an unknown kind.
pub fn places(loaded: &Loaded, mode: crate::places::Mode) -> Result<Places, Error> {
    let set = match mode {
        crate::places::Mode::Mock => &loaded.config.places.mock,
        crate::places::Mode::Nomock => &loaded.config.places.production,
    };
    Ok(Places::resolve(set, &loaded.folder)?)
}

fn steps(plan: &StagePlan) -> Vec<StepId> {
    let mut steps = vec![id("source", "clone")];
    for version in &plan.versions {
        steps.push(id("tag", &version.tag));
    }
    for version in &plan.versions {
        for kind in ["build", "notes", "package"] {
            steps.push(id(kind, version.version));
        }
        if !version.images.is_empty() {
            steps.extend([id("images", version.version), id("stage-images", version.version)]);
        }
        steps.push(id("upload", version.version));
        if plan.changelog.is_some() && version.role == Role::Prime {
            steps.push(id("section", version.version));
        }
    }
    steps.extend([id("bundle", "git"), id("logs", "build"), id("manifest", plan.build_version)]);
    steps
}

/// Applies a stage plan.
pub(crate) async fn apply(approved: &Approved<AnyPlan>, plan: &StagePlan, runner: &Runner) -> Result<Staged, Error> {
    let fingerprint = approved.plan().fingerprint()?;
    let bucket = plan.places.open_bucket()?;
    let staged_before = staged_before(&bucket, plan, fingerprint).await?;
    if staged_before.is_none() {
        crate::doctor::require(plan, runner).await?;
    }
    let mut journal = runner.open(&bucket, approved, steps(plan)).await?;
    let workspace = Workspace::new(runner, journal.run().as_str());
    let cx = StageContext { plan, runner, workspace, bucket: runner.watched(&bucket) };
    let result = match staged_before {
        // The manifest is written last: with it, nothing is left to do, on whatever machine it was done.
        Some(manifest) => journal.step(&cx, &Manifest(manifest.clone())).await.map(|_| manifest).map_err(Error::from),
        None => run(&cx, &mut journal, fingerprint).await,
    };
    crate::apply::close(journal, result).await.map(|manifest| Staged::new(plan, &manifest, &cx))
}

async fn run(
    cx: &StageContext<'_>,
    journal: &mut RunJournal,
    fingerprint: Fingerprint,
) -> Result<StageManifest, Error> {
    let plan = cx.plan;
    journal.step(cx, &Source).await?;
    for version in &plan.versions {
        journal.step(cx, &MakeTag(version)).await?;
    }
    let mut versions = Vec::new();
    for version in &plan.versions {
        journal.step(cx, &Build(version)).await.map_err(interrupted)?;
        let notes = journal.step(cx, &Texts(version)).await?;
        journal.step(cx, &Package(version)).await?;
        let (mut images, mut image_archives) = (Vec::new(), Vec::new());
        if !version.images.is_empty() {
            images = journal.step(cx, &MakeImages(version)).await?;
            image_archives = journal.step(cx, &StageImages::new(version, &images)).await?;
        }
        let files = journal.step(cx, &Upload::new(version)).await?;
        let section = match (&plan.changelog, version.role) {
            (Some(_), Role::Prime) => Some(journal.step(cx, &StageSection { version, files: &files }).await?),
            _ => None,
        };
        versions.push(StagedVersion {
            section,
            images,
            image_archives,
            version: version.version,
            role: version.role,
            tag: version.tag.clone(),
            tag_object: version.tag_object,
            commit: version.commit,
            folder: version_folder(version),
            files,
            notes: notes.notes,
            since: plan.notes.since.clone(),
        });
    }
    let bundle = journal.step(cx, &Bundle).await?;
    let logs = journal.step(cx, &Logs).await?;
    let manifest = StageManifest {
        schema: SCHEMA.to_owned(),
        tool: plan.tool.clone(),
        plan: fingerprint,
        date: plan.date,
        mode: plan.mode,
        project: plan.project.clone(),
        kind: plan.kind,
        branch: plan.branch.clone(),
        branch_state: plan.branch_state,
        build_version: plan.build_version,
        commit: plan.commit,
        refs: staged_refs(plan)?,
        bundle,
        versions,
        logs,
    };
    journal.step(cx, &Manifest(manifest.clone())).await?;
    Ok(manifest)
}

/// The manifest that an earlier application of the same plan wrote; another plan's manifest is an error.
async fn staged_before(
    bucket: &artifact_publish::Bucket,
    plan: &StagePlan,
    fingerprint: Fingerprint,
) -> Result<Option<StageManifest>, Error> {
    let name = object(&format!("{}/{}", plan.prefix, manifest::FILE_NAME))?;
    let found = bucket.read(&name, manifest::MAX_BYTES).await.map_err(Error::bucket("look for a staged build"))?;
    let Some(found) = found else { return Ok(None) };
    let manifest = manifest::parse(&bucket.address(name.as_str()), &found.bytes)?;
    if manifest.plan == fingerprint {
        Ok(Some(manifest))
    } else {
        Err(Error::StagedByOther { build: Box::new(plan.build_version), plan: manifest.plan })
    }
}
