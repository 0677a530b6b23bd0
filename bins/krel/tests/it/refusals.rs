//! What is refused before anything is done.

use std::fs;

use crate::world::World;

/// A change of `release.yaml`.
type Change<'a> = &'a dyn Fn(&str) -> String;

#[test]
fn kinds_and_branches_that_do_not_go_together() {
    let world = World::new();
    world.git.git(&["branch", "release-1.0"]);
    let before = world.places();
    let cases: [(&str, &[&str], i32, &[&str]); 9] = [
        ("alpha on a release branch", &["--type", "alpha", "--branch", "release-1.0"], 3, &["alpha", "`release-1.0`"]),
        ("beta on a release branch", &["--type", "beta", "--branch", "release-1.0"], 3, &["beta", "`release-1.0`"]),
        ("rc on the default branch", &["--type", "rc"], 3, &["rc", "`main`"]),
        ("official on the default branch", &["--type", "official"], 3, &["official", "`main`"]),
        (
            "official on a new branch",
            &["--type", "official", "--branch", "release-1.1"],
            3,
            &["official", "`release-1.1`"],
        ),
        ("not a branch of the project", &["--branch", "feature/x"], 2, &["`feature/x`", "release_branch_prefix"]),
        ("an unknown kind", &["--type", "nightly"], 2, &["`nightly`"]),
        ("a bump without a meaning", &["--bump", "sideways"], 2, &["sideways"]),
        ("an unknown flag", &["--no-mock"], 2, &["--no-mock"]),
    ];
    for (case, args, code, parts) in cases {
        let run = world.krel(&[&["stage", "--nomock"], args].concat());
        run.expect(code).says(parts);
        assert!(run.stderr.contains("error: "), "{case}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{case}");
        if code == 3 {
            run.says(&["hint: "]);
        }
        world.places().same_as(&before, case);
    }
    assert!(!world.bucket("journal").exists(), "a refused run is no run");
}

#[test]
fn build_versions_that_cannot_be_released() {
    let mut world = World::new();
    let old = world.git.head()[..14].to_owned();
    world.git.commit("Go on");
    let head = world.git.head()[..14].to_owned();
    world.git.git(&["checkout", "--quiet", "-b", "aside", "HEAD~1"]);
    world.git.commit("Not on main");
    let aside = world.git.head()[..14].to_owned();
    world.git.git(&["checkout", "--quiet", "main"]);
    let before = world.places();
    let cases: [(&str, String, i32, &[&str]); 10] = [
        ("dirty", format!("v1.0.0-alpha.0.4+{head}-dirty"), 3, &["is dirty", "commit the changes"]),
        (
            "behind the head",
            format!("v1.0.0-alpha.0.3+{old}"),
            3,
            &["1 commits behind the head of `main`", "--allow-stale-build"],
        ),
        (
            "another count",
            format!("v1.0.0-alpha.0.9+{head}"),
            3,
            &["does not describe its commit", "v1.0.0-alpha.0.4+"],
        ),
        ("another base", format!("v1.0.0-beta.0.4+{head}"), 3, &["does not describe its commit"]),
        ("another line of history", format!("v1.0.0-alpha.0.4+{aside}"), 3, &["is not on branch `main`", "--branch"]),
        ("no such commit", "v1.0.0-alpha.0.4+00112233445566".into(), 2, &["`00112233445566`", "does not have"]),
        ("no number", "v1.0.0-alpha.0.x+00112233445566".into(), 2, &["`x`"]),
        ("commit too short", "v1.0.0-alpha.0.4+0011".into(), 2, &["`0011`"]),
        ("no version at all", "latest".into(), 2, &["latest"]),
        ("a leading zero", format!("v1.00.0-alpha.0.4+{head}"), 2, &["minor number", "leading zero"]),
    ];
    for (case, build, code, parts) in cases {
        let run = world.krel(&["stage", "--nomock", "--build-version", &build]);
        assert_eq!(run.code, Some(code), "{case}: {}", run.stderr);
        run.says(&["error: ", "hint: "]).says(parts);
        if code == 3 {
            run.says(&[&build.replace("-dirty", "")]);
        }
        world.places().same_as(&before, case);
    }
    let stale = format!("v1.0.0-alpha.0.3+{old}");
    let plan = world.krel(&["plan", "stage", "--allow-stale-build", "--build-version", &stale, "--nomock"]);
    assert!(plan.expect(0).stdout.contains(&old), "{}", plan.stdout);
}

#[test]
fn a_version_that_is_published_already() {
    let world = World::new();
    let build = world.cut();
    let before = world.places();
    // The source has not got the tag back from the remote: the version is taken all the same.
    let again = world.krel(&["stage", "--nomock"]);
    again.refuses(3, &["v1.0.0-alpha.1", "never written over"]);
    let again = world.krel(&["release", "--nomock", "--build-version", &build]);
    again.refuses(
        3,
        &["v1.0.0-alpha.1 is already published", "production/bucket/release/v1.0.0-alpha.1", "next version"],
    );
    // With the tag fetched, the head of the branch is released.
    world.git.git(&["fetch", "--quiet", "--tags", world.path("production/repository.git").to_str().unwrap()]);
    let again = world.krel(&["stage", "--nomock"]);
    again.refuses(3, &["is already tagged `v1.0.0-alpha.1`", "merge something first"]);
    world.places().same_as(&before, "asking again");
}

#[test]
fn a_second_announcement_is_no_second_mail() {
    let world = World::new();
    world.cut();
    let before = world.places();
    let args = ["announce", "--nomock", "--tag", "v1.0.0-alpha.1"];
    world.approved(&args).expect(0);
    // With another recipient it is another plan, and the same announcement.
    world.configure(|config| config.replace("announce@example.org, ", "more@example.org, announce@example.org, "));
    world.approved(&args).expect(0);
    world.places().same_as(&before, "announcing again");
    assert_eq!(world.mails().len(), 1);
}

