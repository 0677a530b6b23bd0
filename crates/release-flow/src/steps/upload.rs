//! Into the staging folder of the bucket: files, git objects, logs.

use std::{collections::BTreeMap, path::PathBuf, sync::Mutex};

use artifact_publish::{
    Archive, Attributes, Bucket, Depth, Digests, ObjectName, ObjectPrefix, StagedTree, TreeDifferences, TreeOptions,
    hash_file, stage_tree, verify_tree,
};
use git_repo::{BundleSpec, RefName};
use release_journal::{Observed, Step, StepId};

use super::{different, id};
use crate::{
    Error,
    manifest::{ExpectRef, StagedObject, StagedRef},
    plan::{StagePlan, StageVersion},
    runner::StageContext,
};
use release_version::{BranchState, Placement};

/// Folder of a version below the folder of the staged build.
pub(crate) fn version_folder(version: &StageVersion) -> String {
    format!("{0}/gcs-stage/{0}", version.version)
}

/// Differences of a folder in words: the first few by name, what is wrong before what is merely not there.
pub(crate) fn told(differences: &TreeDifferences) -> String {
    let mut words = Vec::new();
    words.extend(differences.changed.iter().map(|file| match file.found {
        Some(found) => format!("`{}` with sha256 {} instead of {}", file.path, found.sha256, file.expected.sha256),
        None => format!("`{}` with {} bytes instead of {}", file.path, file.size, file.expected.size),
    }));
    words.extend(differences.extra.iter().map(|path| format!("`{path}` beside them")));
    words.extend(differences.missing.iter().map(|path| format!("`{path}` missing")));
    let more = words.len().saturating_sub(5);
    words.truncate(5);
    let mut text = words.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// A folder of the bucket from parts that plans have checked.
pub(crate) fn folder(text: &str) -> Result<ObjectPrefix, Error> {
    text.parse().map_err(|error: artifact_publish::BadName| Error::bucket(format!("use `{text}`"))(error.into()))
}

pub(crate) fn object(text: &str) -> Result<ObjectName, Error> {
    text.parse().map_err(|error: artifact_publish::BadName| Error::bucket(format!("use `{text}`"))(error.into()))
}

/// Uploads the files of a version and their checksum files. Each file is read once: digests and copy in one go.
pub(crate) struct Upload<'v> {
    version: &'v StageVersion,
    /// What this run has just uploaded, so that looking again does not read everything again.
    done: Mutex<Option<StagedTree>>,
}

impl<'v> Upload<'v> {
    pub(crate) fn new(version: &'v StageVersion) -> Self {
        Self { version, done: Mutex::new(None) }
    }

    fn prefix(&self, plan: &StagePlan) -> Result<ObjectPrefix, Error> {
        folder(&format!("{}/{}", plan.prefix, version_folder(self.version)))
    }

    fn uploaded(&self) -> Option<StagedTree> {
        self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}

impl<'a> Step<StageContext<'a>> for Upload<'_> {
    type Output = StagedTree;
    type Error = Error;

    fn id(&self) -> StepId {
        id("upload", self.version.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<StagedTree>, Error> {
        let prefix = self.prefix(cx.plan)?;
        // An upload of an earlier process is proved by uploading again: what is there with equal digests is kept.
        let Some(tree) = self.uploaded() else { return Ok(Observed::Absent) };
        let options = TreeOptions::default();
        let differences = verify_tree(&cx.bucket, &prefix, &tree, Depth::Metadata, &options)
            .await
            .map_err(Error::bucket("look at the staged files"))?;
        Ok(if differences.is_empty() {
            Observed::Done(tree)
        } else {
            different(format!("folder `{prefix}`"), "the files just uploaded", told(&differences))
        })
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let step = <Self as Step<StageContext<'a>>>::id(self);
        let source = cx.workspace.publish(self.version);
        let total = folder_size(&source);
        let options = TreeOptions::with_progress(cx.runner.bytes(&step, total));
        let tree = stage_tree(&source, &cx.bucket, &self.prefix(cx.plan)?, &options)
            .await
            .map_err(Error::bucket(format!("stage the files of {}", self.version.version)))?;
        *self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(tree);
        Ok(())
    }
}

fn folder_size(folder: &std::path::Path) -> Option<u64> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.ok()?.metadata().ok())
        .map(|found| found.map(|found| if found.is_file() { found.len() } else { 0 }))
        .sum()
}

