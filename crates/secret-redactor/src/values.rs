//! The forms in which a known value may appear in text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Values and lines of values shorter than this are ignored: they are too likely to be part of ordinary words.
pub const MIN_SECRET_BYTES: usize = 6;

/// A value longer than this is looked for in pieces, so that the memory to look ahead stays small.
const MAX_PIECE_BYTES: usize = 1024;

/// The longest text one form can match: each byte as `%XX` (three) or in base64 (less).
pub(crate) const MAX_FORM_BYTES: usize = 3 * MAX_PIECE_BYTES + 8;

/// Regular expressions for the value, longest first.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let whole = secret.trim_matches(['\r', '\n']);
    let lines: Vec<&str> = whole.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    for line in &lines {
        for piece in pieces(line) {
            forms.push(escaped_form(piece));
            forms.extend(base64_forms(piece.as_bytes()));
        }
    }
    if lines.len() > 1 {
        for piece in pieces(whole) {
            forms.extend(base64_forms(piece.as_bytes()));
        }
    }
    forms
}

/// The text in pieces of at most [`MAX_PIECE_BYTES`], each at least [`MIN_SECRET_BYTES`] long, cut between characters.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > MAX_PIECE_BYTES {
        let mut cut = MAX_PIECE_BYTES;
        if rest.len() - cut < MIN_SECRET_BYTES {
            cut -= MIN_SECRET_BYTES;
        }
        while !rest.is_char_boundary(cut) {
            cut -= 1;
        }
        let (piece, tail) = rest.split_at(cut);
        pieces.push(piece);
        rest = tail;
    }
    if rest.len() >= MIN_SECRET_BYTES {
        pieces.push(rest);
    }
    pieces
}

/// The value itself, where any character that encoders touch may be percent-encoded, form-encoded or JSON-escaped.
fn escaped_form(value: &str) -> String {
    let mut form = String::new();
    let mut buffer = [0; 4];
    for character in value.chars() {
        if character.is_ascii_alphanumeric() {
            form.push(character);
            continue;
        }
        let literal = regex::escape(character.encode_utf8(&mut buffer));
        let percent: String =
            character.encode_utf8(&mut buffer).bytes().map(|byte| format!("(?i:%{byte:02x})")).collect();
        let more = match character {
            ' ' => r"|\+",
            '"' => r#"|\\""#,
            '\\' => r"|\\\\",
            '/' => r"|\\/",
            '\t' => r"|\\t",
            '&' => r"|&amp;|\\u0026",
            '<' => r"|&lt;|\\u003[cC]",
            '>' => r"|&gt;|\\u003[eE]",
            _ => "",
        };
        // Longer alternatives first: `\"` would otherwise match by its second half and leave a backslash.
        let more = more.trim_start_matches('|');
        let separator = if more.is_empty() { "" } else { "|" };
        form.push_str(&format!("(?:{more}{separator}{percent}|{literal})"));
    }
    form
}

/// The base64 characters that depend on the value alone, for each of the three places at which it may start in a group of
/// three bytes, in both alphabets.
fn base64_forms(value: &[u8]) -> Vec<String> {
    let mut forms = Vec::new();
    for offset in 0..3 {
        let mut padded = vec![0; offset];
        padded.extend_from_slice(value);
        let first = (offset * 8).div_ceil(6);
        let last = padded.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let form = regex::escape(&engine.encode(&padded)[first..last]);
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_whole_text() {
        for length in [6, 1023, 1024, 1025, 1029, 1030, 2048, 2049, 5000] {
            let text = "é".repeat(length / 2) + &"x".repeat(length % 2);
            let pieces = pieces(&text);
            assert_eq!(pieces.concat(), text, "length {length}");
            assert!(
                pieces.iter().all(|piece| (MIN_SECRET_BYTES..=MAX_PIECE_BYTES).contains(&piece.len())),
                "length {length}"
            );
        }
    }

    #[test]
    fn a_short_value_has_no_form() {
        assert!(forms("12345").is_empty());
        assert!(forms("").is_empty());
        assert!(forms("\n\nabc\nde\n").is_empty() || forms("\n\nabc\nde\n").iter().all(|form| form.len() > 6));
        assert!(!forms("123456").is_empty());
    }
}
