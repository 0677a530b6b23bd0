//! The token is seen nowhere.

use std::{fs, os::unix::fs::PermissionsExt as _};

use testkit::github::{Answer, Fault, On};

use crate::world::{Project, TOKEN, bare, files, holds, seen, text};

#[test]
fn the_token_is_seen_nowhere() {
    let project = Project::new();
    let folder = project.path("recording");
    let range = ["generate", "v1.0.0..v1.1.0", "-vvv"];
    let mut everything = String::new();
    let mut look = |args: &[&str], code| {
        let found = project.run(&[&range[..], args].concat()).exits(code);
        everything.push_str(&found.out);
        everything.push_str(&found.err);
    };
    look(&["--record", text(&folder), "--explain", text(&project.path("why.json"))], 0);
    look(&["--output", "json", "-o", text(&project.path("notes.md"))], 0);
    look(&["--log-format", "json"], 0);
    // A proxy that sends back what it got.
    let reply = format!("{{\"message\": \"Authorization: Bearer {TOKEN}\"}}");
    project.server.inject(Fault::new(On::Graphql, Answer::Text(reply)));
    look(&["--record", text(&project.path("second"))], 2);
    project.server.heal();
    project.server.inject(Fault::new(On::Any, Answer::Status(401)));
    look(&["--cache", text(&project.path("third"))], 6);
    assert!(everything.contains("TRACE") && everything.contains("graphql"), "the log was looked at");
    assert!(!everything.contains(TOKEN) && !everything.contains(&TOKEN[4..]), "the token was told");
    for path in files(project.git.folder()) {
        assert!(!holds(&path, TOKEN), "{} holds the token", path.display());
    }
    assert!(files(&folder).len() > 3);
}

#[test]
fn a_token_as_the_name_of_something_is_hidden() {
    let project = Project::new();
    let found = seen(&mut project.command(&["generate", &format!("v1.0.0..{TOKEN}"), "--titles"])).exits(2);
    assert!(!found.err.contains(TOKEN), "{}", found.err);
    fs::write(project.path("x"), TOKEN).unwrap();
}

#[test]
fn gh_is_asked_for_the_token_of_the_host() {
    let project = Project::new();
    let folder = project.path("bin");
    fs::create_dir(&folder).unwrap();
    let log = project.path("asked");
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {}\nif [ \"$*\" = 'auth token --hostname 127.0.0.1' ]; then echo {TOKEN}; else echo ghp_ofgithubcom; fi\n",
        text(&log)
    );
    fs::write(folder.join("gh"), script).unwrap();
    fs::set_permissions(folder.join("gh"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", text(&folder), std::env::var("PATH").unwrap());
    let run = |args: &[&str], environment: &[(&str, &str)]| {
        let line = [&["generate", "v1.0.0..v1.1.0"], args].concat();
        let mut command = bare(project.git.folder(), &line);
        // A default host of `gh` changes nothing.
        command.current_dir(project.git.path()).env("PATH", &path).env("GH_HOST", "example.invalid");
        seen(command.envs(environment.iter().copied())).exits(0);
        fs::read_to_string(&log).unwrap()
    };
    let url = project.server.url();
    for (args, environment) in [
        (&["--github-api", url][..], &[][..]),
        (&[], &[("GITHUB_API_URL", url)]),
        (&[], &[("GITHUB_BASE_URL", url)]),
        (&["--github-api", url], &[("GITHUB_API_URL", "https://api.github.com")]),
    ] {
        let asked = run(args, environment);
        assert!(
            asked.lines().all(|line| line == "auth token --hostname 127.0.0.1"),
            "{args:?} {environment:?}: {asked}"
        );
    }
}
