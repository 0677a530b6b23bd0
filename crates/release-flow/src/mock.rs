//! Mock places are for throwing away: emptied, and the repository made a fresh copy of the source.

use std::path::{Path, PathBuf};

use artifact_publish::{Bucket, ObjectPrefix};
use git_repo::{CloneOptions, GitRemote, GitRepo, Layout};
use release_journal::{Lease, LeaseState, list_runs};
use serde::Serialize;
use url::Url;

use crate::{
    Error,
    config::Loaded,
    observe::open_source,
    places::{Mode, Places},
    runner::{host, process_runs},
    stage::places,
    store::BucketStore,
};

/// What a reset threw away.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Reset {
    /// Objects removed from bucket, forge and outbox.
    pub objects: usize,
    /// The repository that is a fresh copy now.
    pub repository: String,
    /// Refs it has.
    pub refs: usize,
}

/// Empties the mock places and copies the source into the mock repository, so that a version can be rehearsed again.
///
/// What mock runs built in `work` goes too: the plan of the next rehearsal may be the same, and it is to build for itself.
///
/// Only mock places: `release.yaml` is refused when one of them is a production place too.
///
/// # Errors
/// [`Error::MockInUse`] while a run holds a lease there; [`Error::MockRemote`] when the repository is not on this machine.
pub async fn reset_mock(loaded: &Loaded, work: &Path) -> Result<Reset, Error> {
    let places: Places = places(loaded, Mode::Mock)?;
    let repository = local_repository(&places)?;
    let bucket = places.open_bucket()?;
    refuse_leases(&bucket).await?;
    for run in list_runs(&BucketStore::new(bucket.clone())).await? {
        crate::steps::source::remove(&work.join(run.as_str()))?;
    }
    let mut objects = empty(&bucket).await?;
    for url in [&places.forge, &places.outbox] {
        objects += empty(&open(url)?).await?;
    }
    if let Ok(registry) = places.open_registry() {
        crate::steps::source::remove(registry.folder())?;
    }
    let (source, _) = open_source(loaded, &work.join("cache")).await?;
    crate::steps::source::remove(&repository)?;
    if let Some(parent) = repository.parent() {
        std::fs::create_dir_all(parent).map_err(Error::work("create", parent))?;
    }
    let from = GitRemote::from_path(source.path()).map_err(Error::git("use the source repository"))?;
    let copy = GitRepo::clone_from(&from, &repository, CloneOptions::new(Layout::Bare))
        .await
        .map_err(Error::git("copy the source repository"))?;
    let refs = copy.refs("refs/").map_err(Error::git("read the refs of the copy"))?.len();
    Ok(Reset { objects, repository: repository.display().to_string(), refs })
}

fn local_repository(places: &Places) -> Result<PathBuf, Error> {
    let path = PathBuf::from(places.git.strip_prefix("file://").unwrap_or(&places.git));
    if path.is_absolute() { Ok(path) } else { Err(Error::MockRemote { remote: places.git.clone() }) }
}

fn open(url: &Url) -> Result<Bucket, Error> {
    Bucket::open(url).map_err(Error::bucket(format!("open `{url}`")))
}

/// A run in progress must not lose the ground under its feet.
async fn refuse_leases(bucket: &Bucket) -> Result<(), Error> {
    let store = BucketStore::new(bucket.clone());
    for subject in release_journal::lease_subjects(&store).await? {
        let current = Lease::current(&store, &subject).await.map_err(release_journal::JournalError::from)?;
        if let Some(record) = current
            && record.state == LeaseState::Held
            && record.expires > jiff::Timestamp::now()
            // Of another machine nothing is known: its runs are taken to be alive.
            && (record.holder.host != host() || process_runs(record.holder.pid))
        {
            return Err(Error::MockInUse { holder: record.holder.to_string() });
        }
    }
    Ok(())
}

async fn empty(bucket: &Bucket) -> Result<usize, Error> {
    let place = || format!("empty `{}`", bucket.url());
    let objects = bucket.list(&ObjectPrefix::root()).await.map_err(Error::bucket(place()))?;
    for info in &objects {
        bucket.remove(&info.name).await.map_err(Error::bucket(place()))?;
    }
    Ok(objects.len())
}
