use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::bytes::{Captures, Regex, RegexBuilder};
use secrecy::{ExposeSecret, SecretString};

use crate::shapes::{AFTER, BEFORE, PEM_BEGIN, PEM_END, pattern};
use crate::values::forms;

/// What stands in the text in place of a secret.
pub const MARKER: &str = "[redacted]";

/// A private key block that does not end within this many bytes is taken for a stray mention of its first line.
pub(crate) const MAX_PEM_BYTES: usize = 64 * 1024;

/// The secret values together are too large to be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The expression made of the values exceeds the size limit; leave out values that are files rather than secrets.
    #[error("`{bytes}` bytes of secret values are too many to look for")]
    TooLarge {
        /// Bytes of all values together.
        bytes: usize,
    },
}

/// Finds secrets in text and puts [`MARKER`] in their place; cheap to clone and to share.
///
/// The default value knows the shapes and no values.
#[derive(Clone)]
pub struct Redactor(Arc<Inner>);

struct Inner {
    values: Option<Regex>,
    count: usize,
}

static SHAPES: LazyLock<Regex> = LazyLock::new(|| compile(&pattern()));
static BEGIN: LazyLock<Regex> = LazyLock::new(|| compile(PEM_BEGIN));
static END: LazyLock<Regex> = LazyLock::new(|| compile(PEM_END));

fn compile(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the shapes are constants, compiled by every test")
}

/// Collects the values a [`Redactor`] is to know.
#[derive(Default)]
pub struct RedactorBuilder {
    secrets: Vec<SecretString>,
}

impl RedactorBuilder {
    /// Adds a value; one shorter than [`MIN_SECRET_BYTES`](crate::MIN_SECRET_BYTES) is ignored.
    #[must_use]
    pub fn secret(mut self, value: impl Into<SecretString>) -> Self {
        self.secrets.push(value.into());
        self
    }

    /// Adds several values.
    #[must_use]
    pub fn secrets(mut self, values: impl IntoIterator<Item = SecretString>) -> Self {
        self.secrets.extend(values);
        self
    }

    /// Makes the redactor.
    ///
    /// # Errors
    /// When the values together are too large (some hundred kilobytes).
    pub fn build(self) -> Result<Redactor, BuildError> {
        let mut all: Vec<String> = Vec::new();
        let (mut count, mut bytes) = (0, 0);
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            let forms = forms(secret);
            count += usize::from(!forms.is_empty());
            bytes += secret.len();
            all.extend(forms);
        }
        // The longest first, so that a value that begins with another one is taken whole.
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        let values = if all.is_empty() {
            None
        } else {
            let built = RegexBuilder::new(&all.join("|")).size_limit(64 << 20).dfa_size_limit(8 << 20).build();
            Some(built.ok().ok_or(BuildError::TooLarge { bytes })?)
        };
        Ok(Redactor::with_values(values, count))
    }
}

impl fmt::Debug for RedactorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactorBuilder").field("secrets", &self.secrets.len()).finish()
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::with_values(None, 0)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("secrets", &self.0.count).finish_non_exhaustive()
    }
}

impl Redactor {
    /// Starts a redactor that is to know values besides the shapes.
    #[must_use]
    pub fn builder() -> RedactorBuilder {
        RedactorBuilder::default()
    }

    fn with_values(values: Option<Regex>, count: usize) -> Self {
        Self(Arc::new(Inner { values, count }))
    }

    /// The text without secrets; borrowed when there was none.
    #[must_use]
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.redact_bytes(text.as_bytes()) {
            Cow::Borrowed(_) => Cow::Borrowed(text),
            Cow::Owned(bytes) => Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
        }
    }

    /// The same for bytes that need not be UTF-8; all but the secrets stays as it was.
    #[must_use]
    pub fn redact_bytes<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut out = Vec::with_capacity(text.len());
        let mut pem = PemState::default();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            self.redact_line(line, &mut pem, &mut out);
        }
        if out == text { Cow::Borrowed(text) } else { Cow::Owned(out) }
    }

    /// Whether the text holds anything that [`Redactor::redact`] would take away.
    #[must_use]
    pub fn has_secret(&self, text: &str) -> bool {
        matches!(self.redact(text), Cow::Owned(_))
    }

    /// Appends the line without its secrets. `pem` carries over whether a private key block is open.
    pub(crate) fn redact_line(&self, line: &[u8], pem: &mut PemState, out: &mut Vec<u8>) {
        let mut rest = line;
        loop {
            if pem.open {
                if let Some(end) = END.find(rest) {
                    *pem = PemState::default();
                    rest = &rest[end.end()..];
                } else {
                    pem.swallowed += rest.len();
                    if pem.swallowed > MAX_PEM_BYTES {
                        *pem = PemState::default();
                    }
                    return;
                }
            }
            match BEGIN.find(rest) {
                None => return self.redact_piece(rest, out),
                Some(begin) => {
                    self.redact_piece(&rest[..begin.start()], out);
                    out.extend_from_slice(MARKER.as_bytes());
                    rest = &rest[begin.end()..];
                    *pem = PemState { open: true, swallowed: 0 };
                    if END.find(rest).is_none() && line.ends_with(b"\n") {
                        out.push(b'\n');
                    }
                }
            }
        }
    }

    fn redact_piece(&self, piece: &[u8], out: &mut Vec<u8>) {
        let without_values;
        let mut text = piece;
        let spans = self.value_spans(piece);
        if !spans.is_empty() {
            let mut kept = Vec::with_capacity(piece.len());
            let mut from = 0;
            for span in spans {
                kept.extend_from_slice(&piece[from..span.start]);
                kept.extend_from_slice(MARKER.as_bytes());
                from = span.end;
            }
            kept.extend_from_slice(&piece[from..]);
            without_values = kept;
            text = &without_values;
        }
        out.extend_from_slice(&SHAPES.replace_all(text, |captures: &Captures<'_>| {
            let group = |names: &[&str]| {
                names
                    .iter()
                    .find_map(|name| captures.name(name))
                    .map_or_else(Vec::new, |found| found.as_bytes().to_vec())
            };
            [group(BEFORE), MARKER.as_bytes().to_vec(), group(AFTER)].concat()
        }));
    }

    /// Where known values stand; overlapping ones are one span, lest the end of the second stays.
    fn value_spans(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut spans: Vec<Range<usize>> = Vec::new();
        let Some(values) = &self.0.values else { return spans };
        let mut at = 0;
        while let Some(found) = values.find_at(text, at) {
            match spans.last_mut() {
                Some(last) if found.start() < last.end => last.end = last.end.max(found.end()),
                _ => spans.push(found.range()),
            }
            at = found.start() + 1;
            if at > text.len() {
                break;
            }
        }
        spans
    }

    /// The last place at or before `at` that lies in no secret of the text.
    pub(crate) fn cut_before(&self, text: &[u8], at: usize) -> usize {
        let mut spans = self.value_spans(text);
        spans.extend(SHAPES.find_iter(text).map(|found| found.range()));
        spans.extend(BEGIN.find_iter(text).map(|found| found.range()));
        let mut cut = at;
        while let Some(span) = spans.iter().find(|span| span.start < cut && cut < span.end) {
            cut = span.start;
        }
        cut
    }
}

/// Whether a private key block is open, and how much of it was taken away.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct PemState {
    open: bool,
    swallowed: usize,
}
