use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::contain::{Contained, Tail, cleaned, contain, indented, prove};
use crate::autolink::without_punctuation;
use crate::inline::{escape, escape_start, link, safe};
use crate::text::{sanitize_line, upper_first};
use crate::{Document, DocumentationKind, GroupSuffix, LinkStyle, Note, Notes, Profile, PullNumber};

/// What stands in one item of the document's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item<'a> {
    /// The note.
    pub note: &'a Note,
    /// Notes that say the same, and are shown with it; see [`Notes::duplicates`].
    pub twins: Vec<&'a Note>,
    /// Its text, cleaned, first letter in upper case: Markdown that opens no heading, leaves nothing open and defines no references.
    pub text: String,
    /// The whole item without its bullet: text, pull requests and authors in parentheses, groups in brackets. Further lines are
    /// indented by two blanks.
    pub line: String,
    /// Further items below it, `  - [KEP](…)`: the documentation links, one per line.
    pub links: Vec<String>,
}

/// The notes under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Category<'a> {
    /// The kind, with kinds that count as another under that one.
    pub kind: String,
    /// Its heading.
    pub heading: String,
    /// The notes, sorted by their line.
    pub items: Vec<Item<'a>>,
}

/// Notes in the order of the document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Grouped<'a> {
    /// All notes that require action before an upgrade, whatever their kinds.
    pub urgent: Vec<Item<'a>>,
    /// The other notes by kind. Kinds that are not in the profile's list come first, by name.
    pub categories: Vec<Category<'a>>,
}

impl Grouped<'_> {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.categories.is_empty()
    }
}

/// Sorts a document's notes under headings. Left out are notes with `do_not_publish`, which a map may take back but does not by
/// mending a word, and those whose text says that there is none, or is but a piece of the pull request's form. Notes that say the same are one item. Notes that require
/// action are always urgent, also those of several kinds (which the original hides among the others).
pub fn group<'a>(document: &'a Document, profile: &Profile) -> Grouped<'a> {
    let mut urgent = Vec::new();
    let mut by_kind: BTreeMap<(usize, String), Vec<Item<'a>>> = BTreeMap::new();
    for item in items(&document.notes, profile) {
        if item.all().any(|note| note.action_required) {
            urgent.push(item);
        } else {
            let kind = profile.category(&item.note.kinds);
            let key = (profile.rank(kind), kind.unwrap_or(&profile.uncategorized).to_owned());
            by_kind.entry(key).or_default().push(item);
        }
    }
    let sort = |items: &mut Vec<Item<'_>>| {
        items.sort_by(|a, b| (&a.line, a.note.pr_number).cmp(&(&b.line, b.note.pr_number)));
    };
    sort(&mut urgent);
    let categories = by_kind.into_iter().map(|((_, kind), mut items)| {
        sort(&mut items);
        Category { heading: escape(&profile.heading(&kind)), kind, items }
    });
    Grouped { urgent, categories: categories.collect() }
}

fn items<'a>(notes: &'a Notes, profile: &Profile) -> Vec<Item<'a>> {
    let is_public = |note: &&Note| !note.do_not_publish;
    // The first of a group may be hidden, so that another one stands for the group.
    let mut followers: BTreeSet<PullNumber> = BTreeSet::new();
    let mut twins: BTreeMap<PullNumber, Vec<&Note>> = BTreeMap::new();
    for group in notes.duplicates() {
        let mut same = group.pulls.iter().filter_map(|number| notes.get(*number)).filter(is_public);
        if let Some(first) = same.next() {
            let others: Vec<&Note> = same.collect();
            followers.extend(others.iter().map(|note| note.pr_number));
            twins.insert(first.pr_number, others);
        }
    }
    let mut suffixes = Suffixes { profile, known: HashMap::new() };
    let mut items = Vec::new();
    for note in notes.iter().filter(is_public).filter(|note| !followers.contains(&note.pr_number)) {
        let Some(contained) = cleaned(&note.text).map(|text| contain(&text)) else { continue };
        if !contained.text.is_empty() {
            let twins = twins.remove(&note.pr_number).unwrap_or_default();
            items.push(Item::new(note, twins, &contained, &mut suffixes));
        }
    }
    items
}

/// What stands behind the notes of these groups; most notes of a release share a few dozen of them.
struct Suffixes<'a, 'p> {
    profile: &'p Profile,
    known: HashMap<Vec<&'a str>, String>,
}

