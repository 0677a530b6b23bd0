//! `render`, `validate` and `site`: files in, files out.

use std::fs;

use crate::world::{bare, seen, shared, text};

#[test]
fn published_drafts_are_rendered_to_the_byte() {
    let Some(folder) = shared("release-notes") else { return };
    let home = tempfile::tempdir().unwrap();
    // Since 2024 the original shows notes that are not to be published but were edited; two of these are in 1.30.
    for (line, editions) in
        [("release-1.24", &["2021", "2026"][..]), ("release-1.30", &["2026"]), ("release-1.32", &["2026"])]
    {
        let draft = folder.join(line).join("release-notes-draft.json");
        let expected = fs::read(folder.join(line).join("release-notes-draft.md")).unwrap();
        let out = home.path().join("out.md");
        for edition in editions {
            let args = ["render", text(&draft), "--strict", edition, "-o", text(&out)];
            assert_eq!(seen(&mut bare(home.path(), &args)).exits(0).out, format!("{}\n", out.display()));
            assert!(fs::read(&out).unwrap() == expected, "{line} {edition}: other bytes");
        }
        let json = home.path().join("out.json");
        seen(&mut bare(home.path(), &["render", text(&draft), "--format", "json", "-o", text(&json)])).exits(0);
        assert!(fs::read(&json).unwrap() == fs::read(&draft).unwrap(), "{line}: other JSON");
        // The corrected form shows what the original hid or tore.
        let ours = seen(&mut bare(home.path(), &["render", text(&draft)])).exits(0).out;
        assert!(ours.as_bytes() != expected && !ours.lines().any(|line| line.starts_with("- NONE")), "{line}");
    }
}

#[test]
fn published_maps_change_nothing_of_published_drafts() {
    let Some(folder) = shared("release-notes") else { return };
    let home = tempfile::tempdir().unwrap();
    // What was written behind edited notes changed in 2024.
    for (line, edition, era) in
        [("release-1.24", "2021", "never"), ("release-1.30", "2026", "never"), ("release-1.32", "2026", "several")]
    {
        let (draft, maps) = (folder.join(line).join("release-notes-draft.json"), folder.join(line).join("maps"));
        let rules = ["--strict", edition, "--suffix-era", era, "-o", "out.md"];
        let args = [&["render", text(&draft), "--maps-from", text(&maps)], &rules[..]].concat();
        seen(&mut bare(home.path(), &args)).exits(0);
        let expected = fs::read(folder.join(line).join("release-notes-draft.md")).unwrap();
        assert!(fs::read(home.path().join("out.md")).unwrap() == expected, "{line}: other bytes");
        if edition == "2026" {
            let rules = ["--compat", "strict", "--suffix-era", era, "-o", "compat.md"];
            seen(&mut bare(home.path(), &[&args[..4], &rules[..]].concat())).exits(0);
            assert!(fs::read(home.path().join("compat.md")).unwrap() == expected, "{line}: other bytes");
        }
    }
}

#[test]
fn published_maps_are_valid() {
    let Some(folder) = shared("release-notes") else { return };
    let home = tempfile::tempdir().unwrap();
    for (line, maps) in [("release-1.24", 313), ("release-1.30", 245), ("release-1.32", 148)] {
        let found = seen(&mut bare(home.path(), &["validate", text(&folder.join(line).join("maps"))])).exits(0);
        assert_eq!(found.out, format!("{maps} maps in {maps} files: all good\n"));
    }
}

#[test]
fn a_map_that_is_no_text_hides_no_other_finding() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.yaml"), b"pr: 1\nreleasenote: {text: \xff}\n").unwrap();
    fs::write(home.path().join("b.yaml"), "pr: 2\nreleasenote:\n  texxt: x\n").unwrap();
    fs::write(home.path().join("c.yaml"), "pr: 3\nreleasenote:\n  text: x\n").unwrap();
    let found = seen(&mut bare(home.path(), &["validate", "."])).exits(9);
    let lines: Vec<&str> = found.out.lines().collect();
    assert!(lines[0].contains("a.yaml:1: ") && lines[1].contains("b.yaml:3: unknown key `texxt`"), "{}", found.out);
    assert_eq!(lines[2..], ["1 map in 3 files: 2 problems"]);
    let dash = seen(&mut bare(home.path(), &["render", "x.json", "-o", "-"])).exits(2);
    assert!(!home.path().join("-").exists(), "{}", dash.err);
}

