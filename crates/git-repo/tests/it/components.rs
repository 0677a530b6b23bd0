//! Git over HTTP by programs that are not ours; `KREL_COMPONENTS=1` makes their absence a failure.

use git_repo::{CloneOptions, Error, Expected, GitRemote, GitRepo, PushError, PushOptions, RefUpdate, Token};
use testkit::{GitHttpServer, TOKEN, git};

use crate::support::{branch_name, new_tag, open, small_world, tag_name};

const PROTECTION: &str = r#"
while read old new ref; do
    case $ref in
    refs/heads/release-*) echo "GH006: Protected branch update failed for $ref." >&2; exit 1 ;;
    esac
done"#;

#[tokio::test]
async fn git_over_http_with_a_token() {
    let mut world = small_world();
    let bare = world.bare_remote("remote.git");
    git(bare.path(), &["config", "http.receivepack", "true"]);
    bare.install_hook("pre-receive", PROTECTION);
    let server = match GitHttpServer::start(world.folder()) {
        Ok(server) => server,
        Err(missing) if std::env::var_os("KREL_COMPONENTS").is_some() => panic!("{missing}"),
        Err(missing) => {
            println!("skipped: {missing}");
            return;
        }
    };
    let bare_remote = || GitRemote::parse(&server.url("remote.git")).unwrap();
    let remote = bare_remote().with_token(Token::new(TOKEN.into())).unwrap();
    let wrong = bare_remote().with_token(Token::new("wrong-token-987".into())).unwrap();

    let clone = GitRepo::clone_from(&remote, world.folder().join("clone.git"), CloneOptions::default()).await.unwrap();
    assert_eq!(clone.refs("").unwrap(), GitRepo::open(bare.path()).unwrap().refs("").unwrap());
    let config = std::fs::read_to_string(clone.git_dir().join("config")).unwrap();
    assert!(!config.contains(TOKEN), "{config}");

    let repo = open(&world);
    let old = repo.resolve("main").unwrap();
    world.commit("Release commit");
    let new = repo.resolve("main").unwrap();
    let tag = repo.create_tag(&new_tag("v1.1.0", new)).unwrap();
    let mut updates = vec![
        RefUpdate { name: tag_name("v1.1.0"), expected: Expected::Absent, new: Some(tag) },
        RefUpdate { name: branch_name("main"), expected: Expected::Is(old.object()), new: Some(new.object()) },
    ];

    let before = bare.refs();
    for (case, remote) in [("no token", bare_remote()), ("wrong token", wrong)] {
        let error = repo.push(&remote, &updates, PushOptions::default()).await.unwrap_err();
        assert!(matches!(error, PushError::Denied { .. }), "{case}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("wrong-token-987"), "{case}: {error:?}");
        let error =
            GitRepo::clone_from(&remote, world.folder().join("x.git"), CloneOptions::default()).await.unwrap_err();
        assert!(matches!(error, Error::Denied { .. }), "{case}: {error:?}");
        assert!(!format!("{error} {error:?}").contains("wrong-token-987"), "{case}: {error:?}");
        let error = remote.ls_remote().await.unwrap_err();
        assert!(matches!(error, Error::Denied { .. }), "{case}: {error:?}");
    }
    assert_eq!(bare.refs(), before);

    let release = repo.resolve("release-1.1").unwrap();
    updates.push(RefUpdate {
        name: branch_name("release-1.2"),
        expected: Expected::Absent,
        new: Some(release.object()),
    });
    match repo.push(&remote, &updates, PushOptions::default()).await {
        // The hook speaks for the whole push, so git names the refs in its own order.
        Err(PushError::Rejected { reason, .. }) => {
            assert!(reason.contains("GH006: Protected branch update failed for refs/heads/release-1.2"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(bare.refs(), before, "none was moved");
    updates.pop();

    let report = repo.push(&remote, &updates, PushOptions::default()).await.unwrap();
    assert_eq!(report.moved.len(), 2);
    assert_eq!(bare.refs()["refs/tags/v1.1.0"], tag.to_string());
    assert!(repo.push(&remote, &updates, PushOptions::default()).await.unwrap().was_already_there());
    clone.fetch(&remote, &["refs/heads/main:refs/heads/main", "refs/tags/*:refs/tags/*"]).await.unwrap();
    assert_eq!(clone.resolve("v1.1.0").unwrap(), new);
    git(bare.path(), &["fsck", "--strict"]);
    let missing = GitRemote::parse(&server.url("none.git")).unwrap().with_token(Token::new(TOKEN.into())).unwrap();
    assert!(matches!(missing.ls_remote().await, Err(Error::NoRepository { .. })));
}
