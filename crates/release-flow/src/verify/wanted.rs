//! What must be where: the union of what the plan says and what the rules make of the manifest. No effects.

use artifact_publish::Sha256Digest;
use git_repo::{ObjectId, RefName};
use release_version::{BuildVersion, Marker, MarkerRoot, ReleaseVersion, markers_for};

use super::{Context, evidence::Evidence};
use crate::{
    Error,
    manifest::{ExpectRef, StageManifest, StagedVersion},
    plan::{ChangelogPlan, ReleasePlan, release_prefix, stage_prefix},
    release::plan_changelogs,
    steps::texts::NOTES_MARKDOWN,
};

/// One version.
pub(super) struct WantedVersion {
    pub(super) version: ReleaseVersion,
    /// Its public folder.
    pub(super) to: String,
    pub(super) tag: String,
    pub(super) tag_object: Option<ObjectId>,
    pub(super) staged: Option<StagedVersion>,
    /// Files and bytes by the plan.
    pub(super) planned: Option<(usize, u64)>,
}

/// A release page, as far as it is known.
#[derive(Default)]
pub(super) struct WantedPage {
    pub(super) tag: String,
    pub(super) title: Option<String>,
    pub(super) prerelease: Option<bool>,
    pub(super) latest: Option<bool>,
    pub(super) body: Option<Sha256Digest>,
}

/// Everything.
#[derive(Default)]
pub(super) struct Wanted {
    /// The versions, the one the run was about first.
    pub(super) versions: Vec<WantedVersion>,
    pub(super) branches: Vec<(RefName, ObjectId)>,
    pub(super) changelogs: Vec<ChangelogPlan>,
    pub(super) pages: Vec<WantedPage>,
    /// Each marker with the version that this release puts there at least.
    pub(super) markers: Vec<(Marker, ReleaseVersion)>,
    /// What the plan should hold and does not.
    pub(super) lacking: Vec<String>,
}

impl Wanted {
    pub(super) fn new(cx: &Context<'_>, evidence: &Evidence) -> Result<Self, Error> {
        let (plan, manifest) = (evidence.plan.as_ref(), evidence.manifest.as_ref());
        let mut wanted = Self::default();
        wanted.add_versions(cx, plan, manifest)?;
        let refs = manifest.iter().flat_map(|manifest| &manifest.refs);
        // What the push leaves alone where it is there already is the project's own branch.
        for staged in refs.filter(|staged| staged.expect != ExpectRef::Anything) {
            if staged.name.is_branch() {
                wanted.branches.push((staged.name.clone(), staged.object));
            }
        }
        for push in plan.iter().flat_map(|plan| &plan.push).filter(|push| push.name.is_branch()) {
            if !wanted.branches.iter().any(|(name, _)| *name == push.name) {
                wanted.branches.push((push.name.clone(), push.new));
            }
        }
        wanted.add_changelogs(cx, plan, manifest)?;
        wanted.add_pages(plan, manifest);
        if plan.is_some() || manifest.is_some() {
            wanted.add_markers()?;
        }
        if let (Some(plan), Some(manifest)) = (plan, manifest) {
            wanted.lacking = lacking(plan, manifest, &wanted);
        }
        Ok(wanted)
    }

    fn add_versions(
        &mut self,
        cx: &Context<'_>,
        plan: Option<&ReleasePlan>,
        manifest: Option<&StageManifest>,
    ) -> Result<(), Error> {
        let mut versions: Vec<ReleaseVersion> = Vec::new();
        versions.extend(manifest.iter().flat_map(|manifest| &manifest.versions).map(|staged| staged.version));
        versions.extend(plan.iter().flat_map(|plan| &plan.versions).map(|released| released.version));
        versions.push(cx.version);
        for version in versions {
            let known = self.versions.iter().any(|wanted| wanted.version == version);
            // Without any record there is only the version that was asked for.
            if known {
                continue;
            }
            let staged =
                manifest.and_then(|manifest| manifest.versions.iter().find(|staged| staged.version == version));
            let planned = plan.and_then(|plan| plan.versions.iter().find(|released| released.version == version));
            let tag = staged.map_or_else(|| cx.rules.policy.tag_name(&version), |staged| staged.tag.clone());
            let name = RefName::tag(&tag).map_err(|error| Error::git("name the tag")(error.into()))?;
            let pushed = plan.and_then(|plan| plan.push.iter().find(|push| push.name == name)).map(|push| push.new);
            self.versions.push(WantedVersion {
                version,
                to: release_prefix(&version),
                tag,
                tag_object: staged.map(|staged| staged.tag_object).or(pushed),
                staged: staged.cloned(),
                planned: planned.map(|planned| (planned.files, planned.bytes)),
            });
        }
        Ok(())
    }

