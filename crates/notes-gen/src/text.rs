//! Cleaning of text that strangers wrote.

use std::sync::LazyLock;

use regex::Regex;

/// Removes what does not belong in prose: carriage returns, NUL and the other control characters (except newline and tab), and the
/// marks that make text run the other way or hide in it.
pub(crate) fn sanitize(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    // Plain ASCII is by far the most, so it is taken over in runs.
    while let Some(at) = rest.bytes().position(|byte| !matches!(byte, b' '..=b'~' | b'\n' | b'\t')) {
        clean.push_str(&rest[..at]);
        let Some(c) = rest[at..].chars().next() else { break };
        if !(c.is_control() || is_direction_mark(c)) {
            clean.push(c);
        }
        rest = &rest[at + c.len_utf8()..];
    }
    clean.push_str(rest);
    clean
}

/// One line of clean text.
pub(crate) fn sanitize_line(text: &str) -> String {
    let clean = neutralize_comments(&sanitize(text));
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Removes `<!-- … -->`. One that is never closed would swallow the rest of a document, so it is made visible instead.
pub(crate) fn neutralize_comments(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        clean.push_str(before);
        match after.split_once("-->") {
            Some((_, behind)) => rest = behind,
            None => {
                clean.push_str("&lt;!--");
                clean.push_str(&after.replace("<!--", "&lt;!--"));
                return clean;
            }
        }
    }
    clean.push_str(rest);
    clean
}

static ACTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\[action required\]:?\s|action required:\s").expect("the pattern is valid"));
static STAR: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^([ \t]*)\*[ \t]").expect("the pattern is valid"));

/// Cleans the content of a release-note block; also says whether it was marked as action required.
pub(crate) fn tidy(content: &str) -> (String, bool) {
    let content = neutralize_comments(content);
    let marked = ACTION.is_match(&content);
    let content = if marked { ACTION.replace_all(&content, "") } else { content.into() };
    let content = if content.contains('*') { STAR.replace_all(&content, "${1}- ") } else { content };
    (unlist(content.trim()), marked)
}

/// Takes the first list item apart: a note that is a list of one is not a list.
fn unlist(text: &str) -> String {
    let Some(text) = text.strip_prefix("- ") else { return text.to_owned() };
    let mut lines = Vec::new();
    let mut second_item = false;
    for (at, line) in text.split('\n').enumerate() {
        second_item |= at > 0 && line.starts_with("- ");
        lines.push(if at == 0 || second_item { line } else { line.strip_prefix("  ").unwrap_or(line) });
    }
    lines.join("\n").trim().to_owned()
}

/// Whether two bodies are the same but for their line ends and the blanks around them.
pub(crate) fn same_body(a: &str, b: &str) -> bool {
    let lines = |text: &'_ str| text.trim().lines().map(str::trim_end).map(str::to_owned).collect::<Vec<_>>();
    lines(a) == lines(b)
}

/// Whether a note's text only says that there is none.
pub(crate) fn says_none(text: &str) -> bool {
    let word: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '`' | '*' | '.' | '“' | '”' | '‘' | '’'))
        .take(32)
        .flat_map(char::to_lowercase)
        .collect();
    matches!(
        word.as_str(),
        "none" | "n/a" | "na" | "no" | "nothing" | "nil" | "null" | "-" | "empty" | "release-note-none"
    )
}

/// First letter in upper case, the rest in lower case.
pub(crate) fn title_case(word: &str) -> String {
    upper_first(&word.to_lowercase())
}

/// The first character in upper case where that is a single character again (`ß` stays as it is).
pub(crate) fn upper_first(text: &str) -> String {
    let Some(first) = text.chars().next() else { return String::new() };
    let mut upper = first.to_uppercase();
    let capital = if upper.len() == 1 { upper.next().unwrap_or(first) } else { first };
    let mut capitalised = String::with_capacity(text.len() + 4);
    capitalised.push(capital);
    capitalised.push_str(&text[first.len_utf8()..]);
    capitalised
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidied_texts() {
        let cases = [
            ("list of two", "- a\n  b\n- c", "a\nb\n- c", false),
            ("star and marker", "* [Action Required] x", "x", true),
            ("marker", "ACTION REQUIRED: do this", "do this", true),
            ("marker with colon", "[ACTION REQUIRED]: do this", "do this", true),
            ("star inside", "a * b **c** d", "a * b **c** d", false),
            ("nested stars", "a:\n  * b\n  * c", "a:\n  - b\n  - c", false),
            ("comment", "a <!-- hidden\n --> b", "a  b", false),
            ("unclosed comment", "a <!-- b", "a &lt;!-- b", false),
        ];
        for (name, from, to, marked) in cases {
            assert_eq!(tidy(from), (to.to_owned(), marked), "{name}");
        }
    }

    #[test]
    fn nones() {
        for text in ["NONE", "\"NONE\"", "N/A", "`none`.", "**None**", "na", "-", "no", "release-note-none", "'n/a'"] {
            assert!(says_none(text), "{text}");
        }
        for text in ["", "none of the flags work", "nothing changes", "no."] {
            assert_eq!(says_none(text), text == "no.", "{text}");
        }
    }

    #[test]
    fn hostile_characters_go() {
        assert_eq!(sanitize("a\0b\u{202e}c\r\nd\te\u{7f}\u{feff}"), "abc\nd\te");
        assert_eq!(sanitize_line("a\r\n  b\u{2067} <!-- x"), "a b &lt;!-- x");
    }

    #[test]
    fn first_letters() {
        for (from, to) in [("", ""), ("über", "Über"), ("ßx", "ßx"), ("`a`", "`a`"), ("日", "日")] {
            assert_eq!(upper_first(from), to, "{from}");
        }
        assert_eq!(title_case("fOO"), "Foo");
    }
}
