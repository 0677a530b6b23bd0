use std::collections::{HashMap, HashSet};

use crate::{CommitInfo, PullNumber, message};

/// Which pull requests revert which others of the range.
pub(crate) struct Reverts {
    by: HashMap<PullNumber, Vec<PullNumber>>,
}

impl Reverts {
    /// `pulls` has the pull request of each commit.
    pub(crate) fn new(commits: &[CommitInfo], pulls: &[Option<PullNumber>]) -> Self {
        let known: HashSet<PullNumber> = pulls.iter().copied().flatten().collect();
        // Ids may be cut short in messages.
        let mut ids: Vec<(&str, usize)> = Vec::new();
        let mut by: HashMap<PullNumber, Vec<PullNumber>> = HashMap::new();
        for (at, commit) in commits.iter().enumerate() {
            let Some(pull) = pulls[at] else { continue };
            let said = message::reverted(&commit.message);
            if !said.ids.is_empty() && ids.is_empty() {
                ids = commits.iter().enumerate().map(|(at, commit)| (commit.id.as_str(), at)).collect();
                ids.sort_unstable();
            }
            let named = said.ids.iter().filter_map(|id| {
                let first = ids.partition_point(|(known, _)| *known < id.as_str());
                let (found, at) = ids.get(first)?;
                found.starts_with(id.as_str()).then(|| pulls[*at]).flatten()
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

    pub(crate) fn of(&self, pull: PullNumber) -> Vec<PullNumber> {
        self.by.get(&pull).cloned().unwrap_or_default()
    }
}