/// Two editors of one folder: what the first one wrote would be lost in silence. Another folder may say something else.
#[test]
fn maps_that_say_a_thing_twice() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(home.path().join(name), content).unwrap();
    write("a.yaml", "pr: 1\nreleasenote:\n  text: first\n  kinds: [bug]\n---\npr: 2\nreleasenote: {text: other}\n");
    write("b.yaml", "pr: 1\nreleasenote:\n  author: ann\n  text: second\n");
    let found = seen(&mut bare(home.path(), &["validate", "."])).exits(0);
    assert_eq!(
        found.out,
        "./b.yaml:4: warning: `text` of #1 is set in ./a.yaml:3 too, and what is said there is lost\n\
         3 maps in 2 files: all good\n"
    );
    let found = seen(&mut bare(home.path(), &["validate", ".", "--annotations"])).exits(0);
    assert!(
        found.out.starts_with("::warning file=./b.yaml,line=4,title=release note map::`text` of #1"),
        "{}",
        found.out
    );
    let json = seen(&mut bare(home.path(), &["validate", ".", "--output", "json"])).exits(0).json();
    assert_eq!((&json["problems"], &json["warnings"][0]["line"]), (&serde_json::json!([]), &serde_json::json!(4)));
    assert_eq!(
        seen(&mut bare(home.path(), &["validate", "a.yaml", "b.yaml"])).exits(0).out,
        "3 maps in 2 files: all good\n"
    );
    write("b.yaml", "embargo: 2999-01-01T00:00:00Z\npr: 1\nreleasenote:\n  text: second\n");
    assert_eq!(seen(&mut bare(home.path(), &["validate", "."])).exits(0).out, "3 maps in 2 files: all good\n");
}

#[test]
fn maps_that_are_wrong() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &str| fs::write(home.path().join(name), content).unwrap();
    write("a.yaml", "pr: 1\nreleasenote:\n  text: \"open\n");
    write("b.yaml", "pr: 2\nreleasenote:\n  texxt: x\n");
    write("c.yaml", "releasenote:\n  text: x\n");
    write("d.yaml", "pr: 4\nreleasenote:\n  text: good\n");
    write("notes.txt", "not a map");
    let found = seen(&mut bare(home.path(), &["validate", "."])).exits(9);
    assert_eq!(
        found.out,
        "./a.yaml:3: this is not YAML\n./b.yaml:3: unknown key `texxt`; did you mean `text`?\n./c.yaml:1: `pr` is missing\n\
         1 map in 4 files: 3 problems\n"
    );
    let found = seen(&mut bare(home.path(), &["validate", "b.yaml", "--annotations"])).exits(9);
    assert!(
        found.out.starts_with("::error file=b.yaml,line=3,title=release note map::unknown key `texxt`"),
        "{}",
        found.out
    );
    let json = seen(&mut bare(home.path(), &["validate", "c.yaml", "--output", "json"])).exits(9).json();
    assert_eq!(json["problems"][0]["line"], 1);
    let gone = seen(&mut bare(home.path(), &["validate", "gone"])).exits(2);
    assert_eq!(gone.err, "error: cannot read `gone`\n  caused by: No such file or directory (os error 2)\n");
}

const NOTES: &str = r#"{"7": {"commit": "c0ffee", "text": "The pump <b>works</b>", "markdown": "The pump `<b>works</b>` (#7, @ann) [SIG Node]",
"author": "ann", "author_url": "https://github.com/ann", "pr_url": "https://github.com/org/tool/pull/7", "pr_number": 7,
"kinds": ["bug"], "sigs": ["node"]}}"#;

