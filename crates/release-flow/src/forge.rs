//! A folder that stands in for a code forge: pull requests in, release pages out.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use artifact_publish::{Attributes, Bucket, ObjectName, Sha256Digest};
use jiff::Timestamp;
use notes_gen::{Author, CommitId, PullNumber, PullRequest, PullSource};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::runner::Runner;

/// The largest file of pull requests that is read, in bytes.
const MAX_PULLS: u64 = 512 << 20;

/// Why the forge did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ForgeError {
    /// The folder.
    #[error("cannot use the forge folder `{url}`")]
    Folder {
        /// The folder.
        url: String,
        /// Why.
        source: artifact_publish::Error,
    },
    /// A file of pull requests cannot be read.
    #[error("cannot read pull requests from `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of pull requests is larger than can be.
    #[error("`{}` has {bytes} bytes; at most {MAX_PULLS} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
    },
    /// A file does not hold what it should.
    #[error("`{}` is malformed", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The tag cannot name a page.
    #[error("tag `{tag}` cannot name a page")]
    BadTag {
        /// The tag.
        tag: String,
        /// Why.
        source: artifact_publish::BadName,
    },
}

/// A release page, as its JSON file holds it; the Markdown is in a file of its own beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// The tag the page belongs to.
    pub tag: String,
    /// Its title.
    pub title: String,
    /// Whether it is marked as a pre-release.
    pub prerelease: bool,
    /// Whether it is marked as the newest release.
    pub latest: bool,
    /// When it was published.
    pub published: Timestamp,
    /// Digest of the Markdown.
    pub body_sha256: Sha256Digest,
}

/// A forge in a folder: `releases/<tag>.json` and `.md`.
#[derive(Debug, Clone)]
pub struct FolderForge {
    bucket: Bucket,
}

impl FolderForge {
    /// The forge in a bucket: a folder, opened by its `file:` URL.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        Self { bucket }
    }

    /// The same forge, with the runner's sink told of every change.
    pub(crate) fn watched_by(&self, runner: &Runner) -> Self {
        Self { bucket: runner.watched(&self.bucket) }
    }

    fn failed(&self, source: artifact_publish::Error) -> ForgeError {
        ForgeError::Folder { url: self.bucket.url().to_string(), source }
    }

    /// The page of `tag` and its Markdown; nothing when there is none.
    ///
    /// # Errors
    /// [`ForgeError`] when the folder cannot be read or holds something else.
    pub async fn page(&self, tag: &str) -> Result<Option<(Page, Vec<u8>)>, ForgeError> {
        let bucket = &self.bucket;
        let name = object(tag, "json")?;
        let Some(found) = bucket.read(&name, 1 << 20).await.map_err(|source| self.failed(source))? else {
            return Ok(None);
        };
        let page: Page = serde_json::from_slice(&found.bytes)
            .map_err(|source| ForgeError::Malformed { path: PathBuf::from(bucket.address(name.as_str())), source })?;
        let body = bucket.read(&object(tag, "md")?, 16 << 20).await.map_err(|source| self.failed(source))?;
        Ok(Some((page, body.map(|object| object.bytes.to_vec()).unwrap_or_default())))
    }

    /// Publishes a page. The Markdown goes first: a page whose JSON is there is whole.
    ///
    /// # Errors
    /// When the tag has another page.
    pub async fn publish(&self, page: &Page, body: Vec<u8>) -> Result<(), ForgeError> {
        let bucket = &self.bucket;
        let json = serde_json::to_vec_pretty(page)
            .map_err(|source| ForgeError::Malformed { path: PathBuf::from(bucket.address(&page.tag)), source })?;
        let plain = Attributes::default();
        bucket.create(&object(&page.tag, "md")?, body, &plain).await.map_err(|source| self.failed(source))?;
        bucket.create(&object(&page.tag, "json")?, json, &plain).await.map_err(|source| self.failed(source))?;
        Ok(())
    }

    /// Tags of all pages that are marked as the newest release or not pre-releases.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub async fn official_tags(&self) -> Result<Vec<String>, ForgeError> {
        let bucket = &self.bucket;
        let prefix = "releases".parse().map_err(|source| ForgeError::BadTag { tag: "releases".into(), source })?;
        let mut tags = Vec::new();
        for info in bucket.list(&prefix).await.map_err(|source| self.failed(source))? {
            let Some(tag) = info.name.as_str().strip_prefix("releases/").and_then(|name| name.strip_suffix(".json"))
            else {
                continue;
            };
            if let Some((page, _)) = self.page(tag).await?
                && !page.prerelease
            {
                tags.push(page.tag);
            }
        }
        Ok(tags)
    }
}

