use super::Edition;
use crate::{Note, Profile, markdown_line};

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

    fn note(text: &str) -> Note {
        Note::new(PullNumber::new(1).unwrap(), text)
    }

    #[test]
    fn first_characters() {
        for (edition, expected) in [(Edition::Y2020, "Ã\u{fffd}b (#1)"), (Edition::Y2021, "Üb (#1)")] {
            assert_eq!(line(edition, &note("üb"), &plain()), expected);
        }
    }
}
