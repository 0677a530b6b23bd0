use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{MapError, MapField, MapFile, MapProblem, NoteMap};
use crate::cve::{Cve, order_of};
use crate::note::line;
use crate::text::{same_body, sanitize};
use crate::{Note, Notes, Profile, PullNumber};

/// The maps of one or more providers (folders), in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maps {
    files: Vec<MapFile>,
}

/// How maps change notes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapRules {
    /// Texts are cleaned; line, feature and duplicate flags follow from the other fields; `do_not_publish: true` takes the note out.
    #[default]
    Corrected,
    /// As the original did: texts are taken as they are, and the line is written anew only when a map sets text or author.
    Strict(SuffixEra),
}

/// What the original wrote behind a note that a map edited, over the years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SuffixEra {
    /// No groups at all; until July 2024.
    Never,
    /// The groups when there is more than one; since July 2024.
    Several,
    /// The groups, as behind other notes.
    Always,
}

/// How maps are applied.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApplyOptions<'a> {
    /// The project.
    pub profile: &'a Profile,
    /// The present, for embargoes.
    pub now: Timestamp,
    /// How maps change notes.
    pub rules: MapRules,
    /// The bodies of the pull requests, to tell which changed since their map was made; without them, those in the notes.
    pub bodies: Option<&'a BTreeMap<PullNumber, String>>,
    /// All pull requests of the range, so that a CVE record counts when a pull request of its has no note; without them, those
    /// that have notes.
    pub range: Option<&'a BTreeSet<PullNumber>>,
}

impl<'a> ApplyOptions<'a> {
    /// The corrected rules, at an instant.
    pub fn new(profile: &'a Profile, now: Timestamp) -> Self {
        Self { profile, now, rules: MapRules::default(), bodies: None, range: None }
    }
}

/// Where a field of a note comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The field.
    pub field: MapField,
    /// The map file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether the map changed the field.
    pub changed: bool,
}

/// A map and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MapPlace {
    /// The pull request it is for, if it names one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pull: Option<PullNumber>,
    /// The map file.
    pub file: String,
    /// The line where the map begins.
    pub line: usize,
}

/// A field that two maps of one pull request set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetTwice {
    /// The field.
    pub field: MapField,
    /// Where it was set and is lost.
    pub lost: MapPlace,
    /// Where it is set after that.
    pub wins: MapPlace,
}

/// What the maps did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Applied {
    /// The notes that have maps, with the origin of each field that a map sets.
    pub mapped: BTreeMap<PullNumber, Vec<Provenance>>,
    /// Maps of pull requests that have no note here; some are normal.
    pub unused: Vec<MapPlace>,
    /// Maps that were made for another body than the pull request has now.
    pub body_changed: Vec<MapPlace>,
    /// Notes that a map took out with `do_not_publish: true`; the rules of the original leave them in.
    pub hidden: Vec<MapPlace>,
    /// CVE records of the range, each once, by year and number.
    pub cves: Vec<Cve>,
    /// Further data fields.
    pub data: BTreeMap<PullNumber, Map<String, Json>>,
    /// How many maps of the range are under embargo. Nothing else is told of them.
    pub withheld: usize,
}

/// Maps that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct MapErrors {
    /// Every problem, in the order of the files.
    pub errors: Vec<MapError>,
}

impl Maps {
    /// The files of the providers in order. Within a provider, files count in the order of their paths, name by name.
    pub fn new(providers: Vec<Vec<MapFile>>) -> Self {
        let mut files = Vec::new();
        for mut provider in providers {
            provider.sort_by(|a, b| a.name().split('/').cmp(b.name().split('/')));
            files.extend(provider);
        }
        Self { files }
    }

    /// The files in order.
    pub fn files(&self) -> &[MapFile] {
        &self.files
    }

    /// Every problem of every CVE record, also of those under embargo (whose problems then have no figures).
    pub fn check(&self) -> Result<(), MapErrors> {
        let records = self.documents().filter_map(|(file, map)| Some((file, map, map.cve.as_ref()?)));
        let errors: Vec<MapError> =
            records.flat_map(|(file, map, _)| checked(file, map).err().unwrap_or_default()).collect();
        if errors.is_empty() { Ok(()) } else { Err(MapErrors { errors }) }
    }

