use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::fallback::Found;
use crate::pull::page;
use crate::{
    Author, CommitId, Extraction, LabelFacts, Note, Notes, Outside, Pick, Profile, PullNumber, PullRequest, PullSource,
    Selection, documentation, extract,
};

/// How notes are gathered.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GatherOptions {
    /// How the project writes labels, blocks and titles; Kubernetes by default.
    pub profile: Profile,
    /// The repository's page; gives addresses to pull requests and authors that come without.
    pub repository: Option<Url>,
}

/// Why a commit gave no note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Exclusion {
    /// It belongs to the branch of a pull request, which the merge commit stands for.
    InsidePull {
        /// That pull request.
        pull: PullNumber,
    },
    /// A merge without a number; the line it brought in was followed.
    BranchSync,
    /// It names no pull request.
    NoPullNumber,
    /// It is not part of the range.
    NotReachable,
    /// The source knows no pull request of that number.
    PullMissing {
        /// The number.
        pull: PullNumber,
    },
    /// The pull request has no release-note block.
    NoBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The block of the pull request is empty.
    EmptyBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The block is never closed.
    UnclosedBlock {
        /// The pull request.
        pull: PullNumber,
    },
    /// The author says that there is no note.
    StatedNone {
        /// The pull request.
        pull: PullNumber,
    },
    /// The body is too large to be read.
    BodyTooLarge {
        /// The pull request.
        pull: PullNumber,
        /// Its length.
        bytes: usize,
    },
}

impl From<Outside> for Exclusion {
    fn from(outside: Outside) -> Self {
        match outside {
            Outside::InsidePull { pull } => Self::InsidePull { pull },
            Outside::BranchSync => Self::BranchSync,
            Outside::NoPullNumber => Self::NoPullNumber,
            Outside::NotReachable => Self::NotReachable,
        }
    }
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Its pull request gave notes.
    Included {
        /// The pull request that the commit merged.
        pull: PullNumber,
        /// The notes it stands for: its own, or those of the originals that a cherry-pick repeats.
        notes: Vec<PullNumber>,
    },
    /// It gave none.
    Excluded(Exclusion),
}

/// One line of the accounting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The commit.
    pub commit: CommitId,
    /// What became of it.
    pub fate: Fate,
}

/// Every commit of the range with what became of it, children before parents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Accounting {
    /// One entry per commit of the range.
    pub entries: Vec<Entry>,
}

impl Accounting {
    /// How many commits gave notes.
    pub fn included(&self) -> usize {
        self.entries.iter().filter(|entry| matches!(entry.fate, Fate::Included { .. })).count()
    }

    /// The pull requests of the range that the source did not know, ascending.
    pub fn missing(&self) -> BTreeSet<PullNumber> {
        let missing = |entry: &Entry| match entry.fate {
            Fate::Excluded(Exclusion::PullMissing { pull }) => Some(pull),
            _ => None,
        };
        self.entries.iter().filter_map(missing).collect()
    }
}

/// The notes of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gathered {
    /// The notes.
    pub notes: Notes,
    /// Where each commit went.
    pub accounting: Accounting,
}

/// The notes of a range could not be gathered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GatherError<E: std::error::Error + 'static> {
    /// The source failed.
    #[error("cannot get {count} pull requests, the first is #{first}")]
    Source {
        /// How many were asked for.
        count: usize,
        /// The smallest number of them.
        first: PullNumber,
        /// What the source says.
        source: E,
    },
}

/// Fetches the pull requests of a selection and makes their notes.
///
/// The source is asked at most twice: for the pull requests themselves, and for the originals of cherry-picks that carry no note
/// of their own or were opened by a robot. The result depends only on the answers, not on their order or timing. When two
/// commits give the note of the same pull request, the newer commit is named in it.
pub async fn gather<S: PullSource>(
    selection: &Selection,
    source: &S,
    options: &GatherOptions,
) -> Result<Gathered, GatherError<S::Error>> {
    let wanted = selection.picks.iter().map(|pick| pick.pull).collect();
    let mut pulls = fetch(source, wanted).await?;
    let read: Vec<Option<Extraction>> =
        selection.picks.iter().map(|pick| pulls.get(&pick.pull).map(|pull| extraction_of(pull, options))).collect();
    let originals = selection
        .picks
        .iter()
        .zip(&read)
        .filter(|(pick, read)| needs_originals(pulls.get(&pick.pull), read.as_ref(), options))
        .flat_map(|(pick, _)| pick.numbers.origins.iter().copied())
        .filter(|number| !pulls.contains_key(number))
        .collect();
    pulls.extend(fetch(source, originals).await?);

    let mut notes = Notes::new();
    let mut fates: BTreeMap<CommitId, Fate> =
        selection.outside.iter().map(|(id, why)| (id.clone(), Fate::Excluded(why.clone().into()))).collect();
    for (pick, read) in selection.picks.iter().zip(read) {
        let fate = match notes_of(pick, read, &pulls, options) {
            Ok(found) => {
                let numbers = found.iter().map(|note| note.pr_number).collect();
                for note in found {
                    if notes.get(note.pr_number).is_none() {
                        notes.insert(note);
                    }
                }
                Fate::Included { pull: pick.pull, notes: numbers }
            }
            Err(why) => Fate::Excluded(why),
        };
        fates.insert(pick.commit.clone(), fate);
    }
    let entries =
        selection.order.iter().filter_map(|id| Some(Entry { commit: id.clone(), fate: fates.remove(id)? })).collect();
    Ok(Gathered { notes, accounting: Accounting { entries } })
}

