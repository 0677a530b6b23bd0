//! Text of others, made fit for one line of a message.

/// The text without control characters and marks that turn the direction of writing, and cut after `longest` characters.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let mut shown = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        let turns = matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        shown.push(if character.is_control() || turns { ' ' } else { character });
    }
    shown
}
