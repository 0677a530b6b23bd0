use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Note, Notes, Profile};

/// The notes under one heading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Category<'a> {
    /// The kind, with `regression` counted as `bug`, `cleanup` and `flake` as one.
    pub kind: String,
    /// Its heading.
    pub heading: String,
    /// The notes, sorted by their line.
    pub notes: Vec<&'a Note>,
}

/// Notes in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Grouped<'a> {
    /// All notes that require action before an upgrade, whatever their kinds.
    pub urgent: Vec<&'a Note>,
    /// The other notes by kind. Kinds that are not in the known list come first, by name.
    pub categories: Vec<Category<'a>>,
}

/// Sorts notes under headings. Notes with `do_not_publish` are left out unless a map edited them; notes that require action are
/// always urgent, also those of several kinds (which the original hides among the others).
pub fn group<'a>(notes: &'a Notes, profile: &Profile) -> Grouped<'a> {
    let mut urgent = Vec::new();
    let mut by_kind: BTreeMap<(usize, String), Vec<&Note>> = BTreeMap::new();
    for note in notes.iter().filter(|note| !note.do_not_publish || note.is_mapped) {
        if note.action_required {
            urgent.push(note);
        } else {
            let kind = profile.category(&note.kinds);
            let key = (profile.rank(kind), kind.unwrap_or(&profile.uncategorized).to_owned());
            by_kind.entry(key).or_default().push(note);
        }
    }
    let order = |a: &&Note, b: &&Note| (entry(a), a.pr_number).cmp(&(entry(b), b.pr_number));
    urgent.sort_by(order);
    let categories = by_kind.into_iter().map(|((_, kind), mut notes)| {
        notes.sort_by(order);
        Category { heading: profile.heading(&kind), kind, notes }
    });
    Grouped { urgent, categories: categories.collect() }
}

/// The note's line without a leading bullet of its own.
pub(crate) fn entry(note: &Note) -> &str {
    let line = note.markdown.as_str();
    let bare = line.trim_start_matches(['-', '*']);
    let text = bare.trim_start();
    if bare.len() < line.len() && text.len() < bare.len() { text } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PullNumber;

    fn note(number: u64, markdown: &str, kinds: &[&str]) -> Note {
        let mut note = Note::new(PullNumber::new(number).unwrap(), markdown);
        note.markdown = markdown.into();
        note.kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        note
    }

    #[test]
    fn notes_are_grouped() {
        let mut urgent = note(1, "U", &["api-change", "deprecation"]);
        urgent.action_required = true;
        let mut hidden = note(2, "H", &["bug"]);
        hidden.do_not_publish = true;
        let mut mapped = hidden.clone();
        mapped.pr_number = PullNumber::new(3).unwrap();
        mapped.is_mapped = true;
        let notes: Notes = [
            urgent,
            hidden,
            mapped,
            note(4, "b", &["flake"]),
            note(5, "a", &["cleanup"]),
            note(6, "r", &["regression"]),
            note(7, "f", &["bug", "feature"]),
            note(8, "x", &[]),
            note(9, "d", &["foo-bar", "other"]),
            note(10, "- Z", &["feature"]),
            note(11, "Y", &["feature"]),
        ]
        .into_iter()
        .collect();
        let profile = Profile::default();
        let grouped = group(&notes, &profile);
        let shown: Vec<(String, Vec<u64>)> = grouped
            .categories
            .iter()
            .map(|c| (c.heading.clone(), c.notes.iter().map(|n| n.pr_number.get()).collect()))
            .collect();
        let expected = [
            ("Foo-Bar", vec![9]),
            ("Feature", vec![11, 10, 7]),
            ("Bug or Regression", vec![3, 6]),
            ("Other (Cleanup or Flake)", vec![5, 4]),
            ("Uncategorized", vec![8]),
        ]
        .map(|(heading, numbers)| (heading.to_owned(), numbers));
        assert_eq!(shown, expected);
        assert_eq!(grouped.urgent.iter().map(|n| n.pr_number.get()).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn own_bullets_are_taken_off() {
        for (line, expected) in [("- a", "a"), ("* a", "a"), ("-a", "-a"), ("--  a", "a"), ("**a** b", "**a** b")] {
            assert_eq!(entry(&note(1, line, &[])), expected, "{line}");
        }
    }
}
