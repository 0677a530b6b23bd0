use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::PullNumber;

/// How a commit message names its pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NumberForm {
    /// `Merge pull request #7 from owner/branch` at the start of the subject.
    Merge,
    /// `Title (#7)`: the suffix of a squash merge's subject.
    Squash,
    /// A squash merge that reverts another commit: `Revert "Title (#5)" (#7)`.
    SquashRevert,
}

/// The branch a merged pull request came from, as the merge subject names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRef {
    /// Account that owns the branch.
    pub owner: String,
    /// Branch name.
    pub branch: String,
}

/// The pull request numbers found in one commit message.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullNumbers {
    /// The pull request that this commit merged.
    pub own: Option<PullNumber>,
    /// How `own` was written.
    pub form: Option<NumberForm>,
    /// Where a merged pull request came from.
    pub head: Option<HeadRef>,
    /// The pull requests that an automated cherry-pick repeats, in the order of the branch name.
    pub origins: Vec<PullNumber>,
}

static MERGE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^Merge pull request #([0-9]+)(?:\s+from\s+([^\s/]+)/(\S+))?").expect("the pattern is valid")
});
static SQUASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\(#([0-9]+)\)$").expect("the pattern is valid"));
static SCRIPT_PICK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"automated-cherry-pick-of((?:-?#[0-9]+)+)").expect("the pattern is valid"));
static ROBOT_PICK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^cherry-pick-([0-9]+)-to-").expect("the pattern is valid"));

/// Reads the pull request numbers of a commit message.
///
/// Only the subject line counts: a merge subject at its very start, else a `(#N)` suffix at its very end. A number quoted
/// elsewhere in the message (an issue that is fixed, the commit that is reverted) is not the commit's own. The branch names of
/// the Kubernetes cherry-pick script (`automated-cherry-pick-of-#5-#6-…`) and robot (`cherry-pick-5-to-…`) give the origins.
/// Numbers that do not fit 64 bits, and zero, count as absent.
pub fn pull_numbers(message: &str) -> PullNumbers {
    let subject = message.lines().next().unwrap_or_default().trim_end();
    if let Some(found) = MERGE.captures(subject) {
        let head = found
            .get(2)
            .zip(found.get(3))
            .map(|(owner, branch)| HeadRef { owner: owner.as_str().to_owned(), branch: branch.as_str().to_owned() });
        let own = found[1].parse().ok();
        let origins = head.as_ref().map(|head| origins(&head.branch, own)).unwrap_or_default();
        return PullNumbers { own, form: own.map(|_| NumberForm::Merge), head, origins };
    }
    let own: Option<PullNumber> = SQUASH.captures(subject).and_then(|found| found[1].parse().ok());
    let reverts = message.lines().skip(1).any(|line| line.starts_with("This reverts commit"));
    let form = own.map(|_| if reverts { NumberForm::SquashRevert } else { NumberForm::Squash });
    PullNumbers { own, form, ..PullNumbers::default() }
}

