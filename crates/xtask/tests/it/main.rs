//! The rules of this workspace, held against this workspace.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use xtask::world::{GithubOptions, github};
use xtask::{files, layers, workspace};

#[test]
fn nobody_depends_upward_or_sideways() {
    let workspace = workspace().unwrap();
    assert!(workspace.iter().any(|package| package.name == "release-journal"), "cargo metadata lists our packages");
    let wrong = layers::check(&workspace);
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_package_has_what_it_needs() {
    let wrong: Vec<String> = workspace().unwrap().iter().flat_map(|package| files::check(package).unwrap()).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_world_to_try_things_on() {
    let none = GithubOptions { recording: None, git: None, pulls: 3, latency: 0, repo: "o/r".to_owned() };
    let mut work = testkit::GitWorld::new("main");
    work.commit("Start");
    work.merge_pull(3, "someone/fix", "Fix it");
    work.squash_pull(4, "Mend it");
    let git = work.bare_remote("r.git").path().to_owned();
    for (name, options, title) in [
        ("made up", none.clone(), "Fix thing 3"),
        ("from git", GithubOptions { git: Some(git), pulls: 0, ..none.clone() }, "Fix it"),
    ] {
        let server = github(&options).unwrap();
        let mut stream = TcpStream::connect(server.url().trim_start_matches("http://")).unwrap();
        let head = "GET /repos/o/r/pulls/3 HTTP/1.1\r\nhost: x\r\nuser-agent: xtask\r\nconnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(&format!("\"title\":\"{title}\"")), "{name}: {answer}");
        assert!(answer.contains("\"merged\":true"), "{name}: {answer}");
    }
    for wrong in ["r", "/r", "o/", "o/r/x"] {
        assert!(github(&GithubOptions { repo: wrong.to_owned(), ..none.clone() }).is_err(), "{wrong}");
    }
    let absent = GithubOptions { recording: Some("/nonexistent".into()), ..none };
    assert_eq!(github(&absent).unwrap_err().to_string(), "there is no folder `/nonexistent`");
}
