//! What `krel verify` says of places that were tampered with, of texts that were edited, and of places that are gone.

mod contents;
mod records;

use std::{fs, path::Path};

use serde_json::Value;
use testkit::git;

use crate::world::{Run, Saved, World};

/// `v1.0.0` with its branch, changelogs, image, page, markers and mail; announced.
struct Official {
    world: World,
    saved: Saved,
}

const ARCHIVE: &str = "archive/hello-v1.0.0";

impl Official {
    fn new() -> Self {
        let world = World::cycle(Some("release-1.0"));
        let told = world.cut_as(&["--type", "official", "--branch", "release-1.0"], "v1.0.0");
        assert_eq!(told["conclusion"], "as-released");
        let saved = world.save();
        Self { world, saved }
    }

    fn verify(&self) -> Run {
        self.world.krel(&["verify", "v1.0.0", "--nomock", "--output", "json"])
    }

    /// Spoils the world, verifies, and brings the world back.
    fn with(&self, spoil: impl FnOnce(&World)) -> Run {
        spoil(&self.world);
        let run = self.verify();
        self.world.restore(&self.saved);
        run
    }

    /// The checks that are not `ok`, each with its verdict and detail.
    #[track_caller]
    fn wrong(&self, spoil: impl FnOnce(&World), code: i32, conclusion: &str) -> Vec<(String, String, String)> {
        let run = self.with(spoil);
        let told = run.expect(code).json();
        assert_eq!(told["conclusion"], conclusion, "{}", run.stdout);
        wrong(&told)
    }
}

fn wrong(told: &Value) -> Vec<(String, String, String)> {
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let checks = told["checks"].as_array().unwrap().iter();
    checks
        .map(|check| (text(check, "subject"), text(check, "verdict"), text(check, "detail")))
        .filter(|(_, verdict, _)| verdict != "ok")
        .collect()
}

/// Subject and verdict of what is wrong.
fn names(wrong: &[(String, String, String)]) -> Vec<(&str, &str)> {
    wrong.iter().map(|(subject, verdict, _)| (subject.as_str(), verdict.as_str())).collect()
}

/// A check says what was expected and what was found.
#[track_caller]
fn says(wrong: &[(String, String, String)], subject: &str, parts: &[&str]) {
    let found = wrong.iter().find(|(name, ..)| name == subject);
    let (_, _, detail) = found.unwrap_or_else(|| panic!("no `{subject}` in {wrong:#?}"));
    for part in parts {
        assert!(detail.contains(part), "`{subject}` does not say `{part}`: {detail}");
    }
}

fn rewrite(path: &Path, change: impl FnOnce(&str) -> String) {
    let before = fs::read_to_string(path).unwrap();
    let after = change(&before);
    assert_ne!(after, before, "{}", path.display());
    // A place may share the bytes of a file with another name.
    fs::remove_file(path).unwrap();
    fs::write(path, after).unwrap();
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    rewrite(path, |text| {
        let mut value: Value = serde_json::from_str(text).unwrap();
        change(&mut value);
        value.to_string()
    });
}

/// The name of the run that released `v1.0.0`.
fn release_run(world: &World) -> String {
    let names = fs::read_dir(world.bucket("journal/runs")).unwrap();
    let mut names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.find(|name| name.starts_with("release-v1.0.0-")).unwrap()
}

/// Commits another text of a file to a branch of the production repository.
fn commit(world: &World, branch: &str, file: &str, change: impl FnOnce(&str) -> Option<String>) {
    let clone = world.path("editor");
    let remote = world.path("production/repository.git");
    git(
        world.git.folder(),
        &["clone", "--quiet", "--branch", branch, remote.to_str().unwrap(), clone.to_str().unwrap()],
    );
    let path = clone.join(file);
    match change(&fs::read_to_string(&path).unwrap()) {
        Some(text) => fs::write(&path, text).unwrap(),
        None => fs::remove_file(&path).unwrap(),
    }
    let identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.invalid"];
    git(&clone, &[&identity[..], &["commit", "--quiet", "--all", "--message", "Edit"]].concat());
    git(&clone, &["push", "--quiet"]);
    fs::remove_dir_all(&clone).unwrap();
}

/// Everything that an emptied plan no longer names goes away, and is missed all the same.
fn plunder(world: &World) {
    fs::remove_file(world.path("production/forge/releases/v1.0.0.json")).unwrap();
    for name in ["stable", "stable-1", "stable-1.0"] {
        fs::remove_file(world.bucket(&format!("release/{name}.txt"))).unwrap();
    }
    git(&world.path("production/repository.git"), &["update-ref", "-d", "refs/heads/release-1.0"]);
}

fn empty(plan: &mut Value) {
    for list in ["pages", "markers", "markers_kept", "changelogs", "push"] {
        plan[list] = Value::Array(Vec::new());
    }
}

const PLUNDERED: [(&str, &str); 7] = [
    ("plan", "different"),
    ("branch `release-1.0`", "missing"),
    ("changelog of `release-1.0`", "missing"),
    ("page `v1.0.0`", "missing"),
    ("marker `release/stable.txt`", "missing"),
    ("marker `release/stable-1.txt`", "missing"),
    ("marker `release/stable-1.0.txt`", "missing"),
];
