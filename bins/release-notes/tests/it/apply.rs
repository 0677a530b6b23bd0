//! Plans of proposals that travel as files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use testkit::github::{Answer, Fault, On};
use testkit::{GitHttpServer, git};

use crate::draft::{DRAFT, Desk};
use crate::world::{Seen, TOKEN, bare, files, holds, seen, text};

/// A plan in a file, and who may apply it.
struct Planned {
    file: PathBuf,
    fingerprint: String,
    /// The commit that it pushes.
    commit: String,
}

impl Planned {
    fn new(desk: &Desk) -> Self {
        let file = desk.project.path("plans/draft.json");
        let told = desk.run(&["--plan-out", text(&file), "--output", "json"]).exits(0).json();
        assert_eq!(told["file"], text(&file));
        let plan: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!((&plan["plan"], &plan), (&json!("proposal"), &told["plan"]));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { file, fingerprint: text(&told["fingerprint"]), commit: text(&plan["push"]["commit"]) }
    }

    fn apply(&self, desk: &Desk) -> Seen {
        seen(&mut elsewhere(desk, &["apply", text(&self.file), "--approve", &self.fingerprint]))
    }
}

/// Another machine: another home, another cache, another folder, no clone.
fn elsewhere(desk: &Desk, args: &[&str]) -> Command {
    let home = desk.project.path("elsewhere");
    fs::create_dir_all(&home).unwrap();
    let mut command = bare(&home, args);
    command.env("GITHUB_TOKEN", TOKEN).env("GITHUB_API_URL", desk.project.server.url());
    command
}

/// Everything that somebody else could see.
fn world(desk: &Desk) -> impl PartialEq + std::fmt::Debug + use<> {
    let texts = desk.project.server.world(|hub| {
        let issues = &hub.find("org/docs").unwrap().issues;
        issues.values().map(|issue| issue.body.clone()).collect::<Vec<_>>()
    });
    (desk.target.refs(), desk.fork.refs(), desk.pulls(), texts)
}

#[test]
fn planned_here_and_applied_elsewhere() {
    let desk = Desk::new();
    let before = world(&desk);
    let planned = Planned::new(&desk);
    assert_eq!(world(&desk), before, "a plan changes nothing");
    assert!(!holds(&planned.file, TOKEN));
    let shown = desk.run(&["--plan"]).exits(0).out;
    assert!(shown.contains(&planned.fingerprint), "the same plan, however it is asked for: {shown}");
    // Nothing is left of the machine that planned but the file.
    fs::remove_dir_all(desk.project.path("cache")).unwrap();
    fs::remove_dir_all(desk.project.git.path()).unwrap();

    let opened = planned.apply(&desk).exits(0);
    let pulls = desk.pulls();
    assert_eq!(opened.out, format!("https://github.com/org/docs/pull/{}\n", pulls[0].0));
    assert!(opened.err.contains(" bytes\nopen a pull request to branch `main` of org/docs: "), "{}", opened.err);
    assert_eq!(desk.fork.refs()[&format!("refs/heads/{DRAFT}")], planned.commit);
    assert!(desk.show("notes/1.1/release-notes-draft.md").contains("- The pump is dry. ([#1]"));
    let after = world(&desk);
    let again =
        elsewhere(&desk, &["apply", text(&planned.file), "--approve", &planned.fingerprint, "--output", "json"])
            .output()
            .unwrap();
    let again: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["schema"], "krel/applied-proposal/v1");
    assert_eq!(
        (&again["fingerprint"], &again["pull_request"]["number"]),
        (&json!(planned.fingerprint), &json!(pulls[0].0))
    );
    assert_eq!(world(&desk), after, "applied twice is applied once");
    for path in files(&desk.project.path("elsewhere")) {
        assert!(!holds(&path, TOKEN), "{}", path.display());
    }
}

#[test]
fn stopped_and_applied_again() {
    let desk = Desk::new();
    let planned = Planned::new(&desk);
    let server = &desk.project.server;
    server.inject(Fault::new(On::Path("POST", "/repos/org/docs/pulls".into()), Answer::Status(403)).times(1));
    planned.apply(&desk).exits(6);
    assert!(desk.pulls().is_empty());
    let refs = desk.fork.refs();
    assert_eq!(refs[&format!("refs/heads/{DRAFT}")], planned.commit, "half done");
    planned.apply(&desk).exits(0);
    assert_eq!((desk.pulls().len(), desk.fork.refs()), (1, refs));
}

