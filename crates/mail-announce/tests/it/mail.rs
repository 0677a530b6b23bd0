use std::io::Write as _;
use std::process::{Command, Stdio};

use mail_announce::{Announcement, MessageError, MessageId, ReleaseInput, announce_release};

use crate::{address, message, plain};

const READER: &str = r#"
import email, email.policy, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
def parts(kind):
    return [p.get_content() for p in m.walk() if p.get_content_type() == kind]
print(json.dumps({
    "defects": [str(d) for p in m.walk() for d in p.defects],
    "headers": {k: str(v) for k, v in m.items()},
    "type": m.get_content_type(),
    "order": [p.get_content_type() for p in m.walk()],
    "to": [[a.display_name, a.addr_spec] for a in m["To"].addresses],
    "text": parts("text/plain"), "html": parts("text/html")}))
"#;

/// What Python's mail reader makes of the bytes; nothing when there is no Python.
fn read_by_python(bytes: &[u8]) -> Option<serde_json::Value> {
    let started = Command::new("python3").args(["-c", READER]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = started else {
        println!("skipped: there is no python3");
        return None;
    };
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn the_same_message_is_the_same_bytes() {
    let mut first = plain("Kubernetes v1.19.0 is live!");
    first.headers.insert("List-Id".into(), "<announce.example.invalid>".into());
    let bytes = first.render().unwrap();
    assert_eq!(bytes, first.clone().render().unwrap());
    insta::assert_snapshot!("mail", String::from_utf8(bytes.clone()).unwrap().replace("\r\n", "\n"));
    assert!(!String::from_utf8(bytes.clone()).unwrap().replace("\r\n", "").contains(['\r', '\n']), "bare line ends");

    let mut other = first.clone();
    other.text = "ho\n".into();
    assert_ne!(bytes, other.render().unwrap());
}

#[test]
fn another_reader_reads_it_back() {
    let long = "a very long line ".repeat(100);
    let announcement = announce_release(&ReleaseInput {
        project: "Küber 日本 Projekt with a rather long name that has to be folded".into(),
        version: "v1.19.0".into(),
        notes_markdown: format!("- größer 🎉\n- .\n.\n- From here\nFrom here\n- --part\n- {long}\n- = =3D"),
        ..ReleaseInput::default()
    })
    .unwrap();
    let mut sent = message(announcement.clone());
    sent.cc = vec![address("Qualität <qa@example.invalid>")];
    sent.reply_to = Some(address("answers@example.invalid"));
    sent.headers.insert("X-Release".into(), "größe".into());
    let Some(read) = read_by_python(&sent.render().unwrap()) else { return };
    assert_eq!(read["defects"], serde_json::json!([]));
    assert_eq!(read["order"], serde_json::json!(["multipart/alternative", "text/plain", "text/html"]));
    let headers = &read["headers"];
    assert_eq!(headers["Subject"], announcement.subject.as_str());
    assert_eq!(headers["Message-ID"], format!("<{}>", sent.message_id));
    assert_eq!(headers["Date"], "Wed, 26 Aug 2020 12:00:00 +0000");
    assert_eq!(headers["From"], "Release Bot <release-bot@example.invalid>");
    assert_eq!(headers["Cc"], "Qualität <qa@example.invalid>");
    assert_eq!(headers["Reply-To"], "answers@example.invalid");
    assert_eq!(headers["X-Release"], "größe");
    assert_eq!(read["to"], serde_json::json!([["", "announce@example.invalid"], ["Dev, All", "dev@example.invalid"]]));
    for (kind, expected) in [("text", &announcement.text), ("html", &announcement.html)] {
        let found = read[kind][0].as_str().unwrap().replace("\r\n", "\n");
        assert_eq!(found.trim_end(), expected.trim_end(), "{kind}");
    }
}

#[test]
fn headers_cannot_be_injected() {
    for subject in ["a\r\nBcc: x@example.invalid", "a\nb", "a\rb", "a\0b", "a\u{85}b"] {
        let mut mail = plain("subject");
        mail.subject = subject.into();
        assert!(matches!(mail.render(), Err(MessageError::HeaderInjection { .. })), "{subject:?}");
    }
    let mut mail = plain("subject");
    mail.headers.insert("X-A".into(), "b\r\nBcc: x@example.invalid".into());
    assert!(matches!(mail.render(), Err(MessageError::HeaderInjection { header, .. }) if header == "X-A"));
    for name in ["", "X A", "X:", "X\r\nY", "Ünicode", "Bcc", "to", "Content-Type", "MIME-Version", &"x".repeat(99)] {
        let mut mail = plain("subject");
        mail.headers.insert(name.into(), "b".into());
        assert!(matches!(mail.render(), Err(MessageError::HeaderName { .. })), "{name:?}");
    }
}

#[test]
fn incomplete_messages_are_refused() {
    let mut mail = plain("subject");
    mail.to.clear();
    assert!(matches!(mail.render(), Err(MessageError::NoRecipient { .. })));
    mail.cc.push(address("a@example.invalid"));
    assert!(mail.render().is_ok());
    let blank = message(Announcement { subject: " ".into(), html: String::new(), text: String::new() });
    assert!(matches!(blank.render(), Err(MessageError::NoSubject { .. })));
    for date in ["1969-12-31T23:59:59Z", "-000001-01-01T00:00:00Z"] {
        let mut mail = plain("subject");
        mail.date = date.parse().unwrap();
        assert!(matches!(mail.render(), Err(MessageError::Date { .. })), "{date}");
    }
    let mut mail = plain("subject");
    mail.date = jiff::Timestamp::MAX;
    assert!(mail.render().is_ok(), "the year 9999 still has four digits");
}

#[test]
fn messages_travel_as_json() {
    let mut mail = plain("subject");
    mail.reply_to = Some(address("\"A, B\" <a@example.invalid>"));
    let json = serde_json::to_string(&mail).unwrap();
    assert_eq!(serde_json::from_str::<mail_announce::Message>(&json).unwrap(), mail);
    let forged = json.replace("announce@example.invalid", "announce@example.invalid\\r\\nBcc: x@example.invalid");
    assert!(serde_json::from_str::<mail_announce::Message>(&forged).is_err());
    assert!(serde_json::from_str::<MessageId>("\"../../x@y\"").is_err());
}
