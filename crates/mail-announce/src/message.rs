use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{MultiPart, SinglePart};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Announcement, MailAddress, MessageId};

/// One mail, complete. The same value renders to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its identity.
    pub message_id: MessageId,
    /// The date it carries; whole seconds count.
    pub date: Timestamp,
    /// Sender.
    pub from: MailAddress,
    /// Recipients; at least one here or in `cc`.
    pub to: Vec<MailAddress>,
    /// Recipients of a copy.
    #[serde(default)]
    pub cc: Vec<MailAddress>,
    /// Where answers go, if not to the sender.
    #[serde(default)]
    pub reply_to: Option<MailAddress>,
    /// Subject, one line, any script.
    pub subject: String,
    /// The body as HTML.
    pub html: String,
    /// The body as plain text, for readers without HTML.
    pub text: String,
    /// Further headers by name, for example `List-Id`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// The message cannot be written as a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// A line break or another control character in a header, which could smuggle in further headers.
    #[error("header `{header}` holds a control character: {value:?}")]
    HeaderInjection {
        /// The header.
        header: String,
        /// Its value.
        value: String,
    },
    /// The name is not that of a header, or of one that the message writes itself.
    #[error("`{header}` cannot be used as an additional header")]
    HeaderName {
        /// The name.
        header: String,
    },
    /// Nobody would get it.
    #[error("the message `{id}` has no recipient")]
    NoRecipient {
        /// The message.
        id: MessageId,
    },
    /// The subject is blank.
    #[error("the message `{id}` has no subject")]
    NoSubject {
        /// The message.
        id: MessageId,
    },
    /// The date is before 1970 or after 9999.
    #[error("the date `{date}` cannot stand in a mail")]
    Date {
        /// The date.
        date: Timestamp,
    },
    /// The mail library refuses the message.
    #[error("the message `{id}` cannot be written: {message}")]
    Refused {
        /// The message.
        id: MessageId,
        /// Why.
        message: String,
    },
}

impl Message {
    /// A mail that carries an announcement; the optional fields are empty and public.
    pub fn new(
        message_id: MessageId,
        date: Timestamp,
        from: MailAddress,
        to: Vec<MailAddress>,
        announcement: Announcement,
    ) -> Self {
        let Announcement { subject, html, text } = announcement;
        Self {
            message_id,
            date,
            from,
            to,
            cc: Vec::new(),
            reply_to: None,
            subject,
            html,
            text,
            headers: BTreeMap::new(),
        }
    }

    /// The mail as RFC 5322 bytes with CRLF: `multipart/alternative`, plain text first. Nothing in them comes from clock or chance.
    pub fn render(&self) -> Result<Vec<u8>, MessageError> {
        check_value("Subject", &self.subject)?;
        if self.subject.trim().is_empty() {
            return Err(MessageError::NoSubject { id: self.message_id.clone() });
        }
        if self.to.is_empty() && self.cc.is_empty() {
            return Err(MessageError::NoRecipient { id: self.message_id.clone() });
        }
        // The end of the year 9999, which is as far as the date form reaches.
        if !(0..253_402_300_800).contains(&self.date.as_second()) {
            return Err(MessageError::Date { date: self.date });
        }
        let mut builder = lettre::Message::builder()
            .message_id(Some(format!("<{}>", self.message_id)))
            .date(SystemTime::from(self.date))
            .from(self.from.to_mailbox());
        builder = self.to.iter().fold(builder, |builder, address| builder.to(address.to_mailbox()));
        builder = self.cc.iter().fold(builder, |builder, address| builder.cc(address.to_mailbox()));
        builder = self.reply_to.iter().fold(builder, |builder, address| builder.reply_to(address.to_mailbox()));
        builder = builder.subject(self.subject.clone());
        for (name, value) in &self.headers {
            check_value(name, value)?;
            builder = builder.raw_header(HeaderValue::new(header_name(name)?, value.clone()));
        }
        let body = MultiPart::alternative()
            .boundary(self.boundary())
            .singlepart(SinglePart::plain(self.text.clone()))
            .singlepart(SinglePart::html(self.html.clone()));
        let message = builder
            .multipart(body)
            .map_err(|error| MessageError::Refused { id: self.message_id.clone(), message: error.to_string() })?;
        Ok(message.formatted())
    }

    /// A separator that the bodies cannot hold, since it is a digest of them.
    fn boundary(&self) -> String {
        let mut digest = Sha256::new();
        for part in [self.message_id.as_str(), &self.text, &self.html] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        format!("part-{}", &hex::encode(digest.finalize())[..40])
    }
}

pub(crate) fn check_value(header: &str, value: &str) -> Result<(), MessageError> {
    if value.chars().any(char::is_control) {
        return Err(MessageError::HeaderInjection { header: header.to_owned(), value: value.to_owned() });
    }
    Ok(())
}

fn header_name(name: &str) -> Result<HeaderName, MessageError> {
    const OWN: [&str; 10] =
        ["from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version"];
    let lower = name.to_ascii_lowercase();
    let is_word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let is_own = OWN.contains(&lower.as_str()) || lower.starts_with("content-");
    let valid = HeaderName::new_from_ascii(name.to_owned()).ok().filter(|_| is_word && !is_own);
    valid.ok_or_else(|| MessageError::HeaderName { header: name.to_owned() })
}
