//! `krel apply` with the plan of a proposal, which `krel release-notes draft-pr` wrote.

use std::fs;

use testkit::github::World as Forge;
use testkit::{GitWorld, GithubServer, git};

use crate::world::{Run, World};

#[test]
fn a_proposal_is_applied_too() {
    let world = World::new();
    let mut docs = GitWorld::new("main");
    docs.commit_files("Begin", &[("README.md", "drafts\n")]);
    let (target, fork) = (docs.bare_remote("target.git"), docs.bare_remote("fork.git"));
    let mut forge = Forge::new();
    forge.repository("octo/docs").bind(target.path());
    forge.fork("octo/docs", "someone").bind(fork.path());
    let server = GithubServer::start(forge);
    server.token("token-of-the-test", "someone", &["public_repo"]);
    let run = |args: &[&str], home: &str| {
        let folder = world.path(home);
        fs::create_dir_all(&folder).unwrap();
        let mut command = world.command(args);
        command.current_dir(&folder).env("HOME", &folder);
        command.env("GITHUB_TOKEN", "token-of-the-test").env("GITHUB_API_URL", server.url());
        Run::of(args, command.output().unwrap())
    };
    let text = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let (file, repo) = (text(&world.path("draft.json")), text(world.git.path()));
    let (target_at, fork_at) = (text(target.path()), text(fork.path()));
    #[rustfmt::skip]
    let draft = [
        "release-notes", "draft-pr", "v1.0.0-alpha.0..main", "--titles", "--repo", &repo, "--tag", "v1.0.0", "--folder", "notes",
        "--target", "octo/docs", "--base", "main", "--fork", "someone", "--target-url", &target_at, "--fork-url", &fork_at,
        "--plan-out", &file, "--output", "json",
    ];
    let told = run(&draft, "here").expect(0).json();
    let fingerprint = told["fingerprint"].as_str().unwrap();
    let before = fork.refs();

    run(&["apply", &file], "there").refuses(3, &["nobody is here to approve it", fingerprint]);
    run(&["apply", &file, "--approve", "0123456789abcdef"], "there").refuses(3, &["does not name the plan"]);
    assert_eq!(fork.refs(), before);
    let opened = run(&["apply", &file, "--approve", fingerprint], "there").expect(0).stdout.clone();
    assert!(opened.starts_with("https://github.com/octo/docs/pull/"), "{opened}");
    let pushed = &fork.refs()["refs/heads/release-notes-draft-v1.0.0"];
    assert_eq!(told["plan"]["push"]["commit"], **pushed);
    assert!(git(fork.path(), &["show", &format!("{pushed}:notes/release-notes-draft.md")]).contains("Greet by name"));
    // The small command does the same, and finds it done.
    let again = run(&["release-notes", "apply", &file, "--approve", fingerprint], "there");
    assert_eq!(again.expect(0).stdout, opened);
    assert_eq!(server.world(|world| world.repository("octo/docs").issues.len()), 1);

    let changed = fs::read_to_string(&file).unwrap().replace("\"notes/", "\"../notes/");
    fs::write(&file, changed).unwrap();
    let refused = run(&["apply", &file, "--approve", fingerprint], "there");
    refused.refuses(2, &["is no path of a file in a repository", "is `"]);
    fs::write(&file, "{\"plan\": \"other\"}").unwrap();
    run(&["apply", &file, "--approve", fingerprint], "there").refuses(2, &["unknown variant `other`"]);
    server.finish();
}
