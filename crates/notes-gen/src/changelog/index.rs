use std::sync::LazyLock;

use regex::Regex;

use super::{ChangelogError, ChangelogLine, MAX_CHANGELOG, line::version_of};

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
    /// The line stood under another heading.
    Moved,
    /// The index names the file already; no byte changed.
    Unchanged,
}

/// How far a minor release is: what decides the heading that it stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineState {
    /// Before `vX.Y.0`.
    Development,
    /// From `vX.Y.0` on.
    Released,
}

impl LineState {
    /// What a tag tells: with `v1.20.0-rc.1` the line is in development, with `v1.20.0` and `v1.20.1-rc.0` it is released.
    pub fn of_tag(tag: &str) -> Result<Self, ChangelogError> {
        let version = version_of(tag).ok_or_else(|| ChangelogError::NotAVersion { tag: tag.to_owned() })?;
        Ok(if version.patch == 0 && !version.pre.is_empty() { Self::Development } else { Self::Released })
    }
}

static ENTRY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[-*] +\[[^\]]*\]\((?:\./)?CHANGELOG-([0-9]+)\.([0-9]+)\.md\)").expect("the pattern is valid")
});

/// The headings of the index, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Heading {
    Development,
    Current,
    Older,
}

impl Heading {
    const ALL: [Self; 3] = [Self::Development, Self::Current, Self::Older];

    fn title(self) -> &'static str {
        match self {
            Self::Development => "Development release",
            Self::Current => "Current release",
            Self::Older => "Older releases",
        }
    }

    fn of(written: &str) -> Option<Self> {
        let title = written.strip_prefix("## ")?.trim();
        Self::ALL.into_iter().find(|heading| heading.title().eq_ignore_ascii_case(title))
    }
}

/// Puts a minor release's file into the index, under the heading for its state.
///
/// A release in development goes under "Development release". Once released it stands under "Current release", and what stood there goes
/// to the top of "Older releases"; a release older than the current one goes to its place among those. Headings that are needed are made.
/// In an index with none of these headings the line goes above the first entry of a lower one, or below the last entry. All other bytes
/// stay, and a line that is where it belongs changes nothing.
pub fn update_index(
    current: Option<&str>,
    line: ChangelogLine,
    state: LineState,
) -> Result<IndexUpdate, ChangelogError> {
    let Some(current) = current else {
        let heading = if state == LineState::Development { Heading::Development } else { Heading::Current };
        let text = format!("# Changelogs\n\n## {}\n\n{}", heading.title(), entry(line, "\n"));
        return Ok(IndexUpdate { text, outcome: IndexOutcome::Created });
    };
    if current.len() > MAX_CHANGELOG {
        return Err(ChangelogError::TooLarge { bytes: current.len() });
    }
    let mut index = Index::parse(current);
    let (outcome, written) = match (index.find(line), state) {
        // What stands there stays as somebody wrote it.
        (Some((at, Some(Heading::Development))), LineState::Released) => (IndexOutcome::Moved, index.take(at)),
        (Some(_), _) => return Ok(IndexUpdate { text: current.to_owned(), outcome: IndexOutcome::Unchanged }),
        (None, _) => (IndexOutcome::Inserted, entry(line, index.newline)),
    };
    index.place(line, state, written);
    Ok(IndexUpdate { text: index.text(), outcome })
}

fn entry(line: ChangelogLine, newline: &str) -> String {
    let name = line.file_name();
    format!("- [{name}](./{name}){newline}")
}

fn entry_line(written: &str) -> Option<ChangelogLine> {
    let parts = ENTRY.captures(written)?;
    Some(ChangelogLine { major: parts[1].parse().ok()?, minor: parts[2].parse().ok()? })
}

/// The index as its written lines, each with its end.
struct Index {
    lines: Vec<String>,
    newline: &'static str,
}

impl Index {
    fn parse(text: &str) -> Self {
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        Self { lines: text.split_inclusive('\n').map(str::to_owned).collect(), newline }
    }

    fn text(mut self) -> String {
        if let Some(last) = self.lines.last_mut().filter(|last| !last.ends_with('\n')) {
            last.push_str(self.newline);
        }
        self.lines.concat()
    }

    /// The place of a line, and the heading that it stands under if that is one of ours. Of several it is the first that is not in
    /// development: what is released already is not moved there a second time.
    fn find(&self, line: ChangelogLine) -> Option<(usize, Option<Heading>)> {
        let (mut under, mut found) = (None, None);
        for (at, written) in self.lines.iter().enumerate() {
            if is_heading(written) {
                under = Heading::of(written);
            } else if entry_line(written) == Some(line) {
                if under != Some(Heading::Development) {
                    return Some((at, under));
                }
                found = found.or(Some((at, under)));
            }
        }
        found
    }

