//! Files of releases: streamed from and to the disk, with digests compared on both sides.

use std::path::Path;
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{Method, StatusCode};
use http_kit::{Idempotency, Trouble};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::or_default;
use crate::call::{Call, JSON};
use crate::endpoints::below;
use crate::limits::contains;
use crate::persist::{Effort, Failed, Tried};
use crate::refusal::{Intent, error_of};
use crate::transport::{Reply, check};
use crate::{AssetId, Error, GithubClient, ReleaseId, RepoId};

/// How much is read from a file at a time.
const CHUNK: usize = 256 * 1024;
/// A transfer that is slower than this for its whole length is given up.
const BYTES_PER_SECOND: u64 = 32 * 1024;
/// What each transfer has in any case.
const AT_LEAST: Duration = Duration::from_secs(120);

/// The largest answer to an upload, and the largest refusal of a download, that is read.
const MAX_WORDS: usize = 1 << 20;

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Asset {
    /// Its id.
    pub id: AssetId,
    /// Its name. GitHub replaces characters it does not like by dots.
    pub name: String,
    /// What is shown instead of the name; empty when there is nothing.
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
    /// `uploaded`, or `starter` when an upload broke off.
    #[serde(default, deserialize_with = "or_default")]
    pub state: String,
    /// Its media type.
    #[serde(default, deserialize_with = "or_default")]
    pub content_type: String,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
    /// Its digest as `sha256:…`; older servers do not tell it.
    #[serde(default)]
    pub digest: Option<String>,
    /// Where everybody can get it, once the release is published.
    #[serde(default, rename = "browser_download_url", deserialize_with = "or_default")]
    pub download_url: String,
}

/// A file to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAsset<'a> {
    /// Its name in the release.
    pub name: &'a str,
    /// What is shown instead of the name.
    pub label: Option<&'a str>,
    /// Its media type, such as `application/gzip`.
    pub content_type: &'a str,
    /// Where it is.
    pub path: &'a Path,
}

/// Size and digest of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Measured {
    size: u64,
    digest: String,
}

impl GithubClient {
    /// Uploads a file, without holding it in memory, and compares its digest with the one GitHub tells. Again is safe: a file of that name
    /// with the same bytes is taken for the one that was to be uploaded, and the remains of an upload that broke off are removed.
    ///
    /// # Errors
    /// [`Error::Differs`] when another file has that name, or GitHub got other bytes; otherwise as all writes.
    pub async fn upload_asset(&self, repo: &RepoId, release: ReleaseId, asset: &NewAsset<'_>) -> Result<Asset, Error> {
        let subject = format!("{} of release {release} of {repo}", crate::text::shown(asset.name, 120));
        if self.offline() {
            return Err(Error::NotRecorded { subject });
        }
        let measured = measure(asset.path).await?;
        let name = self.renamed(repo).unwrap_or_else(|| repo.clone());
        let parts = ["repos", name.owner(), name.name(), "releases", &release.to_string(), "assets"];
        let mut url = below(&self.shared.endpoints.uploads, parts);
        url.query_pairs_mut().append_pair("name", asset.name);
        if let Some(label) = asset.label {
            url.query_pairs_mut().append_pair("label", label);
        }
        let mut call = Call::new(Method::POST, url).about(repo);
        call.subject = subject;
        call.content_type = asset.content_type.to_owned().into();
        // Again is safe, since what is there is looked at before.
        call.idempotency = Idempotency::Repeatable;
        let mut effort = Effort::new(self, &call);
        let uploaded = loop {
            let pass = effort.enter().await?;
            let mut tried = self.try_upload(&call, asset.path, &measured, &effort).await?;
            drop(pass);
            // What is there now decides: all of it, the remains of it, or nothing.
            if matches!(tried, Tried::Failed(_))
                && let Some(uploaded) = self.settle(repo, release, asset.name, &measured).await?
            {
                tried = Tried::Done(uploaded);
            }
            if let Some(uploaded) = effort.after(tried).await? {
                break uploaded;
            }
        };
        compare(&call.subject, &measured, uploaded.size, uploaded.digest.as_deref(), Side::Here)?;
        Ok(uploaded)
    }

