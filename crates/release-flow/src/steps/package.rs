//! Everything of a version in one folder, ready to be uploaded: build results, tarballs, texts.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use artifact_publish::{Compression, TarEntry, TarSource, TarballError, TarballOptions, build_tarball};
use release_journal::{Observed, Step, StepId};
use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use super::{id, source::remove, texts};
use crate::{
    Error,
    engine::BuildJob,
    plan::{StageVersion, TarballJob, TarballSource},
    runner::StageContext,
};

/// Fills the folder.
pub(crate) struct Package<'v>(pub(crate) &'v StageVersion);

/// A file to upload, as evidence.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Packed {
    path: String,
    size: u64,
}

/// Why the folder was not filled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum PackageError {
    /// A tarball.
    #[error("cannot make tarball `{name}`")]
    Tarball {
        /// The tarball.
        name: String,
        /// Why.
        source: TarballError,
    },
    /// A tarball wants sources that are not there.
    #[error("tarball `{name}` wants `src/{path}`, which is not in the repository")]
    NoSource {
        /// The tarball.
        name: String,
        /// The path.
        path: String,
    },
    /// Anything else.
    #[error(transparent)]
    Flow(#[from] Error),
}

impl Package<'_> {
    fn part(&self, cx: &StageContext<'_>) -> PathBuf {
        cx.workspace.root().join("publish").join(format!("{}.part", self.0.version))
    }

    /// A result of a build job, which the plan has checked to be there.
    fn result(&self, cx: &StageContext<'_>, job: &str, path: &str) -> PathBuf {
        let job = self.0.jobs.iter().find(|known| known.id == job);
        let folder = job.map_or_else(String::new, BuildJob::build_name);
        cx.workspace.out().join(folder).join(path)
    }

    async fn tarball(&self, cx: &StageContext<'_>, tarball: &TarballJob, sources: &Path) -> Result<(), PackageError> {
        let mut entries = Vec::new();
        for entry in &tarball.entries {
            match &entry.from {
                TarballSource::Result { job, path } => {
                    let file = self.result(cx, job, path);
                    entries.push(file_entry(&entry.to, &file).map_err(Error::work("read", &file))?);
                }
                TarballSource::Source(path) => {
                    let from = if path.is_empty() { sources.to_owned() } else { sources.join(path) };
                    if fs::symlink_metadata(&from).is_err() {
                        return Err(PackageError::NoSource { name: tarball.name.clone(), path: path.clone() });
                    }
                    tree_entries(&entry.to, &from, &mut entries).map_err(Error::work("read", &from))?;
                }
            }
        }
        let options = TarballOptions { mtime: cx.plan.commit_time, compression: Compression::Gzip };
        let step = <Self as Step<StageContext<'_>>>::id(self);
        build_tarball(&self.part(cx).join(&tarball.name), entries, options, &cx.runner.bytes(&step, None))
            .await
            .map_err(|source| PackageError::Tarball { name: tarball.name.clone(), source })?;
        Ok(())
    }
}

impl<'a> Step<StageContext<'a>> for Package<'_> {
    type Output = Vec<Packed>;
    type Error = PackageError;

    fn id(&self) -> StepId {
        id("package", self.0.version)
    }

    async fn observe(&self, cx: &StageContext<'a>) -> Result<Observed<Vec<Packed>>, PackageError> {
        let folder = cx.workspace.publish(self.0);
        if !folder.is_dir() {
            return Ok(Observed::Absent);
        }
        let mut packed = Vec::new();
        for entry in WalkDir::new(&folder).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::work("read", &folder)(error.into()))?;
            if entry.file_type().is_file() {
                let size = entry.metadata().map_err(|error| Error::work("read", entry.path())(error.into()))?.len();
                let path = entry.path().strip_prefix(&folder).unwrap_or(entry.path());
                packed.push(Packed { path: path.to_string_lossy().into_owned(), size });
            }
        }
        Ok(Observed::Done(packed))
    }

    async fn run(&self, cx: &StageContext<'a>) -> Result<(), PackageError> {
        let part = self.part(cx);
        remove(&part)?;
        fs::create_dir_all(&part).map_err(Error::work("create", &part))?;
        for job in &self.0.jobs {
            place_results(job, &cx.workspace.out(), &part)?;
        }
        for name in texts::PUBLISHED {
            place(&cx.workspace.texts(self.0).join(name), &part.join(name))?;
        }
        let sources = cx.workspace.root().join("export").join(self.0.version.to_string());
        let wants_sources =
            |tarball: &TarballJob| tarball.entries.iter().any(|entry| matches!(entry.from, TarballSource::Source(_)));
        if self.0.tarballs.iter().any(wants_sources) {
            // The tree as committed: builds may have written into the clone.
            remove(&sources)?;
            let repository = cx.workspace.open_source()?;
            repository.export_tree(self.0.commit, &sources).await.map_err(Error::git("export the source tree"))?;
        }
        for tarball in &self.0.tarballs {
            self.tarball(cx, tarball, &sources).await?;
        }
        let folder = cx.workspace.publish(self.0);
        fs::rename(&part, &folder).map_err(Error::work("create", &folder))?;
        remove(&sources)?;
        Ok(())
    }
}

fn place_results(job: &BuildJob, out: &Path, part: &Path) -> Result<(), Error> {
    for artifact in &job.artifacts {
        if let Some(publish) = &artifact.publish {
            place(&out.join(job.build_name()).join(&artifact.path), &part.join(publish))?;
        }
    }
    Ok(())
}

/// Puts a file of the work folder at a second path, without reading it where the file system can.
fn place(from: &Path, to: &Path) -> Result<(), Error> {
    let folder = to.parent().unwrap_or(to);
    fs::create_dir_all(folder).map_err(Error::work("create", folder))?;
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::work("find", from)(error)),
        Err(_) => fs::copy(from, to).map(|_| ()).map_err(Error::work("copy", from)),
    }
}

fn file_entry(path: &str, file: &Path) -> io::Result<TarEntry> {
    use std::os::unix::fs::PermissionsExt as _;
    let executable = fs::metadata(file)?.permissions().mode() & 0o111 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    Ok(TarEntry { path: path.to_owned(), source: TarSource::File(file.to_owned()), mode })
}

/// A file, or a folder with all below it. Modes are 755 or 644, whatever the umask was.
fn tree_entries(to: &str, from: &Path, entries: &mut Vec<TarEntry>) -> io::Result<()> {
    for entry in WalkDir::new(from).sort_by_file_name() {
        let entry = entry?;
        let relative = entry.path().strip_prefix(from).unwrap_or(entry.path()).to_string_lossy().into_owned();
        let path = if relative.is_empty() { to.to_owned() } else { format!("{to}/{relative}") };
        if entry.file_type().is_dir() {
            entries.push(TarEntry { path, source: TarSource::Folder, mode: 0o755 });
        } else if entry.file_type().is_symlink() {
            let target = fs::read_link(entry.path())?.to_string_lossy().into_owned();
            entries.push(TarEntry { path, source: TarSource::Symlink(target), mode: 0o777 });
        } else {
            entries.push(file_entry(&path, entry.path())?);
        }
    }
    Ok(())
}