async fn fetch<S: PullSource>(
    source: &S,
    numbers: BTreeSet<PullNumber>,
) -> Result<BTreeMap<PullNumber, PullRequest>, GatherError<S::Error>> {
    let numbers: Vec<PullNumber> = numbers.into_iter().collect();
    let Some(&first) = numbers.first() else { return Ok(BTreeMap::new()) };
    let count = numbers.len();
    source.pulls(&numbers).await.map_err(|source| GatherError::Source { count, first, source })
}

fn extraction_of(pull: &PullRequest, options: &GatherOptions) -> Extraction {
    extract(pull.body.as_deref().unwrap_or_default(), &options.profile)
}

fn is_blank(read: &Extraction) -> bool {
    matches!(read, Extraction::Missing | Extraction::Empty)
}

fn is_robots(pull: &PullRequest, options: &GatherOptions) -> bool {
    pull.author.as_ref().is_some_and(|author| options.profile.cherry_picks.robots.contains(&author.login))
}

fn needs_originals(pull: Option<&PullRequest>, read: Option<&Extraction>, options: &GatherOptions) -> bool {
    pull.is_some_and(|pull| is_robots(pull, options)) || read.is_some_and(is_blank)
}

/// The notes that a commit stands for, or why there is none.
fn notes_of(
    pick: &Pick,
    read: Option<Extraction>,
    pulls: &BTreeMap<PullNumber, PullRequest>,
    options: &GatherOptions,
) -> Result<Vec<Note>, Exclusion> {
    let pull = pick.pull;
    let (Some(request), Some(read)) = (pulls.get(&pull), read) else { return Err(Exclusion::PullMissing { pull }) };
    let originals: Vec<&PullRequest> = pick.numbers.origins.iter().filter_map(|number| pulls.get(number)).collect();
    let author = match originals.first() {
        Some(original) if is_robots(request, options) => original.author.as_ref(),
        _ => request.author.as_ref(),
    };
    let why = match read {
        Extraction::Note(block) => {
            let found = Found { text: block.text, action_required: block.action_required, ..Found::default() };
            return Ok(vec![make_note(&pick.commit, request, author, found, options)]);
        }
        Extraction::StatedNone => return Err(Exclusion::StatedNone { pull }),
        Extraction::TooLarge { bytes } => return Err(Exclusion::BodyTooLarge { pull, bytes }),
        Extraction::Unclosed => Exclusion::UnclosedBlock { pull },
        Extraction::Empty => Exclusion::EmptyBlock { pull },
        Extraction::Missing => Exclusion::NoBlock { pull },
    };
    let repeated: Vec<Note> = originals
        .into_iter()
        .filter_map(|original| match extraction_of(original, options) {
            Extraction::Note(block) => {
                let found = Found { text: block.text, action_required: block.action_required, ..Found::default() };
                Some(make_note(&pick.commit, original, original.author.as_ref(), found, options))
            }
            _ => None,
        })
        .collect();
    if !repeated.is_empty() {
        return Ok(repeated);
    }
    for fallback in &options.profile.fallbacks {
        match fallback.find(request, &pick.message, &options.profile) {
            Some(found) if found.none => return Err(Exclusion::StatedNone { pull }),
            Some(found) => return Ok(vec![make_note(&pick.commit, request, author, found, options)]),
            None => {}
        }
    }
    Err(why)
}

fn make_note(
    commit: &CommitId,
    pull: &PullRequest,
    author: Option<&Author>,
    found: Found,
    options: &GatherOptions,
) -> Note {
    let mut facts = LabelFacts::read(&pull.labels, &options.profile);
    // Labels are set by people who looked at the change; what a title says only fills the gap.
    if facts.kinds.is_empty() {
        facts.kinds.extend(found.kind);
    }
    if facts.areas.is_empty() {
        facts.areas.extend(found.area);
    }
    let mut note = Note::new(pull.number, found.text);
    note.commit = commit.to_string();
    note.documentation = documentation(pull.body.as_deref().unwrap_or_default(), &options.profile);
    if let Some(author) = author {
        let profile = || options.repository.as_ref()?.join(&format!("/{}", author.login)).ok().map(String::from);
        note.author = author.login.clone();
        note.author_url = author.url.clone().or_else(profile).unwrap_or_default();
    }
    let address = || options.repository.as_ref().map(|url| page(url, &["pull", &pull.number.to_string()]));
    note.pr_url = pull.url.clone().or_else(address).unwrap_or_default();
    note.feature = facts.kinds.iter().any(|kind| kind == "feature");
    note.duplicate = facts.sigs.len() > 1;
    note.duplicate_kind = facts.kinds.len() > 1;
    note.action_required = facts.action_required || found.action_required;
    note.do_not_publish = facts.do_not_publish;
    note.areas = facts.areas;
    note.kinds = facts.kinds;
    note.sigs = facts.sigs;
    note.refresh_markdown(&options.profile);
    note
}