    async fn try_upload(
        &self,
        call: &Call,
        path: &Path,
        measured: &Measured,
        effort: &Effort<'_>,
    ) -> Result<Tried<Asset>, Error> {
        let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
        let file = File::open(path).await.map_err(failed)?;
        // A file that grows meanwhile is cut where it ended, and then its digest tells.
        let body = futures::stream::try_unfold(file.take(measured.size), |mut file| async move {
            let mut chunk = vec![0; CHUNK];
            let length = file.read(&mut chunk).await?;
            chunk.truncate(length);
            Ok::<_, std::io::Error>((length > 0).then_some((chunk, file)))
        });
        let request = self
            .prepare(&self.shared.transfers, Method::POST, &call.url, JSON)
            .header(CONTENT_TYPE, call.content_type.as_ref())
            .header(CONTENT_LENGTH, measured.size)
            .body(reqwest::Body::wrap_stream(body));
        let started = Instant::now();
        let answer = async {
            let response = request.send().await.map_err(Failed::of)?;
            let (status, headers) = (response.status(), response.headers().clone());
            match http_kit::read_bounded(response, MAX_WORDS).await {
                Ok(body) => Ok(Reply::new(status, headers, body.into(), effort.attempt)),
                Err(error) => Err(Failed::new(Trouble::Broken, error.to_string())),
            }
        };
        let limit = time_for(measured.size);
        let answer = tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(Failed::late(limit)));
        let status = answer.as_ref().ok().map(|reply| reply.status);
        let received = answer.as_ref().map_or(0, |reply| reply.body.len() as u64);
        self.report(&Method::POST, &call.url, status, measured.size, received, started, effort.attempt);
        let reply = match answer {
            Ok(reply) => reply,
            Err(failed) => return Ok(Tried::Failed(failed)),
        };
        // A name that is taken may be taken by the remains of the last attempt.
        if reply.status == StatusCode::UNPROCESSABLE_ENTITY && contains(&reply.body, b"already_exists") {
            return Ok(Tried::Failed(Failed::new(Trouble::Limited, "the name is taken")));
        }
        Ok(match self.judge(call, reply, effort.hits) {
            Tried::Done(reply) => Tried::Done(check(self, call, reply)?.json(&call.subject)?),
            Tried::Failed(failed) => Tried::Failed(failed),
            Tried::Limited { limit, time } => Tried::Limited { limit, time },
        })
    }

    /// After an upload that failed: the file of that name, if it is whole; its remains are removed.
    async fn settle(
        &self,
        repo: &RepoId,
        release: ReleaseId,
        name: &str,
        measured: &Measured,
    ) -> Result<Option<Asset>, Error> {
        // Never from a recording.
        let live = Self { shared: self.shared.clone(), recording: None };
        let assets: Vec<Asset> = live.assets(repo, release).try_collect().await?;
        let Some(mut found) = assets.into_iter().find(|asset| asset.name == name || asset.name == stored_name(name))
        else {
            return Ok(None);
        };
        if found.state != "uploaded" && !found.state.is_empty() {
            live.delete_asset(repo, found.id).await?;
            return Ok(None);
        }
        if found.digest.is_none() && found.size == measured.size {
            found.digest = Some(format!("sha256:{}", live.digest_of(repo, &found).await?));
        }
        Ok(Some(found))
    }

    /// The files of a release.
    pub fn assets(
        &self,
        repo: &RepoId,
        release: ReleaseId,
    ) -> impl futures_core::Stream<Item = Result<Asset, Error>> + Send + use<> {
        self.list(repo, &["releases", &release.to_string(), "assets"], &())
    }

    /// Downloads a file, without holding it in memory. It appears at its place whole, with the size and digest that GitHub tells, or not at
    /// all. Gives its SHA-256 in hexadecimal digits.
    ///
    /// # Errors
    /// [`Error::Differs`] when the bytes are others than GitHub tells; otherwise as all reads.
    pub async fn download_asset(&self, repo: &RepoId, asset: &Asset, to: &Path) -> Result<String, Error> {
        let failed = |source| Error::File { operation: "write", path: to.to_owned(), source };
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".download-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // As any other new file: the umask decides.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let temporary = builder.tempfile_in(folder).map_err(failed)?;
        let (file, place) = temporary.into_parts();
        let mut file = File::from_std(file);
        let digest = self.fetch_asset(repo, asset, Some((&mut file, to))).await?;
        file.sync_all().await.map_err(failed)?;
        drop(file);
        place.persist(to).map_err(|error| failed(error.error))?;
        Ok(digest)
    }

    async fn digest_of(&self, repo: &RepoId, asset: &Asset) -> Result<String, Error> {
        self.fetch_asset(repo, asset, None).await
    }

    /// Reads a file's bytes into another file, if there is one, and compares them with what GitHub tells.
    async fn fetch_asset(
        &self,
        repo: &RepoId,
        asset: &Asset,
        mut to: Option<(&mut File, &Path)>,
    ) -> Result<String, Error> {
        let id = asset.id.to_string();
        let mut call =
            self.repo_call(Method::GET, repo, &["releases", "assets", &id]).accept("application/octet-stream");
        call.subject = format!("{} of {repo}", crate::text::shown(&asset.name, 120));
        if self.offline() {
            return Err(Error::NotRecorded { subject: call.subject });
        }
        let mut effort = Effort::new(self, &call);
        let limit = time_for(asset.size);
        let measured = loop {
            let pass = effort.enter().await?;
            if let Some((file, path)) = &mut to {
                let failed = |source| Error::File { operation: "write", path: path.to_path_buf(), source };
                file.rewind().await.map_err(failed)?;
                file.set_len(0).await.map_err(failed)?;
            }
            let to = to.as_mut().map(|(file, path)| (&mut **file, *path));
            let tried = tokio::time::timeout(limit, self.try_fetch(&call, asset, to, &effort)).await;
            drop(pass);
            let tried = tried.unwrap_or_else(|_| Ok(Tried::Failed(Failed::late(limit))))?;
            if let Some(measured) = effort.after(tried).await? {
                break measured;
            }
        };
        compare(&call.subject, &measured, asset.size, asset.digest.as_deref(), Side::There)?;
        Ok(measured.digest)
    }

    async fn try_fetch(
        &self,
        call: &Call,
        asset: &Asset,
        mut to: Option<(&mut File, &Path)>,
        effort: &Effort<'_>,
    ) -> Result<Tried<Measured>, Error> {
        let started = Instant::now();
        let (url, response) = match self.open(call, effort.attempt).await? {
            Ok(opened) => opened,
            Err(failed) => return Ok(Tried::Failed(failed)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        if !status.is_success() {
            let body = http_kit::read_bounded(response, MAX_WORDS).await.unwrap_or_default();
            self.report(&Method::GET, &url, Some(status), 0, body.len() as u64, started, effort.attempt);
            return match self.judge(call, Reply::new(status, headers, body.into(), effort.attempt), effort.hits) {
                Tried::Done(reply) => Err(error_of(self, &call.subject, &reply, Intent::Read)),
                Tried::Failed(failed) => Ok(Tried::Failed(failed)),
                Tried::Limited { limit, time } => Ok(Tried::Limited { limit, time }),
            };
        }
        let (mut hash, mut size) = (Sha256::new(), 0);
        let mut chunks = response.bytes_stream();
        let mut broken = None;
        while let Some(chunk) = chunks.next().await {
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => {
                    broken = Some(Failed::of(error));
                    break;
                }
            };
            size += chunk.len() as u64;
            // More than was announced is another file, or one without an end.
            if size > asset.size {
                break;
            }
            hash.update(&chunk);
            if let Some((file, path)) = &mut to {
                let failed = |source| Error::File { operation: "write", path: path.to_path_buf(), source };
                file.write_all(&chunk).await.map_err(failed)?;
            }
        }
        self.report(&Method::GET, &url, Some(status), 0, size, started, effort.attempt);
        if let Some(failed) = broken {
            return Ok(Tried::Failed(failed));
        }
        if let Some((file, path)) = &mut to {
            let failed = |source| Error::File { operation: "write", path: path.to_path_buf(), source };
            file.flush().await.map_err(failed)?;
        }
        Ok(Tried::Done(Measured { size, digest: hex::encode(hash.finalize()) }))
    }

    /// Deletes a file of a release.
    ///
    /// # Errors
    /// As all writes.
    pub async fn delete_asset(&self, repo: &RepoId, asset: AssetId) -> Result<(), Error> {
        self.delete(repo, &["releases", "assets", &asset.to_string()]).await
    }
}

