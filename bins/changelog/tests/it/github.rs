//! Sections from a GitHub with state.

use testkit::github::{Answer, Fault, GithubServer, On, World};

use crate::world::{Project, Seen, seen};

const TOKEN: &str = "ghp_0123456789secret0123456789";

fn update(project: &Project, server: &GithubServer, args: &[&str]) -> Seen {
    let args = [&["update", "--tag", "v1.1.0-alpha.1", "--no-dependencies", "-vv"], args].concat();
    seen(project.command(&args).env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", server.url()))
}

#[test]
fn notes_or_nothing() {
    let project = Project::new();
    let mut hub = World::new();
    let note = "```release-note\r\nThe pump does not leak.\r\n```";
    let head = project.git.head();
    hub.repository("org/tool").pull(1).author("ann").body(note).labels(&["kind/bug"]).merged(&head);
    let server = GithubServer::start(hub);
    server.token(TOKEN, "someone", &["public_repo"]);
    let heads = project.heads();

    server.inject(Fault::new(On::Pull(1), Answer::Status(500)));
    let failed = update(&project, &server, &[]).exits(7);
    assert!(failed.err.contains("cannot get pull request #1 of `org/tool`"), "{}", failed.err);
    assert_eq!((project.heads(), project.status()), (heads, String::new()), "no changelog without its notes");

    let partial = update(&project, &server, &["--allow-partial", "--plan"]).exits(0);
    assert!(partial.err.contains("the notes are not complete: pull requests #1 could not be had"), "{}", partial.err);
    let args = ["section", "--tag", "v1.1.0-alpha.1", "--no-dependencies", "--allow-partial"];
    let section = seen(project.command(&args).env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", server.url())).exits(0);
    let mark = "# v1.1.0-alpha.1\n\n> **Incomplete:** pull requests #1 could not be read.\n\n## ";
    assert!(section.out.starts_with(mark), "{}", section.out);

    server.heal();
    let made = update(&project, &server, &[]).exits(0);
    let file = project.file("main", "CHANGELOG/CHANGELOG-1.1.md").unwrap();
    assert!(file.contains("### Bug or Regression\n\n- The pump does not leak. ([#1]"), "{file}");
    for seen in [failed, made] {
        assert!(!seen.err.contains(TOKEN) && !seen.out.contains(TOKEN));
    }
    server.forget_counts();
    update(&project, &server, &[]).exits(0);
    assert!(server.counts().requests() <= 2, "{:?}", server.counts());
}
