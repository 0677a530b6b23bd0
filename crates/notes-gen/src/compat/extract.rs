use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::Edition;
use crate::{Documentation, DocumentationKind, MAX_BODY};

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

// `\s` of these patterns is ASCII, as in the original's engine. The second captures one character, and the third is what made notes of
// whatever stands between two fences.
static BLOCKS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        pattern("(?sU)```release-notes?\r\n(?P<note>.+)\r\n```"),
        pattern("(?sU)```dev-release-notes?\r\n(?P<note>.+)"),
        pattern("(?sU)```\r\n(?P<note>.+)\r\n```"),
        pattern("(?sU)```release-notes?\n(?P<note>.+)\n```"),
    ]
});
static EMPTY_BLOCK: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)```release-notes?(?-u:\s)*```(?-u:\s)*"));
static EXCLUDED_2020: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)```(release-notes?(?-u:\s)*)?('|")?(none|n/a|na)?('|")?(?-u:\s)*```"#));
static EXCLUDED_2021: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)```release-notes?(?-u:\s)*('|")?(none|n/a|na)('|")?(?-u:\s)*```"#));
// A clean-up took the alternation out of the quotes: only `'"` counts now.
static EXCLUDED_2026: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)```release-notes?(?-u:\s)*('")?(none|n/a|na)('")?(?-u:\s)*```"#));
static ACTION: LazyLock<[Regex; 2]> =
    LazyLock::new(|| [pattern(r"(?i)\[action required\](?-u:\s)"), pattern(r"(?i)action required:(?-u:\s)")]);
static STAR: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)(^(?-u:\s)*)\*(?-u:\s)"));
static DOCS: LazyLock<Regex> = LazyLock::new(|| pattern("(?s)```docs\r?\n(?P<text>.+)\r?\n```"));
static DOCS_BULLET: LazyLock<Regex> = LazyLock::new(|| pattern(r"[*-](?-u:\s)"));

/// Whether a body says that there is no note.
pub(super) fn is_excluded(edition: Edition, body: &str) -> bool {
    let none = match edition {
        Edition::Y2020 => &EXCLUDED_2020,
        Edition::Y2021 => &EXCLUDED_2021,
        Edition::Y2026 => &EXCLUDED_2026,
    };
    body.len() > MAX_BODY || none.is_match(body) || body.contains("/release-note-none")
}

/// Whether a body looks as if it had a note; the last edition does not ask.
pub(super) fn is_candidate(edition: Edition, body: &str) -> bool {
    edition == Edition::Y2026
        || body.contains("release-note")
        || body.contains("Does this PR introduce a user-facing change?")
}

/// The note that an edition reads out of a pull request body.
///
/// ```
/// use notes_gen::compat::{Edition, note_text};
/// let body = "```release-note\r\n- fix #7, see\r\n  below\r\n```";
/// assert_eq!(note_text(Edition::Y2020, body).as_deref(), Some("fix &#35;7, see\nbelow"));
/// assert_eq!(note_text(Edition::Y2026, body).as_deref(), Some("fix #7, see\nbelow"));
/// ```
pub fn note_text(edition: Edition, body: &str) -> Option<String> {
    if body.len() > MAX_BODY || (edition == Edition::Y2026 && EMPTY_BLOCK.is_match(body)) {
        return None;
    }
    let found = BLOCKS.iter().find_map(|block| block.captures(body))?;
    let mut text = found["note"].to_owned();
    if edition == Edition::Y2020 {
        text = text.replace('#', "&#35;");
    }
    text = text.replace('\r', "");
    for marker in ACTION.iter() {
        text = marker.replace_all(&text, "").into_owned();
    }
    text = match edition {
        Edition::Y2020 => text.replace("* ", "- "),
        Edition::Y2021 | Edition::Y2026 => STAR.replace_all(&text, "${1}- ").into_owned(),
    };
    Some(unlist(&text).trim().to_owned())
}

fn unlist(text: &str) -> String {
    if !text.starts_with("- ") {
        return text.to_owned();
    }
    let mut lines = String::with_capacity(text.len() + 1);
    let mut second_item = false;
    for (at, line) in text.split('\n').enumerate() {
        second_item |= at > 0 && line.starts_with("- ");
        let bare = if at == 0 { &line[2..] } else { line.strip_prefix("  ").unwrap_or(line) };
        lines.push_str(if second_item { line } else { bare });
        lines.push('\n');
    }
    lines
}

