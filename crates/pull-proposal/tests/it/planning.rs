//! What is decided from what is seen.

use std::collections::BTreeMap;

use git_repo::{CommitId, Identity};
use github_client::PullNumber;
use pull_proposal::{
    Files, FilesError, Holds, MadeCommit, Observed, OpenPull, PlanError, Proposal, ProposalPlan, PullAction, plan,
};
use release_journal::{Plan, Reach, canonical_json};
use serde_json::{Value, json};

fn commit(digit: char) -> CommitId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn proposal() -> Proposal {
    Proposal {
        target: "org/notes".parse().unwrap(),
        base: "main".into(),
        fork: "someone/notes".parse().unwrap(),
        branch: "draft-v1.2.0".into(),
        files: BTreeMap::from([("a.md".to_owned(), Some("text".to_owned())), ("old.md".to_owned(), None)]),
        message: "Draft".into(),
        author: Identity::new("Someone", "someone@example.invalid"),
        at: "2026-01-02T03:04:05Z".parse().unwrap(),
        title: "Draft of v1.2.0".into(),
        body: "one\ntwo".into(),
        reach: Reach::Production,
    }
}

/// Nothing is there but the base branch.
fn first() -> Observed {
    Observed {
        github: "https://github.com".into(),
        target_at: "https://github.com/org/notes.git".to_owned().try_into().unwrap(),
        fork_at: "/srv/fork.git".to_owned().try_into().unwrap(),
        base: commit('a'),
        branch: None,
        holds: Holds::Nothing,
        pull: None,
        commit: Some(MadeCommit { id: commit('c'), parent: commit('a'), time: proposal().at }),
    }
}

#[test]
fn decisions() {
    let number = PullNumber::new(7).unwrap();
    let open =
        |body: &str| Some(OpenPull { number, url: String::new(), title: "Draft of v1.2.0".into(), body: body.into() });
    let first = first();
    let running =
        Observed { branch: Some(commit('b')), holds: Holds::OtherWork, pull: open("one\r\ntwo\r\n"), ..first.clone() };
    let update = PullAction::Update { number, title: "Draft of v1.2.0".into(), body: "other".into() };
    let push = Some(commit('c'));
    #[rustfmt::skip]
    let cases = [
        ("first", first.clone(), Ok((push, None, PullAction::Open))),
        ("new files", running.clone(), Ok((push, Some(commit('b')), PullAction::Keep { number }))),
        ("new text", Observed { commit: None, pull: open("other"), ..running.clone() }, Ok((None, Some(commit('b')), update))),
        ("nothing new", Observed { commit: None, ..running.clone() }, Ok((None, Some(commit('b')), PullAction::Keep { number }))),
        ("merged long ago", Observed { branch: Some(commit('b')), ..first.clone() }, Ok((push, Some(commit('b')), PullAction::Open))),
        ("stopped after the push", Observed { holds: Holds::OurWork, commit: None, pull: None, ..running.clone() },
            Ok((None, Some(commit('b')), PullAction::Open))),
        ("stopped, then new files", Observed { holds: Holds::OurWork, pull: None, ..running.clone() },
            Ok((push, Some(commit('b')), PullAction::Open))),
        ("somebody's branch", Observed { pull: None, ..running.clone() },
            Err(PlanError::BranchInUse { branch: "draft-v1.2.0".into(), fork: "someone/notes".parse().unwrap() })),
        ("base has it", Observed { commit: None, ..first },
            Err(PlanError::NothingNew { target: "org/notes".parse().unwrap(), base: "main".into() })),
    ];
    for (name, observed, expected) in cases {
        let made = plan(&proposal(), &observed);
        let told = made.clone().map(|plan| (plan.push.map(|push| push.commit), plan.branch_head, plan.pull));
        assert_eq!(told, expected, "{name}");
        if let Ok(made) = made {
            assert_eq!(made.is_empty(), name == "nothing new", "{name}");
        }
    }
}

#[test]
fn a_plan_tells_people_what_it_does() {
    let plan = plan(&proposal(), &first()).unwrap();
    assert_eq!(
        plan.to_string(),
        "push commit cccccccccccc to branch `draft-v1.2.0` of someone/notes, a new branch\n  write a.md, 4 bytes\n  \
         remove old.md\nopen a pull request to branch `main` of org/notes: Draft of v1.2.0\n\
         git finds org/notes at https://github.com/org/notes.git\ngit finds someone/notes at /srv/fork.git\n"
    );
    assert_eq!(plan.subject(), "propose-draft-v1.2.0");
}

