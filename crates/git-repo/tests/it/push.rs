use git_repo::{Error, Expected, GitRemote, GitRepo, PushError, PushMode, PushOptions, RefName, RefUpdate};
use testkit::{BareRemote, GitWorld};

use crate::support::{branch_name, new_tag, open, small_world, tag_name};

struct Scene {
    world: GitWorld,
    bare: BareRemote,
    repo: GitRepo,
    remote: GitRemote,
}

/// A remote that has all of the world but its last commit and a new tag.
fn scene() -> (Scene, Vec<RefUpdate>) {
    let mut world = small_world();
    let bare = world.bare_remote("remote.git");
    let repo = open(&world);
    let old = repo.resolve("main").unwrap();
    world.commit("Release commit");
    let new = repo.resolve("main").unwrap();
    let tag = repo.create_tag(&new_tag("v1.1.0", new)).unwrap();
    let remote = GitRemote::from_path(bare.path()).unwrap();
    let updates = vec![
        RefUpdate { name: tag_name("v1.1.0"), expected: Expected::Absent, new: Some(tag) },
        RefUpdate { name: branch_name("main"), expected: Expected::Is(old.object()), new: Some(new.object()) },
    ];
    (Scene { world, bare, repo, remote }, updates)
}

fn names(names: &[RefName]) -> Vec<&str> {
    names.iter().map(RefName::as_str).collect()
}

#[tokio::test]
async fn refs_are_pushed_once() {
    let (Scene { bare, repo, remote, world: _world }, updates) = scene();
    let before = bare.refs();
    let report = repo.push(&remote, &updates, PushOptions::new(PushMode::DryRun)).await.unwrap();
    assert_eq!(names(&report.moved), ["refs/heads/main", "refs/tags/v1.1.0"]);
    assert_eq!(bare.refs(), before, "a dry run moves nothing");

    let report = repo.push(&remote, &updates, PushOptions::default()).await.unwrap();
    assert_eq!(names(&report.moved), ["refs/heads/main", "refs/tags/v1.1.0"]);
    for update in &updates {
        assert_eq!(bare.refs()[update.name.as_str()], update.new.unwrap().to_string());
    }
    testkit::git(bare.path(), &["fsck", "--strict"]);
    let again = repo.push(&remote, &updates, PushOptions::default()).await.unwrap();
    assert!(again.was_already_there());
    assert_eq!(names(&again.already_there), ["refs/heads/main", "refs/tags/v1.1.0"]);

    let theirs = remote.ls_remote().await.unwrap();
    let expected = repo.refs("refs/").unwrap();
    assert_eq!(theirs.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    assert_eq!(theirs[&tag_name("v1.1.0")], updates[0].new.unwrap(), "tags are not followed");

    let gone = RefUpdate { name: tag_name("v1.1.0"), expected: Expected::Is(updates[0].new.unwrap()), new: None };
    repo.push(&remote, std::slice::from_ref(&gone), PushOptions::default()).await.unwrap();
    assert!(!bare.refs().contains_key("refs/tags/v1.1.0"));
    assert!(repo.push(&remote, &[gone], PushOptions::default()).await.unwrap().was_already_there());
}

#[tokio::test]
async fn a_push_half_done_by_others_is_finished() {
    let (Scene { world, bare, repo, remote }, updates) = scene();
    world.git(&["push", "--quiet", bare.path().to_str().unwrap(), "refs/tags/v1.1.0"]);
    let report = repo.push(&remote, &updates, PushOptions::default()).await.unwrap();
    assert_eq!(names(&report.moved), ["refs/heads/main"]);
    assert_eq!(names(&report.already_there), ["refs/tags/v1.1.0"]);
}

#[tokio::test]
async fn a_ref_that_moved_stops_the_whole_push() {
    let (Scene { bare, repo, remote, world: _world }, updates) = scene();
    let elsewhere = testkit::git(bare.path(), &["rev-parse", "main~1"]);
    testkit::git(bare.path(), &["update-ref", "refs/heads/main", &elsewhere]);
    let before = bare.refs();
    match repo.push(&remote, &updates, PushOptions::default()).await {
        Err(PushError::Moved { name, expected, found }) => {
            assert_eq!(name, branch_name("main"));
            assert_eq!(expected, updates[1].expected);
            assert_eq!(found.unwrap().to_string(), elsewhere);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bare.refs(), before);
    let tag = RefUpdate { name: tag_name("v1.0.0"), expected: Expected::Absent, new: updates[0].new };
    let error = repo.push(&remote, &[tag], PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Moved { .. }), "{error:?}");
    assert_eq!(bare.refs(), before);
}

#[tokio::test]
async fn a_ref_that_moves_during_the_push_stops_it() {
    let (Scene { bare, repo, remote, world: _world }, updates) = scene();
    let elsewhere = testkit::git(bare.path(), &["rev-parse", "main~1"]);
    // The hook stands for somebody who is faster between our look and the server's lock.
    bare.install_hook("pre-receive", &format!("env -u GIT_QUARANTINE_PATH git update-ref refs/heads/main {elsewhere}"));
    match repo.push(&remote, &updates, PushOptions::default()).await {
        Err(PushError::Moved { name, found, .. }) => {
            assert_eq!((name, found.unwrap().to_string()), (branch_name("main"), elsewhere.clone()));
        }
        other => panic!("{other:?}"),
    }
    assert!(!bare.refs().contains_key("refs/tags/v1.1.0"), "none was moved");
}

#[tokio::test]
async fn a_branch_never_loses_commits() {
    let (Scene { bare, repo, remote, world: _world }, _) = scene();
    let before = bare.refs();
    let theirs = remote.ls_remote().await.unwrap();
    let back = RefUpdate {
        name: branch_name("main"),
        expected: Expected::Is(theirs[&branch_name("main")]),
        new: Some(repo.resolve("release-1.1").unwrap().object()),
    };
    let error = repo.push(&remote, &[back], PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::NotFastForward { .. }), "{error:?}");
    // The remote's commit is not even here.
    let ahead = testkit::git(
        bare.path(),
        &["-c", "user.name=A", "-c", "user.email=a@b", "commit-tree", "-p", "main", "-m", "x", "main^{tree}"],
    );
    testkit::git(bare.path(), &["update-ref", "refs/heads/main", &ahead]);
    let over = RefUpdate {
        name: branch_name("main"),
        expected: Expected::Is(ahead.parse().unwrap()),
        new: Some(repo.resolve("main").unwrap().object()),
    };
    let error = repo.push(&remote, &[over], PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::NotFastForward { .. }), "{error:?}");
    assert_eq!(bare.refs().len(), before.len());
    assert_eq!(bare.refs()["refs/heads/main"], ahead);
}

