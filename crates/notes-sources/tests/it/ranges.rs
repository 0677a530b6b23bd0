//! Ends of ranges and the commits between them.

use git_repo::GitRepo;
use notes_sources::{End, Ends, Error, FirstCommit, ListOptions, Wanted, ends, list, resolve};
use testkit::{GitWorld, git};

fn open(world: &GitWorld) -> GitRepo {
    GitRepo::open(world.path()).unwrap()
}

fn subjects(repo: &GitRepo, range: &Ends, options: &ListOptions) -> Vec<String> {
    let listing = list(repo, range, options).unwrap();
    listing.commits.iter().map(|commit| commit.message.lines().next().unwrap().to_owned()).collect()
}

fn between(repo: &GitRepo, start: &str, end: &str) -> Result<Ends, Error> {
    ends(repo, &Wanted::revision(start), &Wanted::revision(end))
}

#[test]
fn a_range_is_what_the_end_has_and_the_start_has_not() {
    let mut world = GitWorld::new("main");
    world.commit("first");
    world.tag("v1.0.0");
    world.merge_pull(1, "someone/branch", "One");
    world.squash_pull(2, "Two");
    world.tag("v1.1.0");
    let repo = open(&world);
    let range = between(&repo, "v1.0.0", "v1.1.0").unwrap();
    assert_eq!(range.start.as_ref().unwrap().name, "v1.0.0");
    let all = subjects(&repo, &range, &ListOptions::default());
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all[0].starts_with("Two (#2)") && all.iter().all(|subject| subject != "first"));

    let mut skipping = ListOptions::default();
    skipping.first_commit = FirstCommit::Skipped;
    assert_eq!(subjects(&repo, &range, &skipping), ["Two (#2)"]);

    let whole = ends(&repo, &Wanted::default(), &Wanted::revision("v1.1.0")).unwrap();
    assert_eq!(subjects(&repo, &whole, &ListOptions::default()).len(), 4);
}

#[test]
fn commits_can_be_given_without_a_tag() {
    let mut world = GitWorld::new("main");
    let first = world.commit("first");
    let second = world.squash_pull(2, "Two");
    let repo = open(&world);
    let wanted = |commit: &str| Wanted { revision: None, commit: Some(commit.to_owned()) };
    let range = ends(&repo, &wanted(&first), &wanted(&second)).unwrap();
    assert_eq!(range.end.name, second[..12]);
    assert_eq!(subjects(&repo, &range, &ListOptions::default()), ["Two (#2)"]);
    let named = Wanted { revision: Some("next".into()), commit: Some(second.clone()) };
    assert_eq!(
        ends(&repo, &wanted(&first), &named).unwrap().end,
        End { name: "next".into(), commit: second.parse().unwrap() }
    );
}

#[test]
fn a_branch_is_the_remotes_and_a_tag_is_the_tag() {
    let mut world = GitWorld::new("main");
    let first = world.commit("first");
    world.tag("v1.0.0");
    let second = world.commit("second");
    let repo = open(&world);
    world.git(&["update-ref", "refs/remotes/origin/main", &first]);
    assert_eq!(resolve(&repo, "main").unwrap().to_string(), first);
    assert_eq!(resolve(&repo, "HEAD").unwrap().to_string(), second);
    // A branch called like a tag does not hide it.
    world.git(&["update-ref", "refs/heads/v1.0.0", &second]);
    assert_eq!(resolve(&repo, "v1.0.0").unwrap().to_string(), first);
    assert!(resolve(&repo, "nothing").unwrap_err().to_string().contains("`nothing`"));
}

#[test]
fn senseless_ends_are_refused() {
    let mut world = GitWorld::new("main");
    world.commit("first");
    world.tag("v1.0.0");
    world.commit("second");
    world.tag("v1.1.0");
    world.git(&["checkout", "--quiet", "--orphan", "other"]);
    world.commit("elsewhere");
    world.tag("v9.0.0");
    let repo = open(&world);
    let swapped = between(&repo, "v1.1.0", "v1.0.0").unwrap_err();
    assert_eq!(swapped.to_string(), "`v1.0.0` is an ancestor of `v1.1.0`, so the range is empty: the ends are swapped");
    let unrelated = between(&repo, "v1.0.0", "v9.0.0").unwrap_err();
    assert!(matches!(unrelated, Error::Unrelated { .. }), "{unrelated}");
    assert!(matches!(ends(&repo, &Wanted::default(), &Wanted::default()), Err(Error::NoEnd { end: "end" })));
    assert!(
        between(&repo, "v1.0.0", "v1.0.0")
            .is_ok_and(|range| list(&repo, &range, &ListOptions::default()).unwrap().commits.is_empty())
    );
}

#[test]
fn a_shallow_clone_says_so() {
    let mut world = GitWorld::new("main");
    world.commit("first");
    world.tag("v1.0.0");
    for number in 1..=9 {
        world.squash_pull(number, "More");
    }
    world.tag("v1.1.0");
    let dir = tempfile::tempdir().unwrap();
    let clone = |depth: &str| {
        let path = dir.path().join(depth);
        let from = format!("file://{}", world.path().display());
        git(dir.path(), &["clone", "--quiet", "--depth", depth, &from, path.to_str().unwrap()]);
        git(&path, &["fetch", "--quiet", "--depth", depth, "origin", "tag", "v1.0.0"]);
        GitRepo::open(&path).unwrap()
    };
    let cut = clone("3");
    let error = between(&cut, "v1.0.0", "HEAD").and_then(|range| list(&cut, &range, &ListOptions::default()));
    assert!(matches!(error, Err(Error::Shallow { .. })), "{error:?}");
    // All of the range is there, though not all of the history.
    let enough = clone("11");
    let range = between(&enough, "v1.0.0", "HEAD").unwrap();
    assert_eq!(subjects(&enough, &range, &ListOptions::default()).len(), 9);
}

#[test]
fn paths_name_the_commits_that_change_them() {
    let mut world = GitWorld::new("main");
    world.commit_files("first", &[("a/x", "1"), ("b/y", "1"), ("README", "1")]);
    world.tag("v1.0.0");
    let a = world.commit_files("a", &[("a/x", "2")]);
    let b = world.commit_files("b", &[("b/y", "2")]);
    world.commit_files("top", &[("README", "2")]);
    let repo = open(&world);
    let range = between(&repo, "v1.0.0", "HEAD").unwrap();
    let touched = |paths: &[&str]| {
        let mut options = ListOptions::default();
        options.paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let mut ids: Vec<String> =
            list(&repo, &range, &options).unwrap().touched.unwrap().into_iter().map(|id| id.to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(touched(&["a"]), std::slice::from_ref(&a));
    let mut both = [a, b];
    both.sort();
    assert_eq!(touched(&["a/", "b/y"]), both);
    assert!(touched(&["missing"]).is_empty());
}
