//! Mock places are emptied for the next rehearsal, unless somebody is at work in them.

use std::fs;

use serde_json::Value;
use testkit::git;

use crate::world::{World, files};

/// A change of a lease.
type Change<'a> = &'a dyn Fn(&mut Value);

fn refs(world: &World, set: &str) -> String {
    git(&world.path(&format!("{set}/repository.git")), &["for-each-ref"])
}

#[test]
fn mock_places_are_emptied() {
    let mut world = World::cycle(None);
    let stage = ["stage", "--type", "beta"];
    let build = world.krel(&[&stage[..], &["--output", "json"]].concat()).expect(0).json()["build_version"].to_string();
    let build = build.trim_matches('"');
    world.krel(&["release", "--build-version", build]).expect(0);
    world.krel(&["announce", "--tag", "v1.0.0-beta.1"]).expect(0);
    world.krel(&stage).refuses(3, &["v1.0.0-beta.1", "krel reset-mock"]);
    let first = files(&world.path("mock/bucket/release"));
    for place in ["bucket", "forge", "outbox", "registry"] {
        assert!(!files(&world.path(&format!("mock/{place}"))).is_empty(), "{place}");
    }
    let production: Vec<_> = ["bucket", "forge", "outbox", "registry"]
        .map(|place| files(&world.path(&format!("production/{place}"))))
        .into_iter()
        .collect();
    let production_refs = refs(&world, "production");
    world.git.annotated_tag("other", "Another tag of the source");

    let reset = world.krel(&["reset-mock", "--output", "json"]).expect(0).json();
    assert!(reset["objects"].as_u64().unwrap() > 30, "{reset}");
    for place in ["bucket", "forge", "outbox", "registry"] {
        let left: Vec<String> = files(&world.path(&format!("mock/{place}"))).into_keys().collect();
        let left: Vec<&String> = left.iter().filter(|path| !path.contains(".lock") && !path.contains(".tmp")).collect();
        assert!(left.is_empty(), "{place}: {left:?}");
    }
    assert_eq!(refs(&world, "mock"), world.git.git(&["for-each-ref"]), "a fresh copy of the source");
    for (place, before) in ["bucket", "forge", "outbox", "registry"].iter().zip(&production) {
        assert_eq!(&files(&world.path(&format!("production/{place}"))), before, "production {place}");
    }
    assert_eq!(refs(&world, "production"), production_refs);

    // The same version can be rehearsed again, with the same bytes; twice in a row is fine.
    world.krel(&["reset-mock"]).expect(0);
    world.krel(&stage).expect(0);
    world.krel(&["release", "--build-version", build]).expect(0);
    let again = files(&world.path("mock/bucket/release"));
    assert_eq!(first.keys().collect::<Vec<_>>(), again.keys().collect::<Vec<_>>());
    world.krel(&["list"]).expect(0);
}

/// A lease of the mock places as a run left it that was killed, with another holder or another end.
fn leave_lease(world: &World, change: impl Fn(&mut Value)) -> u32 {
    let mut child = world.command(&["stage"]).spawn().unwrap();
    let started = std::time::Instant::now();
    while !world.path("begun").exists() {
        assert!(started.elapsed().as_secs() < 30, "the build does not begin");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = world.path("mock/bucket/journal/leases/main");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    names.sort();
    let last = names.last().unwrap();
    let mut record: Value = serde_json::from_slice(&fs::read(last).unwrap()).unwrap();
    change(&mut record);
    fs::remove_file(last).unwrap();
    fs::write(last, record.to_string()).unwrap();
    child.id()
}

#[test]
fn a_run_of_another_machine_keeps_its_places() {
    let world = World::with_command("touch \"$KREL_WORK/../begun\"; sleep 30; echo made > {out}/hello");
    leave_lease(&world, |record| record["holder"]["host"] = "elsewhere".into());
    let before = files(&world.path("mock"));
    // Of a process there nothing is known here, whatever runs under its number.
    world.krel(&["reset-mock"]).refuses(3, &["the mock places are in use by first-operator", "on elsewhere"]);
    world.krel(&["stage"]).refuses(3, &["`main` is held by first-operator", "on elsewhere"]);
    world.krel(&["resume"]).refuses(3, &["`main` is held by first-operator", "on elsewhere"]);
    assert_eq!(files(&world.path("mock")), before, "nothing of it was touched");
    let status = world.krel(&["status"]);
    assert!(status.expect(0).stdout.contains("first-operator"), "{}", status.stdout);
}

#[test]
fn a_run_that_is_no_more_keeps_nothing() {
    let cases: [(&str, Change<'_>); 2] = [
        ("killed on this machine", &|_| {}),
        ("silent on another machine for too long", &|record| {
            record["holder"]["host"] = "elsewhere".into();
            record["expires"] = "2025-01-01T00:00:00Z".into();
        }),
    ];
    for (case, change) in cases {
        let world = World::with_command(
            "touch \"$KREL_WORK/../begun\"; test -e \"$KREL_WORK/../go\" || sleep 30; echo made > {out}/hello",
        );
        leave_lease(&world, change);
        let reset = world.krel(&["reset-mock"]);
        assert_eq!(reset.code, Some(0), "{case}: {}", reset.stderr);
        assert!(files(&world.path("mock/bucket")).keys().all(|path| path.contains(".lock")), "{case}");
        fs::write(world.path("go"), "").unwrap();
        world.krel(&["stage"]).expect(0);
    }
}

/// The mock repository is somewhere else: what is there is not ours to remove.
#[test]
fn a_mock_repository_on_another_machine() {
    let world =
        World::with(|config| config.replace("git: mock/repository.git", "git: https://git.example.invalid/mock.git"));
    let before = files(&world.path("mock"));
    world.krel(&["reset-mock"]).refuses(3, &["`https://git.example.invalid/mock.git` is not on this machine"]);
    assert_eq!(files(&world.path("mock")), before);
}