/// What GitHub makes of a name: characters it does not like become dots.
fn stored_name(name: &str) -> String {
    let liked = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '~');
    let dotted: String = name.chars().map(|c| if liked(c) { c } else { '.' }).collect();
    dotted.trim_matches('.').to_owned()
}

/// The time that a transfer may take.
fn time_for(bytes: u64) -> Duration {
    AT_LEAST + Duration::from_secs(bytes / BYTES_PER_SECOND)
}

/// Reads a file once for its size and digest.
async fn measure(path: &Path) -> Result<Measured, Error> {
    let failed = |source| Error::File { operation: "read", path: path.to_owned(), source };
    let mut file = File::open(path).await.map_err(failed)?;
    let (mut hash, mut size, mut chunk) = (Sha256::new(), 0, vec![0; CHUNK]);
    loop {
        let length = file.read(&mut chunk).await.map_err(failed)?;
        if length == 0 {
            return Ok(Measured { size, digest: hex::encode(hash.finalize()) });
        }
        size += length as u64;
        hash.update(&chunk[..length]);
    }
}

/// Whose figures are the expected ones.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Those of the file on the disk.
    Here,
    /// Those that GitHub tells.
    There,
}

/// Compares a file with what GitHub tells of it.
fn compare(subject: &str, here: &Measured, size: u64, digest: Option<&str>, expected: Side) -> Result<(), Error> {
    let differs = |what, here: String, there: String| {
        let (expected, found) = if expected == Side::Here { (here, there) } else { (there, here) };
        Err(Error::Differs { subject: subject.to_owned(), what, expected, found })
    };
    if here.size != size {
        return differs("the size", here.size.to_string(), size.to_string());
    }
    match digest.and_then(|digest| digest.strip_prefix("sha256:")) {
        Some(there) if !there.eq_ignore_ascii_case(&here.digest) => {
            differs("the SHA-256", here.digest.clone(), there.to_owned())
        }
        _ => Ok(()),
    }
}
