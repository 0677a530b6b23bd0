use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{CommitId, CommitInfo, PullNumber, message};

/// Who opened a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Login name, without `@`. A GitHub App carries its `[bot]` suffix.
    pub login: String,
    /// Profile page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A pull request as a source knows it. All but number and title may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PullRequest {
    /// Its number.
    pub number: PullNumber,
    /// Its title, one line.
    pub title: String,
    /// Its description as stored, CRLF or LF; `None` when unknown or never written.
    #[serde(default)]
    pub body: Option<String>,
    /// Label names in the order of the forge.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Who opened it; `None` for a deleted account or when unknown.
    #[serde(default)]
    pub author: Option<Author>,
    /// Its page.
    #[serde(default)]
    pub url: Option<String>,
    /// The commit that merged it.
    #[serde(default)]
    pub merge_commit: Option<CommitId>,
    /// Title of its milestone.
    #[serde(default)]
    pub milestone: Option<String>,
    /// The branch it was merged into.
    #[serde(default)]
    pub base: Option<String>,
    /// The branch it came from, `owner:branch`.
    #[serde(default)]
    pub head: Option<String>,
}

impl PullRequest {
    /// A pull request of which only number and title are known; the other fields are public.
    pub fn new(number: PullNumber, title: impl Into<String>) -> Self {
        Self {
            number,
            title: title.into(),
            body: None,
            labels: Vec::new(),
            author: None,
            url: None,
            merge_commit: None,
            milestone: None,
            base: None,
            head: None,
        }
    }
}

/// Hands over pull requests by number: a forge, a recorded folder, or the commits' own titles.
pub trait PullSource: Sync {
    /// What can go wrong while fetching. A failure ends the run; notes are never lost in silence.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The pull requests of these numbers (ascending, each once). A number without a pull request (deleted, or an issue) is left
    /// out of the answer and is accounted for as missing; everything else that goes wrong is an error.
    fn pulls(
        &self,
        numbers: &[PullNumber],
    ) -> impl Future<Output = Result<BTreeMap<PullNumber, PullRequest>, Self::Error>> + Send;

    /// As [`pulls`](Self::pulls), and those of `inner` as well: numbers that commits inside of pull requests name, many of them of
    /// another repository. A source that answers from a recording leaves out what was never recorded of these.
    fn pulls_and_inner(
        &self,
        numbers: &[PullNumber],
        inner: &[PullNumber],
    ) -> impl Future<Output = Result<BTreeMap<PullNumber, PullRequest>, Self::Error>> + Send {
        let all: BTreeSet<PullNumber> = numbers.iter().chain(inner).copied().collect();
        async move { self.pulls(&all.into_iter().collect::<Vec<_>>()).await }
    }

    /// The merged pull requests that brought in these commits, whose messages name none (squash merges without a suffix, rebase
    /// merges); the most fitting first. Commits without are left out of the answer. A source that cannot tell, as by default,
    /// answers nothing; such commits are then accounted for as commits without a number.
    fn pulls_of_commits(
        &self,
        commits: &[CommitId],
    ) -> impl Future<Output = Result<BTreeMap<CommitId, Vec<PullNumber>>, Self::Error>> + Send {
        let _ = commits;
        std::future::ready(Ok(BTreeMap::new()))
    }

    /// As [`pulls_of_commits`](Self::pulls_of_commits), for commits whose message names a number that is none of a pull request, say
    /// that of an issue. A source that answers from a recording leaves out what was never recorded.
    fn pulls_of_misnamed(
        &self,
        commits: &[CommitId],
    ) -> impl Future<Output = Result<BTreeMap<CommitId, Vec<PullNumber>>, Self::Error>> + Send {
        self.pulls_of_commits(commits)
    }
}

/// A source made from the commits themselves: the title of each pull request is what its merge or squash message says.
///
/// There is no body and no label, so use it with [`Fallback::Title`](crate::Fallback::Title). The author of a merged branch
/// is the account that owns the branch, unless that is the owner of the repository, which is also told by the branches of robots that
/// stand there. A message proves no merge, so what commits inside of
/// pull requests name is left out: it may be of a fork.
#[derive(Debug, Clone, Default)]
pub struct MergeTitles {
    pulls: BTreeMap<PullNumber, PullRequest>,
}

/// How the branches begin that robots make in the repository itself.
const ROBOTS: [&str; 2] = ["dependabot/", "renovate/"];

impl MergeTitles {
    /// Reads the titles of the commits (newest first; the newest message of a number wins). With the page of the repository
    /// (`https://github.com/owner/name`), pull requests and authors get links.
    pub fn new(commits: &[CommitInfo], repository: Option<&Url>) -> Self {
        let read: Vec<_> = commits.iter().map(|commit| message::pull_numbers(&commit.message)).collect();
        let heads = read.iter().filter_map(|numbers| numbers.head.as_ref());
        let mut owners: BTreeSet<String> = heads
            .filter(|head| ROBOTS.iter().any(|robot| head.branch.starts_with(robot)))
            .map(|head| lower(&head.owner))
            .collect();
        owners.extend(repository.and_then(|url| url.path_segments()?.next().map(lower)));
        let mut pulls = BTreeMap::new();
        for (commit, numbers) in commits.iter().zip(read) {
            let (Some(number), Some(title)) = (numbers.own, message::title(&commit.message)) else { continue };
            let mut pull = PullRequest::new(number, title);
            pull.url = repository.map(|url| page(url, &["pull", &number.to_string()]));
            pull.author = numbers.head.filter(|head| !owners.contains(&lower(&head.owner))).map(|head| Author {
                url: repository.and_then(|url| url.join(&format!("/{}", head.owner)).ok()).map(String::from),
                login: head.owner,
            });
            pulls.entry(number).or_insert(pull);
        }
        Self { pulls }
    }
}

impl PullSource for MergeTitles {
    type Error = Infallible;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Infallible> {
        Ok(numbers.iter().filter_map(|number| Some((*number, self.pulls.get(number)?.clone()))).collect())
    }
}

/// Names of accounts are the same in any case of letters.
fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// An address below the repository's page.
pub(crate) fn page(repository: &Url, segments: &[&str]) -> String {
    let mut url = repository.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}
