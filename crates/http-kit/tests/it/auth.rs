//! Tokens, and where they come from.

use std::time::Duration;

use http_kit::{Auth, TokenError, token_from_file, token_from_program};
use secrecy::ExposeSecret;

#[test]
fn a_token_becomes_a_header_that_is_not_shown() {
    let header = Auth::token("s3cret".into()).header().unwrap().unwrap();
    assert_eq!(header.as_bytes(), b"Bearer s3cret");
    assert!(header.is_sensitive());
    assert!(!format!("{header:?}{:?}", Auth::token("s3cret".into())).contains("s3cret"));
    assert!(Auth::Anonymous.header().unwrap().is_none());
    for bad in ["", " \n", "two words", "line\nbreak", "ü", "nul\0"] {
        let error = Auth::token(bad.into()).header().unwrap_err();
        assert!(matches!(error, TokenError::Empty { .. } | TokenError::Malformed { .. }), "{bad:?}: {error:?}");
    }
    assert!(Auth::token("x".repeat(20_000).into()).header().is_err());
}

#[tokio::test]
async fn tokens_are_read_from_files() {
    let folder = std::env::temp_dir().join(format!("http-kit-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("token");
    for (content, expected) in [
        (&b" s3cret\r\n"[..], Some("s3cret")),
        (b"", None),
        (b"a b", None),
        (b"\xff\xfe", None),
        (&[b'x'; 20_000], None),
    ] {
        std::fs::write(&file, content).unwrap();
        let token = token_from_file(&file).await;
        assert_eq!(token.as_ref().ok().map(|token| token.expose_secret()), expected, "{token:?}");
    }
    let error = token_from_file(&folder.join("absent")).await.unwrap_err();
    assert!(matches!(&error, TokenError::File { .. }) && error.to_string().contains("absent"), "{error}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn tokens_are_asked_of_programs() {
    let ask = async |script: &str| token_from_program("sh", &["-c", script], Duration::from_millis(500)).await;
    assert_eq!(ask("echo s3cret").await.unwrap().expose_secret(), "s3cret");
    let error = ask("echo s3cret; exit 4").await.unwrap_err();
    assert!(error.to_string().contains("exit status: 4") && !format!("{error:?}").contains("s3cret"), "{error:?}");
    assert!(ask("sleep 20").await.unwrap_err().to_string().contains("longer than 0.5 s"));
    assert!(matches!(ask("true").await, Err(TokenError::Empty { .. })));
    // A program that prints without end is not read without end.
    assert!(ask("while :; do echo s3cret; done").await.is_err());
    let absent = token_from_program::<&str>("no-such-program-here", &[], Duration::from_secs(1)).await;
    assert!(matches!(absent, Err(TokenError::Program { .. })), "{absent:?}");
}
