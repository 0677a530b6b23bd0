//! Release notes of a stage: what a plan pins of them, and how they are made.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use notes_gen::maps::{ApplyOptions, MapFile, Maps, render_map};
use notes_gen::{Document, Layout, Notes, Profile, PullNumber, RenderOptions};

use crate::{
    Error,
    config::Loaded,
    places::address,
    plan::{NotesMap, NotesPlan, NotesSince, StagePlan},
};

/// What a plan pins: the profile, and the maps that may be seen. A map under embargo is in no plan, since plans are kept in journals.
pub(crate) fn plan(loaded: &Loaded, since: Option<NotesSince>, now: Timestamp) -> Result<NotesPlan, Error> {
    let config = &loaded.config.notes;
    let pull_requests = match &config.pull_requests {
        Some(text) => {
            let text = if text.contains(':') { text.clone() } else { format!("file:{text}") };
            Some(address(
                "notes.pull_requests",
                &text,
                &loaded.folder,
                "`github:OWNER/NAME` or `file:PATH`",
                &["github"],
            )?)
        }
        None => None,
    };
    let profile = match &config.profile {
        None => None,
        Some(path) => {
            let path = loaded.folder.join(path);
            let text = notes_sources::read_text(&path, notes_sources::MAX_TEXT)?;
            let profile = Profile::parse(&text)
                .map_err(|source| Error::Profile { path: path.display().to_string(), source: Box::new(source) })?;
            Some(profile).filter(|profile| *profile != Profile::default())
        }
    };
    let mut maps = Vec::new();
    let mut withheld = 0;
    for folder in &config.maps {
        for file in notes_sources::read_maps(&loaded.folder.join(folder))? {
            let path = shown(&loaded.folder, &file.path);
            let parsed =
                MapFile::parse(path.clone(), &file.text).map_err(|error| Error::Maps { problem: error.to_string() })?;
            let (hidden, public): (Vec<_>, Vec<_>) =
                parsed.maps().iter().partition(|map| map.embargoed_until().is_some_and(|until| until > now));
            withheld += hidden.len();
            if hidden.is_empty() {
                maps.push(NotesMap { path, text: file.text });
            } else if !public.is_empty() {
                // What may be seen of the file counts all the same.
                let texts: Vec<String> = public.into_iter().map(|map| render_map(map, None)).collect();
                maps.push(NotesMap { path, text: texts.join("---\n") });
            }
        }
    }
    maps_of(&maps)?;
    Ok(NotesPlan { since, pull_requests, profile, maps, withheld, dependencies: config.dependencies.clone() })
}

/// The time that maps of a plan are read at: none of them is under embargo any more, which was decided when the plan was made.
pub(crate) const EVERYTHING_SEEN: Timestamp = Timestamp::MAX;

/// A path as the configuration would write it.
fn shown(folder: &Path, path: &str) -> String {
    Path::new(path).strip_prefix(folder).map_or_else(|_| path.to_owned(), |short| short.display().to_string())
}

/// The maps of a plan. Each file counts as a provider of its own, so that their order is the plan's.
pub(crate) fn maps_of(maps: &[NotesMap]) -> Result<Maps, Error> {
    let mut providers = Vec::new();
    for map in maps {
        let file =
            MapFile::parse(map.path.clone(), &map.text).map_err(|error| Error::Maps { problem: error.to_string() })?;
        providers.push(vec![file]);
    }
    let maps = Maps::new(providers);
    maps.check().map_err(|errors| Error::Maps { problem: errors.to_string() })?;
    Ok(maps)
}

/// The document of a version, without downloads.
pub(crate) fn document(
    plan: &StagePlan,
    tag: &str,
    notes: Notes,
    range: &BTreeSet<PullNumber>,
    dependencies: Option<String>,
) -> Result<Document, Error> {
    // Applied again, the maps change nothing; what is wanted are the vulnerabilities that they name.
    let profile = profile(plan);
    let mut options = ApplyOptions::new(&profile, EVERYTHING_SEEN);
    options.range = Some(range);
    let mut again = notes.clone();
    let applied = maps_of(&plan.notes.maps)?.apply(&mut again, &options);
    let applied = applied.map_err(|errors| Error::Maps { problem: errors.to_string() })?;
    let mut document = Document::new(tag, notes);
    document.previous = plan.notes.since.as_ref().map(|since| since.tag.clone());
    document.repository = plan.project.homepage.clone();
    document.cves = applied.cves;
    document.dependencies = dependencies;
    Ok(document)
}

/// How the project writes things. Without a profile of its own it writes as Kubernetes does, but Kubernetes' images and documentation are
/// not its own.
pub(crate) fn profile(plan: &StagePlan) -> Profile {
    plan.notes.profile.clone().unwrap_or_else(|| {
        let mut profile = Profile::default();
        if profile.name != plan.project.name {
            profile.name.clone_from(&plan.project.name);
            profile.document.product.clone_from(&plan.project.name);
            for place in [
                &mut profile.document.documentation,
                &mut profile.document.download_prefix,
                &mut profile.document.image_registry,
                &mut profile.document.image_console,
            ] {
                place.clear();
            }
        }
        profile
    })
}

/// How its documents are rendered.
pub(crate) fn rendering(plan: &StagePlan, layout: Layout) -> RenderOptions {
    let mut options = RenderOptions::new(layout);
    options.profile = profile(plan);
    options
}
