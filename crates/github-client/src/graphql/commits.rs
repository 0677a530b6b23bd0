//! Pull requests of commits.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::batch::{Answered, BatchOptions};
use super::pulls::{Part, WirePage, part};
use super::{Persistence, Question, messages};
use crate::recording::CommitFile;
use crate::transport::on_disk;
use crate::{CommitPull, Error, Event, GithubClient, Mode, ObjectId, PullNumber, RecordingError, RepoId};

/// Commits, and the pull requests that contain them.
pub type CommitPulls = BTreeMap<ObjectId, Vec<CommitPull>>;

#[derive(Deserialize)]
struct WireCommit {
    #[serde(rename = "associatedPullRequests")]
    pulls: Option<WirePulls>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePulls {
    page_info: Option<WirePage>,
    #[serde(default)]
    nodes: Vec<Option<WirePull>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WirePull {
    number: PullNumber,
    base_ref_name: String,
    merged_at: Option<Timestamp>,
    merge_commit: Option<WireObject>,
}

#[derive(Deserialize)]
struct WireObject {
    oid: ObjectId,
}

impl From<WirePull> for CommitPull {
    fn from(wire: WirePull) -> Self {
        Self {
            number: wire.number,
            base_ref: wire.base_ref_name,
            merged_at: wire.merged_at,
            merge_commit: wire.merge_commit.map(|commit| commit.oid),
        }
    }
}

impl WirePulls {
    fn pulls(self) -> impl Iterator<Item = CommitPull> {
        self.nodes.into_iter().flatten().map(CommitPull::from)
    }
}

impl GithubClient {
    /// The pull requests that contain each commit, fifty commits in one request; a commit that GitHub does not know has none. With a
    /// recording in [`Mode::Cache`], a commit that is known to be of a merged pull request is not asked for again; any other is.
    ///
    /// # Errors
    /// The first commit for which no answer came, or what concerns all.
    pub async fn pulls_of_commits(&self, repo: &RepoId, commits: &[ObjectId]) -> Result<CommitPulls, Error> {
        let mut found = CommitPulls::new();
        let mut wanted: Vec<ObjectId> = commits.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if let Some((recording, mode)) = &self.recording
            && *mode != Mode::Record
        {
            let (recording, mode) = (recording.clone(), *mode);
            let (host, of, keys) = (self.shared.endpoints.host.clone(), repo.clone(), wanted.clone());
            let loaded = on_disk(move || recording.commits(&host, &of, &keys)).await?;
            if let Some((_, error)) = loaded.damaged.into_iter().next() {
                match error {
                    RecordingError::Damaged { path, .. } if mode.asks() => {
                        self.shared.tell(&Event::DamagedFile { path })
                    }
                    error => return Err(error.into()),
                }
            }
            for (commit, file) in loaded.known {
                // A commit of no pull request, or of an open one, may belong to a merged one by now: GitHub sees it minutes later.
                if !mode.asks() || file.pulls.iter().any(|pull| pull.merged_at.is_some()) {
                    found.insert(commit, file.pulls);
                }
            }
            wanted.retain(|commit| !found.contains_key(commit));
            if let (false, Some(commit)) = (mode.asks(), wanted.first()) {
                return Err(Error::NotRecorded { subject: format!("pull requests of commit {commit} of {repo}") });
            }
        }
        let options = BatchOptions { most: self.shared.batch, parallel: self.shared.parallel };
        let gathered = self.in_batches(wanted, options, |commits, how| self.ask_commits(repo, commits, how)).await?;
        if let Some((_, error)) = gathered.failed.into_iter().next() {
            return Err(error);
        }
        found.extend(gathered.values);
        Ok(found)
    }

    async fn ask_commits(
        &self,
        repo: &RepoId,
        commits: Vec<ObjectId>,
        persistence: Persistence,
    ) -> Result<Answered<ObjectId, Vec<CommitPull>>, Error> {
        let mut document = String::from(
            "query PullsOfCommits($owner:String!,$name:String!){repository(owner:$owner,name:$name){nameWithOwner",
        );
        for (index, commit) in commits.iter().enumerate() {
            // An object id is hexadecimal digits alone, so nothing can be smuggled in.
            let written = write!(document, " c{index}:object(oid:\"{commit}\"){{...F}}");
            debug_assert!(written.is_ok(), "a text takes everything");
        }
        document.push_str(
            "}rateLimit{cost limit remaining resetAt}}\
             fragment F on Commit{associatedPullRequests(first:10){pageInfo{hasNextPage endCursor} \
             nodes{number baseRefName mergedAt mergeCommit{oid}}}}",
        );
        let question = Question::about("PullsOfCommits", repo, document);
        let reply = self.ask(&question, persistence).await?;
        let repository = self.repository(repo, &question, &reply)?;
        let alone = commits.len() == 1;
        let mut answered = Answered { values: BTreeMap::new(), failed: BTreeMap::new(), again: Vec::new() };
        let mut further = Vec::new();
        for (index, commit) in commits.into_iter().enumerate() {
            let subject = || format!("pull requests of commit {commit} of {repo}");
            match part(repository, &reply, &format!("c{index}")) {
                Part::Whole(value) => {
                    let wire = WireCommit::deserialize(value)
                        .map_err(|error| Error::Malformed { subject: subject(), detail: error.to_string() })?;
                    let page = wire.pulls.as_ref().and_then(|pulls| pulls.page_info.as_ref());
                    further.extend(page.and_then(|page| page.after(None)).map(|cursor| (commit.clone(), cursor)));
                    answered.values.insert(commit, wire.pulls.into_iter().flat_map(WirePulls::pulls).collect());
                }
                Part::Missing | Part::Null => drop(answered.values.insert(commit, Vec::new())),
                Part::Failed(_) if !alone => answered.again.push(commit),
                Part::Failed(message) => {
                    let error = Error::Graphql { subject: subject(), message };
                    answered.failed.insert(commit, error);
                }
            }
        }
        // The oldest come first, so the one that was merged may be any of them.
        for (commit, cursor) in further {
            let more = self.more_pulls(repo, &commit, cursor).await?;
            answered.values.entry(commit).or_default().extend(more);
        }
        if let Some((recording, _)) = &self.recording {
            let asked_at = reply.time;
            let files = answered.values.iter().map(|(commit, pulls)| CommitFile {
                commit: commit.clone(),
                asked_at,
                pulls: pulls.clone(),
            });
            let files: Vec<CommitFile> = files.collect();
            let (recording, host, repo) = (recording.clone(), self.shared.endpoints.host.clone(), repo.clone());
            on_disk(move || recording.put_commits(&host, &repo, &files)).await?;
        }
        Ok(answered)
    }
    /// The pull requests of a commit after the first ten.
    async fn more_pulls(&self, repo: &RepoId, commit: &ObjectId, mut cursor: String) -> Result<Vec<CommitPull>, Error> {
        let mut found = Vec::new();
        loop {
            let document = "query MorePullsOfCommit($owner:String!,$name:String!,$oid:GitObjectID!,$after:String!){\
                 repository(owner:$owner,name:$name){nameWithOwner object(oid:$oid){... on Commit{\
                 associatedPullRequests(first:100,after:$after){pageInfo{hasNextPage endCursor} \
                 nodes{number baseRefName mergedAt mergeCommit{oid}}}}}}}";
            let mut question = Question::about("MorePullsOfCommit", repo, document.to_owned());
            question.variables["oid"] = json!(commit.as_str());
            question.variables["after"] = json!(cursor);
            let reply = self.ask(&question, Persistence::Full).await?;
            let repository = self.repository(repo, &question, &reply)?;
            let pulls = repository.pointer("/object/associatedPullRequests").map(WirePulls::deserialize);
            let Some(Ok(pulls)) = pulls else {
                let subject = format!("pull requests of commit {commit} of {repo}");
                let detail = if reply.errors.is_empty() { "no list".to_owned() } else { messages(&reply.errors) };
                return Err(Error::Malformed { subject, detail });
            };
            let next = pulls.page_info.as_ref().and_then(|page| page.after(Some(&cursor)));
            found.extend(pulls.pulls());
            match next {
                Some(next) => cursor = next,
                None => return Ok(found),
            }
        }
    }
}
