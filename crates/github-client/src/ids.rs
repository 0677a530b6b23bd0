//! Names and numbers that must not be mixed up.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that cannot be the name or number it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {wanted}")]
pub struct ParseIdError {
    /// The text, cut to what can be shown.
    pub text: String,
    /// What it should have been.
    pub wanted: &'static str,
}

fn refused(text: &str, wanted: &'static str) -> ParseIdError {
    ParseIdError { text: crate::text::shown(text, 120), wanted }
}

/// A repository, `owner/name`. GitHub compares both without regard to case, and so does this type.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoId {
    owner: String,
    name: String,
}

impl RepoId {
    /// A repository from its two parts.
    ///
    /// # Errors
    /// When a part holds what GitHub does not allow: letters, digits, `.`, `_` and `-` are allowed.
    pub fn new(owner: &str, name: &str) -> Result<Self, ParseIdError> {
        let allowed = |part: &str, longest: usize| {
            (1..=longest).contains(&part.len())
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
                && !matches!(part, "." | "..")
        };
        if allowed(owner, 64) && allowed(name, 100) {
            Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
        } else {
            Err(refused(&format!("{owner}/{name}"), "repository `owner/name`"))
        }
    }

    /// The user or organization.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name below the owner.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Both parts in lower case, which is the same for all ways to write them.
    pub(crate) fn key(&self) -> (String, String) {
        (self.owner.to_ascii_lowercase(), self.name.to_ascii_lowercase())
    }
}

impl PartialEq for RepoId {
    fn eq(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Eq for RepoId {}

impl PartialOrd for RepoId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RepoId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::hash::Hash for RepoId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl FromStr for RepoId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        match text.split_once('/') {
            Some((owner, name)) => Self::new(owner, name),
            None => Err(refused(text, "repository `owner/name`")),
        }
    }
}

impl TryFrom<String> for RepoId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        text.parse()
    }
}

impl From<RepoId> for String {
    fn from(repo: RepoId) -> Self {
        repo.to_string()
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(NonZeroU64);

        impl $name {
            /// The number; `None` for zero, which GitHub gives to nothing.
            pub fn new(number: u64) -> Option<Self> {
                NonZeroU64::new(number).map(Self)
            }

            /// The number.
            pub fn get(self) -> u64 {
                self.0.get()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                // The standard parser takes a plus sign, and nobody writes that.
                let number = text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
                number.map(Self).ok_or_else(|| refused(text, $wanted))
            }
        }
    };
}

number!(
    /// The number of a pull request.
    PullNumber, "number of a pull request"
);
number!(
    /// The number of an issue. Pull requests are issues too, and have the same number there.
    IssueNumber, "number of an issue"
);
number!(
    /// The number of a milestone.
    MilestoneNumber, "number of a milestone"
);
number!(
    /// The id of a release, which is not its tag.
    ReleaseId, "id of a release"
);
number!(
    /// The id of a file of a release.
    AssetId, "id of a release asset"
);
number!(
    /// The id of a comment.
    CommentId, "id of a comment"
);

impl From<PullNumber> for IssueNumber {
    fn from(pull: PullNumber) -> Self {
        Self(pull.0)
    }
}

/// The id of a git object: 40 or 64 hexadecimal digits, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId(String);

impl ObjectId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        if matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(refused(text, "object id"))
        }
    }
}

impl TryFrom<String> for ObjectId {
    type Error = ParseIdError;

    fn try_from(text: String) -> Result<Self, ParseIdError> {
        text.parse()
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_checked() {
        let long = format!("{}/x", "a".repeat(65));
        let cases = [
            ("kubernetes/release", true),
            ("a/b.c_d-e", true),
            ("a/.github", true),
            ("", false),
            ("a", false),
            ("/b", false),
            ("a/", false),
            ("a/b/c", false),
            ("../b", false),
            ("a/..", false),
            ("a/b?x=1", false),
            ("a/b#c", false),
            ("a/b\"){viewer{login}}", false),
            ("a/b\n", false),
            ("ä/b", false),
            (&long, false),
        ];
        for (text, good) in cases {
            let parsed = text.parse::<RepoId>();
            assert_eq!(parsed.is_ok(), good, "{text:?}");
            if let Ok(repo) = parsed {
                assert_eq!(repo.to_string(), text);
            }
        }
        assert_eq!("Kubernetes/Release".parse::<RepoId>(), "kubernetes/release".parse());
    }

    #[test]
    fn what_is_accepted_is_safe_in_an_address_and_in_a_path() {
        proptest::proptest!(|(text in "\\PC{0,40}|[a-zA-Z0-9._/-]{0,40}")| {
            if let Ok(repo) = text.parse::<RepoId>() {
                proptest::prop_assert_eq!(repo.to_string(), text.clone());
                let url = url::Url::parse(&format!("https://example.invalid/{repo}")).unwrap();
                proptest::prop_assert_eq!(url.path(), format!("/{text}"));
                proptest::prop_assert_eq!(url.path_segments().unwrap().count(), 2);
            }
            if let Ok(number) = text.parse::<PullNumber>() {
                proptest::prop_assert!(number.get() > 0);
            }
        });
    }

    #[test]
    fn numbers_and_object_ids_are_checked() {
        for text in ["0", "", "-1", "+1", "1.0", " 1", "18446744073709551616", "1)"] {
            assert!(text.parse::<PullNumber>().is_err(), "{text:?}");
        }
        assert_eq!("7".parse(), Ok(PullNumber::new(7).unwrap()));
        assert_eq!(serde_json::to_string(&PullNumber::new(7).unwrap()).unwrap(), "7");
        assert!(serde_json::from_str::<PullNumber>("0").is_err());
        let id = "ABCDEF0123456789abcdef0123456789abcdef01";
        assert_eq!(id.parse::<ObjectId>().unwrap().as_str(), id.to_lowercase());
        for text in [&id[1..], "g".repeat(40).as_str(), "\"){x}"] {
            assert!(text.parse::<ObjectId>().is_err(), "{text:?}");
        }
    }
}