#[tokio::test]
async fn a_refused_ref_stops_the_others() {
    for hook in ["pre-receive", "update"] {
        let (Scene { bare, repo, remote, world: _world }, updates) = scene();
        let before = bare.refs();
        let script = match hook {
            "pre-receive" => "echo 'GH006: Protected branch update failed for refs/heads/main.' >&2; exit 1",
            _ => "case $1 in refs/heads/main) echo 'GH006: Protected branch update failed' >&2; exit 1;; esac",
        };
        bare.install_hook(hook, script);
        match repo.push(&remote, &updates, PushOptions::default()).await {
            Err(PushError::Rejected { name, reason }) => {
                assert_eq!(name, branch_name("main"), "{hook}");
                assert!(reason.contains("hook declined") && reason.contains("GH006"), "{hook}: {reason}");
            }
            other => panic!("{hook}: {other:?}"),
        }
        assert_eq!(bare.refs(), before, "{hook}");
    }
}

#[tokio::test]
async fn remotes_that_cannot_be_used() {
    let (Scene { world, repo, .. }, updates) = scene();
    let none = GitRemote::from_path(world.folder().join("none.git")).unwrap();
    let error = repo.push(&none, &updates, PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Git(Error::NoRepository { .. })), "{error:?}");
    let closed = GitRemote::parse("http://127.0.0.1:1/none.git").unwrap();
    let error = repo.push(&closed, &updates, PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Unavailable { .. }), "{error:?}");
    let unknown = RefUpdate {
        name: branch_name("main"),
        expected: updates[1].expected,
        new: Some("0123456789012345678901234567890123456789".parse().unwrap()),
    };
    let remote = GitRemote::from_path(world.path()).unwrap();
    let error = repo.push(&remote, &[unknown], PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Moved { .. } | PushError::Git(Error::UnknownRevision { .. })), "{error:?}");
}