/// The refs that a staged build will push.
pub(crate) fn staged_refs(plan: &StagePlan) -> Result<Vec<StagedRef>, Error> {
    let named = |name: Result<RefName, git_repo::NameError>| {
        name.map_err(|error| Error::git("name the refs to push")(error.into()))
    };
    let mut refs = Vec::new();
    let mut branches: BTreeMap<&str, StagedRef> = BTreeMap::new();
    for version in &plan.versions {
        refs.push(StagedRef {
            name: named(RefName::tag(&version.tag))?,
            expect: ExpectRef::Absent,
            object: version.tag_object,
            commit: version.commit,
        });
        let expect = match version.placement {
            // The default branch holds the commit already; only an empty repository gets the branch.
            Placement::BuildCommit => ExpectRef::Anything,
            Placement::ReleaseCommit if plan.branch_state == BranchState::New => ExpectRef::Absent,
            Placement::ReleaseCommit => ExpectRef::At(version.parent.object()),
        };
        let name = named(RefName::branch(&version.branch))?;
        let reference = StagedRef { name, expect, object: version.commit.object(), commit: version.commit };
        // Later release commits of one branch stand on earlier ones; the first expectation holds for all.
        branches
            .entry(&version.branch)
            .and_modify(|first| (first.object, first.commit) = (reference.object, reference.commit))
            .or_insert(reference);
    }
    refs.extend(branches.into_values());
    Ok(refs)
}

/// Makes the bundle of the tags and branches, without what the destination is known to have, and uploads it.
pub(crate) struct Bundle;

pub(crate) const BUNDLE: &str = "git.bundle";

impl Bundle {
    async fn local(cx: &StageContext<'_>) -> Result<Option<StagedObject>, Error> {
        let path = cx.workspace.bundle();
        if !path.is_file() {
            return Ok(None);
        }
        let digests =
            hash_file(&path, &artifact_publish::Progress::none()).await.map_err(Error::bucket("read the bundle"))?;
        Ok(Some(StagedObject { path: BUNDLE.to_owned(), size: digests.size, sha256: digests.sha256 }))
    }
}

impl<'a> Step<StageContext<'a>> for Bundle {
    type Output = StagedObject;
    type Error = Error;

    fn id(&self) -> StepId {
        id("bundle", "git")
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<StagedObject>, Error> {
        let Some(local) = Self::local(cx).await? else { return Ok(Observed::Absent) };
        let name = object(&format!("{}/{BUNDLE}", cx.plan.prefix))?;
        observe_object(&cx.bucket, &name, local).await
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let path = cx.workspace.bundle();
        if !path.is_file() {
            let refs: BTreeMap<_, _> =
                staged_refs(cx.plan)?.into_iter().map(|staged| (staged.name, staged.object)).collect();
            let repository = cx.workspace.open_source()?;
            // The destination may be ahead of the source; what the source lacks cannot be left out by it.
            let mut prerequisites = cx.plan.known_heads.clone();
            prerequisites.retain(|head| repository.commit(*head).is_ok());
            let spec = BundleSpec { refs, prerequisites };
            repository.bundle(&path, &spec).await.map_err(Error::git("bundle the git objects"))?;
        }
        let name = object(&format!("{}/{BUNDLE}", cx.plan.prefix))?;
        let progress = cx.runner.bytes(&<Self as Step<StageContext<'a>>>::id(self), None);
        cx.bucket
            .upload(&name, &path, &Attributes::default(), &progress)
            .await
            .map_err(Error::bucket("stage the bundle"))?;
        Ok(())
    }
}

/// Compares an object with what it should be.
pub(crate) async fn observe_object(
    bucket: &Bucket,
    name: &ObjectName,
    expected: StagedObject,
) -> Result<Observed<StagedObject>, Error> {
    let found = bucket
        .digests(name, &artifact_publish::Progress::none())
        .await
        .map_err(Error::bucket(format!("read `{name}`")))?;
    Ok(match found {
        None => Observed::Absent,
        Some(Digests { sha256, .. }) if sha256 == expected.sha256 => Observed::Done(expected),
        Some(Digests { sha256, .. }) => {
            different(format!("object `{}`", bucket.address(name.as_str())), expected.sha256, sha256)
        }
    })
}

/// Puts the build logs into staging, redacted.
pub(crate) struct Logs;

impl Logs {
    fn files(cx: &StageContext<'_>) -> Vec<(String, PathBuf)> {
        let mut files = Vec::new();
        for version in &cx.plan.versions {
            for job in &version.jobs {
                let path = cx.workspace.logs().join(format!("{}.log", job.build_name()));
                files.push((format!("logs/{}/{}.log", version.version, job.id), path));
            }
        }
        files
    }
}

impl<'a> Step<StageContext<'a>> for Logs {
    type Output = Vec<StagedObject>;
    type Error = Error;

    fn id(&self) -> StepId {
        id("logs", "build")
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Vec<StagedObject>>, Error> {
        let mut staged = Vec::new();
        for (path, _) in Self::files(cx) {
            let name = object(&format!("{}/{path}", cx.plan.prefix))?;
            let found = cx
                .bucket
                .digests(&name, &artifact_publish::Progress::none())
                .await
                .map_err(Error::bucket(format!("read `{name}`")))?;
            let Some(digests) = found else { return Ok(Observed::Absent) };
            staged.push(StagedObject { path, size: digests.size, sha256: digests.sha256 });
        }
        Ok(Observed::Done(staged))
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), Error> {
        let archive = Archive::new(cx.bucket.clone(), folder(&cx.plan.prefix)?, cx.runner.redactor.clone());
        for (path, file) in Self::files(cx) {
            archive.put_log(&path, &file).await.map_err(Error::bucket(format!("stage `{path}`")))?;
        }
        Ok(())
    }
}
