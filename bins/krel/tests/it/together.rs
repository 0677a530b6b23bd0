//! Two runs at once, and somebody who presses Ctrl-C.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Run, World};

/// Waits until a build has made this file.
fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() {
        assert!(started.elapsed() < Duration::from_secs(30), "`{}` does not appear", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A build that waits until it may go on.
fn waiting() -> World {
    World::with_command(
        "touch \"$KREL_WORK/../begun\"\nwhile [ ! -e \"$KREL_WORK/../go\" ]; do sleep 0.05; done\necho made > {out}/hello",
    )
}

#[test]
fn one_run_at_a_time_on_a_branch() {
    let world = waiting();
    let args = ["stage", "--nomock"];
    let fingerprint = world.fingerprint(&args);
    let approved = [&args[..], &["--approve", &fingerprint]].concat();
    let first = world.command(&approved).spawn().unwrap();
    wait_for(&world.path("begun"));
    let status = world.krel(&["status"]);
    assert!(status.expect(0).stdout.contains("first-operator"), "{}", status.stdout);
    let before = world.places();
    let mut command = world.command(&approved);
    let second = Run::of(&approved, command.env("KREL_OPERATOR", "second-operator").output().unwrap());
    second.refuses(3, &["`main` is held by first-operator (stage-v1.0.0-alpha.1-", "wait for the other run"]);
    world.krel(&["resume"]).refuses(3, &["`main` is held by first-operator"]);
    world.places().same_as(&before, "the second run");
    // Another set of places is another lease.
    fs::write(world.path("go"), "").unwrap();
    world.krel(&["stage"]).expect(0);
    let first = Run::of(&approved, first.wait_with_output().unwrap());
    first.expect(0);
    let nothing = world.krel(&["resume"]);
    assert_eq!(nothing.expect(0).stdout, "nothing to do: there is no unfinished run\n");
    let nothing = world.krel(&["resume", "--nomock", "--output", "json"]);
    assert_eq!(nothing.expect(0).json()["resumed"], serde_json::Value::Null);
    world.krel(&["resume", "stage-v9.9.9-0123456789ab"]).refuses(2, &["there is no run"]);
}

#[test]
fn two_branches_at_once() {
    let mut world = waiting();
    world.git.create_branch("release-0.9");
    world.git.commit("Prepare");
    world.git.annotated_tag("v0.9.0-rc.0", "Hello rc release v0.9.0-rc.0");
    world.git.commit("Only on the release branch");
    world.git.switch("main");
    world.git.commit("Only on the default branch");
    let acts = [&["stage", "--nomock"][..], &["stage", "--type", "rc", "--branch", "release-0.9", "--nomock"]];
    let children: Vec<_> = acts
        .into_iter()
        .map(|args| {
            let fingerprint = world.fingerprint(args);
            let approved = [args, &["--approve", &fingerprint, "--output", "json"]].concat();
            let mut command = world.command(&approved);
            // Each on a machine of its own, as far as folders go; the build looks for its signals beside them.
            let work = world.path(&format!("machine-{}/cache", args.len()));
            fs::create_dir_all(&work).unwrap();
            let child = command.env("KREL_WORK", &work).spawn().unwrap();
            wait_for(&work.join("../begun"));
            (child, work)
        })
        .collect();
    let mut builds = Vec::new();
    for (child, work) in children {
        fs::write(work.join("../go"), "").unwrap();
        let run = Run::of(&["stage"], child.wait_with_output().unwrap());
        builds.push(run.expect(0).json()["versions"].to_string());
    }
    assert_eq!(builds[0], r#"["v1.0.0-alpha.1"]"#);
    assert_eq!(builds[1], r#"["v0.9.0-rc.1"]"#);
}

#[test]
fn ctrl_c_finishes_the_running_action() {
    let world = waiting();
    let args = ["stage", "--nomock"];
    let fingerprint = world.fingerprint(&args);
    let approved = [&args[..], &["--approve", &fingerprint]].concat();
    let child = world.command(&approved).spawn().unwrap();
    wait_for(&world.path("begun"));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    fs::write(world.path("go"), "").unwrap();
    let run = Run::of(&approved, child.wait_with_output().unwrap());
    run.expect(130).says(&["interrupted before step `notes:v1.0.0-alpha.1`", "krel resume stage-v1.0.0-alpha.1-"]);
    // The build is done and written down, and the lease given back.
    let status = world.krel(&["status", "--output", "json"]).expect(0).json();
    let steps = status["runs"][0]["steps"].as_array().unwrap().clone();
    let state =
        |step: &str| steps.iter().find(|one| one["step"].as_str().unwrap().starts_with(step)).unwrap()["state"].clone();
    assert_eq!(state("build:"), "done");
    assert_ne!(state("notes:"), "done");
    assert_eq!(status["runs"][0]["state"], "interrupted");
    assert_eq!(status["runs"][0]["holder"], serde_json::Value::Null);
    // Nothing is built again.
    fs::remove_file(world.path("begun")).unwrap();
    world.krel(&["resume"]).expect(0);
    assert!(!world.path("begun").exists(), "the build ran again");
}

/// Of several builds the ones that run are finished, and no other begins.
#[test]
fn ctrl_c_between_builds() {
    let world = World::with(|config| {
        let config = crate::world::with_command(
            config,
            "echo x >> \"$KREL_WORK/../builds\"; touch \"$KREL_WORK/../begun\"\nwhile [ ! -e \"$KREL_WORK/../go\" ]; do sleep 0.05; done\necho made > {out}/hello",
        );
        let config = config.replace("  timeout: 60s", "  timeout: 60s\n  parallel: 1");
        let start = config.find("    - name: hello\n      platforms").unwrap();
        let end = config.find("tarballs:").unwrap();
        let second = config[start..end]
            .replace("name: hello", "name: again")
            .replace("        - path: hello{exe}\n", "        - path: hello{exe}\n          publish: again\n");
        format!("{}{second}{}", &config[..end], &config[end..])
    });
    let args = ["stage", "--nomock"];
    let fingerprint = world.fingerprint(&args);
    let approved = [&args[..], &["--approve", &fingerprint]].concat();
    let child = world.command(&approved).spawn().unwrap();
    wait_for(&world.path("begun"));
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    fs::write(world.path("go"), "").unwrap();
    let run = Run::of(&approved, child.wait_with_output().unwrap());
    run.expect(130).says(&["interrupted", "krel resume stage-v1.0.0-alpha.1-"]);
    assert_eq!(fs::read_to_string(world.path("builds")).unwrap(), "x\n", "one build, and no other");
    world.krel(&["resume"]).expect(0);
    assert_eq!(fs::read_to_string(world.path("builds")).unwrap(), "x\nx\n", "only the other one");
}

/// Two plans of one commit for two branches meet in the folder of its build version: one is staged, whole, and the other is told.
#[test]
fn one_commit_for_two_branches_at_once() {
    let world = waiting();
    let acts = [&["stage", "--nomock"][..], &["stage", "--type", "rc", "--branch", "release-1.0", "--nomock"]];
    let children: Vec<_> = acts
        .into_iter()
        .map(|args| {
            let fingerprint = world.fingerprint(args);
            let approved = [args, &["--approve", &fingerprint, "--output", "json"]].concat();
            let work = world.path(&format!("machine-{}/cache", args.len()));
            fs::create_dir_all(&work).unwrap();
            let child = world.command(&approved).env("KREL_WORK", &work).spawn().unwrap();
            wait_for(&work.join("../begun"));
            (child, work)
        })
        .collect();
    for (_, work) in &children {
        fs::write(work.join("../go"), "").unwrap();
    }
    let runs: Vec<Run> =
        children.into_iter().map(|(child, _)| Run::of(&["stage"], child.wait_with_output().unwrap())).collect();
    let (won, lost): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(|run| run.code == Some(0));
    assert_eq!((won.len(), lost.len()), (1, 1), "{runs:?}");
    lost[0].says(&["error: ", "git.bundle"]);
    let staged = won[0].json();
    let build = staged["build_version"].as_str().unwrap();
    world.release(build).expect(0);
    let version = staged["versions"][0].as_str().unwrap();
    world.krel(&["verify", version, "--nomock", "--deep"]).expect(0);
    assert_eq!(world.remote(&["tag", "--list", version]), version);
}
