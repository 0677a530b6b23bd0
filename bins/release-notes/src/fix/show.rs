//! Notes as an editor sees them.

use notes_gen::Note;
use notes_gen::maps::{MapField, Provenance};
use similar::{ChangeTag, TextDiff};

const WIDTH: usize = 80;

/// The note with all that a map can change; `>>` marks what one did change.
pub(super) fn description(note: &Note, mapped: &[Provenance]) -> String {
    let mark = |field| if mapped.iter().any(|origin| origin.field == field && origin.changed) { ">>" } else { "  " };
    let list = |values: &[String]| if values.is_empty() { "-".to_owned() } else { values.join(", ") };
    let flags: Vec<&str> = [
        (note.action_required, "action required"),
        (note.feature, "feature"),
        (note.do_not_publish, "not published"),
        (note.duplicate_kind, "several kinds"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect();
    let mut text = format!("#{} {}\n", note.pr_number, note.pr_url);
    let author = if note.author.is_empty() { "-" } else { &note.author };
    text.push_str(&format!("{} author: {author}\n", mark(MapField::Author)));
    text.push_str(&format!("{} groups: {}\n", mark(MapField::Sigs), list(&note.sigs)));
    text.push_str(&format!("{} kinds:  {}\n", mark(MapField::Kinds), list(&note.kinds)));
    text.push_str(&format!("{} areas:  {}\n", mark(MapField::Areas), list(&note.areas)));
    if !flags.is_empty() {
        text.push_str(&format!("   flags:  {}\n", flags.join(", ")));
    }
    text.push_str(&format!("{} text:\n", mark(MapField::Text)));
    for line in note.text.lines().flat_map(|line| wrap(line, WIDTH - 5)) {
        text.push_str(&format!("     {line}\n"));
    }
    text
}

/// Lines of at most `width` characters, broken at blanks; a longer word stays whole.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.last_mut().expect("there is one line at least");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

/// What changed in a text, line by line.
pub(super) fn difference(before: &str, after: &str) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        text.push_str(&format!("{sign} {}\n", change.to_string().trim_end_matches('\n')));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped() {
        assert_eq!(wrap("a bb ccc dddd", 6), ["a bb", "ccc", "dddd"]);
        assert_eq!(wrap("averylongword b", 4), ["averylongword", "b"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn differences_are_shown() {
        assert_eq!(difference("a\nb\n", "a\nc\n"), "  a\n- b\n+ c\n");
    }
}
