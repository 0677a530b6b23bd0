//! A cycle of a project: alpha, candidate, release, patch; each run twice.

use std::fs;

use crate::world::{Project, text, write};

const ALPHA: &str = "\
<!-- BEGIN MUNGE: GENERATED_TOC -->

- [v1.1.0-alpha.1](#v110-alpha1)
  - [Changelog since v1.0.0](#changelog-since-v100)
  - [Changes by Kind](#changes-by-kind)
    - [Uncategorized](#uncategorized)

<!-- END MUNGE: GENERATED_TOC -->

# v1.1.0-alpha.1

## Changelog since [v1.0.0](https://github.com/org/tool/compare/v1.0.0...v1.1.0-alpha.1)

## Changes by Kind

### Uncategorized

- Mend the pump ([#1](https://github.com/org/tool/pull/1), [@ann](https://github.com/ann))";

#[test]
fn a_whole_cycle() {
    let mut project = Project::new();
    let twice = |project: &Project, tag: &str, args: &[&str]| {
        let first = project.update(tag, args).exits(0);
        let heads = project.heads();
        let second = project.update(tag, args).exits(0);
        assert_eq!(project.heads(), heads, "{tag}: the second run made a commit: {}", second.out);
        assert!(second.out.lines().all(|line| line.ends_with("the section is there already")), "{}", second.out);
        assert_eq!(project.status(), "", "{tag}: the work tree follows");
        first
    };

    // The first of a cycle: a new file on the default branch, and a line in the index.
    let first = twice(&project, "v1.1.0-alpha.1", &[]);
    assert!(
        first.out.ends_with(": a new file\n  CHANGELOG/CHANGELOG-1.1.md\n  CHANGELOG/README.md\n"),
        "{}",
        first.out
    );
    assert!(first.out.starts_with("main "), "{}", first.out);
    assert_eq!(project.file("main", "CHANGELOG/CHANGELOG-1.1.md").unwrap(), ALPHA);
    assert!(project.file("main", "CHANGELOG/README.md").unwrap().contains("CHANGELOG-1.1.md"));
    assert_eq!(project.last("main"), "CHANGELOG: Update directory for v1.1.0-alpha.1 release|Kubernetes Release Robot");
    assert_eq!(fs::read_to_string(project.git.path().join("CHANGELOG/CHANGELOG-1.1.md")).unwrap().trim_end(), ALPHA);
    project.git.tag("v1.1.0-alpha.1");

    // A candidate goes to the release branch and to the default branch.
    project.git.create_branch("release-1.1");
    project.git.merge_pull(2, "bob/two", "Add a valve");
    project.git.switch("main");
    twice(&project, "v1.1.0-rc.0", &["--author", "Someone <someone@example.invalid>"]);
    for branch in ["main", "release-1.1"] {
        let file = project.file(branch, "CHANGELOG/CHANGELOG-1.1.md").unwrap();
        let (rc, alpha) = (file.find("\n# v1.1.0-rc.0\n").unwrap(), file.find("\n# v1.1.0-alpha.1\n").unwrap());
        assert!(rc < alpha && file.contains("- Add a valve ([#2]"), "{branch}: {file}");
        assert!(file.contains("## Changelog since [v1.1.0-alpha.1]("), "{branch}: {file}");
        assert!(project.files(branch).contains(&"CHANGELOG/CHANGELOG-1.0.md".to_owned()), "{branch}");
    }
    assert_eq!(project.last("release-1.1"), "Update CHANGELOG/CHANGELOG-1.1.md for v1.1.0-rc.0|Someone");
    project.git.git(&["tag", "v1.1.0-rc.0", "release-1.1"]);

    // The release: the reviewed draft as it is; the release branch keeps its own changelog alone.
    let draft = project.path("draft.md");
    write(&draft, "## Changes by Kind\n\n### Feature\n\n- Reviewed words.\n");
    let page = project.path("v1.1.0.html");
    let args = ["update", "--tag", "v1.1.0", "--draft", text(&draft), "--html-file", text(&page)];
    project.run(&args).exits(0);
    let heads = project.heads();
    project.run(&args).exits(0);
    assert_eq!(project.heads(), heads);
    assert_eq!(project.files("release-1.1"), ["CHANGELOG/CHANGELOG-1.1.md", "CHANGELOG/README.md"]);
    assert_eq!(
        project.files("main"),
        ["CHANGELOG/CHANGELOG-1.0.md", "CHANGELOG/CHANGELOG-1.1.md", "CHANGELOG/README.md"]
    );
    for branch in ["main", "release-1.1"] {
        let file = project.file(branch, "CHANGELOG/CHANGELOG-1.1.md").unwrap();
        assert!(file.contains("- Reviewed words.") && file.find("# v1.1.0\n") < file.find("# v1.1.0-rc.0\n"), "{file}");
    }
    assert!(fs::read_to_string(project.path("v1.1.0.html")).unwrap().contains("Reviewed words."));
    project.git.git(&["tag", "v1.1.0", "release-1.1"]);

    // A patch counts from the release.
    project.git.switch("release-1.1");
    project.git.merge_pull(3, "ann/three", "Mend the valve");
    twice(&project, "v1.1.1", &[]);
    for branch in ["main", "release-1.1"] {
        let file = project.file(branch, "CHANGELOG/CHANGELOG-1.1.md").unwrap();
        assert!(
            file.contains("# v1.1.1\n\n## Changelog since [v1.1.0](") && file.contains("- Mend the valve ([#3]"),
            "{file}"
        );
    }
    // A commit on each branch for each version: nothing was rewritten.
    assert_eq!(project.git.git(&["rev-list", "--count", "--first-parent", "main"]), "6");
    project.run(&["check", "CHANGELOG"]).exits(0);
}

#[test]
fn a_section_that_was_edited_by_hand_stays() {
    let mut project = Project::new();
    project.update("v1.1.0-alpha.1", &[]).exits(0);
    let path = "CHANGELOG/CHANGELOG-1.1.md";
    let edited = project.file("main", path).unwrap().replace("- Mend the pump (", "- Mend the big pump (") + "\n";
    project.git.commit_files("Better words", &[(path, &edited)]);
    let heads = project.heads();
    let kept = project.update("v1.1.0-alpha.1", &[]).exits(0);
    assert!(kept.err.contains("the section of v1.1.0-alpha.1 on `main` was edited by hand (line "), "{}", kept.err);
    assert!(kept.err.contains("`--replace` writes it anew"), "{}", kept.err);
    assert!(kept.out.contains("the section was edited by hand, and stays"), "{}", kept.out);
    assert_eq!(project.heads(), heads);
    project.update("v1.1.0-alpha.1", &["--replace"]).exits(0);
    assert_eq!(project.file("main", path).unwrap(), ALPHA);
}

#[test]
fn a_plan_changes_nothing() {
    let project = Project::new();
    let heads = project.heads();
    let plan = project.update("v1.1.0-alpha.1", &["--plan"]).exits(0);
    assert_eq!(plan.out, "main: would get a commit: a new file\n  CHANGELOG/CHANGELOG-1.1.md\n  CHANGELOG/README.md\n");
    assert_eq!((project.heads(), project.status()), (heads, String::new()));
    let section = project.run(&["section", "--tag", "v1.1.0-alpha.1", "--titles", "--no-dependencies"]).exits(0);
    assert!(ALPHA.ends_with(section.out.trim_end()), "{}", section.out);
    let json = project.update("v1.1.0-alpha.1", &["--plan", "--output", "json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&json["schema"], &json["applied"]), (&"krel/changelog-update/v1".into(), &false.into()));
    assert_eq!((&json["branches"][0]["section"], &json["previous"]), (&"created".into(), &"v1.0.0".into()));
}

#[test]
fn files_that_somebody_works_at() {
    let project = Project::new();
    let heads = project.heads();
    write(&project.git.path().join("main.c"), "int work;\n");
    let refused = project.update("v1.1.0-alpha.1", &[]).exits(3);
    assert!(refused.err.contains("branch `main` is checked out, and files in it are changed"), "{}", refused.err);
    assert!(refused.err.contains("hint: commit or stash them first"), "{}", refused.err);
    assert_eq!(project.heads(), heads);
    assert_eq!(fs::read_to_string(project.git.path().join("main.c")).unwrap(), "int work;\n");
    project.git.git(&["checkout", "--quiet", "main.c"]);

    // A file that git does not know, where the changelog belongs.
    let mine = project.git.path().join("CHANGELOG/CHANGELOG-1.1.md");
    write(&mine, "mine\n");
    let refused = project.update("v1.1.0-alpha.1", &[]).exits(3);
    assert!(
        refused.err.contains("`CHANGELOG/CHANGELOG-1.1.md` is in the work tree, and not part of branch `main`"),
        "{}",
        refused.err
    );
    assert_eq!((project.heads(), fs::read_to_string(&mine).unwrap()), (heads.clone(), "mine\n".to_owned()));
    fs::remove_file(&mine).unwrap();
    // One elsewhere is in nobody's way.
    write(&project.git.path().join("scratch.txt"), "mine\n");
    project.update("v1.1.0-alpha.1", &[]).exits(0);
    assert_eq!(project.status(), "?? scratch.txt");
    assert_ne!(project.heads(), heads);
}

#[test]
fn other_names() {
    let project = Project::new();
    project.update("v1.1.0-alpha.1", &["--file", "docs/CHANGES.md", "--no-index"]).exits(0);
    assert_eq!(project.git.git(&["diff", "--name-only", "HEAD^"]), "docs/CHANGES.md");
    let json = project.path("notes.json");
    let page = project.path("notes.html");
    let files = ["--json-file", text(&json), "--html-file", text(&page)];
    project.update("v1.1.0-alpha.2", &[&files[..], &["--plan"]].concat()).exits(0);
    assert!(!json.exists() && !page.exists(), "a plan writes nothing");
    project.update("v1.1.0-alpha.2", &files).exits(0);
    assert!(fs::read_to_string(&page).unwrap().contains("Mend the pump"));
    assert!(fs::read_to_string(&json).unwrap().contains("\"pr_number\": 1"));
}

#[test]
fn what_is_wrong_is_named() {
    let project = Project::new();
    let heads = project.heads();
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str)] = &[
        (&["update", "--titles"], 2, "error: the version is not given\nhint: name it with `--tag v1.30.0-rc.0`"),
        (&["update", "--titles", "--tag", "next"], 2, "error: `next` is no version: "),
        (&["update", "--titles", "--tag", "v1.1.0", "--start-rev", "v9"], 2, "error: the repository has no commit, tag or branch `v9`"),
        (&["update", "--titles", "--tag", "v1.1.0", "--branch", "gone"], 2, "error: the repository has no commit, tag or branch `gone`"),
        (&["update", "--tag", "v1.1.0", "--draft", "/nowhere"], 2, "error: cannot read `/nowhere`"),
        (&["update", "--tag", "v1.1.0"], 6, "error: there is no token for GitHub"),
        (&["update", "--titles", "--tag", "v1.1.0", "--author", "x"], 2, "error: invalid value 'x' for '--author"),
        (&["update", "--titles", "--tag", "v1.1.0", "--file", "../up.md"], 2, "error: "),
        (&["update", "--titles", "--tag", "v1.1.0", "--repo", "/nowhere"], 2, "error: cannot open the repository `/nowhere`"),
    ];
    for (args, code, error) in cases {
        let found = project.run(args);
        assert_eq!(found.code, *code, "{args:?}: {}", found.err);
        let errors = &found.err[found.err.find("error: ").unwrap_or(0)..];
        assert!(errors.starts_with(error), "{args:?}: {}", found.err);
        assert_eq!((project.heads(), project.status()), (heads.clone(), String::new()), "{args:?}");
    }
}

#[test]
fn ends_that_make_no_range() {
    let mut project = Project::new();
    let change = project.git.head();
    project.git.git(&["checkout", "--quiet", "--orphan", "alone"]);
    project.git.commit("Begin alone");
    project.git.switch("main");
    let heads = project.heads();
    for (args, error) in [
        (&["--start-rev", &change, "--end-rev", "v1.0.0"][..], "so the range is empty: the ends are swapped"),
        (&["--start-rev", "alone"], "error: `alone` and `main` have no common ancestor"),
    ] {
        for verb in ["update", "section"] {
            let line = [&[verb, "--tag", "v1.1.0-alpha.1", "--titles", "--no-dependencies"], args].concat();
            let found = project.run(&line).exits(2);
            assert!(found.err.contains(error), "{line:?}: {}", found.err);
            assert_eq!((project.heads(), found.out.as_str()), (heads.clone(), ""), "{line:?}");
        }
    }
}

#[test]
fn the_branch_that_is_written_is_the_one_that_is_read() {
    let mut project = Project::new();
    let old = project.git.head();
    project.git.merge_pull(2, "bob/two", "Add a valve");
    let new = project.git.head();
    let has = |text: &str| [text.contains("Mend the pump"), text.contains("Add a valve")];
    for (local, remote, expected) in [(&new, &old, [true, true]), (&old, &new, [true, false])] {
        project.git.git(&["reset", "--quiet", "--hard", local]);
        project.git.git(&["update-ref", "refs/remotes/origin/main", remote]);
        let section = project.run(&["section", "--tag", "v1.1.0-alpha.1", "--titles", "--no-dependencies"]).exits(0);
        assert_eq!(has(&section.out), [true, !expected[1]], "what the remote has: {}", section.out);
        project.update("v1.1.0-alpha.1", &[]).exits(0);
        let file = project.file("main", "CHANGELOG/CHANGELOG-1.1.md").unwrap();
        assert_eq!(has(&file), expected, "local {local}, remote {remote}: {file}");
    }
}

#[test]
fn a_url_is_no_place_to_write_to() {
    let project = Project::new();
    let url = format!("file://{}", project.git.path().display());
    for args in [&["--repo", url.as_str()][..], &["--repo", &url, "--plan"]] {
        let refused = project.update("v1.1.0-alpha.1", args).exits(2);
        let error =
            format!("error: `{url}` is no place to write to: a commit in its mirror would be lost\nhint: clone it");
        assert!(refused.err.starts_with(&error), "{}", refused.err);
        assert!(!project.path(".cache").exists(), "nothing is mirrored first");
    }
    let refused = project.update("v1.1.0-alpha.1", &["--repo", "https://user:word@example.invalid/x"]).exits(2);
    assert!(!refused.err.contains("word@"), "{}", refused.err);
    let line = ["section", "--tag", "v1.1.0-alpha.1", "--titles", "--no-dependencies", "--github", "org/tool"];
    let section = project.run(&[&line[..], &["--repo", &url]].concat()).exits(0);
    assert!(ALPHA.ends_with(section.out.trim_end()), "{}", section.out);
}

#[test]
fn stopped_between_the_branches() {
    let mut project = Project::new();
    project.git.create_branch("release-1.1");
    project.git.merge_pull(2, "bob/two", "Add a valve");
    project.git.switch("main");
    // Another git holds the release branch.
    let lock = project.git.path().join(".git/refs/heads/release-1.1.lock");
    write(&lock, "");
    let release = project.git.git(&["rev-parse", "release-1.1"]);
    let stopped = project.update("v1.1.0-rc.0", &[]);
    assert!(stopped.code != 0 && stopped.err.contains("hint: run it again"), "{}", stopped.err);
    assert_eq!(project.git.git(&["rev-parse", "release-1.1"]), release);
    assert_eq!(project.status(), "", "the work tree is as its branch says");
    fs::remove_file(&lock).unwrap();
    project.update("v1.1.0-rc.0", &[]).exits(0);
    let heads = project.heads();
    for branch in ["main", "release-1.1"] {
        let file = project.file(branch, "CHANGELOG/CHANGELOG-1.1.md").unwrap();
        assert_eq!(file.matches("\n# v1.1.0-rc.0\n").count(), 1, "{branch}: {file}");
        assert_eq!(project.git.git(&["rev-list", "--count", &format!("{branch}^..{branch}")]), "1");
    }
    project.update("v1.1.0-rc.0", &[]).exits(0);
    assert_eq!(project.heads(), heads);
}

#[test]
fn a_changelog_that_is_none() {
    let mut project = Project::new();
    project.git.commit_files(
        "Spoil",
        &[("CHANGELOG/CHANGELOG-1.1.md", "# v1.1.0-alpha.1\n\none\n\n# v1.1.0-alpha.1\n\ntwo\n")],
    );
    let heads = project.heads();
    let found = project.update("v1.1.0-alpha.1", &[]).exits(2);
    assert!(found.err.contains("CHANGELOG/CHANGELOG-1.1.md"), "{}", found.err);
    assert_eq!(project.heads(), heads);
}

#[test]
fn a_bare_repository_and_a_moved_branch() {
    let project = Project::new();
    let bare = project.git.bare_remote("bare.git");
    let args = ["--repo", text(bare.path()), "--github", "org/tool"];
    project.update("v1.1.0-alpha.1", &args).exits(0);
    let listing = testkit::git(bare.path(), &["ls-tree", "-r", "--name-only", "main", "CHANGELOG"]);
    assert_eq!(listing.lines().count(), 3, "{listing}");
    // The local branch is missing: nothing is guessed.
    project.git.git(&["update-ref", "refs/remotes/origin/release-1.1", "main"]);
    let found = project.update("v1.1.0-rc.0", &[]).exits(2);
    assert!(
        found.err.contains("hint: make the local branch: `git branch release-1.1 origin/release-1.1`"),
        "{}",
        found.err
    );
    assert_eq!(project.heads().lines().count(), 1);
}
