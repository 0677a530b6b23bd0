//! Bare addresses in text.

use std::sync::LazyLock;

use regex::Regex;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text as it is.
    Text(&'a str),
    /// An address: what is shown and where it leads.
    Address { shown: &'a str, target: String },
}

/// Takes a text apart at its bare addresses, by GitHub's rules: they start at a word with `http://`, `https://` or `www.`, and end before
/// a blank or `<`, without the punctuation behind them.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(start) = next_start(text, at) {
        let word = &text[start..];
        let end = word.find(|c: char| c.is_whitespace() || c == '<').unwrap_or(word.len());
        let shown = without_punctuation(&word[..end]);
        let bare = shown.strip_prefix("https://").or_else(|| shown.strip_prefix("http://"));
        if has_host(bare.unwrap_or(shown)) {
            if done < start {
                found.push(Piece::Text(&text[done..start]));
            }
            let target = if bare.is_some() { shown.to_owned() } else { format!("http://{shown}") };
            found.push(Piece::Address { shown, target });
            done = start + shown.len();
        }
        at = start + end;
    }
    if done < text.len() || text.is_empty() {
        found.push(Piece::Text(&text[done..]));
    }
    found
}

static START: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"https?://|www\.").expect("the pattern is valid"));

fn next_start(text: &str, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let found = START.find_at(text, from)?;
        let before = text[..found.start()].chars().next_back();
        if before.is_none_or(|c| c.is_whitespace() || matches!(c, '*' | '_' | '~' | '(' | '"' | '\'' | '[')) {
            return Some(found.start());
        }
        from = found.end();
    }
}

/// A word without what ends a sentence or a parenthesis around it.
pub(crate) fn without_punctuation(word: &str) -> &str {
    let mut open = word.matches('(').count();
    let mut close = word.matches(')').count();
    let mut word = word;
    while let Some(last) = word.chars().next_back() {
        match last {
            '?' | '!' | '.' | ',' | ':' | ';' | '*' | '_' | '~' | '\'' | '"' | ']' => {}
            ')' if close > open => close -= 1,
            '(' => open -= 1,
            _ => break,
        }
        word = &word[..word.len() - last.len_utf8()];
    }
    word
}

/// Whether a host with a dot stands at the start.
fn has_host(address: &str) -> bool {
    let host = address.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    host.contains('.') && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found() {
        let cases: [(&str, &[&str]); 12] = [
            ("https://x.example", &["https://x.example"]),
            ("a http://x.example/y. B", &["http://x.example/y"]),
            ("(https://x.example/a(b))", &["https://x.example/a(b)"]),
            ("(see https://x.example/a).", &["https://x.example/a"]),
            ("www.x.example, www.y.example", &["www.x.example", "www.y.example"]),
            ("xhttps://x.example", &[]),
            ("https://localhost", &[]),
            ("https://", &[]),
            ("http://http://", &[]),
            ("https://x.example\"onload=a", &[]),
            ("javascript://x.example", &[]),
            ("ahttp://x.example https://y.example", &["https://y.example"]),
        ];
        for (text, expected) in cases {
            let pieces = pieces(text);
            let shown: Vec<&str> = pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Address { shown, .. } => Some(*shown),
                    Piece::Text(_) => None,
                })
                .collect();
            assert_eq!(shown, expected, "{text}");
            let joined: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Address { shown, .. } => *shown,
                    Piece::Text(text) => text,
                })
                .collect();
            assert_eq!(joined, text);
        }
    }
}
