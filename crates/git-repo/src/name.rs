//! Names of refs and of people.

use std::fmt;
use std::str::FromStr;

use gix::bstr::ByteSlice;
use serde::{Deserialize, Serialize};

/// The full name of a ref, such as `refs/heads/main` or `refs/tags/v1.0.0`, by the rules of `git check-ref-format`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RefName(String);

/// A name git would not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Not the full name of a ref.
    #[error("`{name}` is no ref name: {reason}")]
    Ref {
        /// The name.
        name: String,
        /// The rule it breaks.
        reason: String,
    },
    /// Not a name and mail address that can be written into an object.
    #[error("`{name} <{email}>` is no identity: both are needed, without `<`, `>` and line breaks")]
    Identity {
        /// The name given.
        name: String,
        /// The address given.
        email: String,
    },
}

impl RefName {
    /// The branch `name`: `refs/heads/{name}`.
    ///
    /// # Errors
    /// When git would not accept the name.
    pub fn branch(name: &str) -> Result<Self, NameError> {
        format!("refs/heads/{name}").parse()
    }

    /// The tag `name`: `refs/tags/{name}`.
    ///
    /// # Errors
    /// When git would not accept the name.
    pub fn tag(name: &str) -> Result<Self, NameError> {
        format!("refs/tags/{name}").parse()
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without `refs/heads/`, `refs/tags/` or `refs/remotes/`; other names stay whole.
    pub fn short(&self) -> &str {
        ["refs/heads/", "refs/tags/", "refs/remotes/"]
            .iter()
            .find_map(|prefix| self.0.strip_prefix(prefix))
            .unwrap_or(&self.0)
    }

    /// Whether the name stands under `refs/heads/`.
    pub fn is_branch(&self) -> bool {
        self.0.starts_with("refs/heads/")
    }

    /// Whether the name stands under `refs/tags/`.
    pub fn is_tag(&self) -> bool {
        self.0.starts_with("refs/tags/")
    }
}

impl FromStr for RefName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let bad = |reason: String| NameError::Ref { name: text.chars().take(200).collect(), reason };
        if !text.starts_with("refs/") {
            return Err(bad("it does not begin with `refs/`".to_owned()));
        }
        gix::validate::reference::name(text.as_bytes().as_bstr()).map_err(|error| bad(error.to_string()))?;
        // `git tag -x` reads such a name as an option, so git has ceased to make them.
        if Self(text.to_owned()).short().starts_with('-') {
            return Err(bad("it begins with `-`".to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RefName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<RefName> for String {
    fn from(name: RefName) -> Self {
        name.0
    }
}

/// Who wrote a commit or a tag, as `Name <email>`.
///
/// What is read from a repository may hold anything; what is written is checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Identity {
    /// The name, for people.
    pub name: String,
    /// The mail address.
    pub email: String,
}

impl Identity {
    /// An identity from its two parts.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Self {
        Self { name: name.into(), email: email.into() }
    }

    pub(crate) fn signature(&self, time: jiff::Timestamp) -> Result<gix::actor::Signature, NameError> {
        let fits = |text: &str| !text.trim().is_empty() && !text.contains(['<', '>', '\n', '\r', '\0']);
        if !fits(&self.name) || !fits(&self.email) {
            return Err(NameError::Identity { name: self.name.clone(), email: self.email.clone() });
        }
        Ok(gix::actor::Signature {
            name: self.name.trim().into(),
            email: self.email.trim().into(),
            time: gix::date::Time::new(time.as_second(), 0),
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_by_the_rules_of_git() {
        let cases = [
            ("refs/heads/main", true),
            ("refs/tags/v1.0.0-rc.1", true),
            ("refs/tags/api/v1.0.0", true),
            ("refs/heads/-x", false),
            ("refs/tags/--upload-pack=x", false),
            ("refs/heads/a..b", false),
            ("refs/heads/a b", false),
            ("refs/heads/a:b", false),
            ("refs/heads/a.lock", false),
            ("refs/heads/@{1}", false),
            ("refs/heads/", false),
            ("HEAD", false),
            ("main", false),
            ("", false),
            ("refs/heads/a\nb", false),
            ("refs/heads/*", false),
        ];
        for (name, good) in cases {
            assert_eq!(name.parse::<RefName>().is_ok(), good, "{name:?}");
        }
        assert_eq!(RefName::tag("v1").unwrap().short(), "v1");
        assert!(RefName::branch("").is_err());
    }

    #[test]
    fn identities_that_would_break_an_object_are_refused() {
        for (name, email) in [("", "a@b"), ("A", ""), ("A <x>", "a@b"), ("A\nparent x", "a@b"), ("A", "a>b")] {
            assert!(Identity::new(name, email).signature(jiff::Timestamp::UNIX_EPOCH).is_err(), "{name:?} {email:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_name_or_an_error(text in "refs/\\PC{0,20}") {
            if let Ok(name) = text.parse::<RefName>() {
                prop_assert_eq!(name.as_str(), text);
            }
        }
    }
}
