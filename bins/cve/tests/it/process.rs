//! What bash and programs see, and what lies on the disk afterwards.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use assert_cmd::cargo::cargo_bin;

const RECORD: &str = include_str!("../../README.in/record.yaml");

/// The examples of the README write files: `README.in` is the folder they start in, `README.out` what must be there afterwards.
#[test]
fn readme() {
    trycmd::TestCases::new()
        .env("KREL_OUTPUT", "human")
        .env("KREL_COLOR", "never")
        .register_bin("cve", trycmd::cargo::cargo_bin!("cve"))
        .case("README.md");
}

fn run(args: &[&str], folder: &Path, input: &str) -> Output {
    let mut child = Command::new(cargo_bin!("cve"))
        .args(args)
        .current_dir(folder)
        .env("KREL_COLOR", "never")
        .env_remove("KREL_OUTPUT")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).ok();
    child.wait_with_output().unwrap()
}

fn all(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_under_embargo_are_their_owners() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cve/CVE-2026-1234.yaml");
    let output = run(&["new", "CVE-2026-1234", "--file", "-", "--embargo", "2999-01-01"], home.path(), RECORD);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert_eq!(all(&output), "created CVE-2026-1234, under embargo until 2999-01-01T00:00:00Z\n");
    assert_eq!(mode(&path), 0o600);
    assert!(fs::read_to_string(&path).unwrap().contains("    embargo: 2999-01-01T00:00:00Z\n"));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let output = run(&["validate"], home.path(), "");
    assert_eq!(output.status.code(), Some(9));
    assert!(all(&output).starts_with("CVE-2026-1234.yaml:1: others can read this file"), "{}", all(&output));

    let output = run(&["edit", "CVE-2026-1234", "--lift-embargo"], home.path(), "");
    assert_eq!(all(&output), "changed CVE-2026-1234\n");
    assert_eq!(mode(&path), 0o644);
    assert!(!fs::read_to_string(&path).unwrap().contains("embargo"));
    // An embargo that is over hides nothing, but the file stays its owner's until somebody takes the embargo out.
    let over = RECORD.replace("    score", "    embargo: 2001-01-01\n    score");
    fs::write(&path, &over).unwrap();
    let better = over.replace("Node proxy", "The node proxy");
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), &better);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert_eq!((mode(&path), fs::read_to_string(&path).unwrap()), (0o600, better));
    assert!(all(&run(&["show", "CVE-2026-1234"], home.path(), "")).starts_with("CVE-2026-1234: The node proxy"));
}

#[test]
fn an_embargo_is_not_lifted_by_leaving_it_out() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cve/CVE-2026-1234.yaml");
    let text = || fs::read_to_string(&path).unwrap();
    let text_of = |embargo: &str| RECORD.replace("    id: ", &format!("    embargo: {embargo}\n    id: "));
    let commented = format!("# Ask someone first.\n{RECORD}");
    let output = run(&["new", "CVE-2026-1234", "--file", "-", "--embargo", "2999-01-01"], home.path(), &commented);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let first = format!("# Ask someone first.\n{}", text_of("2999-01-01T00:00:00Z"));
    assert_eq!(text(), first, "a line more, and the comment");

    // The same file again: nothing is lost.
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), &commented);
    assert_eq!((output.status.code(), mode(&path), text()), (Some(0), 0o600, first), "{}", all(&output));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("unchanged "), "{}", all(&output));

    let better = RECORD.replace("Node proxy", "The node proxy");
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), &better);
    let told = all(&output);
    assert!(told.starts_with("changed CVE-2026-1234, under embargo until 2999-01-01T00:00:00Z\n"), "{told}");
    let warning = "warning: the text names no embargo, so the one until 2999-01-01T00:00:00Z stays; \
                   `cve edit CVE-2026-1234 --lift-embargo` takes it out\n";
    assert!(told.ends_with(warning), "{told}");
    assert_eq!(mode(&path), 0o600);
    assert!(text().contains("    embargo: 2999-01-01T00:00:00Z\n    id: ") && text().contains("The node proxy"));

    // What the text says of it is taken, and what a flag says before that.
    run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), &text_of("2888-01-01"));
    assert_eq!((mode(&path), text()), (0o600, text_of("2888-01-01")));
    run(&["edit", "CVE-2026-1234", "--file", "-", "--embargo", "2777-01-01"], home.path(), &text_of("2888-01-01"));
    assert_eq!((mode(&path), text()), (0o600, text_of("2777-01-01T00:00:00Z")));

    // A present file that cannot be read may be under embargo.
    let broken = text_of("2999-01-01").replace("    title", "   title");
    fs::write(&path, &broken).unwrap();
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), RECORD);
    assert_eq!((output.status.code(), text()), (Some(2), broken), "{}", all(&output));
    assert!(all(&output).contains("the present file cannot be read, but speaks of an embargo"), "{}", all(&output));
    let output = run(&["edit", "CVE-2026-1234", "--file", "-", "--lift-embargo"], home.path(), &text_of("2999-01-01"));
    assert_eq!((output.status.code(), mode(&path), text().as_str()), (Some(0), 0o644, RECORD), "{}", all(&output));
}

