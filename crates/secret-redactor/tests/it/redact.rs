use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secret_redactor::{Redactor, strip_terminal_codes};

const PEM: &str =
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabcdefghijklmnop==\n-----END RSA PRIVATE KEY-----";

#[test]
fn shapes() {
    let hex40 = "0123456789abcdef0123456789abcdef01234567";
    let classic = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
    let sendgrid = "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";
    let cases: Vec<(&str, String, String)> = vec![
        ("old oauth form", format!("{hex40}:x-oauth-basic"), "[redacted]:x-oauth-basic".into()),
        ("new token in the oauth form", format!("{classic}:x-oauth-basic"), "[redacted]:x-oauth-basic".into()),
        ("commit id stays", format!("commit {hex40}"), format!("commit {hex40}")),
        ("ghp", format!("token={classic}."), "token=[redacted].".into()),
        ("gho", format!("x {} y", classic.replace("ghp", "gho")), "x [redacted] y".into()),
        ("ghu", format!("x {} y", classic.replace("ghp", "ghu")), "x [redacted] y".into()),
        ("ghs", format!("x {} y", classic.replace("ghp", "ghs")), "x [redacted] y".into()),
        ("ghr", format!("x {} y", classic.replace("ghp", "ghr")), "x [redacted] y".into()),
        ("ghs with a web token in it", format!("x ghs_12345_{jwt} y"), "x [redacted] y".into()),
        ("after an escaped sign", format!("a%3D{classic}"), "a%3D[redacted]".into()),
        ("glued to a word", format!("abc{classic}"), "abc[redacted]".into()),
        ("fine grained", format!("'github_pat_{}'", "11ABCDEFG0abcdefghij_".repeat(3)), "'[redacted]'".into()),
        ("two in a line", format!("{classic} {classic}"), "[redacted] [redacted]".into()),
        ("a name", "laughs_and_cries_very_loudly_at_night".into(), "laughs_and_cries_very_loudly_at_night".into()),
        ("header", "Authorization: token abcdef".into(), "Authorization: [redacted]".into()),
        ("header, digest", "> authorization: Digest a=b, c=d\r\n".into(), "> authorization: [redacted]\r\n".into()),
        (
            "header in quotes",
            "-H 'Authorization: Basic QWxhZGRpbg==' url".into(),
            "-H 'Authorization: [redacted]' url".into(),
        ),
        (
            "header in json",
            r#"{"authorization": "Bearer abcdefgh", "a": 1}"#.into(),
            r#"{"authorization": "[redacted]", "a": 1}"#.into(),
        ),
        ("bearer alone", "sent Bearer abc.def-ghi_jkl= to".into(), "sent Bearer [redacted] to".into()),
        ("url with password", "https://user:pa@ss@host/x@y".into(), "https://[redacted]@host/x@y".into()),
        ("url with a token as user", "https://tok@host.org".into(), "https://[redacted]@host.org".into()),
        ("url without", "https://host.org/a?b=c@d and me@x.org".into(), "https://host.org/a?b=c@d and me@x.org".into()),
        ("ssh user", "ssh://git@github.com/a".into(), "ssh://git@github.com/a".into()),
        ("other scheme with password", "pg postgres://me:secret@db/x".into(), "pg [redacted]db/x".into()),
        ("sendgrid", format!("key {sendgrid};"), "key [redacted];".into()),
        ("google oauth", "ya29.a0AfH6SMBx_yz-0123456789 ".into(), "[redacted] ".into()),
        ("aws id", "AKIAIOSFODNN7EXAMPLE".into(), "[redacted]".into()),
        (
            "aws key",
            "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            "aws_secret_access_key = [redacted]".into(),
        ),
        ("docker", "dckr_pat_abcDEF0123456789_-xyz".into(), "[redacted]".into()),
        ("json web token", format!("id={jwt}&x"), "id=[redacted]&x".into()),
        ("private key", format!("a\n{PEM} z\nb\n"), "a\n[redacted]\n z\nb\n".into()),
        ("private key in json", format!("k: \"{}\", x", PEM.replace('\n', "\\n")), "k: \"[redacted]\", x".into()),
        ("public key stays", "-----BEGIN PUBLIC KEY-----\nMFkw\n".into(), "-----BEGIN PUBLIC KEY-----\nMFkw\n".into()),
        ("sha256", "a".repeat(64), "a".repeat(64)),
    ];
    let redactor = Redactor::default();
    for (name, text, expected) in cases {
        let once = redactor.redact(&text);
        assert_eq!(once, expected, "{name}");
        assert_eq!(redactor.redact(&once), expected, "{name}: again");
        assert_eq!(matches!(redactor.redact(&text), Cow::Borrowed(_)), text == expected, "{name}: borrowed");
    }
}