/// The form of plans is a wire format: a change of the fingerprint here means that approvals given before it are void.
#[test]
fn the_form_of_plans() {
    let made = plan(&proposal(), &first()).unwrap();
    let form = json!({
        "plan": "proposal",
        "github": "https://github.com",
        "target": "org/notes",
        "target_at": "https://github.com/org/notes.git",
        "base": "main",
        "base_head": "a".repeat(40),
        "fork": "someone/notes",
        "fork_at": "/srv/fork.git",
        "branch": "draft-v1.2.0",
        "branch_head": null,
        "push": {
            "commit": "c".repeat(40),
            "parent": "a".repeat(40),
            "files": { "a.md": "text", "old.md": null },
            "message": "Draft",
            "author": { "name": "Someone", "email": "someone@example.invalid" },
            "time": "2026-01-02T03:04:05Z",
        },
        "pull": { "do": "open" },
        "title": "Draft of v1.2.0",
        "body": "one\ntwo",
        "reach": "production",
    });
    let text = canonical_json(&made).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), form);
    let again: ProposalPlan = serde_json::from_slice(&text).unwrap();
    assert_eq!(again, made);
    assert_eq!(again.fingerprint().unwrap(), made.fingerprint().unwrap());
    assert_eq!(made.fingerprint().unwrap().short(), "1764d7ab76ee");
}

#[test]
fn a_plan_that_is_read_is_not_trusted() {
    let good = serde_json::to_value(plan(&proposal(), &first()).unwrap()).unwrap();
    let large = "x".repeat(Files::MAX_BYTES + 1);
    #[rustfmt::skip]
    let cases = [
        ("/plan", json!("stage"), "unknown variant `stage`"),
        ("/more", json!(1), "unknown field `more`"),
        ("/push/more", json!(1), "unknown field `more`"),
        ("/push/files", json!({"../x": "y"}), "`../x` is no path of a file in a repository"),
        ("/push/files", json!({"/etc/x": "y"}), "`/etc/x` is no path"),
        ("/push/files", json!({"a/.git/config": null}), "`a/.git/config` is no path"),
        ("/push/files", json!({"a": large}), "at most 8388608 are proposed at once"),
        ("/push/files", json!({"a": [1]}), "invalid type"),
        ("/push/commit", json!("main"), "`main` is no object id"),
        ("/target", json!("org"), "repository `owner/name`"),
        ("/fork_at", json!("https://me:s3cret@github.com/someone/notes.git"), "a URL without user name, password"),
        ("/fork_at", json!("https://s3cret@github.com/someone/notes.git"), "a URL without user name, password"),
        ("/fork_at", json!("https://github.com/someone/notes.git?token=s3cret"), "a URL without user name, password"),
        ("/fork_at", json!("me:s3cret@host.invalid:notes.git"), "a URL without user name, password"),
        ("/fork_at", json!("ext::sh -c date"), "an absolute path, or a URL"),
        ("/fork_at", json!("fork.git"), "an absolute path, or a URL"),
        ("/fork_at", json!("--upload-pack=x"), "an absolute path, or a URL"),
        ("/fork_at", json!(format!("/{}", "x".repeat(5000))), "an absolute path, or a URL"),
        ("/branch", json!("a..b"), "`refs/heads/a..b` is no ref name"),
        ("/base", json!("-x"), "`refs/heads/-x` is no ref name"),
        ("/title", json!("Draft\nfingerprint 0123"), "one line"),
        ("/title", json!("\u{1b}[2J"), "one line"),
        ("/title", json!(" "), "one line"),
        ("/pull", json!({"do": "merge"}), "unknown variant `merge`"),
    ];
    for (place, value, error) in cases {
        let mut plan = good.clone();
        let (folder, name) = place.rsplit_once('/').unwrap();
        plan.pointer_mut(folder).unwrap()[name] = value;
        let found = serde_json::from_value::<ProposalPlan>(plan).unwrap_err().to_string();
        assert!(found.contains(error), "{place}: {found}");
        assert!(!found.contains("s3cret"), "{place}: {found}");
    }
    serde_json::from_value::<ProposalPlan>(good).unwrap();
}

#[test]
fn files_that_no_plan_holds() {
    let with =
        |path: &str, text: String| Proposal { files: BTreeMap::from([(path.to_owned(), Some(text))]), ..proposal() };
    let refused = plan(&with("../x", String::new()), &first()).unwrap_err();
    assert_eq!(refused, PlanError::Files(FilesError::Path { path: "../x".into() }));
    let large = plan(&with("a", "x".repeat(Files::MAX_BYTES)), &first()).unwrap_err();
    assert_eq!(large, PlanError::Files(FilesError::TooLarge { bytes: Files::MAX_BYTES + 1 }));
}