#[test]
fn an_embargo_that_is_over_is_none_to_give() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("cve/CVE-2026-1234.yaml");
    let over = RECORD.replace("    id: ", "    embargo: 2001-01-01\n    id: ");
    let by_flag = "error: an embargo until 2001-01-01T00:00:00Z is over\n\
                   hint: name an instant to come; `cve edit CVE-2026-1234 --lift-embargo` takes an embargo out\n";
    let by_text = "error: CVE-2026-1234.yaml:4: `embargo` is over: write an instant to come, or take the line out\n";
    let flag = ["--embargo", "2001-01-01"];
    let refused = |verb: &str, args: &[&str], input: &str, expected: &str| {
        let line = [&[verb, "CVE-2026-1234"], args].concat();
        let output = run(&line, home.path(), input);
        assert_eq!((output.status.code(), all(&output).as_str()), (Some(2), expected), "{line:?}");
    };
    refused("new", &[&flag[..], &["--file", "-"]].concat(), RECORD, by_flag);
    refused("new", &["--file", "-"], &over, by_text);
    assert!(!path.exists());
    run(&["new", "CVE-2026-1234", "--file", "-", "--embargo", "2999-01-01"], home.path(), RECORD);
    let before = fs::read_to_string(&path).unwrap();
    refused("edit", &flag, "", by_flag);
    refused("edit", &["--file", "-"], &over, by_text);
    refused("edit", &["--file", "-", "--incomplete"], &over, by_text);
    assert_eq!((mode(&path), fs::read_to_string(&path).unwrap()), (0o600, before));
}

#[test]
fn other_words() {
    let home = tempfile::tempdir().unwrap();
    for (word, id) in [("write", "CVE-2026-1234"), ("add", "CVE-2026-2")] {
        let output = run(&[word, id, "--file", "-"], home.path(), &RECORD.replace("CVE-2026-1234", id));
        assert_eq!(all(&output), format!("created {id}\n"));
    }
    let help = all(&run(&["--help"], home.path(), ""));
    assert!(help.contains("[aliases: write, add]"), "{help}");
    assert_eq!(all(&run(&["validate"], home.path(), "")), "2 records are fit for publication\n");
    assert_eq!(all(&run(&["validate", "CVE-2026-2"], home.path(), "")), "1 record is fit for publication\n");
}

#[test]
fn nothing_under_embargo_is_told() {
    let home = tempfile::tempdir().unwrap();
    let secret = RECORD
        .replace("Node proxy answers", "Secret door opens")
        .replace("    score", "    embargo: 2999-01-01\n    score");
    let broken = [
        secret.clone(),
        secret.replace("6.3", "9.1"),
        secret.replace("    title", "   title"),
        secret.replace("title: Secret", "Secret: Secret"),
        secret.replace("linkedPRs: [4712]", "linkedPRs: [Secret]"),
    ];
    for text in broken {
        let folder = home.path().join("cve");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("CVE-2026-1234.yaml"), text).unwrap();
        for form in ["human", "json"] {
            for args in [
                &["show", "CVE-2026-1234"][..],
                &["list"],
                &["validate"],
                &["edit", "CVE-2026-1234", "--embargo", "2999-02-02"],
            ] {
                let told = all(&run(&[args, &["--output", form]].concat(), home.path(), ""));
                for word in ["Secret", "9.1", "6.3", "token"] {
                    assert!(!told.contains(word), "{args:?}: {told}");
                }
            }
        }
    }
    // A file that is refused is not repeated either.
    let bad = secret.replace("CVE-2026-1234", "CVE-2026-2222").replace("6.3", "9.1");
    let output = run(&["new", "CVE-2026-2222", "--file", "-"], home.path(), &bad);
    assert_eq!(output.status.code(), Some(2));
    assert!(!all(&output).contains("Secret") && !all(&output).contains("9.1"), "{}", all(&output));
    assert!(!home.path().join("cve/CVE-2026-2222.yaml").exists());
}

