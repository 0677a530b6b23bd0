//! What `krel verify` says of places that were tampered with, of texts that were edited, and of places that are gone.

use std::{fs, path::Path};

use artifact_publish::Sha256Digest;
use release_flow::plan::{AnyPlan, ReleasePlan};
use release_journal::{Fingerprint, Plan as _};
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

#[test]
fn an_emptied_plan_hides_nothing() {
    let official = Official::new();
    let archived = official.world.bucket(&format!("{ARCHIVE}/plan.json"));
    let approved = {
        let plan: ReleasePlan = serde_json::from_slice(&fs::read(&archived).unwrap()).unwrap();
        AnyPlan::Release(plan).fingerprint().unwrap().to_string()
    };
    let found = official.wrong(
        |world| {
            edit(&archived, empty);
            plunder(world);
        },
        9,
        "different",
    );
    assert_eq!(names(&found), PLUNDERED, "{found:#?}");
    says(&found, "plan", &[&format!("expected `{approved}` of run `release-v1.0.0-"), "first-operator", ", found `"]);

    // The journal forged as well, with a new name and a new approval: the manifest still tells what a release has.
    let found = official.wrong(
        |world| {
            edit(&archived, empty);
            let plan: ReleasePlan = serde_json::from_slice(&fs::read(&archived).unwrap()).unwrap();
            let forged = AnyPlan::Release(plan).fingerprint().unwrap();
            let (old, new) = (release_run(world), format!("release-v1.0.0-{}", forged.short()));
            let runs = world.bucket("journal/runs");
            fs::rename(runs.join(&old), runs.join(&new)).unwrap();
            edit(&runs.join(&new).join("plan.json"), empty);
            edit(&runs.join(&new).join("approval.json"), |approval| approval["plan"] = forged.to_string().into());
            plunder(world);
        },
        9,
        "different",
    );
    assert_eq!(names(&found), PLUNDERED, "{found:#?}");
    says(
        &found,
        "plan",
        &[
            "does not hold",
            "page `v1.0.0`",
            "`refs/heads/release-1.0`",
            "marker `release/stable.txt`",
            "the changelog on",
        ],
    );
}

