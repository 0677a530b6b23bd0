//! Git over HTTP by programs that are not ours; `KREL_COMPONENTS=1` makes their absence a failure.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use git_repo::{CloneOptions, Error, Expected, GitRemote, GitRepo, PushError, PushOptions, RefUpdate, Token};
use testkit::{GitHttpServer, READ_TOKEN, TOKEN, USER, command_lines, git};

use crate::support::{branch_name, new_tag, open, small_world, tag_name};

const PROTECTION: &str = r#"
while read old new ref; do
    case $ref in
    refs/heads/release-*) echo "GH006: Protected branch update failed for $ref." >&2; exit 1 ;;
    esac
done"#;

/// The server, if its parts are installed; else the test says so and passes, unless they must be.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn started(server: Result<GitHttpServer, String>) -> Option<GitHttpServer> {
    match server {
        Ok(server) => Some(server),
        Err(missing) if std::env::var_os("KREL_COMPONENTS").is_some() => panic!("{missing}"),
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

#[tokio::test]
async fn git_over_http_with_a_token() {
    let mut world = small_world();
    let bare = world.bare_remote("remote.git");
    git(bare.path(), &["config", "http.receivepack", "true"]);
    bare.install_hook("pre-receive", PROTECTION);
    let Some(server) = started(GitHttpServer::start(world.folder())) else { return };
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
    let reader = bare_remote().with_token(Token::new(READ_TOKEN.into())).unwrap();
    assert_eq!(reader.ls_remote().await.unwrap().len(), before.len());
    match repo.push(&reader, &updates, PushOptions::default()).await {
        Err(PushError::Denied { detail, .. }) => assert!(detail.contains("not granted"), "{detail}"),
        other => panic!("{other:?}"),
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

const WRONG: &str = "wrong-token-0123456789";
/// Tells the process below which server and folder are meant.
const SERVER: &str = "GIT_REPO_TEST_SERVER";
const FOLDER: &str = "GIT_REPO_TEST_FOLDER";

/// A push over TLS by a process of its own, which was told whom to trust, while this one looks at what everybody can see of it.
#[test]
fn git_over_https_with_a_token() {
    let mut world = small_world();
    let bare = world.bare_remote("remote.git");
    git(bare.path(), &["config", "http.receivepack", "true"]);
    bare.install_hook("pre-receive", "cat >/dev/null; sleep 1");
    let Some(server) = started(GitHttpServer::start_tls(world.folder())) else { return };
    world.commit("Release commit");
    let run = |test: &str, trusted: bool| {
        let output = world.folder().join("output");
        let file = std::fs::File::create(&output).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([&format!("components::{test}"), "--exact", "--ignored", "--nocapture"])
            .env(SERVER, server.url("remote.git"))
            .env(FOLDER, world.folder())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file);
        if trusted {
            // The git program, and the library.
            command.env("GIT_SSL_CAINFO", server.authority()).env("SSL_CERT_FILE", server.authority());
        }
        let mut child = command.spawn().unwrap();
        let mut lines = Vec::new();
        let status = loop {
            lines.extend(command_lines());
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let said = std::fs::read_to_string(&output).unwrap();
        assert!(status.success() && said.contains("1 passed"), "{test}: {said}");
        lines
    };
    let before = bare.refs();
    run("untrusted", false);
    run("refused", true);
    assert_eq!(bare.refs(), before);
    let lines = run("pushed", true);
    assert_eq!(bare.refs()["refs/heads/main"], world.head());

    // Seen while the hook slept: the helper that holds the connection, and no secret beside it.
    let url = server.url("remote.git");
    assert!(lines.iter().any(|line| line.contains("remote-https") && line.contains(&url)), "{lines:#?}");
    let encoded = |token: &str| base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{token}"));
    let secrets = [TOKEN.to_owned(), encoded(TOKEN), WRONG.to_owned(), encoded(WRONG)];
    for secret in &secrets {
        assert!(!lines.iter().any(|line| line.contains(secret)), "a process shows `{secret}`");
        for path in files(world.folder()) {
            let bytes = std::fs::read(&path).unwrap();
            let holds = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!holds, "{} holds `{secret}`", path.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The remote and the repository of `git_over_https_with_a_token`, in its process.
fn secure(token: &str) -> (GitRemote, GitRepo, PathBuf) {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("another test starts this one"));
    let remote = GitRemote::parse(&std::env::var(SERVER).unwrap()).unwrap();
    (remote.with_token(Token::new(token.into())).unwrap(), GitRepo::open(folder.join("work")).unwrap(), folder)
}

/// What moves `main` of the remote to that of the repository.
fn update(repo: &GitRepo) -> RefUpdate {
    let [old, new] = ["main~1", "main"].map(|name| repo.resolve(name).unwrap().object());
    RefUpdate { name: branch_name("main"), expected: Expected::Is(old), new: Some(new) }
}

#[tokio::test]
#[ignore = "a part of `git_over_https_with_a_token`, which starts it"]
async fn untrusted() {
    let (remote, repo, folder) = secure(TOKEN);
    let error = repo.push(&remote, &[update(&repo)], PushOptions::default()).await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("certificate") && !text.contains(TOKEN), "{text}");
    let error = GitRepo::clone_from(&remote, folder.join("x.git"), CloneOptions::default()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(TOKEN), "{error:?}");
}

#[tokio::test]
#[ignore = "a part of `git_over_https_with_a_token`, which starts it"]
async fn refused() {
    let (remote, repo, folder) = secure(WRONG);
    let error = repo.push(&remote, &[update(&repo)], PushOptions::default()).await.unwrap_err();
    assert!(matches!(error, PushError::Denied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(WRONG), "{error:?}");
    let error = GitRepo::clone_from(&remote, folder.join("x.git"), CloneOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(WRONG), "{error:?}");
    let error = GitRepo::mirror(&remote, folder.join("y.git")).await.unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    assert!(!format!("{error} {error:?}").contains(WRONG), "{error:?}");
}

#[tokio::test]
#[ignore = "a part of `git_over_https_with_a_token`, which starts it"]
async fn pushed() {
    let (remote, repo, folder) = secure(TOKEN);
    let clone = GitRepo::clone_from(&remote, folder.join("clone.git"), CloneOptions::default()).await.unwrap();
    GitRepo::mirror(&remote, folder.join("mirror.git")).await.unwrap();
    let report = repo.push(&remote, &[update(&repo)], PushOptions::default()).await.unwrap();
    assert_eq!(report.moved, [branch_name("main")]);
    clone.fetch(&remote, &["refs/heads/main:refs/heads/main"]).await.unwrap();
    assert_eq!(clone.resolve("main").unwrap(), repo.resolve("main").unwrap());
}
