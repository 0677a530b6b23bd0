//! Trees: all files of a release below one prefix, with their checksum files.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::num::NonZeroUsize;
use std::path::Path;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::bucket::{Attributes, Bucket, Created};
use crate::digest::{Digests, Sha256Digest, Sha512Digest};
use crate::error::Error;
use crate::hashing::blocking;
use crate::name::ObjectPrefix;
use crate::progress::Progress;

/// The list of SHA-256 digests at the top of a tree.
pub const SHA256SUMS: &str = "SHA256SUMS";
/// The list of SHA-512 digests at the top of a tree.
pub const SHA512SUMS: &str = "SHA512SUMS";

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StagedFile {
    /// Path below the prefix, parts joined by `/`.
    pub path: String,
    /// Length in bytes.
    pub size: u64,
    /// SHA-256 digest.
    pub sha256: Sha256Digest,
    /// SHA-512 digest.
    pub sha512: Sha512Digest,
}

impl StagedFile {
    fn new(path: String, digests: Digests) -> Self {
        Self { path, size: digests.size, sha256: digests.sha256, sha512: digests.sha512 }
    }

    /// Size and digests.
    #[must_use]
    pub fn digests(&self) -> Digests {
        Digests { size: self.size, sha256: self.sha256, sha512: self.sha512 }
    }

    /// Whether the file is a list of sums or holds the digest of another one.
    #[must_use]
    pub fn is_checksum(&self) -> bool {
        self.path == SHA256SUMS
            || self.path == SHA512SUMS
            || self.path.ends_with(".sha256")
            || self.path.ends_with(".sha512")
    }
}

/// Everything that was staged, sorted by path, checksum files included: the record to verify and copy by.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StagedTree {
    /// The files.
    pub files: Vec<StagedFile>,
}

impl StagedTree {
    /// The file at this path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&StagedFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files without the checksum files.
    pub fn payload(&self) -> impl Iterator<Item = &StagedFile> {
        self.files.iter().filter(|file| !file.is_checksum())
    }

    /// Bytes of all files together.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// How to go about a tree.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TreeOptions {
    /// Files handled at a time; each takes three threads and 2 MiB of buffers; all together take up to
    /// 24 MiB more. By default the number of cores, at most 8.
    pub parallelism: NonZeroUsize,
    /// Told of the bytes handled.
    pub progress: Progress,
}

impl Default for TreeOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { parallelism: cores.min(NonZeroUsize::new(8).expect("eight is not zero")), progress: Progress::none() }
    }
}

impl TreeOptions {
    /// The defaults, telling `progress`.
    #[must_use]
    pub fn with_progress(progress: Progress) -> Self {
        Self { progress, ..Self::default() }
    }
}

