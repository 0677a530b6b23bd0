use std::collections::BTreeMap;
use std::sync::Mutex;

use notes_gen::{
    Author, CommitId, Exclusion, Fallback, Fate, GatherError, GatherOptions, Gathered, MergeTitles, NoteRule,
    PullNumber, PullRequest, PullSource, gather, render_notes, select,
};

use crate::{commit, number};

/// Pull requests in memory, which writes down what it was asked for.
#[derive(Default)]
pub(crate) struct Listed {
    pub(crate) pulls: BTreeMap<PullNumber, PullRequest>,
    /// The pull requests of commits.
    pub(crate) commits: BTreeMap<CommitId, Vec<PullNumber>>,
    pub(crate) asked: Mutex<Vec<Vec<u64>>>,
    pub(crate) asked_commits: Mutex<Vec<Vec<String>>>,
}

impl Listed {
    /// Number, author, labels, body.
    pub(crate) fn new(pulls: &[(u64, &str, &[&str], &str)]) -> Self {
        let made = pulls.iter().map(|(n, author, labels, body)| {
            let mut pull = PullRequest::new(number(*n), format!("title {n}"));
            pull.author = Some(Author { login: (*author).into(), url: None });
            pull.labels = labels.iter().map(|label| (*label).to_owned()).collect();
            pull.body = Some((*body).to_owned());
            (number(*n), pull)
        });
        Self { pulls: made.collect(), ..Self::default() }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("out of order")]
pub(crate) struct Broken;

impl PullSource for Listed {
    type Error = Broken;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Broken> {
        self.asked.lock().unwrap().push(numbers.iter().map(|n| n.get()).collect());
        if numbers.contains(&number(666)) {
            return Err(Broken);
        }
        Ok(numbers.iter().filter_map(|n| Some((*n, self.pulls.get(n)?.clone()))).collect())
    }

