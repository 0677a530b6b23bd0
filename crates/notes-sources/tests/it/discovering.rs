//! Ranges found from tags and branches.

use git_repo::GitRepo;
use notes_sources::{Discover, Ends, Error, Names, discover, previous_tag, version_tags};
use semver::Version;
use testkit::{GitWorld, load_history};

fn names(range: &Ends) -> (String, String) {
    (range.start.as_ref().unwrap().name.clone(), range.end.name.clone())
}

fn find(world: &GitWorld, mode: Discover, branch: &str) -> Result<(String, String), Error> {
    let repo = GitRepo::open(world.path()).unwrap();
    discover(&repo, mode, branch, &Names::new("main")).map(|range| names(&range))
}

/// main: v1.0.0 … v1.1.0 with branches release-1.0 (patches up to 10) and release-1.1.
fn world() -> GitWorld {
    let mut world = GitWorld::new("main");
    world.commit("first");
    world.create_branch("release-1.0");
    world.switch("release-1.0");
    world.commit("release 1.0");
    world.tag("v1.0.0");
    for patch in 1..=10 {
        world.commit("fix");
        world.tag(&format!("v1.0.{patch}"));
    }
    world.commit("fix");
    world.tag("v1.0.11-rc.0");
    world.switch("main");
    world.commit("more");
    world.tag("v1.1.0-alpha.1");
    world.create_branch("release-1.1");
    world.switch("release-1.1");
    world.commit("release 1.1");
    world.tag("v1.1.0-rc.1");
    world.commit("release 1.1 again");
    world.tag("v1.1.0");
    world.switch("main");
    world.commit("next");
    world
}

#[test]
fn ranges_are_discovered() {
    let world = world();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(find(&world, Discover::MinorToMinor, "main").unwrap(), pair("v1.0.0", "v1.1.0"));
    assert_eq!(find(&world, Discover::MergeBaseToLatest, "main").unwrap(), pair("v1.1.0", "main"));
    // The tenth patch is newer than the ninth, and a pre-release steps back to the patch before it.
    assert_eq!(find(&world, Discover::PatchToPatch, "release-1.0").unwrap(), pair("v1.0.9", "v1.0.10"));
    assert_eq!(find(&world, Discover::PatchToLatest, "release-1.0").unwrap(), pair("v1.0.10", "release-1.0"));
    // On main there is only the alpha; the branch of its line exists.
    assert_eq!(find(&world, Discover::PatchToLatest, "main").unwrap(), pair("v1.1.0-alpha.1", "release-1.1"));
}

#[test]
fn a_release_with_two_tags_is_one_release() {
    let mut world = GitWorld::new("main");
    for version in ["1.0.0", "1.1.0"] {
        world.commit(version);
        world.tag(&format!("v{version}"));
        world.tag(version);
    }
    let (start, end) = find(&world, Discover::MinorToMinor, "main").unwrap();
    assert_eq!((start.trim_start_matches('v'), end.trim_start_matches('v')), ("1.0.0", "1.1.0"));
}

#[test]
fn the_merge_base_is_the_start() {
    let world = world();
    let repo = GitRepo::open(world.path()).unwrap();
    let range = discover(&repo, Discover::MergeBaseToLatest, "main", &Names::new("main")).unwrap();
    let base = world.git(&["merge-base", "main", "release-1.1"]);
    assert_eq!(range.start.unwrap().commit.to_string(), base.trim());
}

#[test]
fn what_is_missing_is_named() {
    let mut world = GitWorld::new("main");
    world.commit("first");
    let missing = |mode, branch: &str, world: &GitWorld| find(world, mode, branch).unwrap_err().to_string();
    assert!(missing(Discover::MinorToMinor, "main", &world).ends_with("there are fewer than two tags vX.Y.0"));
    assert!(missing(Discover::PatchToPatch, "gone", &world).ends_with("there is no branch `gone`"));
    assert!(missing(Discover::PatchToLatest, "main", &world).contains("no tag of a version"));
    world.tag("v1.0.0");
    let text = missing(Discover::PatchToPatch, "main", &world);
    assert!(text.ends_with("`v1.0.0`, the newest on branch `main`, is no patch release"), "{text}");
    world.commit("fix");
    world.tag("v1.0.2");
    assert!(missing(Discover::PatchToPatch, "main", &world).contains("no tag of `1.0.1`"));
}

#[test]
fn the_tag_before_a_version() {
    let world = world();
    let repo = GitRepo::open(world.path()).unwrap();
    let tags = version_tags(&repo, "").unwrap();
    let before = |version: &str| previous_tag(&tags, &Version::parse(version).unwrap()).map(|tag| tag.name.as_str());
    for (version, expected) in [
        ("1.0.11", Some("v1.0.10")),
        ("1.0.11-rc.0", Some("v1.0.10")),
        ("1.0.1", Some("v1.0.0")),
        ("1.1.0", Some("v1.0.0")),
        ("1.1.0-rc.2", Some("v1.1.0-rc.1")),
        ("1.1.0-alpha.1", Some("v1.0.0")),
        ("1.1.0-beta.0", Some("v1.1.0-alpha.1")),
        ("1.2.0-alpha.1", Some("v1.1.0")),
        ("1.0.0", None),
        ("2.0.0-rc.0", Some("v1.1.0")),
        ("2.0.0", Some("v1.1.0")),
    ] {
        assert_eq!(before(version), expected, "{version}");
    }
}

#[test]
fn real_histories() {
    let Some(history) = load_history("cri-o") else {
        println!("skipped: there is no shared history of cri-o");
        return;
    };
    let repo = GitRepo::open(history.path()).unwrap();
    let tags = version_tags(&repo, "").unwrap();
    assert!(tags.len() > 300 && tags.is_sorted_by(|a, b| a.version.cmp_precedence(&b.version).is_ge()));
    let range = discover(&repo, Discover::PatchToPatch, "release-1.30", &Names::new("main")).unwrap();
    let (start, end) = names(&range);
    assert!(start.starts_with("v1.30.") && end.starts_with("v1.30."), "{start} {end}");
}