/// The links that the original reads out of a body: everything from the `docs` fence to the body's last fence. Addresses are checked by
/// the rules of browsers, which are stricter than the original's.
pub fn documentation(body: &str) -> Vec<Documentation> {
    if body.len() > MAX_BODY {
        return Vec::new();
    }
    let Some(found) = DOCS.captures(body) else { return Vec::new() };
    DOCS_BULLET.replace_all(&found["text"], "").lines().filter_map(documentation_line).collect()
}

fn documentation_line(line: &str) -> Option<Documentation> {
    let (left, right) = line.split_at(line.find("http")?);
    let address = right.trim();
    let url = Url::parse(address).ok()?;
    let host = url.host_str().unwrap_or_default();
    let kind = if host.contains("github.com") && url.path().contains("/kubernetes/enhancements/") {
        DocumentationKind::Kep
    } else if host.contains("kubernetes.io") && url.path().contains("/docs/") {
        DocumentationKind::Official
    } else {
        DocumentationKind::External
    };
    let description = left.trim().trim_end_matches([' ', ':', '-']).to_owned();
    Some(Documentation { description, url: address.to_owned(), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_by_edition() {
        let same = |text: &'static str| [Some(text); 3];
        #[rustfmt::skip]
        let cases: Vec<(&str, &str, [Option<&str>; 3])> = vec![
            ("CRLF list", "```release-note\r\n- a\r\n  b\r\n- c\r\n```", same("a\nb\n- c")),
            ("LF", "```release-note\na\n```", same("a")),
            ("plural", "```release-notes\r\na\r\n```", same("a")),
            ("star and marker", "```release-note\n* [Action Required] x\n```", same("x")),
            ("star inside", "```release-note\na * b\n```", [Some("a - b"), Some("a * b"), Some("a * b")]),
            ("hash", "```release-note\nfix #1\n```", [Some("fix &#35;1"), Some("fix #1"), Some("fix #1")]),
            ("one character", "```dev-release-note\r\nabc\r\n```", same("a")),
            ("anonymous block", "```\r\nx\r\n```", same("x")),
            ("between fences", "```release-note\r\n\r\n```\r\n<!-- c -->\r\n```docs\r\n\r\n```",
             [Some("```\n<!-- c -->"), Some("```\n<!-- c -->"), None]),
            ("none", "nothing", [None; 3]),
        ];
        for (name, body, expected) in cases {
            for (edition, expected) in [Edition::Y2020, Edition::Y2021, Edition::Y2026].into_iter().zip(expected) {
                assert_eq!(note_text(edition, body).as_deref(), expected, "{name}, {edition:?}");
            }
        }
    }

    #[test]
    fn exclusions_by_edition() {
        #[rustfmt::skip]
        let cases = [
            ("none", "```release-note\r\nNONE\r\n```", [true, true, true]),
            ("quoted", "```release-note\r\n\"NONE\"\r\n```", [true, true, false]),
            ("both quotes", "```release-note\r\n'\"none'\"\r\n```", [false, false, true]),
            ("empty", "```release-note\r\n\r\n```", [true, false, false]),
            ("anonymous", "```none```", [true, false, false]),
            ("command", "/release-note-none", [true, true, true]),
            ("a note", "```release-note\r\nnone of them\r\n```", [false, false, false]),
        ];
        for (name, body, expected) in cases {
            let found = [Edition::Y2020, Edition::Y2021, Edition::Y2026].map(|edition| is_excluded(edition, body));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn documentation_runs_to_the_last_fence() {
        let body = "```docs\r\n- [KEP]: https://github.com/kubernetes/enhancements/tree/x\r\n- [Usage] -: https://kubernetes.io/docs/y\r\n```\r\nsee http://x.example/ z\r\n```\r\n";
        let found: Vec<(String, String, String)> =
            documentation(body).into_iter().map(|it| (it.description, it.url, it.kind.into())).collect();
        let expected = [
            ("[KEP]", "https://github.com/kubernetes/enhancements/tree/x", "KEP"),
            ("[Usage]", "https://kubernetes.io/docs/y", "official"),
            ("see", "http://x.example/ z", "external"),
        ];
        assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
    }
}
