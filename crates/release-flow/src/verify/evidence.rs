//! What was written down about a release: the archive, the journal, and what is still staged.

use artifact_publish::{Bucket, Sha256Digest};
use release_journal::{Fingerprint, Plan as _, RunState};
use release_version::ReleaseVersion;

use super::{
    Context,
    journal::{self, Kind, Run, Runs},
    report::{Report, Verdict},
};
use crate::{
    Error,
    manifest::{self, StageManifest},
    plan::{AnnouncePlan, AnyPlan, ReleasePlan},
    release::archive_prefix,
    steps::upload::{folder, object},
};

/// What is known of a release.
#[derive(Default)]
pub(super) struct Evidence {
    /// The plan that was applied, by the best witness.
    pub(super) plan: Option<ReleasePlan>,
    /// What was staged.
    pub(super) manifest: Option<StageManifest>,
    /// Announcements that were approved, with whether they were sent to the end.
    pub(super) announcements: Vec<(AnnouncePlan, RunState)>,
    /// What the witnesses say of the plan.
    pub(super) told: Option<(Verdict, String)>,
}

/// Reads a whole object.
pub(super) async fn read(bucket: &Bucket, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let found =
        bucket.read(&object(name)?, manifest::MAX_BYTES).await.map_err(Error::bucket(format!("read `{name}`")))?;
    Ok(found.map(|object| object.bytes.to_vec()))
}

/// Gathers the evidence; what is wrong with the archive is reported on the way.
pub(super) async fn gather(report: &mut Report, cx: &Context<'_>, bucket: &Bucket) -> Result<Evidence, Error> {
    let archived = archive_of(bucket, &cx.project, &cx.version).await?;
    let prime = match &archived {
        Some((_, prime)) => *prime,
        None => journal::prime_of(bucket, &cx.version).await?.unwrap_or(cx.version),
    };
    let runs = journal::runs(bucket, Kind::Release, &prime).await?;
    if archived.is_some() || runs.good.iter().any(|run| run.state == RunState::Complete) {
        report.saw();
    }
    let archive = archived.map_or_else(|| archive_prefix(&cx.project, &prime), |(archive, _)| archive);
    let (plan_name, manifest_name) = (format!("{archive}/plan.json"), format!("{archive}/manifest.json"));
    let (plan_bytes, manifest_bytes) = (read(bucket, &plan_name).await?, read(bucket, &manifest_name).await?);
    let mut wrong = Vec::new();
    let archived = plan_bytes.as_deref().map(parse_plan).transpose().unwrap_or_else(|why| {
        wrong.push(format!("`{}` {why}", bucket.address(&plan_name)));
        None
    });
    let judged = judge(archived, plan_bytes.is_some(), runs)?;

    // The bytes that the plan pins, wherever they are; else what there is.
    let pinned = judged.plan.as_ref().map(|plan| plan.manifest);
    let fits = |bytes: &Vec<u8>| pinned.is_none_or(|pinned| Sha256Digest::of(bytes) == pinned);
    let mut manifest = None;
    if let Some(bytes) = &manifest_bytes {
        let found = Sha256Digest::of(bytes);
        if let Some(pinned) = pinned.filter(|pinned| *pinned != found) {
            wrong.push(format!("expected a manifest with sha256 {pinned}, found sha256 {found}"));
        }
        match manifest::parse(&bucket.address(&manifest_name), bytes) {
            Ok(parsed) => manifest = Some(parsed),
            Err(error) => wrong.push(super::report::chain(&error)),
        }
    }
    if !manifest_bytes.as_ref().is_some_and(fits) {
        let staged = match &judged.plan {
            Some(plan) => read(bucket, &format!("{}/{}", plan.prefix, manifest::FILE_NAME)).await?.filter(fits),
            None => None,
        };
        let staged = staged.and_then(|bytes| manifest::parse("staged", &bytes).ok());
        manifest = match staged {
            Some(staged) => Some(staged),
            None if manifest.is_some() => manifest,
            None if judged.plan.is_none() => staged_manifest(cx, bucket).await?,
            None => None,
        };
    }
    let there = format!("plan and manifest in `{}`", bucket.address(&archive));
    let gone: Vec<&str> = [(&plan_bytes, "plan.json"), (&manifest_bytes, "manifest.json")]
        .into_iter()
        .filter(|(bytes, _)| bytes.is_none())
        .map(|(_, name)| name)
        .collect();
    match (gone.as_slice(), wrong.is_empty()) {
        ([], true) => report.ok("archive", there),
        ([], false) => report.add("archive", Verdict::Different, wrong.join("; ")),
        ([_, _], _) => report.missing("archive", format!("`{}` holds no release", bucket.address(&archive))),
        (gone, _) => {
            wrong.insert(0, format!("expected {there}, found no `{}`", gone.join("`, `")));
            report.add("archive", Verdict::Different, wrong.join("; "));
        }
    }
    let announced = journal::runs(bucket, Kind::Announce, &prime).await?;
    let announcements = announced.good.into_iter().filter_map(|run| match run.plan {
        AnyPlan::Announce(plan) => Some((plan, run.state)),
        _ => None,
    });
    Ok(Evidence {
        plan: judged.plan,
        manifest,
        announcements: announcements.collect(),
        told: Some((judged.verdict, judged.detail)),
    })
}

