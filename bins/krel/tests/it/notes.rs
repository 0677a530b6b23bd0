//! Release notes of a whole cut: from GitHub, by the project's own rules, edited by maps, with what stands around them.

use std::fs;

use testkit::GithubServer;
use testkit::github::World as Forge;

use crate::world::{Run, World};

const MAPS: &str = "\
pr: 2
releasenote:
  text: Greets by name, which an editor said better.
datafields:
  cve:
    id: CVE-2025-1234
    title: Greetings of strangers
    description: Anybody could be greeted.
    vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H
    score: 9.8
    rating: Critical
    linkedPRs: [2]
";
/// The clock of the tests stands before this.
const EMBARGOED: &str = "pr: 3\nembargo: 2099-01-01T00:00:00Z\nreleasenote:\n  text: Words-under-embargo\n\
    ---\npr: 3\nreleasenote:\n  text: The README tells the truth\n";

/// A project whose notes come from GitHub; with maps, a profile and dependencies.
fn world() -> World {
    let mut world = World::cycle(None);
    world.git.commit_files(
        "Need something",
        &[("go.mod", "module example.org/hello\n\nrequire github.com/a/b v1.1.0\n"), ("go.sum", "")],
    );
    world.push("main");
    for (path, text) in [
        ("maps/pr-2-map.yaml", MAPS),
        ("maps/pr-3-map.yaml", EMBARGOED),
        ("profile.yaml", "name: hello\ndocument:\n  image-registry: registry.example.invalid\n  image-console: \"\"\n"),
    ] {
        let path = world.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let config = fs::read_to_string(world.path("release.yaml")).unwrap();
    let notes =
        "notes:\n  pull_requests: github:octo/hello\n  profile: profile.yaml\n  maps: [maps]\n  dependencies: [.]\n";
    fs::write(world.path("release.yaml"), format!("{config}{notes}")).unwrap();
    world
}

fn forge() -> GithubServer {
    let mut forge = Forge::new();
    let repository = forge.repository("octo/hello");
    let note = |text: &str| format!("```release-note\n{text}\n```");
    repository.merge_pull(2, "Greet by name").body(&note("Greets by name")).labels(&["kind/feature", "sig/cli"]);
    repository.merge_pull(3, "Correct the README").body(&note("The README is right")).labels(&["kind/documentation"]);
    let server = GithubServer::start(forge);
    server.token("token-of-the-test", "someone", &["repo"]);
    server
}

fn run(world: &World, server: &GithubServer, args: &[&str]) -> Run {
    let mut command = world.command(args);
    command.env("GITHUB_TOKEN", "token-of-the-test").env("GITHUB_API_URL", server.url());
    Run::of(args, command.output().unwrap())
}

#[test]
fn notes_of_github_in_a_whole_cut() {
    let (world, server) = (world(), forge());
    let stage = ["stage", "--nomock", "--type", "beta"];
    let shown = String::from_utf8(world.command(&[&stage[..], &["--plan"]].concat()).output().unwrap().stdout).unwrap();
    assert!(shown.contains("maps           1 under embargo, left out"), "{shown}");
    // Without a token the run does not begin, and says what it lacks.
    let plan = world.fingerprint(&stage);
    let approved = [&stage[..], &["--approve", &plan]].concat();
    world.krel(&approved).refuses(3, &["pull requests of `octo/hello`", "`GITHUB_TOKEN` is not set"]);
    let doctor = world.krel(&["doctor", "--nomock", "--type", "beta", "--output", "json"]).json().to_string();
    assert!(doctor.contains("pull requests of `octo/hello`"), "{doctor}");
    run(&world, &server, &approved).expect(0);
    let list = world.krel(&["list", "--nomock", "--output", "json"]).json();
    let build = list["builds"][0]["build_version"].as_str().unwrap().to_owned();
    world.release(&build).expect(0);
    world.approved(&["announce", "--nomock", "--tag", "v1.0.0-beta.1"]).expect(0);

    let changelog = world.remote(&["show", "main:CHANGELOG/CHANGELOG-1.0.md"]);
    for part in [
        "## Important Security Information",
        "### CVE-2025-1234: Greetings of strangers",
        "- Greets by name, which an editor said better. ([#2]",
        "[SIG CLI]",
        "- The README tells the truth ([#3]",
        "### Container Images",
        "registry.example.invalid/hello:v1.0.0-beta.1",
        "## Dependencies",
        "- github.com/a/b: [v1.1.0](https://github.com/a/b/tree/v1.1.0)",
    ] {
        assert!(changelog.contains(part), "{part}\n{changelog}");
    }
    let mail = fs::read_to_string(world.path("production/outbox").join(&world.mails()[0])).unwrap();
    let mail = mail.replace("=\r\n", "");
    assert!(mail.contains("CVE-2025-1234"), "the mail tells of it too: {mail}");
    world.krel(&["verify", "v1.0.0-beta.1", "--nomock", "--deep"]).expect(0);

    // Neither the embargoed words nor the token are anywhere: not in a place, a plan, a journal, a log.
    for (path, bytes) in crate::world::files(&world.path("")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(path == "maps/pr-3-map.yaml" || !text.contains("Words-under-embargo"), "{path}");
        assert!(!text.contains("token-of-the-test"), "{path}");
    }
    server.finish();
}

#[test]
fn rules_that_cannot_be_used_stop_the_plan() {
    let world = world();
    let plan = ["stage", "--type", "beta", "--plan"];
    fs::write(world.path("maps/pr-2-map.yaml"), "pr: 2\nreleasenote:\n  txt: x\n").unwrap();
    world.krel(&plan).expect(2).says(&["maps/pr-2-map.yaml:3", "txt"]);
    fs::remove_file(world.path("maps/pr-2-map.yaml")).unwrap();
    fs::write(world.path("profile.yaml"), "labls: {}\n").unwrap();
    world.krel(&plan).expect(2).says(&["profile.yaml` is no profile of release notes", "labls"]);
    fs::remove_file(world.path("profile.yaml")).unwrap();
    world.krel(&plan).expect(2).says(&["cannot read", "profile.yaml"]);
}
