//! `generate` from git alone, and what it writes.

use std::fs;

use testkit::github::{Answer, Fault, On};

use crate::world::{Project, bare, body, seen, text};

const TITLES: &str = "\
## Changes by Kind

### Uncategorized

- Add a valve ([#2](https://github.com/org/tool/pull/2), [@bob](https://github.com/bob))
- Mend the pump ([#1](https://github.com/org/tool/pull/1), [@ann](https://github.com/ann))
- Remove the hose ([#4](https://github.com/org/tool/pull/4))
- Say nothing ([#5](https://github.com/org/tool/pull/5), [@eve](https://github.com/eve))
- Tidy up ([#3](https://github.com/org/tool/pull/3), [@ann](https://github.com/ann))

## Dependencies

### Added
_Nothing has changed._

### Changed
- example.invalid/a: v1.0.0 → v1.1.0

### Removed
_Nothing has changed._
";

/// Notes of several releases into one file at once: it is merged, and nobody's notes are lost.
#[test]
fn one_file_of_many_runs() {
    let mut world = testkit::GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    for number in 1..=12 {
        world.squash_pull(number, "Mend the pump");
        world.tag(&format!("v1.{number}.0"));
    }
    let runs = (1..=12).map(|number| {
        let range = format!("v1.{}.0..v1.{number}.0", number - 1);
        let args = ["generate", &range, "--titles", "--format", "json", "-o", "notes.json"];
        bare(world.folder(), &args).current_dir(world.path()).spawn().unwrap()
    });
    for mut run in runs.collect::<Vec<_>>() {
        assert!(run.wait().unwrap().success());
    }
    let notes: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path().join("notes.json")).unwrap()).unwrap();
    let found: Vec<u64> = (1..=12).filter(|number| notes.get(number.to_string()).is_some()).collect();
    assert_eq!(found, (1..=12).collect::<Vec<u64>>());
}

#[test]
fn titles_need_no_account() {
    let project = Project::new();
    let run = |folder: &str, args: &[&str]| {
        seen(bare(project.git.folder(), args).current_dir(project.git.path().join(folder)))
    };
    let found = run(".", &["generate", "v1.0.0..v1.1.0", "--titles"]).exits(0);
    assert_eq!(found.out, TITLES);
    assert_eq!(found.err, "v1.0.0 to v1.1.0: 5 notes of 5 pull requests in 10 commits\n");
    // As git does, from a folder below.
    fs::create_dir(project.git.path().join("docs")).unwrap();
    assert_eq!(run("docs", &["generate", "v1.0.0..", "--titles"]).exits(0).out, TITLES);
    assert_eq!(run(".", &["generate", "--discover", "minor-to-minor", "--titles"]).exits(0).out, TITLES);
    assert_eq!(project.server.counts().requests(), 0);
}

#[test]
fn a_url_is_mirrored() {
    let mut project = Project::new();
    let url = format!("file://{}", project.git.path().display());
    let home = project.git.folder().to_owned();
    let run = |args: &[&str]| {
        let line = ["generate", "v1.0.0..", "--titles", "--github", "org/tool", "--repo", &url];
        seen(&mut bare(&home, &[&line[..], args].concat()))
    };
    let first = run(&[]).exits(0);
    assert_eq!(first.out, TITLES);
    assert!(first.err.starts_with(&format!("bringing the mirror of {url} up to date\n")), "{}", first.err);
    project.git.squash_pull(6, "Paint it");
    assert_eq!(run(&["--no-fetch"]).exits(0).out, TITLES, "as it is");
    assert!(run(&[]).exits(0).out.contains("- Paint it ([#6]"));
}

#[test]
fn lines_of_the_original_work() {
    let project = Project::new();
    let place = project.git.path();
    let out = project.path("notes.md");
    let run = |args: &[&str], environment: &[(&str, &str)]| {
        seen(bare(project.git.folder(), args).envs(environment.iter().copied()))
    };
    let line = ["--org", "org", "--repo", "tool", "--repo-path", text(place), "--titles"];
    let typed =
        [&line[..], &["--start-rev", "v1.0.0", "--end-rev", "v1.1.0", "--output", text(&out), "--debug"]].concat();
    let found = run(&typed, &[]).exits(0);
    assert_eq!(found.out, format!("{}\n", out.display()));
    assert_eq!(fs::read_to_string(&out).unwrap(), TITLES);
    // A shorter text leaves no tail of the longer one.
    fs::write(&out, TITLES.repeat(3)).unwrap();
    run(&typed, &[]).exits(0);
    assert_eq!(fs::read_to_string(&out).unwrap(), TITLES);

    let environment = [
        ("ORG", "org"),
        ("REPO", "tool"),
        ("REPO_PATH", text(place)),
        ("START_REV", "v1.0.0"),
        ("END_REV", "v1.1.0"),
        ("FORMAT", "json"),
        ("GO_TEMPLATE", "go-template:default"),
        ("REPLAY", "/nowhere"),
    ];
    let found = run(&["generate", "--titles"], &environment).exits(0);
    assert!(found.out.contains("\"1\": {"), "{}", found.out);
    // What is typed comes first, and does not quarrel with what is set.
    let typed = run(&["generate", "v1.0.0..v1.0.0", "--titles", "--format", "markdown"], &environment).exits(0);
    assert_eq!(typed.err.lines().next(), Some("v1.0.0 to v1.0.0: 0 notes of 0 pull requests in 0 commits"));
    let wrong = run(&["generate", "--titles"], &[("FORMAT", "text"), ("REPO_PATH", text(place))]).exits(2);
    assert!(wrong.err.starts_with("error: `FORMAT` in the environment: "), "{}", wrong.err);
}

#[test]
fn json_for_programs() {
    let project = Project::new();
    let found = project.run(&["generate", "v1.0.0..v1.1.0", "--titles", "--output", "json"]).exits(0).json();
    assert_eq!(found["schema"], "krel/release-notes/v1");
    assert_eq!((&found["start"], &found["end"]), (&"v1.0.0".into(), &"v1.1.0".into()));
    assert_eq!((&found["commits"], &found["notes"], &found["requests"]), (&10.into(), &5.into(), &0.into()));
    assert_eq!(found["document"], TITLES.trim_end());
    let failed = project.run(&["generate", "v1.0.0..v9", "--titles", "--output", "json"]).exits(2).json();
    assert_eq!(failed["schema"], "krel/error/v1");
    assert_eq!(failed["error"], "the repository has no commit, tag or branch `v9`");
}

#[test]
fn every_commit_is_accounted_for() {
    let project = Project::new();
    let why = project.path("why.json");
    project.run(&["generate", "v1.0.0..v1.1.0", "--explain", text(&why), "-o", text(&project.path("n.md"))]).exits(0);
    let why: serde_json::Value = serde_json::from_str(&project.read("why.json")).unwrap();
    let commits = why["commits"].as_array().unwrap();
    let listed: Vec<&str> = commits.iter().map(|commit| commit["commit"].as_str().unwrap()).collect();
    let known = project.git.git(&["rev-list", "v1.0.0..v1.1.0"]);
    assert_eq!(listed.len(), 10);
    assert!(known.lines().all(|commit| listed.contains(&commit)), "{why}");
    assert!(commits.iter().all(|commit| commit["fate"].is_object()), "{why}");
}

#[test]
fn forms_and_layouts() {
    let project = Project::new();
    let range = ["generate", "v1.0.0..v1.1.0"];
    let run = |args: &[&str]| project.run(&[&range[..], args].concat()).exits(0).out;
    let page = run(&["--format", "html"]);
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<title>v1.1.0</title>"), "{page}");
    assert!(run(&["--toc"]).starts_with("- ["), "a table of contents comes first");
    assert!(run(&["--template", "changelog", "--tag", "v1.1.0"]).starts_with("# v1.1.0"));
    let listed = run(&["--template", "changelog", "--tag", "v1.1.0", "--toc"]);
    assert!(listed.starts_with("- [v1.1.0](#v110)\n") && listed.contains("\n\n# v1.1.0\n"), "{listed}");
    let refused = project.run(&[&range[..], &["--toc", "--format", "json"]].concat()).exits(2);
    assert!(refused.err.contains("hint: leave `--toc` or `--format json` out"), "{}", refused.err);
    let names = run(&["--no-markdown-links", "--no-dependencies"]);
    assert!(names.contains("(#1, @ann)") && !names.contains("Dependencies"), "{names}");
    let some = run(&["--include-labels", "kind/bug"]);
    assert!(some.contains("pump") && !some.contains("valve"), "{some}");
    let filtered = run(&["--path", "pulls/2.txt"]);
    assert!(filtered.contains("#2") && !filtered.contains("#1]"), "{filtered}");
}

#[test]
fn an_older_file_of_json_is_merged() {
    let project = Project::new();
    let file = project.path("notes.json");
    let run = || project.run(&["generate", "v1.0.0..v1.1.0", "--format", "json", "-o", text(&file)]);
    run().exits(0);
    let first = project.read("notes.json");
    run().exits(0);
    assert_eq!(project.read("notes.json"), first, "made again, the same bytes");

    // A note that is taken back leaves the file; one of another range stays.
    let mut other: serde_json::Value = serde_json::from_str(&first).unwrap();
    other["77"] = other["2"].clone();
    other["77"]["pr_number"] = 77.into();
    fs::write(&file, other.to_string()).unwrap();
    project.server.world(|hub| {
        let body = crate::world::body("NONE");
        hub.repository("org/tool").issues.get_mut(&1).unwrap().body(&body).updated_at("2030-01-01T00:00:00Z");
    });
    run().exits(0);
    let merged: serde_json::Value = serde_json::from_str(&project.read("notes.json")).unwrap();
    let numbers: Vec<&str> = merged.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(numbers, ["2", "4", "77"]);

    fs::write(&file, "no json").unwrap();
    let refused = run().exits(2);
    assert!(refused.err.contains("is no file of notes; move it away"), "{}", refused.err);
    assert_eq!(project.read("notes.json"), "no json");
}

#[test]
fn notes_of_which_nothing_is_known_stay() {
    let project = Project::new();
    let file = project.path("notes.json");
    let run = |args: &[&str]| {
        let line = ["generate", "v1.0.0..v1.1.0", "--format", "json", "-o", text(&file)];
        project.run(&[&line[..], args].concat()).exits(0)
    };
    let numbers = || {
        let notes: serde_json::Value = serde_json::from_str(&project.read("notes.json")).unwrap();
        notes.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    run(&["--path", "pulls/1.txt"]);
    assert_eq!(numbers(), ["1"]);
    run(&["--path", "pulls/2.txt"]);
    assert_eq!(numbers(), ["1", "2"], "a run for another folder");
    run(&[]);
    run(&["--include-labels", "kind/bug"]);
    assert_eq!(numbers(), ["1", "2", "4"], "a run for other labels");
    project.server.inject(Fault::new(On::Pull(2), Answer::Status(500)));
    let partial = run(&["--allow-partial", "--cache", text(&project.path("another-cache"))]);
    assert!(partial.err.contains("the notes are not complete: pull requests #2 could not be had"), "{}", partial.err);
    assert_eq!(numbers(), ["1", "2", "4"], "one that could not be had");
    project.server.heal();
    project.server.world(|hub| {
        let repo = hub.repository("org/tool");
        repo.issue(4).title("Only an issue");
        let large = body(&"x".repeat(1 << 20));
        repo.issues.get_mut(&1).unwrap().body(&large).updated_at("2030-01-01T00:00:00Z");
        repo.issues.get_mut(&2).unwrap().body(&body("NONE")).updated_at("2030-01-01T00:00:00Z");
    });
    let last = run(&["--cache", text(&project.path("third-cache"))]);
    assert!(last.err.contains("GitHub knows no pull request #4"), "{}", last.err);
    assert_eq!(numbers(), ["1", "4"], "and what was taken back goes");
}

#[test]
fn downloads_and_images() {
    let project = Project::new();
    let tars = project.path("tars");
    fs::create_dir(&tars).unwrap();
    fs::write(tars.join("tool-linux-amd64.tar.gz"), "x").unwrap();
    let strange = project.run(&["generate", "v1.0.0..v1.1.0", "--titles", "--downloads", text(&tars)]).exits(0);
    assert!(strange.err.contains("none of the 1 files is in a table of downloads"), "{}", strange.err);
    fs::write(tars.join("kubernetes-client-linux-amd64.tar.gz"), "x").unwrap();
    let args = ["generate", "v1.0.0..v1.1.0", "--titles", "--downloads", text(&tars)];
    let with = [&args[..], &["--template", "changelog", "--download-prefix", "https://dl.example.invalid"]].concat();
    let found = project.run(&with).exits(0);
    let sum = "a4abd4448c49562d828115d13a1fccea927f52b4d5459297f8b43e42da89238bc13626e43dcb38ddb082488927ec904fb42057443983e88585179d50551afe62";
    assert!(
        found.out.contains("https://dl.example.invalid/v1.1.0/kubernetes-client-linux-amd64.tar.gz"),
        "{}",
        found.out
    );
    assert!(found.out.contains(sum), "{}", found.out);
    let nothing = project.run(&["generate", "v1.0.0..v1.1.0", "--titles", "--images", text(&tars)]).exits(2);
    assert!(nothing.err.contains("error: there are no images in `"), "{}", nothing.err);
}

/// As root, a rename onto `/dev/null` would take it away from the whole machine.
#[test]
fn pipes_and_links_stay_what_they_are() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    let project = Project::new();
    let folder = project.git.folder();
    let (pipe, read) = (folder.join("pipe"), folder.join("read"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for format in ["markdown", "json"] {
        let copy = fs::File::create(&read).unwrap();
        let mut reader = std::process::Command::new("cat").arg(&pipe).stdout(copy).spawn().unwrap();
        let line = ["generate", "v1.0.0..v1.1.0", "--titles", "--format", format, "--out", text(&pipe)];
        seen(bare(folder, &line).current_dir(project.git.path())).exits(0);
        assert!(reader.wait().unwrap().success());
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo(), "{format}");
        assert!(fs::read_to_string(&read).unwrap().contains("Mend the pump"), "{format}");
    }
    let (link, target) = (folder.join("link.md"), folder.join("target.md"));
    fs::write(&target, "old").unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o600)).unwrap();
    symlink("target.md", &link).unwrap();
    let line = ["generate", "v1.0.0..v1.1.0", "--titles", "--out", text(&link)];
    seen(bare(folder, &line).current_dir(project.git.path())).exits(0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&target).unwrap(), TITLES);
}