/// Runs the jobs, at most `limit` at a time, and returns their results in order. After an error no further job starts, those
/// running are waited for, and the error of the first job in order is returned.
async fn bounded<T, F>(limit: NonZeroUsize, jobs: impl IntoIterator<Item = F>) -> Result<Vec<T>, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let mut jobs = jobs.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut done = BTreeMap::new();
    let mut failed: Option<(usize, Error)> = None;
    loop {
        while failed.is_none() && running.len() < limit.get() {
            let Some((index, job)) = jobs.next() else { break };
            running.spawn(async move { (index, job.await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((index, Ok(value)))) => drop(done.insert(index, value)),
            Some(Ok((index, Err(error)))) => {
                if failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    failed = Some((index, error));
                }
            }
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    failed.map_or_else(|| Ok(done.into_values().collect()), |(_, error)| Err(error))
}

/// Uploads every file of a local folder below the prefix, then the checksum files in the layout of Kubernetes releases:
///
/// - `SHA256SUMS` and `SHA512SUMS` with a line `<hex>  <path>` for every file, sorted by path. The last line ends with a newline,
///   so that `sha256sum -c` and line counters agree (the original left it off).
/// - beside **every** file, these two included, `<file>.sha256` and `<file>.sha512` with the bare hexadecimal digest, no newline.
///
/// Each file is read once. Run again after an interruption: objects with equal digests are kept.
///
/// # Errors
/// [`Error::Exists`] when other bytes are there, naming both; [`Error::Extra`] when the prefix holds what is not in the folder;
/// [`Error::SourceChanged`] when a file, or the list of files, changes meanwhile; [`Error::SourceRefused`] for links, devices,
/// names that are not portable, an empty folder, and files named like a checksum file to be made.
pub async fn stage_tree(
    folder: &Path,
    bucket: &Bucket,
    prefix: &ObjectPrefix,
    options: &TreeOptions,
) -> Result<StagedTree, Error> {
    let local = local_files(folder).await?;
    let mut all: BTreeSet<String> = local.iter().cloned().collect();
    let refused = |path: &str, reason| Error::SourceRefused { path: folder.join(path), reason };
    let sums = [SHA256SUMS, SHA512SUMS].map(str::to_owned);
    for path in local.iter().chain(&sums) {
        let companions = [format!("{path}.sha256"), format!("{path}.sha512")];
        for made in sums.iter().filter(|sums| *sums == path && local.contains(sums)).chain(&companions) {
            if local.contains(made) {
                return Err(refused(made, "the name is kept for a checksum file that is made here"));
            }
        }
        all.extend(companions);
    }
    all.extend(sums);
    refuse_extra(bucket, prefix, &all).await?;

    let mut uploads = Vec::new();
    for path in local.iter().cloned() {
        let name = prefix.join(&path)?;
        let (bucket, source, progress) = (bucket.clone(), folder.join(&path), options.progress.clone());
        uploads.push(async move {
            let digests = bucket.upload(&name, &source, &Attributes::default(), &progress).await?;
            Ok(StagedFile::new(path, digests))
        });
    }
    let mut files = bounded(options.parallelism, uploads).await?;
    if local_files(folder).await? != local {
        return Err(Error::SourceChanged { path: folder.to_owned() });
    }

    let lines = |digest: &dyn Fn(&StagedFile) -> String| {
        files.iter().map(|file| format!("{}  {}\n", digest(file), file.path)).collect::<String>()
    };
    let lists =
        [(SHA256SUMS, lines(&|file| file.sha256.to_string())), (SHA512SUMS, lines(&|file| file.sha512.to_string()))];
    let mut texts: Vec<(String, Bytes)> = Vec::new();
    for (path, text) in lists {
        let text = Bytes::from(text);
        files.push(StagedFile::new(path.to_owned(), Digests::of(&text)));
        texts.push((path.to_owned(), text));
    }
    for file in &files {
        texts.push((format!("{}.sha256", file.path), file.sha256.to_string().into()));
        texts.push((format!("{}.sha512", file.path), file.sha512.to_string().into()));
    }
    files.extend(texts.iter().skip(2).map(|(path, text)| StagedFile::new(path.clone(), Digests::of(text))));
    let mut creates = Vec::new();
    for (path, text) in texts {
        let (bucket, name) = (bucket.clone(), prefix.join(&path)?);
        creates.push(async move { bucket.create(&name, text, &Attributes::default()).await });
    }
    drop(bounded(options.parallelism, creates).await?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(StagedTree { files })
}

/// The paths of all files below the folder, sorted.
async fn local_files(folder: &Path) -> Result<Vec<String>, Error> {
    let folder = folder.to_owned();
    blocking(move || {
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(&folder).follow_root_links(true).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::Source {
                path: error.path().unwrap_or(&folder).to_owned(),
                source: error.into(),
            })?;
            let path = entry.path().to_owned();
            let refused = |reason| Error::SourceRefused { path: path.clone(), reason };
            if entry.file_type().is_dir() {
                continue;
            }
            if !entry.file_type().is_file() || entry.depth() == 0 {
                return Err(refused("it is not a plain file in a folder"));
            }
            let parts = entry.path().strip_prefix(&folder).expect("the walk stays below its root");
            let parts: Option<Vec<&str>> = parts.iter().map(|part| part.to_str()).collect();
            let relative = parts.ok_or_else(|| refused("its name is not UTF-8"))?.join("/");
            files.push(relative.parse::<crate::name::ObjectName>()?.into());
        }
        if files.is_empty() {
            return Err(Error::SourceRefused { path: folder, reason: "it holds no files" });
        }
        files.sort();
        Ok(files)
    })
    .await
}

async fn refuse_extra(bucket: &Bucket, prefix: &ObjectPrefix, known: &BTreeSet<String>) -> Result<(), Error> {
    let there = bucket.list(prefix).await?;
    let paths = there.iter().filter_map(|object| prefix.strip(&object.name));
    let names: Vec<String> = paths.filter(|path| !known.contains(*path)).map(str::to_owned).collect();
    if names.is_empty() { Ok(()) } else { Err(Error::Extra { prefix: bucket.address(prefix.as_str()), names }) }
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Names and sizes; reads no large object.
    Metadata,
    /// Every byte.
    Bytes,
}

/// A file that is not what was staged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangedFile {
    /// Path below the prefix.
    pub path: String,
    /// What was staged.
    pub expected: Digests,
    /// Its size now.
    pub size: u64,
    /// Its digests now; `None` when only sizes were compared.
    pub found: Option<Digests>,
}

