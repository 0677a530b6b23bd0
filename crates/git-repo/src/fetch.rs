//! Clone, fetch and the list of a remote's refs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gix::credentials::helper::Action;
use gix::credentials::protocol::Outcome;
use gix::remote::Direction;
use gix::remote::fetch::Tags;

use crate::partial::Partial;
use crate::program::{Git, remote_failure};
use crate::repo::{absolute, refuse_taken};
use crate::words::Words;
use crate::{Error, GitRemote, GitRepo, ObjectId, RefName};

/// How to clone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CloneOptions {
    /// With or without files.
    pub layout: Layout,
}

/// Whether a clone has files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layout {
    /// No files; all branches of the remote become branches.
    #[default]
    Bare,
    /// The files of the remote's default branch; its other branches are under `refs/remotes/origin/`.
    WorkTree,
}

impl CloneOptions {
    /// Options for this layout.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }
}

impl GitRemote {
    /// All branches, tags and other refs of the remote, tags not followed.
    ///
    /// # Errors
    /// [`Error::Denied`], [`Error::Unavailable`], [`Error::NoRepository`].
    pub async fn ls_remote(&self) -> Result<BTreeMap<RefName, ObjectId>, Error> {
        let git = Git::new().reaching(self).args(["ls-remote", "--refs", "--quiet", "--"]).arg(self.argument());
        let listing = git.output().await.map_err(|error| remote_failure(self, error))?;
        Ok(String::from_utf8_lossy(&listing)
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .filter_map(|(object, name)| Some((name.parse().ok()?, object.parse().ok()?)))
            .collect())
    }
}

impl GitRepo {
    /// Clones all branches and tags of `source` into `dest`, which must not exist or be an empty folder.
    ///
    /// The clone is made beside `dest` and moved there when it is whole. What an attempt that was killed left over does not matter, and is
    /// removed by a later one, a day after.
    ///
    /// # Errors
    /// [`Error::Exists`] when the place is taken, also by another that was faster; otherwise as [`GitRemote::ls_remote`].
    pub async fn clone_from(source: &GitRemote, dest: impl AsRef<Path>, options: CloneOptions) -> Result<Self, Error> {
        let dest = absolute(dest.as_ref())?;
        refuse_taken(&dest)?;
        let (remote, to) = (source.clone(), dest.clone());
        interruptible(source, move |stop| {
            let partial = Partial::beside(&to)?;
            let words = Words::default();
            clone(&remote, &partial.path(), options.layout, &words, stop)
                .map_err(|error| fetch_failure(&remote, error, &words))?;
            partial.finish()
        })
        .await?;
        Self::open(dest)
    }

    /// Fetches refs by refspecs such as `refs/heads/main:refs/heads/main`, or with a leading `+` to move a ref backwards too.
    ///
    /// # Errors
    /// As [`GitRemote::ls_remote`]; [`Error::Repository`] for a bad refspec, or a ref that could not be moved.
    pub async fn fetch(&self, source: &GitRemote, refspecs: &[&str]) -> Result<(), Error> {
        let refspecs: Vec<String> = refspecs.iter().map(|spec| (*spec).to_owned()).collect();
        let (repo, remote) = (self.clone(), source.clone());
        interruptible(source, move |stop| {
            let mut repo = repo.local();
            let words = Words::default();
            fetch(&mut repo, &remote, &refspecs, &words, stop).map_err(|error| fetch_failure(&remote, error, &words))
        })
        .await
    }
}

/// Runs blocking work on a remote until it ends or its time is up; then, or when the caller loses interest, it is told to stop.
async fn interruptible<T: Send + 'static>(
    remote: &GitRemote,
    work: impl FnOnce(&AtomicBool) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    struct StopOnDrop(Arc<AtomicBool>);
    impl Drop for StopOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    http_kit::install_crypto_provider();
    let stop = Arc::new(AtomicBool::new(false));
    let guard = StopOnDrop(Arc::clone(&stop));
    let task = tokio::task::spawn_blocking(move || work(&stop));
    let ended = tokio::time::timeout(remote.time_limit(), task).await;
    drop(guard);
    match ended {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(Error::repository("run a transfer", error)),
        Err(_elapsed) => Err(Error::Unavailable {
            remote: remote.to_string(),
            detail: format!("the transfer took longer than {} seconds", remote.time_limit().as_secs()),
        }),
    }
}

