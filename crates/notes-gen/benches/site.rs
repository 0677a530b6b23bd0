//! The page of ten releases with 10,000 notes: `cargo bench -p notes-gen --bench site`. `SITE_BENCH_OUT` names a file that the
//! page is written to, for a look at it in a browser.
#![allow(clippy::unwrap_used, reason = "a benchmark")]

use divan::Bencher;
use notes_gen::site::{SiteOptions, SiteRelease, render_site};
use notes_gen::{Note, Notes, PullNumber};

const WORDS: [&str; 24] = [
    "kubelet",
    "now",
    "reports",
    "`PodReady`",
    "when",
    "a",
    "volume",
    "is",
    "detached",
    "from",
    "the",
    "node",
    "**before**",
    "scheduling",
    "fixes",
    "regression",
    "in",
    "`--feature-gates`",
    "handling",
    "of",
    "endpoint",
    "slices",
    "with",
    "dual-stack",
];
const KINDS: [&str; 9] =
    ["deprecation", "api-change", "feature", "documentation", "failing-test", "bug", "regression", "cleanup", "flake"];
const SIGS: [&str; 12] = [
    "api-machinery",
    "apps",
    "auth",
    "cli",
    "cloud-provider",
    "cluster-lifecycle",
    "etcd",
    "instrumentation",
    "network",
    "node",
    "storage",
    "testing",
];
const AREAS: [&str; 8] =
    ["apiserver", "kubelet", "kubectl", "kubeadm", "test", "dependency", "release-eng", "provider/x"];

/// The same numbers at each run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn some(&mut self, list: &[&str], most: usize) -> Vec<String> {
        let count = self.below(most + 1);
        (0..count).map(|_| list[self.below(list.len())].to_owned()).collect()
    }
}

fn releases(releases: u64, notes: u64) -> Vec<SiteRelease> {
    let mut random = Random(1);
    let mut note = |number: u64| {
        let words: Vec<&str> = (0..12 + random.below(30)).map(|_| WORDS[random.below(WORDS.len())]).collect();
        let mut note = Note::new(PullNumber::new(number).unwrap(), words.join(" "));
        note.author = format!("author-{}", random.below(1200));
        note.author_url = format!("https://github.com/{}", note.author);
        note.pr_url = format!("https://github.com/kubernetes/kubernetes/pull/{number}");
        note.kinds = random.some(&KINDS, 2);
        note.sigs = random.some(&SIGS, 3);
        note.areas = random.some(&AREAS, 2);
        note.action_required = random.below(50) == 0;
        note.refresh_markdown(&notes_gen::Profile::default());
        note
    };
    let release = |minor| SiteRelease {
        version: format!("v1.{minor}.0"),
        notes: (0..notes / releases).map(|at| note(100_000 + minor * 5_000 + at)).collect::<Notes>(),
    };
    (20..20 + releases).map(release).collect()
}

#[divan::bench(args = [(1, 10_000), (10, 10_000), (100, 10_000)])]
fn site(bencher: Bencher, (count, notes): (u64, u64)) {
    let releases = releases(count, notes);
    let mut options = SiteOptions::new("Example");
    options.repository = Some("https://github.com/kubernetes/kubernetes".parse().unwrap());
    bencher.bench_local(|| render_site(&releases, &options).unwrap());
    if let Some(folder) = std::env::var_os("SITE_BENCH_OUT") {
        let file = std::path::Path::new(&folder).join(format!("site-{count}.html"));
        std::fs::write(file, render_site(&releases, &options).unwrap()).unwrap();
    }
}

fn main() {
    divan::main();
}