    /// The lines below a heading, up to the next one.
    fn section(&self, heading: Heading) -> Option<std::ops::Range<usize>> {
        let start = self.lines.iter().position(|written| Heading::of(written) == Some(heading))? + 1;
        let length = self.lines[start..].iter().position(|written| is_heading(written));
        Some(start..length.map_or(self.lines.len(), |length| start + length))
    }

    /// The entries below a heading with their places, from the top.
    fn entries(&self, range: std::ops::Range<usize>) -> Vec<(usize, ChangelogLine)> {
        range.filter_map(|at| Some((at, entry_line(&self.lines[at])?))).collect()
    }

    /// Takes a line out, and one of two empty lines that it stood between.
    fn take(&mut self, at: usize) -> String {
        let mut taken = self.lines.remove(at);
        if at > 0 && is_blank(&self.lines[at - 1]) && self.lines.get(at).is_some_and(|next| is_blank(next)) {
            self.lines.remove(at);
        }
        if !taken.ends_with('\n') {
            taken.push_str(self.newline);
        }
        taken
    }

    fn place(&mut self, line: ChangelogLine, state: LineState, written: String) {
        if !Heading::ALL.into_iter().any(|heading| self.section(heading).is_some()) {
            return self.place_by_number(line, written);
        }
        let released: Vec<ChangelogLine> = [Heading::Current, Heading::Older]
            .into_iter()
            .filter_map(|heading| self.section(heading))
            .flat_map(|range| self.entries(range))
            .map(|(_, line)| line)
            .collect();
        let newest = released.iter().all(|other| *other < line);
        match state {
            LineState::Development => self.insert(Heading::Development, line, written),
            LineState::Released if newest => {
                let before = self.section(Heading::Current).map_or_else(Vec::new, |range| self.entries(range));
                // From the bottom, so that the places above stay true; each goes to its place by its number.
                for (at, other) in before.into_iter().rev() {
                    let other_written = self.take(at);
                    self.insert(Heading::Older, other, other_written);
                }
                self.insert(Heading::Current, line, written);
            }
            LineState::Released => self.insert(Heading::Older, line, written),
        }
    }

    /// Puts an entry below a heading, above the first lower one or below the last; the heading is made when it is not there.
    fn insert(&mut self, heading: Heading, line: ChangelogLine, written: String) {
        let range = self.section(heading).unwrap_or_else(|| self.make(heading));
        let entries = self.entries(range.clone());
        if let Some((at, _)) = entries.iter().find(|(_, other)| *other < line) {
            self.lines.insert(*at, written);
        } else if let Some((at, _)) = entries.last() {
            self.end_line(*at);
            self.lines.insert(at + 1, written);
        } else {
            // Below the heading's empty line, and apart from what comes next.
            let mut at = range.start;
            self.end_line(at.saturating_sub(1));
            match self.lines.get(at) {
                Some(next) if is_blank(next) => {}
                _ => self.lines.insert(at, self.newline.to_owned()),
            }
            at += 1;
            self.lines.insert(at, written);
            if self.lines.get(at + 1).is_some_and(|next| !is_blank(next)) {
                self.lines.insert(at + 1, self.newline.to_owned());
            }
        }
    }

    /// Makes a heading, above the next of our headings that is there or below the one before it; gives its section, which is empty.
    fn make(&mut self, heading: Heading) -> std::ops::Range<usize> {
        let later = Heading::ALL.into_iter().filter(|other| *other > heading).find_map(|other| self.section(other));
        let earlier =
            Heading::ALL.into_iter().rev().filter(|other| *other < heading).find_map(|other| self.section(other));
        let mut at = match (later, earlier) {
            (Some(later), _) => later.start - 1,
            (None, Some(earlier)) => earlier.end,
            (None, None) => self.lines.len(),
        };
        if at > 0 {
            self.end_line(at - 1);
            if !is_blank(&self.lines[at - 1]) {
                self.lines.insert(at, self.newline.to_owned());
                at += 1;
            }
        }
        self.lines.insert(at, format!("## {}{}", heading.title(), self.newline));
        self.lines.insert(at + 1, self.newline.to_owned());
        at + 1..at + 2
    }

    fn end_line(&mut self, at: usize) {
        if let Some(written) = self.lines.get_mut(at).filter(|written| !written.ends_with('\n')) {
            written.push_str(self.newline);
        }
    }

