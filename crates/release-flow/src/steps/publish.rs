//! From staging to the public folders of the bucket, the archive, and last the markers.

use std::sync::atomic::{AtomicBool, Ordering};

use artifact_publish::{
    Attributes, Bucket, Depth, Expected, MarkerValue, Sha256Digest, StagedTree, TreeOptions, copy_tree, read_marker,
    verify_tree, write_marker,
};
use release_journal::{Observed, SkipReason, Step, StepId};
use release_version::{BuildVersion, Marker, MarkerDecision, decide};
use serde::{Deserialize, Serialize};

use super::{
    different, id,
    upload::{folder, object, told},
};
use crate::{
    Error,
    manifest::StageManifest,
    plan::{MarkerMove, ReleasePlan, ReleaseVersionPlan},
    runner::Runner,
};

/// What the steps of a release run share.
pub(crate) struct ReleaseContext<'a> {
    pub(crate) plan: &'a ReleasePlan,
    pub(crate) manifest: &'a StageManifest,
    pub(crate) manifest_bytes: &'a [u8],
    pub(crate) runner: &'a Runner,
    pub(crate) bucket: Bucket,
    pub(crate) work: std::path::PathBuf,
}

/// Copies the files of a version to where users look. What is copied is what the manifest says, by digest.
pub(crate) struct Copy<'v> {
    version: &'v ReleaseVersionPlan,
    tree: &'v StagedTree,
    /// Whether this run has just copied, and so compared every byte.
    copied: AtomicBool,
}

/// What was copied, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Copied {
    files: usize,
    bytes: u64,
}

impl<'v> Copy<'v> {
    pub(crate) fn new(version: &'v ReleaseVersionPlan, tree: &'v StagedTree) -> Self {
        Self { version, tree, copied: AtomicBool::new(false) }
    }
}

impl<'a> Step<ReleaseContext<'a>> for Copy<'_> {
    type Output = Copied;
    type Error = Error;

    fn id(&self) -> StepId {
        id("copy", self.version.version)
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Copied>, Error> {
        let to = folder(&self.version.to)?;
        let copied = self.copied.load(Ordering::SeqCst);
        let depth = if copied { Depth::Metadata } else { Depth::Bytes };
        let differences = verify_tree(&cx.bucket, &to, self.tree, depth, &TreeOptions::default())
            .await
            .map_err(Error::bucket(format!("look at `{to}`")))?;
        let done = Copied { files: self.tree.files.len(), bytes: self.tree.size() };
        Ok(if differences.is_empty() {
            Observed::Done(done)
        } else if differences.changed.is_empty() && differences.extra.is_empty() && !copied {
            Observed::Absent
        } else {
            different(format!("folder `{}`", cx.bucket.address(to.as_str())), "the staged files", told(&differences))
        })
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), Error> {
        let step = <Self as Step<ReleaseContext<'a>>>::id(self);
        let options = TreeOptions::with_progress(cx.runner.bytes(&step, Some(self.tree.size())));
        let (from, to) = (folder(&self.version.from)?, folder(&self.version.to)?);
        copy_tree(&cx.bucket, &from, &cx.bucket, &to, self.tree, &options)
            .await
            .map_err(Error::bucket(format!("publish the files of {}", self.version.version)))?;
        self.copied.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// Keeps the plan, the manifest and the logs of the build.
pub(crate) struct Keep;

impl Keep {
    fn files(cx: &ReleaseContext<'_>) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(vec![
            ("plan.json".to_owned(), release_journal::canonical_json(cx.plan)?),
            ("manifest.json".to_owned(), cx.manifest_bytes.to_vec()),
        ])
    }
}

impl<'a> Step<ReleaseContext<'a>> for Keep {
    type Output = Vec<String>;
    type Error = Error;

