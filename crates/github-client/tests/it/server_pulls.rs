//! Pull requests against a strict GitHub with state: how many requests it takes, and what comes out.

use std::time::{Duration, Instant};

use github_client::{AuthorKind, Missing, Mode, PullState, Recording};
use tempfile::TempDir;
use testkit::GithubServer;
use testkit::github::World;

use crate::{builder, number, numbers, repo};

/// A cycle's worth of merged pull requests.
pub(crate) fn world(pulls: u64) -> World {
    let mut world = World::new();
    let repository = world.repository("octo/tool");
    for number in 1..=pulls {
        let body = format!("It was broken.\r\n```release-note\r\nFixed thing {number}\r\n```\r\n");
        repository.merge_pull(number, &format!("Fix {number}")).body(&body).labels(&["kind/bug", "sig/node"]);
    }
    world
}

#[tokio::test]
async fn a_cycle_cold_and_warm() {
    const PULLS: u64 = 1_200;
    let server = GithubServer::start(world(PULLS));
    server.latency(Duration::from_millis(50));
    let folder = TempDir::new().unwrap();
    let recording = || Recording::open(folder.path()).unwrap();
    let wanted = numbers(1..=PULLS);

    let cold = builder(server.url()).recording(recording(), Mode::Cache).build().unwrap();
    let first = cold.cached_pulls(&repo(), &wanted).await.unwrap().whole().unwrap();
    assert_eq!(first.found.len(), 1_200);
    let counts = server.counts();
    assert!(counts.requests() <= 24, "{counts:?}");
    assert!(counts.points <= 24 && counts.rest == 0, "{counts:?}");
    assert!(counts.greatest_in_flight <= 4, "{counts:?}");

    server.forget_counts();
    let warm = builder(server.url()).recording(recording(), Mode::Cache).build().unwrap();
    let second = warm.cached_pulls(&repo(), &wanted).await.unwrap().whole().unwrap();
    assert_eq!(second.found, first.found);
    assert!(server.counts().requests() <= 2, "{:?}", server.counts());

    // One that was edited since is seen, and is the only one that is asked for.
    server.forget_counts();
    server.world(|world| {
        let pull = world.repository("octo/tool").issues.get_mut(&700).unwrap();
        pull.body("```release-note\nAnother text\n```").updated_at("2024-06-01T00:00:00Z");
    });
    let third = warm.cached_pulls(&repo(), &wanted).await.unwrap().whole().unwrap();
    assert_eq!(third.found[&number(700)].body, "```release-note\nAnother text\n```");
    assert!(server.counts().requests() <= 2, "{:?}", server.counts());

    server.forget_counts();
    let offline = builder(server.url()).recording(recording(), Mode::Offline).build().unwrap();
    let fourth = offline.cached_pulls(&repo(), &wanted).await.unwrap().whole().unwrap();
    assert_eq!(fourth.found, third.found);
    assert_eq!(server.counts().requests(), 0);
}

/// The figures of a cycle with the latency of a real network.
#[tokio::test]
async fn a_cycle_in_seconds() {
    let server = GithubServer::start(world(1_200));
    server.latency(Duration::from_millis(200));
    let client = builder(server.url()).build().unwrap();
    let begin = Instant::now();
    let batch = client.pulls_by_number(&repo(), &numbers(1..=1_200)).await.unwrap();
    let took = begin.elapsed();
    assert_eq!(batch.found.len(), 1_200);
    // Six rounds of four; the rest is the time of unoptimised code on a busy machine.
    assert!(took < Duration::from_secs(12), "{took:?}");
    println!("1,200 pull requests: {} requests, {took:?}", server.counts().requests());
}

