//! Keeps the Markdown that a stranger wrote within the place it is given.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::html::{is_allowed, is_line_break};
use crate::text::{neutralize_comments, sanitize, says_none};

/// Where the rest of a line (its pull request and so on) goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// Behind the last word.
    Inline,
    /// Into a paragraph of its own, because the text ends in a code block, a table or a quotation.
    Paragraph,
}

/// A text that opens no heading, leaves no code block, comment or element open, and defines no references.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contained {
    pub(super) text: String,
    pub(super) tail: Tail,
    /// Whether it is known to stay within its place; otherwise [`prove`] makes sure.
    is_proved: bool,
}

/// The note that a text holds; nothing if it says that there is none, or is but a piece of the pull request's form.
pub(super) fn cleaned(text: &str) -> Option<String> {
    let text = neutralize_comments(&sanitize(text));
    let text = text.trim();
    let bare = text.trim_start_matches(['-', '*']);
    let text = if bare.len() < text.len() && bare.starts_with(char::is_whitespace) { bare.trim_start() } else { text };
    let is_note = text.lines().any(|line| !is_form(line.trim())) && !says_none(text);
    is_note.then(|| text.to_owned())
}

/// Lines of a form that nobody filled in: nothing, fences, bullets, titles that end in a colon.
fn is_form(line: &str) -> bool {
    let is_title = line.starts_with("# ") || line.starts_with("##") || line.starts_with("**");
    line.chars().all(|c| matches!(c, '`' | '~' | '-' | '*'))
        || matches!(line, "```docs" | "```release-note" | "```release-notes")
        || (is_title && line.trim_end_matches('*').ends_with(':'))
}

/// Changes as little as is needed. Empty, if all there was is line breaks. What it changed may, rarely, bring up something else to
/// change; [`prove`] sees to that.
pub(super) fn contain(text: &str) -> Contained {
    if is_plain(text) {
        return Contained { text: text.to_owned(), tail: Tail::Inline, is_proved: true };
    }
    let (edits, tail) = edits(text);
    let text = if edits.is_empty() { text.to_owned() } else { apply(text, edits).trim().to_owned() };
    Contained { text, tail, is_proved: false }
}

/// Writes a text into its place until it stays there. `write` gives the whole list item, which ends in a newline. What resists is
/// written without any markup.
pub(super) fn prove(contained: &Contained, mut write: impl FnMut(&Contained) -> String) {
    let item = write(contained);
    if contained.is_proved || stays_within(&item) {
        return;
    }
    let mut contained = contain(&contained.text);
    for _ in 0..3 {
        if stays_within(&write(&contained)) {
            return;
        }
        contained = contain(&contained.text);
    }
    write(&break_up(&contained.text));
}

/// A text that is a block of its own.
pub(super) fn contained_block(text: &str) -> String {
    let mut block = String::new();
    prove(&contain(text), |contained| {
        block.clone_from(&contained.text);
        format!("- {}\n", indented(&contained.text))
    });
    block
}

/// The text below the bullet of a list.
pub(super) fn indented(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() + 8);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            lines.push('\n');
            if !line.is_empty() {
                lines.push_str("  ");
            }
        }
        lines.push_str(line);
    }
    lines
}

/// One line without elements, and without links to odd places, that opens no block: nothing can go wrong.
fn is_plain(text: &str) -> bool {
    let opens = |c: char| matches!(c, '#' | '~' | '[' | '-' | '+' | '*' | '_' | '=' | '>' | '|') || c.is_whitespace();
    let is_bold = text.strip_prefix("**").is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    let behind_number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = behind_number.len() < text.len() && behind_number.starts_with(['.', ')']);
    let is_web = |target: &str| ["https://", "http://", "#"].iter().any(|start| target.starts_with(start));
    !text.contains(['\n', '<'])
        && text.split("](").skip(1).all(is_web)
        && !text.starts_with("```")
        && (is_bold || !text.starts_with(opens))
        && !is_numbered
}

fn options() -> Options {
    crate::html::options() | Options::ENABLE_FOOTNOTES
}

