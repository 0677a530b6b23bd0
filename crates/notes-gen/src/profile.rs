//! What differs between projects. No constant of a project stands anywhere else in this crate.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::text::title_case;
use crate::{DocumentationKind, Fallback, LinkStyle, yaml};

/// How a project writes its labels, blocks, titles and documents.
///
/// In YAML, a key that is absent keeps the value of Kubernetes, at every level; an empty list or text takes it away. Ready
/// profiles are under `examples/profiles`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Profile {
    /// Name of the project, for messages.
    pub name: String,
    /// The labels of pull requests.
    pub labels: LabelNames,
    /// How the groups that own a change (SIGs) are written.
    pub groups: GroupStyle,
    /// The kinds of changes, in the order of the document.
    pub kinds: Vec<KindEntry>,
    /// Heading of notes without a kind.
    pub uncategorized: String,
    /// The fenced blocks of a pull request body.
    pub blocks: BlockNames,
    /// What a documentation link leads to, the first match wins; what matches nothing is external.
    pub documentation: Vec<DocumentationRule>,
    /// Where a note comes from when there is no block, or an empty one; tried in order. A stated `NONE` is always respected.
    pub fallbacks: Vec<Fallback>,
    /// Names of the trailers that hold a note; compared without regard to case.
    pub trailers: Vec<String>,
    /// Types of Conventional Commits (`feat`), each with its kind.
    pub conventional: BTreeMap<String, String>,
    /// What stands at the start of titles (`✨`, `:bug:`).
    pub title_prefixes: Vec<TitlePrefix>,
    /// Who cherry-picks for others.
    pub cherry_picks: CherryPicks,
    /// How pull requests and authors are written.
    pub links: LinkStyle,
    /// Words and addresses of the document.
    pub document: DocumentWords,
}

/// Names of labels. The slash belongs to a prefix: `signed-off` is not in the group `ned-off`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct LabelNames {
    /// Before the name of a group: `sig/`; empty for none.
    pub group: String,
    /// Before the name of a kind: `kind/`.
    pub kind: String,
    /// Before the name of an area: `area/`.
    pub area: String,
    /// The label of changes that require action before an upgrade.
    pub action_required: String,
    /// The label of changes without a note.
    pub none: String,
}

/// How the groups that own a change are written behind a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct GroupStyle {
    /// The word before them: `SIG`; may be empty.
    pub word: String,
    /// Whether they are written at all.
    pub suffix: GroupSuffix,
    /// Words of a group's name that are not simply capitalised: `api` is `API`.
    pub words: BTreeMap<String, String>,
}

/// Whether a note's groups stand behind it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GroupSuffix {
    /// `[SIG A, B and C]`.
    #[default]
    Brackets,
    /// Nothing.
    None,
}

/// One kind of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct KindEntry {
    /// Its name, as the label says it.
    pub name: String,
    /// Its heading; without one the name is capitalised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Other kinds that count as this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<String>,
}

impl KindEntry {
    /// A kind with its heading.
    pub fn new(name: impl Into<String>, title: impl Into<String>) -> Self {
        Self { name: name.into(), title: Some(title.into()), counts: Vec::new() }
    }

    fn is(&self, kind: &str) -> bool {
        self.name == kind || self.counts.iter().any(|name| name == kind)
    }
}

/// Names of the fenced blocks in a pull request body; compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BlockNames {
    /// Blocks that hold the note; none when the project has no such blocks.
    pub notes: Vec<String>,
    /// The block of documentation links; empty for none.
    pub docs: String,
    /// Other blocks whose opening ends a block that the author forgot to close.
    pub others: Vec<String>,
    /// A line that says that there is no note: `/release-note-none`.
    pub none_command: String,
}

/// A rule for documentation links.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DocumentationRule {
    /// The host, or a domain that it is in.
    pub host: String,
    /// What the path has in it.
    #[serde(default)]
    pub path: String,
    /// What the link leads to.
    #[serde(rename = "type")]
    pub kind: DocumentationKind,
}

