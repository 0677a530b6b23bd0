use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::extract::{is_candidate, is_excluded};
use super::{Edition, documentation, line, note_text};
use crate::pull::page;
use crate::{CommitId, CommitInfo, LinkStyle, Note, Notes, Profile, PullNumber, PullRequest};

static MERGE: LazyLock<Regex> = LazyLock::new(|| number_pattern(r"Merge pull request #(?P<number>[0-9]+)"));
static PICK: LazyLock<Regex> = LazyLock::new(|| number_pattern(r"automated-cherry-pick-of-#(?P<number>[0-9]+)"));
static REVERT: LazyLock<Regex> =
    LazyLock::new(|| number_pattern(r"\(#(?P<number>[0-9]+)\)(?-u:\s)*\n\nThis reverts commit"));
static SQUASH: LazyLock<Regex> = LazyLock::new(|| number_pattern(r"\(#(?P<number>[0-9]+)\)"));
static ROBOT_PICK: LazyLock<Regex> = LazyLock::new(|| number_pattern(r"cherry-pick-(?P<number>[0-9]+)-to"));
const ROBOT: &str = "k8s-infra-cherrypick-robot";

fn number_pattern(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is valid")
}

/// What an edition asks the forge about a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// Each of these pull requests, in this order.
    Pulls(Vec<PullNumber>),
    /// The closed pull requests of the commit, which names none.
    OfCommit,
    /// Nothing: the commit is passed over.
    Nothing,
}

/// What an edition asks the forge about each commit, in order. The forge lists commits newest first, by date for the first two editions.
pub fn lookups(edition: Edition, commits: &[CommitInfo]) -> Vec<Lookup> {
    commits.iter().map(|commit| lookup(edition, &commit.message)).collect()
}

fn lookup(edition: Edition, message: &str) -> Lookup {
    let patterns: &[&LazyLock<Regex>] = match edition {
        Edition::Y2020 | Edition::Y2021 => &[&MERGE, &PICK, &SQUASH],
        Edition::Y2026 => &[&MERGE, &PICK, &REVERT, &SQUASH],
    };
    let mut numbers = patterns.iter().filter_map(|pattern| number_in(pattern, message));
    match edition {
        Edition::Y2026 => numbers.next().map_or(Lookup::Nothing, |number| Lookup::Pulls(vec![number])),
        Edition::Y2020 | Edition::Y2021 => {
            let numbers: Vec<PullNumber> = numbers.collect();
            if numbers.is_empty() { Lookup::OfCommit } else { Lookup::Pulls(numbers) }
        }
    }
}

fn number_in(pattern: &Regex, text: &str) -> Option<PullNumber> {
    pattern.captures(text)?["number"].parse().ok()
}

/// A commit with the answer to its [`Lookup`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The commit.
    pub commit: CommitId,
    /// The pull requests in the order of the answer.
    pub pulls: Vec<PullRequest>,
}

/// The pull requests that are needed besides: the originals of what the cherry-pick robot opened.
pub fn origins(edition: Edition, found: &[Found]) -> BTreeSet<PullNumber> {
    let pulls = found.iter().flat_map(|it| &it.pulls);
    pulls.filter(|pull| is_robots(edition, pull)).filter_map(origin).collect()
}

fn is_robots(edition: Edition, pull: &PullRequest) -> bool {
    edition == Edition::Y2026 && pull.author.as_ref().is_some_and(|author| author.login == ROBOT)
}

fn origin(pull: &PullRequest) -> Option<PullNumber> {
    number_in(&ROBOT_PICK, pull.head.as_deref()?)
}

/// How [`notes`] are made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GatherOptions {
    /// The version of the original.
    pub edition: Edition,
    /// The repository's page. The first two editions make all addresses of it.
    pub repository: Url,
    /// How pull requests and authors are written; the first two editions know only links.
    pub links: LinkStyle,
    /// Only pull requests with one of these labels; all, if there is none.
    pub include_labels: BTreeSet<String>,
    /// What the first edition writes as `release_version` into each note.
    pub release_version: String,
}

impl GatherOptions {
    /// Options with links and without labels and version.
    pub fn new(edition: Edition, repository: Url) -> Self {
        Self {
            edition,
            repository,
            links: LinkStyle::Linked,
            include_labels: BTreeSet::new(),
            release_version: String::new(),
        }
    }
}

