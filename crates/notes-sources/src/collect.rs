//! From a range to its notes.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use git_repo::GitRepo;
use jiff::Timestamp;
use notes_gen::compat::{self, Edition, Lookup};
use notes_gen::maps::{Applied, ApplyOptions, MapErrors, MapFile, MapRules, Maps};
use notes_gen::{
    Accounting, CommitId, CommitInfo, GatherError, GatherOptions, MergeTitles, Notes, Profile, PullNumber, PullRequest,
    PullSource, RevertPairs, SelectOptions, gather, select_with,
};
use url::Url;

use crate::{Ends, Error, ListOptions, Listing, list, read_maps};

/// What the notes of a range are made with.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Collect {
    /// How the project writes labels, blocks and titles.
    pub profile: Profile,
    /// The repository's page.
    pub repository: Option<Url>,
    /// What people changed of the notes.
    pub maps: Maps,
    /// How the maps change them.
    pub map_rules: MapRules,
    /// Only pull requests with one of these labels; all, if there is none.
    pub labels: BTreeSet<String>,
    /// What becomes of a pull request that a later one of the range reverts.
    pub reverts: RevertPairs,
    /// Gather as a version of the original tool did, instead of by our rules.
    pub strict: Option<Edition>,
    /// The present, for embargoes.
    pub now: Timestamp,
}

impl Collect {
    /// Everything, by the rules of a project.
    pub fn new(profile: Profile, now: Timestamp) -> Self {
        Self {
            profile,
            repository: None,
            maps: Maps::default(),
            map_rules: MapRules::default(),
            labels: BTreeSet::new(),
            reverts: RevertPairs::default(),
            strict: None,
            now,
        }
    }
}

/// The notes of a range.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Collected {
    /// The notes, edited by the maps.
    pub notes: Notes,
    /// The notes as they were before.
    pub unmapped: Notes,
    /// The bodies of the pull requests that have notes, as they are stored.
    pub bodies: BTreeMap<PullNumber, String>,
    /// What became of each commit; empty with the rules of the original, which did not tell.
    pub accounting: Accounting,
    /// What the maps did.
    pub applied: Applied,
    /// How many commits the range has.
    pub commits: usize,
}