    async fn pulls_of_commits(&self, commits: &[CommitId]) -> Result<BTreeMap<CommitId, Vec<PullNumber>>, Broken> {
        self.asked_commits.lock().unwrap().push(commits.iter().map(ToString::to_string).collect());
        if commits.contains(&CommitId::new("broken")) {
            return Err(Broken);
        }
        Ok(commits.iter().filter_map(|id| Some((id.clone(), self.commits.get(id)?.clone()))).collect())
    }
}

pub(crate) async fn run(
    commits: &[&str],
    source: &Listed,
    options: &GatherOptions,
) -> Result<Gathered, GatherError<Broken>> {
    let commits: Vec<_> = commits.iter().map(|line| commit(line)).collect();
    let end = commits.first().map_or(CommitId::new("none"), |commit| commit.id.clone());
    gather(&select(&commits, &end).unwrap(), source, options).await
}

pub(crate) fn fate(gathered: &Gathered, commit: &str) -> Fate {
    let found = gathered.accounting.entries.iter().find(|entry| entry.commit.as_str() == commit);
    found.unwrap_or_else(|| panic!("{commit} is not accounted for")).fate.clone()
}

#[tokio::test]
async fn every_commit_is_accounted_for() {
    let source = Listed::new(&[
        (1, "a", &["kind/bug", "sig/node"], "```release-note\nfirst\n```"),
        (2, "b", &[], "```release-note\nNONE\n```"),
        (3, "c", &[], "no block"),
        (4, "d", &[], "```release-note\n\n```"),
        (5, "e", &[], "```release-note\nopen"),
        (
            7,
            "f",
            &["release-note-action-required", "kind/bug", "kind/api-change"],
            "```release-note\n[action required] do\n```",
        ),
    ]);
    let commits = [
        "c8 c7: pushed",
        "c7 c6 x: Merge pull request #7 from a/b",
        "x c6: work",
        "c6 c5: Six (#6)",
        "c5 c4: Five (#5)",
        "c4 c3: Four (#4)",
        "c3 c2: Three (#3)",
        "c2 c1: Two (#2)",
        "c1 s: One (#1)",
    ];
    let mut options = GatherOptions::default();
    options.repository = Some("https://github.com/kubernetes/kubernetes/".parse().unwrap());
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(*source.asked.lock().unwrap(), [vec![1, 2, 3, 4, 5, 6, 7]], "one request, ascending, each once");
    let order: Vec<&str> = gathered.accounting.entries.iter().map(|entry| entry.commit.as_str()).collect();
    assert_eq!(order.len(), commits.len());
    assert_eq!(order[..2], ["c8", "c7"]);
    let excluded = [
        ("c8", Exclusion::NoPullNumber),
        ("x", Exclusion::InsidePull { pull: number(7), named: None }),
        ("c6", Exclusion::PullMissing { pull: number(6) }),
        ("c5", Exclusion::UnclosedBlock { pull: number(5) }),
        ("c4", Exclusion::EmptyBlock { pull: number(4) }),
        ("c3", Exclusion::NoBlock { pull: number(3) }),
        ("c2", Exclusion::StatedNone { pull: number(2) }),
    ];
    for (commit, why) in excluded {
        assert_eq!(fate(&gathered, commit), Fate::Excluded(why), "{commit}");
    }
    assert_eq!(
        fate(&gathered, "c1"),
        Fate::Included { pull: number(1), notes: vec![number(1)], rule: NoteRule::Block }
    );
    assert_eq!(gathered.accounting.included(), 2);
    assert_eq!(gathered.accounting.missing().into_iter().collect::<Vec<_>>(), [number(6)]);
    insta::assert_snapshot!("notes", render_notes(&gathered.notes));
    insta::assert_snapshot!("notes.json", notes_gen::to_json(&gathered.notes));
    insta::assert_json_snapshot!("accounting", gathered.accounting);

    options.profile.fallbacks = vec![Fallback::Title];
    let gathered = run(&commits, &source, &options).await.unwrap();
    let numbers: Vec<u64> = gathered.notes.iter().map(|note| note.pr_number.get()).collect();
    assert_eq!(numbers, [1, 3, 4, 5, 7], "the title serves where nothing was said, not where NONE was said");
    assert_eq!(gathered.notes.get(number(3)).unwrap().text, "title 3");
}

#[tokio::test]
async fn cherry_picks_follow_to_the_original() {
    let source = Listed::new(&[
        (10, "picker", &["sig/release"], "Cherry pick of #1"),
        (11, "picker", &["kind/bug"], "```release-note\nown note\n```"),
        (12, "picker", &[], "```release-note\nNONE\n```"),
        (13, "k8s-infra-cherrypick-robot", &["kind/bug"], "```release-note\nrobot's copy\n```"),
        (14, "picker", &[], "both"),
        (15, "picker", &[], "```release-note\n```"),
        (1, "one", &["kind/feature", "sig/apps"], "```release-note\noriginal 1\n```"),
        (2, "two", &[], "```release-note\noriginal 2\n```"),
        (3, "three", &[], "nothing"),
    ]);
    let commits = [
        "f e: Merge pull request #15 from p/automated-cherry-pick-of-#3-#99-upstream-release-1.2",
        "e d: Merge pull request #14 from p/automated-cherry-pick-of-#1-#2-upstream-release-1.2",
        "d c: Merge pull request #13 from k8s-infra-cherrypick-robot/cherry-pick-2-to-release-1.2",
        "c b: Merge pull request #12 from p/automated-cherry-pick-of-#2-upstream-release-1.2",
        "b a: Merge pull request #11 from p/automated-cherry-pick-of-#2-upstream-release-1.2",
        "a s: Merge pull request #10 from p/automated-cherry-pick-of-#1-upstream-release-1.2",
    ];
    let gathered = run(&commits, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(*source.asked.lock().unwrap(), [vec![10, 11, 12, 13, 14, 15], vec![1, 2, 3, 99]]);
    let cases = [
        ("f", Fate::Excluded(Exclusion::EmptyBlock { pull: number(15) })),
        ("e", Fate::Included { pull: number(14), notes: vec![number(1), number(2)], rule: NoteRule::OriginalBlock }),
        ("d", Fate::Included { pull: number(13), notes: vec![number(13)], rule: NoteRule::Block }),
        ("c", Fate::Excluded(Exclusion::StatedNone { pull: number(12) })),
        ("b", Fate::Included { pull: number(11), notes: vec![number(11)], rule: NoteRule::Block }),
        ("a", Fate::Included { pull: number(10), notes: vec![number(1)], rule: NoteRule::OriginalBlock }),
    ];
    for (commit, expected) in cases {
        assert_eq!(fate(&gathered, commit), expected, "{commit}");
    }
    let one = gathered.notes.get(number(1)).unwrap();
    assert_eq!((one.author.as_str(), one.text.as_str(), one.commit.as_str()), ("one", "original 1", "e"));
    assert_eq!(one.kinds, ["feature"]);
    let robot = gathered.notes.get(number(13)).unwrap();
    assert_eq!((robot.author.as_str(), robot.text.as_str()), ("two", "robot's copy"));
}

#[tokio::test]
async fn a_failing_source_is_an_error() {
    let source = Listed::new(&[(1, "a", &[], "```release-note\nfirst\n```")]);
    let error = run(&["b a: B (#666)", "a s: A (#1)"], &source, &GatherOptions::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot get 2 pull requests, the first is #1");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "out of order");
    let nothing = run(&[], &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(nothing, Gathered::default());
}

#[tokio::test]
async fn titles_of_merges_serve_as_notes() {
    let commits = [
        commit("d c x: Merge pull request #4 from Example/feature||  own \u{202e}branch  |"),
        commit("c b: Add <!-- a trick (#3)"),
        commit("b a y: Merge pull request #2 from someone/fix||fix: the thing"),
        commit("a r: Merge pull request #1 from Example/dependabot/go/x-1||Bump x"),
        commit("r s: pushed"),
    ];
    let repository = "https://github.com/example/project".parse().unwrap();
    let source = MergeTitles::new(&commits, Some(&repository));
    let mut options = GatherOptions::default();
    options.profile.fallbacks = vec![Fallback::Title];
    let gathered = gather(&select(&commits, &CommitId::new("d")).unwrap(), &source, &options).await.unwrap();
    let lines: Vec<&str> = gathered.notes.iter().map(|note| note.markdown.as_str()).collect();
    let expected = [
        "Bump x ([#1](https://github.com/example/project/pull/1))",
        "Fix: the thing ([#2](https://github.com/example/project/pull/2), [@someone](https://github.com/someone))",
        "Add &lt;!-- a trick ([#3](https://github.com/example/project/pull/3))",
        "Own branch ([#4](https://github.com/example/project/pull/4))",
    ];
    assert_eq!(lines, expected);

    let bare = MergeTitles::new(&commits, None);
    let gathered = gather(&select(&commits, &CommitId::new("d")).unwrap(), &bare, &options).await.unwrap();
    assert_eq!(gathered.notes.get(number(2)).unwrap().markdown, "Fix: the thing (#2, @someone)");
    assert_eq!(gathered.notes.get(number(4)).unwrap().markdown, "Own branch (#4)", "known by the robot's branch");
}
