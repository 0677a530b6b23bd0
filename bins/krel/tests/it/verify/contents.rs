//! Markers, texts, pages, sums and mails that are not what was released.

use std::fs;

use artifact_publish::Sha256Digest;
use serde_json::Value;
use testkit::git;

use super::{ARCHIVE, Official, commit, edit, names, rewrite, says, wrong};
use crate::world::World;

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
        ("body_sha256", nothing.to_string().into(), "found a note of sha256"),
    ] {
        let found = official.wrong(|world| edit(&json(world), |page| page[field] = value), 9, "different");
        assert_eq!(names(&found), [("page `v1.0.0`", "different")], "{field}: {found:#?}");
        says(&found, "page `v1.0.0`", &[expected]);
    }
    // When it was published is the forge's own word.
    let run = official.with(|world| edit(&json(world), |page| page["published"] = "2020-01-01T00:00:00Z".into()));
    assert_eq!(wrong(&run.expect(0).json()), [], "published at another time");
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
