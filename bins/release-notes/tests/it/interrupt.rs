//! Ctrl-C and SIGTERM while GitHub lets the command wait.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use testkit::github::{Answer, Fault, On};

use crate::world::{Project, files, text};

/// Far longer than a moment, and far shorter than what the server lets the command wait.
const KILL: Duration = Duration::from_secs(30);

const AN_HOUR: Duration = Duration::from_secs(3600);

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap().success());
}

/// How it ended, and the rest of what it said.
fn end(child: &mut Child, mut stderr: impl Read) -> (Option<i32>, String) {
    let begun = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if begun.elapsed() > KILL {
            child.kill().unwrap();
            panic!("it runs on");
        }
        thread::sleep(Duration::from_millis(10));
    };
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    (code, said)
}

/// Nothing was written but what is whole; a run without trouble then does all of it.
fn complete(project: &Project, args: &[&str], before: usize) {
    project.server.heal();
    assert_eq!(files(project.git.path()).len(), before, "nothing is in the work tree that was not there");
    let partial = |name: &str| [".new-", ".krel-", ".partial"].iter().any(|part| name.contains(part));
    for file in files(&project.path("cache")) {
        assert!(!partial(text(&file)), "{}", file.display());
    }
    project.run(args).exits(0);
    assert!(fs::read_to_string(project.git.path().join("notes.md")).unwrap().contains("Added a valve."));
}

/// Longer than it takes to send a signal. The server keeps to it, so the run that completes the work sits the rest of it out.
const LIMIT: Duration = Duration::from_secs(8);

#[test]
fn a_limit_is_not_waited_for_after_ctrl_c() {
    a_limit_is_not_waited_for("INT", Answer::SecondaryLimit(Some(LIMIT)));
}

#[test]
fn a_limit_is_not_waited_for_after_sigterm() {
    a_limit_is_not_waited_for("TERM", Answer::RateLimited(Some(LIMIT)));
}

fn a_limit_is_not_waited_for(name: &str, answer: Answer) {
    let project = Project::new();
    let before = files(project.git.path()).len();
    project.server.inject(Fault::new(On::Any, answer));
    let args = ["generate", "v1.0.0..v1.1.0", "--no-dependencies", "-o", "notes.md"];
    let mut child = project.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut seen = String::new();
    while !seen.contains("GitHub asks to wait") {
        assert!(stderr.read_line(&mut seen).unwrap() > 0, "{seen}");
    }
    signal(&child, name);
    let (code, said) = end(&mut child, stderr);
    assert_eq!((code, said.as_str()), (Some(130), "error: interrupted\n"), "{name}");
    assert_eq!(project.server.counts().early, 0, "nobody came back before its time");
    complete(&project, &args, before);
}

#[test]
fn an_answer_that_does_not_come_is_not_waited_for() {
    for name in ["INT", "TERM"] {
        let project = Project::new();
        let before = files(project.git.path()).len();
        project.server.inject(Fault::new(On::Any, Answer::Late(AN_HOUR)));
        let args = ["generate", "v1.0.0..v1.1.0", "--no-dependencies", "-o", "notes.md"];
        let mut child = project.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while project.server.counts().requests() == 0 {
            assert!(begun.elapsed() < KILL, "it asks nothing");
            thread::sleep(Duration::from_millis(10));
        }
        signal(&child, name);
        let stderr = child.stderr.take().unwrap();
        let (code, said) = end(&mut child, stderr);
        assert_eq!((code, said.as_str()), (Some(130), "error: interrupted\n"), "{name}");
        complete(&project, &args, before);
    }
}
