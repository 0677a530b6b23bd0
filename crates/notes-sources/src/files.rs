//! Files that documents are made from: maps, check sums, image archives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use artifact_publish::Bucket;
use notes_gen::changelog::DownloadFile;
use serde::Deserialize;
use url::Url;
use walkdir::WalkDir;

use crate::Error;

/// The largest map, template or profile that is read, in bytes; the largest known map has 5 kB.
pub const MAX_TEXT: u64 = 1 << 20;
/// The largest list of check sums that is read, in bytes.
const MAX_SUMS: u64 = 16 << 20;
/// The most files a folder of maps may hold.
const MAX_MAPS: usize = 20_000;

/// A text file with its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TextFile {
    /// Where it is, as messages name it.
    pub path: String,
    /// What it holds.
    pub text: String,
}

/// Reads a UTF-8 file of at most `limit` bytes.
///
/// # Errors
/// When it is larger, cannot be read, or is not text.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Error> {
    let shown = path.display().to_string();
    let mut file = File::open(path).map_err(Error::read(path))?;
    let mut bytes = Vec::new();
    // A pipe has no size: count what comes.
    (&mut file).take(limit + 1).read_to_end(&mut bytes).map_err(Error::read(path))?;
    if bytes.len() as u64 > limit {
        let size = file.metadata().map(|it| it.len()).unwrap_or(0).max(bytes.len() as u64);
        return Err(Error::TooLarge { path: shown, bytes: size, limit });
    }
    String::from_utf8(bytes).map_err(|source| Error::Malformed { path: shown, source: source.into() })
}

/// All `*.yaml` and `*.yml` files below a folder (or the one file that is named), by path.
///
/// Hidden files and folders are passed over, and links are not followed, so a folder of maps cannot reach out of itself.
///
/// # Errors
/// When the folder is missing, a file cannot be read or is too large, or there are too many.
pub fn read_maps(folder: &Path) -> Result<Vec<TextFile>, Error> {
    map_paths(folder)?.iter().map(|path| read_map(path)).collect()
}

/// One file of maps.
///
/// # Errors
/// When it cannot be read, is too large, or is no text.
pub fn read_map(path: &Path) -> Result<TextFile, Error> {
    Ok(TextFile { path: path.display().to_string(), text: read_text(path, MAX_TEXT)? })
}

/// Where the maps of a folder are, in the order in which they are read; see [`read_maps`].
///
/// # Errors
/// When the folder is missing or cannot be read, or there are too many.
pub fn map_paths(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    for entry in WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|entry| !hidden(entry)) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            // The cause alone: the message names the path.
            Error::read(&path)(error.into_io_error().unwrap_or_else(|| std::io::Error::other("a link leads back")))
        })?;
        let is_yaml = entry.path().extension().is_some_and(|end| end == "yaml" || end == "yml");
        let is_file = entry.file_type().is_file() || (entry.depth() == 0 && entry.path().is_file());
        if !is_file || !(is_yaml || entry.depth() == 0) {
            continue;
        }
        if files.len() == MAX_MAPS {
            let (path, limit) = (folder.display().to_string(), MAX_MAPS as u64);
            return Err(Error::TooManyFiles { path, limit });
        }
        files.push(entry.into_path());
    }
    files.sort_by_cached_key(|path| path.display().to_string());
    Ok(files)
}

/// The files of a list of check sums (`SHA512SUMS`).
///
/// # Errors
/// When it cannot be read or a line is none of such a list.
pub fn read_sums(path: &Path) -> Result<Vec<DownloadFile>, Error> {
    let text = read_text(path, MAX_SUMS)?;
    DownloadFile::from_sums(&text)
        .map_err(|source| Error::Malformed { path: path.display().to_string(), source: source.into() })
}

