//! The one byte parser behind all version forms. By hand, since the original's pattern depends on leftmost-longest
//! matching (`v1.26.3-39+sha` is official plus 39 commits) and since markers and tag lists are parsed by the million.

use crate::commit::CommitId;
use crate::error::{ParseVersionError, Part, shown};
use crate::kind::ReleaseKind;
use crate::release::ReleaseVersion;

/// Why digits are not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumberProblem {
    Missing,
    LeadingZero,
    TooLarge,
}

/// Reads decimal digits without leading zeros from the front; gives the value and how many bytes it took.
pub(crate) fn number(bytes: &[u8]) -> Result<(u64, usize), NumberProblem> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match bytes[..digits] {
        [] => Err(NumberProblem::Missing),
        [b'0', _, ..] => Err(NumberProblem::LeadingZero),
        _ => bytes[..digits]
            .iter()
            .try_fold(0_u64, |value, digit| value.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
            .map(|value| (value, digits))
            .ok_or(NumberProblem::TooLarge),
    }
}

/// How the parts of a build version are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `v1.19.0-rc.0.529+abcdef`
    Canonical,
    /// `v1.19.0-rc.0.529_abcdef`
    ContainerTag,
    /// `v1.19.0-rc.0-529-gabcdef`
    Describe,
}

/// What a text in one of the forms says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuildParts {
    pub(crate) base: ReleaseVersion,
    pub(crate) since: Option<(u64, CommitId)>,
}

/// A position in a text. It only ever moves past ASCII, so it always lies between two characters.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    /// Named in errors.
    input: &'a str,
    /// What is read: the front of `input`.
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Reads `text`; errors show `input`.
    pub(crate) const fn new(input: &'a str, text: &'a str) -> Self {
        Self { input, text, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    #[cold]
    fn unexpected(&self, part: Part, wanted: &'static str) -> ParseVersionError {
        let rest = self.rest();
        let word: String = rest.chars().take_while(char::is_ascii_alphanumeric).take(40).collect();
        let found = match rest.chars().next() {
            None => None,
            Some(sign) if word.is_empty() => Some(sign.escape_debug().collect()),
            Some(_) => Some(word),
        };
        ParseVersionError::Unexpected { input: shown(self.input), part, wanted, found }
    }

    fn expect(&mut self, sign: &str, part: Part, wanted: &'static str) -> Result<(), ParseVersionError> {
        if !self.rest().starts_with(sign) {
            return Err(self.unexpected(part, wanted));
        }
        self.at += sign.len();
        Ok(())
    }

    fn number(&mut self, part: Part, wanted: &'static str) -> Result<u64, ParseVersionError> {
        match number(&self.text.as_bytes()[self.at..]) {
            Ok((value, length)) => {
                self.at += length;
                Ok(value)
            }
            Err(NumberProblem::Missing) => Err(self.unexpected(part, wanted)),
            Err(NumberProblem::LeadingZero) => Err(ParseVersionError::LeadingZero { input: shown(self.input), part }),
            Err(NumberProblem::TooLarge) => Err(ParseVersionError::TooLarge { input: shown(self.input), part }),
        }
    }

    /// `vX.Y.Z`
    fn core(&mut self) -> Result<ReleaseVersion, ParseVersionError> {
        self.expect("v", Part::Prefix, "`v` before the major number")?;
        let major = self.number(Part::Major, "digits as the major number")?;
        self.expect(".", Part::Minor, "`.` before the minor number")?;
        let minor = self.number(Part::Minor, "digits as the minor number")?;
        self.expect(".", Part::Patch, "`.` before the patch number")?;
        let patch = self.number(Part::Patch, "digits as the patch number")?;
        Ok(ReleaseVersion::official(major, minor, patch))
    }

    /// `rc.N`
    fn label(&mut self, wanted: &'static str) -> Result<(ReleaseKind, u64), ParseVersionError> {
        let rest = self.rest();
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let kind = match &rest[..length] {
            "alpha" => ReleaseKind::Alpha,
            "beta" => ReleaseKind::Beta,
            "rc" => ReleaseKind::Rc,
            _ => return Err(self.unexpected(Part::Label, wanted)),
        };
        self.at += length;
        self.expect(".", Part::Number, "`.` before the label number")?;
        Ok((kind, self.number(Part::Number, "digits as the label number")?))
    }

    fn commit(&mut self) -> Result<CommitId, ParseVersionError> {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| CommitId::is_digit(*byte)).count();
        let commit =
            CommitId::from_hex(&rest[..length]).ok_or_else(|| self.unexpected(Part::Commit, CommitId::WANTED))?;
        if rest.as_bytes().get(length).is_some_and(u8::is_ascii_alphanumeric) {
            return Err(self.unexpected(Part::Commit, CommitId::WANTED));
        }
        self.at += length;
        Ok(commit)
    }

    fn end(&self, wanted: &'static str) -> Result<(), ParseVersionError> {
        if self.peek().is_some() { Err(self.unexpected(Part::Rest, wanted)) } else { Ok(()) }
    }

    /// The whole text as `vX.Y.Z` or `vX.Y.Z-label.N`.
    pub(crate) fn release(mut self) -> Result<ReleaseVersion, ParseVersionError> {
        let core = self.core()?;
        if self.peek().is_none() {
            return Ok(core);
        }
        self.expect("-", Part::Rest, "`-` and a label, or nothing, after the patch number")?;
        let (kind, number) = self.label("`alpha`, `beta` or `rc` as the label")?;
        self.end("nothing after the label number of a release version")?;
        Ok(core.with_label(kind, number))
    }

    /// The whole text as a build version in `form`, without `-dirty`.
    pub(crate) fn build(mut self, form: Form) -> Result<BuildParts, ParseVersionError> {
        let core = self.core()?;
        if self.peek().is_none() {
            return Ok(BuildParts { base: core, since: None });
        }
        if self.peek() == Some(b'+') {
            return Err(self.unexpected(Part::Commits, "`-` and the number of commits before the commit"));
        }
        self.expect("-", Part::Rest, "`-` and a label or a number of commits, or nothing, after the patch number")?;
        if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Ok(BuildParts { base: core, since: Some(self.since(form)?) });
        }
        let (kind, number) = self.label("`alpha`, `beta` or `rc` as the label, or a number of commits")?;
        let base = core.with_label(kind, number);
        if self.peek().is_none() {
            return Ok(BuildParts { base, since: None });
        }
        match form {
            Form::Canonical | Form::ContainerTag => {
                self.expect(".", Part::Commits, "`.` before the number of commits")?;
            }
            Form::Describe => self.expect("-", Part::Commits, "`-` before the number of commits")?,
        }
        Ok(BuildParts { base, since: Some(self.since(form)?) })
    }

    /// `C+sha` to the end of the text.
    fn since(&mut self, form: Form) -> Result<(u64, CommitId), ParseVersionError> {
        let commits = self.number(Part::Commits, "digits as the number of commits")?;
        match form {
            Form::Canonical => self.expect("+", Part::Commit, "`+` before the commit")?,
            Form::ContainerTag => self.expect("_", Part::Commit, "`_` before the commit")?,
            Form::Describe => self.expect("-g", Part::Commit, "`-g` before the commit")?,
        }
        let commit = self.commit()?;
        self.end("`-dirty` or nothing after the commit")?;
        Ok((commits, commit))
    }
}