#[test]
fn the_world_moved() {
    let grow = |repository: &testkit::BareRemote, branch: &str| {
        let identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"];
        let line = [&identity[..], &["commit-tree", "-p", "main", "-m", "Another", "main^{tree}"]].concat();
        let made = git(repository.path(), &line);
        git(repository.path(), &["update-ref", &format!("refs/heads/{branch}"), &made]);
    };
    let base = |desk: &Desk| grow(&desk.target, "main");
    let branch = |desk: &Desk| grow(&desk.fork, DRAFT);
    let pull = |desk: &Desk| {
        desk.project.server.world(|hub| {
            hub.repository("org/docs").pull(9).title("Mine").head("someone/docs", DRAFT);
        });
    };
    let (of_base, of_branch) = ("branch `main` of org/docs".to_owned(), format!("branch `{DRAFT}` of someone/docs"));
    let of_pull = format!("the pull request from `{DRAFT}` of someone/docs");
    type Event<'a> = &'a dyn Fn(&Desk);
    for (event, subject) in [(&base as Event<'_>, &of_base), (&branch, &of_branch), (&pull, &of_pull)] {
        let desk = Desk::new();
        let planned = Planned::new(&desk);
        event(&desk);
        let moved = world(&desk);
        let refused = planned.apply(&desk).exits(5);
        let error = format!("error: {subject} changed since the plan was made; plan again\nhint: make a new plan");
        assert!(refused.err.contains(&error), "{}", refused.err);
        assert_eq!(world(&desk), moved, "{subject}");
    }
}

#[test]
fn a_grown_pull_request() {
    let desk = Desk::new();
    let opened = desk.propose(&[]).exits(0).out;
    desk.edit(2, "Added two valves.", "2030-01-01T00:00:00Z");
    let planned = Planned::new(&desk);
    assert_eq!(planned.apply(&desk).exits(0).out, opened);
    assert_eq!(desk.fork.refs()[&format!("refs/heads/{DRAFT}")], planned.commit);
    assert!(desk.show("notes/1.1/release-notes-draft.md").contains("- Added two valves."));
    // Nothing new: the plan is empty, and applying it is nothing.
    let file = desk.project.path("empty.json");
    let told = desk.run(&["--plan-out", text(&file), "--output", "json"]).exits(0).json();
    let before = world(&desk);
    let line = ["apply", text(&file), "--approve", told["fingerprint"].as_str().unwrap()];
    assert_eq!(seen(&mut elsewhere(&desk, &line)).exits(0).out, opened);
    assert_eq!(world(&desk), before);
}

#[test]
fn plans_that_are_refused() {
    let desk = Desk::new();
    let planned = Planned::new(&desk);
    let before = world(&desk);
    let good: Value = serde_json::from_slice(&fs::read(&planned.file).unwrap()).unwrap();
    let refused = seen(&mut elsewhere(&desk, &["apply", text(&planned.file)])).exits(3);
    assert!(refused.err.contains(&format!("hint: read the plan, then add `--approve {}", planned.fingerprint)));
    let line = ["apply", text(&planned.file), "--approve", "0123456789abcdef"];
    let refused = seen(&mut elsewhere(&desk, &line)).exits(3);
    assert!(refused.err.contains("`0123456789abcdef` does not name the plan"), "{}", refused.err);
    let refused = seen(
        elsewhere(&desk, &["apply", text(&planned.file), "--approve", &planned.fingerprint]).env_remove("GITHUB_TOKEN"),
    );
    assert!(refused.exits(6).err.contains("error: there is no token for GitHub"));

    let draft = "/push/files/notes~11.1~1release-notes-draft.md";
    for (place, value, code, error) in [
        // The approval is of another plan.
        (draft, json!("Anything\n"), 3, "does not name the plan"),
        ("/fork_at", json!("/srv/other.git"), 3, "does not name the plan"),
        ("/reach", json!("mock"), 3, "a proposal reaches production, and this plan says mock"),
        ("/push/files/..~1x", json!("x"), 2, "`../x` is no path of a file in a repository"),
        ("/fork_at", json!("https://me:s3cret@example.invalid/docs.git"), 2, "a URL without user name, password"),
        ("/plan", json!("stage"), 2, "hint: is `"),
    ] {
        let mut plan = good.clone();
        let (folder, name) = place.rsplit_once('/').unwrap();
        plan.pointer_mut(folder).unwrap()[name.replace("~1", "/")] = value;
        let file = desk.project.path("changed.json");
        fs::write(&file, plan.to_string()).unwrap();
        let line = ["apply", text(&file), "--approve", &planned.fingerprint];
        let refused = seen(&mut elsewhere(&desk, &line)).exits(code);
        assert!(refused.err.contains(error), "{place}: {}", refused.err);
        assert!(!refused.err.contains("s3cret"), "{place}: {}", refused.err);
    }
    // Somebody approves what was changed, and its commit is another one than the plan names.
    let mut plan = good;
    *plan.pointer_mut(draft).unwrap() = json!("Anything\n");
    let file = desk.project.path("changed.json");
    fs::write(&file, plan.to_string()).unwrap();
    let asked = seen(&mut elsewhere(&desk, &["apply", text(&file)])).exits(3).err;
    let approve = asked.split_once("add `--approve ").unwrap().1.split_once('`').unwrap().0.to_owned();
    let refused = seen(&mut elsewhere(&desk, &["apply", text(&file), "--approve", &approve])).exits(3);
    assert!(refused.err.contains("error: the plan contradicts itself"), "{}", refused.err);

    for (name, content) in [("none.json", None), ("text.json", Some("no JSON")), ("large.json", Some(""))] {
        let file = desk.project.path(name);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        if name == "large.json" {
            fs::File::options().write(true).open(&file).unwrap().set_len((64 << 20) + 1).unwrap();
        }
        seen(&mut elsewhere(&desk, &["apply", text(&file), "--approve", &approve])).exits(2);
    }
    assert_eq!(world(&desk), before);
}

/// As at GitHub: over TLS, with the token of the API. `KREL_COMPONENTS=1` makes the absence of its parts a failure.
#[test]
fn over_https() {
    let desk = Desk::new();
    let server = match GitHttpServer::start_tls(desk.fork.path().parent().unwrap()) {
        Ok(server) => server,
        Err(missing) if std::env::var_os("KREL_COMPONENTS").is_some() => panic!("{missing}"),
        Err(missing) => return println!("skipped: {missing}"),
    };
    git(desk.fork.path(), &["config", "http.receivepack", "true"]);
    for token in [testkit::TOKEN, testkit::READ_TOKEN] {
        desk.project.server.token(token, "someone", &["public_repo"]);
    }
    let (target, fork) = (server.url("target.git"), server.url("fork.git"));
    let over = |mut command: Command, token: &str| {
        command.env("GITHUB_TOKEN", token);
        seen(command.env("GIT_SSL_CAINFO", server.authority()).env("SSL_CERT_FILE", server.authority()))
    };
    let before = world(&desk);
    let file = desk.project.path("plan.json");
    let args = ["--plan-out", text(&file), "--output", "json"];
    // A token that the API takes and git's server does not.
    let refused = over(desk.command(&target, &fork, &args), TOKEN).exits(6);
    assert!(!refused.err.contains(TOKEN) && !refused.out.contains(TOKEN), "{}", refused.err);
    let told = over(desk.command(&target, &fork, &args), testkit::TOKEN).exits(0);
    let approve = told.json()["fingerprint"].as_str().unwrap().to_owned();
    let line = ["apply", text(&file), "--approve", &approve, "-vvv"];
    let refused = over(elsewhere(&desk, &line), TOKEN).exits(6);
    let may_read = over(elsewhere(&desk, &line), testkit::READ_TOKEN).exits(6);
    let hint = "hint: see that the token may push to the fork";
    assert!(may_read.err.contains("error: cannot push branch") && may_read.err.contains(hint), "{}", may_read.err);
    assert_eq!(world(&desk), before);
    let done = over(elsewhere(&desk, &line), testkit::TOKEN).exits(0);
    assert_eq!(desk.fork.refs()[&format!("refs/heads/{DRAFT}")], told.json()["plan"]["push"]["commit"]);
    assert_eq!(desk.pulls().len(), 1);
    for token in [TOKEN, testkit::TOKEN, testkit::READ_TOKEN] {
        for text in [&refused.err, &may_read.err, &told.out, &told.err, &done.out, &done.err] {
            assert!(!text.contains(token), "{text}");
        }
        for path in files(desk.project.git.folder()) {
            assert!(!holds(&path, token), "{}", path.display());
        }
    }
}
