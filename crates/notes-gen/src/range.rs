use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{CommitId, CommitInfo, PullNumber, PullNumbers, message, pull_numbers};

/// A commit of the range that merged a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// The merge or squash commit.
    pub commit: CommitId,
    /// The pull request it merged.
    pub pull: PullNumber,
    /// All that the message says.
    pub numbers: PullNumbers,
    /// The whole message.
    pub message: String,
    /// The pull requests of the range that it reverts, by what the messages of its commits say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reverts: Vec<PullNumber>,
}

/// Why a commit of the range stands for no pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
#[non_exhaustive]
pub enum Outside {
    /// It belongs to the branch of a pull request, which the merge commit stands for.
    InsidePull {
        /// That pull request.
        pull: PullNumber,
    },
    /// A merge without a number (branch synchronisation, fast-forward); its second parent's line was followed.
    BranchSync,
    /// A commit on the branch itself whose subject names no pull request.
    NoPullNumber,
    /// It came in by a merge without a number, whose line was not to be followed.
    NotFollowed,
    /// It names no pull request, and touches none of the paths that were asked for.
    Untouched,
    /// None of the commits of its pull request touches the paths that were asked for.
    OtherPaths {
        /// That pull request.
        pull: PullNumber,
    },
    /// It cannot be reached from the end, so it is not part of the range.
    NotReachable,
}

/// The answer of [`select`]: every commit that was handed in is in exactly one of the two lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Commits that merged a pull request, children before parents.
    pub picks: Vec<Pick>,
    /// All other commits with the reason, children before parents; unreachable ones last, by id.
    pub outside: Vec<(CommitId, Outside)>,
    /// Every commit in that same order, for the accounting.
    pub(crate) order: Vec<CommitId>,
    /// Messages of the commits without a number.
    pub(crate) messages: HashMap<CommitId, String>,
}

/// The commits cannot be a range that ends there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// The end is not among the commits.
    #[error("the end `{end}` is not among the {commits} commits of the range")]
    EndOutside {
        /// The end asked for.
        end: CommitId,
        /// How many commits were handed in.
        commits: usize,
    },
    /// A commit was handed in twice.
    #[error("commit `{commit}` is listed twice")]
    Twice {
        /// The commit.
        commit: CommitId,
    },
}

/// Finds the commits of a range that merged a pull request.
///
/// `commits` is the reachability difference `end ^start` (what `git rev-list end ^start` lists), newest first; no commits at all
/// is a valid, empty range. The walk follows the first parents from the end. A merge on that line **without** a number is a branch
/// synchronisation or fast-forward, so the first-parent line of its other parents is walked too; otherwise the pull requests that
/// reached a release branch by such a merge would be lost. A merge with a number stands for all commits behind its other
/// parents. The result does not depend on the order of `commits`.
pub fn select(commits: &[CommitInfo], end: &CommitId) -> Result<Selection, RangeError> {
    select_with(commits, end, &SelectOptions::default())
}

/// How [`select_with`] walks, and what it keeps.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SelectOptions<'a> {
    /// What becomes of merges without a number.
    pub lines: Lines,
    /// The commits that touch the paths of interest; all commits count without it. A pull request is kept when its merge, its
    /// squash, or one of the commits of its branch is among them.
    pub touched: Option<&'a HashSet<CommitId>>,
}

/// What becomes of the line that a merge without a number brought in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Lines {
    /// It is walked too.
    #[default]
    Followed,
    /// It is left out: first parents only.
    FirstParent,
}

/// As [`select`], with options.
pub fn select_with(
    commits: &[CommitInfo],
    end: &CommitId,
    options: &SelectOptions<'_>,
) -> Result<Selection, RangeError> {
    if commits.is_empty() {
        return Ok(Selection::default());
    }
    let graph = Graph::new(commits)?;
    let Some(&end) = graph.index.get(end) else {
        return Err(RangeError::EndOutside { end: end.clone(), commits: commits.len() });
    };
    let numbers: Vec<PullNumbers> = commits.iter().map(|commit| pull_numbers(&commit.message)).collect();
    let on_line = graph.lines(end, &numbers, options.lines);
    let oldest_first = graph.parents_first(end);

    let mut inside: Vec<Option<PullNumber>> = vec![None; commits.len()];
    for &merge in oldest_first.iter().filter(|&&at| on_line[at]) {
        let Some(pull) = numbers[merge].own else { continue };
        let mut open: Vec<usize> = graph.parents[merge].iter().skip(1).copied().flatten().collect();
        while let Some(at) = open.pop() {
            if !on_line[at] && inside[at].is_none() {
                inside[at] = Some(pull);
                open.extend(graph.parents[at].iter().copied().flatten());
            }
        }
    }

    let touched = |at: usize| options.touched.is_none_or(|touched| touched.contains(&commits[at].id));
    let kept: HashSet<PullNumber> = oldest_first
        .iter()
        .filter(|&&at| touched(at))
        .filter_map(|&at| if on_line[at] { numbers[at].own } else { inside[at] })
        .collect();
    let reverts = Reverts::new(commits, &numbers, &inside, &on_line);

    let mut selection = Selection::default();
    let mut reached = vec![false; commits.len()];
    for at in oldest_first.into_iter().rev() {
        reached[at] = true;
        let id = commits[at].id.clone();
        selection.order.push(id.clone());
        match (on_line[at], numbers[at].own, inside[at]) {
            (true, Some(pull), _) if kept.contains(&pull) => selection.picks.push(Pick {
                commit: id,
                pull,
                numbers: numbers[at].clone(),
                message: commits[at].message.clone(),
                reverts: reverts.of(pull),
            }),
            (true, Some(pull), _) => selection.outside.push((id, Outside::OtherPaths { pull })),
            (true, None, _) if commits[at].parents.len() > 1 => selection.outside.push((id, Outside::BranchSync)),
            (false, _, Some(pull)) => selection.outside.push((id, Outside::InsidePull { pull })),
            (true, None, _) if !touched(at) => selection.outside.push((id, Outside::Untouched)),
            (true, None, _) => {
                selection.messages.insert(id.clone(), commits[at].message.clone());
                selection.outside.push((id, Outside::NoPullNumber));
            }
            (false, _, None) => selection.outside.push((id, Outside::NotFollowed)),
        }
    }
    let mut unreached: Vec<&CommitId> =
        commits.iter().zip(&reached).filter(|(_, reached)| !**reached).map(|(commit, _)| &commit.id).collect();
    unreached.sort();
    selection.order.extend(unreached.iter().copied().cloned());
    selection.outside.extend(unreached.into_iter().map(|id| (id.clone(), Outside::NotReachable)));
    Ok(selection)
}

