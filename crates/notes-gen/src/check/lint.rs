//! Rules about the text of notes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{Finding, Rule, Severity};
use crate::text::says_none;
use crate::{Notes, Profile, PullNumber};

/// What [`lint`] looks at beside the text.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct LintOptions {
    /// The groups that exist; any name will do without it.
    pub groups: Option<BTreeSet<String>>,
    /// Whether texts must begin in the past tense, as the Kubernetes project asks of its editors.
    pub tense: TenseRule,
}

/// Whether the tense of a text matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenseRule {
    /// It does not.
    #[default]
    Any,
    /// A text that begins with a command (`Add`, `Fix`) should begin in the past tense (`Added`, `Fixed`).
    Past,
}

/// A finding in the note of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteFinding {
    /// The pull request.
    pub pull: PullNumber,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// Looks at all notes, by ascending number.
pub fn lint(notes: &Notes, profile: &Profile, options: &LintOptions) -> Vec<NoteFinding> {
    let mut found = Vec::new();
    for note in notes {
        let mut findings = text_findings(&note.text, note.action_required);
        if options.tense == TenseRule::Past {
            findings.extend(tense(&note.text));
        }
        findings.extend(labels(profile, options, &note.kinds, &note.sigs));
        found.extend(findings.into_iter().map(|finding| NoteFinding { pull: note.pr_number, finding }));
    }
    found
}

fn labels(profile: &Profile, options: &LintOptions, kinds: &[String], groups: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = |kind: &&String| profile.kinds.iter().any(|entry| entry.name == **kind || entry.counts.contains(kind));
    for kind in kinds.iter().filter(|kind| !known(kind)) {
        let message = format!("the profile `{}` does not know the kind `{}`", profile.name, shown(kind));
        found.push(Finding::new(Rule::UnknownKind, Severity::Warning, None, message));
    }
    if let Some(existing) = &options.groups {
        for group in groups.iter().filter(|group| !existing.contains(*group)) {
            let message = format!("there is no group `{}`", shown(group));
            found.push(Finding::new(Rule::UnknownGroup, Severity::Warning, None, message));
        }
    }
    if kinds.is_empty() && !profile.kinds.is_empty() {
        let message = format!("no kind is set, so the note stands under \"{}\"", profile.uncategorized);
        found.push(Finding::new(Rule::MissingKind, Severity::Notice, None, message));
    }
    found
}

/// A word of a stranger, cut short, without characters that would break a line.
pub(super) fn shown(word: &str) -> String {
    word.chars().filter(|c| !c.is_control() && *c != '`').take(60).collect()
}

static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^[\s\W]*(tbd|tba|todo|wip|fixme|placeholder|(your |the )?release[- ]notes?( text)?( goes)?( here)?|lorem ipsum.*|fill (me|this) in|x{2,}|test|asdf|see (the )?(pr|title|above|description|commit|below)( above| below)?|same as (the )?title|<[^<>]*>)?[\s\W]*$",
    )
    .expect("the pattern is valid")
});
static LINK_ONLY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:(?:fix(?:es|ed)?|close[sd]?|resolve[sd]?|see|ref|refs|part of|related to|issue)?:?\s*(?:(?:[\w.-]+/[\w.-]+)?#[0-9]+|https?://[^\s\])]+)|[\s,.;:()\[\]*-]|and)+$",
    )
    .expect("the pattern is valid")
});
static ELEMENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>").expect("the pattern is valid"));
static INSTRUCTION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(must|should|need(s|ed)?|have to|has to|require[sd]?|please|before|ensure|make sure|migrat\w+|upgrad\w+|replac\w+|instead|switch\w*|set|unset|use|run|re-?run|remov\w+|updat\w+|chang\w+|delet\w+|enabl\w+|disabl\w+|renam\w+|configur\w+|rotat\w+|reinstall\w*|move|moved|add|drain|convert\w*|pass|specify|recreate\w*|restart\w*)\b",
    )
    .expect("the pattern is valid")
});

