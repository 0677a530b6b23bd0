//! How a tag is spelled, and what a section counts from.

use crate::world::{Project, Seen, write};

fn section(project: &Project, tag: &str, args: &[&str]) -> Seen {
    project.run(&[&["section", "--tag", tag, "--titles", "--no-dependencies"], args].concat())
}

#[test]
fn a_tag_is_spelled_as_the_others_are() {
    let project = Project::new();
    let heads = project.heads();
    for (tag, right, like) in [
        ("1.1.0", "v1.1.0", "v1.0.0"),
        ("1.0.0", "v1.0.0", "v1.0.0"),
        ("v1.1.0-RC.1", "v1.1.0-rc.1", "v1.0.0"),
        ("1.1.0-RC.1", "v1.1.0-rc.1", "v1.0.0"),
    ] {
        let expected = format!(
            "error: `{tag}` is not how versions are tagged here\nhint: write `--tag {right}`, as `{like}` is\n\
             hint: if the spelling shall change, make the tag first\n"
        );
        for seen in [section(&project, tag, &[]), project.update(tag, &[])] {
            let seen = seen.exits(2);
            assert_eq!((seen.err, seen.out.as_str()), (expected.clone(), ""), "{tag}");
        }
    }
    assert_eq!(project.heads(), heads);
    // Somebody who makes the tag has decided.
    project.git.git(&["tag", "1.1.0-RC.1"]);
    assert!(section(&project, "1.1.0-RC.1", &[]).exits(0).out.starts_with("# 1.1.0-RC.1\n"));
    let refused = section(&project, "v1.1.0-rc.1", &[]).exits(2);
    assert!(refused.err.contains("write `--tag 1.1.0-RC.1`, as `1.1.0-RC.1` is"), "{}", refused.err);
}

#[test]
fn projects_without_the_letter() {
    let project = Project::new();
    for tag in ["1.0.0", "tool/1.0.0"] {
        project.git.git(&["tag", tag, "v1.0.0"]);
    }
    project.git.git(&["tag", "--delete", "v1.0.0"]);
    assert!(section(&project, "1.0.1", &[]).exits(0).out.starts_with("# 1.0.1\n\n## Changelog since [1.0.0]("));
    assert!(section(&project, "v1.0.1", &[]).exits(2).err.contains("write `--tag 1.0.1`, as `1.0.0` is"));
    let prefix = ["--tag-prefix", "tool/"];
    assert!(section(&project, "tool/v1.0.1", &prefix).exits(2).err.contains("write `--tag tool/1.0.1`"));
    assert!(section(&project, "tool/1.0.1", &prefix).exits(0).out.contains("[tool/1.0.0]("));
    // Both ways, and no tag at all: as it was typed.
    project.git.git(&["tag", "v1.0.0", "1.0.0"]);
    for tag in ["1.0.1", "v1.0.1"] {
        assert!(section(&project, tag, &[]).exits(0).out.starts_with(&format!("# {tag}\n")));
    }
    for tag in ["1.0.0", "v1.0.0"] {
        project.git.git(&["tag", "--delete", tag]);
    }
    for tag in ["1.0.1", "v1.0.1"] {
        assert!(section(&project, tag, &[]).exits(0).out.starts_with(&format!("# {tag}\n")));
    }
}

#[test]
fn a_version_whose_predecessor_is_no_tag() {
    let project = Project::new();
    for (tag, missing) in [
        ("v1.0.2", Some("v1.0.1")),
        ("v1.99.0", Some("v1.98.0")),
        ("v1.1.0-rc.3", Some("v1.1.0-rc.2")),
        ("v1.0.1", None),
        ("v1.1.0", None),
        ("v1.1.0-alpha.1", None),
        ("v1.1.0-rc.1", None),
    ] {
        let expected = missing.map(|missing| {
            format!("warning: {tag} counts from `v1.0.0`, because `{missing}` is no tag; `--start-rev` says where the notes begin\n")
        });
        let seen = section(&project, tag, &[]).exits(0);
        let warned: String =
            seen.err.lines().filter(|line| line.contains("counts from")).map(|line| format!("{line}\n")).collect();
        assert_eq!(warned, expected.unwrap_or_default(), "{tag}");
        assert!(!section(&project, tag, &["--start-rev", "v1.0.0"]).exits(0).err.contains("counts from"));
    }
}

#[test]
fn no_notes_are_told_of() {
    let project = Project::new();
    let seen = project.update("v1.1.0-alpha.1", &["--start-rev", "HEAD"]).exits(0);
    let warning = "warning: v1.1.0-alpha.1 has no notes: there are none from HEAD to main\n";
    assert!(seen.err.contains(warning), "{}", seen.err);
    let file = project.file("main", "CHANGELOG/CHANGELOG-1.1.md").unwrap();
    assert!(file.ends_with("\n\nNo change of this release carries a release note."), "{file}");
}

#[test]
fn one_version_in_two_spellings() {
    let project = Project::new();
    let path = project.git.path().join("CHANGELOG/CHANGELOG-1.1.md");
    write(&path, "# v1.1.1\n\nx\n\n# 1.1.1\n\ny\n");
    let found = project.run(&["check", "CHANGELOG/CHANGELOG-1.1.md"]).exits(9);
    assert_eq!(
        found.out,
        "CHANGELOG/CHANGELOG-1.1.md: `v1.1.1` and `1.1.1` are two sections of one version: lines 1 and 5\n"
    );
}

#[test]
fn files_called_minus() {
    let project = Project::new();
    for flag in ["--html-file", "--json-file"] {
        for seen in [section(&project, "v1.1.0", &[flag, "-"]), project.update("v1.1.0", &[flag, "-"])] {
            let expected =
                format!("error: `{flag} -` cannot be: stdout carries the result of the command\nhint: name a file\n");
            assert_eq!(seen.exits(2).err, expected);
        }
    }
    assert!(!project.git.path().join("-").exists());
}

#[test]
fn files_end_with_a_newline() {
    let project = Project::new();
    project.update("v1.1.0-alpha.1", &[]).exits(0);
    project.update("v1.0.1", &[]).exits(0);
    for line in ["0", "1"] {
        let text =
            std::fs::read_to_string(project.git.path().join(format!("CHANGELOG/CHANGELOG-1.{line}.md"))).unwrap();
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
    }
}
