//! Proposals to a GitHub with state, whose repositories are bare git repositories: what is there afterwards.

use std::collections::BTreeMap;

use git_repo::{GitRemote, GitRepo, Identity};
use github_client::{Auth, GithubClient, RepoId};
use jiff::Timestamp;
use pull_proposal::{Error, Places, PlanError, Proposal, ProposalPlan, Proposed, PullAction, apply, observe, plan};
use release_journal::{Approval, Approved, Plan, Reach, canonical_json};
use secrecy::SecretString;
use serde_json::json;
use testkit::github::{Answer, Fault, GithubServer, On, World};
use testkit::{BareRemote, GitWorld, git};

struct Desk {
    _world: GitWorld,
    target: BareRemote,
    fork: BareRemote,
    places: Places,
    server: GithubServer,
    client: GithubClient,
}

impl Desk {
    fn new() -> Self {
        let mut world = GitWorld::new("main");
        world.commit_files("Begin", &[("README.md", "hello\n"), ("old.md", "old\n")]);
        let (target, fork, local) =
            (world.bare_remote("target.git"), world.bare_remote("fork.git"), world.bare_remote("local.git"));
        let mut hub = World::new();
        hub.repository("org/notes").bind(target.path());
        hub.fork("org/notes", "someone").bind(fork.path());
        hub.repository("someone/other").bind(fork.path());
        let server = GithubServer::start(hub);
        server.token("t0ken", "someone", &["public_repo"]);
        let client = GithubClient::builder()
            .base_url(server.url().parse().unwrap())
            .auth(Auth::token(SecretString::from("t0ken")))
            .build()
            .unwrap();
        let places = Places {
            local: GitRepo::open(local.path()).unwrap(),
            target: GitRemote::from_path(target.path()).unwrap(),
            fork: GitRemote::from_path(fork.path()).unwrap(),
        };
        Self { _world: world, target, fork, places, server, client }
    }

    async fn plan(&self, proposal: &Proposal) -> Result<ProposalPlan, PlanError> {
        plan(proposal, &observe(&self.client, &self.places, proposal).await.unwrap())
    }

    async fn apply(&self, plan: &ProposalPlan) -> Result<Proposed, Error> {
        self.apply_in(plan, &self.places).await
    }

    async fn apply_in(&self, plan: &ProposalPlan, places: &Places) -> Result<Proposed, Error> {
        let fingerprint = plan.fingerprint().unwrap();
        let approval = Approval::typed(fingerprint, &fingerprint.to_string(), "someone", at()).unwrap();
        apply(&Approved::production(plan.clone(), approval).unwrap(), &self.client, places).await
    }

    async fn propose(&self, proposal: &Proposal) -> Proposed {
        self.apply(&self.plan(proposal).await.unwrap()).await.unwrap()
    }

    /// Another clone of the target, which knows nothing of what was planned.
    fn elsewhere(&self) -> Places {
        let path = self._world.folder().join("elsewhere.git");
        git(
            self._world.folder(),
            &[
                "clone",
                "--quiet",
                "--bare",
                "--depth=1",
                &format!("file://{}", self.target.path().display()),
                path.to_str().unwrap(),
            ],
        );
        Places { local: GitRepo::open(path).unwrap(), ..self.places.clone() }
    }

    /// Everything that somebody else could see.
    fn world(&self) -> impl PartialEq + std::fmt::Debug + use<> {
        (self.target.refs(), self.fork.refs(), self.pulls())
    }

    /// Number, title and state of all pull requests.
    fn pulls(&self) -> Vec<(u64, String, String)> {
        self.server.world(|world| {
            let issues = &world.find("org/notes").unwrap().issues;
            issues.iter().map(|(number, it)| (*number, it.title.clone(), it.body.clone().unwrap_or_default())).collect()
        })
    }

