//! A secret never comes through, in whatever pieces the text is written; a stream gives what the text as a whole gives.
//!
//! The first line of the input is the secret, the second says where the writes are cut, the rest is the text; in it the byte 1 stands for
//! the secret, the byte 2 for 16 KiB of dots.
#![no_main]

use std::io::Write;

use libfuzzer_sys::fuzz_target;
use secret_redactor::{MARKER, MIN_SECRET_BYTES, RedactingWriter, Redactor, StrippingWriter};

fn find(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

fn written(text: &[u8], cuts: &[u8], mut out: impl FnMut(&[u8])) {
    let mut rest = text;
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let length = cuts.next().map_or(rest.len(), |cut| 1 + (usize::from(*cut).pow(2))).min(rest.len());
        out(&rest[..length]);
        rest = &rest[length..];
    }
}

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let (Some(secret), Some(cuts), Some(pattern)) = (lines.next(), lines.next(), lines.next()) else { return };
    let Ok(secret) = std::str::from_utf8(secret) else { return };
    // What is not looked for, and what the marker itself would bring in.
    let is_known = secret.len() >= MIN_SECRET_BYTES && secret.trim() == secret && !secret.contains(['\r', '\u{b}', '\u{c}', '\x1b']);
    if !is_known || secret.chars().all(|c| MARKER.contains(c)) || pattern.iter().filter(|byte| **byte == 2).count() > 12 {
        return;
    }
    let redactor = Redactor::builder().secret(secret).build().expect("one line is not too large");
    let mut text = Vec::new();
    for &byte in pattern {
        match byte {
            1 => text.extend_from_slice(secret.as_bytes()),
            2 => text.resize(text.len() + (16 << 10), b'.'),
            other => text.push(other),
        }
    }

    let whole = redactor.redact_bytes(&text).into_owned();
    assert!(!find(&whole, secret.as_bytes()), "through the whole");
    let mut writer = RedactingWriter::new(redactor.clone(), Vec::new());
    written(&text, cuts, |piece| writer.write_all(piece).expect("a vector takes all"));
    let stream = writer.finish().expect("a vector takes all");
    assert!(!find(&stream, secret.as_bytes()), "through the stream");
    if text.split(|byte| *byte == b'\n').all(|line| line.len() < (48 << 10)) {
        assert_eq!(String::from_utf8_lossy(&stream), String::from_utf8_lossy(&whole));
    }

    let mut writer = StrippingWriter::new(RedactingWriter::new(redactor, Vec::new()));
    written(&text, cuts, |piece| writer.write_all(piece).expect("a vector takes all"));
    let log = writer.into_inner().finish().expect("a vector takes all");
    assert!(!find(&log, secret.as_bytes()), "through the log");
    assert!(!log.contains(&0x1b) && !log.contains(&b'\r'));
});
