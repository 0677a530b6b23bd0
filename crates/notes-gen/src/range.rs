use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{CommitId, CommitInfo, PullNumber, PullNumbers, pull_numbers};

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
    if commits.is_empty() {
        return Ok(Selection::default());
    }
    let graph = Graph::new(commits)?;
    let Some(&end) = graph.index.get(end) else {
        return Err(RangeError::EndOutside { end: end.clone(), commits: commits.len() });
    };
    let numbers: Vec<PullNumbers> = commits.iter().map(|commit| pull_numbers(&commit.message)).collect();
    let on_line = graph.lines(end, &numbers);
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

    let mut selection = Selection::default();
    let mut reached = vec![false; commits.len()];
    for at in oldest_first.into_iter().rev() {
        reached[at] = true;
        let id = commits[at].id.clone();
        selection.order.push(id.clone());
        match (on_line[at], numbers[at].own, inside[at]) {
            (true, Some(pull), _) => {
                let message = commits[at].message.clone();
                selection.picks.push(Pick { commit: id, pull, numbers: numbers[at].clone(), message });
            }
            (true, None, _) if commits[at].parents.len() > 1 => selection.outside.push((id, Outside::BranchSync)),
            (false, _, Some(pull)) => selection.outside.push((id, Outside::InsidePull { pull })),
            _ => selection.outside.push((id, Outside::NoPullNumber)),
        }
    }
    let mut unreached: Vec<&CommitId> =
        commits.iter().zip(&reached).filter(|(_, reached)| !**reached).map(|(commit, _)| &commit.id).collect();
    unreached.sort();
    selection.order.extend(unreached.iter().copied().cloned());
    selection.outside.extend(unreached.into_iter().map(|id| (id.clone(), Outside::NotReachable)));
    Ok(selection)
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
    fn lines(&self, end: usize, numbers: &[PullNumbers]) -> Vec<bool> {
        let mut on_line = vec![false; self.parents.len()];
        let mut starts = vec![end];
        while let Some(start) = starts.pop() {
            let mut next = Some(start);
            while let Some(at) = next.filter(|&at| !on_line[at]) {
                on_line[at] = true;
                if numbers[at].own.is_none() {
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
