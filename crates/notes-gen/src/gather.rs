use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::block::read_body;
use crate::fallback::Found;
use crate::inner::InnerPulls;
use crate::message::{origins_of, reverted_pulls};
use crate::pull::page;
use crate::{
    Accounting, Author, CommitId, Documentation, Entry, Exclusion, Extraction, Fate, LabelFacts, MAX_BODY, Note,
    NoteRule, Notes, Outside, Pick, Profile, PullNumber, PullNumbers, PullRequest, PullSource, Selection,
};

/// How notes are gathered.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct GatherOptions {
    /// How the project writes labels, blocks and titles; Kubernetes by default.
    pub profile: Profile,
    /// The repository's page; gives addresses to pull requests and authors that come without.
    pub repository: Option<Url>,
    /// Only pull requests with one of these labels, by their whole names; all when it is empty.
    pub labels: BTreeSet<String>,
    /// What becomes of a pull request that a later one of the range reverts.
    pub reverts: RevertPairs,
    /// What becomes of commits whose message names no pull request.
    pub unnumbered: Unnumbered,
}

/// What becomes of a pull request and another of the same range that reverts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RevertPairs {
    /// Both stay, and the accounting tells of it: what a revert means for users is for people to say.
    #[default]
    Keep,
    /// Both are left out, with the reason in the accounting. A revert of a revert leaves the first pull request in.
    LeaveOut,
}

/// What becomes of commits on the branch whose message names no pull request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unnumbered {
    /// The source is asked for them, once for all.
    #[default]
    Ask,
    /// They are left out.
    LeaveOut,
}

/// The notes of a range.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gathered {
    /// The notes.
    pub notes: Notes,
    /// Where each commit went.
    pub accounting: Accounting,
    /// The bodies of the pull requests that have notes, as they are stored.
    pub bodies: BTreeMap<PullNumber, String>,
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
    /// The source failed for commits.
    #[error("cannot get the pull requests of {count} commits, the first is `{first}`")]
    Commits {
        /// How many were asked for.
        count: usize,
        /// The newest of them.
        first: CommitId,
        /// What the source says.
        source: E,
    },
}

/// Fetches the pull requests of a selection and makes their notes.
///
/// The source is asked at most three times: for the pull requests of commits that name none, for the pull requests themselves, and
/// for the originals of cherry-picks that carry no note of their own or were opened by a robot; and twice more if a commit names a
/// number that is none of a pull request. What a commit inside of a pull request names is asked for too, and counts if the source says
/// that this commit merged it. The result depends only on the
/// answers, not on their order or timing. When two commits give the note of the same pull request, the newer commit is named in it.
pub async fn gather<S: PullSource>(
    selection: &Selection,
    source: &S,
    options: &GatherOptions,
) -> Result<Gathered, GatherError<S::Error>> {
    let picks = all_picks(selection, source, options).await?;
    let wanted = picks.iter().map(|pick| pick.pull).collect();
    let mut pulls = fetch_with_inner(source, &wanted, selection).await?;
    let picks = corrected(picks, source, &mut pulls).await?;
    let inner = InnerPulls::new(selection, &pulls);
    let picks = inner.with(picks, selection);
    let read: Vec<Reading> = picks.iter().map(|pick| Reading::new(pick, pulls.get(&pick.pull), options)).collect();
    let originals = picks
        .iter()
        .zip(&read)
        .filter(|(pick, read)| read.needs_originals(pulls.get(&pick.pull), options))
        .flat_map(|(_, read)| read.origins.iter().copied())
        .filter(|number| !pulls.contains_key(number))
        .collect();
    pulls.extend(fetch(source, originals).await?);

    let reverts = RevertTable::new(&picks, &pulls);
    let mut gathered = Gathered::default();
    let mut fates: HashMap<CommitId, Fate> =
        selection.outside.iter().map(|(id, why)| (id.clone(), Fate::Excluded(inner.exclusion(id, why)))).collect();
    let mut taken_back: HashMap<CommitId, PullNumber> = HashMap::new();
    for (pick, read) in picks.iter().zip(read) {
        if let Some(by) = reverts.reverted_by.get(&pick.pull) {
            taken_back.insert(pick.commit.clone(), *by);
        }
        let left_out = reverts.exclusion(pick.pull, options.reverts).map_or(Ok(()), Err);
        let fate = match left_out.and_then(|()| notes_of(pick, read, &pulls, options)) {
            Ok((found, rule)) => {
                let numbers = found.iter().map(|note| note.pr_number).collect();
                for note in found {
                    let number = note.pr_number;
                    if gathered.notes.get(number).is_none() {
                        gathered.notes.insert(note);
                        let body = pulls.get(&number).and_then(|pull| pull.body.clone());
                        gathered.bodies.extend(body.map(|body| (number, body)));
                    }
                }
                Fate::Included { pull: pick.pull, notes: numbers, rule }
            }
            Err(why) => Fate::Excluded(why),
        };
        fates.insert(pick.commit.clone(), fate);
    }
    let entries = selection.order.iter().filter_map(|id| {
        Some(Entry { commit: id.clone(), fate: fates.remove(id)?, reverted_by: taken_back.get(id).copied() })
    });
    gathered.accounting = Accounting { entries: entries.collect() };
    Ok(gathered)
}

