use std::collections::BTreeMap;
use std::ops::Range;

use semver::Version;

use super::ChangelogError;
use super::line::{identity_of, version_of};
use super::outline::{Outline, line_number};
use super::toc::{BEGIN_MARKER, END_MARKER, toc_of};

/// The most bytes of a changelog that are read: 64 MiB, far above any real one. Reading needs some times the text's size; of a text
/// made of nothing but brackets, seventy times.
pub const MAX_CHANGELOG: usize = 64 << 20;

/// A changelog file, taken apart: a table of contents between its markers, then a section per version, each from its level-one
/// heading to the next. Other level-one headings, and what stands in code blocks and comments, begin no section.
#[derive(Debug)]
pub struct ChangelogFile {
    text: String,
    outline: Outline,
    /// From the start of the first marker to the end of the second.
    toc: Option<Range<usize>>,
    sections: Vec<Place>,
}

#[derive(Debug)]
struct Place {
    tag: String,
    version: Version,
    /// Line of the title, from 1.
    line: usize,
    range: Range<usize>,
}

/// The section of one version in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSection<'a> {
    /// The tag, which is the title.
    pub tag: &'a str,
    /// Line of the title, from 1.
    pub line: usize,
    /// Everything from the title to the next section, the blank lines between them included.
    pub text: &'a str,
}

impl ChangelogFile {
    /// Takes a file apart. Refuses one that is too large, or whose markers are repeated or not paired; it may have none.
    pub fn parse(text: impl Into<String>) -> Result<Self, ChangelogError> {
        let text = text.into();
        if text.len() > MAX_CHANGELOG {
            return Err(ChangelogError::TooLarge { bytes: text.len() });
        }
        let mut outline = Outline::of(&text);
        let mut toc = find_toc(&text, &outline)?;
        if let Some(region) = toc {
            outline = Outline::of(&without_table(&text, &region));
            toc = find_toc(&text, &outline)?;
        }
        let body = toc.as_ref().map_or(0, |toc| toc.end);
        let mut sections: Vec<Place> = Vec::new();
        // Lines are counted once, not from the top for each of many titles.
        let (mut line, mut counted) = (1, 0);
        for heading in outline.headings.iter().filter(|it| it.listed && it.level == 1 && it.start >= body) {
            let Some(version) = version_of(&heading.plain) else { continue };
            if let Some(above) = sections.last_mut() {
                above.range.end = heading.start;
            }
            line += line_number(&text[counted..], heading.start - counted) - 1;
            counted = heading.start;
            sections.push(Place { tag: heading.plain.clone(), version, line, range: heading.start..text.len() });
        }
        Ok(Self { text, outline, toc, sections })
    }

    /// The file's text; of an unchanged file exactly what was parsed.
    pub fn render(&self) -> &str {
        &self.text
    }