    fn files(&self, branch: &str) -> Vec<String> {
        let listing = git(self.fork.path(), &["ls-tree", "-r", "--name-only", branch]);
        listing.lines().map(str::to_owned).collect()
    }

    /// Somebody pushes a commit to a branch of the fork.
    fn push(&self, branch: &str, message: &str) -> String {
        grow(&self.fork, branch, message)
    }
}

/// A commit of somebody on a branch, which begins at `main`.
fn grow(repository: &BareRemote, branch: &str, message: &str) -> String {
    let name = format!("refs/heads/{branch}");
    let parent = if repository.refs().contains_key(&name) { branch } else { "main" };
    let tree = format!("{parent}^{{tree}}");
    let identity = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"];
    let line = [&identity[..], &["commit-tree", "-p", parent, "-m", message, &tree]].concat();
    let made = git(repository.path(), &line);
    git(repository.path(), &["update-ref", &name, &made]);
    made
}

fn at() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn proposal(text: &str) -> Proposal {
    Proposal {
        target: "org/notes".parse().unwrap(),
        base: "main".into(),
        fork: "someone/notes".parse().unwrap(),
        branch: "draft".into(),
        files: BTreeMap::from([
            ("v1/notes.md".to_owned(), Some(text.to_owned())),
            ("old.md".to_owned(), None),
            ("never-there.md".to_owned(), None),
        ]),
        message: "Draft of v1".into(),
        author: Identity::new("Someone", "someone@example.invalid"),
        at: at(),
        title: "Draft of v1".into(),
        body: format!("about {text}"),
        reach: Reach::Production,
    }
}

#[tokio::test]
async fn opened_then_grown_then_nothing() {
    let desk = Desk::new();
    let before = (desk.target.refs(), desk.fork.refs());
    let first = desk.plan(&proposal("one\n")).await.unwrap();
    assert_eq!((desk.target.refs(), desk.fork.refs()), before, "a plan changes nothing");
    assert!(desk.pulls().is_empty());
    assert_eq!(first.fingerprint().unwrap(), desk.plan(&proposal("one\n")).await.unwrap().fingerprint().unwrap());

    let opened = desk.apply(&first).await.unwrap();
    assert_eq!(opened.url, format!("https://github.com/org/notes/pull/{}", opened.number));
    assert_eq!(desk.pulls(), [(opened.number.get(), "Draft of v1".to_owned(), "about one\n".to_owned())]);
    assert_eq!(desk.files("draft"), ["README.md", "v1/notes.md"]);
    assert_eq!(desk.target.refs(), before.0, "the target itself is only read");
    let head = desk.fork.refs()["refs/heads/draft"].clone();

    let grown = desk.propose(&proposal("two\n")).await;
    assert_eq!(grown, opened);
    assert_eq!(desk.pulls(), [(opened.number.get(), "Draft of v1".to_owned(), "about two\n".to_owned())]);
    assert_eq!(git(desk.fork.path(), &["rev-parse", "draft^"]), head, "the branch grew by one commit");
    assert_eq!(git(desk.fork.path(), &["show", "draft:v1/notes.md"]), "two");

    let again = desk.plan(&proposal("two\n")).await.unwrap();
    assert!(again.is_empty(), "{again}");
    let requests = desk.server.counts().requests();
    assert_eq!(desk.apply(&again).await.unwrap(), opened);
    assert_eq!(desk.server.counts().requests(), requests + 1, "it looks, and writes nothing");
    desk.server.finish();
}

