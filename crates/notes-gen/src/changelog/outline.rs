use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::toc::{BEGIN_MARKER, END_MARKER};

/// A heading outside of code and comments.
#[derive(Debug)]
pub(super) struct Heading {
    /// 1 to 6.
    pub(super) level: usize,
    /// Where its line starts.
    pub(super) start: usize,
    /// What is read: without markup.
    pub(super) plain: String,
    /// Its title for a link: as written where that is safe inside of brackets, otherwise `plain`, escaped.
    pub(super) label: String,
    /// Whether it is written with `#` and stands in no list or quotation. The others have anchors, too, but are not listed.
    pub(super) listed: bool,
}

/// A line that is a marker of the table of contents.
#[derive(Debug)]
pub(super) struct MarkerLine {
    pub(super) marker: &'static str,
    /// Where it starts and ends; blanks around it do not belong to it.
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a changelog is made of, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Outline {
    pub(super) headings: Vec<Heading>,
    pub(super) markers: Vec<MarkerLine>,
}

impl Outline {
    pub(super) fn of(text: &str) -> Self {
        let mut outline = Self::default();
        let mut open: Option<Heading> = None;
        let mut inline: Option<Range<usize>> = None;
        // Lists and quotations around the present place.
        let mut depth = 0_usize;
        for (event, range) in Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH).into_offset_iter() {
            if open.is_some() && !matches!(event, Event::End(TagEnd::Heading(_))) {
                inline =
                    Some(inline.map_or(range.clone(), |seen| seen.start.min(range.start)..seen.end.max(range.end)));
            }
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    let listed = depth == 0 && has_hashes(text[range.start..].trim_start());
                    let start = line_start(text, range.start);
                    open = Some(Heading {
                        level: level as usize,
                        start,
                        plain: String::new(),
                        label: String::new(),
                        listed,
                    });
                    inline = None;
                }
                Event::End(TagEnd::Heading(_)) => {
                    if let Some(mut heading) = open.take() {
                        heading.plain = heading.plain.trim().to_owned();
                        let written = inline.take().map_or("", |inline| &text[inline]);
                        heading.label = label(&text[range], written, &heading.plain);
                        outline.headings.push(heading);
                    }
                }
                Event::Text(part) | Event::Code(part) => {
                    if let Some(heading) = &mut open {
                        heading.plain.push_str(&part);
                    }
                }
                Event::Html(_) if depth == 0 => push_markers(&mut outline.markers, text, range),
                Event::Start(Tag::BlockQuote(_) | Tag::List(_)) => depth += 1,
                Event::End(TagEnd::BlockQuote(_) | TagEnd::List(_)) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        outline
    }
}

/// Whether a heading is written with `#`. An underlined one may begin with such a word, and may have several lines.
fn has_hashes(heading: &str) -> bool {
    let behind = heading.trim_start_matches('#');
    (1..=6).contains(&(heading.len() - behind.len()))
        && (behind.is_empty() || behind.starts_with([' ', '\t', '\r', '\n']))
}

/// Inside the brackets of a link only what cannot end them, or open others, may stand as it is written.
fn label(source: &str, written: &str, plain: &str) -> String {
    if !source.contains(['[', ']', '<', '>', '\\']) {
        return written.trim().to_owned();
    }
    let mut escaped = String::with_capacity(plain.len());
    for character in plain.chars() {
        if matches!(character, '[' | ']' | '<' | '>' | '\\' | '`' | '*' | '_' | '&') {
            escaped.push('\\');
        }
        escaped.push(if character.is_whitespace() { ' ' } else { character });
    }
    escaped
}

/// Looks at the whole lines of a range; a line with a carriage return is handed out in two pieces.
fn push_markers(markers: &mut Vec<MarkerLine>, text: &str, range: Range<usize>) {
    let mut start = line_start(text, range.start);
    for line in text[start..].split_inclusive('\n') {
        if start >= range.end {
            break;
        }
        let bare = line.trim();
        let is_new = markers.last().is_none_or(|last| last.start < start);
        if let Some(marker) = [BEGIN_MARKER, END_MARKER].into_iter().find(|marker| is_new && bare == *marker) {
            let start = start + line.len() - line.trim_start().len();
            markers.push(MarkerLine { marker, start, end: start + bare.len() });
        }
        start += line.len();
    }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The line of a place, from 1.
pub(super) fn line_number(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}
