use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The Message-ID of a mail, without angle brackets. It is the identity by which an outbox knows a mail again, so it is derived from
/// what the mail is about and never from clock or chance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageId(String);

/// The text is not a Message-ID that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a message id: expected `left@right` of letters, digits, `.`, `-`, `_`, `+` and `=`, at most 200 bytes"
)]
pub struct ParseMessageIdError {
    /// What was given.
    pub text: String,
}

impl MessageId {
    /// Makes `{label}.{digest of label and seed}@{domain}`. `label` makes it readable (`kubernetes-v1.19.0`; other characters become
    /// dashes); `seed` makes it one of a kind, for example the fingerprint of the plan that sends the mail.
    pub fn derive(label: &str, seed: &str, domain: &str) -> Result<Self, ParseMessageIdError> {
        let mut readable = String::new();
        for character in label.chars().take(80) {
            let character = character.to_ascii_lowercase();
            let separates = !readable.is_empty() && !readable.ends_with(['-', '.']);
            match character {
                'a'..='z' | '0'..='9' | '_' | '+' => readable.push(character),
                '.' if separates => readable.push('.'),
                '.' => {}
                _ if separates => readable.push('-'),
                _ => {}
            }
        }
        let readable = readable.trim_matches(['-', '.']);
        let readable = if readable.is_empty() { "mail" } else { readable };
        let mut digest = Sha256::new();
        for part in [label, seed] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let digest = hex::encode(digest.finalize());
        format!("{readable}.{}@{domain}", &digest[..32]).parse()
    }

    /// `left@right`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = ParseMessageIdError;

    /// Reads `left@right`, with or without angle brackets.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'='))
        };
        let is_atom = |side: &str| side.split('.').all(is_word);
        let valid = bare.len() <= 200 && bare.split_once('@').is_some_and(|(l, r)| is_atom(l) && is_atom(r));
        if valid { Ok(Self(bare.to_owned())) } else { Err(ParseMessageIdError { text: text.to_owned() }) }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for MessageId {
    type Error = ParseMessageIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids() {
        let cases = [
            ("Kubernetes v1.19.0 is live!", "kubernetes-v1.19.0-is-live."),
            ("../../etc", "etc."),
            ("a..b", "a.b."),
            ("a.-.b", "a.b."),
            ("日本", "mail."),
            ("", "mail."),
        ];
        for (label, prefix) in cases {
            let id = MessageId::derive(label, "seed", "example.invalid").unwrap();
            assert!(id.as_str().starts_with(prefix), "{label}: {id}");
            assert_eq!(id, MessageId::derive(label, "seed", "example.invalid").unwrap(), "{label}");
            assert_ne!(id, MessageId::derive(label, "other", "example.invalid").unwrap(), "{label}");
            assert_eq!(format!("<{id}>").parse::<MessageId>().unwrap(), id, "{label}");
        }
        assert_ne!(MessageId::derive("ab", "c", "x.y").unwrap(), MessageId::derive("ab", "cd", "x.y").unwrap());
    }

    #[test]
    fn bad_ids_are_refused() {
        for text in ["", "a", "@b", "a@", "a b@c", "a@b\r\nX: y", "../a@b", "a/b@c", ".a@b", "a..b@c", "<a@b", "a@b@c"]
        {
            assert!(text.parse::<MessageId>().is_err(), "{text:?}");
        }
        assert!(MessageId::derive("a", "b", "no domain").is_err());
    }
}