/// What stands at the start of a title, and what it means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct TitlePrefix {
    /// The ways to write it: the character and its name between colons.
    pub prefixes: Vec<String>,
    /// The kind it stands for.
    pub kind: String,
}

/// Who cherry-picks for others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct CherryPicks {
    /// Logins of robots: the author of what they opened is the author of the original.
    pub robots: BTreeSet<String>,
}

/// Words and addresses of the document that differ between projects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct DocumentWords {
    /// Where the project's documentation is; empty for no link.
    pub documentation: String,
    /// Heading of the notes that require action.
    pub urgent: String,
    /// The heading below it; empty for none.
    pub urgent_warning: String,
    /// Where files are downloaded from: `https://dl.k8s.io`.
    pub download_prefix: String,
    /// The product, which is the start of the names of archives.
    pub product: String,
    /// The registry of container images; empty for none.
    pub image_registry: String,
    /// A page to look at images: the name is appended; empty for no links.
    pub image_console: String,
}

impl Default for Profile {
    /// The profile of Kubernetes.
    fn default() -> Self {
        let kind = |name: &str| KindEntry { name: name.into(), title: None, counts: Vec::new() };
        let titled = |name: &str, title: &str, counts: &[&str]| KindEntry {
            counts: counts.iter().map(|name| (*name).to_owned()).collect(),
            ..KindEntry::new(name, title)
        };
        let rule = |host: &str, path: &str, kind| DocumentationRule { host: host.into(), path: path.into(), kind };
        let conventional = [("feat", "feature"), ("fix", "bug"), ("docs", "documentation")];
        let cleanup =
            ["build", "chore", "ci", "perf", "refactor", "revert", "style", "test"].map(|name| (name, "cleanup"));
        Self {
            name: "kubernetes".into(),
            labels: LabelNames::default(),
            groups: GroupStyle::default(),
            kinds: vec![
                kind("deprecation"),
                titled("api-change", "API Change", &[]),
                kind("feature"),
                kind("design"),
                kind("documentation"),
                titled("failing-test", "Failing Test", &[]),
                titled("bug", "Bug or Regression", &["regression"]),
                titled("Other (Cleanup or Flake)", "Other (Cleanup or Flake)", &["cleanup", "flake"]),
            ],
            uncategorized: "Uncategorized".into(),
            blocks: BlockNames::default(),
            documentation: vec![
                rule("github.com", "/kubernetes/enhancements/", DocumentationKind::Kep),
                rule("kubernetes.io", "/docs/", DocumentationKind::Official),
            ],
            fallbacks: Vec::new(),
            trailers: vec!["Release-Note".into()],
            conventional: conventional.into_iter().chain(cleanup).map(|(a, b)| (a.to_owned(), b.to_owned())).collect(),
            title_prefixes: Vec::new(),
            cherry_picks: CherryPicks::default(),
            links: LinkStyle::default(),
            document: DocumentWords::default(),
        }
    }
}

impl Default for LabelNames {
    fn default() -> Self {
        Self {
            group: "sig/".into(),
            kind: "kind/".into(),
            area: "area/".into(),
            action_required: "release-note-action-required".into(),
            none: "release-note-none".into(),
        }
    }
}

impl Default for GroupStyle {
    fn default() -> Self {
        let words = [
            ("api", "API"),
            ("aws", "AWS"),
            ("cli", "CLI"),
            ("gcp", "GCP"),
            ("openstack", "OpenStack"),
            ("vmware", "VMWare"),
            ("vsphere", "vSphere"),
        ];
        let words = words.into_iter().map(|(word, pretty)| (word.to_owned(), pretty.to_owned())).collect();
        Self { word: "SIG".into(), suffix: GroupSuffix::default(), words }
    }
}

