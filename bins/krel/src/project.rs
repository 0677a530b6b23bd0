//! What nearly every command needs: the configuration, the work folder, the runner.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use cli_kit::{Exit, Failure, OrExit, Shell, env};
use github_client::{Auth, GithubClient, Mode as RecordingMode, Recording};
use jiff::Timestamp;
use release_flow::{
    Runner,
    config::{FILE_NAME, Loaded},
    host,
    places::Mode,
};
use release_journal::{Clock, ProgressSink};
use secrecy::SecretString;
use secret_redactor::{Redactor, names_secret};

use crate::failure::fail;

/// Where the project is
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ProjectArgs {
    /// The project's release.yaml; by default the one in this folder or a folder above it
    #[arg(long, value_name = "FILE", env = "KREL_CONFIG", help_heading = "Project")]
    config: Option<PathBuf>,
    /// Folder for clones, build results and logs
    #[arg(long, value_name = "DIR", env = "KREL_WORK", help_heading = "Project")]
    work: Option<PathBuf>,
}

impl ProjectArgs {
    pub(crate) fn of(config: PathBuf, work: PathBuf) -> Self {
        Self { config: Some(config), work: Some(work) }
    }

    /// Reads the configuration.
    pub(crate) fn load(&self) -> Result<Loaded, Failure> {
        let path = match &self.config {
            Some(path) => path.clone(),
            None => find()?,
        };
        Loaded::read(&path).map_err(|error| fail(error.into()))
    }

    /// The work folder of the project: given, or in the user's cache.
    pub(crate) fn work(&self, project: &str) -> Result<PathBuf, Failure> {
        let base = match &self.work {
            Some(work) => work.clone(),
            None => cache()?.join(project),
        };
        std::path::absolute(base).or_exit(Exit::Usage)
    }

    pub(crate) fn runner(&self, shell: &Shell, project: &str) -> Result<Runner, Failure> {
        self.runner_with(shell, project, shell.sink())
    }

    fn runner_with(&self, shell: &Shell, project: &str, sink: Arc<dyn ProgressSink>) -> Result<Runner, Failure> {
        let sink = crate::act::with_fault(sink)?;
        let redactor = redactor()?;
        let runner = Runner::new(self.work(project)?, shell.operator(), host(), redactor, sink, shell.interrupt());
        let runner = match fixed_date()? {
            Some(date) => runner.with_dates(Clock::from_fn(move || date)),
            None => runner,
        };
        Ok(match github()? {
            Some(client) => runner.with_github(client),
            None => runner,
        })
    }
}

/// Real targets or test targets
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ModeArgs {
    /// Use the production places instead of the mock places; whoever changes something there needs an approval
    #[arg(long)]
    nomock: bool,
}

impl ModeArgs {
    pub(crate) fn mode(self) -> Mode {
        if self.nomock { Mode::Nomock } else { Mode::Mock }
    }
}

/// The release.yaml in this folder or the nearest one above it.
fn find() -> Result<PathBuf, Failure> {
    let here = std::env::current_dir().or_exit(Exit::Usage)?;
    let found = here.ancestors().map(|folder| folder.join(FILE_NAME)).find(|path| path.is_file());
    found.ok_or_else(|| {
        Failure::new(Exit::Usage, format!("there is no `{FILE_NAME}` in `{}` or above it", here.display()))
            .hint("write one with `krel config init`, or name one with `--config FILE`")
            .hint("to see a release without a project of your own, run `krel rehearse`")
    })
}

fn cache() -> Result<PathBuf, Failure> {
    cli_kit::env::cache_folder().ok_or_else(|| {
        Failure::new(Exit::Usage, "there is neither `HOME` nor `XDG_CACHE_HOME`")
            .hint("name a work folder with `--work DIR`")
    })
}

/// GitHub, for projects whose notes come from it; only with a token in the environment. What was fetched is kept in the user's cache.
fn github() -> Result<Option<GithubClient>, Failure> {
    let Some(token) = [env::GITHUB_TOKEN, env::GH_TOKEN].into_iter().find_map(env::process) else { return Ok(None) };
    let mut builder = GithubClient::builder()
        .user_agent(concat!("krel/", env!("CARGO_PKG_VERSION")))
        .auth(Auth::token(SecretString::from(token)));
    if let Some(url) = env::process(env::GITHUB_API_URL) {
        builder = builder.base_url(url.parse().or_exit(Exit::Usage)?);
    }
    let recording = Recording::open(&cache()?.join("github")).or_exit(Exit::Usage)?;
    builder.recording(recording, RecordingMode::Cache).build().map(Some).or_exit(Exit::Usage)
}

/// The date of tags and release commits, when `SOURCE_DATE_EPOCH` says one; by itself it is that of the released commit.
pub(crate) fn fixed_date() -> Result<Option<Timestamp>, Failure> {
    let Some(text) = env::process("SOURCE_DATE_EPOCH") else { return Ok(None) };
    let seconds = text.parse::<i64>().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let usage = || Failure::new(Exit::Usage, format!("`SOURCE_DATE_EPOCH` is `{text}`, not a number of seconds"));
    seconds.map(Some).ok_or_else(usage)
}

/// The present, for approvals, embargoes and mails: `SOURCE_DATE_EPOCH` when set, so that everything can be made again to the byte.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    Ok(fixed_date()?.unwrap_or_else(Timestamp::now))
}

/// Takes out of all output what the environment holds as secrets, and what looks like one.
fn redactor() -> Result<Redactor, Failure> {
    let mut builder = Redactor::builder();
    for (name, value) in std::env::vars() {
        if names_secret(&name) && !Path::new(&value).exists() {
            builder = builder.secret(value);
        }
    }
    builder.build().or_exit(Exit::Unexpected)
}
