use std::fmt;

use serde::{Deserialize, Serialize};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A matter of taste.
    Notice,
    /// It should be looked at.
    Warning,
    /// The note cannot be published so.
    Error,
}

/// A rule of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    /// There is no note, and nobody says that there is none.
    MissingNote,
    /// The block is there, and nothing in it.
    EmptyNote,
    /// The block is never closed.
    UnclosedBlock,
    /// The body is too large to be read.
    BodyTooLarge,
    /// The text only says that there is no note.
    NoneText,
    /// The text stands for one that was never written.
    Placeholder,
    /// An HTML element, which documents do not show.
    Html,
    /// An HTML comment.
    Comment,
    /// A code fence at the start, or one that is never closed.
    Fence,
    /// Only links or numbers of issues.
    LinkOnly,
    /// Action is required, but the text does not say which.
    ActionWithoutInstructions,
    /// Label, block or text say different things.
    Contradiction,
    /// No label says what kind of change it is.
    MissingKind,
    /// No label says which group owns the change.
    MissingGroup,
    /// The profile does not know the kind.
    UnknownKind,
    /// The group is not one of those that exist.
    UnknownGroup,
    /// The title is not in the form that the profile asks for.
    TitleForm,
    /// Blanks at the end of a line.
    TrailingBlanks,
    /// The text does not begin in the past tense.
    Tense,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// How grave it is.
    pub severity: Severity,
    /// The line, from 1: of the pull request's body when one is checked, of the text when notes are. Nothing when it is about the
    /// whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// One sentence for its author.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(rule: Rule, severity: Severity, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { rule, severity, line, message: message.into() }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MissingNote => "missing-note",
            Self::EmptyNote => "empty-note",
            Self::UnclosedBlock => "unclosed-block",
            Self::BodyTooLarge => "body-too-large",
            Self::NoneText => "none-text",
            Self::Placeholder => "placeholder",
            Self::Html => "html",
            Self::Comment => "comment",
            Self::Fence => "fence",
            Self::LinkOnly => "link-only",
            Self::ActionWithoutInstructions => "action-without-instructions",
            Self::Contradiction => "contradiction",
            Self::MissingKind => "missing-kind",
            Self::MissingGroup => "missing-group",
            Self::UnknownKind => "unknown-kind",
            Self::UnknownGroup => "unknown-group",
            Self::TitleForm => "title-form",
            Self::TrailingBlanks => "trailing-blanks",
            Self::Tense => "tense",
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}
