//! Text inside of a line of Markdown.

use std::borrow::Cow;

/// A link; the label is shown as it is.
pub(crate) fn link(label: &str, address: &str) -> String {
    format!("[{}]({})", escape(label), safe(address))
}

/// An address that can neither end its parentheses nor a cell of a table.
pub(crate) fn safe(address: &str) -> Cow<'_, str> {
    if address.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>|\\`".contains(&byte)) {
        return Cow::Borrowed(address);
    }
    let mut safe = String::with_capacity(address.len());
    for character in address.chars() {
        match character {
            '(' => safe.push_str("%28"),
            ')' => safe.push_str("%29"),
            '<' => safe.push_str("%3C"),
            '>' => safe.push_str("%3E"),
            '|' => safe.push_str("%7C"),
            '\\' => safe.push_str("%5C"),
            '`' => safe.push_str("%60"),
            ' ' => safe.push_str("%20"),
            other if other.is_whitespace() || other.is_control() => {}
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Text that is shown as it is, also in a cell of a table; on one line.
pub(crate) fn escape(label: &str) -> String {
    let mut escaped = String::with_capacity(label.len());
    for character in label.chars() {
        if matches!(character, '[' | ']' | '\\' | '|' | '<' | '>' | '*' | '`') {
            escaped.push('\\');
        }
        escaped.push(if character.is_whitespace() || character.is_control() { ' ' } else { character });
    }
    escaped
}

/// The same at the start of a block, where it opens no heading, list or the like.
pub(crate) fn escape_start(label: &str) -> String {
    let mut escaped = escape(label);
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    if escaped[digits..].starts_with(|c: char| c.is_ascii_punctuation() && c != '\\') {
        escaped.insert(digits, '\\');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_stay_labels() {
        let cases = [
            ("a|b", "a\\|b", "a\\|b"),
            ("# a\nb", "# a b", "\\# a b"),
            ("1. a", "1. a", "1\\. a"),
            ("- `a`", "- \\`a\\`", "\\- \\`a\\`"),
            ("[a]", "\\[a\\]", "\\[a\\]"),
            ("", "", ""),
        ];
        for (label, within, first) in cases {
            assert_eq!((escape(label).as_str(), escape_start(label).as_str()), (within, first));
        }
        assert_eq!(link("a]", "https://x.example/(b) c|d\n"), "[a\\]](https://x.example/%28b%29%20c%7Cd)");
    }
}
