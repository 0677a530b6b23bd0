//! A range with full messages against `git log --format=%H%x00%B`, in the same run.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a benchmark is a program for its author")]

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use git_repo::{CommitRange, GitRepo};
use testkit::{GitWorld, git_command, load_history};

const ROUNDS: usize = 9;

fn main() {
    println!("{:<34} {:>8} {:>10} {:>10} {:>7}", "median of nine", "commits", "here ms", "git ms", "ratio");
    match load_history("cri-o") {
        Some(history) => {
            let repo = GitRepo::open(history.path()).unwrap();
            table(&repo, &[("all", None), ("v1.20.0..HEAD", Some("v1.20.0")), ("HEAD~200..HEAD", Some("HEAD~200"))]);
        }
        None => {
            let mut world = GitWorld::new("main");
            world.commit("Start");
            for number in 1..=300 {
                world.merge_pull(number, "someone/topic", "Do something that takes a line of text to tell");
            }
            let repo = GitRepo::open(world.path()).unwrap();
            table(&repo, &[("all (generated)", None), ("HEAD~100..HEAD", Some("HEAD~100"))]);
        }
    }
}

fn table(repo: &GitRepo, ranges: &[(&str, Option<&str>)]) {
    for graph in ["", ", commit-graph"] {
        if !graph.is_empty() {
            assert!(
                git_command(repo.git_dir()).args(["commit-graph", "write", "--reachable"]).status().unwrap().success()
            );
        }
        for (name, old) in ranges {
            let head = repo.resolve("HEAD").unwrap();
            let range = match old {
                Some(old) => CommitRange::between(repo.resolve(old).unwrap(), head),
                None => CommitRange::of(head),
            };
            let mut arguments = vec!["log".to_owned(), "--format=%H%x00%B".to_owned(), head.to_string()];
            arguments.extend(range.exclude.iter().map(|id| format!("^{id}")));
            // The handle is opened anew each time, as git starts anew; rounds alternate, so that both see the same machine.
            let mut times = (Vec::new(), Vec::new());
            let mut commits = 0;
            for _ in 0..ROUNDS {
                let started = Instant::now();
                let repo = GitRepo::open(repo.path()).unwrap();
                let mut bytes = 0;
                commits = 0;
                repo.for_each_commit(&range, |commit| {
                    bytes += commit.message().len();
                    commits += 1;
                    ControlFlow::Continue(())
                })
                .unwrap();
                assert!(bytes > 0);
                times.0.push(started.elapsed());
                let started = Instant::now();
                let output = git_command(repo.git_dir()).args(&arguments).output().unwrap();
                assert!(output.status.success() && output.stdout.len() > bytes);
                times.1.push(started.elapsed());
            }
            let (here, git) = (median(times.0), median(times.1));
            let ratio = here.as_secs_f64() / git.as_secs_f64();
            let (here, git) = (here.as_secs_f64() * 1e3, git.as_secs_f64() * 1e3);
            println!("{:<34} {commits:>8} {here:>10.1} {git:>10.1} {ratio:>7.2}", format!("{name}{graph}"));
        }
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