/// The picks of the selection, and those that the source knows for commits without a number; children before parents.
async fn all_picks<S: PullSource>(
    selection: &Selection,
    source: &S,
    options: &GatherOptions,
) -> Result<Vec<Pick>, GatherError<S::Error>> {
    let unnumbered: Vec<CommitId> = match options.unnumbered {
        Unnumbered::Ask => {
            let lacks = |(_, why): &&(CommitId, Outside)| *why == Outside::NoPullNumber;
            selection.outside.iter().filter(lacks).map(|(id, _)| id.clone()).collect()
        }
        Unnumbered::LeaveOut => Vec::new(),
    };
    let Some(first) = unnumbered.first() else { return Ok(selection.picks.clone()) };
    let failed = |source| GatherError::Commits { count: unnumbered.len(), first: first.clone(), source };
    let found = source.pulls_of_commits(&unnumbered).await.map_err(failed)?;
    let own = selection.picks.iter().map(|pick| (&pick.commit, pick.clone()));
    let asked = unnumbered.iter().filter_map(|commit| {
        let pull = *found.get(commit)?.first()?;
        let message = selection.messages.get(commit).cloned().unwrap_or_default();
        let numbers = PullNumbers::default();
        Some((commit, Pick { commit: commit.clone(), pull, numbers, message, reverts: Vec::new() }))
    });
    let mut picks: BTreeMap<&CommitId, Pick> = own.chain(asked).collect();
    Ok(selection.order.iter().filter_map(|id| picks.remove(id)).collect())
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

/// As [`fetch`], with what commits inside of pull requests name.
async fn fetch_with_inner<S: PullSource>(
    source: &S,
    wanted: &BTreeSet<PullNumber>,
    selection: &Selection,
) -> Result<BTreeMap<PullNumber, PullRequest>, GatherError<S::Error>> {
    let inner: BTreeSet<PullNumber> = selection.inner.iter().map(|inner| inner.pick.pull).collect();
    let inner: Vec<PullNumber> = inner.difference(wanted).copied().collect();
    let numbers: Vec<PullNumber> = wanted.iter().copied().collect();
    let Some(&first) = numbers.first().into_iter().chain(inner.first()).min() else { return Ok(BTreeMap::new()) };
    let count = numbers.len() + inner.len();
    source.pulls_and_inner(&numbers, &inner).await.map_err(|source| GatherError::Source { count, first, source })
}

/// The picks, with the pull requests that the source knows for those commits whose message names a number that it does not know: of an
/// issue, as in `Mend the pump (#999)`, or of another repository.
async fn corrected<S: PullSource>(
    mut picks: Vec<Pick>,
    source: &S,
    pulls: &mut BTreeMap<PullNumber, PullRequest>,
) -> Result<Vec<Pick>, GatherError<S::Error>> {
    let unknown: Vec<CommitId> =
        picks.iter().filter(|pick| !pulls.contains_key(&pick.pull)).map(|pick| pick.commit.clone()).collect();
    let Some(first) = unknown.first() else { return Ok(picks) };
    let failed = |source| GatherError::Commits { count: unknown.len(), first: first.clone(), source };
    let found = source.pulls_of_misnamed(&unknown).await.map_err(failed)?;
    let better = |pick: &Pick| {
        let numbers = found.get(&pick.commit)?;
        // A number that is there all the same could not be had, which is another matter.
        numbers.first().copied().filter(|_| !numbers.contains(&pick.pull))
    };
    let more = picks.iter().filter_map(better).filter(|number| !pulls.contains_key(number)).collect();
    pulls.extend(fetch(source, more).await?);
    for pick in &mut picks {
        if let Some(pull) = better(pick).filter(|pull| pulls.contains_key(pull)) {
            pick.pull = pull;
            pick.numbers = PullNumbers::default();
        }
    }
    Ok(picks)
}

/// What was read in the pull request of a pick.
struct Reading {
    /// Nothing when the pull request is not known.
    block: Option<Extraction>,
    documentation: Vec<Documentation>,
    /// The pull requests that it cherry-picks.
    origins: Vec<PullNumber>,
}

impl Reading {
    fn new(pick: &Pick, pull: Option<&PullRequest>, options: &GatherOptions) -> Self {
        let mut origins = pick.numbers.origins.clone();
        if let (Some(pull), true) = (pull, origins.is_empty()) {
            origins = origins_of(pull.head.as_deref(), bounded(pull), pull.number);
        }
        let found = pull.map(|pull| read(pull, options));
        let (block, documentation) = found.map_or((None, Vec::new()), |(block, links)| (Some(block), links));
        Self { block, documentation, origins }
    }

    fn needs_originals(&self, pull: Option<&PullRequest>, options: &GatherOptions) -> bool {
        let blank = matches!(self.block, Some(Extraction::Missing | Extraction::Empty));
        blank || pull.is_some_and(|pull| is_robots(pull, options))
    }
}

fn bounded(pull: &PullRequest) -> &str {
    pull.body.as_deref().filter(|body| body.len() <= MAX_BODY).unwrap_or_default()
}

fn read(pull: &PullRequest, options: &GatherOptions) -> (Extraction, Vec<Documentation>) {
    read_body(pull.body.as_deref().unwrap_or_default(), &options.profile)
}

fn is_robots(pull: &PullRequest, options: &GatherOptions) -> bool {
    pull.author.as_ref().is_some_and(|author| options.profile.cherry_picks.robots.contains(&author.login))
}

/// The pairs of a pull request and its revert. A revert that is itself reverted takes nothing back.
struct RevertTable {
    reverted_by: BTreeMap<PullNumber, PullNumber>,
    reverts: BTreeMap<PullNumber, PullNumber>,
}

impl RevertTable {
    fn new(picks: &[Pick], pulls: &BTreeMap<PullNumber, PullRequest>) -> Self {
        let mut table = Self { reverted_by: BTreeMap::new(), reverts: BTreeMap::new() };
        // Where each pull request first comes in; what is reverted is older, so it stands behind.
        let mut place: BTreeMap<PullNumber, usize> = BTreeMap::new();
        for (at, pick) in picks.iter().enumerate() {
            place.entry(pick.pull).or_insert(at);
        }
        for (at, pick) in picks.iter().enumerate() {
            if table.reverted_by.contains_key(&pick.pull) {
                continue;
            }
            let said = pulls.get(&pick.pull).map(|pull| reverted_pulls(bounded(pull)));
            for other in pick.reverts.iter().copied().chain(said.into_iter().flatten()) {
                if place.get(&other).is_some_and(|there| *there > at) && !table.reverted_by.contains_key(&other) {
                    table.reverted_by.insert(other, pick.pull);
                    table.reverts.entry(pick.pull).or_insert(other);
                }
            }
        }
        table
    }

    fn exclusion(&self, pull: PullNumber, pairs: RevertPairs) -> Option<Exclusion> {
        match pairs {
            RevertPairs::Keep => None,
            RevertPairs::LeaveOut => {
                let reverted = self.reverted_by.get(&pull).map(|by| Exclusion::Reverted { pull, by: *by });
                reverted.or_else(|| self.reverts.get(&pull).map(|of| Exclusion::Revert { pull, of: *of }))
            }
        }
    }
}

/// The notes that a commit stands for and the rule that gave them, or why there is none.
fn notes_of(
    pick: &Pick,
    read: Reading,
    pulls: &BTreeMap<PullNumber, PullRequest>,
    options: &GatherOptions,
) -> Result<(Vec<Note>, NoteRule), Exclusion> {
    let pull = pick.pull;
    let (Some(request), Some(block)) = (pulls.get(&pull), read.block) else {
        return Err(Exclusion::PullMissing { pull });
    };
    if !options.labels.is_empty() && !request.labels.iter().any(|label| options.labels.contains(label)) {
        return Err(Exclusion::OtherLabels { pull });
    }
    let originals: Vec<&PullRequest> = read.origins.iter().filter_map(|number| pulls.get(number)).collect();
    let author = match originals.first() {
        Some(original) if is_robots(request, options) => original.author.as_ref(),
        _ => request.author.as_ref(),
    };
    let make = |request, author, found, links| make_note(&pick.commit, request, author, found, links, options);
    let links = read.documentation;
    let why = match block {
        Extraction::Note(block) => return Ok((vec![make(request, author, block.into(), links)], NoteRule::Block)),
        Extraction::StatedNone => return Err(Exclusion::StatedNone { pull }),
        Extraction::TooLarge { bytes } => return Err(Exclusion::BodyTooLarge { pull, bytes }),
        Extraction::Unclosed => Exclusion::UnclosedBlock { pull },
        Extraction::Empty => Exclusion::EmptyBlock { pull },
        Extraction::Missing => Exclusion::NoBlock { pull },
    };
    let repeated = originals.into_iter().filter_map(|original| match self::read(original, options) {
        (Extraction::Note(block), links) => Some(make(original, original.author.as_ref(), block.into(), links)),
        _ => None,
    });
    let repeated: Vec<Note> = repeated.collect();
    if !repeated.is_empty() {
        return Ok((repeated, NoteRule::OriginalBlock));
    }
    for fallback in &options.profile.fallbacks {
        match fallback.find(request, &pick.message, &options.profile) {
            Some(found) if found.none => return Err(Exclusion::StatedNone { pull }),
            Some(found) => return Ok((vec![make(request, author, found, links)], (*fallback).into())),
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
    links: Vec<Documentation>,
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
    note.documentation = links;
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
