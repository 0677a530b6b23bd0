//! A secret never comes through, in whatever pieces the text is written; a stream gives what the text as a whole gives.
//!
//! The first line of the input is the secret (a digit alone is one of some that are ready, which is quicker), the second says where the
//! writes are cut, the rest is the text; in it the byte 1 stands for the secret, the byte 2 for 16 KiB of dots.
#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use secret_redactor::{MARKER, MIN_SECRET_BYTES, RedactingWriter, Redactor, StrippingWriter};

const READY: [&str; 10] = [
    "hunter2-hunter2",
    "aaaaaaaa",
    "abcabcabcab",
    "a \"b\"\\c/d&<e>",
    "@@@@://x:y",
    "-----BEGIN",
    "bearer x",
    "ghp_0123456789",
    "päßwörd",
    "......x......",
];

static REDACTORS: LazyLock<Vec<Redactor>> = LazyLock::new(|| READY.iter().map(|secret| redactor(secret)).collect());

fn redactor(secret: &str) -> Redactor {
    Redactor::builder().secret(secret).build().expect("one line is not too large")
}

fn places<'a>(text: &'a [u8], word: &'a [u8]) -> impl Iterator<Item = usize> {
    text.windows(word.len()).enumerate().filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

/// Whether the word stands in the text. What the marker and its neighbours happen to make together does not count.
fn find(text: &[u8], word: &[u8]) -> bool {
    let marker = MARKER.as_bytes();
    let markers: Vec<usize> = places(text, marker).collect();
    places(text, word).any(|at| markers.iter().all(|marked| marked + marker.len() <= at || at + word.len() <= *marked))
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
    let ready = match secret.as_bytes() {
        [digit @ b'0'..=b'9'] => Some(usize::from(digit - b'0')),
        _ => None,
    };
    let secret = ready.map_or(secret, |at| READY[at]);
    // What is not looked for, and what the marker itself would bring in.
    let is_known = secret.len() >= MIN_SECRET_BYTES
        && secret.trim() == secret
        && !secret.contains(['\r', '\u{b}', '\u{c}', '\x1b']);
    if !is_known || secret.chars().all(|c| MARKER.contains(c)) || pattern.iter().filter(|byte| **byte == 2).count() > 12
    {
        return;
    }
    let redactor = ready.map_or_else(|| redactor(secret), |at| REDACTORS[at].clone());
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
