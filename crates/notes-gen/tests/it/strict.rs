//! The original's whole way, from recorded replies to the bytes that it wrote.
//!
//! Its replay hands out the recorded replies in their order, whatever was asked. The recordings were made by ten workers, so a
//! reply often belongs to another commit than the one that gets it; the expected texts have these mix-ups in them, and so has this
//! replay.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use notes_gen::compat::{self, Edition, Found, GatherOptions, Lookup, html_page};
use notes_gen::{Author, CommitId, CommitInfo, Compat, Document, Layout, Notes, PullRequest, RenderOptions, render};
use serde_json::Value;

use crate::{number, shared};

struct Replay {
    commits: Vec<CommitInfo>,
    /// Replies to look-ups by number, in the order of the calls.
    pulls: Vec<PullRequest>,
    /// Replies to look-ups by commit, likewise.
    of_commits: Vec<Vec<PullRequest>>,
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn commits(list: &Value) -> Vec<CommitInfo> {
    let commit = |json: &Value| CommitInfo {
        id: CommitId::new(json["sha"].as_str().unwrap()),
        parents: Vec::new(),
        message: json["commit"]["message"].as_str().unwrap().to_owned(),
    };
    list.as_array().unwrap().iter().map(commit).collect()
}

fn pull(json: &Value) -> PullRequest {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut pull = PullRequest::new(number(json["number"].as_u64().unwrap()), text(&json["title"]).unwrap());
    pull.body = text(&json["body"]);
    pull.labels = json["labels"].as_array().into_iter().flatten().filter_map(|label| text(&label["name"])).collect();
    pull.author = text(&json["user"]["login"]).map(|login| Author { url: text(&json["user"]["html_url"]), login });
    pull.url = text(&json["html_url"]);
    pull
}

fn pulls(list: &Value) -> Vec<PullRequest> {
    list.as_array().into_iter().flatten().map(pull).collect()
}

/// The original's own form: one file per call.
fn recorded_api(folder: &Path) -> Replay {
    let calls = |name: &str| -> Vec<Value> {
        (0..)
            .map(|at| folder.join(format!("{name}-{at}.json")))
            .take_while(|path| path.exists())
            .map(|path| json(&path)["Result"].clone())
            .collect()
    };
    Replay {
        commits: calls("ListCommits").iter().flat_map(commits).collect(),
        pulls: calls("GetPullRequest").iter().map(pull).collect(),
        of_commits: calls("ListPullRequestsWithCommit").iter().map(pulls).collect(),
    }
}

/// The cut down form: lists, and the order of the calls.
fn recording(folder: &Path) -> Replay {
    let by_number = |name: &str| -> BTreeMap<u64, PullRequest> {
        pulls(&json(&folder.join(name))).into_iter().map(|pull| (pull.number.get(), pull)).collect()
    };
    let (asked, listed) = (by_number("pulls.json"), by_number("pulls-of-commits.json"));
    let calls = json(&folder.join("calls.json"));
    let numbers = |list: &Value| -> Vec<u64> { list.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect() };
    let lists = calls["list_pull_requests_of_commit_in_call_order"].as_array().unwrap();
    Replay {
        commits: commits(&json(&folder.join("commits.json"))),
        pulls: numbers(&calls["get_pull_request_in_call_order"]).iter().map(|n| asked[n].clone()).collect(),
        of_commits: lists.iter().map(|list| numbers(list).iter().map(|n| listed[n].clone()).collect()).collect(),
    }
}

impl Replay {
    fn notes(&self, edition: Edition) -> Notes {
        let mut pulls = self.pulls.iter().cloned();
        let mut of_commits = self.of_commits.iter().cloned();
        let lookups = compat::lookups(edition, &self.commits);
        let answers = self.commits.iter().zip(lookups).map(|(commit, lookup)| Found {
            commit: commit.id.clone(),
            pulls: match lookup {
                Lookup::Pulls(numbers) => pulls.by_ref().take(numbers.len()).collect(),
                Lookup::OfCommit => of_commits.next().unwrap_or_default(),
                _ => Vec::new(),
            },
        });
        let found: Vec<Found> = answers.collect();
        assert!(pulls.next().is_none() && of_commits.next().is_none(), "every recorded call was made");
        let options = GatherOptions::new(edition, "https://github.com/kubernetes/kubernetes".parse().unwrap());
        compat::notes(&found, &BTreeMap::new(), &options)
    }
}

fn changelog(version: &str, previous: &str, notes: Notes, edition: Edition, dependencies: Option<String>) -> String {
    let mut document = Document::new(version, notes);
    document.previous = Some(previous.into());
    document.dependencies = dependencies;
    let mut options = RenderOptions::new(Layout::Page);
    options.compat = Compat::Strict(edition);
    render(&document, &options)
}

fn toc(markdown: &str) -> String {
    format!("<!-- BEGIN MUNGE: GENERATED_TOC -->\n\n{}", notes_gen::changelog::table_of_contents(markdown).trim_end())
}

/// Compares line by line, so that a difference can be read.
fn same_page(ours: &str, theirs: &str) {
    let differences: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(ours, theirs)| ours != theirs).collect();
    assert_eq!(differences, []);
    assert_eq!(ours.lines().count(), theirs.lines().count());
}

