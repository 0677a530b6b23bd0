use std::fmt;

/// A part of a version, named in [`ParseVersionError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// The `v` in front.
    Prefix,
    /// X of `vX.Y.Z`.
    Major,
    /// Y of `vX.Y.Z`.
    Minor,
    /// Z of `vX.Y.Z`.
    Patch,
    /// `alpha`, `beta` or `rc`.
    Label,
    /// N of `-rc.N`.
    Number,
    /// C, the commits since the tag.
    Commits,
    /// The abbreviated commit id.
    Commit,
    /// What follows a version that was complete.
    Rest,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prefix => "the leading `v`",
            Self::Major => "the major number",
            Self::Minor => "the minor number",
            Self::Patch => "the patch number",
            Self::Label => "the label",
            Self::Number => "the label number",
            Self::Commits => "the number of commits",
            Self::Commit => "the commit",
            Self::Rest => "the text after the version",
        })
    }
}

/// Why a text is not a version. Every variant names the [`Part`] that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseVersionError {
    /// Something else stands where the part or the sign before it belongs.
    #[error("`{input}`: expected {wanted}, found {}", found_text(.found.as_deref()))]
    Unexpected {
        /// The text, escaped, cut after 100 characters.
        input: String,
        /// The part that could not be read.
        part: Part,
        /// What belongs there.
        wanted: &'static str,
        /// What stands there; `None` at the end of the text.
        found: Option<String>,
    },
    /// `v01.2.3`: a second spelling of the same number.
    #[error("`{input}`: {part} has a leading zero")]
    LeadingZero {
        /// The text, escaped, cut after 100 characters.
        input: String,
        /// The number that has the zero.
        part: Part,
    },
    /// The number does not fit in 64 bits.
    #[error("`{input}`: {part} is larger than {}", u64::MAX)]
    TooLarge {
        /// The text, escaped, cut after 100 characters.
        input: String,
        /// The number that is too large.
        part: Part,
    },
}

fn found_text(found: Option<&str>) -> String {
    found.map_or_else(|| "the end".to_owned(), |text| format!("`{text}`"))
}

/// Untrusted text made fit for a message: one line, bounded.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(100).flat_map(char::escape_debug).collect();
    if text.chars().nth(100).is_some() {
        shown.push('…');
    }
    shown
}

impl ParseVersionError {
    /// The part that is wrong.
    #[must_use]
    pub const fn part(&self) -> Part {
        match self {
            Self::Unexpected { part, .. } | Self::LeadingZero { part, .. } | Self::TooLarge { part, .. } => *part,
        }
    }

    /// The text that was refused, escaped, cut after 100 characters.
    #[must_use]
    pub fn input(&self) -> &str {
        match self {
            Self::Unexpected { input, .. } | Self::LeadingZero { input, .. } | Self::TooLarge { input, .. } => input,
        }
    }
}
