use std::collections::BTreeMap;

use super::Edition;
use crate::{Note, Notes, Profile};

/// The kinds in the order of the document. A kind that is not here has no place, so it stands before all others.
const PRIORITY: [&str; 12] = [
    "deprecation",
    "api-change",
    "feature",
    "design",
    "documentation",
    "failing-test",
    "bug",
    "regression",
    "cleanup",
    "flake",
    OTHER,
    UNCATEGORIZED,
];
const OTHER: &str = "Other (Cleanup or Flake)";
const UNCATEGORIZED: &str = "Uncategorized";

/// The lines of a document.
pub(super) struct Lines<'a> {
    pub(super) urgent: Vec<&'a str>,
    pub(super) categories: Vec<(String, Vec<&'a str>)>,
}

/// Sorts lines under headings as the original does: a note of several kinds goes under the first of them even if it requires
/// action. Unknown kinds come in random order there, by name here. Since March 2024 a note that a map edits is shown even when it is not to
/// be published.
pub(super) fn group(notes: &Notes, edition: Edition) -> Lines<'_> {
    let resurrects = edition == Edition::Y2026;
    let mut urgent = Vec::new();
    let mut by_kind: BTreeMap<(usize, String), Vec<&str>> = BTreeMap::new();
    for note in notes.iter().filter(|note| !note.do_not_publish || (resurrects && note.is_mapped)) {
        let line = entry(note);
        let mut put = |kind: &str| {
            let kind = mapped(kind);
            let rank = PRIORITY.iter().position(|known| *known == kind).map_or(0, |at| at + 1);
            by_kind.entry((rank, kind.to_owned())).or_default().push(line);
        };
        if note.duplicate_kind {
            put(highest(note));
        } else if note.action_required {
            urgent.push(line);
        } else if note.kinds.is_empty() {
            put(UNCATEGORIZED);
        } else {
            for kind in &note.kinds {
                put(kind);
            }
        }
    }
    urgent.sort_unstable();
    let profile = Profile::default();
    let categories = by_kind.into_iter().map(|((_, kind), mut lines)| {
        lines.sort_unstable();
        (profile.heading(&kind), lines)
    });
    Lines { urgent, categories: categories.collect() }
}

fn highest(note: &Note) -> &str {
    let known = PRIORITY.iter().find(|known| note.kinds.iter().any(|kind| kind == *known));
    known.copied().or(note.kinds.first().map(String::as_str)).unwrap_or(UNCATEGORIZED)
}

fn mapped(kind: &str) -> &str {
    match kind {
        "regression" => "bug",
        "cleanup" | "flake" => OTHER,
        other => other,
    }
}

/// The note's line without a leading bullet of its own.
fn entry(note: &Note) -> &str {
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
        note.duplicate_kind = kinds.len() > 1;
        note
    }

    #[test]
    fn lines_are_grouped() {
        let mut lost = note(1, "lost", &["deprecation", "api-change"]);
        lost.action_required = true;
        let mut urgent = note(2, "urgent", &["bug"]);
        urgent.action_required = true;
        let mut mapped = note(3, "mapped", &["flake", "bug"]);
        mapped.duplicate_kind = false;
        let mut hidden = note(4, "hidden", &[]);
        hidden.do_not_publish = true;
        let mut unmapped = hidden.clone();
        (unmapped.pr_number, unmapped.is_mapped) = (PullNumber::new(5).unwrap(), true);
        let others = [
            note(6, "x", &["foo-bar"]),
            note(7, "y", &["dependency"]),
            note(8, "- r", &["regression"]),
            note(9, "n", &["z", "y"]),
        ];
        let notes: Notes = [lost, urgent, mapped, hidden, unmapped].into_iter().chain(others).collect();
        assert!(group(&notes, Edition::Y2021).categories.iter().all(|(kind, _)| kind != "Uncategorized"));
        let lines = group(&notes, Edition::Y2026);
        assert_eq!(lines.urgent, ["urgent"]);
        let expected: [(&str, &[&str]); 7] = [
            ("Dependency", &["y"]),
            ("Foo-Bar", &["x"]),
            ("Z", &["n"]),
            ("Deprecation", &["lost"]),
            ("Bug or Regression", &["mapped", "r"]),
            ("Other (Cleanup or Flake)", &["mapped"]),
            ("Uncategorized", &["hidden"]),
        ];
        let shown: Vec<(&str, &[&str])> =
            lines.categories.iter().map(|(heading, lines)| (heading.as_str(), lines.as_slice())).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn own_bullets_are_taken_off() {
        for (line, expected) in [("- a", "a"), ("* a", "a"), ("-a", "-a"), ("--  a", "a"), ("**a** b", "**a** b")] {
            assert_eq!(entry(&note(1, line, &[])), expected, "{line}");
        }
    }
}