/// A piece of the text and what takes its place.
type Edit = (Range<usize>, &'static str);

fn edits(text: &str) -> (Vec<Edit>, Tail) {
    let parser = Parser::new_ext(text, options());
    let definitions = parser.reference_definitions().iter().map(|(_, definition)| definition.span.start);
    let mut edits: Vec<Edit> = definitions.map(|at| (at..at, "\\")).collect();
    let mut tail = Tail::Inline;
    // Tables and quotations around the present place.
    let mut inside = 0_usize;
    let mut depth = 0_usize;
    for (event, range) in parser.into_offset_iter() {
        match &event {
            Event::Start(Tag::Heading { .. }) => edits.push(heading_edit(text, range)),
            Event::Start(Tag::FootnoteDefinition(_)) => edits.push((range.start..range.start, "\\")),
            Event::Rule => edits.push((range.start..range.start, "\\")),
            Event::Html(_) => block_edits(text, range, &mut edits),
            Event::InlineHtml(tag) if !is_line_break(tag) => edits.push((range.start..range.start + 1, "&lt;")),
            Event::Start(Tag::Link { dest_url, link_type, .. } | Tag::Image { dest_url, link_type, .. })
                if *link_type != LinkType::Email && has_scheme(dest_url) && !is_allowed(dest_url) =>
            {
                edits.push(link_edit(text, range));
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) if depth == 0 => {
                edits.extend(open_fence(text, range));
            }
            _ => {}
        }
        match event {
            Event::Start(tag) => {
                depth += 1;
                if matches!(tag, Tag::CodeBlock(_) | Tag::Table(_) | Tag::BlockQuote(_)) {
                    inside += 1;
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if matches!(tag, TagEnd::CodeBlock | TagEnd::Table | TagEnd::BlockQuote(_)) {
                    inside = inside.saturating_sub(1);
                    tail = Tail::Paragraph;
                }
            }
            _ if inside == 0 => tail = Tail::Inline,
            _ => {}
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    (edits, tail)
}

/// Takes the `#` of a heading, or the line below it, its meaning.
fn heading_edit(text: &str, range: Range<usize>) -> Edit {
    let heading = text[range.clone()].trim_end();
    let at = match heading.chars().next_back() {
        Some(line @ ('=' | '-')) if !heading.starts_with('#') => range.start + heading.trim_end_matches(line).len(),
        _ => range.start,
    };
    (at..at, "\\")
}

/// Shows a link as it is written.
fn link_edit(text: &str, range: Range<usize>) -> Edit {
    let bracket = text[range.clone()].find(['[', '<']).unwrap_or_default() + range.start;
    if text[bracket..].starts_with('<') { (bracket..bracket + 1, "&lt;") } else { (bracket..bracket, "\\") }
}

/// Addresses without a scheme are relative, and stay where they are.
fn has_scheme(address: &str) -> bool {
    address.split(['/', '?', '#']).next().is_some_and(|start| start.contains(':'))
}

/// Shows the elements of a block of HTML; a line break alone is an empty line.
fn block_edits(text: &str, range: Range<usize>, edits: &mut Vec<Edit>) {
    let mut at = range.start;
    let closing = |from: usize| text[from..range.end].find('>').map(|found| from + found);
    // Looked for again only behind the last one: an element may hold any number of `<`.
    let mut close = closing(at);
    while let Some(found) = text[at..range.end].find('<') {
        let start = at + found;
        if close.is_some_and(|close| close < start) {
            close = closing(start);
        }
        let end = close.map_or(start + 1, |close| close + 1);
        if is_line_break(&text[start..end]) {
            edits.push((start..end, ""));
            at = end;
        } else {
            edits.push((start..start + 1, "&lt;"));
            at = start + 1;
        }
    }
}

/// The end of a code block that has none.
fn open_fence(text: &str, range: Range<usize>) -> Option<Edit> {
    let block = &text[range.clone()];
    let fence = block.chars().next()?;
    let length = block.len() - block.trim_start_matches(fence).len();
    let last = block.trim_end().lines().skip(1).last().map(str::trim).unwrap_or_default();
    let is_closed = last.len() >= length && last.chars().all(|c| c == fence);
    // Longer fences are rare enough to be broken up.
    let end = match (fence, length) {
        ('`', 3) => "\n```",
        ('`', 4) => "\n````",
        ('~', 3) => "\n~~~",
        _ => return None,
    };
    (!is_closed).then_some((range.end..range.end, end))
}

fn apply(text: &str, edits: Vec<Edit>) -> String {
    let mut edited = String::with_capacity(text.len() + edits.len() * 4);
    let mut done = 0;
    for (range, with) in edits {
        if range.start < done {
            continue;
        }
        edited.push_str(&text[done..range.start]);
        edited.push_str(with);
        done = range.end;
    }
    edited.push_str(&text[done..]);
    edited
}

/// Whether an item of a list, which ends in a newline, is all there is before a heading that follows, and none of the forbidden
/// things is in it.
fn stays_within(item: &str) -> bool {
    let probe = format!("{item}\n## probe\n");
    let parser = Parser::new_ext(&probe, options());
    if parser.reference_definitions().iter().next().is_some() {
        return false;
    }
    let mut depth = 0_usize;
    let mut blocks = 0_usize;
    let mut items = 0_usize;
    let mut headings = 0_usize;
    for (event, range) in parser.into_offset_iter() {
        match event {
            Event::Start(Tag::FootnoteDefinition(_)) => return false,
            Event::Start(tag) => {
                if depth == 0 {
                    blocks += 1;
                    if blocks == 1 && !matches!(tag, Tag::List(_)) {
                        return false;
                    }
                }
                items += usize::from(depth == 1 && matches!(tag, Tag::Item));
                if matches!(tag, Tag::Heading { .. }) {
                    headings += 1;
                    if depth > 0 || range.start != item.len() + 1 {
                        return false;
                    }
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Html(_) | Event::Rule => return false,
            Event::InlineHtml(tag) if !is_line_break(&tag) => return false,
            _ => {}
        }
    }
    (blocks, items, headings) == (2, 1, 1)
}

/// The words alone, on one line.
fn break_up(text: &str) -> Contained {
    let mut words = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        for character in word.chars() {
            if character.is_ascii_punctuation() {
                words.push('\\');
            }
            words.push(character);
        }
    }
    Contained { text: words, tail: Tail::Inline, is_proved: true }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_contained() {
        let inline = |text: &str| (text.to_owned(), Tail::Inline);
        let block = |text: &str| (text.to_owned(), Tail::Paragraph);
        #[rustfmt::skip]
        let cases = [
            ("plain", "a `b` *c* [d](https://x.example)", inline("a `b` *c* [d](https://x.example)")),
            ("list", "a:\n- b\n- c", inline("a:\n- b\n- c")),
            ("heading", "a\n# b\n## c", inline("a\n\\# b\n\\## c")),
            ("heading in a list", "1. # a", inline("1. \\# a")),
            ("heading first", "### b", inline("\\### b")),
            ("underlined", "a\n---\nb\n===", inline("a\n\\---\nb\n\\===")),
            ("underlined in a list", "- a\n  ---", inline("- a\n  \\---")),
            ("rule", "---\nkind: x", inline("\\---\nkind: x")),
            ("element", "use <name> and `<code>`", inline("use &lt;name> and `<code>`")),
            ("line break", "a<br/>b", inline("a<br/>b")),
            ("line break alone", "a\n\n<br>\nb", inline("a\n\n\nb")),
            ("script link", "[a](javascript:b) [c](d:e) ![f](data:g)", inline("\\[a](javascript:b) \\[c](d:e) !\\[f](data:g)")),
            ("script address", "<javascript:b>", inline("&lt;javascript:b>")),
            ("relative link", "[a](b/c) [d](#e) <f@g.example>", inline("[a](b/c) [d](#e) <f@g.example>")),
            ("address", "see <https://x.example>", inline("see <https://x.example>")),
            ("open block", "a\n\n<pre>\nb", inline("a\n\n&lt;pre>\nb")),
            ("open script", "<script>alert(1)", inline("&lt;script>alert(1)")),
            ("processing", "<?php\nb", inline("&lt;?php\nb")),
            ("reference", "[a]: IntervalClock", inline("\\[a]: IntervalClock")),
            ("footnote", "a[^1]\n\n[^1]: b", inline("a[^1]\n\n\\[^1]: b")),
            ("open fence", "a\n```go\nb", block("a\n```go\nb\n```")),
            ("closed fence", "a\n```go\n# b\n```", block("a\n```go\n# b\n```")),
            ("fence, then text", "```\nb\n```\nc", inline("```\nb\n```\nc")),
            ("fence in a list", "a\n- b\n  ```\n  c", block("a\n- b\n  ```\n  c")),
            ("table", "a | b\n--- | ---\nc | d", block("a | b\n--- | ---\nc | d")),
            ("quotation", "> a", block("> a")),
            ("quoted heading", "> # a", block("> \\# a")),
        ];
        for (name, text, expected) in cases {
            let contained = contain(text);
            assert_eq!((contained.text, contained.tail), expected, "{name}");
            assert!(contained.is_proved || stays_within(&format!("- {}\n", indented(&expected.0))), "{name}");
        }
    }

    #[test]
    fn large_elements() {
        // Each of these is over in a blink, for nothing is sought to the end for every `<`.
        for (name, piece, shown) in [("nested", "<", "&lt;"), ("slashes", "<////////////////", "&lt;////////////////")]
        {
            for end in ["", ">", "/>"] {
                let count = (1 << 20) / piece.len();
                let contained = contain(&format!("<div {}{end}", piece.repeat(count)));
                assert_eq!(contained.text, format!("&lt;div {}{end}", shown.repeat(count)), "{name} {end}");
            }
        }
    }

    #[test]
    fn what_resists_is_broken_up() {
        for item in ["- a\n  # b\n", "- a\n\nb\n", "- a\n- b\n", "- <pre>\n", "- a\n  \t[^1]: b\n", "- [a]: b\n", "a\n"]
        {
            assert!(!stays_within(item), "{item}");
        }
        assert_eq!(break_up("a\n\n# <b>\t*c*").text, "a \\# \\<b\\> \\*c\\*");
    }

    #[test]
    fn forms_are_no_notes() {
        for text in [
            "NONE",
            "\"none\"",
            "```",
            "<!-- This section can be blank -->",
            "#### Additional documentation e.g., KEPs, usage docs, etc.:\n\n<!--\nThis section\n-->",
            "```\n\n**Additional documentation**:\n-\n\n```docs\n",
            "\u{202e} - ",
        ] {
            assert_eq!(cleaned(text), None, "{text}");
        }
        for (text, expected) in
            [("- a", "a"), ("** a", "a"), ("**a** b", "**a** b"), (" a\r\n b", "a\n b"), ("a:", "a:")]
        {
            assert_eq!(cleaned(text).as_deref(), Some(expected));
        }
    }
}