#[test]
fn plans_that_nobody_approved() {
    let official = Official::new();
    let archived = official.world.bucket(&format!("{ARCHIVE}/plan.json"));
    let run = official.world.bucket("journal/runs").join(release_run(&official.world));
    let other = "0".repeat(64).parse::<Fingerprint>().unwrap();
    type Spoil<'a> = &'a dyn Fn(&World);
    let cases: [(&str, Spoil<'_>, &str, &[&str]); 6] = [
        (
            "a word of it",
            &|_| edit(&archived, |plan| plan["tool"] = "9.9.9".into()),
            "different",
            &["expected `", "found `"],
        ),
        ("not a plan", &|_| rewrite(&archived, |_| "{}".to_owned()), "different", &["none that can be read"]),
        (
            "no version",
            &|_| edit(&archived, |plan| plan["versions"] = Value::Array(Vec::new())),
            "different",
            &["none that"],
        ),
        ("no approval", &|_| fs::remove_file(run.join("approval.json")).unwrap(), "different", &["has no approval"]),
        (
            "the approval of another",
            &|_| edit(&run.join("approval.json"), |approval| approval["plan"] = other.to_string().into()),
            "different",
            &["was approved as `000000000000` and holds `"],
        ),
        ("no journal", &|world| fs::remove_dir_all(world.bucket("journal/runs")).unwrap(), "missing", &["found none"]),
    ];
    for (case, spoil, verdict, parts) in cases {
        let found = official.wrong(spoil, 9, "different");
        let verdicts = names(&found);
        assert!(verdicts.contains(&("plan", verdict)), "{case}: {found:#?}");
        says(&found, "plan", parts);
        // What was released is there, and known to be right.
        let rest = verdicts.iter().filter(|(subject, _)| !["archive", "plan"].contains(subject)).count();
        assert_eq!(rest, 0, "{case}: {found:#?}");
    }
}

#[test]
fn markers_that_name_no_release_of_here() {
    let official = Official::new();
    let tag = |world: &World, tag: &str| {
        git(&world.path("production/repository.git"), &["tag", tag, "main"]);
    };
    type Spoil<'a> = &'a dyn Fn(&World);
    let cases: [(&str, &str, &str, Spoil<'_>, &[&str]); 11] = [
        (
            "no such release",
            "stable",
            "v9.9.9",
            &|_| {},
            &["expected v1.0.0 or", "found v9.9.9", "no files", "no tag `v9.9.9`"],
        ),
        (
            "no files",
            "stable",
            "v1.0.1",
            &|world| tag(world, "v1.0.1"),
            &["found v1.0.1", "no files in `release/v1.0.1`"],
        ),
        ("no tag", "stable", "v1.0.1", &|world| world.plant_files("v1.0.1"), &["found v1.0.1", "no tag `v1.0.1`"]),
        (
            "an alpha, released as it may be",
            "stable",
            "v1.1.0-alpha.0",
            &|world| world.plant("v1.1.0-alpha.0"),
            &["expected v1.0.0", "found v1.1.0-alpha.0, which does not belong there"],
        ),
        (
            "another line",
            "stable-1.0",
            "v1.1.0",
            &|world| world.plant("v1.1.0"),
            &["found v1.1.0, which does not belong there"],
        ),
        ("earlier", "stable", "v0.9.0", &|_| {}, &["expected v1.0.0", "found v0.9.0, which is earlier"]),
        ("no version", "stable", "soon", &|_| {}, &["expected v1.0.0", "found soon"]),
        ("a build between releases", "stable", "v1.0.0-3+0123456789abcd", &|_| {}, &["found v1.0.0-3+"]),
        ("two words", "stable", "v1.0.0 v1.0.1", &|_| {}, &["white space"]),
        ("a later release", "stable", "v1.0.1", &|world| world.plant("v1.0.1"), &[]),
        ("the newline of an older tool", "stable", "v1.0.0\n", &|_| {}, &[]),
    ];
    for (case, name, content, more, parts) in cases {
        let spoil = |world: &World| {
            fs::write(world.bucket(&format!("release/{name}.txt")), content).unwrap();
            more(world);
        };
        if parts.is_empty() {
            let run = official.with(spoil);
            assert_eq!(wrong(&run.expect(0).json()), [], "{case}");
            continue;
        }
        let found = official.wrong(spoil, 9, "different");
        let subject = format!("marker `release/{name}.txt`");
        assert_eq!(names(&found), [(subject.as_str(), "different")], "{case}");
        says(&found, &subject, parts);
    }
}

#[test]
fn texts_that_were_edited_since() {
    let official = Official::new();
    let file = "CHANGELOG/CHANGELOG-1.0.md";
    let cut = |text: &str| {
        let start = text.find("\n# v1.0.0\n").map_or(0, |at| at + 1);
        let (head, section) = text.split_at(start);
        let end = section[1..].find("\n# v").map_or(section.len(), |at| at + 2);
        (head.to_owned(), section[end..].to_owned())
    };
    let main = "changelog of `main`";
    let found = official.wrong(
        |world| {
            commit(world, "main", file, |text| {
                let (head, rest) = cut(text);
                Some(format!("{head}# v1.0.0\n\nnothing\n\n\n{rest}"))
            });
        },
        9,
        "edited",
    );
    assert_eq!(names(&found), [(main, "edited")], "{found:#?}");
    says(&found, main, &["edited since", "expected `", "found `nothing` in line"]);
    // The same when the staged text is gone and only its digest is left.
    let gone = official.wrong(
        |world| {
            commit(world, "main", file, |text| Some(text.replace("# v1.0.0\n", "# v1.0.0\n\nnothing\n")));
            fs::remove_dir_all(world.bucket("stage")).unwrap();
        },
        9,
        "edited",
    );
    assert_eq!(names(&gone), [(main, "edited")], "{gone:#?}");
    says(&gone, main, &["expected sha256 ", "found sha256 "]);
    let run = official.with(|world| fs::remove_dir_all(world.bucket("stage")).unwrap());
    assert_eq!(wrong(&run.expect(0).json()), [], "by the digest alone");

    let found = official.wrong(
        |world| {
            commit(world, "main", file, |text| {
                let (head, rest) = cut(text);
                Some(format!("{head}{rest}"))
            });
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [(main, "missing")], "{found:#?}");
    let twice = official.wrong(
        |world| commit(world, "main", file, |text| Some(format!("{text}\n# v1.0.0\n\nonce more\n"))),
        9,
        "different",
    );
    assert_eq!(names(&twice), [(main, "different")], "{twice:#?}");
    // Words elsewhere in the file are other people's.
    let run = official.with(|world| {
        commit(world, "release-1.0", file, |text| Some(format!("{text}\n# v0.9.0\n\nOlder\n")));
    });
    assert_eq!(wrong(&run.expect(0).json()), [], "another section");

    let index = "changelog index of `main`";
    let found = official.wrong(
        |world| {
            commit(world, "main", "CHANGELOG/README.md", |text| {
                Some(text.lines().filter(|line| !line.contains("1.0.md")).map(|line| format!("{line}\n")).collect())
            });
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [(index, "missing")], "{found:#?}");
    let found = official.wrong(|world| commit(world, "main", "CHANGELOG/README.md", |_| None), 9, "different");
    assert_eq!(names(&found), [(index, "missing")], "{found:#?}");
}

#[test]
fn mails() {
    let official = Official::new();
    let mail = |world: &World| world.path("production/outbox").join(&world.mails()[0]);
    let found = official.wrong(|world| rewrite(&mail(world), |text| text.replacen("Hello", "Jello", 9)), 9, "edited");
    assert_eq!(names(&found), [("announcement", "edited")], "{found:#?}");
    says(&found, "announcement", &["edited since", "expected sha256 ", "found sha256 "]);
    // Without the journal of the announcement, by what is configured.
    let forget = |world: &World| {
        let runs = fs::read_dir(world.bucket("journal/runs")).unwrap().map(|entry| entry.unwrap().path());
        for run in runs.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("announce-")) {
            fs::remove_dir_all(run).unwrap();
        }
    };
    let run = official.with(forget);
    assert_eq!(wrong(&run.expect(0).json()), [], "made again from the release");
    let found = official.wrong(
        |world| {
            forget(world);
            rewrite(&mail(world), |text| text.replacen("Hello", "Jello", 9));
        },
        9,
        "edited",
    );
    assert_eq!(names(&found), [("announcement", "edited")], "{found:#?}");

    type Second = fn(&str) -> (String, String);
    let seconds: [(&str, Second); 3] = [
        ("the same again", |name| (format!("copy-of-{name}"), "{}".to_owned())),
        ("another identity", |name| {
            (name.replace("v1.0.0.", "v1.0.0.0"), "Message-ID: <hello-v1.0.0.x@example.org>".to_owned())
        }),
        ("the subject", |_| ("note.eml".to_owned(), "Message-ID: <a@example.org>".to_owned())),
    ];
    for (case, second) in seconds {
        let found = official.wrong(
            |world| {
                let (name, id) = second(&world.mails()[0]);
                let text = fs::read_to_string(mail(world)).unwrap();
                let own = text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap();
                let text = text.replace(own, &id.replace("{}", own));
                fs::write(world.path("production/outbox").join(name), text).unwrap();
            },
            9,
            "different",
        );
        assert_eq!(names(&found), [("announcement, once", "different")], "{case}: {found:#?}");
        says(&found, "announcement, once", &["expected one mail of v1.0.0", "found another in `"]);
    }
    let run = official.with(|world| {
        let text = fs::read_to_string(mail(world)).unwrap().replace("v1.0.0", "v0.9.0");
        fs::write(world.path("production/outbox/other.eml"), text).unwrap();
    });
    assert_eq!(wrong(&run.expect(0).json()), [], "the mail of another version");

    // The journal knows that it was sent: that is no `not yet`.
    let found = official.wrong(|world| fs::remove_file(mail(world)).unwrap(), 9, "different");
    assert_eq!(names(&found), [("announcement", "missing")], "{found:#?}");
}

#[test]
fn a_release_that_is_not_announced_yet() {
    let world = World::new();
    let build = world.stage();
    world.release(&build).expect(0);
    let told = world.krel(&["verify", "v1.0.0-alpha.1", "--nomock"]);
    let last = told.expect(0).stdout.lines().last().unwrap();
    assert_eq!(last, "verified: v1.0.0-alpha.1 (nomock) is as it was released; not announced yet");
    let told = world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--output", "json"]).expect(0).json();
    assert_eq!((&told["good"], &told["conclusion"]), (&Value::Bool(true), &"not-announced".into()));
    world.approved(&["announce", "--nomock", "--tag", "v1.0.0-alpha.1"]).expect(0);
    let told = world.krel(&["verify", "v1.0.0-alpha.1", "--nomock"]);
    let last = told.expect(0).stdout.lines().last().unwrap();
    assert_eq!(last, "verified: v1.0.0-alpha.1 (nomock) is as it was released");
}

#[test]
fn places_that_are_gone() {
    let official = Official::new();
    let away = |world: &World, place: &str| {
        let place = world.path("production").join(place);
        fs::rename(&place, place.with_extension("away")).unwrap();
    };
    for (place, expected) in [
        ("repository.git", &[("repository", "unreachable")][..]),
        ("forge", &[("pages", "unreachable")]),
        ("registry", &[("images", "unreachable")]),
        (
            "bucket",
            &[
                ("bucket", "unreachable"),
                ("tag `v1.0.0`", "unknown"),
                ("page `v1.0.0`", "unknown"),
                ("announcement", "unknown"),
            ],
        ),
    ] {
        let found = official.wrong(|world| away(world, place), 7, "unreachable");
        assert_eq!(names(&found), expected, "{place}: {found:#?}");
        says(&found, expected[0].0, &[place, "is not there"]);
    }
    // A difference elsewhere weighs more, and both are told.
    let found = official.wrong(
        |world| {
            away(world, "repository.git");
            fs::remove_file(world.path("production/forge/releases/v1.0.0.json")).unwrap();
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [("repository", "unreachable"), ("page `v1.0.0`", "missing")], "{found:#?}");
    // A place that is no repository, or holds something else under a name.
    let found = official.wrong(
        |world| {
            away(world, "repository.git");
            fs::create_dir(world.path("production/repository.git")).unwrap();
        },
        7,
        "unreachable",
    );
    assert_eq!(names(&found), [("repository", "unreachable")], "{found:#?}");
    let found = official.wrong(
        |world| {
            let path = world.bucket("release/v1.0.0/release-notes.md");
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            fs::write(world.path("production/forge/releases/v1.0.0.json"), "{").unwrap();
        },
        9,
        "different",
    );
    assert!(names(&found).contains(&("files of v1.0.0", "different")), "{found:#?}");
    assert!(names(&found).contains(&("page `v1.0.0`", "different")), "{found:#?}");
}

#[test]
fn archives_that_are_gone() {
    let official = Official::new();
    let archive = |world: &World| fs::remove_dir_all(world.bucket(ARCHIVE)).unwrap();
    let journal = |world: &World| fs::remove_dir_all(world.bucket("journal/runs")).unwrap();
    let stage = |world: &World| fs::remove_dir_all(world.bucket("stage")).unwrap();
    // The journal has the plan, and what it pins is still staged.
    let found = official.wrong(archive, 9, "different");
    assert_eq!(names(&found), [("archive", "missing")], "{found:#?}");
    let found = official.wrong(
        |world| {
            archive(world);
            plunder(world);
        },
        9,
        "different",
    );
    assert_eq!(names(&found)[1..], PLUNDERED[1..], "{found:#?}");
    // No plan, only what is staged.
    let found = official.wrong(
        |world| {
            archive(world);
            journal(world);
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [("archive", "missing"), ("plan", "missing")], "{found:#?}");
    // Only the plan: counts are compared.
    let found = official.wrong(
        |world| {
            archive(world);
            stage(world);
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [("archive", "missing"), ("files of v1.0.0", "unknown")], "{found:#?}");
    // No record at all: what is public is told.
    let found = official.wrong(
        |world| {
            archive(world);
            journal(world);
            stage(world);
        },
        9,
        "different",
    );
    let public = ["files of v1.0.0", "tag `v1.0.0`", "page `v1.0.0`", "announcement"].map(|name| (name, "unknown"));
    assert_eq!(names(&found), [&[("archive", "missing"), ("plan", "missing")][..], &public].concat(), "{found:#?}");
    // Nothing public any more, and the journal knows better.
    let run = official.with(|world| {
        archive(world);
        plunder(world);
        fs::remove_dir_all(world.bucket("release")).unwrap();
        git(&world.path("production/repository.git"), &["tag", "--delete", "v1.0.0"]);
    });
    assert!(wrong(&run.expect(9).json()).len() > 8, "{}", run.stdout);
}

#[test]
fn what_was_never_released() {
    let world = World::cycle(Some("release-1.0"));
    let verify = |version: &str, mode: &[&str]| world.krel(&[&["verify", version], mode].concat());
    // Places that nothing was ever published to are not there yet.
    verify("v1.0.0", &["--nomock"]).refuses(3, &["v1.0.0 is not released in `file://", "hint: release it first"]);
    verify("v1.0.0", &[]).refuses(3, &["v1.0.0 is not released"]);
    world.stage_as(&["--type", "official", "--branch", "release-1.0"]);
    verify("v1.0.0", &["--nomock"]).refuses(3, &["v1.0.0 is not released"]);
    fs::create_dir_all(world.bucket("release")).unwrap();
    fs::write(world.bucket("release/stable.txt"), "v0.9.0").unwrap();
    verify("v1.0.0", &["--nomock"]).refuses(3, &["v1.0.0 is not released"]);
}

/// Every difference says both sides.
#[test]
fn both_sides_of_a_difference() {
    let official = Official::new();
    let found = official.wrong(
        |world| {
            let manifest = world.bucket(&format!("{ARCHIVE}/manifest.json"));
            let before = Sha256Digest::of(&fs::read(&manifest).unwrap());
            rewrite(&manifest, |text| text.replace("\"kind\":\"official\"", "\"kind\":\"rc\""));
            let after = Sha256Digest::of(&fs::read(&manifest).unwrap());
            fs::write(world.path("digests"), format!("{before} {after}")).unwrap();
            fs::write(world.git.folder().join("digests"), format!("{before} {after}")).unwrap();
        },
        9,
        "different",
    );
    assert_eq!(names(&found), [("archive", "different")], "{found:#?}");
    let digests = fs::read_to_string(official.world.git.folder().join("digests")).unwrap();
    let (before, after) = digests.split_once(' ').unwrap();
    says(&found, "archive", &[&format!("expected a manifest with sha256 {before}, found sha256 {after}")]);

    let page = |world: &World| world.path("production/forge/releases/v1.0.0.md");
    let body = Sha256Digest::of(&fs::read(page(&official.world)).unwrap());
    let found = official.wrong(|world| rewrite(&page(world), |_| "nothing".to_owned()), 9, "different");
    assert_eq!(names(&found), [("page `v1.0.0`", "different")], "{found:#?}");
    let nothing = Sha256Digest::of(b"nothing");
    says(
        &found,
        "page `v1.0.0`",
        &[&format!("expected a body with sha256 {body}, found a body with sha256 {nothing}")],
    );
    let json = |world: &World| world.path("production/forge/releases/v1.0.0.json");
    for (field, value, expected) in [
        ("title", Value::from("Jello"), "expected title `Hello v1.0.0`, found title `Jello`"),
        ("prerelease", true.into(), "expected no pre-release, found a pre-release"),
        ("published", "2020-01-01T00:00:00Z".into(), "found published 2020-01-01T00:00:00Z"),
        ("body_sha256", nothing.to_string().into(), "found a note of sha256"),
    ] {
        let found = official.wrong(|world| edit(&json(world), |page| page[field] = value), 9, "different");
        assert_eq!(names(&found), [("page `v1.0.0`", "different")], "{field}: {found:#?}");
        says(&found, "page `v1.0.0`", &[expected]);
    }
    // The word `latest` goes to a later release, and that is fine.
    let run = official.with(|world| edit(&json(world), |page| page["latest"] = false.into()));
    assert_eq!(wrong(&run.expect(0).json()), [], "no longer the latest");

    let found = official.wrong(
        |world| rewrite(&world.bucket("release/v1.0.0/SHA256SUMS"), |text| format!("0{}", &text[1..])),
        9,
        "different",
    );
    says(&found, "SHA256SUMS of v1.0.0", &["expected ", " for `", "found 0"]);
    let found = official.wrong(
        |world| rewrite(&world.bucket("release/v1.0.0/release-notes.md"), |text| format!("{text}\n")),
        9,
        "different",
    );
    says(&found, "files of v1.0.0", &["expected ", "`release-notes.md` with ", " bytes instead of "]);
    let found = official.wrong(
        |world| {
            git(&world.path("production/repository.git"), &["tag", "--force", "v1.0.0", "main"]);
        },
        9,
        "different",
    );
    says(&found, "tag `v1.0.0`", &["expected ", " at commit ", "found "]);
}

/// A pre-release that got into a stable marker does not keep the official release out of it.
#[test]
fn a_stable_marker_is_repaired() {
    let world = World::cycle(Some("release-1.0"));
    let build = world.stage_as(&["--type", "official", "--branch", "release-1.0"]);
    fs::create_dir_all(world.bucket("release")).unwrap();
    fs::write(world.bucket("release/stable.txt"), "v1.1.0-alpha.0").unwrap();
    let release = ["release", "--nomock", "--build-version", &build];
    let plan = world.krel(&[&release[..], &["--plan"]].concat());
    let line = "release/stable.txt from v1.1.0-alpha.0 to v1.0.0 (repair: the old one does not belong there)";
    assert!(plan.expect(0).stdout.contains(line), "{}", plan.stdout);
    world.approved(&release).expect(0);
    assert_eq!(world.markers()["stable.txt"], "v1.0.0");
    let told = world.krel(&["verify", "v1.0.0", "--nomock", "--output", "json"]).expect(0).json();
    assert_eq!(told["conclusion"], "not-announced");
}