impl Default for BlockNames {
    fn default() -> Self {
        Self {
            notes: vec!["release-note".into(), "release-notes".into()],
            docs: "docs".into(),
            others: vec!["dev-release-note".into()],
            none_command: "/release-note-none".into(),
        }
    }
}

impl Default for CherryPicks {
    fn default() -> Self {
        Self { robots: BTreeSet::from(["k8s-infra-cherrypick-robot".to_owned()]) }
    }
}

impl Default for DocumentWords {
    fn default() -> Self {
        Self {
            documentation: "https://docs.k8s.io".into(),
            urgent: "Urgent Upgrade Notes".into(),
            urgent_warning: "(No, really, you MUST read this before you upgrade)".into(),
            download_prefix: "https://dl.k8s.io".into(),
            product: "kubernetes".into(),
            image_registry: "registry.k8s.io".into(),
            image_console:
                "https://console.cloud.google.com/artifacts/docker/k8s-artifacts-prod/southamerica-east1/images/".into(),
        }
    }
}

/// The text is not a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not YAML, or a key that a profile does not have, or a value of another type.
    #[error("malformed profile at line {line}, column {column}: {message}")]
    Malformed {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What the reader expected.
        message: String,
    },
    /// It reads well and makes no sense.
    #[error("the profile cannot be used: {}", problems.join("; "))]
    Invalid {
        /// Everything that is wrong.
        problems: Vec<String>,
    },
}

