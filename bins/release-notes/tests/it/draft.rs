//! `draft-pr`: the target and the fork are bare git repositories, which the GitHub of the test knows.

use std::fs;
use std::process::Command;

use testkit::github::{Answer, Fault, On};
use testkit::{BareRemote, GitWorld, git};

use crate::world::{Project, Seen, TOKEN, seen, text};

pub(crate) struct Desk {
    pub(crate) project: Project,
    _docs: GitWorld,
    pub(crate) target: BareRemote,
    pub(crate) fork: BareRemote,
}

pub(crate) const DRAFT: &str = "release-notes-draft-v1.1.0";

impl Desk {
    pub(crate) fn new() -> Self {
        let project = Project::new();
        let mut docs = GitWorld::new("main");
        let map = "pr: 1\nreleasenote:\n  text: The pump is dry.\n";
        docs.commit_files("Begin", &[("notes/1.1/maps/pr-1-map.yaml", map), ("notes/1.1/maps/README.md", "maps\n")]);
        let (target, fork) = (docs.bare_remote("target.git"), docs.bare_remote("fork.git"));
        project.server.world(|hub| {
            hub.repository("org/docs").bind(target.path());
            hub.fork("org/docs", "someone").bind(fork.path());
        });
        Self { project, _docs: docs, target, fork }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Seen {
        seen(&mut self.command(text(self.target.path()), text(self.fork.path()), args))
    }

    /// The command, with the addresses of both repositories.
    pub(crate) fn command(&self, target: &str, fork: &str, args: &[&str]) -> Command {
        #[rustfmt::skip]
        let line = [
            "draft-pr", "v1.0.0..v1.1.0", "--tag", "v1.1.0", "--target", "org/docs", "--base", "main", "--fork", "someone",
            "--folder", "notes/1.1", "--target-url", target, "--fork-url", fork, "--author", "Someone <someone@example.invalid>",
        ];
        self.project.command(&[&line[..], args].concat())
    }

    fn fingerprint(&self, args: &[&str]) -> String {
        let plan = self.run(&[args, &["--plan", "--output", "json"]].concat()).exits(0).json();
        assert_eq!(plan["schema"], "krel/draft-pull-request/v1");
        plan["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Reads the plan, approves it, and runs it.
    pub(crate) fn propose(&self, args: &[&str]) -> Seen {
        let fingerprint = self.fingerprint(args);
        self.run(&[args, &["--approve", &fingerprint]].concat())
    }

    pub(crate) fn pulls(&self) -> Vec<(u64, String)> {
        self.project.server.world(|hub| {
            let issues = &hub.find("org/docs").unwrap().issues;
            issues.iter().map(|(number, issue)| (*number, issue.title.clone())).collect()
        })
    }

    pub(crate) fn show(&self, path: &str) -> String {
        git(self.fork.path(), &["show", &format!("{DRAFT}:{path}")])
    }

    pub(crate) fn edit(&self, number: u64, note: &str, date: &str) {
        self.project.server.world(|hub| {
            let body = crate::world::body(note);
            hub.repository("org/tool").issues.get_mut(&number).unwrap().body(&body).updated_at(date);
        });
    }
}

#[test]
fn opened_updated_and_then_nothing() {
    let desk = Desk::new();
    let before = (desk.target.refs(), desk.fork.refs());
    let plan = desk.run(&["--plan"]).exits(0);
    assert!(plan.out.contains(&format!(
        "to branch `{DRAFT}` of someone/docs, a new branch\n  write notes/1.1/release-notes-draft.json, "
    )));
    assert!(plan.out.contains(&format!(
        "open a pull request to branch `main` of org/docs: Update release notes draft to version v1.1.0\n\
         git finds org/docs at {}\ngit finds someone/docs at {}\nfingerprint ",
        text(desk.target.path()),
        text(desk.fork.path())
    )));
    assert_eq!((desk.target.refs(), desk.fork.refs()), before, "a plan changes nothing");

    let refused = desk.run(&[]).exits(3);
    assert!(refused.err.contains("hint: read the plan, then add `--approve "), "{}", refused.err);
    desk.run(&["--approve", "0123456789abcdef"]).exits(3);
    assert_eq!(desk.fork.refs(), before.1);
    assert!(desk.pulls().is_empty());

    let opened = desk.propose(&[]).exits(0);
    let pulls = desk.pulls();
    assert_eq!(pulls.len(), 1);
    assert_eq!(opened.out, format!("https://github.com/org/docs/pull/{}\n", pulls[0].0));
    assert_eq!(pulls[0].1, "Update release notes draft to version v1.1.0");
    let draft = desk.show("notes/1.1/release-notes-draft.md");
    assert!(draft.contains("- The pump is dry. ([#1]"), "the merged map counts: {draft}");
    assert!(draft.contains("- Added a valve."), "{draft}");
    let json: serde_json::Value = serde_json::from_str(&desk.show("notes/1.1/release-notes-draft.json")).unwrap();
    assert_eq!(json["1"]["text"], "The pump is dry.");
    let one = |format: &str| git(desk.fork.path(), &["log", "-1", &format!("--format={format}"), DRAFT]);
    assert_eq!(one("%an <%ae>|%s"), "Someone <someone@example.invalid>|Release Notes draft for tool v1.1.0");
    assert_eq!(desk.target.refs(), before.0, "the target is only read");
    assert_eq!(git(desk.fork.path(), &["diff", "--name-only", "main", DRAFT]).lines().count(), 2);

    // The same again: nothing to approve, nothing done.
    let refs = desk.fork.refs();
    let again = desk.run(&[]).exits(0);
    assert_eq!(again.out, opened.out);
    assert!(again.err.contains("holds this draft already"), "{}", again.err);
    assert_eq!(desk.fork.refs(), refs);

    // A note was edited: the open pull request grows by one commit.
    desk.edit(2, "Added two valves.", "2030-01-01T00:00:00Z");
    assert_eq!(desk.propose(&[]).exits(0).out, opened.out);
    assert!(desk.show("notes/1.1/release-notes-draft.md").contains("- Added two valves."));
    assert_eq!(git(desk.fork.path(), &["rev-parse", &format!("{DRAFT}^")]), refs[&format!("refs/heads/{DRAFT}")]);
    assert_eq!(desk.pulls().len(), 1);
}

#[test]
fn own_maps_and_sessions_are_proposed_too() {
    let desk = Desk::new();
    let work = desk.project.path("work");
    for folder in ["maps", "sessions"] {
        fs::create_dir_all(work.join(folder)).unwrap();
    }
    let map = "pr: 2\nreleasenote:\n  text: Many valves.\n";
    fs::write(work.join("maps/pr-2-map.yaml"), map).unwrap();
    fs::write(work.join("maps/notes.swp"), "x").unwrap();
    fs::write(work.join("sessions/maps-1.json"), "{\"mail\":\"\",\"name\":\"x\",\"date\":1,\"prs\":[]}").unwrap();
    desk.propose(&["--work", text(&work)]).exits(0);
    let draft = desk.show("notes/1.1/release-notes-draft.md");
    assert!(draft.contains("- Many valves. ([#2]") && draft.contains("- The pump is dry. ([#1]"), "{draft}");
    assert_eq!(desk.show("notes/1.1/maps/pr-2-map.yaml"), map.trim_end());
    desk.show("notes/1.1/sessions/maps-1.json");
    assert_eq!(git(desk.fork.path(), &["diff", "--name-only", "main", DRAFT]).lines().count(), 4);
}

#[test]
fn what_is_hidden_stays_hidden() {
    let desk = Desk::new();
    let work = desk.project.path("work");
    let write = |name: &str, text: &str| {
        let path = work.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    };
    let secret = "releasenote:\n  text: Secret words.\n";
    let cve = "datafields:\n  cve:\n    id: CVE-2999-1\n    title: Secret words.\n    description: x\n    \
               vector: CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n    score: 9.8\n    rating: Critical\n    \
               embargo: 2999-01-01T00:00:00Z\n";
    let hidden = [
        write("maps/pr-1-map.yaml", &format!("pr: 1\nembargo: 2999-01-01\n{secret}")),
        // One of two documents is enough, wherever the embargo stands.
        write("maps/sub/two.yaml", &format!("pr: 999\nreleasenote: {{text: Plain.}}\n---\npr: 1\n{cve}")),
        write("../maps/elsewhere.yaml", &format!("pr: 2\n{secret}")),
        write("../hosts.yml", "github.com:\n    oauth_token: secret\n"),
        write("../hosts.json", "{\"mail\":\"secret\",\"name\":\"x\",\"date\":1,\"prs\":[]}"),
        write("maps/session.json", "{\"token\":\"secret\"}"),
        write("sessions/notes.yaml", "pr: 2\nreleasenote: {text: Secret words.}\n"),
    ];
    fs::create_dir_all(work.join("sessions")).unwrap();
    for (from, to) in [
        ("../../hosts.yml", "maps/pr-2-map.yaml"),
        ("../../maps", "maps/linked"),
        ("../../hosts.json", "sessions/maps-1.json"),
    ] {
        std::os::unix::fs::symlink(from, work.join(to)).unwrap();
    }
    write("maps/sub/pr-2.yml", "pr: 2\nembargo: 2001-01-01\nreleasenote:\n  text: Told since 2001.\n");
    let args = ["--work", text(&work)];
    let plan = desk.run(&[&args[..], &["--plan", "--output", "json"]].concat()).exits(0);
    assert!(plan.err.contains("2 files are under embargo, and not proposed"), "{}", plan.err);
    assert!(plan.out.contains("Told since 2001."), "what is proposed is in the plan: {}", plan.out);
    desk.run(&[&args[..], &["--plan-out", text(&desk.project.path("plan.json"))]].concat()).exits(0);
    let file = desk.project.read("plan.json");
    let done = desk.propose(&args).exits(0);
    for seen in [&plan.out, &plan.err, &file, &done.out, &done.err] {
        assert!(!seen.to_lowercase().contains("secret") && !seen.contains("hosts") && !seen.contains("CVE-"), "{seen}");
    }
    assert_eq!(
        git(desk.fork.path(), &["diff", "--name-only", "main", DRAFT]),
        "notes/1.1/maps/sub/pr-2.yml\nnotes/1.1/release-notes-draft.json\nnotes/1.1/release-notes-draft.md"
    );
    assert!(desk.show("notes/1.1/release-notes-draft.md").contains("- Told since 2001. ([#2]"));
    let mirrors: Vec<_> = crate::world::files(&desk.project.path("cache"))
        .into_iter()
        .filter(|path| path.ends_with("HEAD"))
        .map(|path| path.parent().unwrap().to_owned())
        .collect();
    assert_eq!(mirrors.len(), 1, "{mirrors:?}");
    for place in [&mirrors[0], &desk.fork.path().to_owned()] {
        let objects = git(place, &["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"]);
        for path in &hidden {
            let id = git(desk.project.git.path(), &["hash-object", text(path)]);
            assert!(!objects.contains(&id), "{} is in {}", path.display(), place.display());
        }
        let draft = git(desk.fork.path(), &["rev-parse", &format!("{DRAFT}:notes/1.1/release-notes-draft.md")]);
        assert!(objects.contains(&draft), "what is proposed is there");
    }

    // Merged, a map of a folder below counts in the next draft.
    let merged = git(desk.fork.path(), &["rev-parse", DRAFT]);
    git(desk.target.path(), &["fetch", "--quiet", text(desk.fork.path()), DRAFT]);
    git(desk.target.path(), &["update-ref", "refs/heads/main", &merged]);
    let again = desk.run(&["--plan"]).exits(0);
    assert!(again.out.contains(" has all files already"), "{}", again.out);
}

#[test]
fn work_that_cannot_be_read_is_refused() {
    for (name, content, error) in [
        ("maps/x.yaml", Some("pr: 1\ntoken: x\n"), "maps/x.yaml:2: unknown key `token`"),
        ("sessions/x.json", Some("{\"token\":\"x\"}"), "hint: mend or remove `"),
        ("maps", None, "work/maps` is a link, and links are not proposed"),
        ("sessions", None, "work/sessions` is a link, and links are not proposed"),
    ] {
        let desk = Desk::new();
        let work = desk.project.path("work");
        let path = work.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            Some(content) => fs::write(path, content).unwrap(),
            None => std::os::unix::fs::symlink(desk.project.git.path(), path).unwrap(),
        }
        let refused = desk.run(&["--work", text(&work), "--plan"]).exits(2);
        assert!(refused.err.contains(error), "{name}: {}", refused.err);
        assert_eq!(refused.out, "", "{name}");
    }
}

#[test]
fn moved_and_somebodys_branch() {
    let desk = Desk::new();
    let fingerprint = desk.fingerprint(&[]);
    // Somebody pushes to the branch after the plan was read.
    let tree = git(desk.fork.path(), &["rev-parse", "main^{tree}"]);
    let identity = ["-c", "user.name=Another", "-c", "user.email=another@example.invalid"];
    let theirs = git(desk.fork.path(), &[&identity[..], &["commit-tree", "-p", "main", "-m", "Mine", &tree]].concat());
    let branch = format!("refs/heads/{DRAFT}");
    git(desk.fork.path(), &["update-ref", &branch, &theirs]);
    for args in [&["--approve", &fingerprint][..], &["--plan"]] {
        let refused = desk.run(args).exits(3);
        assert!(refused.err.contains("holds commits of its own, and no open pull request from it"), "{}", refused.err);
        assert!(refused.err.contains("hint: delete that branch, or choose another one with `--draft-branch NAME`"));
    }
    assert_eq!(desk.fork.refs()[&branch], theirs);
    assert!(desk.pulls().is_empty());
    desk.propose(&["--draft-branch", "another"]).exits(0);
    assert_eq!(desk.fork.refs()[&branch], theirs);

    // Between reading and pushing, while the plan is applied: a hook of the fork stands for somebody who is faster.
    let desk = Desk::new();
    let script = format!("git update-ref {branch} $(git rev-parse main) && exit 1");
    let fingerprint = desk.fingerprint(&[]);
    desk.fork
        .install_hook("pre-receive", &script.replace("git update-ref", "env -u GIT_QUARANTINE_PATH git update-ref"));
    let moved = desk.run(&["--approve", &fingerprint]).exits(5);
    assert!(moved.err.contains("changed since the plan was made; plan again"), "{}", moved.err);
    assert!(desk.pulls().is_empty());
}

#[test]
fn stopped_after_the_push() {
    let desk = Desk::new();
    desk.project
        .server
        .inject(Fault::new(On::Path("POST", "/repos/org/docs/pulls".into()), Answer::Status(403)).times(1));
    let fingerprint = desk.fingerprint(&[]);
    let stopped = desk.run(&["--approve", &fingerprint]);
    assert_ne!(stopped.code, 0);
    assert!(desk.fork.refs().contains_key(&format!("refs/heads/{DRAFT}")) && desk.pulls().is_empty(), "half done");
    let head = desk.fork.refs();
    desk.propose(&[]).exits(0);
    assert_eq!(desk.pulls().len(), 1);
    assert_eq!(desk.fork.refs(), head, "what was pushed is taken up");
    desk.run(&[]).exits(0);
    assert_eq!(desk.pulls().len(), 1);
}

#[test]
fn a_plan_for_programs() {
    let desk = Desk::new();
    let seen = desk.run(&["--plan", "--output", "json"]).exits(0);
    let plan = &seen.json()["plan"];
    assert_eq!((&plan["target"], &plan["branch"]), (&"org/docs".into(), &DRAFT.into()));
    assert!(!seen.out.contains(TOKEN) && !seen.err.contains(TOKEN));
    assert!(desk.pulls().is_empty() && !desk.fork.refs().contains_key(&format!("refs/heads/{DRAFT}")));
}

#[test]
fn places_that_are_wrong() {
    let desk = Desk::new();
    desk.project.server.world(|hub| {
        hub.repository("someone/other").commit("main", "x", &[]);
    });
    #[rustfmt::skip]
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--fork", "someone/other"], 2, "error: `someone/other` is no fork of `org/docs`\nhint: name your fork with `--fork OWNER/NAME`"),
        (&["--fork", "nobody"], 2, "error: cannot look at the fork\n  caused by: "),
        (&["--base", "gone"], 2, "error: `org/docs` has no branch `gone`"),
        (&["--draft-branch", "a..b"], 2, "error: `a..b` is no name of a branch"),
        (&["--author", "Someone"], 2, "error: invalid value 'Someone' for '--author <NAME <ADDRESS>>': write it as `Name <name@example.org>`"),
        (&["--target-url", "/nowhere"], 2, "error: `/nowhere` is no repository"),
        (&["--folder", "../up"], 2, "error: "),
        (&["--work", "/nowhere"], 2, "error: `/nowhere` has neither `maps` nor `sessions`"),
        (&["--tag", "next", "--folder", ""], 2, "error: "),
    ];
    for (args, code, error) in cases {
        // What is given twice is an error of its own: the new value stands for the one of the desk.
        let (target, fork) = (text(desk.target.path()), text(desk.fork.path()));
        let mut line = vec!["draft-pr", "v1.0.0..v1.1.0", "--target", "org/docs", "--plan"];
        let defaults = [
            ("--tag", "v1.1.0"),
            ("--base", "main"),
            ("--fork", "someone"),
            ("--folder", "notes/1.1"),
            ("--target-url", target),
            ("--fork-url", fork),
        ];
        line.extend(defaults.iter().filter(|(flag, _)| !args.contains(flag)).flat_map(|(flag, value)| [*flag, *value]));
        line.extend(*args);
        let found = desk.project.run(&line);
        assert_eq!(found.code, *code, "{args:?}: {}", found.err);
        let errors = &found.err[found.err.find("error: ").unwrap_or(0)..];
        assert!(errors.starts_with(error), "{args:?}: {}", found.err);
    }
    // Names that cannot be are refused before anything is asked for.
    let counts = desk.project.server.counts().requests();
    for name in ["--base", "--draft-branch"] {
        desk.project.run(&["draft-pr", "v1.0.0..", "--tag", "v1.1.0", "--fork", "someone", name, "a..b"]).exits(2);
    }
    desk.project.run(&["draft-pr", "v1.0.0..", "--tag", "v1.1.0", "--fork", "someone", "--folder", "../up"]).exits(2);
    assert_eq!(desk.project.server.counts().requests(), counts);
    let line = ["draft-pr", "v1.0.0..v1.1.0", "--tag", "next", "--fork", "someone"];
    let found = desk.project.run(&line).exits(2);
    assert_eq!(found.err, "error: `next` is no version\nhint: name the folder with `--folder DIR`\n");
    let found =
        seen(desk.project.command(&[&line[..], &["--folder", "x"]].concat()).env_remove("GITHUB_TOKEN")).exits(6);
    assert!(found.err.starts_with("error: there is no token for GitHub"), "{}", found.err);
    assert!(desk.pulls().is_empty());
}

#[test]
fn a_draft_of_nothing_is_not_proposed() {
    let desk = Desk::new();
    desk.project.server.world(|hub| {
        for issue in hub.repository("org/tool").issues.values_mut() {
            issue.body("No block at all.");
        }
    });
    let refused = desk.run(&["--plan"]).exits(3);
    assert!(
        refused.err.contains("error: there are no notes from v1.0.0 to v1.1.0 to propose\nhint: is it the range"),
        "{}",
        refused.err
    );
    assert!(desk.pulls().is_empty() && !desk.fork.refs().contains_key(&format!("refs/heads/{DRAFT}")));
}
