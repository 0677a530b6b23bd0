use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::outline::{Heading, Outline};

/// The line above a table of contents.
pub const BEGIN_MARKER: &str = "<!-- BEGIN MUNGE: GENERATED_TOC -->";
/// The line below it.
pub const END_MARKER: &str = "<!-- END MUNGE: GENERATED_TOC -->";

static NOT_IN_ANCHORS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[^\w\- ]").expect("the pattern is valid"));

/// The anchor that GitHub gives a heading: lower case, without punctuation, blanks as dashes. `None` for a heading that has no
/// letter, digit, dash or underscore, to which nothing can link.
///
/// ```
/// assert_eq!(notes_gen::changelog::anchor("v1.19.0-rc.1").as_deref(), Some("v1190-rc1"));
/// ```
pub fn anchor(title: &str) -> Option<String> {
    let lower = title.trim().to_lowercase();
    let anchor = NOT_IN_ANCHORS.replace_all(&lower, "").replace(' ', "-");
    Some(anchor).filter(|anchor| !anchor.is_empty())
}

/// Gives the headings of one page their anchors: the second of a kind ends in `-1`, the third in `-2`.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    seen: HashMap<String, u64>,
}

impl Anchors {
    /// The anchor of the page's next heading.
    pub fn next(&mut self, title: &str) -> Option<String> {
        let anchor = anchor(title)?;
        let count = self.seen.entry(anchor.clone()).or_default();
        let number = *count;
        *count += 1;
        Some(if number == 0 { anchor } else { format!("{anchor}-{number}") })
    }
}

/// The table of contents of a Markdown text: a nested list of links, two blanks per level below the highest, a newline after each
/// entry. Headings in code blocks, comments, lists and quotations, and underlined ones, are not listed; those that GitHub gives an
/// anchor are counted.
pub fn table_of_contents(markdown: &str) -> String {
    toc_of(&Outline::of(markdown).headings, 0)
}

/// The table of the headings from `body` on. Those before it are on the page, too, so they take anchors.
pub(super) fn toc_of(headings: &[Heading], body: usize) -> String {
    let is_listed = |heading: &&Heading| heading.listed && heading.start >= body;
    let base = headings.iter().filter(is_listed).map(|heading| heading.level).min().unwrap_or(1);
    let mut anchors = Anchors::default();
    let mut toc = String::new();
    for heading in headings {
        let anchor = anchors.next(&heading.plain);
        if !is_listed(&heading) || heading.label.is_empty() {
            continue;
        }
        let (indent, label) = (2 * (heading.level - base), &heading.label);
        match anchor {
            Some(anchor) => toc.push_str(&format!("{:indent$}- [{label}](#{anchor})\n", "")),
            None => toc.push_str(&format!("{:indent$}- {label}\n", "")),
        }
    }
    toc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_githubs() {
        let cases = [
            ("(No, really, you MUST read this before you upgrade)", "no-really-you-must-read-this-before-you-upgrade"),
            ("v1.19.0-rc.1", "v1190-rc1"),
            ("1.14 What’s New", "114-whats-new"),
            ("API & API server", "api--api-server"),
            (" Ärger_x ", "ärger_x"),
        ];
        for (title, expected) in cases {
            assert_eq!(anchor(title).as_deref(), Some(expected), "{title}");
        }
        assert_eq!(anchor("!?"), None);
        let mut anchors = Anchors::default();
        let given: Vec<_> = ["A", "a", "!", "A."].iter().map(|title| anchors.next(title).unwrap_or_default()).collect();
        assert_eq!(given, ["a", "a-1", "", "a-2"]);
    }

    #[test]
    fn tables() {
        let cases = [
            ("nested", "# a\n## b\n### c\n# a\n", "- [a](#a)\n  - [b](#b)\n    - [c](#c)\n- [a](#a-1)\n"),
            ("base is the highest level", "## b\n### c\n", "- [b](#b)\n  - [c](#c)\n"),
            ("level left out", "# a\n### c\n", "- [a](#a)\n    - [c](#c)\n"),
            ("fences", "```\n# a\n```\n~~~~\n# b\n~~~\n# c\n~~~~\n# d\n", "- [d](#d)\n"),
            ("indented code and comment", "    # a\n\n<!--\n# b\n-->\n# c\n", "- [c](#c)\n"),
            ("stray back-tick", "a ` b\n\n# c\n", "- [c](#c)\n"),
            ("counted but not listed", "- # a\n\na\n===\n\n> # a\n\n# a\n", "- [a](#a-3)\n"),
            ("underlined words with hashes", "#a\nb\n---\n\n####### b\n===\n\n#\tc\n", "- [c](#c)\n"),
            ("not a heading", "#a\n\n####### b\n\n\\# c\n", ""),
            ("closing hashes", "# a #\n", "- [a](#a)\n"),
            ("markup", "# **a** `b`\n", "- [**a** `b`](#a-b)\n"),
            ("link", "## Since [v1.2](https://x.example/)\n", "- [Since v1.2](#since-v12)\n"),
            ("brackets", "# x](javascript:a) [y\n", "- [x\\](javascript:a) \\[y](#xjavascripta-y)\n"),
            ("element", "# <b>a</b>\n", "- [a](#a)\n"),
            ("nothing to link to", "# !\n", "- !\n"),
            ("empty", "#\n\n# a\n", "- [a](#a)\n"),
        ];
        for (name, markdown, expected) in cases {
            assert_eq!(table_of_contents(markdown), expected, "{name}");
        }
    }
}
