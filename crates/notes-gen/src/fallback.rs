//! Where a note comes from when a pull request has no release-note block.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::block::plain_lines;
use crate::message::title_of;
use crate::text::{sanitize, sanitize_line, says_none, tidy};
use crate::{Block, MAX_BODY, Profile, PullRequest};

/// A place to look for a note when a pull request has no release-note block, or an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Fallback {
    /// A trailer `Release-Note: …` in the body or in the commit message.
    Trailer,
    /// A title or subject in the form of Conventional Commits: `feat(scope)!: text`.
    Conventional,
    /// A title that starts with one of the profile's prefixes: `✨ text`.
    TitlePrefix,
    /// The title as it is.
    Title,
}

/// What a fallback found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) kind: Option<String>,
    pub(crate) area: Option<String>,
    pub(crate) action_required: bool,
    /// It says that there is no note.
    pub(crate) none: bool,
}

impl From<Block> for Found {
    fn from(block: Block) -> Self {
        Self { text: block.text, action_required: block.action_required, ..Self::default() }
    }
}

impl Fallback {
    /// Looks for a note in a pull request and the commit that merged it.
    pub(crate) fn find(self, pull: &PullRequest, message: &str, profile: &Profile) -> Option<Found> {
        let body = pull.body.as_deref().filter(|body| body.len() <= MAX_BODY).unwrap_or_default();
        let message = if message.len() <= MAX_BODY { message } else { "" };
        let found = match self {
            Self::Trailer => trailer(body, profile).or_else(|| trailer(message, profile)),
            Self::Conventional => {
                let subject = title_of(message);
                [pull.title.as_str(), subject.as_str()]
                    .into_iter()
                    .find_map(|title| conventional(title, profile))
                    .map(|found| with_breaking(found, body, message))
            }
            Self::TitlePrefix => title_prefix(&pull.title, profile),
            Self::Title => Some(Found { text: sanitize_line(&pull.title), ..Found::default() }),
        };
        found.filter(|found| !found.text.is_empty())
    }
}

/// The value of the first line `Key: value` outside of fences and comments, with its indented continuation lines.
fn value_of(text: &str, is_key: impl Fn(&str) -> bool) -> Option<String> {
    let text = sanitize(text);
    let lines = plain_lines(&text);
    let at = lines.iter().position(|line| line.split_once(':').is_some_and(|(key, _)| is_key(key.trim_end())))?;
    let mut value = lines[at].split_once(':')?.1.trim().to_owned();
    for line in lines[at + 1..].iter().take_while(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty()) {
        value.push('\n');
        value.push_str(line.trim());
    }
    Some(value)
}

fn trailer(text: &str, profile: &Profile) -> Option<Found> {
    let value = value_of(text, |key| profile.trailers.iter().any(|name| name.eq_ignore_ascii_case(key)))?;
    let none = says_none(&value);
    let (text, action_required) = tidy(&value);
    Some(Found { text, action_required, none, ..Found::default() })
}

static CONVENTIONAL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^([A-Za-z][A-Za-z0-9-]*)(?:\(([^()]{1,100})\))?(!)?:\s+(\S.*)$").expect("the pattern is valid")
});

fn conventional(title: &str, profile: &Profile) -> Option<Found> {
    let title = sanitize_line(title);
    let parts = CONVENTIONAL.captures(&title)?;
    let kind = profile.conventional.get(&parts[1].to_ascii_lowercase())?;
    Some(Found {
        text: parts[4].to_owned(),
        kind: Some(kind.clone()).filter(|kind| !kind.is_empty()),
        area: parts.get(2).map(|scope| scope.as_str().trim().to_owned()).filter(|scope| !scope.is_empty()),
        action_required: parts.get(3).is_some(),
        none: false,
    })
}

/// Adds what a footer `BREAKING CHANGE: …` says.
fn with_breaking(mut found: Found, body: &str, message: &str) -> Found {
    let is_key = |key: &str| matches!(key, "BREAKING CHANGE" | "BREAKING-CHANGE");
    if let Some(told) = value_of(body, is_key).or_else(|| value_of(message, is_key)) {
        found.action_required = true;
        let (told, _) = tidy(&told);
        if !told.is_empty() {
            found.text.push('\n');
            found.text.push_str(&told);
        }
    }
    found
}

