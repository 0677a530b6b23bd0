use std::fmt;

use git_repo::GitRemote;
use serde::{Deserialize, Serialize};

/// Where git finds a repository, as a plan holds it: the absolute path or the URL of a [`GitRemote`], which never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// A text that is no address for a plan. It is not shown: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("where git finds a repository is an absolute path, or a URL without user name, password, query and fragment")]
pub struct BadAddress;

/// The longest address that is read, in bytes.
const MAX_BYTES: usize = 4096;

impl Address {
    /// The remote, without a token.
    ///
    /// # Errors
    /// When the current folder cannot be found.
    pub fn remote(&self) -> Result<GitRemote, git_repo::Error> {
        GitRemote::parse(&self.0)
    }
}

impl From<&GitRemote> for Address {
    fn from(remote: &GitRemote) -> Self {
        Self(remote.to_string())
    }
}

impl TryFrom<String> for Address {
    type Error = BadAddress;

    fn try_from(text: String) -> Result<Self, BadAddress> {
        if text.len() > MAX_BYTES {
            return Err(BadAddress);
        }
        // A path that depends on the current folder comes out as another text, and means another place elsewhere.
        match GitRemote::parse(&text) {
            Ok(remote) if remote.to_string() == text => Ok(Self(text)),
            _ => Err(BadAddress),
        }
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn an_address_means_the_same_everywhere(text in "(https?://|ssh://|file://|/|git@)?([a-z.@:/-]|\\PC){0,20}") {
            if let Ok(address) = Address::try_from(text.clone()) {
                proptest::prop_assert_eq!(address.remote().unwrap().to_string(), text.clone());
                proptest::prop_assert!(!text.starts_with('-') && !text.starts_with('.'), "{text:?}");
            }
        }
    }
}
