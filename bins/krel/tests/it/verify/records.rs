//! Plans, journals and archives that were forged or are gone, and places that do not answer.

use std::fs;

use release_flow::plan::{AnyPlan, ReleasePlan};
use release_journal::{Fingerprint, Plan as _};
use serde_json::Value;
use testkit::git;

use super::{ARCHIVE, Official, PLUNDERED, edit, empty, names, plunder, release_run, rewrite, says, wrong};
use crate::world::World;

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