    /// In an index of another make: above the first entry of a lower one, below the last entry, or above the first item of a list.
    fn place_by_number(&mut self, line: ChangelogLine, written: String) {
        let entries = self.entries(0..self.lines.len());
        let lower = entries.iter().find(|(_, other)| *other < line).map(|(at, _)| *at);
        let behind = entries.last().map(|(at, _)| at + 1);
        let item = self.lines.iter().position(|written| written.starts_with("- "));
        let at = lower.or(behind).or(item);
        if let Some(last) = self.lines.len().checked_sub(1) {
            self.end_line(last);
            if at.is_none() && !is_blank(&self.lines[last]) {
                self.lines.push(self.newline.to_owned());
            }
        }
        self.lines.insert(at.unwrap_or(self.lines.len()), written);
    }
}

fn is_heading(written: &str) -> bool {
    written.starts_with("# ") || written.starts_with("## ")
}

fn is_blank(written: &str) -> bool {
    written.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "# CHANGELOGs\n\n## Development release\n\n- [CHANGELOG-1.20.md](./CHANGELOG-1.20.md)\n\n\
                         ## Current release\n\n- [CHANGELOG-1.19.md](./CHANGELOG-1.19.md) as somebody wrote it\n\n\
                         ## Older releases\n\n- [CHANGELOG-1.18.md](./CHANGELOG-1.18.md)\n* [old](CHANGELOG-1.9.md)\n\nfoot";

    fn line(major: u64, minor: u64) -> ChangelogLine {
        ChangelogLine { major, minor }
    }

    /// Headings and entries in short: `D 1.20 C 1.19 O 1.18 1.9`.
    fn short(text: &str) -> String {
        let words = text.lines().filter_map(|written| match (Heading::of(written), entry_line(written)) {
            (Some(heading), _) => Some(heading.title()[..1].to_owned()),
            (_, Some(line)) => Some(line.to_string()),
            _ => None,
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// Updates, and again: the second time nothing is left to do.
    fn updated(current: &str, tag: &str) -> (String, IndexOutcome) {
        let (line, state) = (ChangelogLine::of_tag(tag).unwrap(), LineState::of_tag(tag).unwrap());
        let first = update_index(Some(current), line, state).unwrap();
        let second = update_index(Some(&first.text), line, state).unwrap();
        assert_eq!((second.outcome, &second.text), (IndexOutcome::Unchanged, &first.text), "{tag}");
        (first.text, first.outcome)
    }

    #[test]
    fn a_cycle() {
        use IndexOutcome::{Inserted, Moved, Unchanged};
        let mut text = INDEX.to_owned();
        for (tag, outcome, expected) in [
            ("v1.20.0-rc.1", Unchanged, "D 1.20 C 1.19 O 1.18 1.9"),
            ("v1.21.0-alpha.1", Inserted, "D 1.21 1.20 C 1.19 O 1.18 1.9"),
            ("v1.18.7", Unchanged, "D 1.21 1.20 C 1.19 O 1.18 1.9"),
            ("v1.20.0", Moved, "D 1.21 C 1.20 O 1.19 1.18 1.9"),
            ("v1.20.1-rc.0", Unchanged, "D 1.21 C 1.20 O 1.19 1.18 1.9"),
            ("v1.17.9", Inserted, "D 1.21 C 1.20 O 1.19 1.18 1.17 1.9"),
            ("v1.21.0-beta.0", Unchanged, "D 1.21 C 1.20 O 1.19 1.18 1.17 1.9"),
            ("v1.21.0", Moved, "D C 1.21 O 1.20 1.19 1.18 1.17 1.9"),
            ("v1.22.0-alpha.1", Inserted, "D 1.22 C 1.21 O 1.20 1.19 1.18 1.17 1.9"),
        ] {
            let found;
            (text, found) = updated(&text, tag);
            assert_eq!((found, short(&text).as_str()), (outcome, expected), "{tag}: {text}");
        }
        assert!(text.starts_with("# CHANGELOGs\n\n## Development release\n\n- [CHANGELOG-1.22.md](./CHANGELOG-1.22.md)\n\n## Current release\n\n- "), "{text}");
        assert!(text.contains("- [CHANGELOG-1.19.md](./CHANGELOG-1.19.md) as somebody wrote it\n"), "{text}");
        assert!(text.ends_with("* [old](CHANGELOG-1.9.md)\n\nfoot\n"), "{text}");
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn headings_are_made() {
        let development = "# Changelogs\n\n## Development release\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n";
        let created = update_index(None, line(1, 2), LineState::Development).unwrap();
        assert_eq!((created.outcome, created.text.as_str()), (IndexOutcome::Created, development));
        let (text, outcome) = updated(development, "v1.2.0");
        assert_eq!(outcome, IndexOutcome::Moved);
        let current = "# Changelogs\n\n## Development release\n\n## Current release\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n";
        assert_eq!(text, current);
        let (text, _) = updated(&text, "v1.3.0-alpha.1");
        let (text, _) = updated(&text, "v1.3.0");
        let older = "## Current release\n\n- [CHANGELOG-1.3.md](./CHANGELOG-1.3.md)\n\n## Older releases\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n";
        assert_eq!(text, current.replace(&current[current.find("## Cur").unwrap()..], older));

        let released = update_index(None, line(1, 2), LineState::Released).unwrap();
        assert_eq!(short(&released.text), "C 1.2");
        let (text, _) = updated(&released.text, "v1.3.0-beta.0");
        assert_eq!(short(&text), "D 1.3 C 1.2", "{text}");
        // Two that are current: both are older then.
        let two = "## Current release\n\n- [a](CHANGELOG-1.4.md)\n- [b](CHANGELOG-1.3.md)\n\n## Older releases\n- [c](CHANGELOG-1.2.md)";
        let (text, _) = updated(two, "v1.5.0");
        assert_eq!(short(&text), "C 1.5 O 1.4 1.3 1.2", "{text}");
        // Line ends as they are written there.
        let (text, _) = updated(&two.replace('\n', "\r\n"), "v1.5.0");
        assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
        assert_eq!(short(&text), "C 1.5 O 1.4 1.3 1.2", "{text:?}");
    }

    #[test]
    fn a_line_that_stands_there_twice() {
        let twice =
            "## Development release\n\n- [a](CHANGELOG-1.20.md)\n\n## Current release\n\n- [b](CHANGELOG-1.20.md)\n";
        assert_eq!(updated(twice, "v1.20.0"), (twice.to_owned(), IndexOutcome::Unchanged));
        let both = twice.replace("Current", "Some other");
        assert_eq!(updated(&both, "v1.20.0"), (both.clone(), IndexOutcome::Unchanged));
        let (text, outcome) =
            updated("## Development release\n\n- [a](CHANGELOG-1.20.md)\n- [b](CHANGELOG-1.20.md)\n", "v1.20.0");
        assert_eq!((short(&text).as_str(), outcome), ("D 1.20 C 1.20", IndexOutcome::Moved));
    }

    #[test]
    fn an_index_of_another_make() {
        let plain = "# Logs\n\n- [CHANGELOG-1.20.md](./CHANGELOG-1.20.md)\n\n### Old\n\n- [CHANGELOG-1.18.md](./CHANGELOG-1.18.md)\n\nfoot";
        let cases = [
            ("newest", plain, "v1.21.0", "Logs\n\n- [CHANGELOG-1.21.md](./CHANGELOG-1.21.md)\n- [CHANGELOG-1.20.md]"),
            ("between", plain, "v1.19.0", "Old\n\n- [CHANGELOG-1.19.md](./CHANGELOG-1.19.md)\n- [CHANGELOG-1.18.md]"),
            ("oldest", plain, "v1.8.0", "(./CHANGELOG-1.18.md)\n- [CHANGELOG-1.8.md](./CHANGELOG-1.8.md)\n\nfoot\n"),
            ("other list", "a\n\n- b", "v1.2.0", "a\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n- b\n"),
            ("no list", "a", "v1.2.0", "a\n\n- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n"),
            ("no newline", "- [a](CHANGELOG-1.9.md)", "v1.2.0", "(CHANGELOG-1.9.md)\n- [CHANGELOG-1.2.md]"),
            ("empty", "", "v1.2.0", "- [CHANGELOG-1.2.md](./CHANGELOG-1.2.md)\n"),
        ];
        for (name, current, tag, expected) in cases {
            for tag in [tag.to_owned(), format!("{tag}-alpha.1")] {
                let (text, outcome) = updated(current, &tag);
                assert!(text.contains(expected), "{name}: {text}");
                assert_eq!(outcome, IndexOutcome::Inserted, "{name}");
            }
        }
        let known = update_index(Some(plain), line(1, 18), LineState::Released).unwrap();
        assert_eq!((known.outcome, known.text.as_str()), (IndexOutcome::Unchanged, plain));
    }

    #[test]
    fn states_of_tags() {
        for (tag, state) in [
            ("v1.2.0-alpha.1", LineState::Development),
            ("api/v1.2.0-rc.0", LineState::Development),
            ("v1.2.0", LineState::Released),
            ("v1.2.1-rc.0", LineState::Released),
            ("v1.2.7", LineState::Released),
        ] {
            assert_eq!(LineState::of_tag(tag), Ok(state), "{tag}");
        }
        assert!(LineState::of_tag("v1.2").is_err());
    }
}