/// How a prefix differs from a tree; each list sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use = "differences that nobody looks at are not verified"]
pub struct TreeDifferences {
    /// Files of the tree that are not there.
    pub missing: Vec<String>,
    /// Objects that are not in the tree.
    pub extra: Vec<String>,
    /// Files with other bytes.
    pub changed: Vec<ChangedFile>,
}

impl TreeDifferences {
    /// Whether the prefix holds the tree and nothing else.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.extra.is_empty() && self.changed.is_empty()
    }
}

/// Compares what is below the prefix with the tree.
///
/// # Errors
/// When the place cannot be read. Differences are a result, not an error.
pub async fn verify_tree(
    bucket: &Bucket,
    prefix: &ObjectPrefix,
    tree: &StagedTree,
    depth: Depth,
    options: &TreeOptions,
) -> Result<TreeDifferences, Error> {
    let mut sizes = BTreeMap::new();
    for object in bucket.list(prefix).await? {
        if let Some(path) = prefix.strip(&object.name) {
            sizes.insert(path.to_owned(), object.size);
        }
    }
    let mut differences = TreeDifferences::default();
    let mut jobs = Vec::new();
    for file in &tree.files {
        let Some(size) = sizes.remove(&file.path) else {
            differences.missing.push(file.path.clone());
            continue;
        };
        let (bucket, name, file, progress) =
            (bucket.clone(), prefix.join(&file.path)?, file.clone(), options.progress.clone());
        jobs.push(async move {
            let (size, found) = match depth {
                Depth::Metadata => (size, None),
                Depth::Bytes => match bucket.digests(&name, &progress).await? {
                    Some(found) => (found.size, Some(found)),
                    None => return Err(Error::NotFound { object: bucket.address(name.as_str()) }),
                },
            };
            let expected = file.digests();
            let same = found.map_or(size == expected.size, |found| found == expected);
            Ok((!same).then_some(ChangedFile { path: file.path, expected, size, found }))
        });
    }
    differences.extra = sizes.into_keys().collect();
    differences.changed = bounded(options.parallelism, jobs).await?.into_iter().flatten().collect();
    differences.missing.sort();
    differences.changed.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(differences)
}

/// What a copy of a tree did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct CopiedTree {
    /// Files copied now.
    pub copied: usize,
    /// Files that were there already, with the right digests.
    pub kept: usize,
    /// Bytes of all files of the tree.
    pub bytes: u64,
}

/// Copies a staged tree to another prefix, file by file, create-only; what is copied is what the tree says, by digest, whatever
/// else lies beside it. Run again after an interruption: files with the right digest are kept. Checksum files go last.
///
/// # Errors
/// [`Error::Extra`] when the destination holds files of another release, [`Error::Exists`] when a file there has other bytes,
/// [`Error::DigestMismatch`] and [`Error::NotFound`] when the source is no longer what was staged.
pub async fn copy_tree(
    bucket: &Bucket,
    prefix: &ObjectPrefix,
    to_bucket: &Bucket,
    to_prefix: &ObjectPrefix,
    tree: &StagedTree,
    options: &TreeOptions,
) -> Result<CopiedTree, Error> {
    let known = tree.files.iter().map(|file| file.path.clone()).collect();
    refuse_extra(to_bucket, to_prefix, &known).await?;
    let mut outcome = CopiedTree { bytes: tree.size(), ..CopiedTree::default() };
    let (sums, payload): (Vec<_>, Vec<_>) = tree.files.iter().partition(|file| file.is_checksum());
    for files in [payload, sums] {
        let mut jobs = Vec::new();
        for file in files {
            let (from, to) = (prefix.join(&file.path)?, to_prefix.join(&file.path)?);
            let (bucket, to_bucket, progress) = (bucket.clone(), to_bucket.clone(), options.progress.clone());
            let expected = file.sha256;
            jobs.push(async move { bucket.copy(&from, &to_bucket, &to, &expected, &progress).await });
        }
        for created in bounded(options.parallelism, jobs).await? {
            match created {
                Created::New => outcome.copied += 1,
                Created::Identical => outcome.kept += 1,
            }
        }
    }
    Ok(outcome)
}