fn clone(remote: &GitRemote, dest: &Path, layout: Layout, words: &Words, stop: &AtomicBool) -> gix::Result<()> {
    let kind = match layout {
        Layout::Bare => gix::create::Kind::Bare,
        Layout::WorkTree => gix::create::Kind::WithWorktree,
    };
    let url = remote.argument();
    let mut prepared = gix::clone::PrepareFetch::new(url.as_str(), dest, kind, Default::default(), Default::default())?
        .with_in_memory_config_overrides(settings(remote));
    if remote.token().is_some() {
        prepared = prepared.configure_connection(|connection| {
            connection.set_credentials(no_other_credentials);
            Ok(())
        });
    }
    match layout {
        Layout::Bare => {
            prepared.fetch_only(words.clone(), stop)?;
        }
        Layout::WorkTree => {
            let (mut checkout, _outcome) = prepared.fetch_then_checkout(words.clone(), stop)?;
            checkout.main_worktree(words.clone(), stop)?;
        }
    }
    if stop.load(Ordering::Relaxed) { Err(gix::Error::from_error(gix::error::message("stopped"))) } else { Ok(()) }
}

fn fetch(
    repo: &mut gix::Repository,
    remote: &GitRemote,
    specs: &[String],
    words: &Words,
    stop: &AtomicBool,
) -> gix::Result<()> {
    repo.config_snapshot_mut().append_config(settings(remote), gix::config::Source::Api)?;
    repo.committer_or_set_generic_fallback()?;
    let source = repo
        .remote_at(remote.argument().as_str())?
        .with_fetch_tags(Tags::None)
        .with_refspecs(specs.iter().map(String::as_str), Direction::Fetch)?;
    let mut connection = source.connect(Direction::Fetch)?;
    if remote.token().is_some() {
        connection.set_credentials(no_other_credentials);
    }
    let outcome = connection.prepare_fetch(words.clone(), Default::default())?.receive(words.clone(), stop)?;
    let updates = match &outcome.status {
        gix::remote::fetch::Status::NoPackReceived { update_refs, .. }
        | gix::remote::fetch::Status::Change { update_refs, .. } => update_refs,
    };
    for update in &updates.updates {
        use gix::remote::fetch::refs::update::Mode;
        if !matches!(
            update.mode,
            Mode::NoChangeNeeded | Mode::FastForward | Mode::Forced | Mode::New | Mode::ImplicitTagNotSentByRemote
        ) {
            return Err(gix::Error::from_error(gix::error::message!("a ref was not moved: {}", update.mode)));
        }
    }
    Ok(())
}

/// Settings of one transfer, held in memory alone. With a header of its own gix follows no redirect, so the token goes nowhere else.
fn settings(remote: &GitRemote) -> Vec<String> {
    // Nobody sits at the terminal of a release job.
    let mut settings = vec!["gitoxide.credentials.terminalPrompt=false".to_owned()];
    settings.extend(remote.token().map(|token| format!("http.extraHeader=Authorization: {}", token.header())));
    settings
}

/// A token that was refused is not followed by a search for another.
fn no_other_credentials(_action: Action) -> gix::Result<Option<Outcome>> {
    Ok(None)
}

fn fetch_failure(remote: &GitRemote, error: gix::Error, words: &Words) -> Error {
    let name = remote.to_string();
    let mut detail: Vec<String> = error.iter_errors().map(ToString::to_string).collect();
    detail.dedup();
    let detail = detail.join(": ");
    let says = |signs: &[&str]| signs.iter().any(|sign| detail.contains(sign));
    if error.classify().is_permission_denied()
        || error.classify().is_unauthenticated()
        || says(&["status 401", "status 403", "Credentials"])
    {
        Error::Denied { remote: name, detail }
    } else if says(&["does not appear to be a git repository", "valid git directory", "status 404"]) {
        Error::NoRepository { remote: name, detail }
    } else if let Some(complaint) = words.complaint() {
        // A remote that says why it stops knows better than whoever misses the rest of the pack.
        Error::Unavailable { remote: name, detail: format!("it says: {complaint}") }
    } else if error.classify().can_retry_lenient() || says(&["status 5"]) {
        Error::Unavailable { remote: name, detail }
    } else {
        Error::repository(format!("fetch from `{name}`"), error)
    }
}
