//! No name, subject, header or body brings a header into a mail or ends its part; addresses and ids read as they are written.
//!
//! The lines of the input: sender, recipient, subject, name and value of a header, the label of the id; the rest is the body.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use mail_announce::{Announcement, MailAddress, Message, MessageId};

const KNOWN: &[&str] =
    &["Message-ID", "Date", "From", "To", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"];

fuzz_target!(|input: &str| {
    let parts: Vec<&str> = input.splitn(7, '\n').collect();
    let &[from, to, subject, name, value, label, body] = parts.as_slice() else { return };
    let addresses = [from, to].map(|text| {
        let address: Option<MailAddress> = text.parse().ok();
        if let Some(address) = &address {
            assert_eq!(address.to_string().parse::<MailAddress>().as_ref(), Ok(address));
        }
        address
    });
    let id = MessageId::derive(label, body, "example.invalid").expect("any label will do");
    assert_eq!(id.to_string().parse::<MessageId>().as_ref(), Ok(&id));
    let bot: MailAddress = "Bot <bot@example.invalid>".parse().expect("it is an address");
    let [from, to] = addresses.map(|address| address.unwrap_or_else(|| bot.clone()));
    let announcement = Announcement { subject: subject.to_owned(), html: body.to_owned(), text: body.to_owned() };
    let date = Timestamp::from_second(1_600_000_000).expect("it is a date");
    let mut message = Message::new(id, date, from, vec![to], announcement);
    message.headers.insert(name.to_owned(), value.to_owned());
    let Ok(bytes) = message.render() else { return };
    assert_eq!(message.render().as_ref(), Ok(&bytes));
    let mail = std::str::from_utf8(&bytes).expect("a mail is ASCII");
    assert!(mail.is_ascii());
    let (head, rest) = mail.split_once("\r\n\r\n").expect("a mail has a head");
    let mut known = KNOWN.to_vec();
    known.push(name);
    for line in head.split("\r\n") {
        assert!(!line.contains(['\r', '\n', '\0']) && !line.trim().is_empty(), "{head:?}");
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let (header, _) = line.split_once(": ").unwrap_or_else(|| panic!("no header: {line:?}"));
        let at =
            known.iter().position(|name| *name == header).unwrap_or_else(|| panic!("header {header:?} in {head:?}"));
        known.remove(at);
    }
    let boundary = head.split_once("boundary=\"").and_then(|(_, rest)| rest.split_once('"')).expect("it has parts").0;
    let ends = rest.matches(&format!("--{boundary}")).count();
    assert_eq!(ends, 3, "{rest}");
    assert!(rest.split("\r\n").all(|line| line.len() <= 998));
});
