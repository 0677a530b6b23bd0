use url::Url;

use crate::fence::{Fences, marker};
use crate::text::{sanitize, says_none, tidy};
use crate::{BlockNames, Documentation, DocumentationKind, Profile};

/// The longest pull request body that is read, in bytes; sixteen times what GitHub stores.
pub const MAX_BODY: usize = 4 << 20;

/// A release note as it stands in a pull request body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The cleaned text: LF, no HTML comments, no control or direction marks, never blank.
    pub text: String,
    /// The text was marked with `[action required]` or `action required:`, which is taken out.
    pub action_required: bool,
}

/// What a pull request body says about its release note.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Extraction {
    /// There is a note.
    Note(Block),
    /// The author says that there is none (`NONE`, `n/a`, `/release-note-none`, …).
    StatedNone,
    /// The block is there, but nothing was filled in.
    Empty,
    /// There is no `release-note` block.
    Missing,
    /// The block is opened but nothing closes it.
    Unclosed,
    /// The body is longer than [`MAX_BODY`].
    TooLarge {
        /// Its length.
        bytes: usize,
    },
}

/// Reads the release note of a pull request body: the first fence with one of the profile's names (`release-note`) that holds
/// something.
///
/// Only a fence of that name is read, so neither an HTML comment nor another fence becomes a note. CRLF and LF are alike. A code
/// fence inside the note belongs to it when it is closed again before the note is; the note ends at another block of the profile
/// (`docs`) in any case.
pub fn extract(body: &str, profile: &Profile) -> Extraction {
    extract_at(body, profile).0
}

/// Where the block that decided stands, in lines from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockPlace {
    /// Its opening.
    pub(crate) opening: usize,
    /// The first line of its text.
    pub(crate) text: usize,
}

/// As [`extract`], with the place of the block that decided.
pub(crate) fn extract_at(body: &str, profile: &Profile) -> (Extraction, Option<BlockPlace>) {
    let names = &profile.blocks;
    if body.len() > MAX_BODY {
        return (Extraction::TooLarge { bytes: body.len() }, None);
    }
    let body = sanitize(body);
    decide(&parse(&body, names), profile)
}

/// The note and the links of a body, read once.
pub(crate) fn read_body(body: &str, profile: &Profile) -> (Extraction, Vec<Documentation>) {
    if body.len() > MAX_BODY {
        return (Extraction::TooLarge { bytes: body.len() }, Vec::new());
    }
    let body = sanitize(body);
    let parsed = parse(&body, &profile.blocks);
    (decide(&parsed, profile).0, links(&parsed, profile))
}

fn decide(parsed: &Parsed<'_>, profile: &Profile) -> (Extraction, Option<BlockPlace>) {
    let names = &profile.blocks;
    let mut answer = if parsed.none_command { Extraction::StatedNone } else { Extraction::Missing };
    let mut place = None;
    for fence in parsed.fences.iter().filter(|fence| names.is_note(fence.name)) {
        let Some(content) = &fence.content else {
            if answer == Extraction::Missing {
                (answer, place) = (Extraction::Unclosed, Some(fence.place()));
            }
            continue;
        };
        let (text, action_required) = tidy(content);
        if says_none(&text) {
            return (Extraction::StatedNone, Some(fence.place()));
        }
        if !text.is_empty() {
            let note = Extraction::Note(Block { text, action_required });
            return (if parsed.none_command { Extraction::StatedNone } else { note }, Some(fence.place()));
        }
        if matches!(answer, Extraction::Missing | Extraction::Unclosed) {
            (answer, place) = (Extraction::Empty, Some(fence.place()));
        }
    }
    (answer, place)
}

/// The links of the body's `docs` block, in order. Lines without an `http` address are left out.
pub fn documentation(body: &str, profile: &Profile) -> Vec<Documentation> {
    if body.len() > MAX_BODY {
        return Vec::new();
    }
    let body = sanitize(body);
    links(&parse(&body, &profile.blocks), profile)
}