    fn add_changelogs(
        &mut self,
        cx: &Context<'_>,
        plan: Option<&ReleasePlan>,
        manifest: Option<&StageManifest>,
    ) -> Result<(), Error> {
        self.changelogs.extend(plan.iter().flat_map(|plan| &plan.changelogs).cloned());
        let Some(manifest) = manifest else { return Ok(()) };
        for ruled in plan_changelogs(cx.loaded, manifest, &stage_prefix(&manifest.build_version))? {
            if !self.changelogs.iter().any(|planned| planned.branch == ruled.branch) {
                self.changelogs.push(ruled);
            }
        }
        Ok(())
    }

    fn add_pages(&mut self, plan: Option<&ReleasePlan>, manifest: Option<&StageManifest>) {
        self.pages.extend(plan.iter().flat_map(|plan| &plan.pages).map(|page| WantedPage {
            tag: page.tag.clone(),
            title: Some(page.title.clone()),
            prerelease: Some(page.prerelease),
            latest: Some(page.latest),
            body: Some(page.body),
        }));
        let Some(prime) = self.versions.first() else { return };
        if self.pages.iter().all(|page| page.tag != prime.tag) {
            let ruled = manifest.zip(prime.staged.as_ref());
            self.pages.push(WantedPage {
                tag: prime.tag.clone(),
                title: ruled.map(|(manifest, _)| format!("{} {}", manifest.project.title, prime.version)),
                prerelease: ruled.map(|_| prime.version.is_prerelease()),
                latest: None,
                body: ruled.map(|(_, staged)| notes_digest(staged)),
            });
        }
    }

    fn add_markers(&mut self) -> Result<(), Error> {
        for wanted in &self.versions {
            let version = wanted.version;
            let markers = markers_for(MarkerRoot::Release, &BuildVersion::from(version), &[])
                .map_err(|source| Error::Marker { object: version.to_string(), source: Box::new(source) })?;
            for marker in markers {
                match self.markers.iter_mut().find(|(known, _)| *known == marker) {
                    Some((_, highest)) => *highest = (*highest).max(version),
                    None => self.markers.push((marker, version)),
                }
            }
        }
        Ok(())
    }
}

/// The text of the page.
fn notes_digest(staged: &StagedVersion) -> Sha256Digest {
    staged.files.get(NOTES_MARKDOWN).map_or_else(|| Sha256Digest::of(b""), |file| file.sha256)
}

/// What a plan made from this manifest holds, and this one does not.
fn lacking(plan: &ReleasePlan, manifest: &StageManifest, wanted: &Wanted) -> Vec<String> {
    let mut lacking = Vec::new();
    if plan.build_version != manifest.build_version || plan.mode != manifest.mode {
        lacking.push(format!("the {} build `{}`", manifest.mode, manifest.build_version));
    }
    for staged in &manifest.versions {
        let images = |one: &crate::manifest::StagedImage| (format!("{}:{}", one.name, one.tag), one.index);
        let same = plan.versions.iter().any(|released| {
            released.version == staged.version
                && released.to == release_prefix(&staged.version)
                && (released.files, released.bytes) == (staged.files.files.len(), staged.files.size())
                && released.images == staged.images.iter().map(images).collect()
        });
        if !same {
            let (files, images) = (staged.files.files.len(), staged.images.len());
            lacking.push(format!("{} with {files} files and {images} images", staged.version));
        }
    }
    for released in &plan.versions {
        if manifest.versions.iter().all(|staged| staged.version != released.version) {
            lacking.push(format!("a build of {}", released.version));
        }
    }
    for staged in manifest.refs.iter().filter(|staged| staged.expect != ExpectRef::Anything) {
        if !plan.push.iter().any(|push| push.name == staged.name && push.new == staged.object) {
            lacking.push(format!("`{}` at {}", staged.name, staged.object));
        }
    }
    if let (Some(prime), Some(staged)) = (wanted.versions.first(), manifest.prime()) {
        let page = plan.pages.iter().any(|page| {
            page.tag == prime.tag
                && page.prerelease == prime.version.is_prerelease()
                && page.body == notes_digest(staged)
        });
        if !page {
            lacking.push(format!("page `{}`", prime.tag));
        }
    }
    for (marker, version) in &wanted.markers {
        let path = marker.path();
        let moved = plan.markers.iter().any(|planned| planned.object == path && planned.to == *version);
        if !moved && plan.markers_kept.iter().all(|kept| kept.object != path) {
            lacking.push(format!("marker `{path}`"));
        }
    }
    // The default branch may have got another name since; the branch of the release has not.
    let own = |branch: &str| branch == manifest.branch;
    if wanted.changelogs.iter().any(|planned| own(&planned.branch))
        && !plan.changelogs.iter().any(|planned| own(&planned.branch))
    {
        lacking.push(format!("the changelog on `{}`", manifest.branch));
    }
    lacking
}
