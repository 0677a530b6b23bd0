use std::io::Write;

use base64::Engine as _;
use proptest::prelude::*;
use secret_redactor::{RedactingWriter, Redactor, strip_terminal_codes};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_known_value_never_comes_through(
        secret in "[A-Za-z0-9@/ +%\"é-]{4}[A-Za-z0-9]{4,20}",
        before in "[ -~é\n]{0,60}",
        after in "[ -~é\n]{0,60}",
        cuts in prop::collection::vec(0_usize..140, 0..4),
    ) {
        let secret = secret.trim().to_owned();
        prop_assume!(secret.len() >= 6);
        let redactor = Redactor::builder().secret(secret.as_str()).build().unwrap();
        let text = format!("{before}{secret}{after}");
        let clean = redactor.redact(&text).into_owned();
        prop_assert!(!clean.contains(&secret), "{clean}");
        let encoded = base64::engine::general_purpose::STANDARD.encode(&text);
        prop_assert!(redactor.redact(&encoded).contains("[redacted]"));

        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
        cuts.sort_unstable();
        let mut writer = RedactingWriter::new(redactor, Vec::new());
        let mut from = 0;
        for cut in cuts {
            writer.write_all(&text.as_bytes()[from..cut]).unwrap();
            from = cut;
        }
        writer.write_all(&text.as_bytes()[from..]).unwrap();
        prop_assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap(), clean);
    }

    #[test]
    fn any_bytes_are_safe(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let redactor = Redactor::builder().secret("hunter2-hunter2").build().unwrap();
        let clean = redactor.redact_bytes(&bytes).into_owned();
        let mut writer = RedactingWriter::new(redactor, Vec::new());
        writer.write_all(&bytes).unwrap();
        prop_assert_eq!(writer.finish().unwrap(), clean);
    }

    #[test]
    fn any_text_is_safe(text in "\\PC{0,200}") {
        let redactor = Redactor::default();
        let once = redactor.redact(&text).into_owned();
        prop_assert_eq!(redactor.redact(&once).into_owned(), once);
    }

    #[test]
    fn stripping_is_idempotent(text in "[\\x1b\\[\\]0-9;mK\\r\\n\\x07a-zé\\\\]{0,80}") {
        let once = strip_terminal_codes(&text).into_owned();
        prop_assert!(!once.contains(['\x1b', '\r']));
        prop_assert_eq!(strip_terminal_codes(&once).into_owned(), once);
    }
}
