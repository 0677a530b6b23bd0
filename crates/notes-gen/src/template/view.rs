//! What a template sees.

use serde::Serialize;

use crate::changelog::{DownloadGroup, Downloads, ImageTable};
use crate::cve::Cve;
use crate::pull::page;
use crate::render::{Item, Part, Parts, security_entry};
use crate::{Documentation, Note, PullNumber};

#[derive(Serialize)]
pub(super) struct View<'a> {
    document: Root<'a>,
}

#[derive(Serialize)]
struct Root<'a> {
    version: &'a str,
    current: &'a str,
    previous: Option<&'a str>,
    repository: Option<&'a str>,
    title: String,
    since: Option<String>,
    urgent: Vec<NoteView<'a>>,
    kinds: Vec<Kind<'a>>,
    cves: Vec<CveView<'a>>,
    downloads: Vec<Group<'a>>,
    downloads_markdown: String,
    images: Vec<Image<'a>>,
    dependencies: Option<String>,
    words: Words<'a>,
    is_empty: bool,
}

#[derive(Serialize)]
struct Words<'a> {
    urgent: &'a str,
    urgent_warning: &'a str,
    documentation: &'a str,
}

#[derive(Serialize)]
struct Kind<'a> {
    kind: &'a str,
    heading: &'a str,
    notes: Vec<NoteView<'a>>,
}

#[derive(Serialize)]
struct NoteView<'a> {
    text: &'a str,
    line: &'a str,
    links: &'a [String],
    markdown: String,
    author: &'a str,
    author_url: &'a str,
    pr_number: PullNumber,
    pr_url: &'a str,
    commit: &'a str,
    sigs: &'a [String],
    kinds: &'a [String],
    areas: &'a [String],
    documentation: &'a [Documentation],
    pulls: Vec<Pull<'a>>,
    action_required: bool,
    feature: bool,
    is_mapped: bool,
}

#[derive(Serialize)]
struct Pull<'a> {
    number: PullNumber,
    url: &'a str,
    author: &'a str,
    author_url: &'a str,
}

#[derive(Serialize)]
struct CveView<'a> {
    id: &'a str,
    title: &'a str,
    description: &'a str,
    rating: String,
    score: String,
    vector: String,
    calc_link: &'a str,
    issue: Option<&'a str>,
    pulls: &'a [PullNumber],
    markdown: String,
}

#[derive(Serialize)]
struct Group<'a> {
    heading: &'a str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    name: &'a str,
    url: String,
    sha512: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    name: String,
    url: Option<String>,
    architectures: Vec<Architecture<'a>>,
}

#[derive(Serialize)]
struct Architecture<'a> {
    name: &'a str,
    url: Option<String>,
}

impl<'a> View<'a> {
    pub(super) fn of(parts: &'a Parts<'a>) -> Self {
        let (document, words) = (parts.document, &parts.profile.document);
        let text = |part| parts.block(part).unwrap_or_default();
        let urgent: Vec<NoteView<'a>> = parts.grouped.urgent.iter().map(note).collect();
        let kinds: Vec<Kind<'a>> = parts
            .grouped
            .categories
            .iter()
            .map(|it| Kind { kind: &it.kind, heading: &it.heading, notes: it.items.iter().map(note).collect() })
            .collect();
        let downloads = document.downloads.as_ref();
        let root = Root {
            version: &document.version,
            current: &document.version,
            previous: document.previous.as_deref(),
            repository: document.repository.as_ref().map(|url| url.as_str()),
            title: text(Part::Title).trim_start_matches("# ").to_owned(),
            since: parts.since(),
            is_empty: parts.is_empty(),
            urgent,
            kinds,
            cves: parts.cves.iter().map(|it| cve(it)).collect(),
            downloads: downloads.map(|it| groups(it, &document.version)).unwrap_or_default(),
            downloads_markdown: text(Part::Downloads),
            images: downloads
                .and_then(|it| it.images.as_ref())
                .map(|it| images(it, &document.version))
                .unwrap_or_default(),
            dependencies: parts.block(Part::Dependencies),
            words: Words {
                urgent: &words.urgent,
                urgent_warning: &words.urgent_warning,
                documentation: &words.documentation,
            },
        };
        Self { document: root }
    }
}

fn note<'a>(item: &'a Item<'a>) -> NoteView<'a> {
    let note: &Note = item.note;
    let pull = |note: &'a Note| Pull {
        number: note.pr_number,
        url: &note.pr_url,
        author: &note.author,
        author_url: &note.author_url,
    };
    NoteView {
        text: &item.text,
        line: &item.line,
        links: &item.links,
        markdown: item.markdown(),
        author: &note.author,
        author_url: &note.author_url,
        pr_number: note.pr_number,
        pr_url: &note.pr_url,
        commit: &note.commit,
        sigs: &note.sigs,
        kinds: &note.kinds,
        areas: &note.areas,
        documentation: &note.documentation,
        pulls: item.all().map(pull).collect(),
        action_required: note.action_required,
        feature: note.feature,
        is_mapped: note.is_mapped,
    }
}

fn cve<'a>(cve: &'a Cve) -> CveView<'a> {
    CveView {
        id: &cve.id,
        title: &cve.title,
        description: &cve.description,
        rating: cve.rating.to_string(),
        score: cve.score.to_string(),
        vector: cve.vector.to_string(),
        calc_link: &cve.calc_link,
        issue: cve.issue.as_deref(),
        pulls: &cve.pulls,
        markdown: security_entry(cve),
    }
}

fn groups<'a>(downloads: &'a Downloads, tag: &str) -> Vec<Group<'a>> {
    let group = |group: &'a DownloadGroup| Group {
        heading: &group.heading,
        files: group
            .files
            .iter()
            .map(|file| File { name: file.name(), url: downloads.address(tag, file), sha512: file.sha512() })
            .collect(),
    };
    downloads.groups.iter().filter(|group| !group.files.is_empty()).map(group).collect()
}

fn images<'a>(table: &'a ImageTable, tag: &str) -> Vec<Image<'a>> {
    let url = |image: &str| table.browse.as_ref().map(|browse| page(browse, &image.split('/').collect::<Vec<_>>()));
    let images = table.images.iter().map(|(image, archs)| Image {
        name: table.reference(image, tag),
        url: url(image),
        architectures: archs
            .iter()
            .map(|arch| Architecture { name: arch, url: url(&format!("{image}-{arch}")) })
            .collect(),
    });
    images.collect()
}
