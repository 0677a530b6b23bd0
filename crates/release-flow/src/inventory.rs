//! What a bucket holds: staged builds, and runs with their steps.

use std::collections::BTreeMap;

use artifact_publish::Bucket;
use git_repo::CommitId;
use jiff::Timestamp;
use release_journal::{
    Entry, Fingerprint, History, Lease, LeaseRecord, LeaseState, RunId, RunState, StepId, list_runs,
};
use release_version::{BuildVersion, ReleaseVersion};
use serde::Serialize;

use crate::{
    Error,
    manifest::{self, StageManifest},
    places::Mode,
    plan::AnyPlan,
    steps::upload::folder,
    store::BucketStore,
};

/// One staged build.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StagedBuild {
    /// The build version, which `release` is given.
    pub build_version: String,
    /// What its manifest says; nothing when the stage run did not finish, or another tool wrote the folder.
    pub manifest: Option<StagedSummary>,
    /// Objects in its folder.
    pub objects: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// A manifest in short.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StagedSummary {
    /// Which places it was staged for.
    pub mode: Mode,
    /// The versions.
    pub versions: Vec<ReleaseVersion>,
    /// The branch.
    pub branch: String,
    /// The commit that was built.
    pub commit: CommitId,
    /// The date of its tags.
    pub date: Timestamp,
    /// The plan.
    pub plan: Fingerprint,
}

impl From<StageManifest> for StagedSummary {
    fn from(manifest: StageManifest) -> Self {
        Self {
            mode: manifest.mode,
            versions: manifest.versions.iter().map(|version| version.version).collect(),
            branch: manifest.branch,
            commit: manifest.commit,
            date: manifest.date,
            plan: manifest.plan,
        }
    }
}

/// The staged builds of a bucket, oldest version first.
///
/// # Errors
/// When the bucket does not answer, or a manifest is malformed.
pub async fn staged_builds(bucket: &Bucket) -> Result<Vec<StagedBuild>, Error> {
    let root = folder("stage")?;
    let objects = bucket.list(&root).await.map_err(Error::bucket("list staged builds"))?;
    let mut builds: BTreeMap<String, StagedBuild> = BTreeMap::new();
    for info in objects {
        let Some((build, path)) = root.strip(&info.name).and_then(|rest| rest.split_once('/')) else { continue };
        let entry = builds.entry(build.to_owned()).or_insert_with(|| StagedBuild {
            build_version: build.to_owned(),
            manifest: None,
            objects: 0,
            bytes: 0,
        });
        entry.objects += 1;
        entry.bytes += info.size;
        if path == manifest::FILE_NAME {
            let found =
                bucket.read(&info.name, manifest::MAX_BYTES).await.map_err(Error::bucket("read a stage manifest"))?;
            if let Some(found) = found {
                entry.manifest = Some(manifest::parse(&bucket.address(info.name.as_str()), &found.bytes)?.into());
            }
        }
    }
    let mut builds: Vec<StagedBuild> = builds.into_values().collect();
    builds.sort_by_cached_key(|build| (build.build_version.parse::<BuildVersion>().ok(), build.build_version.clone()));
    Ok(builds)
}

/// A run in short.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Which places.
    pub mode: Mode,
    /// What the lease is about.
    pub branch: String,
    /// How far it has come.
    pub state: RunState,
    /// Its steps in order.
    pub steps: Vec<StepSummary>,
    /// When it was first opened.
    pub started: Option<Timestamp>,
    /// When the last record was written.
    pub last: Option<Timestamp>,
    /// Who holds the lease at present, if it is this run.
    pub holder: Option<LeaseRecord>,
}

/// A step in short.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct StepSummary {
    /// The step.
    pub step: StepId,
    /// `done`, `skipped`, `started`, `failed` or `open`, by the run's own account.
    pub state: &'static str,
    /// The error of a failed step.
    pub error: Option<String>,
    /// When that was written.
    pub at: Option<Timestamp>,
}

/// The runs of a bucket, the one written to last at the end.
///
/// # Errors
/// When the bucket does not answer, or a journal is malformed.
pub async fn runs(bucket: &Bucket) -> Result<Vec<RunSummary>, Error> {
    let store = BucketStore::new(bucket.clone());
    let mut runs = Vec::new();
    for run in list_runs(&store).await? {
        runs.push(run_summary(bucket, &run).await?);
    }
    runs.sort_by_cached_key(|run| (run.last, run.run.clone()));
    Ok(runs)
}

/// One run.
///
/// # Errors
/// When there is no such run, or its journal is malformed.
pub async fn run_summary(bucket: &Bucket, run: &RunId) -> Result<RunSummary, Error> {
    let store = BucketStore::new(bucket.clone());
    let history = History::read(&store, run).await?;
    let plan = plan_of(&history)?;
    let lease = crate::runner::lease_of(&plan);
    let current = Lease::current(&store, &lease).await.map_err(release_journal::JournalError::from)?;
    let steps = history
        .steps()
        .into_iter()
        .map(|(step, record)| {
            let (state, error) = match record.map(|record| &record.entry) {
                Some(Entry::Done { .. }) => ("done", None),
                Some(Entry::NotNeeded { .. }) => ("skipped", None),
                Some(Entry::Intent) => ("started", None),
                Some(Entry::Failed { error }) => ("failed", Some(error.clone())),
                _ => ("open", None),
            };
            StepSummary { step, state, error, at: record.map(|record| record.at) }
        })
        .collect();
    Ok(RunSummary {
        run: run.clone(),
        mode: mode_of(&plan),
        branch: lease,
        state: history.state(),
        steps,
        started: history.records.first().map(|record| record.at),
        last: history.records.last().map(|record| record.at),
        holder: current.filter(|record| record.state == LeaseState::Held && record.holder.run == *run),
    })
}

/// The plan and the approval of a run, to apply them again.
///
/// # Errors
/// When there is no such run, or its plan is not one of ours.
pub async fn resume(bucket: &Bucket, run: &RunId) -> Result<(AnyPlan, Option<release_journal::Approval>), Error> {
    let history = History::read(&BucketStore::new(bucket.clone()), run).await?;
    let plan = plan_of(&history)?;
    Ok((plan, history.approval))
}

fn plan_of(history: &History) -> Result<AnyPlan, Error> {
    serde_json::from_value(history.plan.clone()).map_err(|source| {
        release_journal::HistoryError::Malformed { name: format!("runs/{}/plan.json", history.run), source }.into()
    })
}

fn mode_of(plan: &AnyPlan) -> Mode {
    match plan {
        AnyPlan::Stage(plan) => plan.mode,
        AnyPlan::Release(plan) => plan.mode,
        AnyPlan::Announce(plan) => plan.mode,
    }
}
