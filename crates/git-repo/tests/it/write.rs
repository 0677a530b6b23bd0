use std::collections::BTreeMap;

use git_repo::{Error, Expected, GitRepo, Identity, NewCommit, NewTag};
use testkit::git;

use crate::support::{bot, branch_name, new_tag, object_id, open, small_world, tag_name};

#[test]
fn a_tag_is_the_same_everywhere_and_made_once() {
    let (one, other) = (small_world(), small_world());
    let (repo, elsewhere) = (open(&one), open(&other));
    let tag = new_tag("v1.1.0", repo.resolve("HEAD").unwrap());
    let id = tag.object_id().unwrap();
    assert_eq!(repo.object_of(&tag_name("v1.1.0")).unwrap(), None, "asking for the id writes nothing");
    assert_eq!(repo.create_tag(&tag).unwrap(), id);
    assert_eq!(repo.create_tag(&tag).unwrap(), id, "a second time");
    assert_eq!(elsewhere.create_tag(&tag).unwrap(), id);
    assert_eq!(id, repo.tag_object_id(&tag).unwrap());
    assert_eq!(
        one.git(&["cat-file", "tag", "v1.1.0"]),
        format!(
            "object {}\ntype commit\ntag v1.1.0\ntagger Release Bot <release-bot@example.invalid> 1709294400 +0000\n\nRelease v1.1.0",
            tag.target
        )
    );
    // Git itself makes the same object.
    let theirs = testkit::git_command(other.path())
        .args(["tag", "--annotate", "--message", "Release v9", "v9"])
        .env("GIT_COMMITTER_NAME", "Release Bot")
        .env("GIT_COMMITTER_EMAIL", "release-bot@example.invalid")
        .env("GIT_COMMITTER_DATE", "1709294400 +0000")
        .status()
        .unwrap();
    assert!(theirs.success());
    let ninth = new_tag("v9", tag.target);
    assert_eq!(ninth.object_id().unwrap(), object_id(&other.git(&["rev-parse", "refs/tags/v9"])));
    assert_eq!(one.git(&["fsck", "--strict", "--no-dangling"]), "");

    let different = NewTag { message: "Another".to_owned(), ..tag.clone() };
    match repo.create_tag(&different) {
        Err(Error::TagExists { found, wanted, .. }) => {
            assert_eq!((found, wanted), (id, different.object_id().unwrap()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(repo.object_of(&tag_name("v1.1.0")).unwrap(), Some(id));
    let nowhere = new_tag("v2", "0123456789012345678901234567890123456789".parse().unwrap());
    assert!(matches!(repo.create_tag(&nowhere), Err(Error::UnknownRevision { .. })));
    for name in ["", "-x", "a b", "a..b"] {
        assert!(matches!(repo.create_tag(&new_tag(name, tag.target)), Err(Error::Name(_))), "{name:?}");
    }
    let forged = NewTag { tagger: Identity::new("A\nobject x", "a@example.invalid"), ..new_tag("v3", tag.target) };
    assert!(matches!(repo.create_tag(&forged), Err(Error::Name(_))));
}

fn release_commit(repo: &GitRepo) -> NewCommit {
    let head = repo.resolve("HEAD").unwrap();
    NewCommit {
        files_of: head,
        parents: vec![head],
        message: "Release commit for v1.1.0".to_owned(),
        author: bot(),
        time: "2024-03-01T12:00:00Z".parse().unwrap(),
    }
}

#[test]
fn an_empty_commit_is_known_before_it_is_made() {
    let world = small_world();
    let repo = open(&world);
    let commit = release_commit(&repo);
    let id = repo.commit_object_id(&commit).unwrap();
    assert!(repo.commit(id).is_err(), "asking for the id writes nothing");
    assert_eq!(repo.create_commit(&commit).unwrap(), id);
    assert_eq!(repo.create_commit(&commit).unwrap(), id);
    assert_eq!(world.git(&["rev-parse", &format!("{id}^{{tree}}")]), world.git(&["rev-parse", "HEAD^{tree}"]));
    repo.update_ref(&branch_name("release-1.2"), Expected::Absent, id.object()).unwrap();
    assert_eq!(world.git(&["fsck", "--strict", "--no-dangling"]), "");
    assert_eq!(
        world.git(&["log", "-1", "--format=%an <%ae> %at %s", "release-1.2"]),
        "Release Bot <release-bot@example.invalid> 1709294400 Release commit for v1.1.0"
    );
}

#[test]
fn files_are_changed_added_and_removed() {
    let world = small_world();
    let repo = open(&world);
    let changes = BTreeMap::from([
        ("CHANGELOG/CHANGELOG-1.1.md".to_owned(), Some(b"# v1.1.0\n".to_vec())),
        ("docs/a.txt".to_owned(), None),
        ("run.sh".to_owned(), Some(b"#!/bin/sh\ntrue\n".to_vec())),
    ]);
    let id = repo.write_files_commit(&release_commit(&repo), &changes).unwrap();
    assert_eq!(id, repo.write_files_commit(&release_commit(&repo), &changes).unwrap());
    let shown = world.git(&["diff-tree", "-r", "--name-status", "HEAD", &id.to_string()]);
    assert_eq!(shown, "A\tCHANGELOG/CHANGELOG-1.1.md\nD\tdocs/a.txt\nM\trun.sh");
    assert!(world.git(&["ls-tree", &id.to_string(), "run.sh"]).starts_with("100755"));
    assert_eq!(repo.blob(id, "CHANGELOG/CHANGELOG-1.1.md", 100).unwrap().unwrap(), b"# v1.1.0\n");
    assert!(repo.tree(id, "docs").unwrap().is_empty(), "an empty folder is not kept");
    git(world.path(), &["branch", "changed", &id.to_string()]);
    assert_eq!(world.git(&["fsck", "--strict", "--no-dangling"]), "");
    for path in ["", "/etc/passwd", "../x", "a/../b", ".git/config", "a/.GIT/x", "a//b", "a/"] {
        let changes = BTreeMap::from([(path.to_owned(), Some(Vec::new()))]);
        let error = repo.write_files_commit(&release_commit(&repo), &changes).unwrap_err();
        assert!(matches!(error, Error::Path { .. }), "{path:?}: {error:?}");
    }
}

#[test]
fn refs_move_from_their_expected_value_only() {
    let world = small_world();
    let repo = open(&world);
    let (head, before) = (repo.resolve("HEAD").unwrap().object(), repo.resolve("HEAD^1").unwrap().object());
    let name = branch_name("topic");
    repo.update_ref(&name, Expected::Absent, before).unwrap();
    repo.update_ref(&name, Expected::Absent, before).unwrap();
    let moved = repo.update_ref(&name, Expected::Absent, head);
    assert!(matches!(moved, Err(Error::Moved { found: Some(found), .. }) if found == before), "{moved:?}");
    let moved = repo.update_ref(&name, Expected::Is(head), repo.resolve("v1.0.0").unwrap().object());
    assert!(matches!(moved, Err(Error::Moved { found: Some(found), .. }) if found == before), "{moved:?}");
    repo.update_ref(&name, Expected::Is(before), head).unwrap();
    assert_eq!(world.git(&["rev-parse", "topic"]), head.to_string());
    let absent = repo.update_ref(&branch_name("none"), Expected::Is(before), head);
    assert!(matches!(absent, Err(Error::Moved { found: None, .. })), "{absent:?}");
    let missing = repo.update_ref(&name, Expected::Is(head), object_id("0123456789012345678901234567890123456789"));
    assert!(matches!(missing, Err(Error::UnknownRevision { .. })), "{missing:?}");
}
