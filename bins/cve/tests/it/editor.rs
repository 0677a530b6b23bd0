//! Somebody at a terminal: a pseudo-terminal made by `script`, and editors that are small programs.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use assert_cmd::cargo::cargo_bin;

const RECORD: &str = include_str!("../../README.in/record.yaml");

struct Desk {
    home: tempfile::TempDir,
}

impl Desk {
    /// A folder with an editor that runs `lines` on the file `$1`.
    fn new(lines: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let editor = home.path().join("editor");
        fs::write(&editor, format!("#!/bin/sh\nset -e\n{lines}\n")).unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(home.path().join("record.yaml"), RECORD).unwrap();
        Self { home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs the command at a terminal where `typed` is typed; returns the code and all that was seen. Nothing when the machine has
    /// no `script`.
    fn run(&self, line: &str, typed: &str) -> Option<(i32, String)> {
        let command = format!("{} {line}", cargo_bin!("cve").display());
        let child = Command::new("script")
            .args(["--quiet", "--return", "--command", &command, "/dev/null"])
            .current_dir(self.home.path())
            .env("KUBE_EDITOR", self.path("editor"))
            .env("TMPDIR", self.home.path())
            .env("KREL_COLOR", "never")
            .env_remove("KREL_OUTPUT")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else {
            skip();
            return None;
        };
        child.stdin.take().unwrap().write_all(typed.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        Some((output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).replace('\r', "")))
    }

    fn record(&self) -> Option<String> {
        fs::read_to_string(self.path("cve/CVE-2026-1234.yaml")).ok()
    }
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn skip() {
    println!("skipped: there is no `script` to make a terminal");
}

fn left_over(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with("krel-")).collect()
}

#[test]
fn a_record_is_written_in_an_editor() {
    let desk = Desk::new("grep -q 'id: \"CVE-2026-1234\"' \"$1\"; grep -q 'pr: 7' \"$1\"; cat record.yaml > \"$1\"");
    let Some((code, seen)) = desk.run("new CVE-2026-1234 --pr 7 --linked 8,9", "") else { return };
    assert_eq!(code, 0, "{seen}");
    assert_eq!(desk.record().as_deref(), Some(RECORD), "byte for byte what was edited");
    assert!(left_over(desk.home.path()).is_empty());
}

#[test]
fn an_unchanged_or_empty_text_cancels() {
    for lines in ["true", ": > \"$1\""] {
        let desk = Desk::new(lines);
        let Some((code, seen)) = desk.run("new CVE-2026-1234", "") else { return };
        assert_eq!((code, desk.record()), (0, None), "{seen}");
        assert!(seen.contains("cancelled; nothing was written"), "{seen}");
    }
    let desk = Desk::new("false");
    let Some((code, seen)) = desk.run("new CVE-2026-1234", "") else { return };
    assert_eq!((code, desk.record()), (2, None), "{seen}");
}

#[test]
fn a_text_that_is_refused_may_be_edited_again() {
    // The first time the score is wrong; the second time the text of the first is there, and is put right.
    let lines = "if grep -q 'score: 9.9' \"$1\"; then sed -i 's/9.9/6.3/' \"$1\"; \
                 else sed 's/6.3/9.9/' record.yaml > \"$1\"; fi";
    let desk = Desk::new(lines);
    let Some((code, seen)) = desk.run("new CVE-2026-1234", "y\n") else { return };
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("CVE-2026-1234.yaml:7: the `cve` record cannot be used: `score` is 9.9"), "{seen}");
    assert_eq!(desk.record().as_deref(), Some(RECORD));

    let desk = Desk::new(lines);
    let Some((code, seen)) = desk.run("new CVE-2026-1234", "n\n") else { return };
    assert_eq!((code, desk.record()), (2, None), "{seen}");
}

#[test]
fn deleting_asks() {
    let desk = Desk::new("true");
    fs::create_dir(desk.path("cve")).unwrap();
    fs::write(desk.path("cve/CVE-2026-1234.yaml"), RECORD).unwrap();
    let Some((code, seen)) = desk.run("delete CVE-2026-1234", "n\n") else { return };
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("Delete `CVE-2026-1234`? (y/N)"), "{seen}");
    assert!(desk.record().is_some());
    let Some((code, seen)) = desk.run("delete CVE-2026-1234", "y\n") else { return };
    assert_eq!((code, desk.record()), (0, None), "{seen}");
}

#[test]
fn an_embargo_outlives_the_editor() {
    // The flag was typed: a text without it is not without it.
    let desk = Desk::new("cat record.yaml > \"$1\"");
    let Some((code, seen)) = desk.run("new CVE-2026-1234 --embargo 2999-01-01", "") else { return };
    assert_eq!(code, 0, "{seen}");
    let held = RECORD.replace("    id: ", "    embargo: 2999-01-01T00:00:00Z\n    id: ");
    assert_eq!(desk.record().as_deref(), Some(held.as_str()), "{seen}");
    assert!(seen.contains("the text names no embargo, so the one until 2999-01-01T00:00:00Z stays"), "{seen}");
    let mode = || fs::metadata(desk.path("cve/CVE-2026-1234.yaml")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // Nor does it end in `edit`.
    let Some((code, seen)) = desk.run("edit CVE-2026-1234", "") else { return };
    assert_eq!((code, desk.record().as_deref(), mode()), (0, Some(held.as_str()), 0o600), "{seen}");

    // A year that is mistyped is refused, and may be put right.
    let lines = "if grep -q 2001 \"$1\"; then sed -i 's/2001/2999/' \"$1\"; \
                 else sed 's/    id/    embargo: 2001-01-01\\n    id/' record.yaml > \"$1\"; fi";
    let desk = Desk::new(lines);
    let Some((code, seen)) = desk.run("new CVE-2026-1234", "y\n") else { return };
    assert_eq!(code, 0, "{seen}");
    assert!(seen.contains("CVE-2026-1234.yaml:4: `embargo` is over: "), "{seen}");
    assert!(desk.record().unwrap().contains("    embargo: 2999-01-01\n"));
    let desk = Desk::new(lines);
    let Some((code, seen)) = desk.run("new CVE-2026-1234", "n\n") else { return };
    assert_eq!((code, desk.record()), (2, None), "{seen}");
}