/// The notes that the original makes of the answers, handled in their order.
pub fn notes(found: &[Found], origins: &BTreeMap<PullNumber, PullRequest>, options: &GatherOptions) -> Notes {
    let mut notes = Notes::new();
    let mut seen = BTreeSet::new();
    let links = if options.edition == Edition::Y2026 { options.links } else { LinkStyle::Linked };
    let profile = Profile { links, ..Profile::default() };
    for it in found {
        let Some((pull, text)) = chosen(options, &it.pulls) else { continue };
        let Some(mut note) = make_note(&it.commit, pull, text, origins, options) else { continue };
        note.markdown = line::line(options.edition, &note, &profile);
        let key = if options.edition == Edition::Y2026 { &note.markdown } else { &note.text };
        if seen.insert(key.clone()) {
            notes.insert(note);
        }
    }
    notes
}

/// The first pull request that seems to have a note, and the note, if it has one.
fn chosen<'a>(options: &GatherOptions, pulls: &'a [PullRequest]) -> Option<(&'a PullRequest, String)> {
    let edition = options.edition;
    for pull in pulls {
        let body = pull.body.as_deref().unwrap_or_default();
        if is_excluded(edition, body) {
            match edition {
                Edition::Y2020 => continue,
                Edition::Y2021 | Edition::Y2026 => return None,
            }
        }
        let is_wanted = |label: &String| options.include_labels.contains(label);
        let is_included = options.include_labels.is_empty() || pull.labels.iter().any(is_wanted);
        if is_included && is_candidate(edition, body) {
            return Some((pull, note_text(edition, body)?));
        }
    }
    None
}

fn make_note(
    commit: &CommitId,
    pull: &PullRequest,
    text: String,
    origins: &BTreeMap<PullNumber, PullRequest>,
    options: &GatherOptions,
) -> Option<Note> {
    let edition = options.edition;
    let robots = is_robots(edition, pull);
    // Without the original the whole note is lost.
    let author = if robots { origins.get(&origin(pull)?)?.author.as_ref() } else { pull.author.as_ref() };
    let author_page = |login: &str| options.repository.join(&format!("/{login}")).ok().map(String::from);
    let mut note = Note::new(pull.number, text);
    note.commit = commit.to_string();
    note.documentation = documentation(pull.body.as_deref().unwrap_or_default());
    if let Some(author) = author {
        let told = author.url.clone().filter(|_| edition == Edition::Y2026);
        note.author_url = told.or_else(|| author_page(&author.login)).unwrap_or_default();
        note.author = author.login.clone();
    }
    let told = pull.url.clone().filter(|_| edition == Edition::Y2026);
    note.pr_url = told.unwrap_or_else(|| page(&options.repository, &["pull", &pull.number.to_string()]));
    note.areas = labels_with_prefix(pull, "area");
    note.kinds = labels_with_prefix(pull, "kind");
    note.sigs = labels_with_prefix(pull, "sig");
    if edition == Edition::Y2026 {
        note.sigs.sort();
    }
    note.feature = note.kinds.iter().any(|kind| kind == "feature");
    note.duplicate = note.sigs.len() > 1;
    note.duplicate_kind = note.kinds.len() > 1;
    note.action_required = pull.labels.iter().any(|label| label == "release-note-action-required");
    match edition {
        Edition::Y2020 => note.release_version.clone_from(&options.release_version),
        Edition::Y2021 | Edition::Y2026 => {
            note.do_not_publish = pull.labels.iter().any(|label| label == "release-note-none");
        }
    }
    Some(note)
}