#[test]
fn notes_in_other_forms() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("notes.json"), NOTES).unwrap();
    let run = |args: &[&str]| seen(&mut bare(home.path(), &[&["render", "notes.json"], args].concat()));
    let plain = run(&[]).exits(0).out;
    assert!(
        plain.starts_with("## Changes by Kind\n\n### Bug or Regression\n\n- The pump &lt;b>works&lt;/b> ([#7]("),
        "{plain}"
    );
    assert!(run(&["--title", "v1.1.0"]).exits(0).out.starts_with("# v1.1.0\n\n"));
    let since = run(&["--title", "v1.1.0", "--previous", "v1.0.0", "--toc"]).exits(0).out;
    assert!(since.contains("## Changelog since v1.0.0\n") && since.contains("(#changelog-since-v100)"), "{since}");
    let listed = run(&["--title", "v1.1.0", "--template", "changelog", "--toc"]).exits(0).out;
    let plain = run(&["--title", "v1.1.0", "--template", "changelog"]).exits(0).out;
    let (toc, below) = listed.split_once("\n\n").unwrap();
    assert!(
        toc.starts_with("- [v1.1.0](#v110)\n") && toc.contains("[Bug or Regression](#bug-or-regression)"),
        "{listed}"
    );
    assert_eq!(below, plain, "below it the template's text is as it was");
    for (args, error) in [
        (["--toc", "--format", "json"], "JSON has no table of contents"),
        (["--template=default", "--format", "json"], "JSON has no template"),
    ] {
        assert!(run(&args).exits(2).err.contains(error), "{args:?}");
    }
    let page = run(&["--format", "html", "--title", "v1.1.0"]).exits(0).out;
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("&lt;b&gt;works"), "{page}");
    let json = run(&["--output", "json"]).exits(0).json();
    assert_eq!((&json["schema"], &json["notes"]), (&"krel/rendered-notes/v1".into(), &1.into()));
    run(&["--template", "inline:{{#if"]).exits(2);
    // By the names that `generate` knows.
    let default = run(&["--template", "default"]).exits(0).out;
    assert_eq!(run(&["--template", "go-template:default"]).exits(0).out, default);
    assert!(run(&["--template", ""]).exits(2).err.contains("it is empty"));
    fs::create_dir(home.path().join("maps")).unwrap();
    fs::write(home.path().join("maps/pr-7.yaml"), "pr: 7\nreleasenote:\n  text: The pump is dry.\n").unwrap();
    let edited = run(&["--maps-from", "maps"]).exits(0).out;
    assert!(edited.contains("- The pump is dry. ([#7]"), "{edited}");
    run(&["--template", "changelog", "--format", "json"]).exits(2);
    fs::write(home.path().join("notes.json"), "{").unwrap();
    let wrong = run(&["-o", "out.md"]).exits(2);
    assert!(
        wrong.err.contains("hint: `notes.json` should hold notes as `generate --format json` writes them"),
        "{}",
        wrong.err
    );
    assert!(!home.path().join("out.md").exists());
}

#[test]
fn a_site_of_published_notes() {
    let Some(folder) = shared("release-notes-json") else { return };
    let home = tempfile::tempdir().unwrap();
    let args = ["site", text(&folder), "-o", "site/index.html", "--json", "site/assets"];
    let found = seen(&mut bare(home.path(), &args)).exits(0);
    assert!(found.out.starts_with("site/index.html: 1680 notes of 9 releases, "), "{}", found.out);
    let page = fs::read_to_string(home.path().join("site/index.html")).unwrap();
    assert!(!page.contains("src=\"http") && !page.contains("<link"), "the page asks no server for anything");
    for number in ["v1.14.2", "v1.23.0", "v1.22.0-alpha.1"] {
        assert!(page.contains(number), "{number}");
    }
    let index = fs::read_to_string(home.path().join("site/assets/index.json")).unwrap();
    assert!(index.contains("release-notes-1.22.0-alpha.1.json"), "{index}");
    assert_eq!(fs::read_dir(home.path().join("site/assets")).unwrap().count(), 10);
    // Made again, the same bytes.
    seen(&mut bare(home.path(), &args)).exits(0);
    assert!(fs::read_to_string(home.path().join("site/index.html")).unwrap() == page);
}

#[test]
fn a_site_of_nothing() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("notes.json"), NOTES).unwrap();
    let nameless = seen(&mut bare(home.path(), &["site", "notes.json"])).exits(2);
    assert!(nameless.err.contains("`notes.json` has no version in its name"), "{}", nameless.err);
    let neither = seen(&mut bare(home.path(), &["site", "gone.json"])).exits(2);
    assert!(neither.err.starts_with("error: cannot read `gone.json`"), "{}", neither.err);
    let empty = seen(&mut bare(home.path(), &["site", "."])).exits(2);
    assert!(empty.err.starts_with("error: there are no notes"), "{}", empty.err);
    let gone = seen(&mut bare(home.path(), &["site", "gone-1.2.3.json"])).exits(2);
    assert!(gone.err.starts_with("error: cannot read `gone-1.2.3.json`"), "{}", gone.err);
    assert!(!home.path().join("release-notes.html").exists());
    fs::write(home.path().join("release-notes-1.1.0.json"), NOTES).unwrap();
    seen(&mut bare(home.path(), &["site", "."])).exits(0);
    let page = fs::read_to_string(home.path().join("release-notes.html")).unwrap();
    assert!(page.contains("v1.1.0") && !page.contains("<b>works"), "notes are text");
    // The name is that of the repository, not of the profile that nobody asked for.
    assert!(page.contains("https://github.com/org/tool") && !page.contains("kubernetes"), "{page}");
}