    /// Fields that two maps of one pull request set: what the earlier one says there is lost, as the later one wins. CVE records stand
    /// beside each other, and nothing is told of maps with an embargo.
    pub fn set_twice(&self) -> Vec<SetTwice> {
        let mut first: BTreeMap<(PullNumber, MapField), MapPlace> = BTreeMap::new();
        let mut found = Vec::new();
        for (file, map) in self.documents().filter(|(_, map)| map.embargoed_until().is_none()) {
            let Some(pull) = map.pull else { continue };
            for field in map.fields().into_iter().filter(|field| *field != MapField::Cve) {
                let place = MapPlace { pull: Some(pull), file: file.to_owned(), line: map.line_of(field) };
                if let Some(lost) = first.insert((pull, field), place.clone()) {
                    found.push(SetTwice { field, lost, wins: place });
                }
            }
        }
        found
    }

    fn documents(&self) -> impl Iterator<Item = (&str, &NoteMap)> {
        self.files.iter().flat_map(|file| file.maps().iter().map(move |map| (file.name(), map)))
    }

    /// Changes the notes as the maps say; of several maps of one pull request the later wins, field by field. A map under embargo
    /// does nothing. The embargo ends at its instant. Applying the same maps again changes nothing.
    ///
    /// # Errors
    /// A CVE record of the range that cannot be used. The notes are then as they were.
    pub fn apply(&self, notes: &mut Notes, options: &ApplyOptions<'_>) -> Result<Applied, MapErrors> {
        let mut applied = Applied::default();
        let mut errors = Vec::new();
        let mut by_pull: BTreeMap<PullNumber, Vec<(&str, &NoteMap)>> = BTreeMap::new();
        let mut cves: BTreeMap<(u64, u64, String), Cve> = BTreeMap::new();
        for (file, map) in self.documents() {
            let is_here = |pull: &PullNumber| match options.range {
                Some(range) => range.contains(pull) || notes.get(*pull).is_some(),
                None => notes.get(*pull).is_some(),
            };
            let linked = map.cve.iter().flat_map(|cve| &cve.linked_pulls);
            let counts = map.pull.iter().chain(linked).any(is_here);
            if map.embargoed_until().is_some_and(|end| options.now < end) {
                applied.withheld += usize::from(counts);
                continue;
            }
            if counts && map.cve.is_some() {
                match checked(file, map) {
                    Ok(cve) => merge(&mut cves, cve),
                    Err(found) => errors.extend(found),
                }
            }
            match map.pull.filter(|pull| notes.get(*pull).is_some()) {
                Some(pull) => by_pull.entry(pull).or_default().push((file, map)),
                None if !counts => applied.unused.push(place(file, map)),
                None => {}
            }
        }
        if !errors.is_empty() {
            return Err(MapErrors { errors });
        }
        applied.cves = cves.into_values().collect();
        for (pull, maps) in by_pull {
            let Some(note) = notes.get_mut(pull) else { continue };
            let body = options.bodies.and_then(|bodies| bodies.get(&pull)).unwrap_or(&note.pr_body);
            for (file, map) in &maps {
                let then = map.pr_body.as_deref().unwrap_or_default();
                if !then.trim().is_empty() && !body.trim().is_empty() && !same_body(then, body) {
                    applied.body_changed.push(place(file, map));
                }
            }
            let hidden = maps.iter().rev().find(|(_, map)| map.do_not_publish.is_some());
            let hidden = hidden.filter(|(_, map)| map.do_not_publish == Some(true));
            let data = merged_data(&maps);
            applied.mapped.insert(pull, change(note, &maps, options));
            if !data.is_empty() {
                applied.data.insert(pull, data);
            }
            if let (Some((file, map)), MapRules::Corrected) = (hidden, options.rules) {
                let line = map.line_of(MapField::DoNotPublish);
                applied.hidden.push(MapPlace { line, ..place(file, map) });
                notes.remove(pull);
            }
        }
        Ok(applied)
    }
}

fn place(file: &str, map: &NoteMap) -> MapPlace {
    MapPlace { pull: map.pull, file: file.to_owned(), line: map.line }
}

fn checked(file: &str, map: &NoteMap) -> Result<Cve, Vec<MapError>> {
    let Some(record) = &map.cve else { return Err(Vec::new()) };
    // The embargo may stand outside of the record, and must keep its figures back all the same.
    let mut record = record.clone();
    record.embargo = map.embargoed_until();
    record.check(map.pull).map_err(|problems| {
        let error = |problem: crate::cve::CveProblem| MapError {
            file: file.to_owned(),
            line: record.line_of(problem.field()),
            problem: MapProblem::Cve(problem),
        };
        problems.into_iter().map(error).collect()
    })
}

