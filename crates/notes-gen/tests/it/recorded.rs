//! Recorded replies of GitHub for whole changelogs, read by the test's own reader.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::path::Path;

use notes_gen::{
    Author, CommitId, CommitInfo, Document, Exclusion, Fate, GatherOptions, Gathered, PullNumber, PullRequest,
    PullSource, gather, render_html, render_notes, select,
};
use serde_json::Value;

use crate::{number, shared};

struct Recorded {
    commits: Vec<CommitInfo>,
    pulls: BTreeMap<PullNumber, PullRequest>,
}

impl PullSource for Recorded {
    type Error = Infallible;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Infallible> {
        Ok(numbers.iter().filter_map(|n| Some((*n, self.pulls.get(n)?.clone()))).collect())
    }
}

fn read(folder: &Path) -> Recorded {
    let list = |name: &str| -> Vec<Value> { serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap() };
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let commits = list("commits.json").into_iter().map(|commit| CommitInfo {
        id: CommitId::new(commit["sha"].as_str().unwrap()),
        parents: commit["parents"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| CommitId::new(p["sha"].as_str().unwrap()))
            .collect(),
        message: text(&commit["commit"]["message"]).unwrap(),
    });
    let pulls = list("pulls.json").into_iter().map(|json| {
        let mut pull = PullRequest::new(number(json["number"].as_u64().unwrap()), text(&json["title"]).unwrap());
        pull.body = text(&json["body"]);
        pull.labels =
            json["labels"].as_array().into_iter().flatten().filter_map(|label| text(&label["name"])).collect();
        pull.author = text(&json["user"]["login"]).map(|login| Author { url: text(&json["user"]["html_url"]), login });
        pull.url = text(&json["html_url"]);
        (pull.number, pull)
    });
    Recorded { commits: commits.collect(), pulls: pulls.collect() }
}

async fn run(recorded: &Recorded) -> Gathered {
    let mut options = GatherOptions::default();
    options.repository = Some("https://github.com/kubernetes/kubernetes".parse().unwrap());
    let selection = select(&recorded.commits, &recorded.commits[0].id).unwrap();
    let gathered = gather(&selection, recorded, &options).await.unwrap();
    assert_eq!(gathered.accounting.entries.len(), recorded.commits.len());
    gathered
}

/// The lines of a text, without blank ones.
fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The text that a reader of an HTML page sees.
fn seen(html: &str) -> String {
    let body = html.split("<body>").nth(1).unwrap_or(html);
    let text: String = body.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect();
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(text, |text, (entity, character)| text.replace(entity, character))
}

fn numbers(lines: &BTreeSet<String>, others: &BTreeSet<String>) -> Vec<u64> {
    let number = |line: &String| line.split("#").nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok();
    lines.difference(others).filter_map(number).collect()
}

#[tokio::test]
async fn v1_16_3() {
    let Some(folder) = shared("github-recordings/v1.16.3") else { return };
    let recorded = read(&folder);
    let gathered = run(&recorded).await;
    let ours = lines(&render_notes(&gathered.notes));
    let theirs = lines(&fs::read_to_string(folder.join("expected/content.md")).unwrap());
    // 84064: the original of a cherry-pick without a note of its own; another version of the original tool shows it as well.
    // 84536: has a note of its own, so it keeps its own number.
    assert_eq!(numbers(&ours, &theirs), [84536, 84064]);
    // 83685: the original of 84536; both texts are the same, and the tool kept whichever came first.
    // 84391: merged eleven days after the release; found through a commit that is in the range of dates, but not in the range.
    // 83692: the original of 84465, which has a note of its own; found through a commit of its branch.
    assert_eq!(numbers(&theirs, &ours), [83685, 84391, 83692]);
    assert_eq!(gathered.notes.len(), 19);
    let late = gathered.accounting.entries.last().unwrap();
    assert!(late.commit.as_str().starts_with("cdba9bed"));
    assert_eq!(late.fate, Fate::Excluded(Exclusion::NotReachable));
}

#[tokio::test]
async fn v1_19_0_alpha_1() {
    let Some(folder) = shared("github-recordings/v1.19.0-alpha.1") else { return };
    let recorded = read(&folder);
    let gathered = run(&recorded).await;
    let page = fs::read_to_string(folder.join("expected/page.html")).unwrap();
    let mut document = Document::new("v1.19.0-alpha.1", gathered.notes);
    document.previous = Some("v1.18.0".into());
    let ours = lines(&seen(&render_html(&document)));
    let theirs = lines(&seen(&page));
    // The original shows the same notes under the same headings, word for word; documentation links it does not show.
    let added: Vec<&String> = ours.difference(&theirs).collect();
    assert_eq!(added, ["KEP"]);
    assert_eq!(theirs.difference(&ours).next(), None);
    assert_eq!(document.notes.len(), 96);
}

#[tokio::test]
async fn v1_16_0_rc_1() {
    let Some(folder) = shared("github-recordings/v1.16.0-rc.1") else { return };
    let gathered = run(&read(&folder)).await;
    assert!(gathered.notes.is_empty());
}