fn object(tag: &str, extension: &str) -> Result<ObjectName, ForgeError> {
    format!("releases/{tag}.{extension}")
        .parse()
        .map_err(|source| ForgeError::BadTag { tag: tag.chars().take(100).collect(), source })
}

/// Pull requests recorded in a folder: `pulls.json`, a list in the form of GitHub's API.
#[derive(Debug, Clone)]
pub struct RecordedPulls {
    pulls: BTreeMap<PullNumber, PullRequest>,
}

/// The fields of GitHub's reply that notes are made from. Others are passed over: the API grows.
#[derive(Deserialize)]
struct WirePull {
    number: u64,
    #[serde(default)]
    title: String,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<WireLabel>,
    user: Option<WireUser>,
    html_url: Option<String>,
    merge_commit_sha: Option<String>,
    milestone: Option<WireMilestone>,
    base: Option<WireRef>,
    head: Option<WireRef>,
}

#[derive(Deserialize)]
struct WireLabel {
    name: String,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct WireMilestone {
    title: String,
}

#[derive(Deserialize)]
struct WireRef {
    #[serde(rename = "ref")]
    name: Option<String>,
    label: Option<String>,
}

impl RecordedPulls {
    /// Reads the pull requests of `folder`.
    ///
    /// # Errors
    /// When there is no `pulls.json`, or it is not a list of pull requests.
    pub fn read(folder: &Path) -> Result<Self, ForgeError> {
        let path = folder.join("pulls.json");
        let failed = |source| ForgeError::Read { path: path.clone(), source };
        let bytes = fs::metadata(&path).map_err(failed)?.len();
        if bytes > MAX_PULLS {
            return Err(ForgeError::TooLarge { path, bytes });
        }
        let text = fs::read(&path).map_err(failed)?;
        let wire: Vec<WirePull> =
            serde_json::from_slice(&text).map_err(|source| ForgeError::Malformed { path: path.clone(), source })?;
        let pulls = wire.into_iter().filter_map(pull).map(|pull| (pull.number, pull)).collect();
        Ok(Self { pulls })
    }
}

fn pull(wire: WirePull) -> Option<PullRequest> {
    let mut pull = PullRequest::new(PullNumber::new(wire.number)?, wire.title);
    pull.body = wire.body;
    pull.labels = wire.labels.into_iter().map(|label| label.name).collect();
    pull.author = wire.user.map(|user| Author {
        url: user.html_url.or_else(|| Some(format!("https://github.com/{}", user.login))),
        login: user.login,
    });
    pull.url = wire.html_url;
    pull.merge_commit = wire.merge_commit_sha.map(CommitId::new);
    pull.milestone = wire.milestone.map(|milestone| milestone.title);
    pull.base = wire.base.and_then(|base| base.name);
    pull.head = wire.head.and_then(|head| head.label.or(head.name));
    Some(pull)
}

impl PullSource for RecordedPulls {
    type Error = std::convert::Infallible;

    async fn pulls(&self, numbers: &[PullNumber]) -> Result<BTreeMap<PullNumber, PullRequest>, Self::Error> {
        Ok(numbers.iter().filter_map(|number| Some((*number, self.pulls.get(number)?.clone()))).collect())
    }
}

/// A folder of pull requests from its address.
///
/// # Errors
/// When the address is not a folder, or [`RecordedPulls::read`] fails.
pub(crate) fn recorded(url: &Url) -> Result<RecordedPulls, ForgeError> {
    let path = url.to_file_path().unwrap_or_else(|()| PathBuf::from(url.path()));
    RecordedPulls::read(&path)
}