/// Keeps one record of each id: the later text, all pull requests.
fn merge(cves: &mut BTreeMap<(u64, u64, String), Cve>, mut cve: Cve) {
    let key = order_of(&cve.id);
    if let Some(before) = cves.get(&key) {
        cve.pulls.extend(&before.pulls);
        cve.pulls.sort_unstable();
        cve.pulls.dedup();
    }
    cves.insert(key, cve);
}

fn merged_data(maps: &[(&str, &NoteMap)]) -> Map<String, Json> {
    let mut merged = Map::new();
    for data in maps.iter().filter_map(|(_, map)| map.data.as_ref()) {
        if data.is_empty() {
            merged.clear();
        }
        merged.extend(data.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    merged
}

/// Applies the maps of one note, and tells where each field comes from.
fn change(note: &mut Note, maps: &[(&str, &NoteMap)], options: &ApplyOptions<'_>) -> Vec<Provenance> {
    let strict = matches!(options.rules, MapRules::Strict(_));
    let before = note.clone();
    let mut last: BTreeMap<MapField, (&str, &NoteMap)> = BTreeMap::new();
    for (file, map) in maps {
        for field in map.fields() {
            last.insert(field, (file, map));
        }
    }
    for (field, (_, map)) in &last {
        match field {
            MapField::Text => {
                let text = map.text.as_deref().unwrap_or_default();
                note.text = if strict { text.to_owned() } else { sanitize(text).trim().to_owned() };
            }
            MapField::Author => {
                note.author = map.author.clone().unwrap_or_default().trim().trim_start_matches('@').to_owned();
                note.author_url = author_url(&before, &note.author, strict);
            }
            MapField::Areas => note.areas = map.areas.clone().unwrap_or_default(),
            MapField::Kinds => note.kinds = map.kinds.clone().unwrap_or_default(),
            MapField::Sigs => note.sigs = map.sigs.clone().unwrap_or_default(),
            MapField::Feature => note.feature = map.feature.unwrap_or_default(),
            MapField::ActionRequired => note.action_required = map.action_required.unwrap_or_default(),
            MapField::DoNotPublish => note.do_not_publish = map.do_not_publish.unwrap_or_default(),
            MapField::Documentation => note.documentation = map.documentation.clone().unwrap_or_default(),
            MapField::Data | MapField::Cve => {}
        }
    }
    note.is_mapped = true;
    let written = last.contains_key(&MapField::Text) || last.contains_key(&MapField::Author);
    match options.rules {
        MapRules::Corrected => {
            if last.contains_key(&MapField::Kinds) && !last.contains_key(&MapField::Feature) {
                note.feature = note.kinds.iter().any(|kind| kind == "feature");
            }
            note.duplicate = note.sigs.len() > 1;
            note.duplicate_kind = note.kinds.len() > 1;
            note.refresh_markdown(options.profile);
        }
        MapRules::Strict(era) if written => {
            let groups: &[String] = match era {
                SuffixEra::Never => &[],
                SuffixEra::Several if note.sigs.len() < 2 => &[],
                SuffixEra::Several | SuffixEra::Always => &note.sigs,
            };
            note.markdown = line(note, groups, options.profile);
        }
        MapRules::Strict(_) => {}
    }
    let changed = |field: MapField| match field {
        MapField::Text => before.text != note.text,
        MapField::Author => before.author != note.author,
        MapField::Areas => before.areas != note.areas,
        MapField::Kinds => before.kinds != note.kinds,
        MapField::Sigs => before.sigs != note.sigs,
        MapField::Feature => before.feature != note.feature,
        MapField::ActionRequired => before.action_required != note.action_required,
        MapField::DoNotPublish => before.do_not_publish != note.do_not_publish,
        MapField::Documentation => before.documentation != note.documentation,
        MapField::Data | MapField::Cve => true,
    };
    let origin = |(field, (file, map)): (&MapField, &(&str, &NoteMap))| Provenance {
        field: *field,
        file: (*file).to_owned(),
        line: map.line_of(*field),
        changed: changed(*field),
    };
    last.iter().map(origin).collect()
}

/// The author's page, on the host where the note's pages are.
fn author_url(note: &Note, author: &str, strict: bool) -> String {
    if author == note.author && !strict {
        return note.author_url.clone();
    }
    if author.is_empty() {
        return String::new();
    }
    let page = [&note.author_url, &note.pr_url].into_iter().find_map(|page| url::Url::parse(page).ok());
    let host =
        page.filter(|_| !strict).map_or("https://github.com".to_owned(), |url| url.origin().ascii_serialization());
    format!("{host}/{author}")
}