fn title_prefix(title: &str, profile: &Profile) -> Option<Found> {
    let title = sanitize_line(title);
    let (entry, rest) = profile.title_prefixes.iter().find_map(|entry| {
        let rest = entry.prefixes.iter().find_map(|prefix| title.strip_prefix(prefix.as_str()))?;
        Some((entry, rest))
    })?;
    // The character that asks for an emoji's coloured form may or may not follow.
    let text = rest.trim_start_matches('\u{fe0f}').trim_start_matches(':').trim_start().to_owned();
    let kind = Some(entry.kind.clone()).filter(|kind| !kind.is_empty());
    Some(Found { text, kind, ..Found::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PullNumber;

    fn find(fallback: Fallback, title: &str, body: &str, message: &str) -> Option<Found> {
        let mut pull = PullRequest::new(PullNumber::new(7).unwrap(), title);
        pull.body = Some(body.to_owned());
        let mut profile = Profile::parse(include_str!("../../../examples/profiles/cluster-api.yaml")).unwrap();
        profile.conventional = Profile::default().conventional;
        profile.trailers = Profile::default().trailers;
        fallback.find(&pull, message, &profile)
    }

    #[test]
    fn trailers() {
        let cases = [
            ("body", "x\r\n\r\nRelease-Note: a note\r\n", "", Some("a note")),
            ("any case", "release-NOTE:   a note", "", Some("a note")),
            ("continued", "Release-Note: a\n  b\n\tc\nSigned-off-by: x", "", Some("a\nb\nc")),
            ("message", "nothing", "Squash (#7)\n\nbody\n\nRelease-Note: from the commit", Some("from the commit")),
            ("body before message", "Release-Note: b", "x\n\nRelease-Note: m", Some("b")),
            ("in a fence", "```\nRelease-Note: no\n```\n", "", None),
            ("in a comment", "<!--\nRelease-Note: no\n-->\n", "", None),
            ("within a line", "see Release-Note: no", "", None),
            ("indented", "  Release-Note: no", "", None),
            ("blank", "Release-Note:\n", "", None),
        ];
        for (name, body, message, expected) in cases {
            let found = find(Fallback::Trailer, "title", body, message);
            assert_eq!(found.map(|found| found.text).as_deref(), expected, "{name}");
        }
        assert!(find(Fallback::Trailer, "", "Release-Note: NONE", "").unwrap().none);
        assert!(find(Fallback::Trailer, "", "Release-Note: [action required] x", "").unwrap().action_required);
    }

    #[test]
    fn conventional_titles() {
        #[rustfmt::skip]
        let cases = [
            ("feature", "feat: add x", "", "", Some(("add x", "feature", None, false))),
            ("scope", "fix(api server): y", "", "", Some(("y", "bug", Some("api server"), false))),
            ("breaking mark", "feat(api)!: drop z", "", "", Some(("drop z", "feature", Some("api"), true))),
            ("breaking footer", "feat: z", "BREAKING CHANGE: move first\n", "", Some(("z\nmove first", "feature", None, true))),
            ("footer in the message", "feat: z", "", "feat: z (#7)\n\nBREAKING-CHANGE: now", Some(("z\nnow", "feature", None, true))),
            ("subject of the squash", "no form", "", "chore: tidy (#7)", Some(("tidy", "cleanup", None, false))),
            ("body of the merge", "no form", "", "Merge pull request #7 from a/b\n\nfix: it", Some(("it", "bug", None, false))),
            ("upper case", "Feat: x", "", "", Some(("x", "feature", None, false))),
            ("unknown type", "kubeadm: x", "", "", None),
            ("no blank", "feat:x", "", "", None),
            ("nothing behind", "feat: ", "", "", None),
        ];
        for (name, title, body, message, expected) in cases {
            let found = find(Fallback::Conventional, title, body, message);
            let found = found.map(|found| (found.text, found.kind.unwrap(), found.area, found.action_required));
            let expected = expected.map(|(a, b, c, d)| (a.to_owned(), b.to_owned(), c.map(str::to_owned), d));
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn prefixed_titles() {
        let cases = [
            ("✨ Add x", Some(("Add x", "feature"))),
            (":sparkles: Add x", Some(("Add x", "feature"))),
            ("⚠️ Drop y", Some(("Drop y", "breaking-change"))),
            ("⚠ Drop y", Some(("Drop y", "breaking-change"))),
            ("🐛Fix z", Some(("Fix z", "bug"))),
            ("📖 Tell", Some(("Tell", "documentation"))),
            ("🌱 Bump", Some(("Bump", "other"))),
            ("Plain", None),
            ("✨", None),
        ];
        for (title, expected) in cases {
            let found = find(Fallback::TitlePrefix, title, "", "");
            let found = found.map(|found| (found.text, found.kind.unwrap()));
            assert_eq!(found, expected.map(|(a, b)| (a.to_owned(), b.to_owned())), "{title}");
        }
    }
}
