//! The areas of REST against a strict GitHub with state, which holds every request against GitHub's own description.

use futures::TryStreamExt;
use github_client::{
    CommitQuery, Error, GithubClient, IssueChange, IssueNumber, IssueQuery, Label, MilestoneChange, NewFile, NewIssue,
    NewPull, NewTag, OpenState, Person, PullChange, PullQuery, RefUpdate, RepoId, StateFilter,
};
use testkit::github::{GithubServer, Role, World};

use crate::{builder, number};

/// A world with `octo/tool`: three commits, a tag, a pull request 7, an issue 8.
fn world() -> World {
    let mut world = World::new();
    let tool = world.repository("octo/tool");
    let first = tool.commit("main", "First", &[("README.md", "# tool\n"), ("docs/a.md", "a\n")]);
    tool.tag("v1.0.0", "Version 1.0.0", &first);
    tool.commit("main", "Second\n\nwith a body", &[("b.txt", "b\n")]);
    tool.commit("main", "Third", &[("c.txt", "c\n")]);
    tool.pull(7).title("Fix").body("text").author("dependabot[bot]").labels(&["kind/bug"]);
    tool.issue(8).title("Broken").body("text").author_deleted();
    tool.allow("someone", Role::Admin);
    world
}

fn start(world: World) -> (GithubServer, GithubClient) {
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    (server, client)
}

fn repo() -> RepoId {
    "octo/tool".parse().unwrap()
}

fn issue(number: u64) -> IssueNumber {
    IssueNumber::new(number).unwrap()
}

#[tokio::test]
async fn refs_and_tags() {
    let (server, client) = start(world());
    let repo = repo();
    let main = client.git_ref(&repo, "refs/heads/main").await.unwrap();
    assert_eq!((main.name.as_str(), main.target.kind.as_str()), ("refs/heads/main", "commit"));
    assert_eq!(client.git_ref(&repo, "heads/main").await.unwrap(), main);
    assert!(client.git_ref(&repo, "heads/absent").await.unwrap_err().is_not_found());
    let climbing = client.git_ref(&repo, "heads/../../../../user").await.unwrap_err();
    assert!(matches!(climbing, Error::Unusable { .. }), "{climbing:?}");

    let old = client.commit(&repo, "v1.0.0").await.unwrap();
    let made = client.create_ref(&repo, "refs/heads/release-1.0", &old.id).await.unwrap();
    assert_eq!(made.target.id, old.id);
    let again = client.create_ref(&repo, "refs/heads/release-1.0", &old.id).await.unwrap_err();
    assert!(matches!(&again, Error::Rejected { .. }), "{again:?}");
    client.update_ref(&repo, "heads/release-1.0", &main.target.id, RefUpdate::FastForward).await.unwrap();
    let back = client.update_ref(&repo, "heads/release-1.0", &old.id, RefUpdate::FastForward).await;
    assert!(matches!(back, Err(Error::Rejected { .. })), "{back:?}");
    client.update_ref(&repo, "heads/release-1.0", &old.id, RefUpdate::Force).await.unwrap();
    let found: Vec<_> = client.git_refs(&repo, "heads/rel").try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
    client.delete_ref(&repo, "heads/release-1.0").await.unwrap();
    assert!(client.delete_ref(&repo, "heads/release-1.0").await.is_err());

    let tagger = Person { name: "Release Bot".into(), email: "bot@example.invalid".into(), date: None };
    let tag = NewTag {
        name: "v1.1.0".into(),
        message: "Version 1.1.0".into(),
        commit: main.target.id.clone(),
        tagger: Some(tagger),
    };
    let made = client.create_tag(&repo, &tag).await.unwrap();
    let read =
        client.annotated_tag(&repo, &client.git_ref(&repo, "tags/v1.1.0").await.unwrap().target.id).await.unwrap();
    assert_eq!(read, made);
    assert_eq!((read.message.as_str(), &read.object.id), ("Version 1.1.0", &main.target.id));
    let tags: Vec<_> = client.tags(&repo).try_collect().await.unwrap();
    assert_eq!(
        tags.iter().map(|tag| tag.name.as_str()).collect::<std::collections::BTreeSet<_>>(),
        ["v1.0.0", "v1.1.0"].into()
    );
    server.finish();
}

#[tokio::test]
async fn commits_and_comparisons() {
    let (server, client) = start(world());
    let repo = repo();
    let commits: Vec<_> = client.commits(&repo, &CommitQuery::default()).try_collect().await.unwrap();
    assert_eq!(
        commits.iter().map(|c| c.git.message.as_str()).collect::<Vec<_>>(),
        ["Third", "Second\n\nwith a body", "First"]
    );
    assert_eq!(commits[0].parents[0].id, commits[1].id);
    let since = CommitQuery { from: Some("v1.0.0".into()), ..CommitQuery::default() };
    assert_eq!(client.commits(&repo, &since).try_collect::<Vec<_>>().await.unwrap().len(), 1);
    let compared = client.compare(&repo, "v1.0.0", "main").await.unwrap();
    assert_eq!((compared.status.as_str(), compared.ahead_by, compared.behind_by), ("ahead", 2, 0));
    assert_eq!(compared.merge_base.as_ref(), Some(&commits[2].id));
    assert_eq!(compared.commits.iter().map(|c| &c.id).collect::<Vec<_>>(), [&commits[1].id, &commits[0].id]);
    assert!(client.commit(&repo, "absent").await.is_err());
    server.finish();
}