/// Which pull requests revert which others of the range.
struct Reverts {
    by: HashMap<PullNumber, Vec<PullNumber>>,
}

impl Reverts {
    fn new(commits: &[CommitInfo], numbers: &[PullNumbers], inside: &[Option<PullNumber>], on_line: &[bool]) -> Self {
        let pull_of = |at: usize| if on_line[at] { numbers[at].own } else { inside[at] };
        let known: HashSet<PullNumber> = (0..commits.len()).filter_map(pull_of).collect();
        // Ids may be cut short in messages.
        let mut ids: Vec<(&str, usize)> = Vec::new();
        let mut by: HashMap<PullNumber, Vec<PullNumber>> = HashMap::new();
        for (at, commit) in commits.iter().enumerate() {
            let Some(pull) = pull_of(at) else { continue };
            let said = message::reverted(&commit.message);
            if !said.ids.is_empty() && ids.is_empty() {
                ids = commits.iter().enumerate().map(|(at, commit)| (commit.id.as_str(), at)).collect();
                ids.sort_unstable();
            }
            let named = said.ids.iter().filter_map(|id| {
                let first = ids.partition_point(|(known, _)| *known < id.as_str());
                let (found, at) = ids.get(first)?;
                found.starts_with(id.as_str()).then(|| pull_of(*at)).flatten()
            });
            let entry = by.entry(pull).or_default();
            for other in named.chain(said.pulls.iter().copied().filter(|other| known.contains(other))) {
                if other != pull && !entry.contains(&other) {
                    entry.push(other);
                }
            }
        }
        Self { by }
    }

    fn of(&self, pull: PullNumber) -> Vec<PullNumber> {
        self.by.get(&pull).cloned().unwrap_or_default()
    }
}

struct Graph<'a> {
    index: HashMap<&'a CommitId, usize>,
    /// Positions of the parents; `None` for a parent outside the range.
    parents: Vec<Vec<Option<usize>>>,
}

impl<'a> Graph<'a> {
    fn new(commits: &'a [CommitInfo]) -> Result<Self, RangeError> {
        let mut index = HashMap::with_capacity(commits.len());
        for (at, commit) in commits.iter().enumerate() {
            if index.insert(&commit.id, at).is_some() {
                return Err(RangeError::Twice { commit: commit.id.clone() });
            }
        }
        let parents = commits
            .iter()
            .map(|commit| commit.parents.iter().map(|parent| index.get(parent).copied()).collect())
            .collect();
        Ok(Self { index, parents })
    }

    /// Which commits lie on a walked first-parent line.
    fn lines(&self, end: usize, numbers: &[PullNumbers], lines: Lines) -> Vec<bool> {
        let mut on_line = vec![false; self.parents.len()];
        let mut starts = vec![end];
        while let Some(start) = starts.pop() {
            let mut next = Some(start);
            while let Some(at) = next.filter(|&at| !on_line[at]) {
                on_line[at] = true;
                if numbers[at].own.is_none() && lines == Lines::Followed {
                    starts.extend(self.parents[at].iter().skip(1).copied().flatten());
                }
                next = self.parents[at].first().copied().flatten();
            }
        }
        on_line
    }

    /// Everything reachable from the end, each parent before its children.
    fn parents_first(&self, end: usize) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.parents.len());
        let mut seen = vec![false; self.parents.len()];
        seen[end] = true;
        let mut stack = vec![(end, 0)];
        while let Some((at, child)) = stack.pop() {
            match self.parents[at].get(child) {
                Some(parent) => {
                    stack.push((at, child + 1));
                    if let Some(parent) = parent.filter(|&parent| !seen[parent]) {
                        seen[parent] = true;
                        stack.push((parent, 0));
                    }
                }
                None => order.push(at),
            }
        }
        order
    }
}
