//! Quantities as people read them.

use std::time::Duration;

use crate::Paint;

/// A number of bytes, e.g. `12 B`, `1.5 KiB`, `3.2 GiB`.
#[must_use]
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    // Tenths, rounded, so that 1023.99 KiB is shown as 1.0 MiB.
    let mut divisor: u128 = 1024;
    for (index, unit) in UNITS.iter().enumerate() {
        let tenths = (u128::from(bytes) * 10 + divisor / 2) / divisor;
        if tenths < 10240 || index + 1 == UNITS.len() {
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
        divisor *= 1024;
    }
    format!("{bytes} B")
}

/// So many of something, e.g. `1 note`, `12 notes`: for nouns whose plural ends in `s`.
#[must_use]
pub fn human_count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A span of time, e.g. `0.4 s`, `2 min 5 s`, `1 h 2 min`.
#[must_use]
pub fn human_duration(duration: Duration) -> String {
    let tenths = (duration.as_millis() + 50) / 100;
    if tenths < 600 {
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    let seconds = (duration.as_millis() + 500) / 1000;
    if seconds < 3600 {
        return format!("{} min {} s", seconds / 60, seconds % 60);
    }
    format!("{} h {} min", seconds / 3600, seconds % 3600 / 60)
}

/// What steers a terminal, or makes text run the other way or hide in it.
pub(crate) fn steers(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control()
}

/// A page as a terminal may see it: colours, line breaks and tabs stay, whatever else steers it becomes visible.
pub(crate) fn page(text: &str, paint: Paint) -> String {
    let colors = paint.sequences();
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c| steers(c) && c != '\n' && c != '\t') {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(color) = colors.iter().find(|color| rest.starts_with(color.as_str())) {
            shown.push_str(color);
            rest = &rest[color.len()..];
        } else {
            let mut characters = rest.chars();
            shown.push(if characters.next() == Some('\r') { ' ' } else { '\u{fffd}' });
            rest = characters.as_str();
        }
    }
    shown.push_str(rest);
    shown
}

/// Text from elsewhere without the characters that steer a terminal; line breaks stay when `lines` are wanted.
pub(crate) fn printable(text: &str, lines: Lines) -> String {
    text.chars()
        .map(|c| match c {
            '\n' if lines == Lines::Many => c,
            '\n' | '\t' | '\r' => ' ',
            c if steers(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (3_435_973_837, "3.2 GiB"),
            (u64::MAX, "16.0 EiB"),
        ] {
            assert_eq!(human_bytes(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn durations() {
        for (millis, text) in [
            (0, "0.0 s"),
            (449, "0.4 s"),
            (59_949, "59.9 s"),
            (59_950, "1 min 0 s"),
            (125_000, "2 min 5 s"),
            (3_599_499, "59 min 59 s"),
            (3_599_500, "1 h 0 min"),
            (3_720_000, "1 h 2 min"),
        ] {
            assert_eq!(human_duration(Duration::from_millis(millis)), text, "{millis}");
        }
    }

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc", Lines::One), "a\u{fffd}[2Jb  c");
        assert_eq!(printable("a\nb", Lines::Many), "a\nb");
        assert_eq!(printable("a\u{202e}b\u{9b}1mc", Lines::Many), "a\u{fffd}b\u{fffd}1mc");
    }

    #[test]
    fn pages_keep_their_colours_alone() {
        let painted = format!("{}\t{}\n", Paint::ansi().bad("no"), Paint::ansi().dim("\u{1b}[2Jyes"));
        assert_eq!(page(&painted, Paint::ansi()), painted.replace("\u{1b}[2J", "\u{fffd}[2J"));
        assert_eq!(page("a\u{1b}[1mb", Paint::plain()), "a\u{fffd}[1mb");
        for (text, shown) in [
            ("a\r\nb\rc", "a \nb c"),
            ("\u{1b}]0;title\u{7}", "\u{fffd}]0;title\u{fffd}"),
            ("\u{9b}2J\u{7f}\u{8}", "\u{fffd}2J\u{fffd}\u{fffd}"),
            ("a\u{202e}b\u{2066}", "a\u{fffd}b\u{fffd}"),
            ("\u{1b}[8mhidden\u{1b}", "\u{fffd}[8mhidden\u{fffd}"),
            ("日本 é 🎉\n", "日本 é 🎉\n"),
        ] {
            assert_eq!(page(text, Paint::ansi()), shown, "{text:?}");
        }
    }
}
