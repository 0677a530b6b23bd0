//! The shape of a range: lines of first parents, and what merges brought in.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::{CommitId, CommitInfo, Lines, PullNumbers, RangeError};

pub(crate) struct Graph<'a> {
    pub(crate) index: HashMap<&'a CommitId, usize>,
    /// Positions of the parents; `None` for a parent outside the range.
    pub(crate) parents: Vec<Vec<Option<usize>>>,
}

impl<'a> Graph<'a> {
    pub(crate) fn new(commits: &'a [CommitInfo]) -> Result<Self, RangeError> {
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
    pub(crate) fn lines(&self, end: usize, numbers: &[PullNumbers], lines: Lines) -> Vec<bool> {
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
    pub(crate) fn parents_first(&self, end: usize) -> Vec<usize> {
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
    /// For each commit behind a numbered merge, that merge: the closest of them, for there are merges on the branches that are merged.
    /// An older merge comes before a newer one that brings in the same commit.
    pub(crate) fn opened_by(&self, on_line: &[bool], numbers: &[PullNumbers], parents_first: &[usize]) -> Opened {
        let mut rank = vec![0; self.parents.len()];
        for (at, &commit) in parents_first.iter().enumerate() {
            rank[commit] = at;
        }
        let is_merge = |at: &usize| numbers[*at].own.is_some() && self.parents[*at].len() > 1;
        let mut opened = Opened::default();
        opened.by.resize(self.parents.len(), None);
        // The oldest is on top, with all that is behind it.
        let mut merges: Vec<usize> =
            parents_first.iter().rev().copied().filter(|at| on_line[*at]).filter(is_merge).collect();
        while let Some(merge) = merges.pop() {
            let mut found = Vec::new();
            let mut starts: Vec<usize> = self.parents[merge].iter().skip(1).copied().flatten().collect();
            while let Some(start) = starts.pop() {
                let mut next = Some(start);
                while let Some(at) = next.filter(|&at| !on_line[at] && opened.by[at].is_none()) {
                    opened.by[at] = Some(merge);
                    opened.order.push(at);
                    if is_merge(&at) {
                        found.push(at);
                    } else {
                        starts.extend(self.parents[at].iter().skip(1).copied().flatten());
                    }
                    next = self.parents[at].first().copied().flatten();
                }
            }
            found.sort_unstable_by_key(|&at| Reverse(rank[at]));
            merges.extend(found);
        }
        opened
    }
}

/// The merges that brought in commits.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    /// For each commit the closest numbered merge; nothing for those on a walked line.
    pub(crate) by: Vec<Option<usize>>,
    /// All that have one, each behind its merge.
    pub(crate) order: Vec<usize>,
}
