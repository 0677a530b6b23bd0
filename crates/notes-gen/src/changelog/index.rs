use std::sync::LazyLock;

use regex::Regex;

use super::{ChangelogError, ChangelogLine, MAX_CHANGELOG};

/// The new text of the index `CHANGELOG/README.md`, and what was done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct IndexUpdate {
    /// The whole file.
    pub text: String,
    /// What was done.
    pub outcome: IndexOutcome,
}

/// What an update of the index did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IndexOutcome {
    /// There was no index.
    Created,
    /// The line was put in.
    Inserted,
    /// The index names the file already; no byte changed.
    Unchanged,
}

static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[-*] +\[[^\]]*\]\((?:\./)?CHANGELOG-([0-9]+)\.([0-9]+)\.md\)").expect("the pattern is valid")
});

/// Adds a minor release's file to the index: above the first entry of a lower one, which is the place under "Development release"
/// for the newest; below the last entry when none is lower. Entries stay under their headings.
pub fn update_index(current: Option<&str>, line: ChangelogLine) -> Result<IndexUpdate, ChangelogError> {
    let name = line.file_name();
    let entry = format!("- [{name}](./{name})\n");
    let Some(current) = current else {
        let text = format!("# Changelogs\n\n## Development release\n\n{entry}");
        return Ok(IndexUpdate { text, outcome: IndexOutcome::Created });
    };
    if current.len() > MAX_CHANGELOG {
        return Err(ChangelogError::TooLarge { bytes: current.len() });
    }
    let (mut lower, mut behind, mut item) = (None, None, None);
    let mut start = 0;
    for written in current.split_inclusive('\n') {
        if let Some(found) = entry_line(written) {
            if found == line {
                return Ok(IndexUpdate { text: current.to_owned(), outcome: IndexOutcome::Unchanged });
            }
            lower = lower.or((found < line).then_some(start));
            behind = Some(start + written.len());
        }
        item = item.or(written.starts_with("- ").then_some(start));
        start += written.len();
    }
    let (above, below) = current.split_at(lower.or(behind).or(item).unwrap_or(current.len()));
    let first_of_list = lower.or(behind).or(item).is_none() && !above.is_empty();
    let mut text = above.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if first_of_list && !text.ends_with("\n\n") {
        text.push('\n');
    }
    text.push_str(&entry);
    text.push_str(below);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(IndexUpdate { text, outcome: IndexOutcome::Inserted })
}

fn entry_line(written: &str) -> Option<ChangelogLine> {
    let parts = ENTRY.captures(written)?;
    Some(ChangelogLine { major: parts[1].parse().ok()?, minor: parts[2].parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "# CHANGELOGs\n\n## Development release\n\n- [CHANGELOG-1.20.md](./CHANGELOG-1.20.md)\n\n\
                         ## Older releases\n\n- [CHANGELOG-1.18.md](./CHANGELOG-1.18.md)\n- [CHANGELOG-1.9.md](CHANGELOG-1.9.md)\n\nfoot";

    #[test]
    fn a_line_finds_its_place() {
        let cases = [
            ("newest", INDEX, (1, 21), "release\n\n- [CHANGELOG-1.21.md](./CHANGELOG-1.21.md)\n- [CHANGELOG-1.20.md]"),
            (
                "between",
                INDEX,
                (1, 19),
                "releases\n\n- [CHANGELOG-1.19.md](./CHANGELOG-1.19.md)\n- [CHANGELOG-1.18.md]",
            ),
            ("oldest", INDEX, (1, 8), "(CHANGELOG-1.9.md)\n- [CHANGELOG-1.8.md](./CHANGELOG-1.8.md)\n\nfoot\n"),
            ("other list", "a\n\n- b", (1, 2), "a\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n- b\n"),
            ("no list", "a", (1, 2), "a\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n"),
            ("no newline at the end", "- [a](CHANGELOG-1.9.md)", (1, 2), "(CHANGELOG-1.9.md)\n- [CHANGELOG-1.2.md]"),
            ("empty", "", (1, 2), "- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n"),
        ];
        for (name, current, (major, minor), expected) in cases {
            let line = ChangelogLine { major, minor };
            let first = update_index(Some(current), line).unwrap();
            assert!(first.text.contains(expected), "{name}: {}", first.text);
            assert_eq!(first.outcome, IndexOutcome::Inserted, "{name}");
            let second = update_index(Some(&first.text), line).unwrap();
            assert_eq!((second.outcome, second.text), (IndexOutcome::Unchanged, first.text), "{name}");
        }
        let created = update_index(None, ChangelogLine { major: 1, minor: 2 }).unwrap();
        assert_eq!(
            created.text,
            "# Changelogs\n\n## Development release\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n"
        );
        assert_eq!(created.outcome, IndexOutcome::Created);
        let known = update_index(Some(INDEX), ChangelogLine { major: 1, minor: 9 }).unwrap();
        assert_eq!((known.outcome, known.text.as_str()), (IndexOutcome::Unchanged, INDEX));
    }
}
