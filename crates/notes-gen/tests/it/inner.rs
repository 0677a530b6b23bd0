//! Pull requests that were merged into the branch of another one, and numbers that only seem to be such.

use std::collections::HashSet;

use notes_gen::{
    CommitId, Exclusion, Fate, GatherOptions, Gathered, MergeTitles, NoteRule, RevertPairs, SelectOptions, gather,
    select, select_with,
};

use crate::gathering::{Listed, fate, run};
use crate::{commit, number};

/// Number and the commit that merged it, as the source knows it; each has a note.
fn merged(pulls: &[(u64, &str)]) -> Listed {
    let bodies: Vec<String> = pulls.iter().map(|(n, _)| format!("```release-note\nnote {n}\n```")).collect();
    let told: Vec<(u64, &str, &[&str], &str)> =
        pulls.iter().zip(&bodies).map(|((n, _), body)| (*n, "a", &[] as &[&str], body.as_str())).collect();
    let mut source = Listed::new(&told);
    for (n, commit) in pulls {
        source.pulls.get_mut(&number(*n)).unwrap().merge_commit = Some(CommitId::new(*commit));
    }
    source
}

fn notes(gathered: &Gathered) -> Vec<u64> {
    gathered.notes.iter().map(|note| note.pr_number.get()).collect()
}

fn inside(pull: u64, named: Option<u64>) -> Fate {
    Fate::Excluded(Exclusion::InsidePull { pull: number(pull), named: named.map(number) })
}

/// The branch of a feature, which got two pull requests before it was merged as #27: #25 squashed, #26 by a merge, of which one commit
/// quotes a number of a fork. #5 was picked from elsewhere, #26's branch has a merge of a fork.
const FEATURE: [&str; 8] = [
    "m s f4: Merge pull request #27 from o/feature-x||The feature",
    "f4 f3 b2: Merge pull request #26 from o/part",
    "b2 b1 y: Merge pull request #2 from fork/inner",
    "y b1: work in a fork",
    "b1 f3: work (#1)",
    "f3 f2: Fix it (#5)",
    "f2 f1: inner work (#25)",
    "f1 s: work",
];

