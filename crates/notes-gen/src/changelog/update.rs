use super::line::identity_of;
use super::{ChangelogError, ChangelogFile, Section};

/// A changelog file's new text, and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct ChangelogUpdate {
    /// The whole file.
    pub text: String,
    /// What was done.
    pub outcome: Outcome,
}

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// There was no file: it is the first version of its cycle. The index gets a line, too, see [`update_index`](super::update_index).
    Created,
    /// The section was put in, and the table of contents made anew.
    Inserted,
    /// The section took the place of another text for the same tag, and the table of contents was made anew.
    Replaced,
    /// The section is there already; no byte changed.
    Unchanged,
    /// A different section for the same tag is there, somebody edited it; no byte changed.
    Kept(Difference),
}

impl Outcome {
    /// Whether the text is another than before.
    pub fn is_changed(&self) -> bool {
        matches!(self, Self::Created | Self::Inserted | Self::Replaced)
    }
}

/// The first line in which a file's section differs from the one that should be written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Line in the file, from 1.
    pub line: usize,
    /// What the file says there; nothing below its last line. At most 200 characters.
    pub found: Option<String>,
    /// What should be there.
    pub wanted: Option<String>,
}

/// What to do with a section for the same tag that has another text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenDifferent<'a> {
    /// Keep it, and report the difference.
    #[default]
    Keep,
    /// Replace it if it is this text, which an earlier run wrote; keep it, and report, if somebody edited it since.
    ReplaceIf(&'a str),
    /// Replace it.
    Replace,
}

/// Puts a section into a file. Written again, the same section changes nothing; a section for the same tag that somebody edited stays
/// as it is, see [`update_with`]. A tag spelled otherwise, `1.2.3` for `v1.2.3`, is the same. A file that begins here, and one that gets
/// a section at its end, ends with a newline.
///
/// The newest version stands first: a section goes above the first one of a lower version, so that the pre-releases stay below
/// their release, and a version published late finds its place. Without a `current` text the file begins here.
pub fn update(current: Option<&str>, section: &Section) -> Result<ChangelogUpdate, ChangelogError> {
    update_with(current, section, WhenDifferent::Keep)
}

/// As [`update`], with a rule for a section of the same tag that has another text.
pub fn update_with(
    current: Option<&str>,
    section: &Section,
    when_different: WhenDifferent<'_>,
) -> Result<ChangelogUpdate, ChangelogError> {
    let (tag, markdown) = (section.tag(), section.markdown());
    let file = ChangelogFile::parse(current.unwrap_or_default())?;
    let wanted = identity_of(tag);
    let mut same = file.sections().filter(|it| identity_of(it.tag) == wanted);
    let existing = same.next();
    if let (Some(first), Some(second)) = (existing, same.next()) {
        return Err(ChangelogError::RepeatedSection { tag: tag.to_owned(), first: first.line, second: second.line });
    }
    drop(same);
    let (edited, outcome) =
        match existing.map(|it| difference(it.line, it.text, markdown).map(|found| (found, it.text))) {
            None => {
                let outcome = if current.is_some() { Outcome::Inserted } else { Outcome::Created };
                (file.insert(section.version(), markdown)?, outcome)
            }
            Some(None) => return Ok(ChangelogUpdate { text: file.render().to_owned(), outcome: Outcome::Unchanged }),
            Some(Some((found, text))) => {
                let replace = match when_different {
                    WhenDifferent::Keep => false,
                    WhenDifferent::ReplaceIf(written) => difference(0, text, written).is_none(),
                    WhenDifferent::Replace => true,
                };
                if !replace {
                    return Ok(ChangelogUpdate { text: file.render().to_owned(), outcome: Outcome::Kept(found) });
                }
                (file.replace(tag, markdown)?, Outcome::Replaced)
            }
        };
    let finished = edited.with_table_of_contents()?;
    // The next run must find what this one wrote.
    if finished.section(tag).is_none_or(|it| difference(0, it.text, markdown).is_some()) {
        return Err(ChangelogError::Hidden { tag: tag.to_owned() });
    }
    Ok(ChangelogUpdate { text: finished.render().to_owned(), outcome })
}

/// Compares line by line; line breaks of either kind and blank space at the ends do not count.
fn difference(line: usize, found: &str, wanted: &str) -> Option<Difference> {
    let (mut found, mut wanted) = (found.trim().lines(), wanted.trim().lines());
    for line in line.. {
        let (found, wanted) = (found.next(), wanted.next());
        if found != wanted {
            let short = |text: &str| text.chars().take(200).collect();
            return Some(Difference { line, found: found.map(short), wanted: wanted.map(short) });
        }
        found?;
    }
    None
}