#[tokio::test]
async fn moved_between_plan_and_apply() {
    let desk = Desk::new();
    let first = desk.plan(&proposal("one\n")).await.unwrap();
    let theirs = desk.push("draft", "Something else");
    assert!(matches!(desk.apply(&first).await, Err(Error::Moved { .. })));
    assert_eq!(desk.fork.refs()["refs/heads/draft"], theirs);
    assert!(desk.pulls().is_empty());
    // And now it is somebody's branch.
    let refused = desk.plan(&proposal("one\n")).await;
    assert!(matches!(refused, Err(PlanError::BranchInUse { .. })), "{refused:?}");

    git(desk.fork.path(), &["update-ref", "-d", "refs/heads/draft"]);
    let opened = desk.propose(&proposal("one\n")).await;
    let second = desk.plan(&proposal("two\n")).await.unwrap();
    assert_eq!(
        second.pull,
        PullAction::Update { number: opened.number, title: "Draft of v1".into(), body: "about one\n".into() }
    );
    let theirs = desk.push("draft", "A reviewer's suggestion");
    assert!(matches!(desk.apply(&second).await, Err(Error::Moved { .. })));
    assert_eq!(desk.fork.refs()["refs/heads/draft"], theirs);
    // With the pull request open, the suggestion stays below the next commit.
    desk.propose(&proposal("two\n")).await;
    assert_eq!(git(desk.fork.path(), &["rev-parse", "draft^"]), theirs);
    desk.server.finish();
}

#[tokio::test]
async fn stopped_after_the_push() {
    for next in ["one\n", "two\n"] {
        let desk = Desk::new();
        let first = desk.plan(&proposal("one\n")).await.unwrap();
        desk.server
            .inject(Fault::new(On::Path("POST", "/repos/org/notes/pulls".to_owned()), Answer::Status(422)).times(1));
        assert!(matches!(desk.apply(&first).await, Err(Error::Github { .. })));
        assert!(desk.fork.refs().contains_key("refs/heads/draft") && desk.pulls().is_empty(), "half done");

        let second = desk.plan(&proposal(next)).await.unwrap();
        assert_eq!((second.push.is_some(), &second.pull), (next == "two\n", &PullAction::Open));
        desk.apply(&second).await.unwrap();
        assert_eq!(desk.pulls().len(), 1, "{next}");
        assert_eq!(git(desk.fork.path(), &["show", "draft:v1/notes.md"]), next.trim());
        desk.server.finish();
    }
}

#[tokio::test]
async fn the_same_plan_twice() {
    let desk = Desk::new();
    let first = desk.plan(&proposal("one\n")).await.unwrap();
    let opened = desk.apply(&first).await.unwrap();
    let refs = desk.fork.refs();
    assert_eq!(desk.apply(&first).await.unwrap(), opened);
    assert_eq!((desk.pulls().len(), desk.fork.refs()), (1, refs));
    // Somebody wrote the description anew: that is not what the plan saw.
    desk.server.world(|world| {
        world.repository("org/notes").issues.get_mut(&opened.number.get()).unwrap().body("mine");
    });
    assert!(matches!(desk.apply(&first).await, Err(Error::Moved { .. })));
    assert_eq!(desk.pulls()[0].2, "mine");
    desk.server.finish();
}

#[tokio::test]
async fn a_pull_request_of_another_fork_is_not_ours() {
    let desk = Desk::new();
    desk.server.world(|world| {
        world.fork("org/notes", "another");
        world.repository("org/notes").pull(9).title("Theirs").head("another/notes", "draft");
    });
    let opened = desk.propose(&proposal("one\n")).await;
    assert_ne!(opened.number.get(), 9);
    assert_eq!(desk.pulls()[0].1, "Theirs");
    desk.server.finish();
}

