//! Which lines of a history count.

use std::collections::BTreeMap;

use github_client::{Auth, GithubClient, Mode, Recording};
use jiff::Timestamp;
use notes_gen::compat::Edition;
use notes_gen::{Lines, Profile, PullNumber};
use notes_sources::{Collect, Collected, GithubSource, ListOptions, Wanted, WhenIncomplete, collect, ends, list};
use secrecy::SecretString;
use testkit::GitWorld;
use testkit::github::{GithubServer, World};

/// Pull requests of a world, each with a note, and the commits that merged them.
fn hub(merged: &[(u64, &str)]) -> GithubServer {
    let mut hub = World::new();
    let repo = hub.repository("org/tool");
    for (number, commit) in merged {
        let body = format!("```release-note\r\nNote {number}.\r\n```");
        repo.pull(*number).author("ann").body(&body).merged(commit);
    }
    repo.issue(999).title("Only an issue");
    let server = GithubServer::start(hub);
    server.token("t0ken", "someone", &["public_repo"]);
    server
}

fn source(server: &GithubServer, recording: Option<(&std::path::Path, Mode)>) -> GithubSource {
    let mut client =
        GithubClient::builder().base_url(server.url().parse().unwrap()).auth(Auth::token(SecretString::from("t0ken")));
    if let Some((folder, mode)) = recording {
        let recording = if mode == Mode::Replay { Recording::open_replay(folder) } else { Recording::open(folder) };
        client = client.recording(recording.unwrap(), mode);
    }
    GithubSource::new(client.build().unwrap(), "org/tool".parse().unwrap(), WhenIncomplete::Fail)
}

async fn run(world: &GitWorld, source: &GithubSource, lines: Lines, strict: Option<Edition>) -> Collected {
    let repo = git_repo::GitRepo::open(world.path()).unwrap();
    let ends = ends(&repo, &Wanted::revision("v1.0.0"), &Wanted::revision("HEAD")).unwrap();
    let mut options = ListOptions::default();
    options.lines = lines;
    let listing = list(&repo, &ends, &options).unwrap();
    let mut rules = Collect::new(Profile::default(), Timestamp::UNIX_EPOCH);
    rules.repository = Some("https://github.com/org/tool".parse().unwrap());
    rules.strict = strict;
    collect(&listing, &ends, source, &rules).await.unwrap()
}

fn numbers(collected: &Collected) -> Vec<u64> {
    collected.notes.iter().map(|note| note.pr_number.get()).collect()
}

fn merge(world: &mut GitWorld, branch: &str, message: &str) -> String {
    world.git(&["merge", "--quiet", "--no-ff", "-m", message, branch]);
    world.head()
}

/// The branch of a feature that got #25 and #26 before it was merged as #27.
fn feature() -> (GitWorld, [(u64, String); 3]) {
    let mut world = GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    world.create_branch("feature-x");
    let inner = world.squash_pull(25, "inner work");
    let part = world.merge_pull(26, "o/part", "A part");
    world.commit("Mend what a fork calls so (#7)");
    world.switch("main");
    let whole = merge(&mut world, "feature-x", "Merge pull request #27 from o/feature-x\n\nThe feature");
    (world, [(25, inner), (26, part), (27, whole)])
}

#[tokio::test]
async fn pull_requests_of_a_feature_branch_are_told() {
    let (world, merged) = feature();
    let mut told: BTreeMap<u64, &str> = merged.iter().map(|(number, commit)| (*number, commit.as_str())).collect();
    let elsewhere = "0123456789012345678901234567890123456789";
    told.insert(7, elsewhere);
    let server = hub(&told.into_iter().collect::<Vec<_>>());
    let folder = world.folder().join("recording");
    let found = run(&world, &source(&server, Some((&folder, Mode::Record))), Lines::Followed, None).await;
    assert_eq!(numbers(&found), [25, 26, 27]);
    assert_eq!(server.counts().requests(), 1, "what is inside is asked for with the others");
    let again = source(&server, Some((&folder, Mode::Replay)));
    assert_eq!(numbers(&run(&world, &again, Lines::Followed, None).await), [25, 26, 27]);

    // A recording of before, when nobody asked for what is inside.
    let older = world.folder().join("older");
    let recorder = source(&server, Some((&older, Mode::Record)));
    notes_gen::PullSource::pulls(&recorder, &[PullNumber::new(27).unwrap()]).await.unwrap();
    let again = source(&server, Some((&older, Mode::Replay)));
    assert_eq!(numbers(&run(&world, &again, Lines::Followed, None).await), [27]);
    assert_eq!(again.unrecorded().iter().map(|number| number.get()).collect::<Vec<_>>(), [7, 25, 26]);

    // The original of 2026 walked first parents alone.
    let plain = source(&server, None);
    assert_eq!(numbers(&run(&world, &plain, Lines::Followed, Some(Edition::Y2026)).await), [27]);
    let all = run(&world, &plain, Lines::Followed, Some(Edition::Y2020)).await;
    assert!(numbers(&all).contains(&25), "and that of 2020 took all");
    server.finish();
}

#[tokio::test]
async fn first_parents_alone() {
    let mut world = GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    world.create_branch("release-1.0");
    world.switch("main");
    let first = world.merge_pull(1, "ann/one", "One");
    world.switch("release-1.0");
    let second = world.squash_pull(2, "Two");
    merge(&mut world, "main", "Merge branch 'main' into release-1.0");
    let server = hub(&[(1, &first), (2, &second)]);
    let source = source(&server, None);
    assert_eq!(numbers(&run(&world, &source, Lines::Followed, None).await), [1, 2]);
    let some = run(&world, &source, Lines::FirstParent, None).await;
    assert_eq!((numbers(&some), some.accounting.entries.len(), some.commits), (vec![2], 4, 4));
    assert_eq!(numbers(&run(&world, &source, Lines::Followed, Some(Edition::Y2026)).await), [2]);
    server.finish();
}

#[tokio::test]
async fn the_number_of_an_issue_hides_no_pull_request() {
    let mut world = GitWorld::new("main");
    world.commit("Begin");
    world.tag("v1.0.0");
    let commit = world.squash_pull(999, "Fix crash");
    let server = hub(&[(4, &commit)]);
    server.world(|hub| {
        let repo = hub.repository("org/tool");
        let made = repo.commit("main", "Fix crash (#999)", &[]);
        let mut known = repo.commits[&made].clone();
        known.sha.clone_from(&commit);
        repo.commits.insert(commit.clone(), known);
    });
    let folder = world.folder().join("recording");
    let found = run(&world, &source(&server, Some((&folder, Mode::Record))), Lines::Followed, None).await;
    assert_eq!((numbers(&found), found.accounting.missing().len()), (vec![4], 0));
    // A recording of before knows of no commits.
    let older = world.folder().join("older");
    let recorder = source(&server, Some((&older, Mode::Record)));
    notes_gen::PullSource::pulls(&recorder, &[PullNumber::new(999).unwrap()]).await.unwrap();
    let again = run(&world, &source(&server, Some((&older, Mode::Replay))), Lines::Followed, None).await;
    assert_eq!((numbers(&again), again.accounting.missing().len()), (vec![], 1));
    server.finish();
}
