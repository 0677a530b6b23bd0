use super::Edition;
use crate::{Note, Profile, markdown_line};

/// When a note whose text or author a map replaced shows its SIGs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MappedSuffix {
    /// Never: until 2024-07-18, drafts up to 1.30.
    Never,
    /// Only when there are several: from then on, drafts 1.32 to 1.35.
    Several,
    /// Always, like other notes: draft 1.37.
    Always,
}

/// The line of a note that a map edited.
pub fn mapped_line(note: &Note, profile: &Profile, suffix: MappedSuffix) -> String {
    let shown = match suffix {
        MappedSuffix::Never => false,
        MappedSuffix::Several => note.sigs.len() > 1,
        MappedSuffix::Always => true,
    };
    if shown {
        return markdown_line(note, profile);
    }
    let mut bare = note.clone();
    bare.sigs.clear();
    markdown_line(&bare, profile)
}

/// The line of a new note.
pub(super) fn line(edition: Edition, note: &Note, profile: &Profile) -> String {
    match edition {
        Edition::Y2020 => {
            // The first edition took the first byte for a character.
            let Some(first) = note.text.chars().next().filter(|first| !first.is_ascii()) else {
                return markdown_line(note, profile);
            };
            let mut bytes = [0; 4];
            let (head, broken) = first.encode_utf8(&mut bytes).as_bytes().split_at(1);
            let head = char::from(head[0]).to_uppercase();
            // The rest of its bytes is no text; whoever reads them sees replacement characters.
            let text: String = head.chain(broken.iter().map(|_| '\u{fffd}')).collect();
            let mut note = note.clone();
            note.text = format!("{text}{}", &note.text[first.len_utf8()..]);
            markdown_line(&note, profile)
        }
        Edition::Y2021 | Edition::Y2026 => markdown_line(note, profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkStyle, PullNumber};

    fn plain() -> Profile {
        Profile { links: LinkStyle::Plain, ..Profile::default() }
    }

    fn note(text: &str, sigs: &[&str]) -> Note {
        let mut note = Note::new(PullNumber::new(1).unwrap(), text);
        note.sigs = sigs.iter().map(|sig| (*sig).to_owned()).collect();
        note
    }

    #[test]
    fn suffixes_of_mapped_notes() {
        let (one, two) = (note("a", &["cli"]), note("a", &["cli", "api-machinery"]));
        let cases = [
            (MappedSuffix::Never, ["A (#1)", "A (#1)"]),
            (MappedSuffix::Several, ["A (#1)", "A (#1) [SIG API Machinery and CLI]"]),
            (MappedSuffix::Always, ["A (#1) [SIG CLI]", "A (#1) [SIG API Machinery and CLI]"]),
        ];
        for (suffix, expected) in cases {
            let found = [&one, &two].map(|note| mapped_line(note, &plain(), suffix));
            assert_eq!(found, expected, "{suffix:?}");
        }
    }

    #[test]
    fn first_characters() {
        for (edition, expected) in [(Edition::Y2020, "Ã\u{fffd}b (#1)"), (Edition::Y2021, "Üb (#1)")] {
            assert_eq!(line(edition, &note("üb", &[]), &plain()), expected);
        }
    }
}