#[tokio::test]
async fn pages_are_one_stream() {
    let mut world = world();
    let tool = world.repository("octo/tool");
    for number in 100..350 {
        tool.issue(number).body("text");
    }
    let (server, client) = start(world);
    let all: Vec<_> = client.issues(&repo(), &IssueQuery::default()).try_collect().await.unwrap();
    assert_eq!(all.len(), 252);
    assert_eq!(server.counts().rest, 3);
    assert!(all.iter().any(github_client::Issue::is_pull));
    let found: Vec<_> = client.search_issues("repo:octo/tool is:issue Issue").try_collect().await.unwrap();
    assert!(found.len() >= 250, "{}", found.len());
    server.finish();
}

#[tokio::test]
async fn pull_requests() {
    let (server, client) = start(world());
    let repo = repo();
    let pull = client.pull(&repo, number(7)).await.unwrap();
    assert_eq!((pull.record.title.as_str(), pull.record.body.as_str(), pull.draft), ("Fix", "text", false));
    assert_eq!(pull.record.author.as_ref().unwrap().login, "dependabot[bot]");
    assert_eq!(pull.record.labels, ["kind/bug"]);
    // The same by GraphQL.
    let batch = client.pulls_by_number(&repo, &[number(7), number(8), number(9)]).await.unwrap();
    assert_eq!(batch.found[&number(7)], pull.record);
    assert_eq!(batch.missing.len(), 2);
    assert!(matches!(client.pull(&repo, number(8)).await, Err(Error::IsIssue { .. })));
    assert!(client.pull(&repo, number(9)).await.unwrap_err().is_not_found());

    let head = client.git_ref(&repo, "heads/main").await.unwrap().target.id;
    client.create_ref(&repo, "refs/heads/notes", &head).await.unwrap();
    client
        .put_file(
            &repo,
            "notes.md",
            &NewFile {
                message: "Notes".into(),
                content: b"x".to_vec(),
                branch: Some("notes".into()),
                ..NewFile::default()
            },
        )
        .await
        .unwrap();
    let new = NewPull {
        title: "Notes".into(),
        head: "notes".into(),
        base: "main".into(),
        body: "draft".into(),
        ..NewPull::default()
    };
    let made = client.create_pull(&repo, &new).await.unwrap();
    let change = PullChange { body: Some("better".into()), ..PullChange::default() };
    client.update_pull(&repo, made.record.number, &change).await.unwrap();
    let query = PullQuery { head: Some("octo:notes".into()), base: Some("main".into()), ..PullQuery::default() };
    let open: Vec<_> = client.pulls(&repo, &query).try_collect().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].record.number, open[0].record.body.as_str()), (made.record.number, "better"));
    let close = PullChange { state: Some(OpenState::Closed), ..PullChange::default() };
    client.update_pull(&repo, made.record.number, &close).await.unwrap();
    assert!(client.pulls(&repo, &query).try_collect::<Vec<_>>().await.unwrap().is_empty());
    server.world(|world| {
        let made = &world.repositories["octo/tool"].issues[&made.record.number.get()];
        assert_eq!(made.body.as_deref(), Some("better"));
    });
    server.finish();
}

#[tokio::test]
async fn issues_labels_milestones_and_comments() {
    let (server, client) = start(world());
    let repo = repo();
    assert_eq!(client.issue(&repo, issue(8)).await.unwrap().author, None);
    let milestone = MilestoneChange { title: Some("v1.2".into()), ..MilestoneChange::default() };
    let milestone = client.create_milestone(&repo, &milestone).await.unwrap();
    client
        .create_label(&repo, &Label { name: "area/x y".into(), color: "ededed".into(), ..Label::default() })
        .await
        .unwrap();
    let new = NewIssue {
        title: "Cut v1.2".into(),
        body: "now".into(),
        labels: vec!["area/x y".into()],
        milestone: Some(milestone.number),
        ..NewIssue::default()
    };
    let made = client.create_issue(&repo, &new).await.unwrap();
    assert_eq!(made.milestone.as_ref().unwrap().title, "v1.2");
    client.add_labels(&repo, made.number, &["kind/bug"]).await.unwrap();
    let left = client.remove_label(&repo, made.number, "area/x y").await.unwrap();
    assert_eq!(left.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["kind/bug"]);
    let change = IssueChange { state: Some(OpenState::Closed), milestone: Some(None), ..IssueChange::default() };
    let closed = client.update_issue(&repo, made.number, &change).await.unwrap();
    assert_eq!((closed.state, closed.milestone), (OpenState::Closed, None));
    let close = MilestoneChange { state: Some(OpenState::Closed), ..MilestoneChange::default() };
    client.update_milestone(&repo, milestone.number, &close).await.unwrap();
    let open: Vec<_> = client.milestones(&repo, StateFilter::Open).try_collect().await.unwrap();
    assert!(open.is_empty());
    assert_eq!(client.milestones(&repo, StateFilter::All).try_collect::<Vec<_>>().await.unwrap().len(), 1);
    assert!(client.labels(&repo).try_collect::<Vec<_>>().await.unwrap().len() >= 2);

    let comment = client.create_comment(&repo, issue(8), "one").await.unwrap();
    client.update_comment(&repo, comment.id, "two").await.unwrap();
    let comments: Vec<_> = client.comments(&repo, issue(8)).try_collect().await.unwrap();
    assert_eq!(comments.iter().map(|comment| comment.body.as_str()).collect::<Vec<_>>(), ["two"]);
    client.delete_comment(&repo, comment.id).await.unwrap();
    assert!(client.comments(&repo, issue(8)).try_collect::<Vec<_>>().await.unwrap().is_empty());
    server.finish();
}

