//! The commit graph of a repository, and what names its commits.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use super::issues::{Issue, State};
use super::world::{Commit, Repository, World, blob_id};

/// Two commits compared, as far as a reply tells.
#[derive(Debug)]
pub(super) struct Comparison<'w> {
    /// The last commit that both have.
    pub(super) merge_base: Option<&'w Commit>,
    /// What only the head has, oldest first.
    pub(super) ahead: Vec<&'w Commit>,
    /// How many only the base has.
    pub(super) behind: usize,
}

impl Repository {
    /// The commit that a name means: an id or its beginning, a branch, a tag, a ref, or `HEAD`.
    pub(super) fn resolve(&self, name: &str) -> Option<&str> {
        let head;
        let name = if name == "HEAD" || name.is_empty() {
            head = format!("refs/heads/{}", self.default_branch);
            &head
        } else {
            name
        };
        let spellings =
            [name.to_owned(), format!("refs/{name}"), format!("refs/heads/{name}"), format!("refs/tags/{name}")];
        if let Some(sha) = spellings.iter().find_map(|spelling| self.refs.get(spelling)) {
            return Some(self.peel(sha));
        }
        if let Some((sha, _)) = self.commits.get_key_value(name) {
            return Some(sha);
        }
        let hexadecimal = name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut found = self.commits.range(name.to_owned()..).take_while(|(sha, _)| sha.starts_with(name));
        match (hexadecimal, found.next(), found.next()) {
            (true, Some((sha, _)), None) => Some(sha),
            _ => None,
        }
    }

    /// What a tag names in the end.
    pub(super) fn peel<'s>(&'s self, mut sha: &'s str) -> &'s str {
        while let Some(tag) = self.tags.get(sha) {
            sha = &tag.object;
        }
        sha
    }

    /// The kind of an object: a ref tells it.
    pub(super) fn kind(&self, sha: &str) -> &'static str {
        if self.tags.contains_key(sha) { "tag" } else { "commit" }
    }

    /// A commit and all that came before it, newest first.
    pub(super) fn log(&self, start: &str) -> Vec<&Commit> {
        let mut seen = HashSet::new();
        let mut next = BinaryHeap::new();
        let mut found = Vec::new();
        let mut add = |next: &mut BinaryHeap<_>, sha: &str| {
            if let Some(commit) = self.commits.get(sha)
                && seen.insert(commit.sha.as_str())
            {
                next.push((commit.committer.date.as_str(), commit.order, commit.sha.as_str()));
            }
        };
        add(&mut next, start);
        while let Some((_, _, sha)) = next.pop() {
            let commit = &self.commits[sha];
            found.push(commit);
            for parent in &commit.parents {
                add(&mut next, parent);
            }
        }
        found
    }

    /// Whether the newer one has the older one among those that came before it.
    pub(super) fn is_ancestor(&self, older: &str, newer: &str) -> bool {
        self.log(newer).iter().any(|commit| commit.sha == older)
    }

    pub(super) fn compare(&self, base: &str, head: &str) -> Comparison<'_> {
        let (of_base, of_head) = (self.log(base), self.log(head));
        let in_base: HashSet<&str> = of_base.iter().map(|commit| commit.sha.as_str()).collect();
        let in_head: HashSet<&str> = of_head.iter().map(|commit| commit.sha.as_str()).collect();
        let mut ahead: Vec<&Commit> =
            of_head.iter().copied().filter(|commit| !in_base.contains(commit.sha.as_str())).collect();
        ahead.reverse();
        Comparison {
            merge_base: of_head.iter().copied().find(|commit| in_base.contains(commit.sha.as_str())),
            behind: of_base.iter().filter(|commit| !in_head.contains(commit.sha.as_str())).count(),
            ahead,
        }
    }

    /// Pull requests that a commit came with, by number.
    pub(super) fn pulls_of(&self, sha: &str) -> Vec<&Issue> {
        let told = self.commits.get(sha).map(|commit| commit.pulls.as_slice()).unwrap_or_default();
        let came = |issue: &Issue| {
            let pull = issue.pull.as_ref();
            pull.is_some_and(|pull| {
                pull.merge_commit.as_deref() == Some(sha) || pull.commits.iter().any(|one| one == sha)
            })
        };
        let mut numbers: BTreeMap<u64, &Issue> = BTreeMap::new();
        for (number, issue) in &self.issues {
            if told.contains(number) || came(issue) {
                numbers.insert(*number, issue);
            }
        }
        numbers.into_values().collect()
    }

    /// The content of a file of a commit, with its id.
    pub(super) fn file(&self, sha: &str, path: &str) -> Option<(String, Vec<u8>)> {
        if let Some(git) = &self.git {
            return super::git::file(git, sha, path);
        }
        let bytes = self.commits.get(sha)?.files.get(path)?;
        Some((blob_id(bytes), bytes.clone()))
    }

    /// Names of the files directly in a folder, and of the folders; `None` when there is no such folder.
    pub(super) fn folder(&self, sha: &str, path: &str) -> Option<Vec<(String, Entry)>> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let all: Vec<String> = match &self.git {
            Some(git) => super::git::files(git, sha),
            None => self.commits.get(sha)?.files.keys().cloned().collect(),
        };
        let mut found = BTreeMap::new();
        for file in all.iter().filter_map(|file| file.strip_prefix(&prefix)) {
            match file.split_once('/') {
                Some((folder, _)) => found.insert(folder.to_owned(), Entry::Folder),
                None => found.insert(file.to_owned(), Entry::File),
            };
        }
        (!found.is_empty() || path.is_empty()).then(|| found.into_iter().collect())
    }
}

impl World {
    /// An open pull request whose branch was pushed to has a new head.
    pub(super) fn follow_heads(&mut self) {
        let mut moved = Vec::new();
        for (key, repository) in &self.repositories {
            for issue in repository.issues.values().filter(|issue| issue.state == State::Open) {
                let Some(pull) = &issue.pull else { continue };
                let of = pull.head_repository.as_ref().and_then(|name| self.repositories.get(name));
                let sha = of.and_then(|of| of.refs.get(&format!("refs/heads/{}", pull.head)));
                if let Some(sha) = sha.filter(|sha| **sha != pull.head_sha) {
                    moved.push((key.clone(), issue.number, sha.clone()));
                }
            }
        }
        for (key, number, sha) in moved {
            let issue = self.repositories.get_mut(&key).and_then(|repository| repository.issues.get_mut(&number));
            if let Some(pull) = issue.and_then(|issue| issue.pull.as_mut()) {
                pull.commits.push(sha.clone());
                pull.head_sha = sha;
            }
        }
    }
}

/// What is in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    File,
    Folder,
}
