//! `check`: one pull request from an event, or some from GitHub.

use std::{io::Write as _, process::Stdio};

use crate::world::{Project, bare, body, seen, text};

fn event(body: &str, labels: &[&str]) -> String {
    let labels: Vec<_> = labels.iter().map(|name| serde_json::json!({ "name": name, "color": "ffffff" })).collect();
    serde_json::json!({
        "action": "edited",
        "pull_request": {
            "number": 7, "title": "Mend it", "body": body, "labels": labels,
            "user": { "login": "someone", "html_url": "https://github.com/someone" },
            "html_url": "https://github.com/org/tool/pull/7"
        },
        "repository": { "full_name": "org/tool" }
    })
    .to_string()
}

#[test]
fn events() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("event.json");
    let cases = [
        (
            "a note",
            body("The pump does not leak any more."),
            &["kind/bug", "sig/node"][..],
            0,
            "#7: The pump does not leak any more.\n",
        ),
        ("none", body("NONE"), &["kind/bug", "sig/node"], 0, "#7: no note, as the author says\n"),
        (
            "no block",
            "Nothing.".to_owned(),
            &["kind/bug", "sig/node"],
            9,
            "#7: refused\n  error: there is no `release-note` block",
        ),
        ("empty", body(""), &["kind/bug", "sig/node"], 9, "#7: refused\n"),
    ];
    for (name, body, labels, code, out) in cases {
        std::fs::write(&path, event(&body, labels)).unwrap();
        let typed = seen(&mut bare(home.path(), &["check", "--event", text(&path)]));
        assert_eq!(typed.code, code, "{name}: {}{}", typed.out, typed.err);
        assert!(typed.out.starts_with(out), "{name}: {}", typed.out);
        // As a job of GitHub Actions finds it, which also has the token.
        let mut job = bare(home.path(), &["check", "--annotations"]);
        let job = seen(job.env("GITHUB_EVENT_PATH", &path).env("GITHUB_TOKEN", "x"));
        assert_eq!(job.code, code, "{name}");
        assert_eq!(job.out.lines().any(|line| line.starts_with("::error ")), code == 9, "{name}: {}", job.out);
        let json = seen(&mut bare(home.path(), &["check", "--event", text(&path), "--output", "json"])).json();
        assert_eq!(json["schema"], "krel/checked-notes/v1");
        assert_eq!(json["pull_requests"][0]["pull"], 7);
    }
}

#[test]
fn events_that_are_none() {
    let home = tempfile::tempdir().unwrap();
    let cases = [
        ("{", "error: `stdin` is no event of GitHub: "),
        ("[]", "error: `stdin` is no event of GitHub: "),
        (
            "{\"action\": \"opened\", \"issue\": {\"number\": 1}}",
            "error: the event in `stdin` is about no pull request",
        ),
        ("{\"pull_request\": {\"number\": 0}}", "error: the event in `stdin` is about no pull request"),
    ];
    for (event, error) in cases {
        let mut command = bare(home.path(), &["check", "--event", "-"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();
        child.stdin.take().unwrap().write_all(event.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{event}: {err}");
        assert!(err.starts_with(error), "{event}: {err}");
    }
    let nothing = seen(&mut bare(home.path(), &["check"])).exits(2);
    assert_eq!(
        nothing.err,
        "error: there is no pull request to check\nhint: name it with `--pr N` or `--event FILE`\n"
    );
}

#[test]
fn numbers() {
    let project = Project::new();
    // `GITHUB_EVENT_PATH` is set in every job; a number that is typed comes first.
    let mut command = project.command(&["check", "--pr", "1,3,5,99"]);
    let found = seen(command.env("GITHUB_EVENT_PATH", "/nowhere")).exits(9);
    let lines: Vec<&str> = found.out.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "#1: The pump does not leak any more.",
            "#3: no note, as the author says",
            "#5: refused",
            "#99: there is no such pull request",
        ]
    );
    assert!(project.server.counts().requests() <= 2, "what #99 is, is asked once more");
    // The text of an open pull request changes by the minute: it is asked for again.
    project.server.world(|hub| {
        hub.repository("org/tool").issues.get_mut(&5).unwrap().body(&body("Now it says something."));
    });
    project.run(&["check", "--pr", "5"]).exits(0);
    let strict = project.run(&["check", "--pr", "4", "--strict-warnings"]).exits(9);
    assert!(strict.out.contains("warning: "), "{}", strict.out);
    project.run(&["check", "--pr", "4"]).exits(0);
    let gone = project.run(&["check", "--pr", "4", "--github", "org/gone"]).exits(2);
    assert!(gone.err.contains("not found"), "{}", gone.err);
}
