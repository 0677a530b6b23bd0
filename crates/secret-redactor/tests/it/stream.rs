use std::io::Write;

use secret_redactor::{RedactingWriter, Redactor, StrippingWriter};

fn through(redactor: &Redactor, chunks: &[&[u8]]) -> Vec<u8> {
    let mut writer = RedactingWriter::new(redactor.clone(), Vec::new());
    for chunk in chunks {
        writer.write_all(chunk).expect("a vector takes all");
        writer.flush().expect("a vector takes all");
    }
    writer.finish().expect("a vector takes all")
}

#[test]
fn a_secret_cut_anywhere_is_found() {
    let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
    let text = b"one hunter2-hunter2 two\nghp_0123456789abcdefghijABCDEFGHIJ012345\n-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\nlast hunter2-hunter2";
    let expected = b"one [redacted] two\n[redacted]\n[redacted]\n\nlast [redacted]";
    for cut in 0..text.len() {
        let out = through(&redactor, &[&text[..cut], &text[cut..]]);
        assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(expected), "cut {cut}");
    }
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(through(&redactor, &bytes), expected);
}

#[test]
fn long_lines_stay_bounded_and_clean() {
    let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
    for gap in [65_520, 65_536, 49_140, 49_152, 81_900, 100_000] {
        let text = format!("{}hunter2-hunter2{}hunter2-hunter2 end\nnext\n", "x ".repeat(gap / 2), ".".repeat(gap));
        let expected = text.replace("hunter2-hunter2", "[redacted]");
        assert_eq!(through(&redactor, &[text.as_bytes()]), expected.as_bytes(), "gap {gap}");
    }
    let mut writer = RedactingWriter::new(redactor, Vec::new());
    for _ in 0..64 {
        writer.write_all(&[b'a'; 64 * 1024]).unwrap();
        let held = format!("{writer:?}");
        let held: usize = held.rsplit("held: ").next().unwrap().split(',').next().unwrap().parse().unwrap();
        assert!(held <= 96 * 1024, "{held}");
    }
    assert_eq!(writer.finish().unwrap().len(), 4 << 20);
}

#[test]
fn a_secret_that_fills_the_window_is_dropped_whole() {
    let text = format!("Authorization: {}\nafter\n", "s".repeat(300_000));
    let out = through(&Redactor::default(), &[text.as_bytes()]);
    assert_eq!(String::from_utf8(out).unwrap(), "[redacted]\nafter\n");
}

#[test]
fn any_bytes_pass() {
    let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
    let text = b"\xff\xfe hunter2-hunter2 \x80\nhttps://u:\xff\xffp@host \xc3";
    let out = through(&redactor, &[&text[..20], &text[20..]]);
    assert_eq!(out, b"\xff\xfe [redacted] \x80\nhttps://[redacted]@host \xc3");
}

#[test]
fn a_dropped_writer_passes_its_last_line() {
    let mut out = Vec::new();
    {
        let mut writer = RedactingWriter::new(Redactor::default(), &mut out);
        writer.write_all(b"Authorization: token x").unwrap();
    }
    assert_eq!(out, b"Authorization: [redacted]");
}

#[test]
fn stripping_before_redacting_finds_coloured_secrets() {
    let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
    let text = b"\x1b[1mhunter2\x1b[0m-hun\rter2\n";
    for cut in 0..text.len() {
        let mut writer = StrippingWriter::new(RedactingWriter::new(redactor.clone(), Vec::new()));
        writer.write_all(&text[..cut]).unwrap();
        writer.write_all(&text[cut..]).unwrap();
        assert_eq!(writer.into_inner().finish().unwrap(), b"[redacted]\n", "cut {cut}");
    }
}
