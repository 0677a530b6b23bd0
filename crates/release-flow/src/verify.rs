//! Reads a release again from all its places and compares everything with everything.

use std::collections::BTreeMap;

use artifact_publish::{Bucket, Depth, Sha256Digest, TreeOptions, read_marker, verify_tree};
use git_repo::{ObjectId, RefName};
use mail_announce::Outbox as _;
use release_version::{BuildVersion, MarkerDecision, ReleaseVersion, decide};
use serde::Serialize;

use crate::{
    Error,
    announce::message_id,
    config::Loaded,
    manifest::{self, StageManifest, StagedVersion},
    observe::remote_refs,
    places::{Mode, Places},
    plan::ReleasePlan,
    release::archive_prefix,
    resolve::project,
    stage::places,
    steps::upload::{folder, object, told},
};

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Something else is there.
    Different,
    /// Nothing is there.
    Missing,
    /// Not there, and need not be yet.
    Pending,
}

/// One thing looked at.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was compared, e.g. ``tag `v1.2.0` ``.
    pub subject: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found, in words.
    pub detail: String,
}

/// All checks of a release.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The version.
    pub version: ReleaseVersion,
    /// Which places.
    pub mode: Mode,
    /// Whether every byte was read.
    pub deep: bool,
    /// The checks in the order of publication.
    pub checks: Vec<Check>,
}

impl Verification {
    /// Whether nothing is missing or different.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.checks.iter().all(|check| matches!(check.verdict, Verdict::Ok | Verdict::Pending))
    }

    fn add(&mut self, subject: impl Into<String>, verdict: Verdict, detail: impl Into<String>) {
        self.checks.push(Check { subject: subject.into(), verdict, detail: detail.into() });
    }
}

/// Compares all places of a mode with the plan and the manifest that the release archived.
///
/// # Errors
/// [`Error::NotReleased`] when the archive has no such release; otherwise only when a place does not answer. What differs is no
/// error: it is in the result.
pub async fn verify(
    loaded: &Loaded,
    version: &ReleaseVersion,
    mode: Mode,
    depth: Depth,
) -> Result<Verification, Error> {
    let places = places(loaded, mode)?;
    let bucket = places.open_bucket()?;
    let project = project(&loaded.config);
    let mut out = Verification { version: *version, mode, deep: depth == Depth::Bytes, checks: Vec::new() };

    let archive = archive_of(&bucket, &project.name, version).await?;
    let missing = || Error::NotReleased { version: *version, bucket: bucket.url().to_string() };
    let plan_bytes = read(&bucket, &format!("{archive}/plan.json")).await?.ok_or_else(missing)?;
    let plan: ReleasePlan = serde_json::from_slice(&plan_bytes).map_err(|source| {
        manifest::ManifestError::Malformed { object: bucket.address(&format!("{archive}/plan.json")), source }
    })?;
    let bytes = read(&bucket, &format!("{archive}/manifest.json")).await?.ok_or_else(missing)?;
    let digest = Sha256Digest::of(&bytes);
    let manifest = manifest::parse(&bucket.address(&format!("{archive}/manifest.json")), &bytes)?;
    let verdict = if digest == plan.manifest { Verdict::Ok } else { Verdict::Different };
    out.add("archive", verdict, format!("plan, and manifest with sha256 {digest}"));

    for staged in &manifest.versions {
        files(&mut out, &bucket, &plan, staged, depth).await?;
    }
    images(&mut out, &places, &manifest, depth).await?;
    let scratch = tempfile::tempdir().map_err(Error::work("create a folder in", std::env::temp_dir()))?;
    refs(&mut out, &places, &plan, &manifest, scratch.path()).await?;
    changelogs(&mut out, &places, &plan, scratch.path()).await?;
    pages(&mut out, &places, &plan).await?;
    markers(&mut out, &bucket, &plan).await?;
    let prime = plan.prime().version;
    mail(&mut out, loaded, &places, &project.name, &prime, mode).await?;
    Ok(out)
}

/// The archive that tells of a version: its own, or that of the version it was released together with.
async fn archive_of(bucket: &Bucket, project: &str, version: &ReleaseVersion) -> Result<String, Error> {
    let own = archive_prefix(project, version);
    if read(bucket, &format!("{own}/plan.json")).await?.is_some() {
        return Ok(own);
    }
    let objects = bucket.list(&folder("archive")?).await.map_err(Error::bucket("list `archive`"))?;
    let archives = objects.iter().filter_map(|info| info.name.as_str().strip_suffix("/manifest.json"));
    for archive in archives.filter(|archive| archive.starts_with(&format!("archive/{project}-"))) {
        let name = format!("{archive}/manifest.json");
        let Some(bytes) = read(bucket, &name).await? else { continue };
        let Ok(manifest) = manifest::parse(&bucket.address(&name), &bytes) else { continue };
        if manifest.versions.iter().any(|released| released.version == *version) {
            return Ok(archive.to_owned());
        }
    }
    Ok(own)
}

