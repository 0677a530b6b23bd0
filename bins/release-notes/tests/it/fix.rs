//! `fix`: maps and sessions on the disk, without a person and with one at a terminal.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;

use crate::world::{Project, Seen, TOKEN, bare, body, seen};

fn fix(project: &Project, args: &[&str]) -> Seen {
    project.run(&[&["fix", "v1.0.0..v1.1.0", "--maps", "../maps"], args].concat())
}

fn sessions(project: &Project) -> Vec<serde_json::Value> {
    let files = crate::world::files(&project.path("sessions"));
    files.iter().map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()).collect()
}

#[test]
fn listed_accepted_and_shown_again_when_changed() {
    let project = Project::new();
    let list = fix(&project, &["--list"]).exits(0);
    assert_eq!(
        list.out,
        "#1 The pump does not leak any more.\n#2 Added a valve.\n#4 The hose is gone; use the valve.\n3 notes, 0 looked at now, 3 left\n"
    );
    assert!(sessions(&project).is_empty(), "to list is not to look");
    let nobody = fix(&project, &[]).exits(3);
    assert!(nobody.err.contains("error: 3 notes wait to be looked at, and nobody is here"), "{}", nobody.err);

    fix(&project, &["--accept", "--pr", "1", "--name", "Ann", "--mail", "ann@example.invalid"]).exits(0);
    let session = &sessions(&project)[0];
    assert_eq!((&session["name"], &session["mail"]), (&"Ann".into(), &"ann@example.invalid".into()));
    assert_eq!(session["prs"].as_array().unwrap().len(), 1);
    assert!(fix(&project, &["--list"]).exits(0).out.starts_with("#2 Added a valve.\n"));
    fix(&project, &["--accept"]).exits(0);
    assert_eq!(sessions(&project).len(), 2);
    assert_eq!(fix(&project, &["--list"]).exits(0).out, "3 notes, 0 looked at now, 0 left\n");
    fix(&project, &[]).exits(0);

    // A text that changed is looked at again.
    project.server.world(|hub| {
        let pull = hub.repository("org/tool").issues.get_mut(&2).unwrap();
        pull.body(&body("Added two valves.")).updated_at("2030-01-01T00:00:00Z");
    });
    assert_eq!(fix(&project, &["--list"]).exits(0).out, "#2 Added two valves.\n3 notes, 0 looked at now, 1 left\n");
}

/// `fix` with a text on stdin.
fn piped(project: &Project, args: &[&str], text: &str) -> Seen {
    let line = [&["fix", "v1.0.0..v1.1.0", "--maps", "../maps"], args].concat();
    let child = project.command(&line).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Seen { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) }
}

#[test]
fn a_map_from_a_file() {
    let project = Project::new();
    let map = |args: &[&str], text: &str| piped(&project, args, text);
    let saved = map(&["--pr", "2", "--map", "-"], "releasenote: {text: Better words.}\n").exits(0);
    assert_eq!(saved.out, "../maps/pr-2-map.yaml\n3 notes, 1 looked at now, 0 left\n");
    let written = project.read("maps/pr-2-map.yaml");
    assert!(written.starts_with("pr: 2\n") && written.contains("Better words."), "{written}");
    assert!(written.contains("pr_body:") && written.contains("Added a valve."), "what it was made from: {written}");
    assert!(fix(&project, &["--list"]).exits(0).out.starts_with("#1 "), "#2 was looked at");
    let notes = project.run(&["generate", "v1.0.0..v1.1.0", "--maps-from", "../maps"]).exits(0);
    assert!(notes.out.contains("- Better words. ([#2]"), "{}", notes.out);

    let before = written;
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, i32, &str)] = &[
        (&["--pr", "2", "--map", "-"], "releasenote: {texxt: x}\n", 2, "unknown key `texxt`"),
        (&["--pr", "2", "--map", "-"], "pr: 3\nreleasenote: {text: x}\n", 2, "the map is for pull request #3, not for #2"),
        (&["--pr", "2", "--map", "-"], "pr: 2\nreleasenote: {text: x}\n---\npr: 2\n", 2, ""),
        (&["--pr", "2,1", "--map", "-"], "", 2, "a map is for one pull request"),
        (&["--pr", "3", "--map", "-"], "releasenote: {text: x}\n", 2, "there is no note of pull request #3 in the range"),
        (&["--pr", "2", "--map", "/nowhere"], "", 2, "cannot read `/nowhere`"),
        (&["--map", "-"], "", 2, "--pr"),
    ];
    for (args, text, code, error) in cases {
        let found = map(args, text).exits(*code);
        assert!(found.err.contains(error), "{args:?}: {}", found.err);
        assert_eq!(project.read("maps/pr-2-map.yaml"), before, "{args:?}");
    }
}

