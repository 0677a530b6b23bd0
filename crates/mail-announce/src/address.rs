use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A checked mail address with an optional display name: `Release Bot <release-bot@example.invalid>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailAddress {
    name: Option<String>,
    address: String,
}

/// The text is not a mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseAddressError {
    /// A line break or another control character, which could smuggle in a header.
    #[error("the mail address {text:?} holds a control character")]
    ControlCharacter {
        /// What was given.
        text: String,
    },
    /// The part that should be `local@domain` is not; only ASCII is accepted.
    #[error("`{address}` is not a mail address of the form `local@domain`")]
    Malformed {
        /// That part.
        address: String,
    },
}

impl MailAddress {
    /// Checks name and address; a blank name counts as none.
    pub fn new(name: Option<&str>, address: &str) -> Result<Self, ParseAddressError> {
        for text in [name.unwrap_or_default(), address] {
            if text.chars().any(char::is_control) {
                return Err(ParseAddressError::ControlCharacter { text: text.to_owned() });
            }
        }
        let malformed = || ParseAddressError::Malformed { address: address.to_owned() };
        if !address.is_ascii() || address.len() > 254 || address.contains(['"', ' ', '<', '>', ',']) {
            return Err(malformed());
        }
        address.parse::<lettre::Address>().ok().ok_or_else(malformed)?;
        let name = name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Self { name, address: address.to_owned() })
    }

    /// The display name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// `local@domain`.
    pub fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn to_mailbox(&self) -> lettre::message::Mailbox {
        let address = self.address.parse().expect("checked when the value was made");
        lettre::message::Mailbox::new(self.name.clone(), address)
    }
}

impl FromStr for MailAddress {
    type Err = ParseAddressError;

    /// Reads `local@domain`, `Name <local@domain>` and `"Name, quoted" <local@domain>`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim_matches(' ');
        let Some((name, address)) = text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) else {
            return Self::new(None, text);
        };
        let name = name.trim_matches(' ');
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = quoted.map_or_else(|| name.to_owned(), |name| name.replace("\\\"", "\"").replace("\\\\", "\\"));
        Self::new(Some(&name), address)
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        match &self.name {
            None => f.write_str(&self.address),
            Some(name) if plain(name) => write!(f, "{name} <{}>", self.address),
            Some(name) => {
                write!(f, "\"{}\" <{}>", name.replace('\\', "\\\\").replace('"', "\\\""), self.address)
            }
        }
    }
}

impl TryFrom<String> for MailAddress {
    type Error = ParseAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MailAddress> for String {
    fn from(address: MailAddress) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        let cases = [
            ("bot@example.invalid", "bot@example.invalid"),
            ("Release Bot <bot@example.invalid>", "Release Bot <bot@example.invalid>"),
            ("\"Bot, Release\" <bot@example.invalid>", "\"Bot, Release\" <bot@example.invalid>"),
            ("A \"B\" \\C <bot@example.invalid>", "\"A \\\"B\\\" \\\\C\" <bot@example.invalid>"),
            ("Veröffentlichung <bot@example.invalid>", "Veröffentlichung <bot@example.invalid>"),
            (" <bot@example.invalid>", "bot@example.invalid"),
        ];
        for (from, to) in cases {
            let address: MailAddress = from.parse().unwrap_or_else(|error| panic!("{from}: {error}"));
            assert_eq!(address.to_string(), to, "{from}");
            assert_eq!(to.parse::<MailAddress>().unwrap(), address, "{from}");
        }
    }

    #[test]
    fn bad_addresses_are_refused() {
        for text in ["", "bot", "@example.invalid", "bot@", "a b@example.invalid", "bot@exämple.invalid", "a@b,c@d"] {
            assert!(matches!(text.parse::<MailAddress>(), Err(ParseAddressError::Malformed { .. })), "{text}");
        }
        for text in
            ["bot@example.invalid\r\nBcc: x@example.invalid", "A\nB <bot@example.invalid>", "a\0@example.invalid"]
        {
            let error = text.parse::<MailAddress>();
            assert!(matches!(error, Err(ParseAddressError::ControlCharacter { .. })), "{text:?}");
        }
    }
}
