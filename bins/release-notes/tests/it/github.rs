//! `generate` from a GitHub with state: how often it is asked, and what becomes of trouble.

use std::fs;

use testkit::GitWorld;
use testkit::github::{Answer, Fault, On};

use crate::world::{Project, TOKEN, bare, body, seen, shared, text};

const NOTES: &str = "\
## Urgent Upgrade Notes

### (No, really, you MUST read this before you upgrade)

- The hose is gone; use the valve. ([#4](https://github.com/org/tool/pull/4), [@dee](https://github.com/dee))

## Changes by Kind

### Feature

- Added a valve.

  It turns. ([#2](https://github.com/org/tool/pull/2), [@bob](https://github.com/bob)) [SIG Storage]

### Bug or Regression

- The pump does not leak any more. ([#1](https://github.com/org/tool/pull/1), [@ann](https://github.com/ann)) [SIG Node]
";

const RANGE: [&str; 3] = ["generate", "v1.0.0..v1.1.0", "--no-dependencies"];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [&RANGE[..], args].concat()
}

#[test]
fn cold_and_warm() {
    let mut project = Project::new();
    // 130 more pull requests, some of them picks of others.
    project.git.tag("v1.1.1");
    let mut merged = Vec::new();
    for number in 100..225 {
        merged.push((number, project.git.squash_pull(number, &format!("Change {number}"))));
    }
    for number in 225..230 {
        let from = format!("k8s-infra-cherrypick-robot/cherry-pick-{}-to-release-1.1", number - 200);
        merged.push((number, project.git.merge_pull(number, &from, &format!("Pick {number}"))));
    }
    project.git.tag("v1.1.2");
    project.server.world(|hub| {
        let repo = hub.repository("org/tool");
        for (number, commit) in &merged {
            let note = body(&format!("Change number {number}."));
            let pull = repo.pull(*number).author("ann").body(&note).labels(&["kind/bug"]);
            if *number >= 225 {
                let branch = format!("cherry-pick-{}-to-release-1.1", number - 200);
                pull.author("k8s-infra-cherrypick-robot").head("org/tool", &branch).body("Automated.");
            }
            pull.merged(commit);
        }
        for number in 25..30 {
            let note = body(&format!("Origin {number}."));
            repo.pull(number).author("bob").body(&note).labels(&["kind/feature"]).merged(&merged[0].1);
        }
    });
    let args = ["generate", "v1.1.1..v1.1.2", "--no-dependencies"];
    let cold = project.run(&args).exits(0);
    let counts = project.server.counts();
    assert!(counts.requests() <= 130_usize.div_ceil(50) + 5_usize.div_ceil(50) + 2, "{counts:?}");
    assert_eq!(cold.out.matches("- Change number ").count(), 125, "{}", cold.out);
    for number in 225..230 {
        let origin = format!("- Origin {}.", number - 200);
        assert!(cold.out.lines().any(|line| line.starts_with(&origin) && line.contains("@bob")), "{}", cold.out);
    }

    project.server.forget_counts();
    let warm = project.run(&args).exits(0);
    assert!(project.server.counts().requests() <= 2, "{:?}", project.server.counts());
    assert_eq!(warm.out, cold.out);

    project.server.world(|hub| {
        let pull = hub.repository("org/tool").issues.get_mut(&100).unwrap();
        pull.body(&body("Better words.")).updated_at("2030-01-01T00:00:00Z");
    });
    project.server.forget_counts();
    let edited = project.run(&args).exits(0);
    assert!(project.server.counts().requests() <= 3, "{:?}", project.server.counts());
    assert_eq!(edited.out.replace("Better words.", "Change number 100.").len(), cold.out.len());
    assert!(edited.out.contains("- Better words. ([#100]"), "{}", edited.out);

    project.server.forget_counts();
    assert_eq!(project.run(&[&args[..], &["--offline"]].concat()).exits(0).out, edited.out);
    assert_eq!(project.server.counts().requests(), 0);
}

#[test]
fn recorded_and_replayed() {
    let project = Project::new();
    let folder = project.path("recording");
    let live = project.run(&with(&["--record", text(&folder)])).exits(0);
    assert_eq!(live.out, NOTES);
    project.server.forget_counts();
    let replay = |args: &[&str]| {
        // No token and nothing of the cache.
        let mut command = bare(&project.path("elsewhere"), &with(args));
        seen(command.current_dir(project.git.path()).env("GITHUB_API_URL", project.server.url()))
    };
    assert_eq!(replay(&["--replay", text(&folder)]).exits(0).out, NOTES);
    assert_eq!(project.server.counts().requests(), 0);

    fs::remove_dir_all(folder.join("pulls")).unwrap();
    fs::create_dir(folder.join("pulls")).unwrap();
    let lacking = replay(&["--replay", text(&folder), "-o", text(&project.path("n.md"))]).exits(2);
    assert!(
        lacking.err.starts_with("error: cannot get pull requests #1, #2, #3, #4, #5 of `org/tool`: "),
        "{}",
        lacking.err
    );
    assert!(lacking.err.contains("hint: record the range first"), "{}", lacking.err);
    assert!(!project.path("n.md").exists());
    assert!(replay(&["--replay", "/nowhere"]).exits(2).err.contains("`/nowhere`"));
    assert!(replay(&["--offline"]).exits(2).err.contains("not in the recording"));
}

#[test]
fn one_pull_request_that_cannot_be_had() {
    let project = Project::new();
    let file = project.path("notes.md");
    project.server.inject(Fault::new(On::Pull(2), Answer::Status(500)));
    let failed = project.run(&with(&["-o", text(&file)])).exits(7);
    assert!(failed.err.contains("error: cannot get pull request #2 of `org/tool`: "), "{}", failed.err);
    assert!(failed.err.contains("`--allow-partial`"), "{}", failed.err);
    assert_eq!(failed.out, "");
    assert!(!file.exists(), "no file without the note of #2");

    let partial = project.run(&with(&["-o", text(&file), "--allow-partial", "--output", "json"])).exits(0);
    assert_eq!(partial.json()["missing"], serde_json::json!([2]));
    assert!(partial.err.contains("the notes are not complete: pull requests #2 could not be had"), "{}", partial.err);
    let text_of = project.read("notes.md");
    assert!(text_of.starts_with("> **Incomplete:** pull requests #2 could not be read.\n\n"), "{text_of}");
    assert!(text_of.contains("#1]") && !text_of.contains("#2]"), "{text_of}");

    // What was fetched is kept: only #2 is missing now.
    project.server.heal().forget_counts();
    project.run(&with(&["-o", text(&file)])).exits(0);
    assert_eq!(project.read("notes.md"), NOTES);
    assert!(project.server.counts().requests() <= 3, "{:?}", project.server.counts());
}

#[test]
fn accounts() {
    let project = Project::new();
    let without = seen(project.command(&RANGE).env_remove("GITHUB_TOKEN")).exits(6);
    assert!(
        without.err.starts_with("error: there is no token for GitHub\nhint: set `GITHUB_TOKEN`"),
        "{}",
        without.err
    );
    assert!(without.err.contains("--titles") && without.err.contains("--replay"), "{}", without.err);
    let wrong = seen(project.command(&RANGE).env("GITHUB_TOKEN", "ghp_wrongwrongwrong")).exits(6);
    assert!(wrong.err.contains("hint: make a new token"), "{}", wrong.err);
    assert!(!wrong.err.contains("ghp_wrong"), "{}", wrong.err);

    fs::write(project.path("token"), format!("{TOKEN}\n")).unwrap();
    let token = project.path("token");
    let from_file = seen(project.command(&with(&["--token-file", text(&token)])).env_remove("GITHUB_TOKEN")).exits(0);
    assert_eq!(from_file.out, NOTES);
    let gone = seen(project.command(&with(&["--token-file", "/nowhere"])).env_remove("GITHUB_TOKEN")).exits(6);
    assert!(gone.err.contains("/nowhere"), "{}", gone.err);
}

#[test]
fn nobody_answers() {
    let project = Project::new();
    let dead = ["--github-api", "http://127.0.0.1:1", "-o", "n.md"];
    let found = project.run(&with(&dead)).exits(7);
    assert!(found.err.contains("no connection") && found.err.contains("hint: try again later"), "{}", found.err);
    assert!(!project.git.path().join("n.md").exists());
}

#[test]
fn renamed_issues_and_people_who_left() {
    let project = Project::new();
    project.server.world(|hub| {
        let repo = hub.repository("org/tool");
        repo.issues.get_mut(&1).unwrap().author_deleted();
        // Number 2 is no pull request any more, as after a transfer.
        let issue = repo.issue(2);
        issue.title("Only an issue");
        hub.rename("org/tool", "org/pump");
    });
    let found = project.run(&RANGE).exits(0);
    assert!(found.err.contains("`org/tool` is called `org/pump` now"), "{}", found.err);
    assert!(found.err.contains("GitHub knows no pull request #2"), "{}", found.err);
    assert!(
        found.out.contains("- The pump does not leak any more. (") && !found.out.contains("valve.\n"),
        "{}",
        found.out
    );
    let line = found.out.lines().find(|line| line.contains("pump does not leak")).unwrap();
    assert!(!line.contains("@ann"), "{line}");
}

#[test]
fn maps_edit_notes() {
    let project = Project::new();
    let maps = project.path("maps");
    fs::create_dir(&maps).unwrap();
    fs::write(maps.join("pr-1-map.yaml"), "pr: 1\nreleasenote:\n  text: The pump is dry.\n").unwrap();
    fs::write(maps.join("other.yaml"), "pr: 999\nreleasenote:\n  text: Of another range.\n").unwrap();
    let found = project.run(&with(&["--maps-from", text(&maps)])).exits(0);
    assert!(found.out.contains("- The pump is dry. ([#1]"), "{}", found.out);
    assert!(!found.out.contains("another range"), "{}", found.out);
}

#[test]
fn notes_cannot_break_out_of_a_page() {
    let project = Project::new();
    project.server.world(|hub| {
        let body = body("<script>alert(1)</script> and <img src=x onerror=alert(2)> [x](javascript:alert(3))");
        hub.repository("org/tool").issues.get_mut(&1).unwrap().body(&body);
    });
    let page = project.run(&with(&["--format", "html"])).exits(0).out;
    assert!(!page.contains("<script") && !page.contains("<img") && !page.contains("javascript:"), "{page}");
}

#[test]
fn answers_that_the_original_recorded() {
    let (Some(recording), Some(data)) = (shared("release-notes/recorded-api"), shared("github-recordings/v1.16.3"))
    else {
        return;
    };
    let mut git = GitWorld::new("main");
    git.commit("Begin");
    git.tag("v1.16.2");
    let commits: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(data.join("commits.json")).unwrap()).unwrap();
    for commit in commits.as_array().unwrap().iter().rev() {
        git.commit_files(commit["commit"]["message"].as_str().unwrap(), &[]);
    }
    git.tag("v1.16.3");
    let expected = fs::read_to_string(recording.join("expected/2020-patchReleaseExpectedContent.md")).unwrap();
    let replay = recording.join("changelog-v1.16.3");
    let args = ["generate", "v1.16.2..v1.16.3", "--github", "kubernetes/kubernetes", "--strict", "2020", "--replay"];
    let found = seen(bare(git.folder(), &[&args[..], &[text(&replay)]].concat()).current_dir(git.path())).exits(0);
    assert!(found.err.ends_with("19 notes of 19 pull requests in 56 commits; 0 requests, 0 B\n"), "{}", found.err);
    // Pull requests that only a commit's id names are not found here: these commits have other ids.
    let same = expected.lines().filter(|line| line.starts_with("- ") && found.out.contains(line)).count();
    assert_eq!(same, 18, "{}", found.out);
}

#[test]
fn hostile_descriptions() {
    let project = Project::new();
    let large = body(&format!("Large. {}", "x".repeat(1 << 20)));
    let bodies = [
        body("A\u{0}B with a\u{202e}mark and \u{7}bell."),
        body("| a | table |\r\n|---|---|\r\n``````\r\n## Heading of mine\r\n<!-- hidden -->"),
        "```release-note\n````\n```release-note\ninner\n```\n````\n```".to_owned(),
        large,
        "`".repeat(100_000),
    ];
    project.server.world(|hub| {
        let repo = hub.repository("org/tool");
        for (number, body) in (1..).zip(&bodies) {
            repo.issues.get_mut(&number).unwrap().body(body).labels(&["kind/bug"]);
        }
    });
    for form in ["markdown", "json", "html"] {
        let found = project.run(&with(&["--format", form, "-o", "notes.txt"])).exits(0);
        assert!(!found.err.contains("panicked"), "{}", found.err);
        let text = fs::read_to_string(project.git.path().join("notes.txt")).unwrap();
        assert!(!text.contains('\u{0}') && !text.contains('\u{7}') && !text.contains("hidden"), "{form}");
        if form == "markdown" {
            let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
            assert!(!headings.contains(&"## Heading of mine"), "{headings:?}");
        }
        fs::remove_file(project.git.path().join("notes.txt")).unwrap();
    }
}