#[test]
fn what_is_hidden_stays_hidden() {
    let project = Project::new();
    let file = project.path("maps/pr-2-map.yaml");
    fs::create_dir(project.path("maps")).unwrap();
    for (hidden, rules) in [
        ("embargo: 2999-01-01\n", &[][..]),
        // By our rules such a note is not in the range at all, and cannot be edited.
        ("releasenote: {do_not_publish: true, sigs: [node]}\n", &["--strict", "2026"]),
    ] {
        fs::write(&file, format!("pr: 2\n{hidden}datafields: {{link: x}}\n")).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let args = [&["--pr", "2", "--map", "-"], rules].concat();
        piped(&project, &args, "releasenote: {text: Secret words.}\n").exits(0);
        let notes = project.run(&["generate", "v1.0.0..v1.1.0", "--maps-from", "../maps"]).exits(0);
        assert!(!notes.out.contains("Secret"), "{hidden}: {}", notes.out);
        let written = project.read("maps/pr-2-map.yaml");
        assert!(written.contains("link: ") && written.contains("Secret words."), "{hidden}: {written}");
        if rules.is_empty() {
            assert!(written.contains("embargo: 2999-01-01"), "{written}");
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
    fs::remove_file(&file).unwrap();
    piped(&project, &["--pr", "2", "--map", "-"], "embargo: 2999-01-01\nreleasenote: {text: New.}\n").exits(0);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "a new one too");
}

#[test]
fn other_maps_of_the_file_are_not_lost() {
    let project = Project::new();
    fs::create_dir(project.path("maps")).unwrap();
    for other in ["pr: 3\nreleasenote: {text: Another.}\n", "pr: 2\nreleasenote: {sigs: [node]}\n"] {
        let text = format!("pr: 2\nreleasenote: {{text: One.}}\n---\n{other}");
        fs::write(project.path("maps/pr-2-map.yaml"), &text).unwrap();
        let refused = piped(&project, &["--pr", "2", "--map", "-"], "releasenote: {text: x}\n").exits(3);
        let error = "error: `../maps/pr-2-map.yaml` holds more than the map of #2\nhint: move the other maps";
        assert!(refused.err.contains(error), "{}", refused.err);
        assert_eq!(project.read("maps/pr-2-map.yaml"), text);
        assert!(sessions(&project).is_empty());
        if let Some((code, screen)) = at_a_terminal(&project, "echo 'pr: 2' > \"$1\"", "n\ny\ny\nq\n") {
            assert_eq!(code, 3, "{screen}");
            assert_eq!(project.read("maps/pr-2-map.yaml"), text);
            fs::remove_dir_all(project.path("sessions")).unwrap();
        }
    }
}

/// Runs `fix` at a terminal where `typed` is typed, with an editor that runs `lines` on the file `$1`; nothing when the machine has
/// no `script`.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn at_a_terminal(project: &Project, editor: &str, typed: &str) -> Option<(i32, String)> {
    let path = project.path("editor");
    fs::write(&path, format!("#!/bin/sh\nset -e\n{editor}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("{} fix v1.0.0..v1.1.0 --maps ../maps", cargo_bin!("release-notes").display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    let like = bare(project.git.folder(), &[]);
    command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let child = command
        .current_dir(project.git.path())
        .env("EDITOR", &path)
        .env("GITHUB_TOKEN", TOKEN)
        .env("GITHUB_API_URL", project.server.url())
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else {
        println!("skipped: there is no `script` to make a terminal");
        return None;
    };
    child.stdin.take().unwrap().write_all(typed.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    Some((output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).replace('\r', "")))
}

#[test]
fn by_hand_and_taken_up_later() {
    let project = Project::new();
    // #1 is good; #2 is edited: at first the YAML is wrong, which is offered to be edited again; then it is kept; stop at #4.
    let editor = "if [ -e \"$0.seen\" ]; then sed -i '/texxt/d' \"$1\"; echo 'releasenote: {text: Two valves.}' >> \"$1\"\n\
                  else touch \"$0.seen\"; echo 'pr: 2' > \"$1\"; echo 'texxt: x' >> \"$1\"; fi";
    let Some((code, screen)) = at_a_terminal(&project, editor, "n\ny\ny\ny\nq\n") else { return };
    assert_eq!(code, 0, "{screen}");
    for part in [
        "[1/3] #1 https://github.com/org/tool/pull/1",
        "unknown key `texxt`",
        "- Added a valve.",
        "+ Two valves.",
        "[3/3] #4",
    ] {
        assert!(screen.contains(part), "{part:?} is not in:\n{screen}");
    }
    assert!(screen.contains("3 notes, 2 looked at now, 1 left"), "{screen}");
    assert!(project.read("maps/pr-2-map.yaml").contains("Two valves."));
    let first = sessions(&project);
    assert_eq!(first.len(), 1);
    assert_eq!(first[0]["prs"].as_array().unwrap().len(), 2);

    // Taken up: only #4 is left. Nothing is changed in the editor, so nothing is written, and it is left for later.
    assert_eq!(fix(&project, &["--list"]).exits(0).out.lines().next(), Some("#4 The hose is gone; use the valve."));
    let Some((code, screen)) = at_a_terminal(&project, "true", "y\n") else { return };
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("[1/1] #4") && screen.contains("1 left"), "{screen}");
    let Some((_, screen)) = at_a_terminal(&project, "true", "n\n") else { return };
    assert!(screen.contains("1 looked at now, 0 left"), "{screen}");
    assert_eq!(fix(&project, &["--list"]).exits(0).out, "3 notes, 0 looked at now, 0 left\n");
    assert_eq!(fs::read_dir(project.path("maps")).unwrap().count(), 1);
}

#[test]
fn a_session_that_is_broken_is_named() {
    let project = Project::new();
    fs::create_dir(project.path("sessions")).unwrap();
    fs::write(project.path("sessions/maps-1.json"), "{").unwrap();
    let found = fix(&project, &["--list"]).exits(2);
    assert!(found.err.contains("hint: mend or remove `../sessions/maps-1.json`"), "{}", found.err);
    let mut without = bare(project.git.folder(), &["fix", "v1.0.0..v1.1.0"]);
    seen(without.current_dir(project.git.path())).exits(6);
}
