use std::collections::BTreeMap;
use std::collections::btree_map;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::upper_first;
use crate::{GroupSuffix, Profile, PullNumber};

/// What a documentation link leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum DocumentationKind {
    /// A Kubernetes enhancement proposal.
    Kep,
    /// The documentation of kubernetes.io.
    Official,
    /// Anything else.
    External,
    /// A name that this version does not know; kept as it is.
    Unknown(String),
}

impl From<String> for DocumentationKind {
    fn from(name: String) -> Self {
        match name.as_str() {
            "KEP" => Self::Kep,
            "official" => Self::Official,
            "external" => Self::External,
            _ => Self::Unknown(name),
        }
    }
}

impl From<DocumentationKind> for String {
    fn from(kind: DocumentationKind) -> Self {
        match kind {
            DocumentationKind::Kep => "KEP".into(),
            DocumentationKind::Official => "official".into(),
            DocumentationKind::External => "external".into(),
            DocumentationKind::Unknown(name) => name,
        }
    }
}

/// A link from the `docs` block of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Documentation {
    /// What the author calls it, for example `[KEP]`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The address.
    pub url: String,
    /// What it leads to.
    #[serde(rename = "type")]
    pub kind: DocumentationKind,
}

/// One release note: a record of a single pull request. Names, order and omission of the fields are the wire format of the
/// original's JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Note {
    /// The commit of the range that brought the pull request in.
    pub commit: String,
    /// The note as its author wrote it, cleaned.
    pub text: String,
    /// The line of the document; see [`markdown_line`].
    pub markdown: String,
    /// Links of the `docs` block.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub documentation: Vec<Documentation>,
    /// Login of the pull request's author; empty when unknown.
    pub author: String,
    /// The author's page; empty when unknown.
    pub author_url: String,
    /// The pull request's page; empty when unknown.
    pub pr_url: String,
    /// The pull request.
    pub pr_number: PullNumber,
    /// Names of the `area/` labels.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// Names of the `kind/` labels.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Names of the `sig/` labels.
    #[serde(default, deserialize_with = "list", skip_serializing_if = "Vec::is_empty")]
    pub sigs: Vec<String>,
    /// One of the kinds is `feature`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub feature: bool,
    /// There is more than one SIG.
    #[serde(default, skip_serializing_if = "is_false")]
    pub duplicate: bool,
    /// There is more than one kind.
    #[serde(default, skip_serializing_if = "is_false")]
    pub duplicate_kind: bool,
    /// Users must act before they upgrade.
    #[serde(default, skip_serializing_if = "is_false")]
    pub action_required: bool,
    /// The version of the release; only old records carry it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub release_version: String,
    /// Free data that a map of 2020 put in; later ones keep it out of the record.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data_fields: BTreeMap<String, serde_json::Value>,
    /// The label `release-note-none` is set: hidden in documents unless a map edited the note.
    #[serde(default, skip_serializing_if = "is_false")]
    pub do_not_publish: bool,
    /// A map edited this note.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_mapped: bool,
    /// The pull request's body when the note was made.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pr_body: String,
}

/// A list; `null` is an empty one.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Note {
    /// A note with number and text; all else is empty. Call [`Note::refresh_markdown`] when the other fields are set.
    pub fn new(pr_number: PullNumber, text: impl Into<String>) -> Self {
        Self {
            commit: String::new(),
            text: text.into(),
            markdown: String::new(),
            documentation: Vec::new(),
            author: String::new(),
            author_url: String::new(),
            pr_url: String::new(),
            pr_number,
            areas: Vec::new(),
            kinds: Vec::new(),
            sigs: Vec::new(),
            feature: false,
            duplicate: false,
            duplicate_kind: false,
            action_required: false,
            release_version: String::new(),
            data_fields: BTreeMap::new(),
            do_not_publish: false,
            is_mapped: false,
            pr_body: String::new(),
        }
    }

    /// Writes `markdown` anew from the other fields.
    pub fn refresh_markdown(&mut self, profile: &Profile) {
        self.markdown = markdown_line(self, profile);
    }
}

