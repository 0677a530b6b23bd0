//! A pull request from a fork that git pushes to: what drafts of release notes do, with a token that has no more than it needs.

use futures::TryStreamExt as _;
use github_client::{Auth, Error, GithubClient, NewPull, PullChange, PullQuery};
use secrecy::SecretString;
use testkit::github::{Role, World};
use testkit::{GitWorld, GithubServer};

use crate::{builder, repo};

#[tokio::test]
async fn drafts_from_a_fork() {
    let mut work = GitWorld::new("main");
    work.commit("Start");
    let (upstream, fork) = (work.bare_remote("upstream.git"), work.bare_remote("fork.git"));
    let mut world = World::new();
    world.repository("octo/tool").bind(upstream.path()).allow("maintainer", Role::Maintain);
    world.fork("octo/tool", "writer").bind(fork.path());
    let server = GithubServer::start(world);
    server.token("of-the-writer", "writer", &["public_repo"]).token("reads-only", "writer", &[]);
    let client = |token: &str| -> GithubClient {
        builder(server.url()).auth(Auth::token(SecretString::from(token))).build().unwrap()
    };
    let writer = client("of-the-writer");
    let of_fork = writer.repository_info(&"writer/tool".parse().unwrap()).await.unwrap();
    assert_eq!(of_fork.full_name.to_string(), "writer/tool");

    let new = NewPull {
        title: "Release notes".into(),
        head: "writer:notes".into(),
        base: "main".into(),
        body: "Draft".into(),
        ..NewPull::default()
    };
    // Nothing was pushed yet.
    let early = writer.create_pull(&repo(), &new).await.unwrap_err();
    assert!(matches!(early, Error::Rejected { .. }) && early.to_string().contains("head"), "{early}");
    work.create_branch("notes");
    let first = work.commit_files("Add notes", &[("notes.md", "one\n")]);
    work.git(&["push", "--quiet", fork.path().to_str().unwrap(), "notes"]);
    let weak = client("reads-only").create_pull(&repo(), &new).await.unwrap_err();
    assert!(matches!(weak, Error::MissingScopes { .. } | Error::NotFound { .. }), "{weak:?}");
    let made = writer.create_pull(&repo(), &new).await.unwrap().record;
    assert_eq!((made.head_label(), made.base_ref.as_str()), ("writer:notes".to_owned(), "main"));

    // A second run finds it and updates it; a second one is not made.
    let second = work.commit_files("Better notes", &[("notes.md", "two\n")]);
    work.git(&["push", "--quiet", fork.path().to_str().unwrap(), "notes"]);
    let again = writer.create_pull(&repo(), &new).await.unwrap_err();
    assert!(again.to_string().contains("A pull request already exists for writer:notes."), "{again}");
    let query = PullQuery { head: Some("writer:notes".into()), base: Some("main".into()), ..PullQuery::default() };
    let open: Vec<_> = writer.pulls(&repo(), &query).try_collect().await.unwrap();
    assert_eq!(open.iter().map(|pull| pull.record.number).collect::<Vec<_>>(), [made.number]);
    let change = PullChange { body: Some("Draft of two".into()), ..PullChange::default() };
    writer.update_pull(&repo(), made.number, &change).await.unwrap();
    server.world(|world| {
        let issue = &world.repository("octo/tool").issues[&made.number.get()];
        let pull = issue.pull.as_ref().unwrap();
        assert_eq!((issue.body.as_deref(), pull.head_sha.as_str()), (Some("Draft of two"), second.as_str()));
        assert_eq!(pull.commits, [first, second.clone()]);
    });
    server.finish();
}