/// The notes of a range could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError<E: std::error::Error + 'static> {
    /// The commits make no range.
    #[error("the commits make no range")]
    Range(#[from] notes_gen::RangeError),
    /// The pull requests could not be had.
    #[error(transparent)]
    Gather(#[from] GatherError<E>),
    /// The pull requests could not be had.
    #[error("cannot get the pull requests of the range")]
    Source(#[source] E),
    /// The original's rules need the repository's page.
    #[error("the rules of the original need the page of the repository")]
    NoRepository,
    /// Maps cannot be used.
    #[error(transparent)]
    Maps(MapErrors),
}

/// Lists a range on a thread that may block.
///
/// # Errors
/// As [`list`].
pub async fn list_range(repo: &GitRepo, ends: &Ends, options: &ListOptions) -> Result<Listing, Error> {
    let (repo, ends, options) = (repo.clone(), ends.clone(), options.clone());
    tokio::task::spawn_blocking(move || list(&repo, &ends, &options))
        .await
        .map_err(|source| Error::Stopped { source })?
}

/// Makes the notes of a listed range: its pull requests from `source`, then what the maps say.
///
/// # Errors
/// [`CollectError`]; notes are never lost in silence.
pub async fn collect<S: PullSource>(
    listing: &Listing,
    ends: &Ends,
    source: &S,
    collect: &Collect,
) -> Result<Collected, CollectError<S::Error>> {
    let mut collected = match collect.strict {
        None => by_our_rules(listing, ends, source, collect).await?,
        Some(edition) => {
            let walked;
            let commits = match edition {
                Edition::Y2026 => {
                    walked = first_parents(&listing.commits, ends);
                    &walked
                }
                _ => &listing.commits,
            };
            by_the_originals(commits, source, collect, edition).await?
        }
    };
    collected.commits = listing.commits.len();
    let range = collected.accounting.pulls();
    let mut options = ApplyOptions::new(&collect.profile, collect.now);
    options.rules = collect.map_rules;
    options.bodies = Some(&collected.bodies);
    options.range = (!range.is_empty()).then_some(&range);
    collected.unmapped = collected.notes.clone();
    collected.applied = collect.maps.apply(&mut collected.notes, &options).map_err(CollectError::Maps)?;
    Ok(collected)
}

async fn by_our_rules<S: PullSource>(
    listing: &Listing,
    ends: &Ends,
    source: &S,
    collect: &Collect,
) -> Result<Collected, CollectError<S::Error>> {
    let mut select = SelectOptions::default();
    select.touched = listing.touched.as_ref();
    select.lines = listing.lines;
    let selection = select_with(&listing.commits, &CommitId::new(ends.end.commit.to_string()), &select)?;
    let mut options = GatherOptions::default();
    options.profile = collect.profile.clone();
    options.repository = collect.repository.clone();
    options.labels = collect.labels.clone();
    options.reverts = collect.reverts;
    let gathered = gather(&selection, source, &options).await?;
    let (notes, accounting, bodies) = (gathered.notes, gathered.accounting, gathered.bodies);
    Ok(Collected { notes, accounting, bodies, ..Collected::default() })
}

/// The commits that the original of 2026 walks: from the end along first parents, until the start's history is reached.
fn first_parents(commits: &[CommitInfo], ends: &Ends) -> Vec<CommitInfo> {
    let by_id: HashMap<&CommitId, &CommitInfo> = commits.iter().map(|commit| (&commit.id, commit)).collect();
    let end = CommitId::new(ends.end.commit.to_string());
    let first = by_id.get(&end).copied();
    let next = |commit: &&CommitInfo| by_id.get(commit.parents.first()?).copied();
    std::iter::successors(first, next).cloned().collect()
}

async fn by_the_originals<S: PullSource>(
    commits: &[CommitInfo],
    source: &S,
    collect: &Collect,
    edition: Edition,
) -> Result<Collected, CollectError<S::Error>> {
    let repository = collect.repository.clone().ok_or(CollectError::NoRepository)?;
    let lookups = compat::lookups(edition, commits);
    let unnumbered: Vec<CommitId> = commits
        .iter()
        .zip(&lookups)
        .filter(|(_, lookup)| matches!(lookup, Lookup::OfCommit))
        .map(|(commit, _)| commit.id.clone())
        .collect();
    let of_commits = if unnumbered.is_empty() {
        BTreeMap::new()
    } else {
        source.pulls_of_commits(&unnumbered).await.map_err(CollectError::Source)?
    };
    let numbers_of = |commit: &CommitInfo, lookup: &Lookup| match lookup {
        Lookup::Pulls(numbers) => numbers.clone(),
        Lookup::OfCommit => of_commits.get(&commit.id).cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    let wanted: BTreeSet<PullNumber> =
        commits.iter().zip(&lookups).flat_map(|(commit, lookup)| numbers_of(commit, lookup)).collect();
    let pulls = fetch(source, wanted).await?;
    let found: Vec<compat::Found> = commits
        .iter()
        .zip(&lookups)
        .map(|(commit, lookup)| compat::Found {
            commit: commit.id.clone(),
            pulls: numbers_of(commit, lookup).iter().filter_map(|number| pulls.get(number).cloned()).collect(),
        })
        .collect();
    let origins = fetch(source, compat::origins(edition, &found)).await?;
    let mut options = compat::GatherOptions::new(edition, repository);
    options.links = collect.profile.links;
    options.include_labels = collect.labels.clone();
    let notes = compat::notes(&found, &origins, &options);
    let bodies = notes.iter().filter_map(|note| Some((note.pr_number, pulls.get(&note.pr_number)?.body.clone()?)));
    Ok(Collected { bodies: bodies.collect(), notes, ..Collected::default() })
}

async fn fetch<S: PullSource>(
    source: &S,
    numbers: BTreeSet<PullNumber>,
) -> Result<BTreeMap<PullNumber, PullRequest>, CollectError<S::Error>> {
    if numbers.is_empty() {
        return Ok(BTreeMap::new());
    }
    let numbers: Vec<PullNumber> = numbers.into_iter().collect();
    source.pulls(&numbers).await.map_err(CollectError::Source)
}

/// Reads and checks folders of maps, each a provider, in their order.
///
/// # Errors
/// When a folder cannot be read; every problem of every map, with file and line.
pub fn load_maps(folders: &[impl AsRef<Path>]) -> Result<Maps, Error> {
    let mut providers = Vec::new();
    let mut errors = Vec::new();
    for folder in folders {
        let mut provider = Vec::new();
        for file in read_maps(folder.as_ref())? {
            match MapFile::parse(file.path, &file.text) {
                Ok(map) => provider.push(map),
                Err(error) => errors.push(error),
            }
        }
        providers.push(provider);
    }
    if !errors.is_empty() {
        return Err(MapErrors { errors }.into());
    }
    let maps = Maps::new(providers);
    maps.check()?;
    Ok(maps)
}

/// The titles of the commits of a listed range as a source: no network and no account.
pub fn titles(listing: &Listing, repository: Option<&Url>) -> MergeTitles {
    MergeTitles::new(&listing.commits, repository)
}