    /// The sections from top to bottom.
    pub fn sections(&self) -> impl Iterator<Item = FileSection<'_>> {
        self.sections.iter().map(|place| self.at(place))
    }

    /// The section of a tag's version, `v1.2.3` and `1.2.3` being one; the first, if there are several.
    pub fn section(&self, tag: &str) -> Option<FileSection<'_>> {
        self.place_of(tag).map(|place| self.at(place))
    }

    /// The first two sections of one version, if there are such: both have the same tag, or the same version spelled in two ways.
    pub fn repeated(&self) -> Option<(FileSection<'_>, FileSection<'_>)> {
        let mut seen = BTreeMap::new();
        self.sections.iter().find_map(|place| {
            let first = seen.insert(identity_of(&place.tag)?, place)?;
            Some((self.at(first), self.at(place)))
        })
    }

    fn place_of(&self, tag: &str) -> Option<&Place> {
        let wanted = identity_of(tag)?;
        self.sections.iter().find(|place| identity_of(&place.tag).as_ref() == Some(&wanted))
    }

    /// What stands between the markers.
    pub fn table_of_contents(&self) -> Option<&str> {
        let region = &self.text[self.toc.clone()?];
        let begin = region.find(BEGIN_MARKER)? + BEGIN_MARKER.len();
        region.get(begin..region.rfind(END_MARKER)?)
    }

    /// The table of contents as it should be: of all headings below the markers. See
    /// [`table_of_contents`](super::table_of_contents()).
    pub fn expected_table_of_contents(&self) -> String {
        toc_of(&self.outline.headings, self.toc.as_ref().map_or(0, |toc| toc.end))
    }

    /// The same file with its table of contents made anew, and with markers, at its top, if it had none.
    pub fn with_table_of_contents(self) -> Result<Self, ChangelogError> {
        let toc = self.expected_table_of_contents();
        let region = format!("{BEGIN_MARKER}\n\n{toc}\n{END_MARKER}");
        let text = match &self.toc {
            Some(old) => format!("{}{region}{}", &self.text[..old.start], &self.text[old.end..]),
            None => format!("{region}\n\n{}", self.text),
        };
        Self::parse(text)
    }

    /// The file with a section that it does not have: above the first one of a lower version, otherwise at the end.
    pub(super) fn insert(self, version: &Version, section: &str) -> Result<Self, ChangelogError> {
        let text = match self.sections.iter().find(|place| place.version < *version) {
            Some(below) => {
                let (above, below) = self.text.split_at(below.range.start);
                format!("{above}{section}\n\n\n{below}")
            }
            None => {
                let wanted = if self.sections.is_empty() { 2 } else { 3 };
                let kept = self.text.trim_end();
                let breaks = self.text[kept.len()..].matches('\n').count();
                let missing = if kept.is_empty() { 0 } else { usize::saturating_sub(wanted, breaks) };
                format!("{}{}{section}\n", self.text, "\n".repeat(missing))
            }
        };
        Self::parse(text)
    }

    /// The file with another text in place of a section that it has; the blank lines below it stay.
    pub(super) fn replace(self, tag: &str, section: &str) -> Result<Self, ChangelogError> {
        let Some(place) = self.place_of(tag) else { return Ok(self) };
        let old = self.text[place.range.clone()].trim_end().len();
        let (start, end) = (place.range.start, place.range.start + old);
        let text = format!("{}{section}{}", &self.text[..start], &self.text[end..]);
        Self::parse(text)
    }

    fn at<'a>(&'a self, place: &'a Place) -> FileSection<'a> {
        FileSection { tag: &place.tag, line: place.line, text: &self.text[place.range.clone()] }
    }
}

/// The text with blanks in place of the old table of contents, so that whatever stands in it has no say in what is read below.
fn without_table(text: &str, region: &Range<usize>) -> String {
    let inner = region.start + BEGIN_MARKER.len()..region.end - END_MARKER.len();
    let line_breaks = |byte: u8| if matches!(byte, b'\r' | b'\n') { char::from(byte) } else { ' ' };
    let blank: String = text[inner.clone()].bytes().map(line_breaks).collect();
    format!("{}{blank}{}", &text[..inner.start], &text[inner.end..])
}

fn find_toc(text: &str, outline: &Outline) -> Result<Option<Range<usize>>, ChangelogError> {
    let of = |marker: &'static str| {
        let mut lines = outline.markers.iter().filter(move |line| line.marker == marker);
        let first = lines.next();
        match lines.next() {
            Some(second) => Err(ChangelogError::RepeatedMarker { line: line_number(text, second.start), marker }),
            None => Ok(first),
        }
    };
    match (of(BEGIN_MARKER)?, of(END_MARKER)?) {
        (None, None) => Ok(None),
        (Some(begin), Some(end)) if begin.start < end.start => Ok(Some(begin.start..end.end)),
        (None, Some(lone)) | (Some(lone), None) | (Some(_), Some(lone)) => {
            Err(ChangelogError::UnpairedMarker { line: line_number(text, lone.start), marker: lone.marker })
        }
    }
}