/// The original's prefix has no slash: `signed-off` is the SIG `signed-off`.
fn labels_with_prefix(pull: &PullRequest, prefix: &str) -> Vec<String> {
    let labels = pull.labels.iter().filter(|label| label.starts_with(prefix));
    let name =
        |label: &String| label.strip_prefix(prefix).and_then(|name| name.strip_prefix('/')).unwrap_or(label).to_owned();
    labels.map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Author;

    fn number(number: u64) -> PullNumber {
        PullNumber::new(number).unwrap()
    }

    fn options(edition: Edition) -> GatherOptions {
        GatherOptions::new(edition, "https://github.com/example/project".parse().unwrap())
    }

    fn pull(n: u64, body: &str, labels: &[&str]) -> PullRequest {
        let mut pull = PullRequest::new(number(n), "t");
        pull.body = Some(body.into());
        pull.labels = labels.iter().map(|label| (*label).to_owned()).collect();
        pull.author = Some(Author { login: "someone".into(), url: Some("https://forge.example/someone".into()) });
        pull.url = Some(format!("https://forge.example/pull/{n}"));
        pull
    }

    fn found(pulls: Vec<PullRequest>) -> Vec<Found> {
        vec![Found { commit: CommitId::new("c"), pulls }]
    }

    #[test]
    fn messages_are_looked_up() {
        let pulls = |numbers: &[u64]| Lookup::Pulls(numbers.iter().map(|n| number(*n)).collect());
        let pick = "Merge pull request #7 from b/automated-cherry-pick-of-#5-origin-release-1.2";
        let revert = "Revert (#3)\n\nrest (#8)\n\nThis reverts commit x";
        let cases = [
            ("cherry-pick", pick, pulls(&[7, 5]), pulls(&[7])),
            ("squash anywhere", "a\n\nb (#9) c", pulls(&[9]), pulls(&[9])),
            ("revert", revert, pulls(&[3]), pulls(&[8])),
            ("no number", "Merge branch x", Lookup::OfCommit, Lookup::Nothing),
            ("too big", "(#99999999999999999999999)", Lookup::OfCommit, Lookup::Nothing),
        ];
        for (name, message, old, new) in cases {
            assert_eq!(lookup(Edition::Y2020, message), old, "{name}");
            assert_eq!(lookup(Edition::Y2021, message), old, "{name}");
            assert_eq!(lookup(Edition::Y2026, message), new, "{name}");
        }
    }

    #[test]
    fn an_excluded_body_is_passed_over_or_ends_the_search() {
        let note = "```release-note\na\n```";
        let pulls = found(vec![pull(1, "```release-note\nNONE\n```", &[]), pull(2, note, &[])]);
        for (edition, expected) in [(Edition::Y2020, vec![2]), (Edition::Y2021, vec![])] {
            let made = notes(&pulls, &BTreeMap::new(), &options(edition));
            assert_eq!(made.iter().map(|it| it.pr_number.get()).collect::<Vec<_>>(), expected, "{edition:?}");
        }
    }

    #[test]
    fn equal_texts_are_one_note_at_first() {
        let note = "```release-note\na\n```";
        let pulls: Vec<Found> = [2, 1].iter().flat_map(|n| found(vec![pull(*n, note, &[])])).collect();
        for (edition, expected) in [(Edition::Y2020, vec![2]), (Edition::Y2021, vec![2]), (Edition::Y2026, vec![1, 2])]
        {
            let made = notes(&pulls, &BTreeMap::new(), &options(edition));
            assert_eq!(made.iter().map(|it| it.pr_number.get()).collect::<Vec<_>>(), expected, "{edition:?}");
        }
    }

    #[test]
    fn records_by_edition() {
        let labels =
            ["sig/storage", "signed-off", "sig/apps", "kind/bug", "kind/feature", "area/a", "release-note-none"];
        let pulls = found(vec![pull(3, "```release-note\na\n```", &labels)]);
        let old = notes(&pulls, &BTreeMap::new(), &options(Edition::Y2020));
        let old = old.get(number(3)).unwrap();
        assert_eq!(old.sigs, ["storage", "signed-off", "apps"]);
        assert_eq!((old.feature, old.duplicate, old.duplicate_kind, old.do_not_publish), (true, true, true, false));
        assert_eq!(old.pr_url, "https://github.com/example/project/pull/3");
        assert_eq!(old.author_url, "https://github.com/someone");
        let new = notes(&pulls, &BTreeMap::new(), &options(Edition::Y2026));
        let new = new.get(number(3)).unwrap();
        assert_eq!(new.sigs, ["apps", "signed-off", "storage"]);
        assert!(new.do_not_publish);
        assert_eq!(
            new.markdown,
            "A ([#3](https://forge.example/pull/3), [@someone](https://forge.example/someone)) [SIG Apps, Signed Off and Storage]"
        );
        let mut wanted = options(Edition::Y2026);
        wanted.include_labels = ["other".to_owned()].into();
        assert!(notes(&pulls, &BTreeMap::new(), &wanted).is_empty());
    }

    #[test]
    fn what_a_robot_opened_is_its_origins_authors() {
        let mut picked = pull(7, "```release-note\na\n```", &[]);
        picked.author = Some(Author { login: ROBOT.into(), url: None });
        picked.head = Some("robot:cherry-pick-5-to-release-1.30".into());
        let found = found(vec![picked]);
        assert_eq!(origins(Edition::Y2020, &found), BTreeSet::new());
        assert_eq!(origins(Edition::Y2026, &found), [number(5)].into());
        let known = [(number(5), pull(5, "", &[]))].into();
        let made = notes(&found, &known, &options(Edition::Y2026));
        assert_eq!(made.get(number(7)).unwrap().author, "someone");
        assert!(notes(&found, &BTreeMap::new(), &options(Edition::Y2026)).is_empty());
    }
}