fn links(parsed: &Parsed<'_>, profile: &Profile) -> Vec<Documentation> {
    let block = parsed.fences.iter().find(|fence| profile.blocks.is_docs(fence.name));
    let content = block.and_then(|fence| fence.content.as_deref()).map(crate::text::neutralize_comments);
    content.unwrap_or_default().lines().filter_map(|line| documentation_line(line, profile)).collect()
}

fn documentation_line(line: &str, profile: &Profile) -> Option<Documentation> {
    let line = line.trim();
    let line = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")).unwrap_or(line);
    // Not any `http`: the original lost the link of `Usage of http probes: https://…`.
    let (left, right) = line.split_at(["http://", "https://"].into_iter().filter_map(|start| line.find(start)).min()?);
    let address = right.split_whitespace().next()?.trim_end_matches('>');
    let address = if left.ends_with('(') { address.trim_end_matches(')') } else { address };
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let host = url.host_str().unwrap_or_default();
    let rules = profile.documentation.iter();
    let rule = rules.into_iter().find(|rule| is_within(host, &rule.host) && url.path().contains(&rule.path));
    let kind = rule.map_or(DocumentationKind::External, |rule| rule.kind.clone());
    let description = left.trim_end_matches(['(', '<']).trim().trim_end_matches([' ', ':', '-']).to_owned();
    Some(Documentation { description, url: address.to_owned(), kind })
}

/// Whether a host is the domain, or in it.
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

impl BlockNames {
    fn is_note(&self, name: &str) -> bool {
        self.notes.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    fn is_docs(&self, name: &str) -> bool {
        !name.is_empty() && self.docs.eq_ignore_ascii_case(name)
    }

    /// Fences whose opening always ends the fence before it.
    fn is_section(&self, name: &str) -> bool {
        self.is_note(name) || self.is_docs(name) || self.others.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

struct Parsed<'a> {
    fences: Vec<Fence<'a>>,
    /// A line outside of fences and comments is the command for no note.
    none_command: bool,
    /// All lines outside of fences and comments.
    plain: Vec<&'a str>,
}

/// The lines of a clean text that stand outside of fences and of comments that run over several lines.
pub(crate) fn plain_lines(text: &str) -> Vec<&str> {
    let none = BlockNames { notes: Vec::new(), docs: String::new(), others: Vec::new(), none_command: String::new() };
    parse(text, &none).plain
}

struct Fence<'a> {
    name: &'a str,
    /// Line of the opening, from 1.
    line: usize,
    /// First line of the content, from 1.
    first: usize,
    /// `None` when nothing closes it.
    content: Option<String>,
}

impl Fence<'_> {
    fn place(&self) -> BlockPlace {
        let content = self.content.as_deref().unwrap_or_default();
        let blank = content.lines().take_while(|line| line.trim().is_empty()).count();
        BlockPlace { opening: self.line, text: self.first + blank }
    }
}

