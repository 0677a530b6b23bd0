//! What is decided from what is seen.

use std::collections::BTreeMap;

use git_repo::{CommitId, Identity};
use github_client::PullNumber;
use pull_proposal::{Holds, Observed, OpenPull, PlanError, Proposal, PullAction, Push, plan};
use release_journal::{Plan, Reach};

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

#[test]
fn decisions() {
    let number = PullNumber::new(7).unwrap();
    let open =
        |body: &str| Some(OpenPull { number, url: String::new(), title: "Draft of v1.2.0".into(), body: body.into() });
    let first =
        Observed { base: commit('a'), branch: None, holds: Holds::Nothing, pull: None, commit: Some(commit('c')) };
    let running =
        Observed { branch: Some(commit('b')), holds: Holds::OtherWork, pull: open("one\r\ntwo\r\n"), ..first.clone() };
    let push = |replaces| Some(Push { commit: commit('c'), replaces });
    #[rustfmt::skip]
    let cases = [
        ("first", first.clone(), Ok((push(None), PullAction::Open))),
        ("new files", running.clone(), Ok((push(Some(commit('b'))), PullAction::Keep { number }))),
        ("new text", Observed { commit: None, pull: open("other"), ..running.clone() }, Ok((None, PullAction::Update { number }))),
        ("nothing new", Observed { commit: None, ..running.clone() }, Ok((None, PullAction::Keep { number }))),
        ("merged long ago", Observed { branch: Some(commit('b')), ..first.clone() }, Ok((push(Some(commit('b'))), PullAction::Open))),
        ("stopped after the push", Observed { holds: Holds::OurWork, commit: None, pull: None, ..running.clone() }, Ok((None, PullAction::Open))),
        ("stopped, then new files", Observed { holds: Holds::OurWork, pull: None, ..running.clone() }, Ok((push(Some(commit('b'))), PullAction::Open))),
        ("somebody's branch", Observed { pull: None, ..running.clone() },
            Err(PlanError::BranchInUse { branch: "draft-v1.2.0".into(), fork: "someone/notes".parse().unwrap() })),
        ("base has it", Observed { commit: None, ..first },
            Err(PlanError::NothingNew { target: "org/notes".parse().unwrap(), base: "main".into() })),
    ];
    for (name, observed, expected) in cases {
        let made = plan(&proposal(), &observed);
        assert_eq!(made.clone().map(|plan| (plan.push, plan.pull)), expected, "{name}");
        if let Ok(made) = made {
            assert_eq!(made.is_empty(), name == "nothing new", "{name}");
        }
    }
}

#[test]
fn a_plan_tells_people_what_it_does() {
    let observed =
        Observed { base: commit('a'), branch: None, holds: Holds::Nothing, pull: None, commit: Some(commit('c')) };
    let plan = plan(&proposal(), &observed).unwrap();
    assert_eq!(
        plan.to_string(),
        "push commit cccccccccccc to branch `draft-v1.2.0` of someone/notes, a new branch\n  write a.md, 4 bytes\n  \
         remove old.md\nopen a pull request to branch `main` of org/notes: Draft of v1.2.0\n"
    );
    assert_eq!(plan.subject(), "propose-draft-v1.2.0");
}