#[test]
fn a_key_block_without_end_is_given_up() {
    let text = format!("-----BEGIN PRIVATE KEY-----\n{}after\n", "secret line\n".repeat(6000));
    let clean = Redactor::default().redact(&text).into_owned();
    assert!(clean.starts_with("[redacted]\n"), "{}", &clean[..40]);
    assert!(clean.ends_with("after\n"));
    assert!(text.len() - clean.len() > 64 * 1024);
}

#[test]
fn values_in_all_forms() {
    let secret = "p@ss \"wörd\"/+\\";
    let redactor = Redactor::builder().secret(secret).secret("short").secret("plainvalue").build().unwrap();
    let encoded = "p%40ss%20%22w%C3%B6rd%22%2F%2B%5C";
    let cases = [
        ("plain", format!("a {secret} b"), "a [redacted] b".to_owned()),
        ("percent", format!("a {encoded} b"), "a [redacted] b".into()),
        ("percent, lower", format!("a {} b", encoded.to_lowercase()), "a [redacted] b".into()),
        ("form", format!("a {} b", encoded.replace("%20", "+")), "a [redacted] b".into()),
        ("path", format!("a {} b", encoded.replace("%2F", "/")), "a [redacted] b".into()),
        ("json", "a p@ss \\\"wörd\\\"/+\\\\ b".to_owned(), "a [redacted] b".into()),
        ("too short", "the short one".into(), "the short one".into()),
        ("in a word", "xplainvaluex".into(), "x[redacted]x".into()),
    ];
    for (name, text, expected) in cases {
        assert_eq!(redactor.redact(&text), expected, "{name}");
    }
    for (name, before) in [("start", ""), ("one", "u"), ("two", "us"), ("user", "user:")] {
        for encoded in
            [STANDARD.encode(format!("{before}{secret}tail")), URL_SAFE_NO_PAD.encode(format!("{before}{secret}tail"))]
        {
            let clean = redactor.redact(&encoded).into_owned();
            assert!(clean.contains("[redacted]"), "{name}: {clean}");
            assert!(clean.len() < 28, "{name}: {clean}");
        }
    }
}

#[test]
fn overlapping_values_leave_nothing() {
    let redactor = Redactor::builder().secret("abcdef").secret("defghi").secret("abcdefg").build().unwrap();
    assert_eq!(redactor.redact("-abcdefghi-"), "-[redacted]-");
    assert_eq!(redactor.redact("abcdefabcdef"), "[redacted][redacted]");
}

#[test]
fn each_line_of_a_value_counts() {
    let redactor =
        Redactor::builder().secret(format!("{PEM}\n")).secret("first line\nsecond line\nx\n").build().unwrap();
    assert_eq!(redactor.redact("| second line"), "| [redacted]");
    assert_eq!(redactor.redact("| MIIEowIBAAKCAQEA |"), "| [redacted] |");
}

#[test]
fn debug_shows_no_value() {
    let builder = Redactor::builder().secret("very-secret-value");
    assert!(!format!("{builder:?}").contains("very"));
    let redactor = builder.build().unwrap();
    assert_eq!(format!("{redactor:?}"), "Redactor { secrets: 1, .. }");
    let writer = secret_redactor::RedactingWriter::new(redactor.clone(), Vec::new());
    assert!(!format!("{writer:?}").contains("very"));
    assert!(redactor.has_secret("very-secret-value") && !redactor.has_secret("very"));
}

#[test]
fn terminal_codes() {
    let cases = [
        ("none", "plain\ttext\n", "plain\ttext\n"),
        ("colour", "\x1b[1;31mred\x1b[0m", "red"),
        ("carriage return", "10%\r20%\r\n", "10%20%\n"),
        ("cursor and erase", "\x1b[2K\x1b[?25lx\x1b[10;3H", "x"),
        ("title", "\x1b]0;title\x07x", "x"),
        ("link", "\x1b]8;;https://a\x1b\\text\x1b]8;;\x1b\\", "text"),
        ("charset", "\x1b(Bx\x1b=y", "xy"),
        ("broken sequence", "\x1b[31\nnext", "\nnext"),
        ("open title ends with the line", "\x1b]0;title\nnext", "\nnext"),
        ("other letters", "\x1b[31mé\x1bé", "éé"),
        ("end", "x\x1b", "x"),
    ];
    for (name, text, expected) in cases {
        assert_eq!(strip_terminal_codes(text), expected, "{name}");
    }
}
