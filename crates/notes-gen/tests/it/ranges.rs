use notes_gen::{CommitId, Lines, Outside, RangeError, SelectOptions, select, select_with};

use crate::commit;

/// `commit=#pull` for a pick, else `commit=reason`, in the order of the selection's two lists.
fn shown(commits: &[&str], end: &str) -> String {
    let commits: Vec<_> = commits.iter().map(|line| commit(line)).collect();
    let selection = select(&commits, &CommitId::new(end)).unwrap();
    let picks = selection.picks.iter().map(|pick| format!("{}=#{}", pick.commit, pick.pull));
    let outside = selection.outside.iter().map(|(id, why)| match why {
        Outside::InsidePull { pull } => format!("{id}=in#{pull}"),
        Outside::BranchSync => format!("{id}=sync"),
        Outside::NoPullNumber => format!("{id}=none"),
        Outside::NotReachable => format!("{id}=apart"),
        other => format!("{id}={other:?}"),
    });
    picks.chain(outside).collect::<Vec<_>>().join(" ")
}

#[test]
fn ranges() {
    #[rustfmt::skip]
    let cases: &[(&str, &[&str], &str, &str)] = &[
        ("empty", &[], "any", ""),
        ("merges and their branches",
         &["m2 m1 b2: Merge pull request #2 from x/y", "b2 b1: work", "b1 s: Merge pull request #9 from fork/inner", "m1 s a1: Merge pull request #1 from x/y", "a1 s: work"],
         "m2", "m2=#2 m1=#1 b2=in#2 b1=in#2 a1=in#1"),
        ("a branch based on a later commit keeps its own commits only",
         &["m2 m1 b: Merge pull request #2 from x/y", "b a: work", "m1 s a: Merge pull request #1 from x/y", "a s: work"],
         "m2", "m2=#2 m1=#1 b=in#2 a=in#1"),
        ("squashes and direct pushes", &["c b: Two (#2)", "b a: pushed", "a s: One (#1)"], "c", "c=#2 a=#1 b=none"),
        ("fast-forward merge: the pull requests hang off the second parent",
         &["r2 r1 ff: Merge pull request #5 from x/pick", "ff_ x: ", "r1 r0 m2: Merge branch 'master' into release-1.34",
           "m2 m1 b: Merge pull request #2 from x/y", "b m1: work", "m1 s a: Merge pull request #1 from x/y", "a s: work", "r0 s: Release commit"],
         "r2", "r2=#5 m2=#2 m1=#1 r1=sync b=in#2 a=in#1 r0=none ff_=apart"),
        ("both lines meet inside the range",
         &["e l r: Merge branch 'a' into b", "r base: Right (#3)", "l base: Left (#2)", "base s: Base (#1)"],
         "e", "l=#2 r=#3 base=#1 e=sync"),
        ("a merge into the branch of a pull request is not followed",
         &["m main p2: Merge pull request #4 from x/y", "p2 p1 main: Merge branch 'main' into y", "p1 s: work", "main s: Direct (#3)"],
         "m", "m=#4 main=#3 p2=in#4 p1=in#4"),
        ("octopus without number", &["o a b c: Merge branches", "a s: A (#1)", "b s: B (#2)", "c s: c"], "o", "a=#1 b=#2 o=sync c=none"),
        ("apart", &["a s: A (#1)", "z s: Z (#2)", "y s: Y (#3)"], "a", "a=#1 y=apart z=apart"),
    ];
    for (name, commits, end, expected) in cases {
        let mut found: Vec<String> = shown(commits, end).split(' ').map(str::to_owned).collect();
        let mut wanted: Vec<String> = expected.split(' ').map(str::to_owned).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn first_parents_only() {
    let commits: Vec<_> = [
        "r2 r1 m: Merge branch 'master' into release",
        "m m0 b: Merge pull request #2 from x/y",
        "b m0: work",
        "m0 s: One (#1)",
        "r1 s: Five (#5)",
    ]
    .map(commit)
    .into();
    let mut options = SelectOptions::default();
    options.lines = Lines::FirstParent;
    let selection = select_with(&commits, &CommitId::new("r2"), &options).unwrap();
    assert_eq!(selection.picks.iter().map(|pick| pick.pull.get()).collect::<Vec<_>>(), [5]);
    let outside: Vec<_> = selection.outside.iter().map(|(id, why)| (id.as_str(), why.clone())).collect();
    let left = |id| (id, Outside::NotFollowed);
    assert_eq!(outside[0], ("r2", Outside::BranchSync));
    let mut rest = outside[1..].to_vec();
    rest.sort_by_key(|(id, _)| *id);
    assert_eq!(rest, [left("b"), left("m"), left("m0")]);
}

#[test]
fn children_come_before_parents() {
    let found = shown(&["a s: A (#1)", "c b: C (#3)", "b a: B (#2)"], "c");
    assert_eq!(found, "c=#3 b=#2 a=#1");
}

#[test]
fn bad_ranges() {
    let commits = [commit("a s: A (#1)"), commit("b a: B (#2)")];
    let error = select(&commits, &CommitId::new("x")).unwrap_err();
    assert_eq!(error, RangeError::EndOutside { end: CommitId::new("x"), commits: 2 });
    let twice = [commits[0].clone(), commits[1].clone(), commits[0].clone()];
    let error = select(&twice, &CommitId::new("b")).unwrap_err();
    assert_eq!(error, RangeError::Twice { commit: CommitId::new("a") });
}

#[test]
fn long_histories_need_no_deep_stack() {
    let commits: Vec<_> = (0..200_000).map(|n| commit(&format!("c{n} c{}: Change (#{})", n + 1, n + 1))).collect();
    assert_eq!(select(&commits, &CommitId::new("c0")).unwrap().picks.len(), 200_000);
}