#[tokio::test]
async fn files() {
    let (server, client) = start(world());
    let repo = repo();
    assert_eq!(&client.file(&repo, "docs/a.md", None).await.unwrap()[..], b"a\n");
    assert_eq!(client.folder(&repo, "docs", None).await.unwrap().len(), 1);
    assert_eq!(client.folder(&repo, "docs", Some("v1.0.0")).await.unwrap()[0].path, "docs/a.md");
    assert!(client.file(&repo, "c.txt", Some("v1.0.0")).await.unwrap_err().is_not_found());
    let entry = client.file_entry(&repo, "docs/a.md", None).await.unwrap();
    let file = NewFile {
        message: "Change".into(),
        content: b"b\n".to_vec(),
        replaces: Some(entry.id.clone()),
        ..NewFile::default()
    };
    let written = client.put_file(&repo, "docs/a.md", &file).await.unwrap();
    assert_eq!(client.git_ref(&repo, "heads/main").await.unwrap().target.id, written.commit);
    assert_eq!(&client.file(&repo, "docs/a.md", None).await.unwrap()[..], b"b\n");
    let stale = client.put_file(&repo, "docs/a.md", &file).await.unwrap_err();
    assert!(matches!(stale, Error::Conflict { .. }), "{stale:?}");
    server.finish();
}

#[tokio::test]
async fn repositories_and_rights() {
    let mut world = world();
    world.fork("octo/tool", "someone");
    let server = GithubServer::start(world);
    server.token("good", "someone", &["public_repo"]).token("weak", "someone", &["read:org"]);
    let client = |token: &str| builder(server.url()).auth(github_client::Auth::token(token.into())).build().unwrap();
    let repo = repo();
    let good = client("good");
    assert_eq!(good.viewer().await.unwrap().login, "someone");
    let found = good.repository_info(&repo).await.unwrap();
    assert_eq!((found.full_name, found.default_branch.as_str(), found.fork), (repo.clone(), "main", false));
    assert!(found.permissions.unwrap().admin);
    let fork = good.repository_info(&"someone/tool".parse().unwrap()).await.unwrap();
    assert_eq!(fork.parent.unwrap().full_name, repo);
    assert_eq!(good.role_of(&repo, "someone").await.unwrap(), "admin");

    let hidden = client("weak").create_comment(&repo, issue(8), "x").await.unwrap_err();
    assert_eq!(
        hidden.to_string(),
        "`POST ".to_owned()
            + server.url()
            + "/repos/octo/tool/issues/8/comments`: the token lacks the scopes public_repo"
    );
    let bad = client("wrong").viewer().await.unwrap_err();
    assert!(matches!(&bad, Error::BadCredentials { message, .. } if message == "Bad credentials"), "{bad:?}");
    server.finish();
}

#[tokio::test]
async fn a_renamed_repository_is_read_and_not_written() {
    let mut world = world();
    world.rename("octo/tool", "other/new-tool");
    let (server, client) = start(world);
    let repo = repo();
    // GitHub does not let a write through; after it the new name is known, and used.
    let refused = client.create_comment(&repo, issue(8), "x").await.unwrap_err();
    assert!(matches!(&refused, Error::Moved { to, .. } if to == "other/new-tool"), "{refused:?}");
    let (server_2, client_2) = {
        let mut again = self::world();
        again.rename("octo/tool", "other/new-tool");
        start(again)
    };
    assert_eq!(client_2.issue(&repo, issue(8)).await.unwrap().title, "Broken");
    assert_eq!(client_2.renamed(&repo), Some("other/new-tool".parse().unwrap()));
    client_2.create_comment(&repo, issue(8), "x").await.unwrap();
    server_2.world(|world| assert_eq!(world.repositories["other/new-tool"].issues[&8].comments.len(), 1));
    server.finish();
    server_2.finish();
}