/// What is wrong with a text; lines are those of the text.
pub(super) fn text_findings(text: &str, action_required: bool) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut add = |rule, severity, line, message: &str| found.push(Finding::new(rule, severity, line, message));
    if text.trim().is_empty() {
        add(Rule::EmptyNote, Severity::Error, None, "the note is empty");
        return found;
    }
    if says_none(text) {
        add(Rule::NoneText, Severity::Error, None, "the note only says that there is none");
        return found;
    }
    // A pattern need not see more than could be one of these.
    let head: String = text.chars().take(2000).collect();
    if PLACEHOLDER.is_match(&head) {
        add(Rule::Placeholder, Severity::Error, Some(1), "the note is a placeholder; say what changes for users");
    } else if LINK_ONLY.is_match(&head) {
        add(Rule::LinkOnly, Severity::Error, Some(1), "the note is only a link; say what changes for users");
    } else if action_required && !INSTRUCTION.is_match(&head) {
        let message = "action is required, but the note does not say what to do";
        add(Rule::ActionWithoutInstructions, Severity::Warning, Some(1), message);
    }
    let mut fence: Option<(char, usize, usize)> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        if line.ends_with([' ', '\t']) {
            add(Rule::TrailingBlanks, Severity::Notice, Some(number), "blanks at the end of the line");
        }
        let bare = line.trim();
        let mark = bare.chars().next().filter(|c| matches!(c, '`' | '~'));
        let length = mark.map_or(0, |mark| bare.chars().take_while(|c| *c == mark).count());
        match (fence, mark) {
            (Some((open, least, _)), Some(mark)) if mark == open && length >= least && length == bare.len() => {
                fence = None;
                continue;
            }
            (None, Some(mark)) if length >= 3 && !bare[length..].contains('`') => {
                if number == 1 {
                    let message = "the note begins with a code fence; begin with a sentence";
                    add(Rule::Fence, Severity::Warning, Some(1), message);
                }
                fence = Some((mark, length, number));
                continue;
            }
            _ => {}
        }
        if fence.is_some() {
            continue;
        }
        let prose = without_code(line);
        if prose.contains("<!--") || prose.contains("-->") {
            add(Rule::Comment, Severity::Error, Some(number), "an HTML comment stands in the note");
        } else if let Some(element) = ELEMENT.find(&prose) {
            let message = format!("`{}` is read as HTML and not shown; put it into backticks", shown(element.as_str()));
            add(Rule::Html, Severity::Warning, Some(number), &message);
        }
    }
    if let Some((_, _, line)) = fence {
        add(Rule::Fence, Severity::Error, Some(line), "a code fence is opened and never closed");
    }
    found
}

/// The line with its code spans taken out.
fn without_code(line: &str) -> String {
    let mut prose = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].bytes().take_while(|byte| *byte == b'`').count();
        let (before, code) = (&rest[..start], &rest[start + ticks..]);
        prose.push_str(before);
        // A span ends at a run of exactly as many backticks.
        let mut at = 0;
        let end = loop {
            let Some(next) = code[at..].find('`') else { break None };
            let run = code[at + next..].bytes().take_while(|byte| *byte == b'`').count();
            at += next + run;
            if run == ticks {
                break Some(at);
            }
        };
        match end {
            Some(end) => rest = &code[end..],
            None => {
                prose.push_str(&rest[start..start + ticks]);
                rest = code;
            }
        }
    }
    prose.push_str(rest);
    prose
}

const COMMANDS: [(&str, &str); 30] = [
    ("add", "Added"),
    ("allow", "Allowed"),
    ("avoid", "Avoided"),
    ("bump", "Bumped"),
    ("change", "Changed"),
    ("clean", "Cleaned"),
    ("correct", "Corrected"),
    ("deprecate", "Deprecated"),
    ("disable", "Disabled"),
    ("drop", "Dropped"),
    ("enable", "Enabled"),
    ("ensure", "Ensured"),
    ("expose", "Exposed"),
    ("extend", "Extended"),
    ("fix", "Fixed"),
    ("graduate", "Graduated"),
    ("implement", "Implemented"),
    ("improve", "Improved"),
    ("introduce", "Introduced"),
    ("migrate", "Migrated"),
    ("move", "Moved"),
    ("prevent", "Prevented"),
    ("promote", "Promoted"),
    ("reduce", "Reduced"),
    ("remove", "Removed"),
    ("rename", "Renamed"),
    ("replace", "Replaced"),
    ("revert", "Reverted"),
    ("support", "Supported"),
    ("update", "Updated"),
];

