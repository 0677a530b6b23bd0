//! Build commands that fail, hang, lie, or leave something behind.

use std::{
    fs,
    time::{Duration, Instant},
};

use crate::world::World;

/// An ELF header for RISC-V, little endian, 64 bits; on a RISC-V machine for AArch64.
const OTHER_ELF: &str = if cfg!(target_arch = "riscv64") {
    r"printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\267\000\001\000\000\000' > {out}/hello; head -c 200 /dev/zero >> {out}/hello"
} else {
    r"printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\363\000\001\000\000\000' > {out}/hello; head -c 200 /dev/zero >> {out}/hello"
};

/// Processes whose command line holds this word.
fn running(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path().join("cmdline");
        let line = fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).replace('\0', " ")).unwrap_or_default();
        if line.contains(word) {
            found.push(line);
        }
    }
    found
}

/// Fails like this, fails in the same way when resumed, and stages nothing that could be released.
#[track_caller]
fn fails(world: &World, case: &str, parts: &[&str]) {
    let before = world.places();
    let run = world.approved(&["stage", "--nomock"]);
    assert_eq!(run.code, Some(8), "{case}: {}{}", run.stdout, run.stderr);
    let error = run.json();
    let told = error.to_string();
    for part in parts {
        assert!(told.contains(part), "{case}: no `{part}` in {told}");
    }
    let hint = error["hints"].to_string();
    assert!(hint.contains("krel resume stage-v1.0.0-alpha.1-"), "{case}: {hint}");
    world.places().same_as(&before, case);
    let again = world.krel(&["resume"]);
    again.expect(8).says(parts).says(&["krel resume stage-v1.0.0-alpha.1-"]);
    world.places().same_as(&before, case);
    let status = world.krel(&["status"]);
    assert!(status.expect(0).stdout.contains("failed"), "{case}: {}", status.stdout);
    assert!(world.krel(&["list", "--nomock"]).expect(0).stdout.contains("nothing is staged"), "{case}");
}

#[test]
fn results_that_are_not_what_was_asked_for() {
    let failing = "seq 100 130; echo 'hello.c:1: no such thing' >&2; exit 7";
    let cases: [(&str, &str, &[&str]); 6] = [
        (
            "failing",
            failing,
            &[
                "build `hello-linux-",
                "exit status: 7",
                ".log`",
                "  | hello.c:1: no such thing",
                "  | 130",
                "build:v1.0.0-alpha.1",
            ],
        ),
        ("no such command", "no-such-compiler hello.c", &["exit status: 127", "no-such-compiler"]),
        ("killed by a signal", "kill -9 $$", &["signal: 9"]),
        ("result missing", "true", &["succeeded and did not make `hello`"]),
        ("result is a link", "ln -s /bin/sh {out}/hello", &["made `hello`, which is not a regular file"]),
        ("result is a folder", "mkdir {out}/hello", &["made `hello`, which is not a regular file"]),
    ];
    for (case, command, parts) in cases {
        fails(&World::with_command(command), case, parts);
    }
    let world = World::with_command(failing);
    let run = world.approved(&["stage", "--nomock"]);
    assert!(!run.stdout.contains("| 100"), "the tail of a log is not the whole log");
}

#[test]
fn a_binary_for_another_platform() {
    for (case, command, part) in [
        ("another machine", OTHER_ELF, "platform"),
        ("a script", "printf '#!/bin/sh\\n' > {out}/hello; chmod +x {out}/hello", "hello"),
        ("an empty file", ": > {out}/hello", "hello"),
    ] {
        let world =
            World::with(|config| crate::world::with_command(config, command).replace("          kind: file\n", ""));
        fails(&world, case, &["made a binary for another platform", part]);
    }
}

#[test]
fn a_build_that_hangs() {
    // The word in the command line tells these processes from all others.
    let word = format!("{}.25", 40_000 + std::process::id() % 10_000);
    let cases = [
        ("asleep", format!("echo begun; sleep {word}")),
        ("children in the background", format!("sleep {word} & sleep {word} & echo begun; wait")),
    ];
    for (case, command) in cases {
        let world =
            World::with(|config| crate::world::with_command(config, &command).replace("timeout: 60s", "timeout: 1s"));
        let started = Instant::now();
        fails(&world, case, &["was stopped after 1 s", "  | begun"]);
        assert!(started.elapsed() < Duration::from_secs(20), "{case}");
        assert_eq!(running(&word), Vec::<String>::new(), "{case}: left behind");
    }
}

#[test]
fn a_build_that_leaves_processes_behind() {
    let word = format!("{}.75", 50_000 + std::process::id() % 10_000);
    let world = World::with_command(&format!("sleep {word} & echo made > {{out}}/hello"));
    let started = Instant::now();
    world.stage();
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(running(&word), Vec::<String>::new());
}

#[test]
fn the_build_of_a_killed_run_is_stopped_by_the_next() {
    let word = format!("{}.5", 60_000 + std::process::id() % 10_000);
    let world = World::with_command("sh -c \"$KREL_TEST_FIRST\"; echo made > {out}/hello");
    let fingerprint = world.fingerprint(&["stage", "--nomock"]);
    let mut command = world.command(&["stage", "--nomock", "--approve", &fingerprint]);
    let mut child = command.env("KREL_TEST_FIRST", format!("sleep {word}; :")).spawn().unwrap();
    let started = Instant::now();
    while !running(&word).iter().any(|line| line.starts_with("sleep")) {
        assert!(started.elapsed() < Duration::from_secs(30), "the build does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!running(&word).is_empty(), "a killed program stops nothing");
    world.krel(&["resume"]).expect(0);
    assert_eq!(running(&word), Vec::<String>::new());
    assert!(world.bucket("stage").is_dir());
}

#[test]
fn a_mended_machine_and_a_resume() {
    let world = World::with_command("cp \"$KREL_WORK/../tool\" {out}/hello");
    world.approved(&["stage", "--nomock"]).expect(8);
    world.krel(&["resume"]).expect(8).says(&["tool"]);
    fs::write(world.path("tool"), "a tool\n").unwrap();
    let resumed = world.krel(&["resume", "--output", "json"]);
    let build = resumed.expect(0).json()["build_version"].as_str().unwrap().to_owned();
    world.release(&build).expect(0);
    let binary = world.krel(&["status", "--output", "json"]);
    assert_eq!(binary.expect(0).json()["runs"].as_array().unwrap().len(), 2, "the resumed run is the same run");
    let folder = world.bucket("release/v1.0.0-alpha.1/bin/linux");
    let arch = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read_to_string(arch.join("hello")).unwrap(), "a tool\n");
}

#[test]
fn secrets_do_not_reach_builds_and_logs() {
    let world = World::with_command("env > {out}/hello; echo \"given: $PLAIN\"; cat {out}/hello");
    let fingerprint = world.fingerprint(&["stage", "--nomock"]);
    let mut command = world.command(&["stage", "--nomock", "--approve", &fingerprint]);
    command.env("DEPLOY_TOKEN", "sesame-open-1234").env("PLAIN", "sesame-open-1234");
    let run = crate::world::Run::of(&["stage"], command.output().unwrap());
    run.expect(0);
    assert!(!run.stderr.contains("sesame-open"), "{}", run.stderr);
    for (path, bytes) in crate::world::files(&world.bucket("stage")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("DEPLOY_TOKEN"), "{path}");
        if path.contains("/logs/") {
            assert!(text.contains("given: ") && !text.contains("sesame-open"), "{path}: {text}");
        }
    }
}