async fn read(bucket: &Bucket, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let found =
        bucket.read(&object(name)?, manifest::MAX_BYTES).await.map_err(Error::bucket(format!("read `{name}`")))?;
    Ok(found.map(|object| object.bytes.to_vec()))
}

async fn files(
    out: &mut Verification,
    bucket: &Bucket,
    plan: &ReleasePlan,
    staged: &StagedVersion,
    depth: Depth,
) -> Result<(), Error> {
    let Some(released) = plan.versions.iter().find(|released| released.version == staged.version) else {
        out.add(format!("files of {}", staged.version), Verdict::Different, "the plan does not release them");
        return Ok(());
    };
    let to = folder(&released.to)?;
    let differences = verify_tree(bucket, &to, &staged.files, depth, &TreeOptions::default())
        .await
        .map_err(Error::bucket(format!("look at `{to}`")))?;
    let subject = format!("files of {}", staged.version);
    if differences.is_empty() {
        let what = if depth == Depth::Bytes { "every byte" } else { "names and sizes" };
        let size = crate::plan::human_bytes(staged.files.size());
        out.add(subject, Verdict::Ok, format!("{} files, {size}: {what}", staged.files.files.len()));
    } else if differences.missing.len() == staged.files.files.len() {
        out.add(subject, Verdict::Missing, format!("`{}` is empty", released.to));
    } else {
        out.add(subject, Verdict::Different, told(&differences));
    }
    for (list, digest) in [("SHA256SUMS", 64), ("SHA512SUMS", 128)] {
        sums(out, bucket, &released.to, staged, list, digest).await?;
    }
    Ok(())
}

/// The list of sums as a user downloads it, against the digests that staging computed.
async fn sums(
    out: &mut Verification,
    bucket: &Bucket,
    to: &str,
    staged: &StagedVersion,
    list: &str,
    digits: usize,
) -> Result<(), Error> {
    let subject = format!("{list} of {}", staged.version);
    let Some(bytes) = read(bucket, &format!("{to}/{list}")).await? else {
        out.add(subject, Verdict::Missing, format!("`{to}/{list}` is not there"));
        return Ok(());
    };
    let text = String::from_utf8_lossy(&bytes);
    let found: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.split_once("  ")).map(|(sum, path)| (path, sum)).collect();
    let listed = |path: &str| !path.ends_with(".sha256") && !path.ends_with(".sha512") && path != list;
    let mut wrong = Vec::new();
    for file in staged.files.files.iter().filter(|file| listed(&file.path)) {
        let expected = if digits == 64 { file.sha256.to_string() } else { file.sha512.to_string() };
        match found.get(file.path.as_str()) {
            Some(sum) if *sum == expected => {}
            // One of the two lists cannot hold the other, which is made after it.
            None if file.path == "SHA256SUMS" || file.path == "SHA512SUMS" => {}
            _ => wrong.push(format!("`{}`", file.path)),
        }
    }
    let verdict = if wrong.is_empty() { Verdict::Ok } else { Verdict::Different };
    let detail =
        if wrong.is_empty() { format!("{} sums", found.len()) } else { format!("wrong for {}", wrong.join(", ")) };
    out.add(subject, verdict, detail);
    Ok(())
}

async fn images(out: &mut Verification, places: &Places, manifest: &StageManifest, depth: Depth) -> Result<(), Error> {
    let staged: Vec<_> = manifest.versions.iter().flat_map(|version| version.images.clone()).collect();
    if staged.is_empty() {
        return Ok(());
    }
    let depth = match depth {
        Depth::Bytes => registry_client::Verification::Bytes,
        Depth::Metadata => registry_client::Verification::Sizes,
    };
    for (subject, told) in crate::steps::images::verify(&places.open_registry()?, &staged, depth).await? {
        let subject = format!("image `{subject}`");
        match told {
            Ok(detail) => out.add(subject, Verdict::Ok, detail),
            Err(detail) if detail == crate::steps::images::NOT_THERE => out.add(subject, Verdict::Missing, detail),
            Err(detail) => out.add(subject, Verdict::Different, detail),
        }
    }
    Ok(())
}

async fn changelogs(
    out: &mut Verification,
    places: &Places,
    plan: &ReleasePlan,
    cache: &std::path::Path,
) -> Result<(), Error> {
    if plan.changelogs.is_empty() {
        return Ok(());
    }
    let repository = crate::steps::push::open_push_repository(places, cache).await?;
    for planned in &plan.changelogs {
        let subject = format!("changelog of `{}`", planned.branch);
        let head = match repository.resolve(&format!("refs/remotes/origin/{}", planned.branch)) {
            Ok(head) => head,
            Err(error) => {
                out.add(subject, Verdict::Missing, error.to_string());
                continue;
            }
        };
        let blob = repository
            .blob(head, &planned.file, manifest::MAX_BYTES)
            .map_err(Error::git(format!("read `{}`", planned.file)))?;
        let text = blob.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        match notes_gen::changelog::ChangelogFile::parse(text) {
            Ok(file) if file.section(&planned.tag).is_some() => {
                out.add(subject, Verdict::Ok, format!("{} has a section of {}", planned.file, planned.tag));
            }
            Ok(_) => out.add(subject, Verdict::Missing, format!("{} has no section of {}", planned.file, planned.tag)),
            Err(error) => out.add(subject, Verdict::Different, error.to_string()),
        }
    }
    Ok(())
}

