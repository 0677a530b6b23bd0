//! How long a document of 4,000 notes takes, which is ten times a minor release of Kubernetes.

#![expect(clippy::unwrap_used, reason = "benchmarks stop at the first surprise")]

use divan::Bencher;
use notes_gen::compat::Edition;
use notes_gen::{
    CHANGELOG_TEMPLATE, Compat, Document, Documentation, DocumentationKind, Layout, Note, Notes, Profile, PullNumber,
    RenderOptions, Template, from_json, html_page, render, to_json,
};

const NOTES: u64 = 4_000;

fn main() {
    divan::main();
}

fn document() -> Document {
    let kinds = ["bug", "feature", "cleanup", "api-change", "deprecation", "documentation", "flake", "regression"];
    let sigs = ["api-machinery", "node", "storage", "network", "cluster-lifecycle", "cli", "windows"];
    let texts = [
        "kubelet: fixed a bug where the status of a pod was not updated when its `containers` had been restarted by hand",
        "add the field `spec.retention` to [the API](https://example.org/docs/concepts/api?version=1&kind=x), see https://example.org/kep",
        "the following metrics are renamed:\n- `requests_total` is `requests`\n- `errors_total` is `errors`\n\nNothing else changes.",
        "use <node-name> in place of <hostname>:\n\n```yaml\nkind: Node\nmetadata:\n  name: <node-name>\n```",
        "**Action**: set `--feature-gates=A=true`; the default changes with the next release (#12345)",
    ];
    let pick = |list: &[&str], n: u64| list[usize::try_from(n).unwrap() % list.len()].to_owned();
    let note = |n: u64| {
        let mut note = Note::new(PullNumber::new(90_000 + n * 7).unwrap(), pick(&texts, n) + &format!(" ({n})"));
        note.commit = format!("{n:040x}");
        note.author = format!("someone-{}", n % 300);
        note.author_url = format!("https://github.com/{}", note.author);
        note.pr_url = format!("https://github.com/example/project/pull/{}", note.pr_number);
        note.kinds = vec![pick(&kinds, n), pick(&kinds, n / 3)];
        note.sigs = vec![pick(&sigs, n), pick(&sigs, n / 2)];
        note.action_required = n.is_multiple_of(50);
        if n.is_multiple_of(5) {
            note.documentation = vec![Documentation {
                description: "[KEP]".into(),
                url: format!("https://github.com/kubernetes/enhancements/tree/{n}"),
                kind: DocumentationKind::Kep,
            }];
        }
        note
    };
    let profile = Profile::default();
    let notes: Notes = (0..NOTES)
        .map(note)
        .map(|mut note| {
            note.refresh_markdown(&profile);
            note
        })
        .collect();
    let mut document = Document::new("v1.2.0", notes);
    document.previous = Some("v1.1.0".into());
    document
}

#[divan::bench]
fn markdown(bencher: Bencher) {
    let (document, options) = (document(), RenderOptions::new(Layout::Changelog));
    bencher.bench(|| render(&document, &options));
}

#[divan::bench]
fn markdown_strict(bencher: Bencher) {
    let (document, mut options) = (document(), RenderOptions::new(Layout::Changelog));
    options.compat = Compat::Strict(Edition::Y2026);
    bencher.bench(|| render(&document, &options));
}

#[divan::bench]
fn markdown_with_table_of_contents(bencher: Bencher) {
    let (document, options) = (document(), RenderOptions::new(Layout::Changelog).with_table_of_contents());
    bencher.bench(|| render(&document, &options));
}

#[divan::bench]
fn html_of_markdown(bencher: Bencher) {
    let markdown = render(&document(), &RenderOptions::new(Layout::Page));
    bencher.bench(|| html_page("v1.2.0", &markdown));
}

#[divan::bench]
fn json(bencher: Bencher) {
    let document = document();
    bencher.bench(|| to_json(&document.notes));
}

#[divan::bench]
fn json_read(bencher: Bencher) {
    let json = to_json(&document().notes);
    bencher.bench(|| from_json(&json));
}

#[divan::bench]
fn template(bencher: Bencher) {
    let (document, profile) = (document(), Profile::default());
    let template = Template::parse(CHANGELOG_TEMPLATE).unwrap();
    bencher.bench(|| template.render(&document, &profile));
}