#[test]
fn v1_16_3_as_of_2020() {
    let Some(folder) = shared("release-notes/recorded-api") else { return };
    let notes = recorded_api(&folder.join("changelog-v1.16.3")).notes(Edition::Y2020);
    assert_eq!(notes.len(), 21);
    let expected = |name: &str| fs::read_to_string(folder.join("expected").join(name)).unwrap();
    let content = expected("2020-patchReleaseExpectedContent.md");
    assert_eq!(compat::render_notes(&notes), content);
    assert_eq!(content.len(), 5074);

    let markdown = changelog("v1.16.3", "v1.16.2", notes, Edition::Y2020, Some(expected("2020-patchReleaseDeps.md")));
    let notes_only = markdown.split("\n\n## Dependencies").next().unwrap();
    assert_eq!(notes_only, format!("# v1.16.3\n\n## Changelog since v1.16.2\n\n{content}"));
    // The table of contents was made before the dependencies were added.
    // Recorded is its beginning.
    let (toc, recorded) = (toc(notes_only), expected("2020-patchReleaseExpectedTOC.md"));
    assert_eq!(
        toc.strip_prefix(&recorded),
        Some(
            "\n    - [Feature](#feature)\n    - [Failing Test](#failing-test)\n    - [Bug or Regression](#bug-or-regression)"
        )
    );
    same_page(&html_page("v1.16.3", &markdown), &expected("2020-patchReleaseExpectedHTML.html"));
}

#[test]
fn v1_16_3_as_of_2021() {
    let Some(folder) = shared("github-recordings/v1.16.3") else { return };
    // The same replies as in the recording of 2020, and one note less: #84064 is the second reply for a commit whose first one says
    // `NONE`, which now ends the search.
    let replay = recording(&folder);
    let notes = replay.notes(Edition::Y2021);
    assert_eq!((notes.len(), replay.notes(Edition::Y2020).len()), (20, 21));
    let expected = |name: &str| fs::read_to_string(folder.join("expected").join(name)).unwrap();
    let content = expected("content.md");
    assert_eq!(compat::render_notes(&notes) + "\n", content);
    let dependencies = expected("dependencies.md");
    let markdown = changelog("v1.16.3", "v1.16.2", notes, Edition::Y2021, Some(dependencies));
    same_page(&html_page("v1.16.3", &markdown), &expected("page.html"));
    assert!(toc(&markdown).starts_with(expected("toc.md").trim_end()));
}

#[test]
fn v1_19_0_alpha_1_as_of_2021() {
    let Some(folder) = shared("github-recordings/v1.19.0-alpha.1") else { return };
    let replay = recording(&folder);
    let notes = replay.notes(Edition::Y2021);
    // The edition of 2020 does not know the label `release-note-none` (#71269, #93180), and takes the empty `docs` block of #93548 for
    // a missing note.
    let shown = |notes: &Notes| {
        notes.iter().filter(|note| !note.do_not_publish).map(|note| note.pr_number.get()).collect::<Vec<_>>()
    };
    let (new, old) = (shown(&notes), shown(&replay.notes(Edition::Y2020)));
    assert_eq!(new.len(), 96);
    assert_eq!(old.iter().filter(|n| !new.contains(n)).collect::<Vec<_>>(), [&71269, &93180]);
    assert_eq!(new.iter().filter(|n| !old.contains(n)).collect::<Vec<_>>(), [&93548]);

    let expected = |name: &str| fs::read_to_string(folder.join("expected").join(name)).unwrap();
    let markdown = changelog("v1.19.0-alpha.1", "v1.18.0", notes, Edition::Y2021, None);
    same_page(&html_page("v1.19.0-alpha.1", &markdown), &expected("page.html"));
    assert_eq!(toc(&markdown) + "\n", expected("toc.md"));
}

#[test]
fn v1_16_0_rc_1_is_empty() {
    let folders = ["release-notes/recorded-api/changelog-v1.16.0-rc.1", "github-recordings/v1.16.0-rc.1"];
    let [Some(api), Some(lists)] = folders.map(shared) else { return };
    for (replay, edition) in [(recorded_api(&api), Edition::Y2020), (recording(&lists), Edition::Y2021)] {
        assert_eq!(replay.commits.len(), 2);
        let notes = replay.notes(edition);
        assert!(notes.is_empty());
        let markdown = render(&Document::new("v1.16.0-rc.1", notes), &{
            let mut options = RenderOptions::new(Layout::Changelog);
            options.compat = Compat::Strict(edition);
            options
        });
        assert_eq!(markdown, "# v1.16.0-rc.1");
        let expected = fs::read_to_string(api.join("../expected/2020-rcReleaseExpectedTOC.md")).unwrap();
        assert_eq!(toc(&markdown), expected);
        assert_eq!(toc(&markdown) + "\n", fs::read_to_string(lists.join("expected/toc.md")).unwrap());
    }
}