async fn refs(
    out: &mut Verification,
    places: &Places,
    plan: &ReleasePlan,
    manifest: &StageManifest,
    cache: &std::path::Path,
) -> Result<(), Error> {
    let found: BTreeMap<RefName, ObjectId> = remote_refs(places).await?;
    for staged in &manifest.versions {
        let subject = format!("tag `{}`", staged.tag);
        let name = RefName::tag(&staged.tag).map_err(|error| Error::git("name the tag")(error.into()))?;
        match found.get(&name) {
            None => out.add(subject, Verdict::Missing, format!("not at `{}`", places.git)),
            Some(object) if *object == staged.tag_object => {
                out.add(subject, Verdict::Ok, format!("{object} at commit {}", staged.commit.short(12)));
            }
            Some(object) => {
                out.add(subject, Verdict::Different, format!("expected {}, found {object}", staged.tag_object));
            }
        }
    }
    for push in plan.push.iter().filter(|push| push.name.is_branch()) {
        let subject = format!("branch `{}`", push.name.short());
        match found.get(&push.name) {
            None => out.add(subject, Verdict::Missing, format!("not at `{}`", places.git)),
            Some(object) if *object == push.new => out.add(subject, Verdict::Ok, format!("at {object}")),
            // A branch goes on after a release, and keeps what was released.
            Some(object) => {
                let repository = crate::steps::push::open_push_repository(places, cache).await?;
                let (released, head) =
                    (repository.resolve(&push.new.to_string()), repository.resolve(&object.to_string()));
                let holds = match (released, head) {
                    (Ok(released), Ok(head)) => repository
                        .is_ancestor(released, head)
                        .map_err(Error::git(format!("look for the release on {}", push.name)))?,
                    _ => false,
                };
                let (verdict, words) =
                    if holds { (Verdict::Ok, "has gone on from") } else { (Verdict::Different, "does not hold") };
                let at = if holds { "to" } else { "at" };
                out.add(subject, verdict, format!("{words} {} {at} {object}", push.new));
            }
        }
    }
    Ok(())
}

async fn pages(out: &mut Verification, places: &Places, plan: &ReleasePlan) -> Result<(), Error> {
    let forge = places.open_forge()?;
    for planned in &plan.pages {
        let subject = format!("page `{}`", planned.tag);
        match forge.page(&planned.tag).await? {
            None => out.add(subject, Verdict::Missing, format!("not at `{}`", places.forge)),
            Some((page, body)) => {
                let same = page.title == planned.title
                    && page.prerelease == planned.prerelease
                    && Sha256Digest::of(&body) == planned.body;
                if same {
                    out.add(subject, Verdict::Ok, format!("`{}`, {} bytes", page.title, body.len()));
                } else {
                    let detail = format!("expected `{}` with {}", planned.title, planned.body);
                    out.add(subject, Verdict::Different, format!("{detail}, found `{}`", page.title));
                }
            }
        }
    }
    Ok(())
}

async fn markers(out: &mut Verification, bucket: &Bucket, plan: &ReleasePlan) -> Result<(), Error> {
    for marker in &plan.markers {
        let subject = format!("marker `{}`", marker.object);
        let found = match read_marker(bucket, &object(&marker.object)?).await {
            Ok(found) => found,
            Err(error @ artifact_publish::Error::BadMarker { .. }) => {
                out.add(subject, Verdict::Different, error.to_string());
                continue;
            }
            Err(error) => return Err(Error::bucket(format!("read marker `{}`", marker.object))(error)),
        };
        let Some(found) = found else {
            out.add(subject, Verdict::Missing, format!("`{}` is not there", marker.object));
            continue;
        };
        if found.version == marker.to.to_string() {
            out.add(subject, Verdict::Ok, found.version);
            continue;
        }
        // A later release may have moved it on, and only forward.
        let later =
            matches!(decide(Some(&found.version), &BuildVersion::from(marker.to)), Ok(MarkerDecision::Keep { .. }));
        let verdict = if later { Verdict::Ok } else { Verdict::Different };
        out.add(subject, verdict, format!("names {}, this release moved it to {}", found.version, marker.to));
    }
    Ok(())
}

async fn mail(
    out: &mut Verification,
    loaded: &Loaded,
    places: &Places,
    project: &str,
    version: &ReleaseVersion,
    mode: Mode,
) -> Result<(), Error> {
    let id = message_id(project, version, mode, &loaded.config.announce.from)?;
    match places.open_outbox()?.find(&id).await? {
        Some(receipt) => out.add("announcement", Verdict::Ok, receipt.location),
        None => out.add("announcement", Verdict::Pending, "not sent yet"),
    }
    Ok(())
}
