//! Is the release note of a pull request as it should be? Are the notes of a draft?

mod finding;
mod lint;

use serde::{Deserialize, Serialize};

pub use finding::{Finding, Rule, Severity};
pub use lint::{LintOptions, NoteFinding, TenseRule, lint};

use crate::block::extract_at;
use crate::{Extraction, Fallback, LabelFacts, NoteRule, Profile, PullNumber, PullRequest};

/// What a check comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// There is a note, and it can be published.
    Note,
    /// The author says that there is none.
    StatedNone,
    /// The pull request should not be merged so; there is a finding of severity `error`.
    Refused,
}

/// The answer of [`check`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckReport {
    /// The pull request.
    pub pull: PullNumber,
    /// What it comes to.
    pub verdict: Verdict,
    /// The note's text, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Which rule gave the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<NoteRule>,
    /// What was found, the gravest first, then by line.
    pub findings: Vec<Finding>,
}

/// Checks one pull request by its labels, body and title. Lines of findings are those of the body.
pub fn check(pull: &PullRequest, profile: &Profile) -> CheckReport {
    let body = pull.body.as_deref().unwrap_or_default();
    let facts = LabelFacts::read(&pull.labels, profile);
    let (extraction, place) = extract_at(body, profile);
    let line = place.map(|place| place.opening);
    let mut report =
        CheckReport { pull: pull.number, verdict: Verdict::Refused, text: None, rule: None, findings: Vec::new() };
    let mut add = |rule, severity, line, message: String| {
        report.findings.push(Finding::new(rule, severity, line, message));
    };
    let name = profile.blocks.notes.first().map_or("release-note", String::as_str);
    let mut stated_none = facts.do_not_publish;
    // The text, where its first line stands, and whether it is marked as action required.
    let mut found: Option<(String, Option<usize>, bool, NoteRule)> = None;
    match extraction {
        Extraction::Note(block) => {
            found = Some((block.text, place.map(|place| place.text), block.action_required, NoteRule::Block));
        }
        Extraction::StatedNone => stated_none = true,
        Extraction::TooLarge { bytes } => {
            add(
                Rule::BodyTooLarge,
                Severity::Error,
                None,
                format!("the body has {bytes} bytes, which is more than is read"),
            );
        }
        Extraction::Missing | Extraction::Empty | Extraction::Unclosed => {
            for fallback in &profile.fallbacks {
                match fallback.find(pull, "", profile) {
                    Some(told) if told.none => stated_none = true,
                    Some(told) => found = Some((told.text, None, told.action_required, (*fallback).into())),
                    None => continue,
                }
                break;
            }
            if found.is_none() && !stated_none {
                match extraction {
                    Extraction::Empty => add(
                        Rule::EmptyNote,
                        Severity::Error,
                        line,
                        format!("the `{name}` block is empty; write the note, or NONE when users see no change"),
                    ),
                    Extraction::Unclosed => add(
                        Rule::UnclosedBlock,
                        Severity::Error,
                        line,
                        format!("the `{name}` block is opened here and never closed"),
                    ),
                    _ => add(
                        Rule::MissingNote,
                        Severity::Error,
                        None,
                        format!(
                            "there is no `{name}` block; add one with the note, or with NONE when users see no change"
                        ),
                    ),
                }
            }
        }
    }
    let labels = &profile.labels;
    if let Some((text, at, marked, rule)) = found {
        let action = facts.action_required || marked;
        for mut finding in lint::text_findings(&text, action) {
            // A note that was taken apart (a list of one, a removed marker) keeps its lines.
            finding.line = at.and_then(|at| finding.line.map(|line| at + line - 1)).or(at);
            report.findings.push(finding);
        }
        let mut add = |rule, severity, line, message: String| {
            report.findings.push(Finding::new(rule, severity, line, message));
        };
        if facts.do_not_publish {
            let message = format!("the label `{}` hides the note", labels.none);
            add(Rule::Contradiction, Severity::Warning, at, message);
        }
        if marked && !facts.action_required && !labels.action_required.is_empty() {
            let message =
                format!("the note says that action is required, but the label `{}` is missing", labels.action_required);
            add(Rule::Contradiction, Severity::Warning, at, message);
        }
        let has_kind = !facts.kinds.is_empty() || matches!(rule, NoteRule::Conventional | NoteRule::TitlePrefix);
        if !labels.kind.is_empty() && !has_kind {
            let message = format!("no label `{}…` says what kind of change it is", labels.kind);
            add(Rule::MissingKind, Severity::Warning, None, message);
        }
        if !labels.group.is_empty() && facts.sigs.is_empty() {
            let message = format!("no label `{}…` says who owns the change", labels.group);
            add(Rule::MissingGroup, Severity::Warning, None, message);
        }
        if rule == NoteRule::Title {
            let wanted = [
                (Fallback::TitlePrefix, "with one of the prefixes of this project"),
                (Fallback::Conventional, "with a type such as `feat:` or `fix:`"),
            ];
            if let Some((_, form)) = wanted.iter().find(|(fallback, _)| profile.fallbacks.contains(fallback)) {
                let message = format!("the title should begin {form}, which says what kind of change it is");
                add(Rule::TitleForm, Severity::Warning, None, message);
            }
        }
        report.text = Some(text);
        report.rule = Some(rule);
    } else if stated_none && facts.action_required {
        let message = format!("the label `{}` is set, but the note says that there is none", labels.action_required);
        report.findings.push(Finding::new(Rule::Contradiction, Severity::Error, line, message));
    }
    report.findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.line, finding.rule));
    report.verdict = if report.findings.iter().any(|finding| finding.severity == Severity::Error) {
        Verdict::Refused
    } else if report.text.is_some() && !facts.do_not_publish {
        Verdict::Note
    } else {
        Verdict::StatedNone
    };
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(title: &str, labels: &[&str], body: &str, profile: &Profile) -> String {
        let mut pull = PullRequest::new(PullNumber::new(1).unwrap(), title);
        pull.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        pull.body = Some(body.to_owned());
        let report = check(&pull, profile);
        let findings = report.findings.iter().map(|f| match f.line {
            Some(line) => format!(" {}:{}@{line}", f.severity, f.rule),
            None => format!(" {}:{}", f.severity, f.rule),
        });
        format!("{:?}{}", report.verdict, findings.collect::<String>())
    }

    #[test]
    fn verdicts() {
        const ALL: &[&str] = &["kind/bug", "sig/node"];
        #[rustfmt::skip]
        let cases: &[(&str, &[&str], &str, &str)] = &[
            ("good", ALL, "text\r\n```release-note\r\nFixed it.\r\n```", "Note"),
            ("missing", ALL, "text", "Refused error:missing-note"),
            ("empty", ALL, "text\n\n```release-note\n\n```", "Refused error:empty-note@3"),
            ("comment only", ALL, "```release-note\n<!-- write -->\n```", "Refused error:empty-note@1"),
            ("unclosed", ALL, "a\n```release-note\nFixed", "Refused error:unclosed-block@2"),
            ("none", &[], "```release-note\nNONE\n```", "StatedNone"),
            ("none by label", &["release-note-none"], "", "StatedNone"),
            ("none by command", &[], "/release-note-none", "StatedNone"),
            ("placeholder", ALL, "a\n```release-note\nTBD\n```", "Refused error:placeholder@3"),
            ("placeholder in one line", ALL, "a\n```release-note TBD```", "Refused error:placeholder@2"),
            ("after blank lines", ALL, "```release-note\n\n\nTBD\n```", "Refused error:placeholder@4"),
            ("link", ALL, "```release-note\n#12\n```", "Refused error:link-only@2"),
            ("html", ALL, "```release-note\nFixed\na <b>x</b>\n```", "Note warning:html@3"),
            ("no labels", &[], "```release-note\nFixed it.\n```", "Note warning:missing-kind warning:missing-group"),
            ("no instructions", &["kind/bug", "sig/node", "release-note-action-required"], "```release-note\nIt is gone\n```",
             "Note warning:action-without-instructions@2"),
            ("marked without label", ALL, "```release-note\n[action required] Set it\n```", "Note warning:contradiction@2"),
            ("label hides", &["kind/bug", "sig/node", "release-note-none"], "```release-note\nFixed it\n```",
             "StatedNone warning:contradiction@2"),
            ("none, but action", &["release-note-action-required"], "a\n```release-note\nNONE\n```", "Refused error:contradiction@2"),
        ];
        let profile = Profile::default();
        for (name, labels, body, expected) in cases {
            assert_eq!(run("a title", labels, body, &profile), *expected, "{name}");
        }
        let huge = "x".repeat(crate::MAX_BODY + 1);
        assert_eq!(run("a", ALL, &huge, &profile), "Refused error:body-too-large");
    }

    #[test]
    fn projects_without_blocks() {
        let profile = Profile::parse(include_str!("../../../../examples/profiles/cluster-api.yaml")).unwrap();
        assert_eq!(run("🐛 Fix the thing", &[], "", &profile), "Note");
        assert_eq!(run("Fix the thing", &[], "", &profile), "Note warning:title-form");
        assert_eq!(run("TBD", &[], "", &profile), "Refused error:placeholder warning:title-form");
        let blocks = Profile { fallbacks: vec![Fallback::Trailer], ..Profile::default() };
        assert_eq!(run("a", &["kind/bug", "sig/x"], "Release-Note: NONE", &blocks), "StatedNone");
        assert_eq!(run("a", &["kind/bug", "sig/x"], "Release-Note: Fixed x", &blocks), "Note");
    }

    #[test]
    fn reports_are_json() {
        let mut pull = PullRequest::new(PullNumber::new(7).unwrap(), "t");
        pull.body = Some("```release-note\n```".into());
        let json = serde_json::to_string(&check(&pull, &Profile::default())).unwrap();
        let expected = r#"{"pull":7,"verdict":"refused","findings":[{"rule":"empty-note","severity":"error","line":1,"message":"the `release-note` block is empty; write the note, or NONE when users see no change"}]}"#;
        assert_eq!(json, expected);
    }
}