fn parse<'a>(body: &'a str, names: &BlockNames) -> Parsed<'a> {
    let lines: Vec<&str> = body.lines().collect();
    let last_comment_end = lines.iter().rposition(|line| line.contains("-->"));
    let mut ends = Fences::new(&lines, |name| names.is_section(name));
    let mut parsed = Parsed { fences: Vec::new(), none_command: false, plain: Vec::new() };
    let mut at = 0;
    let mut no_comment_before = 0;
    while at < lines.len() {
        let line = lines[at];
        at += 1;
        if let Some(opening) = marker(line) {
            if opening.opens() {
                let end = ends.end_of(&opening, at);
                let content = end.content.map(|end| lines[at..end].join("\n"));
                parsed.fences.push(Fence { name: opening.name(), line: at, first: at + 1, content });
                at = end.next;
                continue;
            }
            // ```release-note NONE``` on one line
            let content = opening.info.trim_end_matches('`').trim();
            let name = content.split_whitespace().next().unwrap_or_default();
            if names.is_note(name) && !content.contains('`') {
                parsed.fences.push(Fence {
                    name,
                    line: at,
                    first: at,
                    content: Some(content[name.len()..].trim().to_owned()),
                });
            }
            continue;
        }
        let command = names.none_command.as_str();
        parsed.none_command |= !command.is_empty() && line.trim() == command;
        parsed.plain.push(line);
        // A comment that runs over several lines hides them all.
        let Some(start) = line.rfind("<!--").filter(|start| !line[*start..].contains("-->")) else { continue };
        if line[..start].ends_with('`') || last_comment_end.is_none_or(|end| end < at) {
            continue;
        }
        let block = line[..start].trim().is_empty();
        // Within a paragraph a comment ends with it, and a fence or an empty line ends the paragraph.
        let within = |line: &str| block || !(line.trim().is_empty() || marker(line).is_some());
        if !block && at < no_comment_before {
            continue;
        }
        match lines[at..].iter().position(|line| line.contains("-->") || !within(line)) {
            Some(found) if within(lines[at + found]) => at += found + 1,
            Some(found) => no_comment_before = at + found,
            None => {}
        }
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Extraction {
        extract(body, &Profile::default())
    }

    fn note(text: &str) -> Extraction {
        Extraction::Note(Block { text: text.into(), action_required: false })
    }

    #[test]
    fn bodies() {
        #[rustfmt::skip]
        let cases: Vec<(&str, &str, Extraction)> = vec![
            ("LF", "x\n```release-note\na note\n```\ny", note("a note")),
            ("CRLF", "x\r\n```release-note\r\n- a\r\n  b\r\n- c\r\n```\r\ny", note("a\nb\n- c")),
            ("plural, upper case", "```Release-Notes\na\n```", note("a")),
            ("indented in a list", "1. x\n   ```release-note\n   a note\n   ```\n", note("a note")),
            ("tildes", "~~~release-note\na\n~~~", note("a")),
            ("four backticks", "````release-note\na\n```yaml\nb: c\n```\n````", note("a\n```yaml\nb: c\n```")),
            ("three backticks, nested", "```release-note\na\n```yaml\nb: c\n```\nd\n```", note("a\n```yaml\nb: c\n```\nd")),
            ("nested without end", "```release-note\na\n```yaml\nb: c\n```\nprose", note("a")),
            ("end forgotten before docs", "```release-note\na\n```docs\n[KEP]: https://x\n```\n", note("a")),
            ("end forgotten", "```release-note\na\nb", Extraction::Unclosed),
            ("empty", "```release-note\n\n```\n", Extraction::Empty),
            ("empty, no line", "```release-note\n```\n", Extraction::Empty),
            ("only a comment inside", "```release-note\n<!-- write here -->\n```\n", Extraction::Empty),
            ("empty, then comment and docs (the original took the comment)",
             "```release-note\r\n\r\n```\r\n<!--\r\nAdditional documentation\r\n-->\r\n```docs\r\n\r\n```", Extraction::Empty),
            ("none, then an anonymous fence (the original took it)", "```release-note\r\nNONE\r\n```\r\n```\r\ncode\r\n```\r\n", Extraction::StatedNone),
            ("anonymous fence first", "```\r\ncode\r\n```\r\n```release-note\na\n```", note("a")),
            ("anonymous fence only", "```\r\nnot a note\r\n```\r\n", Extraction::Missing),
            ("quoted none", "```release-note\r\n\"NONE\"\r\n```", Extraction::StatedNone),
            ("none in one line", "```release-note NONE```", Extraction::StatedNone),
            ("note in one line", "```release-note a note```", note("a note")),
            ("block in a comment", "<!--\n```release-note\nexample\n```\n-->\n```release-note\nreal\n```", note("real")),
            ("comment that never closes", "see <!-- \n```release-note\nreal\n```", note("real")),
            ("comment in a paragraph", "see <!-- x\n/release-note-none\n--> y\n```release-note\nreal\n```", note("real")),
            ("a paragraph's comment hides no block", "see <!-- x\n```release-note\nreal\n```\n<!-- y -->", note("real")),
            ("nor what stands behind an empty line", "see <!-- x\n\n/release-note-none\n-->", Extraction::StatedNone),
            ("a block's comment in a paragraph", "see <!-- x\n<!-- y\n\n```release-note\nexample\n```\n-->", Extraction::Missing),
            ("comment of a line that begins with blanks", "  <!-- x\n\n```release-note\nexample\n```\n-->", Extraction::Missing),
            ("command", "x\r\n/release-note-none\r\n", Extraction::StatedNone),
            ("command in a comment", "<!--\n/release-note-none\n-->\n```release-note\na\n```", note("a")),
            ("first empty, second filled", "```release-note\n```\n```release-note\na\n```", note("a")),
            ("block quoted", "> ```release-note\n> a\n> ```", Extraction::Missing),
            ("inside another fence", "```markdown\n```release-note\nx\n```\n```release-note\nreal\n```", note("x")),
            ("NUL and direction marks", "```release-note\na\0\u{202e}b\n```", note("ab")),
            ("no body", "", Extraction::Missing),
            ("dev note", "```dev-release-note\na\n```", Extraction::Missing),
        ];
        for (name, body, expected) in cases {
            assert_eq!(read(body), expected, "{name}");
        }
        let marked = Extraction::Note(Block { text: "x".into(), action_required: true });
        assert_eq!(read("```release-note\n* [Action Required] x\n```"), marked);
    }

    #[test]
    fn large_bodies() {
        let long = "a <!-- ```\n".repeat(90_000);
        assert_eq!(read(&format!("{long}\n```release-note\nx\n```")), note("x"));
        // Each of these is over in a blink, for no line is read again for every fence before it.
        let repeated = |piece: &str| piece.repeat((1 << 20) / piece.len());
        for piece in [
            "```release-note\n```x\n",
            "x <!-- y\n",
            "```\n````x\n```\n",
            "```\n````x\n```\n````y\n",
            "```y\n```x\n```\n",
            "```y\n````x\n````\n",
            "`````\n~~~\n``````\n~~~~x\n```x\n```\n",
            "```\n```a`b\n````x\n```\n",
        ] {
            let body = format!("{}\n~~~~~~~~\n~~~~~~~~\n```release-note\nx\n```", repeated(piece));
            assert_eq!(read(&body), note("x"), "{piece}");
        }
        let body = format!("{}\n```release-note\nx\n```\n-->", repeated("x <!-- y\n"));
        assert_eq!(read(&body), note("x"));
        let huge = "x".repeat(MAX_BODY + 1);
        assert_eq!(read(&huge), Extraction::TooLarge { bytes: MAX_BODY + 1 });
        assert!(documentation(&huge, &Profile::default()).is_empty());
    }

    #[test]
    fn documentation_whose_words_say_http() {
        for (line, expected) in [
            ("- [Usage of http probes]: https://example.org/docs/x", Some("https://example.org/docs/x")),
            ("- [HTTP https guide](https://example.org/q)", Some("https://example.org/q")),
            ("- Guide: https://example.org/a b c (see 3)", Some("https://example.org/a")),
            (
                "- Saved: https://example.org/web/https://example.net/x",
                Some("https://example.org/web/https://example.net/x"),
            ),
            ("- only http words", None),
        ] {
            let found = documentation(&format!("```docs\n{line}\n```\n"), &Profile::default());
            let urls: Vec<&str> = found.iter().map(|link| link.url.as_str()).collect();
            assert_eq!(urls, expected.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn documentation_blocks() {
        let body = "```docs\r\n- [KEP]: https://github.com/kubernetes/enhancements/tree/x\r\n* [Usage]: <https://kubernetes.io/docs/a>\r\n\
                    [Other doc]: https://example.org/a-b\r\nno link\r\n[x](http://example.org/y)\r\nftp http-x\r\n```\r\n```\r\nhttps://no.example\r\n```\r\n";
        let found: Vec<(String, String, String)> = documentation(body, &Profile::default())
            .into_iter()
            .map(|d| (d.description, d.url, d.kind.into()))
            .collect();
        let expected = [
            ("[KEP]", "https://github.com/kubernetes/enhancements/tree/x", "KEP"),
            ("[Usage]", "https://kubernetes.io/docs/a", "official"),
            ("[Other doc]", "https://example.org/a-b", "external"),
            ("[x]", "http://example.org/y", "external"),
        ]
        .map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        assert_eq!(found, expected);
    }
}
