use std::borrow::Cow;
use std::io::{self, Write};

/// The text without ANSI escape sequences and carriage returns; borrowed when it had none.
#[must_use]
pub fn strip_terminal_codes(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte == ESC || byte == b'\r') {
        return Cow::Borrowed(text);
    }
    let mut stripper = Stripper::default();
    let mut out = Vec::with_capacity(text.len());
    stripper.strip(text.as_bytes(), &mut out);
    // Sequences are ASCII, and a broken one ends before any other byte, so characters stay whole.
    Cow::Owned(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Passes on what is written to it without ANSI escape sequences and carriage returns, also where writes cut a sequence.
#[derive(Debug)]
pub struct StrippingWriter<W: Write> {
    stripper: Stripper,
    clean: Vec<u8>,
    out: W,
}

impl<W: Write> StrippingWriter<W> {
    /// A writer in front of `out`.
    pub fn new(out: W) -> Self {
        Self { stripper: Stripper::default(), clean: Vec::new(), out }
    }

    /// Gives back the writer below.
    pub fn into_inner(self) -> W {
        self.out
    }
}

impl<W: Write> Write for StrippingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let window = &buffer[..buffer.len().min(64 * 1024)];
        self.clean.clear();
        self.stripper.strip(window, &mut self.clean);
        self.out.write_all(&self.clean)?;
        Ok(window.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

const ESC: u8 = 0x1b;

/// Where in a sequence (ECMA-48) the last byte was.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stripper {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// After ESC and an intermediate byte, as in `ESC ( B`.
    Designate,
    /// After `ESC [`: colours, cursor.
    Control,
    /// After `ESC ]` and its like: titles, links.
    String,
    /// After ESC within such a string; `\` ends it.
    StringEscape,
}

impl Stripper {
    fn strip(&mut self, input: &[u8], out: &mut Vec<u8>) {
        for &byte in input {
            *self = match (*self, byte) {
                (Self::Escape, b'[') => Self::Control,
                (Self::Escape, b']' | b'P' | b'X' | b'^' | b'_') => Self::String,
                (Self::Escape | Self::Designate, 0x20..=0x2f) => Self::Designate,
                (Self::Escape | Self::Designate, 0x30..=0x7e) => Self::Text,
                (Self::Control, 0x20..=0x3f) => Self::Control,
                (Self::Control, 0x40..=0x7e) => Self::Text,
                (Self::String, 0x07) | (Self::StringEscape, b'\\') => Self::Text,
                (Self::String, ESC) => Self::StringEscape,
                // A string ends with its line at the latest, lest a broken one swallows the log.
                (Self::String, 0x20.. | b'\t') => Self::String,
                (Self::StringEscape, b'[') => Self::Control,
                (_, ESC) => Self::Escape,
                (_, b'\r') => Self::Text,
                (_, byte) => {
                    out.push(byte);
                    Self::Text
                }
            };
        }
    }
}