fn tense(text: &str) -> Option<Finding> {
    let first = text.split_whitespace().next()?.trim_end_matches([':', ',']).to_lowercase();
    let base = |command: &str| {
        first == command
            || first == format!("{command}s")
            || first == format!("{command}es")
            || first == format!("{command}ing")
    };
    let (_, past) = COMMANDS.iter().find(|(command, _)| base(command))?;
    let message = format!("begin in the past tense: `{past}`");
    Some(Finding::new(Rule::Tense, Severity::Notice, Some(1), message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Note;

    fn rules(text: &str, action: bool) -> Vec<String> {
        let found = text_findings(text, action);
        found
            .iter()
            .map(|f| format!("{}:{}{}", f.rule, f.severity, f.line.map_or(String::new(), |l| format!("@{l}"))))
            .collect()
    }

    #[test]
    fn texts() {
        #[rustfmt::skip]
        let cases: &[(&str, &[&str])] = &[
            ("Fixed a crash of the kubelet.", &[]),
            (" \n", &["empty-note:error"]),
            ("N/A", &["none-text:error"]),
            ("\"NONE\"", &["none-text:error"]),
            ("TBD", &["placeholder:error@1"]),
            ("...", &["placeholder:error@1"]),
            ("Your release note goes here!", &["placeholder:error@1"]),
            ("<release note>", &["placeholder:error@1", "html:warning@1"]),
            ("see title", &["placeholder:error@1"]),
            ("Test the new scheduler", &[]),
            ("Release notes are shorter now", &[]),
            ("#123", &["link-only:error@1"]),
            ("Fixes kubernetes/kubernetes#123, closes #4.", &["link-only:error@1"]),
            ("https://github.com/kubernetes/kubernetes/issues/1", &["link-only:error@1"]),
            ("Fixed https://example.org/1 for good", &[]),
            ("a <b>bold</b> claim", &["html:warning@1"]),
            ("use `<b>` and ``<i> ` <u>``", &[]),
            ("--flag=<name> and a<b, b>c", &["html:warning@1"]),
            ("see <https://example.org>", &[]),
            ("a <!-- b", &["comment:error@1"]),
            ("```yaml\na: b\n```", &["fence:warning@1"]),
            ("text\n```yaml\na: <b>\n```\nmore", &[]),
            ("text\n```yaml\na: b", &["fence:error@2"]),
            ("text \nmore\t", &["trailing-blanks:notice@1", "trailing-blanks:notice@2"]),
            ("an `open <b> tick", &["html:warning@1"]),
        ];
        for (text, expected) in cases {
            assert_eq!(rules(text, false), *expected, "{text}");
        }
        assert_eq!(rules("The old flag is gone", true), ["action-without-instructions:warning@1"]);
        assert_eq!(rules("The old flag is gone; use `--new` instead", true), [""; 0]);
    }

    #[test]
    fn notes_are_linted() {
        let mut note = Note::new(PullNumber::new(5).unwrap(), "Add a thing");
        note.kinds = vec!["bug".into(), "regression".into(), "odd`\nkind".into()];
        note.sigs = vec!["apps".into(), "nodes".into()];
        let notes: Notes = [note, Note::new(PullNumber::new(2).unwrap(), "Fixing it")].into_iter().collect();
        let profile = Profile::default();
        let found = lint(&notes, &profile, &LintOptions::default());
        assert_eq!(found.iter().map(|f| f.finding.rule).collect::<Vec<_>>(), [Rule::MissingKind, Rule::UnknownKind]);
        assert_eq!(found[1].finding.message, "the profile `kubernetes` does not know the kind `oddkind`");
        let options = LintOptions { groups: Some(BTreeSet::from(["apps".to_owned()])), tense: TenseRule::Past };
        let found = lint(&notes, &profile, &options);
        let shown: Vec<String> = found.iter().map(|f| format!("{} {}", f.pull, f.finding.rule)).collect();
        assert_eq!(shown, ["2 tense", "2 missing-kind", "5 tense", "5 unknown-kind", "5 unknown-group"]);
        let json = serde_json::to_value(&found[2]).unwrap();
        let expected = serde_json::json!({"pull": 5, "rule": "tense", "severity": "notice", "line": 1, "message": "begin in the past tense: `Added`"});
        assert_eq!(json, expected);
    }

    #[test]
    fn hostile_texts_end() {
        for text in ["`".repeat(1 << 20), "<a ".repeat(1 << 18), "#1 ".repeat(1 << 18), "``` `\n".repeat(1 << 17)] {
            text_findings(&text, true);
        }
    }
}
