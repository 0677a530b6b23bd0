//! `check` and its `--fix`.

use std::fs;

use crate::world::{Project, write};

#[test]
fn found_and_mended() {
    let project = Project::new();
    let at = |name: &str| project.git.path().join("CHANGELOG").join(name);
    assert_eq!(project.run(&["check", "CHANGELOG"]).exits(0).out, "CHANGELOG/CHANGELOG-1.0.md: 1 version\n");
    let good = fs::read_to_string(at("CHANGELOG-1.0.md")).unwrap();
    let wrong = good.replace("(#v100)", "(#v999)");
    write(&at("CHANGELOG-1.1.md"), &wrong);
    write(&at("CHANGELOG-1.2.md"), "# v1.2.0\n\nx\n\n# v1.2.0\n\ny\n");
    write(&at("NOTES.md"), "nothing");
    let found = project.run(&["check", "CHANGELOG"]).exits(9);
    assert!(
        found.out.contains("CHANGELOG/CHANGELOG-1.1.md: the table of contents is not that of the sections\n"),
        "{}",
        found.out
    );
    assert!(
        found.out.contains("CHANGELOG/CHANGELOG-1.2.md: `v1.2.0` has two sections: lines 1 and 5\n"),
        "{}",
        found.out
    );
    assert_eq!(fs::read_to_string(at("CHANGELOG-1.1.md")).unwrap(), wrong, "a check changes nothing");

    let fixed = project.run(&["check", "CHANGELOG", "--fix"]).exits(9);
    assert!(fixed.out.contains("CHANGELOG/CHANGELOG-1.1.md: mended: "), "{}", fixed.out);
    assert_eq!(fs::read_to_string(at("CHANGELOG-1.1.md")).unwrap(), good);
    fs::remove_file(at("CHANGELOG-1.2.md")).unwrap();
    project.run(&["check", "CHANGELOG"]).exits(0);
    project.run(&["check", "CHANGELOG/CHANGELOG-1.1.md", "--fix"]).exits(0);
    assert_eq!(fs::read_to_string(at("CHANGELOG-1.1.md")).unwrap(), good);
}

#[test]
fn nothing_to_check() {
    let project = Project::new();
    let gone = project.run(&["check", "gone.md"]).exits(2);
    assert_eq!(gone.err, "error: cannot read `gone.md`\n  caused by: No such file or directory (os error 2)\n");
    fs::create_dir(project.path("empty")).unwrap();
    let empty = project.run(&["check", "../empty"]).exits(2);
    assert!(empty.err.starts_with("error: there are no changelogs in `../empty`\nhint: "), "{}", empty.err);
    let json = project.run(&["check", "CHANGELOG", "--output", "json"]).exits(0);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["schema"], "krel/checked-changelogs/v1");
    assert_eq!(json["files"][0]["sections"], 1);
}