/// Hashes the archives (`*.tar.gz`, `*.tgz`, `*.zip`) that lie directly in a folder, by name.
///
/// # Errors
/// When the folder or a file cannot be read.
pub async fn hash_archives(folder: &Path) -> Result<Vec<DownloadFile>, Error> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::read(folder))? {
        let path = entry.map_err(Error::read(folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_file() && [".tar.gz", ".tgz", ".zip"].iter().any(|end| name.ends_with(end)) {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Malformed {
            path: path.display().to_string(),
            source,
        };
        let nothing_to_tell = artifact_publish::Progress::default();
        let digests =
            artifact_publish::hash_file(&path, &nothing_to_tell).await.map_err(|error| failed(error.into()))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        files.push(DownloadFile::new(name, digests.sha512.to_string()).map_err(|error| failed(error.into()))?);
    }
    Ok(files)
}

/// The files of a release, from wherever their check sums can be had: a folder of archives, a list of check sums, or a bucket
/// (`file:` URL), which holds the list as `<tag>/SHA512SUMS`.
///
/// # Errors
/// When the place cannot be read, or holds no such list.
pub async fn download_files(place: &str, tag: &str) -> Result<Vec<DownloadFile>, Error> {
    if place.starts_with("file:") || place.contains("://") {
        let url =
            Url::parse(place).map_err(|source| Error::Malformed { path: place.to_owned(), source: source.into() })?;
        let shown = format!("{}/{tag}/SHA512SUMS", place.trim_end_matches('/'));
        let failed = |source| Error::Bucket { object: shown.clone(), source };
        let bucket = Bucket::open(&url).map_err(failed)?;
        let name = format!("{tag}/SHA512SUMS").parse().map_err(|source: artifact_publish::BadName| {
            Error::Malformed { path: shown.clone(), source: source.into() }
        })?;
        let object = bucket.read(&name, MAX_SUMS).await.map_err(failed)?;
        let object = object.ok_or_else(|| Error::NoObject { object: shown.clone() })?;
        let text = String::from_utf8_lossy(&object.bytes);
        return DownloadFile::from_sums(&text)
            .map_err(|source| Error::Malformed { path: shown, source: source.into() });
    }
    let path = Path::new(place);
    if path.is_dir() { hash_archives(path).await } else { read_sums(path) }
}

#[derive(Deserialize)]
struct ArchiveImage {
    #[serde(rename = "RepoTags", default)]
    tags: Option<Vec<String>>,
}

/// The images of a build folder: names with their architectures, from the tags in `release-images/<arch>/*.tar`. The registry is
/// taken off, and `-<arch>` at the end of a name too. Empty without such a folder.
///
/// # Errors
/// When an archive cannot be read or holds no list of images.
pub fn read_images(build: &Path) -> Result<BTreeMap<String, BTreeSet<String>>, Error> {
    let root = build.join("release-images");
    let mut images: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    if !root.is_dir() {
        return Ok(images);
    }
    for entry in WalkDir::new(&root).min_depth(2).max_depth(2).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::read(&root)(error.into()))?;
        let path = entry.path();
        let arch = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        if !entry.file_type().is_file() || path.extension().is_none_or(|end| end != "tar") {
            continue;
        }
        for tag in archive_tags(path)? {
            let repository = tag.rsplit_once(':').map_or(tag.as_str(), |(repository, _)| repository);
            let name = repository.rsplit('/').next().unwrap_or(repository);
            let name = name.strip_suffix(&format!("-{arch}")).unwrap_or(name);
            images.entry(name.to_owned()).or_default().insert(arch.to_owned());
        }
    }
    Ok(images)
}

fn archive_tags(path: &Path) -> Result<Vec<String>, Error> {
    let malformed = |source: Box<dyn std::error::Error + Send + Sync>| Error::Malformed {
        path: path.display().to_string(),
        source,
    };
    let mut archive = tar::Archive::new(File::open(path).map_err(Error::read(path))?);
    for entry in archive.entries_with_seek().map_err(Error::read(path))? {
        let entry = entry.map_err(Error::read(path))?;
        if entry.path().is_ok_and(|name| name == Path::new("manifest.json")) {
            let images: Vec<ArchiveImage> =
                serde_json::from_reader(entry.take(MAX_TEXT)).map_err(|error| malformed(error.into()))?;
            return Ok(images.into_iter().flat_map(|image| image.tags.unwrap_or_default()).collect());
        }
    }
    Err(malformed("it holds no `manifest.json`, so it is no archive of images".into()))
}