#[tokio::test]
async fn pull_requests_of_a_feature_branch_are_in() {
    // 1 and 2 are other pull requests of this repository, merged long ago; 5 was merged elsewhere.
    let source = merged(&[(27, "m"), (26, "f4"), (25, "f2"), (5, "elsewhere"), (2, "old"), (1, "older")]);
    let gathered = run(&FEATURE, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(*source.asked.lock().unwrap(), [vec![1, 2, 5, 25, 26, 27]], "all in one question");
    assert_eq!(notes(&gathered), [25, 26, 27]);
    let included = |n| Fate::Included { pull: number(n), notes: vec![number(n)], rule: NoteRule::Block };
    let cases = [
        ("m", included(27)),
        ("f4", included(26)),
        ("b2", inside(26, Some(2))),
        ("y", inside(26, None)),
        ("b1", inside(26, Some(1))),
        ("f3", inside(27, Some(5))),
        ("f2", included(25)),
        ("f1", inside(27, None)),
    ];
    for (commit, expected) in cases {
        assert_eq!(fate(&gathered, commit), expected, "{commit}");
    }
    assert_eq!(gathered.accounting.pulls().len(), 3);
    assert_eq!(gathered.accounting.named().iter().map(|n| n.get()).collect::<Vec<_>>(), [1, 2, 5]);
    assert_eq!(gathered.notes.get(number(25)).unwrap().commit, "f2");

    // Nobody knows who merged what: the merge stands for all.
    let mut source = merged(&[(27, ""), (26, ""), (25, "")]);
    source.pulls.values_mut().for_each(|pull| pull.merge_commit = None);
    let gathered = run(&FEATURE, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(notes(&gathered), [27]);
    assert_eq!(fate(&gathered, "y"), inside(27, None));
    assert_eq!(gathered.accounting.named().len(), 5);
    let commits: Vec<_> = FEATURE.iter().map(|line| commit(line)).collect();
    let titles = MergeTitles::new(&commits, None);
    let mut options = GatherOptions::default();
    options.profile.fallbacks = vec![notes_gen::Fallback::Title];
    let gathered = gather(&select(&commits, &CommitId::new("m")).unwrap(), &titles, &options).await.unwrap();
    assert_eq!(notes(&gathered), [27]);
}

#[tokio::test]
async fn a_branch_that_was_brought_up_to_date_by_a_pull_request() {
    let commits = [
        "r2 r1 m3: Merge pull request #90 from o/main",
        "m3 m2 c: Merge pull request #3 from x/y",
        "c m1: work",
        "m2 m1: Two (#2)",
        "m1 s a: Merge pull request #1 from x/y",
        "a s: work",
        "r1 s: On the release branch (#80)",
    ];
    let source = merged(&[(90, "r2"), (3, "m3"), (2, "m2"), (1, "m1"), (80, "r1")]);
    let gathered = run(&commits, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(notes(&gathered), [1, 2, 3, 80, 90]);
    assert_eq!((fate(&gathered, "c"), fate(&gathered, "a")), (inside(3, None), inside(1, None)));
    assert_eq!(gathered.accounting.named().len(), 0);
}

#[tokio::test]
async fn what_is_on_the_line_is_not_asked_for_twice() {
    // A cherry-pick of #5, which is in the range itself.
    let commits = ["m l b: Merge pull request #7 from x/y", "b l: Fix it (#5)", "c l: (#7)", "l s: Fix it (#5)"];
    let selection = select(&commits.map(commit), &CommitId::new("m")).unwrap();
    assert!(selection.inner.is_empty(), "{:?}", selection.inner);
}

#[tokio::test]
async fn paths_narrow_what_is_inside_too() {
    let commits: Vec<_> = FEATURE.iter().map(|line| commit(line)).collect();
    for (path, expected) in [("y", vec![26, 27]), ("f2", vec![25, 27]), ("f1", vec![27]), ("m", vec![27])] {
        let touched: HashSet<CommitId> = [CommitId::new(path)].into();
        let mut options = SelectOptions::default();
        options.touched = Some(&touched);
        let selection = select_with(&commits, &CommitId::new("m"), &options).unwrap();
        let source = merged(&[(27, "m"), (26, "f4"), (25, "f2"), (5, "elsewhere"), (2, "old")]);
        let gathered = gather(&selection, &source, &GatherOptions::default()).await.unwrap();
        assert_eq!(notes(&gathered), expected, "{path}");
    }
}

#[tokio::test]
async fn reverts_of_what_is_inside() {
    let later = ["t m: Revert \"inner work (#25)\" (#30)||This reverts commit 2525252525.", "m s"];
    let feature: Vec<String> = FEATURE.iter().map(|line| line.replace("f2", "2525252525")).collect();
    let commits: Vec<&str> = later[..1].iter().copied().chain(feature.iter().map(String::as_str)).collect();
    let mut options = GatherOptions::default();
    options.reverts = RevertPairs::LeaveOut;
    let source = merged(&[(30, "t"), (27, "m"), (26, "f4"), (25, "2525252525")]);
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(notes(&gathered), [26, 27], "#25 and its revert are gone");
    // Not known to be one, it is a part of #27.
    let source = merged(&[(30, "t"), (27, "m"), (26, "f4"), (25, "elsewhere")]);
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(notes(&gathered), [26]);
}

#[tokio::test]
async fn a_number_that_is_none_is_looked_for_by_its_commit() {
    let mut source = merged(&[(1, "a"), (2, "b"), (3, "c")]);
    source.commits = [("b", vec![2]), ("d", vec![999, 3])]
        .map(|(id, pulls)| (CommitId::new(id), pulls.into_iter().map(number).collect()))
        .into();
    let commits = ["d c: Lost (#999)", "c b: Nobody's (#998)", "b a: Fix crash (#997)", "a s: One (#1)"];
    let gathered = run(&commits, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(*source.asked_commits.lock().unwrap(), [["d", "c", "b"]]);
    assert_eq!(notes(&gathered), [1, 2]);
    let missing = |n| Fate::Excluded(Exclusion::PullMissing { pull: number(n) });
    assert_eq!(fate(&gathered, "c"), missing(998));
    assert_eq!(fate(&gathered, "d"), missing(999), "it is there, and could not be had");
    assert_eq!(gathered.notes.get(number(2)).unwrap().commit, "b");
}

#[tokio::test]
async fn deep_nests_need_no_deep_stack_and_little_time() {
    let deep = 60_000;
    let mut commits: Vec<_> =
        (0..deep).map(|n| commit(&format!("c{n} s c{}: Merge pull request #{} from x/y", n + 1, n + 1001))).collect();
    commits.push(commit(&format!("c{deep} s: work")));
    let selection = select(&commits, &CommitId::new("c0")).unwrap();
    assert_eq!((selection.picks.len(), selection.inner.len()), (1, deep - 1));
    let gathered = gather(&selection, &Listed::default(), &GatherOptions::default()).await.unwrap();
    assert_eq!(gathered.accounting.entries.len(), commits.len());
}