/// Notes by pull request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes(BTreeMap<PullNumber, Note>);

impl Notes {
    /// No notes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a note in under its own number and returns the one it replaces.
    pub fn insert(&mut self, note: Note) -> Option<Note> {
        self.0.insert(note.pr_number, note)
    }

    /// The note of a pull request.
    pub fn get(&self, number: PullNumber) -> Option<&Note> {
        self.0.get(&number)
    }

    /// The note of a pull request, to change it.
    pub fn get_mut(&mut self, number: PullNumber) -> Option<&mut Note> {
        self.0.get_mut(&number)
    }

    /// Takes the note of a pull request out.
    pub fn remove(&mut self, number: PullNumber) -> Option<Note> {
        self.0.remove(&number)
    }

    /// All notes, by ascending number.
    pub fn iter(&self) -> btree_map::Values<'_, PullNumber, Note> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Note> for Notes {
    fn from_iter<I: IntoIterator<Item = Note>>(notes: I) -> Self {
        Self(notes.into_iter().map(|note| (note.pr_number, note)).collect())
    }
}

impl<'a> IntoIterator for &'a Notes {
    type Item = &'a Note;
    type IntoIter = btree_map::Values<'a, PullNumber, Note>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Whether pull request and author are written as links.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LinkStyle {
    /// `([#1](…), [@name](…))`; what has no address stays plain.
    #[default]
    Linked,
    /// `(#1, @name)`, which GitHub turns into links by itself.
    Plain,
}

/// The note's line in a document: text, pull request and author in parentheses, SIGs in brackets, first letter in upper case.
/// Further lines of the text are indented by two blanks, so that they stay in the list item.
pub fn markdown_line(note: &Note, profile: &Profile) -> String {
    line(note, &note.sigs, profile)
}

/// The line with these groups behind it.
pub(crate) fn line(note: &Note, groups: &[String], profile: &Profile) -> String {
    let link = |label: String, url: &str| match profile.links {
        LinkStyle::Linked if !url.is_empty() => format!("[{label}]({url})"),
        _ => label,
    };
    let mut line = note.text.replace('\n', "\n  ");
    line.push_str(" (");
    line.push_str(&link(format!("#{}", note.pr_number), &note.pr_url));
    if !note.author.is_empty() {
        line.push_str(", ");
        line.push_str(&link(format!("@{}", note.author), &note.author_url));
    }
    line.push(')');
    if !groups.is_empty() && profile.groups.suffix == GroupSuffix::Brackets {
        line.push_str(&format!(" [{}]", profile.group_list(groups)));
    }
    upper_first(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_notes() {
        let linked = Profile::default();
        let mut plain = Profile { links: LinkStyle::Plain, ..Profile::default() };
        let mut note = Note::new(PullNumber::new(1).unwrap(), "kubeadm: x\nmore");
        assert_eq!(markdown_line(&note, &linked), "Kubeadm: x\n  more (#1)");
        note.author = "a".into();
        note.author_url = "https://github.com/a".into();
        note.pr_url = "https://github.com/kubernetes/kubernetes/pull/1".into();
        note.text = "kubeadm: x".into();
        let expected = "Kubeadm: x ([#1](https://github.com/kubernetes/kubernetes/pull/1), [@a](https://github.com/a))";
        assert_eq!(markdown_line(&note, &linked), expected);
        note.sigs = vec!["storage".into(), "apps".into()];
        assert_eq!(markdown_line(&note, &plain), "Kubeadm: x (#1, @a) [SIG Apps and Storage]");
        plain.groups.suffix = GroupSuffix::None;
        assert_eq!(markdown_line(&note, &plain), "Kubeadm: x (#1, @a)");
    }
}
