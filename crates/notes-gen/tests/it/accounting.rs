//! What becomes of commits: rules, reverts, commits without a number, labels, paths.

use std::collections::{BTreeSet, HashSet};

use notes_gen::maps::{Applied, ApplyOptions, MapFile, Maps};
use notes_gen::{
    CommitId, Exclusion, Explanation, Fallback, Fate, GatherError, GatherOptions, Gathered, NoteRule, Profile,
    RevertPairs, SelectOptions, Unnumbered, gather, select, select_with,
};

use crate::gathering::{Listed, fate, run};
use crate::{commit, number};

fn noted(text: &str) -> String {
    format!("```release-note\n{text}\n```")
}

fn numbers(gathered: &Gathered) -> Vec<u64> {
    gathered.notes.iter().map(|note| note.pr_number.get()).collect()
}

#[tokio::test]
async fn the_fallback_chain_tells_its_rule() {
    let mut source = Listed::new(&[
        (1, "a", &[], &noted("from the block")),
        (2, "a", &["kind/bug"], "x\n\nRelease-Note: from the trailer"),
        (3, "a", &[], ""),
        (4, "a", &["kind/bug", "area/kubelet"], "BREAKING CHANGE: act"),
        (5, "a", &[], ""),
        (6, "a", &[], "nothing"),
        (7, "a", &[], "```release-note\nNONE\n```"),
        (8, "a", &[], "Release-Note: none"),
        (9, "a", &[], "```release-note\n\n```"),
    ]);
    for (n, title) in [
        (3, "feat(api)!: a feature"),
        (4, "fix(scheduler): a fix"),
        (5, ":bug: a bug"),
        (6, "a title"),
        (8, "feat: unwanted"),
        (9, "docs: a page"),
    ] {
        source.pulls.get_mut(&number(n)).unwrap().title = title.into();
    }
    let commits: Vec<String> = (1..=10)
        .rev()
        .map(|n| match n {
            10 => "c10 c9: Ten (#6)||Release-Note: from the commit".to_owned(),
            n => format!("c{n} c{}: {n} (#{n})", n - 1),
        })
        .collect();
    let commits: Vec<&str> = commits.iter().map(String::as_str).collect();
    let mut options = GatherOptions::default();
    options.profile.fallbacks = vec![Fallback::Trailer, Fallback::Conventional, Fallback::TitlePrefix, Fallback::Title];
    options.profile.title_prefixes =
        Profile::parse("title-prefixes: [{prefixes: [\":bug:\"], kind: bug}]").unwrap().title_prefixes;
    let gathered = run(&commits, &source, &options).await.unwrap();
    let rules = [
        ("c1", 1, NoteRule::Block),
        ("c2", 2, NoteRule::Trailer),
        ("c3", 3, NoteRule::Conventional),
        ("c4", 4, NoteRule::Conventional),
        ("c5", 5, NoteRule::TitlePrefix),
        ("c6", 6, NoteRule::Title),
        ("c9", 9, NoteRule::Conventional),
        ("c10", 6, NoteRule::Trailer),
    ];
    for (commit, pull, rule) in rules {
        let expected = Fate::Included { pull: number(pull), notes: vec![number(pull)], rule };
        assert_eq!(fate(&gathered, commit), expected, "{commit}");
    }
    for (commit, pull) in [("c7", 7), ("c8", 8)] {
        assert_eq!(fate(&gathered, commit), Fate::Excluded(Exclusion::StatedNone { pull: number(pull) }));
    }
    let shown: Vec<String> = gathered
        .notes
        .iter()
        .map(|n| format!("{} {:?} {:?} {:?} {}", n.pr_number, n.text, n.kinds, n.areas, n.action_required))
        .collect();
    let expected = [
        "1 \"from the block\" [] [] false",
        "2 \"from the trailer\" [\"bug\"] [] false",
        "3 \"a feature\" [\"feature\"] [\"api\"] true",
        "4 \"a fix\\nact\" [\"bug\"] [\"kubelet\"] true",
        "5 \"a bug\" [\"bug\"] [] false",
        "6 \"from the commit\" [] [] false",
        "9 \"a page\" [\"documentation\"] [] false",
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn the_source_is_asked_once_for_commits_without_a_number() {
    let commits = ["d c: pushed", "c b: squashed", "b a: rebased, last", "a z: rebased, first", "z s: One (#1)"];
    let mut source = Listed::new(&[(1, "a", &[], &noted("one")), (2, "a", &[], &noted("two")), (3, "a", &[], "none")]);
    source.commits = [("c", vec![3]), ("b", vec![2, 9]), ("a", vec![2])]
        .map(|(id, pulls)| (CommitId::new(id), pulls.into_iter().map(number).collect()))
        .into();
    let gathered = run(&commits, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(*source.asked_commits.lock().unwrap(), [["d", "c", "b", "a"]]);
    assert_eq!(numbers(&gathered), [1, 2]);
    assert_eq!(gathered.notes.get(number(2)).unwrap().commit, "b");
    let two = Fate::Included { pull: number(2), notes: vec![number(2)], rule: NoteRule::Block };
    let cases = [
        ("d", Fate::Excluded(Exclusion::NoPullNumber)),
        ("c", Fate::Excluded(Exclusion::NoBlock { pull: number(3) })),
        ("b", two.clone()),
        ("a", two),
    ];
    for (commit, expected) in cases {
        assert_eq!(fate(&gathered, commit), expected, "{commit}");
    }

    let mut options = GatherOptions::default();
    options.unnumbered = Unnumbered::LeaveOut;
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(source.asked_commits.lock().unwrap().len(), 1, "not again");
    assert_eq!(fate(&gathered, "b"), Fate::Excluded(Exclusion::NoPullNumber));
    let all = run(&["z s: One (#1)"], &source, &GatherOptions::default()).await.unwrap();
    assert_eq!((source.asked_commits.lock().unwrap().len(), all.notes.len()), (1, 1), "nothing to ask for");

    let error = run(&["broken s: pushed"], &source, &GatherOptions::default()).await.unwrap_err();
    assert!(matches!(error, GatherError::Commits { count: 1, .. }));
    assert_eq!(error.to_string(), "cannot get the pull requests of 1 commits, the first is `broken`");
}

#[tokio::test]
async fn a_release_branch_that_was_fast_forwarded_by_a_merge() {
    // The release branch got the main branch by a merge whose first parent is the release branch: all the pull requests hang off
    // the second parent. Walking first parents alone finds one of the twelve.
    let mut commits = vec![
        "r3 r2 p: Merge pull request #50 from x/automated-cherry-pick-of-#49-origin-release-1.34".to_owned(),
        "p r2: work on the branch".to_owned(),
        "r2 r1 m10: Merge branch 'master' into release-1.34".to_owned(),
        "r1 r0: Release commit for v1.34.0-beta.0".to_owned(),
    ];
    for n in (1..=10).rev() {
        let parent = if n == 1 { "fork".to_owned() } else { format!("m{}", n - 1) };
        commits.push(format!("m{n} {parent} b{n}: Merge pull request #{n} from x/y"));
        commits.push(format!("b{n} {parent}: work of {n}"));
    }
    let bodies: Vec<(u64, String)> = (1..=10).chain([49, 50]).map(|n| (n, noted(&format!("note {n}")))).collect();
    let pulls: Vec<(u64, &str, &[&str], &str)> =
        bodies.iter().map(|(n, body)| (*n, "a", &[] as &[&str], body.as_str())).collect();
    let source = Listed::new(&pulls);
    let lines: Vec<&str> = commits.iter().map(String::as_str).collect();
    let gathered = run(&lines, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(numbers(&gathered), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 50]);
    assert_eq!(gathered.accounting.entries.len(), commits.len());
    assert_eq!(fate(&gathered, "r2"), Fate::Excluded(Exclusion::BranchSync));
    assert_eq!(fate(&gathered, "r1"), Fate::Excluded(Exclusion::NoPullNumber));
    assert_eq!(fate(&gathered, "p"), Fate::Excluded(Exclusion::InsidePull { pull: number(50), named: None }));
}

fn reverted(gathered: &Gathered) -> Vec<(String, u64)> {
    let entries = gathered.accounting.entries.iter();
    entries.filter_map(|entry| Some((entry.commit.to_string(), entry.reverted_by?.get()))).collect()
}

#[tokio::test]
async fn reverts_are_told_and_left_out_on_demand() {
    let notes: Vec<String> = (1..=9).map(|n| noted(&format!("note {n}"))).collect();
    let mut pulls: Vec<(u64, &str, &[&str], &str)> =
        (1..=9).map(|n| (n as u64, "a", &[] as &[&str], notes[n - 1].as_str())).collect();
    let by_body = format!("Reverts a/b#6\r\n\r\n{}", noted("note 7"));
    pulls[6].3 = &by_body;
    let source = Listed::new(&pulls);
    let commits = [
        // A revert of something outside of the range stays.
        "c9 c8: Revert \"old (#400)\" (#9)||This reverts commit 99999999.",
        // 8 takes 6 back by branch name; 7 said so before, in its body.
        "c8 c7 x8: Merge pull request #8 from a/revert-4-branch||Revert \"four\"",
        "x8 c7: Revert \"four\"||This reverts commit 44444444.",
        "c7 c6: Take six back (#7)",
        "c6 c5: Six (#6)",
        // A revert of a revert: 2 stays as if nothing had happened to it.
        "c5 55555555: Revert \"Revert \"Two (#2)\" (#3)\" (#5)||This reverts commit 33333333.",
        "55555555 c4: pushed",
        "c4 33333333 44444444: Merge pull request #4 from a/b||four",
        "44444444 33333333: work",
        "33333333 22222222: Revert \"Two (#2)\" (#3)||This reverts commit 2222222.",
        "22222222 c1: Two (#2)",
        "c1 s: One (#1)",
    ];
    let gathered = run(&commits, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(numbers(&gathered), [1, 2, 3, 4, 5, 6, 7, 8, 9], "nothing is dropped");
    let pairs = [("c6", 7), ("c4", 8), ("33333333", 5)].map(|(commit, by)| (commit.to_owned(), by));
    assert_eq!(reverted(&gathered), pairs);

    let mut options = GatherOptions::default();
    options.reverts = RevertPairs::LeaveOut;
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(numbers(&gathered), [1, 2, 9]);
    assert_eq!(reverted(&gathered), pairs);
    let cases = [
        ("c6", Exclusion::Reverted { pull: number(6), by: number(7) }),
        ("c7", Exclusion::Revert { pull: number(7), of: number(6) }),
        ("c4", Exclusion::Reverted { pull: number(4), by: number(8) }),
        ("c8", Exclusion::Revert { pull: number(8), of: number(4) }),
        ("33333333", Exclusion::Reverted { pull: number(3), by: number(5) }),
        ("c5", Exclusion::Revert { pull: number(5), of: number(3) }),
    ];
    for (commit, why) in cases {
        assert_eq!(fate(&gathered, commit), Fate::Excluded(why), "{commit}");
    }
    assert_eq!(gathered.accounting.pulls().len(), 9);
}

#[tokio::test]
async fn cherry_picks_are_known_by_branch_or_body() {
    let mut source = Listed::new(&[
        (10, "robot", &[], "This is an automated cherry-pick of #1\n\n/assign someone"),
        (11, "robot", &[], &noted("copied")),
        (1, "one", &["kind/bug"], &noted("original 1")),
        (2, "two", &[], &noted("original 2")),
    ]);
    source.pulls.get_mut(&number(11)).unwrap().head = Some("robot:cherry-pick-2-to-release-1.30".into());
    let mut options = GatherOptions::default();
    options.profile.cherry_picks.robots = BTreeSet::from(["robot".to_owned()]);
    let gathered =
        run(&["b a: [release-1.30] two (#11)", "a s: [release-1.30] one (#10)"], &source, &options).await.unwrap();
    let one = gathered.notes.get(number(1)).unwrap();
    assert_eq!((one.text.as_str(), one.author.as_str(), one.commit.as_str()), ("original 1", "one", "a"));
    let copied = gathered.notes.get(number(11)).unwrap();
    assert_eq!((copied.text.as_str(), copied.author.as_str()), ("copied", "two"));
}

#[tokio::test]
async fn labels_and_paths_narrow_the_range() {
    let source = Listed::new(&[
        (1, "a", &["x"], &noted("one")),
        (2, "a", &["y"], &noted("two")),
        (3, "a", &[], &noted("three")),
    ]);
    let commits =
        ["d c: pushed", "c b x: Merge pull request #3 from a/b", "x b: work", "b a: Two (#2)", "a s: One (#1)"];
    let mut options = GatherOptions::default();
    options.labels = BTreeSet::from(["x".to_owned(), "z".to_owned()]);
    let gathered = run(&commits, &source, &options).await.unwrap();
    assert_eq!(numbers(&gathered), [1]);
    assert_eq!(fate(&gathered, "b"), Fate::Excluded(Exclusion::OtherLabels { pull: number(2) }));

    let commits: Vec<_> = commits.iter().map(|line| commit(line)).collect();
    let touched: HashSet<CommitId> = ["x", "a"].map(CommitId::new).into();
    let mut filter = SelectOptions::default();
    filter.touched = Some(&touched);
    let selection = select_with(&commits, &CommitId::new("d"), &filter).unwrap();
    let gathered = gather(&selection, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(numbers(&gathered), [1, 3], "a commit of the branch touches the path");
    assert_eq!(fate(&gathered, "b"), Fate::Excluded(Exclusion::OtherPaths { pull: number(2) }));
    assert_eq!(fate(&gathered, "d"), Fate::Excluded(Exclusion::Untouched));
    assert_eq!(gathered.accounting.entries.len(), 5);
}

#[tokio::test]
async fn an_explanation_names_rules_and_map_lines() {
    let body = noted("one");
    let source = Listed::new(&[(1, "a", &[], &body), (2, "a", &[], "none")]);
    let commits = [commit("b a: Two (#2)"), commit("a s: One (#1)")];
    let selection = select(&commits, &CommitId::new("b")).unwrap();
    let mut gathered = gather(&selection, &source, &GatherOptions::default()).await.unwrap();
    assert_eq!(gathered.bodies.get(&number(1)), Some(&body));
    let files = vec![
        MapFile::parse("pr-1-map.yaml", "pr: 1\nreleasenote:\n  text: better\npr_body: other\n").unwrap(),
        MapFile::parse("pr-3-map.yaml", "pr: 3\n").unwrap(),
    ];
    let profile = Profile::default();
    let mut options = ApplyOptions::new(&profile, "2026-11-25T12:00:00Z".parse().unwrap());
    options.bodies = Some(&gathered.bodies);
    let applied = Maps::new(vec![files]).apply(&mut gathered.notes, &options).unwrap();
    insta::assert_json_snapshot!("explanation", Explanation::new(&gathered.accounting, &applied));
    let nothing = Applied::default();
    assert!(Explanation::new(&gathered.accounting, &nothing).mapped.is_empty());
}
