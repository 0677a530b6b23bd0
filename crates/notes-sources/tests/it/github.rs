//! Pull requests of a GitHub with state.

use std::collections::BTreeSet;

use github_client::{Auth, GithubClient, RetryPolicy};
use jiff::Timestamp;
use notes_gen::{CommitId, Profile, PullNumber, PullSource as _};
use notes_sources::{
    Collect, GithubSource, GithubSourceError, ListOptions, Wanted, WhenIncomplete, collect, ends, list, load_maps,
};
use secrecy::SecretString;
use std::time::Duration;
use testkit::GitWorld;
use testkit::github::{Answer, Fault, GithubServer, On, World};

fn number(number: u64) -> PullNumber {
    PullNumber::new(number).unwrap()
}

fn source(server: &GithubServer, when: WhenIncomplete) -> GithubSource {
    let retry = RetryPolicy {
        attempts: 2,
        budget: Duration::from_secs(20),
        first_delay: Duration::from_millis(5),
        longest_delay: Duration::from_millis(20),
    };
    let client = GithubClient::builder()
        .base_url(server.url().parse().unwrap())
        .auth(Auth::token(SecretString::from("t0ken")))
        .retry(retry)
        .build()
        .unwrap();
    GithubSource::new(client, "org/tool".parse().unwrap(), when)
}

fn server() -> GithubServer {
    let mut hub = World::new();
    let repo = hub.repository("org/tool");
    for number in 1..=4 {
        repo.merge_pull(number, &format!("Change {number}")).author("ann").body("```release-note\r\nNote.\r\n```");
    }
    repo.issues.get_mut(&2).unwrap().author_deleted();
    repo.issue(9).title("Only an issue");
    let server = GithubServer::start(hub);
    server.token("t0ken", "someone", &["public_repo"]);
    server
}

#[tokio::test]
async fn what_is_there_and_what_is_not() {
    let server = server();
    let source = source(&server, WhenIncomplete::Fail);
    let found = source.pulls(&[1, 2, 9, 77].map(number)).await.unwrap();
    assert_eq!(found.keys().map(|number| number.get()).collect::<Vec<_>>(), [1, 2]);
    let first = &found[&number(1)];
    assert_eq!((first.title.as_str(), first.author.as_ref().unwrap().login.as_str()), ("Change 1", "ann"));
    assert_eq!(first.body.as_deref(), Some("```release-note\r\nNote.\r\n```"));
    assert!(found[&number(2)].author.as_ref().is_none_or(|author| author.login == "ghost"), "{:?}", found[&number(2)]);
    assert!(server.counts().requests() <= 2, "what the others are, is asked once more");
    server.finish();
}

#[tokio::test]
async fn one_that_cannot_be_had() {
    let server = server();
    server.inject(Fault::new(On::Pull(3), Answer::Status(502)));
    let wanted = [1, 3, 4].map(number);
    let strict = source(&server, WhenIncomplete::Fail);
    let error = strict.pulls(&wanted).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot get pull request #3 of `org/tool`");
    assert!(matches!(&error, GithubSourceError::Incomplete { numbers, .. } if *numbers == [number(3)]));
    assert!(error.client_error().to_string().contains("unavailable"), "{}", error.client_error());
    assert!(strict.incomplete().is_empty());

    let lenient = source(&server, WhenIncomplete::GoOn);
    let found = lenient.pulls(&wanted).await.unwrap();
    assert_eq!(found.keys().copied().collect::<BTreeSet<_>>(), BTreeSet::from([number(1), number(4)]));
    assert_eq!(lenient.incomplete().into_keys().collect::<Vec<_>>(), [number(3)]);
    server.finish();
}

#[tokio::test]
async fn pull_requests_of_commits_are_merged_ones() {
    let server = server();
    let commits = server.world(|hub| {
        let repo = hub.repository("org/tool");
        let merged = repo.issues[&1].pull.as_ref().unwrap().merge_commit.clone().unwrap();
        let alone = repo.commit("main", "Nobody's", &[]);
        [merged, alone].map(CommitId::new)
    });
    let found = source(&server, WhenIncomplete::Fail).pulls_of_commits(&commits).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(commits[0].clone(), vec![number(1)])]);
    server.finish();
}

#[tokio::test]
async fn the_pull_request_that_tells_best_of_a_commit_comes_first() {
    let server = server();
    let commits = server.world(|hub| {
        let repo = hub.repository("org/tool");
        let [own, carried] = ["Merged as this", "One of several"].map(|message| repo.commit("main", message, &[]));
        // Merged into a branch, and with all of it into others; an open one holds them too.
        for (number, date) in [(10, "2024-01-01"), (20, "2024-01-03"), (30, "2024-01-02"), (40, "2024-01-04")] {
            let pull = repo.pull(number).updated_at(&format!("{date}T00:00:00Z"));
            match number {
                40 => pull,
                10 => pull.base("dev").merged(&own),
                _ => pull.merged(&format!("{number:040x}")),
            };
        }
        for commit in [&own, &carried] {
            repo.commits.get_mut(commit).unwrap().pulls = vec![10, 20, 30, 40];
        }
        [own, carried].map(CommitId::new)
    });
    let found = source(&server, WhenIncomplete::Fail).pulls_of_commits(&commits).await.unwrap();
    let numbers = commits.map(|commit| found[&commit].iter().map(|number| number.get()).collect::<Vec<_>>());
    assert_eq!(numbers, [[10, 20, 30], [20, 30, 10]]);
    server.finish();
}

#[tokio::test]
async fn from_a_range_to_edited_notes() {
    let mut world = GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    for number in [1, 3] {
        world.squash_pull(number, "Change");
    }
    let maps = world.folder().join("maps");
    std::fs::create_dir(&maps).unwrap();
    std::fs::write(maps.join("pr-3.yaml"), "pr: 3\nreleasenote:\n  text: Better.\n").unwrap();
    let repo = git_repo::GitRepo::open(world.path()).unwrap();
    let ends = ends(&repo, &Wanted::revision("v1.0.0"), &Wanted::revision("main")).unwrap();
    let listing = list(&repo, &ends, &ListOptions::default()).unwrap();
    let mut options = Collect::new(Profile::default(), Timestamp::UNIX_EPOCH);
    options.maps = load_maps(&[&maps]).unwrap();
    let server = server();
    let made = collect(&listing, &ends, &source(&server, WhenIncomplete::Fail), &options).await.unwrap();
    let texts = |notes: &notes_gen::Notes| notes.iter().map(|note| note.text.clone()).collect::<Vec<_>>();
    assert_eq!(
        (texts(&made.notes), texts(&made.unmapped)),
        (vec!["Note.".into(), "Better.".into()], vec!["Note.".to_owned(); 2])
    );
    assert_eq!((made.commits, made.bodies.len()), (2, 2));
    server.finish();

    std::fs::write(maps.join("a.yaml"), "pr: 1\nreleasenote:\n  texxt: x\n").unwrap();
    std::fs::write(maps.join("b.yaml"), "releasenote:\n  text: x\n").unwrap();
    let error = load_maps(&[&maps]).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
    assert_eq!(lines, ["a.yaml:3: unknown key `texxt`; did you mean `text`?", "b.yaml:1: `pr` is missing"]);
    let gone = load_maps(&[world.folder().join("gone")]).unwrap_err();
    assert!(gone.to_string().starts_with("cannot read `"), "{gone}");
}