impl Profile {
    /// Reads a profile from YAML text.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = yaml::parse(text).map_err(|problem| ProfileError::Malformed {
            line: problem.line,
            column: problem.column,
            message: problem.message,
        })?;
        let problems = profile.problems();
        if problems.is_empty() { Ok(profile) } else { Err(ProfileError::Invalid { problems }) }
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (key, prefix) in [("group", &self.labels.group), ("kind", &self.labels.kind), ("area", &self.labels.area)] {
            if !prefix.is_empty() && !prefix.ends_with(['/', ':', ' ']) {
                problems.push(format!("label prefix `{prefix}` of `{key}` ends in no separator such as `/`"));
            }
        }
        let mut names = BTreeSet::new();
        for name in self.kinds.iter().flat_map(|kind| std::iter::once(&kind.name).chain(&kind.counts)) {
            if !names.insert(name) {
                problems.push(format!("kind `{name}` is listed twice"));
            }
        }
        if self.title_prefixes.iter().flat_map(|entry| &entry.prefixes).any(|prefix| prefix.trim().is_empty()) {
            problems.push("a title prefix is empty".to_owned());
        }
        problems
    }

    /// The kind under which a note of these kinds is listed: the first of the list that it has, else its first one, else none.
    pub fn category<'a, S: AsRef<str>>(&'a self, kinds: &'a [S]) -> Option<&'a str> {
        let has = |name: &str| kinds.iter().any(|kind| kind.as_ref() == name);
        let listed = self.kinds.iter().find(|entry| has(&entry.name) || entry.counts.iter().any(|name| has(name)));
        listed.map(|entry| entry.name.as_str()).or_else(|| kinds.first().map(AsRef::as_ref))
    }

    /// Where a kind stands in the document: unknown kinds first, notes without a kind (`None`) last.
    pub fn rank(&self, kind: Option<&str>) -> usize {
        let Some(kind) = kind.filter(|kind| *kind != self.uncategorized) else { return self.kinds.len() + 1 };
        self.kinds.iter().position(|entry| entry.is(kind)).map_or(0, |at| at + 1)
    }

    /// The heading of a kind: `API Change`, `Bug or Regression`, `Foo-Bar` for `foo-bar`.
    pub fn heading(&self, kind: &str) -> String {
        let entry = self.kinds.iter().find(|entry| entry.is(kind));
        match entry {
            Some(KindEntry { title: Some(title), .. }) => title.clone(),
            _ if kind == self.uncategorized => kind.to_owned(),
            _ => {
                let name = entry.map_or(kind, |entry| &entry.name);
                name.split('-').map(title_case).collect::<Vec<_>>().join("-")
            }
        }
    }

    /// `SIG API Machinery, CLI and Storage`: sorted by label, made readable, joined. Empty when there is none.
    pub fn group_list<S: AsRef<str>>(&self, groups: &[S]) -> String {
        let mut labels: Vec<&str> = groups.iter().map(AsRef::as_ref).collect();
        labels.sort_unstable();
        let names: Vec<String> = labels.into_iter().map(|label| self.pretty_group(label)).collect();
        let list = match names.as_slice() {
            [] => return String::new(),
            [one] => one.clone(),
            [most @ .., last] => format!("{} and {last}", most.join(", ")),
        };
        format!("{} {list}", self.groups.word).trim_start().to_owned()
    }

    /// A group's name as people write it: `API Machinery`.
    pub fn pretty_group(&self, label: &str) -> String {
        let word = |part: &str| self.groups.words.get(part).cloned().unwrap_or_else(|| title_case(part));
        label.split('-').map(word).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_profiles() {
        let kubernetes = Profile::parse(include_str!("../../../examples/profiles/kubernetes.yaml")).unwrap();
        assert_eq!(kubernetes, Profile::default());
        assert_eq!(Profile::parse("{}").unwrap(), Profile::default());
        let crio = Profile::parse(include_str!("../../../examples/profiles/cri-o.yaml")).unwrap();
        assert_eq!(crio.blocks, Profile::default().blocks);
        assert_eq!(crio.category(&["cleanup", "dependency-change"]), Some("dependency-change"));
        let capi = Profile::parse(include_str!("../../../examples/profiles/cluster-api.yaml")).unwrap();
        assert!(capi.blocks.notes.is_empty());
        assert_eq!(capi.fallbacks, [Fallback::TitlePrefix, Fallback::Title]);
    }

    #[test]
    fn bad_profiles_are_refused() {
        #[rustfmt::skip]
        let cases = [
            ("unknown key", "name: x\nlables: {}\n", "malformed profile at line 2, column 1: unknown field `lables`"),
            ("unknown key below", "labels:\n  sig: x\n", "malformed profile at line 2, column 3: unknown field `sig`"),
            ("another type", "kinds: x\n", "malformed profile at line 1, column 8: "),
            ("no slash", "labels: {group: sig}\n", "the profile cannot be used: label prefix `sig` of `group` ends in no separator"),
            ("twice", "kinds: [{name: a}, {name: b, counts: [a]}]", "the profile cannot be used: kind `a` is listed twice"),
            ("two documents", "name: a\n---\nname: b\n", "malformed profile at line "),
            ("deep", &"[".repeat(10_000), "malformed profile at line 1, "),
        ];
        for (name, text, expected) in cases {
            let error = Profile::parse(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{name}: {error}");
        }
    }

    #[test]
    fn groups_are_listed() {
        let cases: [(&[&str], &str); 6] = [
            (&[], ""),
            (&["etcd"], "SIG Etcd"),
            (&["storage", "api-machinery", "cli"], "SIG API Machinery, CLI and Storage"),
            (&["vsphere", "k8s-infra"], "SIG K8s Infra and vSphere"),
            (&["cluster-lifecycle", "aws"], "SIG AWS and Cluster Lifecycle"),
            (&["vmware", "openstack"], "SIG OpenStack and VMWare"),
        ];
        for (groups, expected) in cases {
            assert_eq!(Profile::default().group_list(groups), expected, "{groups:?}");
        }
    }

    #[test]
    fn headings() {
        let other = "Other (Cleanup or Flake)";
        for (kind, expected) in [
            ("deprecation", "Deprecation"),
            ("api-change", "API Change"),
            ("regression", "Bug or Regression"),
            ("dependency", "Dependency"),
            ("foo-bar", "Foo-Bar"),
            ("flake", other),
            (other, other),
            ("Uncategorized", "Uncategorized"),
        ] {
            assert_eq!(Profile::default().heading(kind), expected);
        }
    }
}
