use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The example `demo`, which `cargo test` builds beside this test.
fn demo(args: &[&str]) -> Command {
    let here = std::env::current_exe().unwrap();
    let path: PathBuf = here.parent().unwrap().parent().unwrap().join("examples/demo");
    assert!(path.exists(), "build it first: cargo build -p cli-kit --example demo");
    let mut command = Command::new(path);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_clear();
    command
}

fn run(args: &[&str]) -> Output {
    demo(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap().success());
}

/// Reads stderr up to a line that holds `wanted`.
fn wait_for(child: &mut Child, wanted: &str) -> BufReader<std::process::ChildStderr> {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(lines.read_line(&mut line).unwrap() > 0, "no `{wanted}` in:\n{seen}");
        seen.push_str(&line);
        if line.contains(wanted) {
            return lines;
        }
    }
}

fn code_within(child: &mut Child, limit: Duration) -> Option<i32> {
    let end = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if Instant::now() > end {
            child.kill().unwrap();
            panic!("still running after {limit:?}");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[test]
fn the_result_is_all_that_stdout_gets() {
    let output = run(&["count", README, "-v"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("file "), "{}", text(&output.stdout));
    assert!(text(&output.stdout).ends_with("1 files\n"));
    assert_eq!(text(&output.stderr), "");

    let output = run(&["--output", "json", "count", README]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], "demo/count/v1");
    assert_eq!(document["files"][0]["bytes"], std::fs::read(README).unwrap().len());
}

#[test]
fn the_environment_chooses_the_form() {
    let output = demo(&["count", README]).env("KREL_OUTPUT", "json").output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap()["schema"], "demo/count/v1");
    let output = demo(&["count", README]).env("KREL_LOG", "a=b=c").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`KREL_LOG=a=b=c` is not a filter"), "{}", text(&output.stderr));
}

#[test]
fn a_failure_has_code_causes_and_hints() {
    let output = run(&["count", "/nonexistent/file"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stdout), "");
    assert!(text(&output.stderr).starts_with("error: No such file"), "{}", text(&output.stderr));
    assert!(text(&output.stderr).ends_with("hint: is `/nonexistent/file` a file that you may read?\n"));

    let output = run(&["count", "/nonexistent/file", "--output=json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["schema"], &document["exit"]), (&"krel/error/v1".into(), &2.into()));
}

#[test]
fn help_version_and_usage() {
    let output = run(&["--version"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "demo 0.1.0\n"));
    let output = run(&["--help"]);
    assert!(text(&output.stdout).starts_with("Shows what cli-kit does\n"), "{}", text(&output.stdout));
    let output = run(&["count", "--help"]);
    assert_eq!(output.status.code(), Some(0));
    insta::assert_snapshot!(text(&output.stdout), @r"
    Count the lines and bytes of files

    Usage: demo count [OPTIONS] <FILES>...

    Arguments:
      <FILES>...  The files

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --output <human|json>
              Form of the result and of errors [env: KREL_OUTPUT] [default: human]
          --color <auto|always|never>
              Colours [env: KREL_COLOR] [default: auto]
          --progress <auto|bars|plain|json|none>
              Progress on stderr [env: KREL_PROGRESS] [default: auto]
          --log-format <auto|human|json>
              Log lines on stderr [env: KREL_LOG_FORMAT] [default: auto]
      -v, --verbose...
              Log more: once for what is done, twice for requests, three times for everything
      -q, --quiet
              Only results, warnings and errors
    ");

    let output = run(&["count", "--nonsense"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("--nonsense"));
    let output = run(&["count", "--nonsense", "--output", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["exit"], 2);
    assert!(document["error"].as_str().unwrap().contains("--nonsense"), "{document}");
}

#[test]
fn colours_only_where_asked() {
    let plain = run(&["count", "/nonexistent"]);
    assert!(!text(&plain.stderr).contains('\u{1b}'));
    let colours = run(&["count", "/nonexistent", "--color", "always"]);
    assert!(text(&colours.stderr).contains('\u{1b}'));
}

#[test]
fn a_defect_asks_for_a_report() {
    let output = run(&["defect"]);
    assert_eq!(output.status.code(), Some(1));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("error: the program has a defect: seven is not prime\nhint: please report it"), "{stderr}");
}

#[test]
fn a_closed_stdout_is_a_quiet_success() {
    let mut child = demo(&["count", README]).spawn().unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_first_signal_finishes_the_running_step() {
    for name in ["INT", "TERM"] {
        let mut child = demo(&["steps", "9"]).spawn().unwrap();
        let mut rest = wait_for(&mut child, "run demo");
        // On a busy machine the step, which says nothing when it begins, may come a little later; it takes a second.
        thread::sleep(Duration::from_millis(300));
        signal(&child, name);
        assert_eq!(code_within(&mut child, Duration::from_secs(20)), Some(130), "{name}");
        let mut stderr = String::new();
        rest.read_to_string(&mut stderr).unwrap();
        assert!(stderr.contains("interrupted: stopping after the current action"), "{name}: {stderr}");
        assert!(stderr.contains("[1/9] sleep:1 … done (1.0 s)"), "{name}: {stderr}");
        assert!(stderr.ends_with("error: interrupted\nhint: run `demo steps` again\n"), "{name}: {stderr}");
    }
}

#[test]
fn the_second_signal_stops_even_a_blocked_program() {
    let mut child = demo(&["block"]).spawn().unwrap();
    let mut rest = wait_for(&mut child, "blocking");
    signal(&child, "INT");
    let mut line = String::new();
    while !line.contains("press Ctrl-C again") {
        line.clear();
        assert!(rest.read_line(&mut line).unwrap() > 0);
    }
    signal(&child, "INT");
    assert_eq!(code_within(&mut child, Duration::from_secs(20)), Some(130));
    let mut stderr = String::new();
    rest.read_to_string(&mut stderr).unwrap();
    assert!(stderr.contains("resuming is safe"), "{stderr}");
}

#[test]
fn a_production_plan_needs_its_fingerprint() {
    let output = run(&["cut"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(3), ""));
    let stderr = text(&output.stderr);
    assert!(stderr.starts_with("cut v1.2.0\nerror: the plan reaches production"), "{stderr}");
    // The hint is the flag to add.
    let flag = stderr.split('`').nth(1).unwrap();
    let flags: Vec<_> = ["cut"].into_iter().chain(flag.split(' ')).collect();
    let output = demo(&flags).env("KREL_OPERATOR", "release-manager").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{flag}");
    let fingerprint = flag.split_once(' ').unwrap().1;
    let shown = format!("cut v1.2.0\nfingerprint {fingerprint}\napproved by release-manager: cut v1.2.0\n");
    assert_eq!(text(&output.stderr), shown);
}

#[test]
fn progress_as_json_lines() {
    let output = run(&["steps", "1", "--progress", "json"]);
    let events: Vec<Value> = text(&output.stderr).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["run-started", "step-started", "step-ended", "run-ended"]);
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn secrets_do_not_leave() {
    for form in ["human", "json"] {
        let output = run(&["leak", "hunter2", "--output", form, "--log-format", form]);
        assert_eq!(output.status.code(), Some(6));
        for channel in [&output.stdout, &output.stderr] {
            assert!(!text(channel).contains("hunter2"), "{form}: {}", text(channel));
        }
        assert_eq!(text(&output.stderr).matches("[redacted]").count(), 3, "{form}: {}", text(&output.stderr));
    }
}

#[test]
fn logs_are_json_in_cloud_build() {
    let output = demo(&["leak", "hunter2"]).envs([("BUILD_ID", "b"), ("PROJECT_ID", "p")]).output().unwrap();
    let first = text(&output.stderr).lines().next().unwrap();
    let line: Value = serde_json::from_str(first).unwrap();
    assert_eq!((&line["level"], &line["token"]), (&"WARN".into(), &"[redacted]".into()));
}

#[test]
fn every_program_with_subcommands_completes() {
    for (shell, mark) in [("bash", "complete -F"), ("zsh", "#compdef demo"), ("fish", "complete -c demo")] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output.stdout);
        assert!(script.contains(mark) && script.contains("count"), "{shell}: {script}");
    }
    // What is no shell is what clap says of an unknown subcommand.
    assert_eq!(run(&["completions", "dos"]).status.code(), Some(2));
}
