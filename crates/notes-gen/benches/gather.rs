//! Ten thousand pull requests become notes, maps change all of them, and they are looked at.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use divan::{Bencher, black_box};
use notes_gen::check::{LintOptions, lint};
use notes_gen::maps::{ApplyOptions, MapFile, Maps};
use notes_gen::{
    Author, CommitId, CommitInfo, GatherOptions, Gathered, Notes, Profile, PullNumber, PullRequest, PullSource,
    Selection, gather, select,
};

const COUNT: u64 = 10_000;

fn main() {
    divan::main();
}

struct Pulls(BTreeMap<PullNumber, PullRequest>);

impl PullSource for Pulls {
    type Error = Infallible;

    async fn pulls(&self, _: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Infallible> {
        Ok(self.0.clone())
    }
}

/// Two commits for each pull request: its merge and one of its branch.
fn commits() -> Vec<CommitInfo> {
    let commit = |id: String, parents: &[String], message: String| CommitInfo {
        id: CommitId::new(id),
        parents: parents.iter().map(CommitId::new).collect(),
        message,
    };
    let merge = |n: u64| format!("{n:040x}");
    let pair = |n: u64| {
        let work = format!("{:040x}", n + (1 << 60));
        let title = format!("Merge pull request #{n} from someone/branch-{n}\n\nteach the tool trick {n}");
        [commit(merge(n), &[merge(n - 1), work.clone()], title), commit(work, &[merge(n - 1)], format!("work of {n}"))]
    };
    (1..=COUNT).rev().flat_map(pair).collect()
}

fn pulls() -> Pulls {
    let template = "<!-- a comment\nof some lines -->\r\n#### What this does\r\n".repeat(20);
    let made = (1..=COUNT).map(|n| {
        let number = PullNumber::new(n).expect("it is above zero");
        let mut pull = PullRequest::new(number, format!("trick {n}"));
        pull.body = Some(format!(
            "{template}\r\n```release-note\r\nTaught `tool` trick {n}, which needs the flag `--trick={n}`.\r\n```\r\n\
             ```docs\r\n- [KEP]: https://github.com/kubernetes/enhancements/tree/{n}\r\n```\r\n"
        ));
        pull.labels = vec!["kind/bug".into(), "sig/node".into(), "sig/apps".into(), "release-note".into()];
        pull.author = Some(Author { login: "someone".into(), url: None });
        (number, pull)
    });
    Pulls(made.collect())
}

fn selection() -> Selection {
    let commits = commits();
    select(&commits, &commits[0].id).expect("the range is whole")
}

/// The source answers at once, so nothing ever waits.
fn run(selection: &Selection, source: &Pulls) -> Gathered {
    let mut options = GatherOptions::default();
    options.repository = "https://github.com/kubernetes/kubernetes".parse().ok();
    let mut future = pin!(gather(selection, source, &options));
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(gathered)) => gathered,
        Poll::Ready(Err(_)) | Poll::Pending => unreachable!("the source neither fails nor waits"),
    }
}

fn notes() -> Notes {
    run(&selection(), &pulls()).notes
}

#[divan::bench(sample_count = 10)]
fn select_20k_commits(bencher: Bencher<'_, '_>) {
    let commits = commits();
    bencher.bench_local(|| select(black_box(&commits), &commits[0].id));
}

#[divan::bench(sample_count = 10)]
fn gather_10k_notes(bencher: Bencher<'_, '_>) {
    let (selection, source) = (selection(), pulls());
    bencher.bench_local(|| run(black_box(&selection), &source));
}

#[divan::bench(sample_count = 10)]
fn copy_10k_pulls(bencher: Bencher<'_, '_>) {
    // What the source of the benchmark above spends on its answer.
    let source = pulls();
    bencher.bench_local(|| black_box(&source.0).clone());
}

fn map_texts() -> Vec<(String, String)> {
    let text = |n| {
        format!(
            "pr: {n}\nreleasenote:\n  text: |-\n    The tool knows trick {n}.\n    More.\n  kinds: [feature]\npr_body: \"\"\n"
        )
    };
    (1..=COUNT).map(|n| (format!("maps/pr-{n}-map.yaml"), text(n))).collect()
}

fn read(texts: &[(String, String)]) -> Vec<MapFile> {
    texts.iter().map(|(name, text)| MapFile::parse(name, text).expect("it is a map")).collect()
}

#[divan::bench(sample_count = 10)]
fn parse_10k_maps(bencher: Bencher<'_, '_>) {
    let texts = map_texts();
    bencher.bench_local(|| read(black_box(&texts)));
}

#[divan::bench(sample_count = 10)]
fn apply_10k_maps(bencher: Bencher<'_, '_>) {
    let (maps, profile) = (Maps::new(vec![read(&map_texts())]), Profile::default());
    let options = ApplyOptions::new(&profile, jiff::Timestamp::UNIX_EPOCH);
    bencher.with_inputs(notes).bench_local_values(|mut notes| {
        let applied = maps.apply(&mut notes, &options);
        (notes, applied)
    });
}

#[divan::bench(sample_count = 10)]
fn lint_10k_notes(bencher: Bencher<'_, '_>) {
    let (notes, profile) = (notes(), Profile::default());
    bencher.bench_local(|| lint(black_box(&notes), &profile, &LintOptions::default()));
}

#[divan::bench(sample_count = 10)]
fn duplicates_of_10k_notes(bencher: Bencher<'_, '_>) {
    let notes = notes();
    bencher.bench_local(|| black_box(&notes).duplicates().len());
}
