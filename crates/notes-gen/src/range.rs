use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::graph::{Graph, Opened};
use crate::reverts::Reverts;
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

/// A commit inside of a pull request whose message names another one: the branch of a feature or of a release may have got pull
/// requests of its own before it was merged. The number may as well be of a fork, or tell what was picked from elsewhere; who has the
/// pull requests can tell, for the one that was merged by this commit says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inner {
    /// The commit, with the number that its message names.
    pub pick: Pick,
    /// The pull request that it is inside of, the outermost.
    pub outer: PullNumber,
}

/// The answer of [`select`]: every commit that was handed in is in exactly one of the lists `picks` and `outside`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// Commits that merged a pull request, children before parents.
    pub picks: Vec<Pick>,
    /// All other commits with the reason, children before parents; unreachable ones last, by id.
    pub outside: Vec<(CommitId, Outside)>,
    /// Those of `outside` that may have merged a pull request of their own, children before parents.
    pub inner: Vec<Inner>,
    /// For commits that are inside of such a merge: the closest of them.
    pub(crate) nested: HashMap<CommitId, CommitId>,
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
/// parents; those that name pull requests of their own are in [`Selection::inner`] too. The result does not depend on the order of `commits`.
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

    let Opened { by, order } = graph.opened_by(&on_line, &numbers, &oldest_first);
    let nest = Nest::new(&numbers, &on_line, &graph, &by, &order);

    let touched = |at: usize| options.touched.is_none_or(|touched| touched.contains(&commits[at].id));
    let mut kept: HashSet<PullNumber> = HashSet::new();
    let mut kept_inner: HashSet<usize> = HashSet::new();
    for &at in oldest_first.iter().filter(|&&at| touched(at)) {
        kept.extend(if on_line[at] { numbers[at].own } else { nest.outer[at] });
        let mut next = nest.named[at].map(|_| at).or(nest.merge[at]);
        while let Some(inner) = next.filter(|&inner| kept_inner.insert(inner)) {
            next = nest.merge[inner];
        }
    }
    let pull_of = |at: usize| {
        let mut inner = [Some(at), nest.merge[at]].into_iter().flatten().filter(|inner| kept_inner.contains(inner));
        if on_line[at] { numbers[at].own } else { inner.next().map_or(nest.outer[at], |inner| nest.named[inner]) }
    };
    let pulls: Vec<Option<PullNumber>> = (0..commits.len()).map(pull_of).collect();
    let reverts = Reverts::new(commits, &pulls);
    let pick = |at: usize, pull: PullNumber| Pick {
        commit: commits[at].id.clone(),
        pull,
        numbers: numbers[at].clone(),
        message: commits[at].message.clone(),
        reverts: reverts.of(pull),
    };

    let mut selection = Selection::default();
    let mut reached = vec![false; commits.len()];
    for at in oldest_first.into_iter().rev() {
        reached[at] = true;
        let id = commits[at].id.clone();
        selection.order.push(id.clone());
        if let Some(merge) = nest.merge[at] {
            selection.nested.insert(id.clone(), commits[merge].id.clone());
        }
        if let (Some(pull), Some(outer), true) = (nest.named[at], nest.outer[at], kept_inner.contains(&at)) {
            selection.inner.push(Inner { pick: pick(at, pull), outer });
        }
        match (on_line[at], numbers[at].own, nest.outer[at]) {
            (true, Some(pull), _) if kept.contains(&pull) => selection.picks.push(pick(at, pull)),
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

/// What commits behind numbered merges belong to.
struct Nest {
    /// The pull request on a walked line that brought it in.
    outer: Vec<Option<PullNumber>>,
    /// The other pull request that its own message names.
    named: Vec<Option<PullNumber>>,
    /// The closest merge behind that one which names such a pull request, and brought it in.
    merge: Vec<Option<usize>>,
}

impl Nest {
    fn new(
        numbers: &[PullNumbers],
        on_line: &[bool],
        graph: &Graph<'_>,
        by: &[Option<usize>],
        order: &[usize],
    ) -> Self {
        // What is on a line is told already, and came in there.
        let told: HashSet<PullNumber> =
            numbers.iter().zip(on_line).filter(|(_, on_line)| **on_line).filter_map(|(it, _)| it.own).collect();
        let none = || vec![None; by.len()];
        let mut nest = Self { outer: none(), named: none(), merge: vec![None; by.len()] };
        for &at in order {
            let Some(merge) = by[at] else { continue };
            nest.outer[at] = if on_line[merge] { numbers[merge].own } else { nest.outer[merge] };
            nest.named[at] = numbers[at].own.filter(|own| !told.contains(own) && Some(*own) != numbers[merge].own);
            let is_inner = nest.named[merge].is_some() && graph.parents[merge].len() > 1;
            nest.merge[at] = if is_inner { Some(merge) } else { nest.merge[merge] };
        }
        nest
    }
}
