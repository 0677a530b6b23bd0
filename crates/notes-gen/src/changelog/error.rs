use super::MAX_CHANGELOG;

/// A changelog, or what shall go into it, is not as it must be. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangelogError {
    /// The text is larger than [`MAX_CHANGELOG`].
    #[error("a changelog of {bytes} bytes is larger than the {MAX_CHANGELOG} that are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// The tag does not end in a semantic version.
    #[error("`{tag}` is not the tag of a version")]
    NotAVersion {
        /// The tag.
        tag: String,
    },
    /// A marker of the table of contents stands twice; remove one pair by hand.
    #[error("line {line}: `{marker}` stands here a second time")]
    RepeatedMarker {
        /// Line of the second one, from 1.
        line: usize,
        /// The marker.
        marker: &'static str,
    },
    /// A marker of the table of contents lacks its partner, or the end stands before the beginning.
    #[error("line {line}: `{marker}` has no partner")]
    UnpairedMarker {
        /// Its line, from 1.
        line: usize,
        /// The marker.
        marker: &'static str,
    },
    /// The file has two sections of the version that shall be written; remove one by hand.
    #[error("lines {first} and {second} both begin the section of `{tag}`")]
    RepeatedSection {
        /// The tag.
        tag: String,
        /// Line of the first, from 1.
        first: usize,
        /// Line of the second, from 1.
        second: usize,
    },
    /// A code block, comment or other construct of the file is open where the section belongs, so the section would not show.
    #[error("the section of `{tag}` would not be seen, because something above its place is not closed")]
    Hidden {
        /// The tag.
        tag: String,
    },
    /// A section does not begin with its title.
    #[error("the section of `{tag}` does not begin with the line `# {tag}`")]
    NoTitle {
        /// The tag.
        tag: String,
    },
    /// A section holds the title of a section.
    #[error("line {line} of the section of `{tag}` begins the section of another version")]
    SecondTitle {
        /// The tag.
        tag: String,
        /// Line within the section, from 1.
        line: usize,
    },
    /// A section holds a marker of the table of contents.
    #[error("line {line} of the section of `{tag}` is a marker of the table of contents")]
    MarkerInSection {
        /// The tag.
        tag: String,
        /// Line within the section, from 1.
        line: usize,
    },
    /// A section leaves a code block or comment open, which would swallow the sections below it.
    #[error("the section of `{tag}` leaves a code block, comment or element open")]
    NotClosed {
        /// The tag.
        tag: String,
    },
    /// The file cannot be listed for download.
    #[error("`{name}` cannot be listed for download: its {problem}")]
    BadDownload {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}
