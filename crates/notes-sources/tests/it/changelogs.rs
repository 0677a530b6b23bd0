//! What a section changes of a branch.

use git_repo::{GitRepo, Identity, NewCommit};
use notes_gen::changelog::{Outcome, Section, WhenDifferent};
use notes_sources::{ChangelogFiles, OtherChangelogs, changelog_changes};
use testkit::GitWorld;

fn paths(world: &mut GitWorld, tag: &str, others: OtherChangelogs) -> Vec<String> {
    let repo = GitRepo::open(world.path()).unwrap();
    let section = Section::new(tag, &format!("# {tag}\n\n## Changes by Kind\n\n- Something.")).unwrap();
    let files = ChangelogFiles::of_tag(tag).unwrap();
    let mut head = repo.resolve("HEAD").unwrap();
    let changes = changelog_changes(&repo, head, &section, &files, others, WhenDifferent::Keep).unwrap();
    let found = changes.files.iter().map(|(path, content)| {
        let sign = if content.is_some() { '+' } else { '-' };
        format!("{sign}{path}")
    });
    let found = found.collect();
    for time in 1..3 {
        let commit = NewCommit {
            files_of: head,
            parents: vec![head],
            message: "Update".into(),
            author: Identity::new("Someone", "someone@example.invalid"),
            time: jiff::Timestamp::from_second(time).unwrap(),
        };
        head = repo
            .write_files_commit(
                &commit,
                &changes
                    .files
                    .iter()
                    .filter(|(path, content)| content.is_some() || repo.object_at(head, path).unwrap().is_some())
                    .map(|(path, content)| (path.clone(), content.clone()))
                    .collect(),
            )
            .unwrap();
    }
    // Applied to what it made, it changes nothing.
    let again = changelog_changes(&repo, head, &section, &files, others, WhenDifferent::Keep).unwrap();
    assert!(again.files.is_empty() && again.outcome == Outcome::Unchanged, "{tag}: {again:?}");
    found
}

#[test]
fn files_of_a_cycle() {
    let old = "# v1.0.0\n\nThe first.\n";
    let mut world = GitWorld::new("main");
    world.commit_files("Begin", &[("CHANGELOG/CHANGELOG-1.0.md", old), ("CHANGELOG/NOTES.md", "x"), ("x", "x")]);
    let (own, index) = ("+CHANGELOG/CHANGELOG-1.1.md", "+CHANGELOG/README.md");
    for (tag, others, expected) in [
        ("v1.1.0-alpha.1", OtherChangelogs::Keep, &[own, index][..]),
        ("v1.1.0-rc.0", OtherChangelogs::Remove, &[own, index]),
        ("v1.1.0", OtherChangelogs::Keep, &[own, index]),
        ("v1.1.0", OtherChangelogs::Remove, &["-CHANGELOG/CHANGELOG-1.0.md", own, index]),
        ("v1.0.1", OtherChangelogs::Keep, &["+CHANGELOG/CHANGELOG-1.0.md", index]),
    ] {
        assert_eq!(paths(&mut world, tag, others), expected, "{tag} {others:?}");
    }
}

#[test]
fn a_file_that_is_no_text() {
    let mut world = GitWorld::new("main");
    world.commit_files("Begin", &[("x", "x")]);
    std::fs::create_dir(world.path().join("CHANGELOG")).unwrap();
    std::fs::write(world.path().join("CHANGELOG/CHANGELOG-1.1.md"), [0xff, 0xfe]).unwrap();
    world.commit_files("Spoil", &[]);
    let repo = GitRepo::open(world.path()).unwrap();
    let section = Section::new("v1.1.0", "# v1.1.0\n\nx").unwrap();
    let files = ChangelogFiles::of_tag("v1.1.0").unwrap();
    let head = repo.resolve("HEAD").unwrap();
    let error =
        changelog_changes(&repo, head, &section, &files, OtherChangelogs::Keep, WhenDifferent::Keep).unwrap_err();
    assert_eq!(error.to_string(), "`CHANGELOG/CHANGELOG-1.1.md` is malformed");
}