/// A plan from bytes of outside.
fn parse_plan(bytes: &[u8]) -> Result<ReleasePlan, String> {
    match serde_json::from_slice::<ReleasePlan>(bytes) {
        Ok(plan) if plan.versions.is_empty() => Err("releases no version".to_owned()),
        Ok(plan) => Ok(plan),
        Err(error) => Err(format!("is no plan: {error}")),
    }
}

/// The plan to go by, and what there is to say about it.
struct Judged {
    plan: Option<ReleasePlan>,
    verdict: Verdict,
    detail: String,
}

/// Holds the archived plan against the plans that the journal has seen approved and applied.
fn judge(archived: Option<ReleasePlan>, is_archived: bool, runs: Runs) -> Result<Judged, Error> {
    let print = |plan: &ReleasePlan| AnyPlan::Release(plan.clone()).fingerprint();
    let found: Option<Fingerprint> = archived.as_ref().map(print).transpose()?;
    let words = |run: &Run| match &run.approver {
        Some(approver) => format!("`{}` of run `{}`, approved by {approver}", run.fingerprint, run.id),
        None => format!("`{}` of run `{}`", run.fingerprint, run.id),
    };
    let plan_of = |run: Option<Run>| match run.map(|run| run.plan) {
        Some(AnyPlan::Release(plan)) => Some(plan),
        _ => None,
    };
    let mut good = runs.good;
    // A run that came to its end has released; there cannot be two with different plans.
    let ended = good.iter().position(|run| run.state == RunState::Complete && Some(run.fingerprint) != found);
    let same = good.iter().position(|run| Some(run.fingerprint) == found);
    let (verdict, detail, plan) = match (ended, same, found) {
        (None, Some(same), _) => (Verdict::Ok, words(&good[same]), archived),
        (Some(other), _, None) if !is_archived => {
            (Verdict::Ok, words(&good[other]), plan_of(Some(good.swap_remove(other))))
        }
        (Some(other), _, found) => {
            let found = found.map_or_else(|| "none that can be read".to_owned(), |found| format!("`{found}`"));
            let detail = format!("expected {}, found {found} in the archive", words(&good[other]));
            (Verdict::Different, detail, plan_of(Some(good.swap_remove(other))))
        }
        (None, None, Some(found)) => match good.pop() {
            Some(run) => {
                let detail = format!("expected {}, found `{found}` in the archive", words(&run));
                (Verdict::Different, detail, plan_of(Some(run)))
            }
            None => {
                let verdict = if runs.doubtful.is_empty() { Verdict::Missing } else { Verdict::Different };
                let detail = format!("expected a run of the journal with plan `{found}`, found none");
                (verdict, detail, archived)
            }
        },
        (None, None, None) => match good.pop() {
            Some(run) => (Verdict::Ok, words(&run), plan_of(Some(run))),
            None => (Verdict::Missing, "neither the archive nor the journal has one".to_owned(), None),
        },
    };
    let (verdict, detail) = if runs.doubtful.is_empty() {
        (verdict, detail)
    } else {
        (Verdict::Different, format!("{detail}; {}", runs.doubtful.join("; ")))
    };
    Ok(Judged { plan, verdict, detail })
}

/// The archive that tells of a version, its own or that of the version it was released together with, and what that version is.
async fn archive_of(
    bucket: &Bucket,
    project: &str,
    version: &ReleaseVersion,
) -> Result<Option<(String, ReleaseVersion)>, Error> {
    let own = archive_prefix(project, version);
    let objects = bucket.list(&folder("archive")?).await.map_err(Error::bucket("list `archive`"))?;
    if objects.iter().any(|info| info.name.as_str().strip_prefix(&own).is_some_and(|rest| rest.starts_with('/'))) {
        return Ok(Some((own, *version)));
    }
    let archives = objects.iter().filter_map(|info| info.name.as_str().strip_suffix("/manifest.json"));
    for archive in archives {
        let prime = archive.strip_prefix("archive/").and_then(|name| name.strip_prefix(project)?.strip_prefix('-'));
        let Some(prime) = prime.and_then(|prime| prime.parse().ok()) else { continue };
        let name = format!("{archive}/manifest.json");
        let Some(bytes) = read(bucket, &name).await? else { continue };
        let Ok(manifest) = manifest::parse(&bucket.address(&name), &bytes) else { continue };
        if manifest.versions.iter().any(|released| released.version == *version) {
            return Ok(Some((archive.to_owned(), prime)));
        }
    }
    Ok(None)
}

/// The manifest of a staged build that holds the version: the last resort.
async fn staged_manifest(cx: &Context<'_>, bucket: &Bucket) -> Result<Option<StageManifest>, Error> {
    let objects = bucket.list(&folder("stage")?).await.map_err(Error::bucket("list `stage`"))?;
    for info in objects.iter().filter(|info| info.name.as_str().ends_with("/manifest.json")) {
        let Some(bytes) = read(bucket, info.name.as_str()).await? else { continue };
        let Ok(manifest) = manifest::parse(info.name.as_str(), &bytes) else { continue };
        if manifest.mode == cx.mode && manifest.versions.iter().any(|staged| staged.version == cx.version) {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}