impl<'a> Suffixes<'a, '_> {
    fn of(&mut self, groups: Vec<&'a str>) -> &str {
        let profile = self.profile;
        self.known.entry(groups).or_insert_with_key(|groups| {
            if groups.is_empty() || profile.groups.suffix != GroupSuffix::Brackets {
                return String::new();
            }
            format!(" [{}]", escape(&profile.group_list(groups)))
        })
    }
}

impl<'a> Item<'a> {
    fn new(note: &'a Note, twins: Vec<&'a Note>, contained: &Contained, suffixes: &mut Suffixes<'a, '_>) -> Self {
        let mut item = Self { note, twins, text: String::new(), line: String::new(), links: Vec::new() };
        item.links = item.documentation(suffixes.profile.links);
        let tail = item.tail(suffixes);
        prove(contained, |contained| {
            item.write(contained, &tail);
            format!("- {}\n", item.markdown())
        });
        item
    }

    fn write(&mut self, contained: &Contained, tail: &str) {
        self.text = upper_first(&contained.text);
        self.line = indented(&self.text);
        self.line.push_str(match contained.tail {
            Tail::Inline => " ",
            Tail::Paragraph => "\n\n  ",
        });
        self.line.push_str(tail);
    }

    /// The note and its twins.
    pub fn all(&self) -> impl Iterator<Item = &'a Note> {
        std::iter::once(self.note).chain(self.twins.iter().copied())
    }

    /// The line with the links below it.
    pub fn markdown(&self) -> String {
        let mut text = self.line.clone();
        for link in &self.links {
            text.push('\n');
            text.push_str(link);
        }
        text
    }

    /// Pull requests, authors and groups.
    fn tail(&self, suffixes: &mut Suffixes<'a, '_>) -> String {
        let links = suffixes.profile.links;
        let mut people: Vec<&Note> = Vec::new();
        let mut groups: Vec<&'a str> = Vec::new();
        let mut tail = "(".to_owned();
        for note in self.all() {
            if tail.len() > 1 {
                tail.push_str(", ");
            }
            push_reference(&mut tail, links, &format!("#{}", note.pr_number), &note.pr_url);
            if !note.author.is_empty() && people.iter().all(|known| known.author != note.author) {
                people.push(note);
            }
            groups.extend(note.sigs.iter().map(String::as_str));
        }
        for note in people {
            tail.push_str(", ");
            push_reference(&mut tail, links, &format!("@{}", name(&note.author)), &note.author_url);
        }
        tail.push(')');
        groups.sort_unstable();
        groups.dedup();
        tail.push_str(suffixes.of(groups));
        tail
    }

    fn documentation(&self, links: LinkStyle) -> Vec<String> {
        let mut shown: BTreeSet<&str> = BTreeSet::new();
        let mut lines = Vec::new();
        for documentation in self.all().flat_map(|note| &note.documentation) {
            let description = sanitize_line(&documentation.description);
            let bare = description.trim_matches(|c: char| c.is_whitespace() || "[]:-()".contains(c));
            let label = if bare.is_empty() { kind_label(&documentation.kind) } else { bare };
            // Some authors write several addresses on one line.
            let addresses =
                documentation.url.split_whitespace().map(|word| without_punctuation(word.trim_end_matches('>')));
            for address in addresses.filter(|word| is_web(word)) {
                if shown.insert(address) {
                    lines.push(match links {
                        LinkStyle::Linked => format!("  - {}", link(label, address)),
                        LinkStyle::Plain => format!("  - {}: {}", escape_start(label), safe(address)),
                    });
                }
            }
        }
        lines
    }
}

fn push_reference(text: &mut String, links: LinkStyle, label: &str, url: &str) {
    match links {
        LinkStyle::Linked if is_web(url) => {
            text.push('[');
            text.push_str(label);
            text.push_str("](");
            text.push_str(&safe(url));
            text.push(')');
        }
        _ => text.push_str(label),
    }
}

fn kind_label(kind: &DocumentationKind) -> &str {
    match kind {
        DocumentationKind::Kep => "KEP",
        DocumentationKind::Official => "Documentation",
        DocumentationKind::External => "Further reading",
        DocumentationKind::Unknown(name) => name,
    }
}

fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A login as it is, unless it is none.
fn name(login: &str) -> String {
    let bare = login.strip_suffix("[bot]").unwrap_or(login);
    let is_login = bare.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'));
    if is_login { login.to_owned() } else { escape(login) }
}
