//! Which commits inside of pull requests merged others.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{CommitId, Exclusion, Outside, Pick, PullNumber, PullRequest, Selection};

/// Pull requests that were merged into the branch of another one of the range.
pub(crate) struct InnerPulls<'a> {
    proved: BTreeMap<&'a CommitId, &'a Pick>,
    /// What the others name.
    unproved: BTreeMap<&'a CommitId, PullNumber>,
    /// The closest proved one that a commit belongs to.
    owners: HashMap<&'a CommitId, PullNumber>,
    /// What stands for a number that is not proved: the pull request that the commit is inside of.
    instead: BTreeMap<PullNumber, PullNumber>,
}

impl<'a> InnerPulls<'a> {
    pub(crate) fn new(selection: &'a Selection, pulls: &BTreeMap<PullNumber, PullRequest>) -> Self {
        let mut inner = Self {
            proved: BTreeMap::new(),
            unproved: BTreeMap::new(),
            owners: HashMap::new(),
            instead: BTreeMap::new(),
        };
        for found in &selection.inner {
            let pick = &found.pick;
            let merged_by = pulls.get(&pick.pull).and_then(|pull| pull.merge_commit.as_ref());
            if merged_by == Some(&pick.commit) {
                inner.proved.insert(&pick.commit, pick);
            } else {
                inner.unproved.insert(&pick.commit, pick.pull);
            }
        }
        // A merge comes before what it brought in.
        for commit in selection.order.iter().filter(|_| !inner.proved.is_empty()) {
            let Some(merge) = selection.nested.get(commit) else { continue };
            let owner = inner.proved.get(merge).map(|pick| pick.pull).or(inner.owners.get(merge).copied());
            inner.owners.extend(owner.map(|owner| (commit, owner)));
        }
        let proved: HashSet<PullNumber> = inner.proved.values().map(|pick| pick.pull).collect();
        for found in &selection.inner {
            let commit = &found.pick.commit;
            if let Some(pull) = inner.unproved.get(commit).filter(|pull| !proved.contains(pull)) {
                inner.instead.insert(*pull, inner.owners.get(commit).copied().unwrap_or(found.outer));
            }
        }
        inner
    }

    pub(crate) fn exclusion(&self, commit: &CommitId, why: &Outside) -> Exclusion {
        match why {
            Outside::InsidePull { pull } => Exclusion::InsidePull {
                pull: self.owners.get(commit).copied().unwrap_or(*pull),
                named: self.unproved.get(commit).copied(),
            },
            other => other.clone().into(),
        }
    }

    /// The picks with those that are proved, children before parents. What belongs to none of them reverts, and is reverted, as a part
    /// of what it is inside of.
    pub(crate) fn with(&self, mut picks: Vec<Pick>, selection: &Selection) -> Vec<Pick> {
        if selection.inner.is_empty() {
            return picks;
        }
        let mut by_commit: HashMap<CommitId, Pick> = HashMap::new();
        picks.extend(self.proved.values().map(|pick| (*pick).clone()));
        let mut more: BTreeMap<PullNumber, Vec<PullNumber>> = BTreeMap::new();
        for found in selection.inner.iter().filter(|found| self.unproved.contains_key(&found.pick.commit)) {
            if let Some(by) = self.instead.get(&found.pick.pull) {
                more.entry(*by).or_default().extend(&found.pick.reverts);
            }
        }
        for mut pick in picks {
            let of = pick.reverts.iter().chain(more.get(&pick.pull).into_iter().flatten());
            let mut reverts: Vec<PullNumber> = Vec::new();
            for other in of.map(|other| self.instead.get(other).unwrap_or(other)) {
                if *other != pick.pull && !reverts.contains(other) {
                    reverts.push(*other);
                }
            }
            pick.reverts = reverts;
            by_commit.insert(pick.commit.clone(), pick);
        }
        selection.order.iter().filter_map(|commit| by_commit.remove(commit)).collect()
    }
}