    fn id(&self) -> StepId {
        id("archive", "run")
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Vec<String>>, Error> {
        let mut names = Vec::new();
        for (path, bytes) in Self::files(cx)? {
            let name = object(&format!("{}/{path}", cx.plan.archive))?;
            let found = digest_of(&cx.bucket, &name).await?;
            match found {
                None => return Ok(Observed::Absent),
                Some(found) if found == Sha256Digest::of(&bytes) => names.push(name.to_string()),
                Some(found) => return Ok(different(format!("object `{name}`"), Sha256Digest::of(&bytes), found)),
            }
        }
        for log in &cx.manifest.logs {
            let name = object(&format!("{}/{}", cx.plan.archive, log.path))?;
            match digest_of(&cx.bucket, &name).await? {
                None => return Ok(Observed::Absent),
                Some(found) if found == log.sha256 => names.push(name.to_string()),
                Some(found) => return Ok(different(format!("object `{name}`"), log.sha256, found)),
            }
        }
        Ok(Observed::Done(names))
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), Error> {
        for log in &cx.manifest.logs {
            let from = object(&format!("{}/{}", cx.plan.prefix, log.path))?;
            let to = object(&format!("{}/{}", cx.plan.archive, log.path))?;
            let progress = artifact_publish::Progress::none();
            cx.bucket
                .copy(&from, &cx.bucket, &to, &log.sha256, &progress)
                .await
                .map_err(Error::bucket(format!("archive `{}`", log.path)))?;
        }
        for (path, bytes) in Self::files(cx)? {
            let name = object(&format!("{}/{path}", cx.plan.archive))?;
            let json = Attributes::of_type("application/json");
            cx.bucket.create(&name, bytes, &json).await.map_err(Error::bucket(format!("archive `{path}`")))?;
        }
        Ok(())
    }
}

pub(crate) async fn digest_of(
    bucket: &Bucket,
    name: &artifact_publish::ObjectName,
) -> Result<Option<Sha256Digest>, Error> {
    let found = bucket
        .digests(name, &artifact_publish::Progress::none())
        .await
        .map_err(Error::bucket(format!("read `{name}`")))?;
    Ok(found.map(|digests| digests.sha256))
}

/// Moves a marker, forward only; what never belonged there is written over.
///
/// The plan says what it names and will name. When another release moves it while this one is on its way, the rule that made the plan
/// decides again: the release is public by then, and markers are all that is left of it.
pub(crate) struct MoveMarker<'v>(pub(crate) &'v MarkerMove);

/// How often a marker may move under our hands before we give up.
const TRIES: usize = 5;

impl MoveMarker<'_> {
    async fn read(&self, cx: &ReleaseContext<'_>) -> Result<Option<MarkerValue>, Error> {
        let name = object(&self.0.object)?;
        read_marker(&cx.bucket, &name).await.map_err(Error::bucket(format!("read marker `{name}`")))
    }

    fn decide(&self, cx: &ReleaseContext<'_>, found: Option<&str>) -> Result<MarkerDecision, Error> {
        let failed = |source| Error::Marker { object: cx.bucket.address(&self.0.object), source: Box::new(source) };
        let marker: Marker = self.0.object.parse().map_err(failed)?;
        decide(&marker, found, &BuildVersion::from(self.0.to)).map_err(failed)
    }

    /// That the marker names what the plan saw, or what it is about to name: asked before anything is public, when a new plan can
    /// still be made.
    ///
    /// # Errors
    /// [`Error::Moved`] when it does not.
    pub(crate) async fn as_planned(&self, cx: &ReleaseContext<'_>) -> Result<(), Error> {
        let found = self.read(cx).await?.map(|marker| marker.version);
        if found == self.0.from || found.as_ref() == Some(&self.0.to.to_string()) {
            return Ok(());
        }
        let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".to_owned());
        Err(Error::Moved {
            what: format!("marker `{}`", self.0.object),
            expected: shown(self.0.from.clone()),
            found: shown(found),
        })
    }
}

impl<'a> Step<ReleaseContext<'a>> for MoveMarker<'_> {
    type Output = String;
    type Error = Error;

    fn id(&self) -> StepId {
        id("marker", &self.0.object)
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<String>, Error> {
        let found = self.read(cx).await?.map(|marker| marker.version);
        let to = self.0.to.to_string();
        if found.as_ref() == Some(&to) {
            return Ok(Observed::Done(to));
        }
        Ok(match self.decide(cx, found.as_deref())? {
            MarkerDecision::Create | MarkerDecision::Move { .. } | MarkerDecision::Repair { .. } => Observed::Absent,
            MarkerDecision::Keep { reason } => {
                Observed::NotNeeded { reason: SkipReason(reason.to_string()), output: found.unwrap_or_default() }
            }
        })
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), Error> {
        let name = object(&self.0.object)?;
        let version = self.0.to.to_string();
        let mut tries = 0;
        loop {
            let found = self.read(cx).await?;
            if let MarkerDecision::Keep { .. } =
                self.decide(cx, found.as_ref().map(|marker| marker.version.as_str()))?
            {
                return Ok(());
            }
            let expected = found.map_or(Expected::Absent, |marker| Expected::Generation(marker.generation));
            let write = write_marker(&cx.bucket, &name, &version, &expected);
            tries += 1;
            match cx.runner.effect(format!("marker `{name}`"), write).await {
                Ok(_) => return Ok(()),
                // Somebody was faster; what they wrote is looked at.
                Err(artifact_publish::Error::Moved { .. }) if tries < TRIES => {}
                Err(error) => return Err(Error::bucket(format!("move marker `{name}`"))(error)),
            }
        }
    }
}
