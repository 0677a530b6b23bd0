use std::collections::HashMap;

use crate::{Note, Notes, PullNumber};

/// Notes that say the same: a cherry-pick and its original, a revert and what takes it back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SameText<'a> {
    /// The note of the smallest number, which stands for all.
    pub first: &'a Note,
    /// All of them, ascending; at least two.
    pub pulls: Vec<PullNumber>,
}

impl Notes {
    /// The groups of notes with the same text but for case, blanks and a full stop at the end; by their smallest numbers.
    ///
    /// All records stay; a document may write one line for a group and name all pull requests in it.
    pub fn duplicates(&self) -> Vec<SameText<'_>> {
        let mut at: HashMap<String, usize> = HashMap::with_capacity(self.len());
        let mut groups: Vec<SameText<'_>> = Vec::new();
        for note in self {
            let text = normalized(&note.text);
            if text.is_empty() {
                continue;
            }
            match at.get(&text) {
                Some(&at) => groups[at].pulls.push(note.pr_number),
                None => {
                    at.insert(text, groups.len());
                    groups.push(SameText { first: note, pulls: vec![note.pr_number] });
                }
            }
        }
        groups.retain(|group| group.pulls.len() > 1);
        groups
    }
}

fn normalized(text: &str) -> String {
    let mut normalized = String::with_capacity(text.len());
    for word in text.trim().trim_end_matches('.').split_whitespace() {
        if !normalized.is_empty() {
            normalized.push(' ');
        }
        normalized.extend(word.chars().flat_map(char::to_lowercase));
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_texts_are_grouped() {
        let texts = [
            (30, "Fix the thing."),
            (2, "fix  the\n  thing"),
            (4, "another"),
            (9, "Fix The Thing"),
            (5, "Ändern"),
            (1, "ändern."),
            (7, " "),
            (8, "."),
        ];
        let notes: Notes = texts.iter().map(|(n, text)| Note::new(PullNumber::new(*n).unwrap(), *text)).collect();
        let groups: Vec<(u64, Vec<u64>)> = notes
            .duplicates()
            .iter()
            .map(|group| (group.first.pr_number.get(), group.pulls.iter().map(|n| n.get()).collect()))
            .collect();
        assert_eq!(groups, [(1, vec![1, 5]), (2, vec![2, 9, 30])]);
        assert_eq!(notes.len(), texts.len());
    }
}