#[tokio::test]
async fn merged_and_wrong_places() {
    let desk = Desk::new();
    desk.propose(&proposal("one\n")).await;
    // The draft is merged: the base has the files, and there is nothing to propose.
    let head = desk.fork.refs()["refs/heads/draft"].clone();
    git(desk.target.path(), &["fetch", "--quiet", desk.fork.path().to_str().unwrap(), "draft"]);
    git(desk.target.path(), &["update-ref", "refs/heads/main", &head]);
    desk.server.world(|world| {
        for issue in world.repository("org/notes").issues.values_mut() {
            issue.merged(&head);
        }
    });
    assert!(matches!(desk.plan(&proposal("one\n")).await, Err(PlanError::NothingNew { .. })));
    let next = desk.plan(&proposal("two\n")).await.unwrap();
    assert_eq!(next.pull, PullAction::Open, "the branch is free: all of it is merged");
    desk.apply(&next).await.unwrap();
    assert_eq!(desk.pulls().len(), 2);

    let wrong = |change: fn(&mut Proposal)| {
        let mut it = proposal("one\n");
        change(&mut it);
        it
    };
    let other: fn(&mut Proposal) = |it| it.fork = "someone/other".parse::<RepoId>().unwrap();
    let observed = observe(&desk.client, &desk.places, &wrong(other)).await;
    assert_eq!(observed.unwrap_err().to_string(), "`someone/other` is no fork of `org/notes`");
    let observed = observe(&desk.client, &desk.places, &wrong(|it| it.base = "gone".into())).await;
    assert_eq!(observed.unwrap_err().to_string(), "`org/notes` has no branch `gone`");
    let observed = observe(&desk.client, &desk.places, &wrong(|it| it.branch = "a..b".into())).await;
    assert!(matches!(observed, Err(Error::BadBranch { .. })));
    desk.server.finish();
}

/// A plan as it comes out of a file.
fn travelled(plan: &ProposalPlan) -> ProposalPlan {
    serde_json::from_slice(&canonical_json(plan).unwrap()).unwrap()
}

#[tokio::test]
async fn applied_elsewhere() {
    let desk = Desk::new();
    let first = travelled(&desk.plan(&proposal("one\n")).await.unwrap());
    std::fs::remove_dir_all(desk.places.local.path()).unwrap();
    let places = desk.elsewhere();
    let opened = desk.apply_in(&first, &places).await.unwrap();
    assert_eq!(desk.fork.refs()["refs/heads/draft"], first.push.as_ref().unwrap().commit.to_string());
    assert_eq!(desk.files("draft"), ["README.md", "v1/notes.md"]);
    let world = desk.world();
    assert_eq!(desk.apply_in(&first, &places).await.unwrap(), opened);
    assert_eq!(desk.world(), world);
    desk.server.finish();
}

#[tokio::test]
async fn grown_elsewhere_and_stopped_half_way() {
    let desk = Desk::new();
    let opened = desk.propose(&proposal("one\n")).await;
    let second = travelled(&desk.plan(&proposal("two\n")).await.unwrap());
    let places = desk.elsewhere();
    let path = format!("/repos/org/notes/pulls/{}", opened.number);
    desk.server.inject(Fault::new(On::Path("PATCH", path), Answer::Status(403)).times(1));
    assert!(matches!(desk.apply_in(&second, &places).await, Err(Error::Github { .. })));
    let head = desk.fork.refs()["refs/heads/draft"].clone();
    assert_eq!(head, second.push.as_ref().unwrap().commit.to_string(), "half done");
    assert_eq!(desk.apply_in(&second, &places).await.unwrap(), opened);
    assert_eq!(desk.fork.refs()["refs/heads/draft"], head);
    assert_eq!(desk.pulls()[0].2, "about two\n");
    // Whole, it stays done when the base moves on.
    grow(&desk.target, "main", "Another");
    assert_eq!(desk.apply_in(&second, &places).await.unwrap(), opened);
    desk.server.finish();
}

