//! What secrets look like: one regular expression, so that a line is scanned once.

/// Group names that stay in the text around the marker; a shape uses at most one of each kind.
pub(crate) const BEFORE: &[&str] = &["before_token", "before_header", "before_bearer", "before_url", "before_aws"];
/// The part after the secret that stays.
pub(crate) const AFTER: &[&str] = &["after_oauth", "after_url"];

/// A byte of an URL's user information: all but white space, quotes and the ends of an authority.
const USERINFO: &str = r#"[^\s/?#"'<>`\\]"#;

/// The start of a PEM private key; what follows is secret until [`PEM_END`].
pub(crate) const PEM_BEGIN: &str = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";
/// The end of a PEM private key.
pub(crate) const PEM_END: &str = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----";

/// All shapes as one alternation; the first alternative that matches at the leftmost place wins.
pub(crate) fn pattern() -> String {
    let shapes = [
        // Header values go to the end of the line or the quote: schemes differ (`token x`, `Basic x`, `Digest a=b, c=d`).
        r#"(?P<before_header>(?i:(?:proxy-)?authorization|private-token|x-api-key|fastly-key)["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)[^\s"'][^\r\n"']*"#.to_owned(),
        r"(?P<before_bearer>\b(?i:bearer)[ \t]{1,8})[A-Za-z0-9._~+/=-]{8,}".to_owned(),
        // A web address never needs its user information in a log; other schemes (ssh://git@host) only with a password.
        format!(r"(?P<before_url>\b(?i:https?|ftp)://){USERINFO}+(?P<after_url>@)"),
        format!(r"\b[A-Za-z][A-Za-z0-9+.-]{{0,30}}://{USERINFO}*:{USERINFO}+@"),
        r#"[^\s:/@"']+(?P<after_oauth>:x-oauth-basic)"#.to_owned(),
        r"github_pat_[A-Za-z0-9_]{16,}".to_owned(),
        // 36 letters and digits are a token wherever they stand; longer forms with other characters (the ones that hold a
        // JSON web token) need a boundary, for `laughs_and_so_on` is a name.
        r"gh[pousr]_[A-Za-z0-9]{36,}(?:[._-][A-Za-z0-9_.-]*[A-Za-z0-9_-])?".to_owned(),
        r"(?P<before_token>^|[^A-Za-z0-9]|%[0-9A-Fa-f]{2}|\\[a-z])gh[pousr]_[A-Za-z0-9][A-Za-z0-9_.-]{14,}[A-Za-z0-9_-]".to_owned(),
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}".to_owned(),
        r"ya29\.[A-Za-z0-9._-]{16,}".to_owned(),
        r"\bAIza[A-Za-z0-9_-]{35}".to_owned(),
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b".to_owned(),
        r#"(?P<before_aws>(?i:aws_secret_access_key|aws_session_token|secretaccesskey|sessiontoken)["']?[ \t]{0,8}[:=][ \t]{0,8}["']?)[A-Za-z0-9/+=]{16,}"#.to_owned(),
        r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}".to_owned(),
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}".to_owned(),
    ];
    // ASCII only: any other byte counts as part of a secret, so that invalid UTF-8 hides nothing. A class that takes such bytes
    // stands between ASCII delimiters and takes all of them, so characters stay whole.
    format!("(?-u){}", shapes.join("|"))
}