#[test]
fn an_announcement_of_nothing() {
    let world = World::new();
    let run = world.krel(&["announce", "--nomock", "--tag", "v1.0.0-alpha.1"]);
    run.refuses(3, &["v1.0.0-alpha.1 is not released in `file://", "release it first"]);
    assert_eq!(world.mails(), Vec::<String>::new());
    world.krel(&["announce", "--tag", "1.0"]).refuses(2, &["`1.0`"]);
}

#[test]
fn a_build_that_is_not_staged() {
    let world = World::new();
    let build = "v1.0.0-alpha.0.3+00112233445566";
    world.krel(&["release", "--nomock", "--build-version", build]).refuses(3, &[build, "is not staged", "krel list"]);
    world.krel(&["release", "--build-version", "v1"]).refuses(2, &["`v1`"]);
}

#[test]
fn release_yaml_with_a_mistake() {
    let world = World::new();
    let before = world.places();
    let cases: [(&str, Change<'_>, &[&str]); 7] = [
        ("unknown field", &|c| c.replace("  title:", "  titel:"), &["titel", "line 3", "column 3"]),
        ("unknown field deep down", &|c| c.replace("platforms:", "platform:"), &["platform", "line 14", "column 7"]),
        ("missing field", &|c| c.replace("  name: hello\n  title", "  title"), &["missing field `name`", "line 5"]),
        ("missing section", &|c| c[..c.find("announce:").unwrap()].to_owned(), &["announce", "line"]),
        ("wrong type", &|c| c.replace("[host]", "host"), &["line 14"]),
        ("no YAML", &|c| c.replace("project:", "project: {"), &["line"]),
        (
            "broken rules, all of them",
            &|c| c.replace("name: hello\n  title", "name: Hello!\n  title").replace("{version}", "{versoin}"),
            &["`project.name`", "`{versoin}`", "`build.groups[0].command`"],
        ),
    ];
    for (case, change, parts) in cases {
        world.configure(change);
        for args in [&["stage", "--nomock"][..], &["config", "check"]] {
            let run = world.krel(args);
            assert_eq!(run.code, Some(2), "{case}: {}", run.stderr);
            run.says(&["release.yaml", "hint: "]).says(parts);
        }
        world.places().same_as(&before, case);
    }
    fs::remove_file(world.path("release.yaml")).unwrap();
    world.krel(&["stage"]).refuses(2, &["there is no `release.yaml`", "krel config init", "krel rehearse"]);
}

#[test]
fn a_machine_or_a_place_that_cannot_do_it() {
    let world = World::new();
    fs::write(world.path("file"), "not a folder").unwrap();
    let cases: [(&str, Change<'_>, i32, &[&str]); 5] = [
        (
            "disk too small",
            &|c| c.replace("  timeout: 60s", "  disk_gib: 1000000"),
            3,
            &["disk at", "1000000 GiB wanted", "krel doctor"],
        ),
        (
            "bucket below a file",
            &|c| c.replace("file:production/bucket", "file:file/bucket"),
            2,
            &["file/bucket", "hint: "],
        ),
        ("forge below a file", &|c| c.replace("file:production/forge", "file:file/forge"), 3, &["forge `file://"]),
        ("outbox below a file", &|c| c.replace("file:production/outbox", "file:file/outbox"), 3, &["outbox `file://"]),
        ("remote is no repository", &|c| c.replace("production/repository.git", "mock"), 2, &["project/mock`"]),
    ];
    for (case, change, code, parts) in cases {
        world.configure(change);
        let before = world.places();
        // The plan may be possible; applying it is not.
        let plan = world.krel(&["stage", "--nomock", "--plan", "--output", "json"]);
        let run = if plan.code == Some(0) {
            world.approved(&["stage", "--nomock"])
        } else {
            world.krel(&["stage", "--nomock"])
        };
        assert_eq!(run.code, Some(code), "{case}: {}{}", run.stdout, run.stderr);
        let told = format!("{}{}", run.stdout, run.stderr);
        for part in parts.iter().filter(|part| **part != "hint: ") {
            assert!(told.contains(part), "{case}: no `{part}` in {told}");
        }
        world.places().same_as(&before, case);
        assert!(!world.bucket("stage").exists(), "{case}");
        let doctor = world.krel(&["doctor", "--nomock"]);
        assert_ne!(doctor.code, Some(0), "{case}: {}", doctor.stdout);
    }
}

#[test]
fn approvals() {
    let world = World::new();
    let before = world.places();
    let fingerprint = world.fingerprint(&["stage", "--nomock"]);
    world.krel(&["stage", "--nomock"]).refuses(
        3,
        &["nobody is here to approve it", &format!("hint: read the plan, then add `--approve {fingerprint}`")],
    );
    let wrong = if fingerprint.starts_with('0') { "1".repeat(64) } else { "0".repeat(64) };
    for given in [wrong.as_str(), &fingerprint[..11], "yes", ""] {
        world.krel(&["stage", "--nomock", "--approve", given]).refuses(3, &[&fingerprint]);
    }
    // An approval of one plan is not one of another.
    let mock = world.fingerprint(&["stage"]);
    world.krel(&["stage", "--nomock", "--approve", &mock]).refuses(3, &[&fingerprint]);
    world.places().same_as(&before, "not approved");
    assert!(!world.bucket("journal").exists());
    world.krel(&["stage", "--nomock", "--approve", &fingerprint[..12]]).expect(0);
}
