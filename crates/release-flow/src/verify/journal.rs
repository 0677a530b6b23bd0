//! What the journal tells: which plans were approved and applied.

use artifact_publish::Bucket;
use release_journal::{Fingerprint, History, HistoryError, Plan as _, Reach, RunId, RunState, Store as _, list_runs};
use release_version::ReleaseVersion;

use crate::{Error, plan::AnyPlan, store::BucketStore};

/// A run whose plan is what its name and its approval say.
pub(super) struct Run {
    pub(super) id: RunId,
    pub(super) plan: AnyPlan,
    pub(super) fingerprint: Fingerprint,
    pub(super) state: RunState,
    /// Who approved it; nobody needs to approve a mock run.
    pub(super) approver: Option<String>,
}

/// The runs of one kind about one version.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) good: Vec<Run>,
    /// Runs that contradict themselves, in words.
    pub(super) doubtful: Vec<String>,
}

/// Which runs are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Release,
    Announce,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Announce => "announce",
        }
    }
}

/// The runs about a version, by their names.
pub(super) async fn runs(bucket: &Bucket, kind: Kind, version: &ReleaseVersion) -> Result<Runs, Error> {
    let store = BucketStore::new(bucket.clone());
    let mut runs = Runs::default();
    let subject = format!("{}-{version}", kind.word());
    for id in list_runs(&store).await? {
        if id.as_str().rsplit_once('-').is_some_and(|(found, _)| found == subject) {
            match read(&store, &id).await? {
                Ok(run) => runs.good.push(run),
                Err(doubt) => runs.doubtful.push(format!("journal run `{id}` {doubt}")),
            }
        }
    }
    Ok(runs)
}

/// The version a release run was about that released `version` with it: asked when no archive tells.
pub(super) async fn prime_of(bucket: &Bucket, version: &ReleaseVersion) -> Result<Option<ReleaseVersion>, Error> {
    let store = BucketStore::new(bucket.clone());
    for id in list_runs(&store).await?.iter().filter(|id| id.as_str().starts_with("release-")) {
        let Some(bytes) = store.read(&format!("runs/{id}/plan.json")).await? else { continue };
        let Ok(AnyPlan::Release(plan)) = serde_json::from_slice(&bytes) else { continue };
        if plan.versions.iter().any(|released| released.version == *version) {
            return Ok(plan.versions.first().map(|prime| prime.version));
        }
    }
    Ok(None)
}

async fn read(store: &BucketStore, id: &RunId) -> Result<Result<Run, String>, Error> {
    let history = match History::read(store, id).await {
        Ok(history) => history,
        Err(error @ HistoryError::Malformed { .. }) => return Ok(Err(super::report::chain(&error))),
        Err(error) => return Err(error.into()),
    };
    let state = history.state();
    let plan: AnyPlan = match serde_json::from_value(history.plan) {
        Ok(AnyPlan::Release(plan)) if plan.versions.is_empty() => return Ok(Err("releases no version".to_owned())),
        Ok(plan) => plan,
        Err(error) => return Ok(Err(format!("has a plan that cannot be read: {error}"))),
    };
    let fingerprint = plan.fingerprint()?;
    if format!("{}-{}", plan.subject(), fingerprint.short()) != id.as_str() {
        return Ok(Err(format!(
            "holds the plan `{}` of {}, not that of its name",
            fingerprint.short(),
            plan.subject()
        )));
    }
    let approver = match (plan.reach(), history.approval) {
        (_, Some(approval)) if approval.plan != fingerprint => {
            return Ok(Err(format!("was approved as `{}` and holds `{}`", approval.plan.short(), fingerprint.short())));
        }
        (Reach::Production, None) => return Ok(Err("has no approval".to_owned())),
        (_, approval) => approval.map(|approval| approval.approver),
    };
    Ok(Ok(Run { id: id.clone(), plan, fingerprint, state, approver }))
}
