use std::collections::BTreeMap;

use serde::Serialize;

use crate::note::upper_first;
use crate::{Note, heading, sig_list};

/// The different values of one property, each with the number of notes that have it.
#[derive(Debug, Default)]
pub(super) struct Facet {
    values: BTreeMap<String, usize>,
}

impl Facet {
    pub(super) fn count(&mut self, values: impl IntoIterator<Item = String>) {
        for value in values {
            *self.values.entry(value).or_default() += 1;
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, usize)> {
        self.values.iter().map(|(value, count)| (value.as_str(), *count))
    }

    fn names(&self) -> Vec<&str> {
        self.values.keys().map(String::as_str).collect()
    }

    fn positions(&self) -> BTreeMap<&str, usize> {
        self.values.keys().enumerate().map(|(at, value)| (value.as_str(), at)).collect()
    }
}

/// What a note can be found by.
#[derive(Debug)]
pub(super) struct Properties {
    pub(super) kinds: Vec<String>,
    pub(super) sigs: Vec<String>,
    pub(super) areas: Vec<String>,
    pub(super) author: String,
    action: bool,
}

impl Properties {
    pub(super) fn of(note: &Note) -> Self {
        let unique = |values: Vec<String>| {
            let mut seen = Vec::new();
            values.into_iter().filter(|v| !v.is_empty()).for_each(|v| {
                if !seen.contains(&v) {
                    seen.push(v);
                }
            });
            seen
        };
        let mut kinds = unique(note.kinds.iter().map(|kind| heading(kind)).collect());
        if kinds.is_empty() {
            kinds.push(heading("Uncategorized"));
        }
        let sigs = note.sigs.iter().map(|sig| sig_list(&[sig.as_str()]).trim_start_matches("SIG ").to_owned());
        Self {
            kinds,
            sigs: unique(sigs.collect()),
            areas: unique(note.areas.clone()),
            author: note.author.clone(),
            action: note.action_required,
        }
    }
}

/// The four lists of values that a page offers.
#[derive(Debug, Default)]
pub(super) struct Facets {
    pub(super) kinds: Facet,
    pub(super) sigs: Facet,
    pub(super) areas: Facet,
    pub(super) authors: Facet,
}

impl Facets {
    pub(super) fn of(notes: &[Properties]) -> Self {
        let mut facets = Self::default();
        for note in notes {
            facets.kinds.count(note.kinds.iter().cloned());
            facets.sigs.count(note.sigs.iter().cloned());
            facets.areas.count(note.areas.iter().cloned());
            facets.authors.count([note.author.clone()].into_iter().filter(|author| !author.is_empty()));
        }
        facets
    }

    /// The index of the page's script: for each note, in the order of the page, the positions of its values in the lists.
    pub(super) fn index(&self, notes: &[Properties]) -> String {
        let (kinds, sigs, areas) = (self.kinds.positions(), self.sigs.positions(), self.areas.positions());
        let authors = self.authors.positions();
        let all = |positions: &BTreeMap<&str, usize>, values: &[String]| -> Vec<usize> {
            values.iter().filter_map(|value| positions.get(value.as_str()).copied()).collect()
        };
        let index = Index {
            authors: self.authors.names(),
            kind: notes.iter().map(|note| all(&kinds, &note.kinds)).collect(),
            sig: notes.iter().map(|note| all(&sigs, &note.sigs)).collect(),
            area: notes.iter().map(|note| all(&areas, &note.areas)).collect(),
            author: notes.iter().map(|note| authors.get(note.author.as_str()).copied()).collect(),
            action: notes.iter().enumerate().filter(|(_, note)| note.action).map(|(at, _)| at).collect(),
        };
        serde_json::to_string(&index).expect("an index holds only text and numbers")
    }
}

#[derive(Serialize)]
struct Index<'a> {
    authors: Vec<&'a str>,
    kind: Vec<Vec<usize>>,
    sig: Vec<Vec<usize>>,
    area: Vec<Vec<usize>>,
    author: Vec<Option<usize>>,
    /// The notes that require action.
    action: Vec<usize>,
}

/// A label as a reader sees it: `[KEP]` is `KEP`.
pub(super) fn plain_label(description: &str) -> String {
    let bare = description.trim_matches(|c: char| c.is_whitespace() || "[]:".contains(c));
    upper_first(bare)
}