#[tokio::test]
async fn every_field_as_it_is() {
    let mut world = world(3);
    let repository = world.repository("octo/tool");
    let milestone = repository.milestone("v1.30").number;
    let labels: Vec<String> = (0..130).map(|at| format!("label-{at:03}")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    repository.merge_pull(4, "With \u{202e}marks & <b>").author("helper[bot]").labels(&labels).milestone(milestone);
    repository.merge_pull(5, "Left behind").author_deleted();
    repository.pull(6).base("release-1.0").head("elsewhere/tool", "fix");
    repository.issue(7);
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    let batch = client.pulls_by_number(&repo(), &numbers([4, 5, 6, 7, 8])).await.unwrap().whole().unwrap();

    let bot = &batch.found[&number(4)];
    let author = bot.author.as_ref().unwrap();
    assert_eq!((author.login.as_str(), author.kind), ("helper[bot]", AuthorKind::Bot));
    assert_eq!(author.url, "https://github.com/apps/helper");
    assert_eq!((bot.labels.len(), bot.labels[129].as_str()), (130, "label-129"));
    assert_eq!((bot.title.as_str(), bot.milestone.as_deref()), ("With \u{202e}marks & <b>", Some("v1.30")));
    assert_eq!((bot.state, bot.body.as_str()), (PullState::Merged, ""));
    let merge = server.world(|world| world.repository("octo/tool").issues[&4].pull.clone().unwrap().merge_commit);
    assert_eq!(bot.merge_commit.as_ref().map(|sha| sha.as_str().to_owned()), merge);

    assert_eq!(batch.found[&number(5)].author, None);
    let open = &batch.found[&number(6)];
    assert_eq!((open.state, open.merged_at, &open.merge_commit), (PullState::Open, None, &None));
    assert_eq!((open.base_ref.as_str(), open.head_label()), ("release-1.0", "elsewhere:fix".to_owned()));
    assert_eq!(batch.missing[&number(7)], Missing::Issue);
    assert_eq!(batch.missing[&number(8)], Missing::Absent);
}

#[tokio::test]
async fn commits_lead_to_their_pull_requests() {
    let mut world = world(40);
    let repository = world.repository("octo/tool");
    let direct = repository.commit("main", "Pushed without a pull request", &[]);
    let merge = repository.issues[&9].pull.clone().unwrap().merge_commit.unwrap();
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    let absent = "0123456789012345678901234567890123456789";
    let ids: Vec<_> = [direct.as_str(), &merge, absent].iter().map(|id| id.parse().unwrap()).collect();
    let found = client.pulls_of_commits(&repo(), &ids).await.unwrap();
    let numbers: Vec<u64> = found[&ids[1]].iter().map(|pull| pull.number.get()).collect();
    assert_eq!(numbers, [9]);
    assert!(found.get(&ids[0]).is_none_or(Vec::is_empty), "{found:?}");
    assert_eq!(server.counts().requests(), 1);
}

#[tokio::test]
async fn what_github_says_of_a_commit_later_is_seen() {
    let mut world = world(3);
    let repository = world.repository("octo/tool");
    let merged = repository.issues[&2].pull.clone().unwrap().merge_commit.unwrap();
    let [open, rebased] = ["Of an open pull request", "Just rebased"].map(|text| repository.commit("main", text, &[]));
    repository.commits.get_mut(&open).unwrap().pulls.push(8);
    repository.pull(8);
    let server = GithubServer::start(world);
    let folder = TempDir::new().unwrap();
    let client = |mode| builder(server.url()).recording(Recording::open(folder.path()).unwrap(), mode).build().unwrap();
    let ids = [&merged, &open, &rebased].map(|id| id.parse().unwrap());
    let ask = async |mode| {
        let found = client(mode).pulls_of_commits(&repo(), &ids).await.unwrap();
        let told = |pull: &github_client::CommitPull| (pull.number.get(), pull.merged_at.is_some());
        ids.clone().map(|id| found[&id].iter().map(told).collect::<Vec<_>>())
    };
    assert_eq!(ask(Mode::Cache).await, [vec![(2, true)], vec![(8, false)], vec![]]);

    server.world(|world| {
        let repository = world.repository("octo/tool");
        repository.issues.get_mut(&8).unwrap().merged(&open);
        repository.commits.get_mut(&rebased).unwrap().pulls.push(3);
    });
    let all = [vec![(2, true)], vec![(8, true)], vec![(3, true)]];
    assert_eq!(ask(Mode::Offline).await, [vec![(2, true)], vec![(8, false)], vec![]]);
    assert_eq!(ask(Mode::Cache).await, all);

    server.forget_counts();
    assert_eq!(ask(Mode::Cache).await, all);
    assert_eq!(ask(Mode::Offline).await, all);
    assert_eq!(server.counts().requests(), 0, "what is merged stays merged");
}

/// Real pull requests of a patch release, through the client and back.
#[tokio::test]
async fn a_recorded_release_comes_out_as_it_was() {
    let Some(shared) = testkit::shared_folder() else {
        println!("skipped: no recordings beside the workspace");
        return;
    };
    let folder = shared.join("data/github-recordings/v1.19.0-alpha.1");
    let mut world = World::new();
    world.load_recording("kubernetes/kubernetes", &folder);
    let server = GithubServer::start(world);
    let client = builder(server.url()).build().unwrap();
    let text = std::fs::read_to_string(folder.join("pulls.json")).unwrap();
    let recorded: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let wanted = numbers(recorded.iter().map(|pull| pull["number"].as_u64().unwrap()));
    let kubernetes = "kubernetes/kubernetes".parse().unwrap();
    let batch = client.pulls_by_number(&kubernetes, &wanted).await.unwrap().whole().unwrap();
    assert_eq!(batch.found.len(), 404);
    for pull in &recorded {
        let found = &batch.found[&number(pull["number"].as_u64().unwrap())];
        assert_eq!(found.body, pull["body"].as_str().unwrap_or_default());
        assert_eq!(
            (found.title.as_str(), found.url.as_str()),
            (pull["title"].as_str().unwrap(), pull["html_url"].as_str().unwrap())
        );
        assert_eq!(found.author.as_ref().map(|author| author.login.as_str()), pull["user"]["login"].as_str());
        let labels: Vec<&str> =
            pull["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap()).collect();
        assert_eq!(found.labels, labels);
    }
    assert!(server.counts().requests() <= 9, "{:?}", server.counts());
}

/// The oldest come first, so the one that was merged may stand behind many that were not.
#[tokio::test]
async fn all_pull_requests_of_a_commit() {
    let mut world = World::new();
    let tool = world.repository("octo/tool");
    let commit = tool.commit("main", "Shared by many", &[("a.txt", "a\n")]);
    for number in 1..=130 {
        tool.pull(number).title("A copy").head("octo/tool", &format!("copy-{number}"));
    }
    tool.pull(131).title("The one").merged(&commit);
    let numbers: Vec<u64> = (1..=131).collect();
    tool.commits.get_mut(&commit).unwrap().pulls = numbers.clone();
    let server = GithubServer::start(world);
    let folder = TempDir::new().unwrap();
    let recording = || Recording::open(folder.path()).unwrap();
    for mode in [Mode::Cache, Mode::Offline] {
        let client = builder(server.url()).recording(recording(), mode).build().unwrap();
        let found = client.pulls_of_commits(&repo(), &[commit.parse().unwrap()]).await.unwrap();
        let [pulls] = found.into_values().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(pulls.iter().map(|pull| pull.number.get()).collect::<Vec<_>>(), numbers, "{mode:?}");
        assert_eq!(pulls.iter().filter(|pull| pull.merged_at.is_some()).count(), 1, "{mode:?}");
    }
    assert_eq!(server.counts().requests(), 3);
}
