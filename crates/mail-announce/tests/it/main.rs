//! Integration tests of `mail-announce`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod announcement;
mod mail;
mod outbox;

use mail_announce::{Announcement, MailAddress, Message, MessageId};

fn address(text: &str) -> MailAddress {
    text.parse().unwrap()
}

fn message(announcement: Announcement) -> Message {
    Message::new(
        MessageId::derive(&announcement.subject, "plan", "example.invalid").unwrap(),
        "2020-08-26T12:00:00.5Z".parse().unwrap(),
        address("Release Bot <release-bot@example.invalid>"),
        vec![address("announce@example.invalid"), address("\"Dev, All\" <dev@example.invalid>")],
        announcement,
    )
}

fn plain(subject: &str) -> Message {
    message(Announcement { subject: subject.into(), html: "<p>hi</p>\n".into(), text: "hi\n".into() })
}