/// What may happen between plan and apply, and what is told of then.
#[tokio::test]
async fn the_world_moved() {
    let rewrite = |desk: &Desk, body: &str| {
        desk.server.world(|world| {
            for issue in world.repository("org/notes").issues.values_mut() {
                issue.body(body);
            }
        });
    };
    type Event<'a> = &'a dyn Fn(&Desk);
    let base: Event<'_> = &|desk| drop(grow(&desk.target, "main", "Another"));
    let branch: Event<'_> = &|desk| drop(desk.push("draft", "Theirs"));
    let gone: Event<'_> = &|desk| drop(git(desk.target.path(), &["update-ref", "-d", "refs/heads/main"]));
    let opened: Event<'_> = &|desk| {
        desk.server.world(|world| {
            let pull = world.repository("org/notes").pull(9).title("Draft of v1").body("about one\n");
            pull.head("someone/notes", "draft");
        });
    };
    let edited: Event<'_> = &|desk| rewrite(desk, "mine");
    let (main, draft) = ("branch `main` of org/notes", "branch `draft` of someone/notes");
    let pull = "the pull request from `draft` of someone/notes";
    let cases = [
        ("base moved", false, base, main),
        ("base moved, with a pull request", true, base, main),
        ("base gone", false, gone, main),
        ("branch made", false, branch, draft),
        ("branch moved", true, branch, draft),
        ("pull request opened", false, opened, pull),
        ("pull request edited", true, edited, pull),
    ];
    for (name, open, event, subject) in cases {
        let desk = Desk::new();
        if open {
            desk.propose(&proposal("zero\n")).await;
        }
        let plan = desk.plan(&proposal("one\n")).await.unwrap();
        event(&desk);
        let world = desk.world();
        let refused = desk.apply(&plan).await.unwrap_err();
        assert!(matches!(refused, Error::Moved { .. }), "{name}: {refused:?}");
        assert_eq!(refused.to_string(), format!("{subject} changed since the plan was made; plan again"), "{name}");
        assert_eq!(desk.world(), world, "{name}");
        desk.server.finish();
    }
}

#[tokio::test]
async fn plans_that_somebody_changed() {
    let desk = Desk::new();
    let plan = serde_json::to_value(desk.plan(&proposal("one\n")).await.unwrap()).unwrap();
    let world = desk.world();
    for (place, value, error) in [
        ("/push/files/v1~1notes.md", json!("worse\n"), "makes commit `"),
        ("/push/files/old.md", json!("kept"), "makes commit `"),
        ("/push/message", json!("Other"), "makes commit `"),
        ("/push/author/name", json!("Another"), "makes commit `"),
        ("/push/time", json!("2026-01-02T03:04:06Z"), "makes commit `"),
        ("/push/commit", json!("0123456789012345678901234567890123456789"), "makes commit `"),
        (
            "/push/parent",
            json!("0123456789012345678901234567890123456789"),
            "builds on a commit that is the head of neither",
        ),
        (
            "/github",
            json!("https://github.invalid"),
            "the plan is for `https://github.invalid`, and would be applied at `",
        ),
        ("/fork_at", json!("/srv/other.git"), "the plan is for `/srv/other.git`, and would be applied at `"),
        ("/fork", json!("someone/other"), "`someone/other` is no fork of `org/notes`"),
        ("/base_head", json!("0123456789012345678901234567890123456789"), "branch `main` of org/notes changed since"),
        (
            "/branch_head",
            json!("0123456789012345678901234567890123456789"),
            "branch `draft` of someone/notes changed since",
        ),
        ("/pull", json!({"do": "keep", "number": 3}), "the pull request from `draft` of someone/notes changed since"),
    ] {
        let mut changed = plan.clone();
        *changed.pointer_mut(place).unwrap() = value;
        let changed: ProposalPlan = serde_json::from_value(changed).unwrap();
        let refused = desk.apply(&changed).await.unwrap_err().to_string();
        assert!(refused.contains(error), "{place}: {refused}");
        assert_eq!(desk.world(), world, "{place}");
    }
    // Paths that this crate lets pass and git does not.
    let mut changed = plan.clone();
    changed["push"]["files"] = json!({"a/.g\u{200c}it/config": "x"});
    let changed: ProposalPlan = serde_json::from_value(changed).unwrap();
    assert!(matches!(desk.apply(&changed).await, Err(Error::Git { .. })));
    assert_eq!(desk.world(), world);
    desk.server.finish();
}