#[test]
fn records_that_are_none_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let second = format!("{RECORD}---\npr: 3\n");
    #[rustfmt::skip]
    let cases = [
        ("other id", "CVE-2026-9", RECORD, "CVE-2026-9.yaml:4: `id` is not the one that names the file"),
        ("two documents", "CVE-2026-1234", &second, "CVE-2026-1234.yaml:1: the file of a record holds exactly one document"),
        ("no record", "CVE-2026-1234", "pr: 1\n", "CVE-2026-1234.yaml:1: there is no `cve` below `datafields`"),
        ("empty", "CVE-2026-1234", "", "CVE-2026-1234.yaml:1: the file of a record holds exactly one document"),
        ("score", "CVE-2026-1234", &RECORD.replace("6.3", "6"), "CVE-2026-1234.yaml:7: the `cve` record cannot be used: `score` is 6, but the vector gives 6.3"),
        ("key", "CVE-2026-1234", &RECORD.replace("datafields", "data"), "CVE-2026-1234.yaml:2: unknown key `data`; known here are "),
    ];
    for (name, id, text, expected) in cases {
        let output = run(&["new", id, "--file", "-"], home.path(), text);
        assert_eq!(output.status.code(), Some(2), "{name}");
        assert!(all(&output).starts_with(&format!("error: {expected}")), "{name}: {}", all(&output));
        assert!(!home.path().join("cve").join(format!("{id}.yaml")).exists(), "{name}");
    }
    for id in ["../x", "CVE-2026-1/../../x", "CVE-26-1", ""] {
        let output = run(&["new", id, "--file", "-"], home.path(), RECORD);
        assert_eq!(output.status.code(), Some(2), "{id}");
        assert!(all(&output).contains("expected `CVE-<year>-<number>`"), "{id}: {}", all(&output));
    }
    let unfinished = RECORD.replace("    score: 6.3\n", "");
    let output = run(&["new", "CVE-2026-1234", "--file", "-", "--incomplete"], home.path(), &unfinished);
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(
        all(&output).contains("warning: CVE-2026-1234.yaml:4: the `cve` record cannot be used: `score` is missing")
    );
    let output = run(&["show", "CVE-2026-1234"], home.path(), "");
    assert_eq!(output.status.code(), Some(2));
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), RECORD);
    assert_eq!(all(&output), "changed CVE-2026-1234\n");
    let output = run(&["edit", "CVE-2026-1234", "--file", "-"], home.path(), RECORD);
    assert!(all(&output).starts_with("unchanged CVE-2026-1234\n"), "{}", all(&output));
    assert_eq!(fs::read_dir(home.path().join("cve")).unwrap().count(), 1, "no part of a write is left");
    for verb in ["new", "edit"] {
        let output = run(&[verb, if verb == "new" { "CVE-2026-5" } else { "CVE-2026-1234" }], home.path(), "");
        assert_eq!(output.status.code(), Some(3), "nobody is here");
    }
}

#[test]
fn documents_for_programs() {
    let home = tempfile::tempdir().unwrap();
    let json = |args: &[&str], input: &str| -> serde_json::Value {
        let output = run(&[args, &["--output", "json"]].concat(), home.path(), input);
        serde_json::from_slice(&output.stdout).unwrap()
    };
    insta::assert_json_snapshot!("new", json(&["new", "CVE-2026-1234", "--file", "-"], RECORD));
    insta::assert_json_snapshot!("show", json(&["show", "CVE-2026-1234"], ""));
    insta::assert_json_snapshot!("validate", json(&["validate"], ""));
    fs::write(home.path().join("cve/CVE-2026-3.yaml"), RECORD).unwrap();
    insta::assert_json_snapshot!("validate-bad", json(&["validate"], ""));
    insta::assert_json_snapshot!("delete", json(&["delete", "CVE-2026-3", "--yes"], ""));
    insta::assert_json_snapshot!("missing", json(&["show", "CVE-2026-3"], ""));
}