fn origins(branch: &str, own: Option<PullNumber>) -> Vec<PullNumber> {
    let mut numbers: Vec<PullNumber> = Vec::new();
    let written: Vec<&str> = match (SCRIPT_PICK.captures(branch), ROBOT_PICK.captures(branch)) {
        (Some(found), _) => found.get(1).map_or("", |list| list.as_str()).split(['-', '#']).collect(),
        (None, Some(found)) => found.get(1).map(|number| number.as_str()).into_iter().collect(),
        (None, None) => Vec::new(),
    };
    for number in written.into_iter().filter_map(|text| text.parse().ok()) {
        if Some(number) != own && !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// What a message says that it reverts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reverted {
    /// Commits, at least seven digits of each.
    pub(crate) ids: Vec<String>,
    /// Pull requests.
    pub(crate) pulls: Vec<PullNumber>,
}

static REVERTS_COMMIT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)^This reverts commit ([0-9a-f]{7,64})\b").expect("the pattern is valid"));
static REVERTS_PULL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?m)^Reverts (?:[A-Za-z0-9._-]+/[A-Za-z0-9._-]+)?#([0-9]+)\s*$").expect("the pattern is valid")
});
static REVERT_BRANCH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^revert-([0-9]+)-").expect("the pattern is valid"));
static REVERT_TITLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^Revert "(.*) \(#([0-9]+)\)"(?: \(#[0-9]+\))?$"#).expect("the pattern is valid"));

/// Reads what a commit message reverts: `This reverts commit …`, a branch `revert-5-…`, a subject `Revert "… (#5)"`, a line
/// `Reverts owner/name#5`.
pub(crate) fn reverted(message: &str) -> Reverted {
    if !message.contains("evert") {
        return Reverted::default();
    }
    let mut found = reverted_pulls(message);
    let ids = REVERTS_COMMIT.captures_iter(message).map(|id| id[1].to_owned());
    let subject = message.lines().next().unwrap_or_default().trim_end();
    let head = MERGE.captures(subject).and_then(|merge| Some(merge.get(3)?.as_str()));
    let number = |digits: &str| digits.parse::<PullNumber>().ok();
    let branch = head.and_then(|branch| REVERT_BRANCH.captures(branch)).and_then(|branch| number(&branch[1]));
    let title = REVERT_TITLE.captures(subject).and_then(|title| number(&title[2]));
    found.extend(branch.into_iter().chain(title));
    Reverted { ids: ids.collect(), pulls: found }
}

/// The lines `Reverts owner/name#5` of a message or body.
pub(crate) fn reverted_pulls(text: &str) -> Vec<PullNumber> {
    REVERTS_PULL.captures_iter(text).filter_map(|line| line[1].parse().ok()).collect()
}

static PICK_LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?im)^(?:this is an )?(?:automated )?cherry[- ]?pick of ((?:,? ?#[0-9]+)+)")
        .expect("the pattern is valid")
});

/// The originals of a cherry-pick, from the branch (`owner:branch` or only the branch) and body of its pull request, for merges
/// whose message does not name the branch.
pub(crate) fn origins_of(head: Option<&str>, body: &str, own: PullNumber) -> Vec<PullNumber> {
    let branch = head.map(|head| head.split_once(':').map_or(head, |(_, branch)| branch)).unwrap_or_default();
    let named = origins(branch, Some(own));
    if !named.is_empty() {
        return named;
    }
    let list = PICK_LINE.captures(body).map(|line| line[1].to_owned()).unwrap_or_default();
    let mut numbers: Vec<PullNumber> = Vec::new();
    for number in list.split(['#', ',', ' ']).filter_map(|text| text.parse().ok()) {
        if number != own && !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// The title that a commit's own message gives its pull request: the first line of a merge's body, or a squash subject without
/// its suffix.
pub(crate) fn title(message: &str) -> Option<String> {
    let numbers = pull_numbers(message);
    let subject = message.lines().next().unwrap_or_default().trim();
    let line = match numbers.form? {
        NumberForm::Merge => message.lines().skip(1).map(str::trim).find(|line| !line.is_empty()).unwrap_or(subject),
        NumberForm::Squash | NumberForm::SquashRevert => {
            let bare = SQUASH.find(subject).map_or(subject, |suffix| subject[..suffix.start()].trim_end());
            if bare.is_empty() { subject } else { bare }
        }
    };
    Some(line.to_owned())
}

/// As [`title`], and the subject of a message without a number.
pub(crate) fn title_of(message: &str) -> String {
    title(message).unwrap_or_else(|| message.lines().next().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_messages() {
        #[rustfmt::skip]
        let cases: &[(&str, &str, Option<u64>, &[u64])] = &[
            ("merge", "Merge pull request #7 from b/branch\n\nTitle", Some(7), &[]),
            ("merge without branch", "Merge pull request #7", Some(7), &[]),
            ("merge later in the subject", "Revert \"Merge pull request #7 from a/b\"", None, &[]),
            ("merge in the body", "Fix things\n\nMerge pull request #7 from a/b", None, &[]),
            ("script cherry-pick", "Merge pull request #7 from b/automated-cherry-pick-of-#5-origin-release-1.2", Some(7), &[5]),
            ("script cherry-pick of two", "Merge pull request #7 from b/automated-cherry-pick-of-#5-#6-#5-upstream-release-1.16", Some(7), &[5, 6]),
            ("robot cherry-pick", "Merge pull request #7 from robot/cherry-pick-5-to-release-1.30", Some(7), &[5]),
            ("squash", "Fix the build (#12)", Some(12), &[]),
            ("squash with blanks", "Fix the build (#12)  \r\n\r\nbody", Some(12), &[]),
            ("squash suffix in the middle", "Fix (#12) the build", None, &[]),
            ("squash number in the body", "Fix the build\n\nfixes (#12)", None, &[]),
            ("squash revert", "Revert \"Fix the build (#12)\" (#15)\n\nThis reverts commit abc.", Some(15), &[]),
            ("local revert", "Revert \"Fix the build (#12)\"\n\nThis reverts commit abc.", None, &[]),
            ("branch merge", "Merge branch 'master' into release-1.34", None, &[]),
            ("zero", "Fix (#0)", None, &[]),
            ("too big", "Fix (#99999999999999999999999)", None, &[]),
            ("empty", "", None, &[]),
        ];
        for (name, message, own, from) in cases {
            let found = pull_numbers(message);
            assert_eq!(found.own.map(PullNumber::get), *own, "{name}");
            assert_eq!(found.origins.iter().map(|n| n.get()).collect::<Vec<_>>(), *from, "{name}");
            assert_eq!(found.own.is_some(), found.form.is_some(), "{name}");
        }
        let revert = pull_numbers("Revert \"a (#1)\" (#2)\n\nThis reverts commit x");
        assert_eq!(revert.form, Some(NumberForm::SquashRevert));
    }

    #[test]
    fn reverts_of_messages() {
        #[rustfmt::skip]
        let cases: &[(&str, &str, &[&str], &[u64])] = &[
            ("plain", "Fix it (#7)", &[], &[]),
            ("commit", "Revert \"x\"\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.", &["0123456789abcdef0123456789abcdef01234567"], &[]),
            ("two commits", "Revert\n\nThis reverts commit 0123456.\nThis reverts commit 89abcde, reversing\n", &["0123456", "89abcde"], &[]),
            ("short id", "Revert\n\nThis reverts commit 012345.", &[], &[]),
            ("button, merge", "Merge pull request #9 from a/revert-5-branch\n\nRevert \"x\"", &[], &[5]),
            ("button, squash", "Revert \"x (#5)\" (#9)\n\nReverts a/b#5", &[], &[5, 5]),
            ("title alone", "Revert \"x (#5)\" (#9)", &[], &[5]),
            ("quoted later", "Tell how to revert\n\nsee `Reverts a/b#5` and This reverts commit 0123456", &[], &[]),
        ];
        for (name, message, ids, pulls) in cases {
            let found = reverted(message);
            assert_eq!(found.ids, *ids, "{name}");
            assert_eq!(found.pulls.iter().map(|n| n.get()).collect::<Vec<_>>(), *pulls, "{name}");
        }
    }

    #[test]
    fn origins_of_pull_requests() {
        let own = PullNumber::new(9).unwrap();
        let cases: &[(&str, Option<&str>, &str, &[u64])] = &[
            ("robot's branch", Some("robot:cherry-pick-5-to-release-1.30"), "", &[5]),
            ("script's branch", Some("automated-cherry-pick-of-#5-#6-up"), "Cherry pick of #7", &[5, 6]),
            ("robot's body", None, "This is an automated cherry-pick of #5\n\n/assign x", &[5]),
            ("script's body", Some("a:b"), "Cherry pick of #5 #6 on release-1.16.\n\n#7: x", &[5, 6]),
            ("in a sentence", None, "we need a cherry-pick of #5", &[]),
            ("itself", None, "Cherry pick of #9", &[]),
            ("none", Some("a:feature"), "text", &[]),
        ];
        for (name, head, body, expected) in cases {
            let found: Vec<u64> = origins_of(*head, body, own).iter().map(|n| n.get()).collect();
            assert_eq!(found, *expected, "{name}");
        }
    }

    #[test]
    fn titles_of_messages() {
        let cases = [
            ("merge", "Merge pull request #7 from b/x\n\nThe title\n\nmore", Some("The title")),
            ("merge without body", "Merge pull request #7 from b/x", Some("Merge pull request #7 from b/x")),
            ("squash", "The title (#7)\n\nmore", Some("The title")),
            ("squash of nothing", "(#7)", Some("(#7)")),
            ("no number", "The title", None),
        ];
        for (name, message, expected) in cases {
            assert_eq!(title(message).as_deref(), expected, "{name}");
        }
    }
}
