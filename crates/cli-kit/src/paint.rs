//! Colours, which never carry meaning alone.

use std::fmt;

use anstyle::{AnsiColor, Style};

const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const WARN: Style = AnsiColor::Yellow.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Puts colours on words, or leaves them as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    colors: bool,
}

impl Paint {
    /// No colours.
    #[must_use]
    pub const fn plain() -> Self {
        Self { colors: false }
    }

    /// ANSI colours.
    #[must_use]
    pub const fn ansi() -> Self {
        Self { colors: true }
    }

    pub(crate) const fn new(colors: bool) -> Self {
        Self { colors }
    }

    pub(crate) const fn has_colors(self) -> bool {
        self.colors
    }

    /// For what went well: green.
    pub fn good<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.with(GOOD, text)
    }

    /// For what went wrong: red.
    pub fn bad<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.with(BAD, text)
    }

    /// For what deserves a look: yellow.
    pub fn warn<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.with(WARN, text)
    }

    /// For headings: bold.
    pub fn bold<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.with(BOLD, text)
    }

    /// For what matters less: dimmed.
    pub fn dim<T: fmt::Display>(self, text: T) -> impl fmt::Display {
        self.with(DIM, text)
    }

    /// What colours are made of, the longest first; nothing without colours.
    pub(crate) fn sequences(self) -> Vec<String> {
        if !self.colors {
            return Vec::new();
        }
        let mut sequences: Vec<String> =
            [GOOD, BAD, WARN, BOLD, DIM].iter().flat_map(|style| [format!("{style}"), format!("{style:#}")]).collect();
        sequences.sort_by_key(|sequence| std::cmp::Reverse(sequence.len()));
        sequences
    }

    fn with<T: fmt::Display>(self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.colors.then_some(style), text }
    }
}

struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => write!(f, "{style}{}{style:#}", self.text),
            None => self.text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paint() {
        assert_eq!(Paint::plain().bad("no").to_string(), "no");
        assert_eq!(Paint::ansi().bold("no").to_string(), "\u{1b}[1mno\u{1b}[0m");
    }
}
