//! Files of a repository, without a clone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

use super::tags::Person;
use super::{add_query, path_parts};
use crate::{Error, GithubClient, ObjectId, RepoId};

/// A file or folder in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Its path from the top.
    pub path: String,
    /// `file`, `dir`, `symlink` or `submodule`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The id of its object; of a file, that of the blob.
    #[serde(rename = "sha")]
    pub id: ObjectId,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
}

/// A file to be written by a commit of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewFile {
    /// The message of the commit.
    pub message: String,
    /// The bytes.
    pub content: Vec<u8>,
    /// The branch; the default branch when left out.
    pub branch: Option<String>,
    /// The id of the blob that is replaced; `None` for a file that is not there yet.
    pub replaces: Option<ObjectId>,
    /// Who wrote it; the owner of the token when left out.
    pub author: Option<Person>,
}

/// The commit that wrote a file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireWritten")]
#[non_exhaustive]
pub struct WrittenFile {
    /// The id of the commit.
    pub commit: ObjectId,
    /// The id of the blob.
    pub blob: Option<ObjectId>,
}

#[derive(Deserialize)]
struct WireWritten {
    content: Option<WireId>,
    commit: WireId,
}

#[derive(Deserialize)]
struct WireId {
    sha: ObjectId,
}

impl From<WireWritten> for WrittenFile {
    fn from(wire: WireWritten) -> Self {
        Self { commit: wire.commit.sha, blob: wire.content.map(|content| content.sha) }
    }
}

#[derive(Serialize)]
struct At<'a> {
    #[serde(rename = "ref")]
    revision: Option<&'a str>,
}

#[derive(Serialize)]
struct Put<'a> {
    message: &'a str,
    content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha: Option<&'a ObjectId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a Person>,
}

impl GithubClient {
    /// The bytes of a file, of the default branch or of a revision.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::TooLarge`] beyond the client's limit.
    pub async fn file(&self, repo: &RepoId, path: &str, revision: Option<&str>) -> Result<Bytes, Error> {
        let mut parts = vec!["contents"];
        parts.extend(path_parts(path, "file")?);
        let mut call = self.repo_call(Method::GET, repo, &parts).accept("application/vnd.github.raw+json");
        add_query(&mut call.url, &At { revision }, &call.subject)?;
        Ok(self.read(&call).await?.body)
    }

    /// What is known of a file without its bytes: above all the id of its blob, which [`put_file`](Self::put_file) wants.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::Malformed`] when it is a folder.
    pub async fn file_entry(&self, repo: &RepoId, path: &str, revision: Option<&str>) -> Result<Entry, Error> {
        let mut parts = vec!["contents"];
        parts.extend(path_parts(path, "file")?);
        self.get(repo, &parts, &At { revision }).await
    }

    /// What is in a folder; the empty path is the top. GitHub lists at most a thousand.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there; [`Error::Malformed`] when it is a file.
    pub async fn folder(&self, repo: &RepoId, path: &str, revision: Option<&str>) -> Result<Vec<Entry>, Error> {
        let mut parts = vec!["contents"];
        // The top has an address that ends with a slash.
        parts.extend(if path.is_empty() { vec![""] } else { path_parts(path, "folder")? });
        self.get(repo, &parts, &At { revision }).await
    }

    /// Writes a file by a commit on a branch. It is refused when the file is not the one that was to be replaced.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the file changed meanwhile.
    pub async fn put_file(&self, repo: &RepoId, path: &str, file: &NewFile) -> Result<WrittenFile, Error> {
        let mut parts = vec!["contents"];
        parts.extend(path_parts(path, "file")?);
        let body = Put {
            message: &file.message,
            content: STANDARD.encode(&file.content),
            sha: file.replaces.as_ref(),
            branch: file.branch.as_deref(),
            author: file.author.as_ref(),
        };
        let mut call = self.change(Method::PUT, repo, &parts, &body)?;
        // A second commit would be one too many, and the first makes the second a conflict.
        call.idempotency = http_kit::Idempotency::Once;
        self.write(&call).await?.json(&call.subject)
    }
}
