//! What a run needs, looked at before anything slow.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Serialize;

use crate::{
    Error,
    config::{Config, ContainerEngine, IdentityConfig},
    engine::find_engine,
    observe::{missing_local_repository, remote_refs},
    places::Places,
    plan::{StagePlan, human_bytes},
    runner::Runner,
};

/// How a prerequisite stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Health {
    /// Fine.
    Ok,
    /// A run would work; look at it all the same.
    Warn,
    /// A run would fail.
    Fail,
}

/// One prerequisite.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Prerequisite {
    /// What was looked at.
    pub subject: String,
    /// How it stands.
    pub health: Health,
    /// What was found.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Prerequisite {
    /// A prerequisite that was looked at; `advice` goes with anything but [`Health::Ok`].
    pub fn new(subject: impl Into<String>, health: Health, detail: impl Into<String>, advice: Option<&str>) -> Self {
        Self { subject: subject.into(), health, detail: detail.into(), advice: advice.map(str::to_owned) }
    }
}

/// Looks at everything that a stage run and the release after it need on this machine and at the places.
pub async fn examine(config: &Config, at: &Places, runner: &Runner) -> Vec<Prerequisite> {
    let work = &runner.work;
    let mut out = vec![git(), disk(work, config.build.disk_gib.unwrap_or(1)), identity(&config.identity)];
    out.extend(containers(config.build.groups.iter().filter_map(|group| Some(group.container.as_ref()?.engine))));
    out.extend(config.notes.pull_requests.as_deref().and_then(|from| github(from, runner)));
    out.extend(places(at).await);
    out
}

/// The prerequisites that fail, as one error.
///
/// # Errors
/// [`Error::Prerequisites`] names all of them.
pub(crate) async fn require(plan: &StagePlan, runner: &Runner) -> Result<(), Error> {
    let work = &runner.work;
    let jobs = plan.versions.iter().flat_map(|version| &version.jobs);
    let mut all = vec![git(), disk(work, plan.disk_gib)];
    all.extend(containers(jobs.filter_map(|job| Some(job.container.as_ref()?.engine))));
    all.extend(plan.notes.pull_requests.as_ref().and_then(|from| github(from.as_str(), runner)));
    all.extend(places(&plan.places).await);
    let failed: Vec<String> = all
        .into_iter()
        .filter(|one| one.health == Health::Fail)
        .map(|one| format!("{}: {}", one.subject, one.detail))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Error::Prerequisites { failed }) }
}

fn git() -> Prerequisite {
    let output = std::process::Command::new("git").arg("--version").stdin(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            Prerequisite::new("git", Health::Ok, text, None)
        }
        Ok(output) => Prerequisite::new("git", Health::Fail, output.status.to_string(), Some("repair git")),
        Err(error) => Prerequisite::new("git", Health::Fail, error.to_string(), Some("install git")),
    }
}

fn disk(work: &Path, wanted_gib: u64) -> Prerequisite {
    let subject = format!("disk at `{}`", work.display());
    // The folder may not be there yet: ask the first parent that is.
    let existing = work.ancestors().find(|path| path.exists()).map_or_else(|| PathBuf::from("/"), Path::to_owned);
    match rustix::fs::statvfs(&existing) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let detail = format!("{} free, {wanted_gib} GiB wanted", human_bytes(free));
            if free >= wanted_gib.saturating_mul(1 << 30) {
                Prerequisite::new(subject, Health::Ok, detail, None)
            } else {
                let advice = Some("free some space, choose another folder with `--work`, or lower `build.disk_gib`");
                Prerequisite::new(subject, Health::Fail, detail, advice)
            }
        }
        Err(error) => Prerequisite::new(subject, Health::Fail, error.to_string(), Some("choose another `--work`")),
    }
}

fn identity(identity: &IdentityConfig) -> Prerequisite {
    let detail = format!("{} <{}>", identity.name, identity.email);
    let default = IdentityConfig::default();
    if identity.email == default.email {
        let advice = Some("set `identity` in release.yaml to whom your tags should come from");
        return Prerequisite::new("git identity", Health::Warn, detail, advice);
    }
    Prerequisite::new("git identity", Health::Ok, detail, None)
}

fn containers(engines: impl Iterator<Item = Option<ContainerEngine>>) -> Vec<Prerequisite> {
    let mut wanted: Vec<_> = engines.collect();
    wanted.sort();
    wanted.dedup();
    wanted
        .into_iter()
        .map(|engine| match find_engine(engine) {
            Some(found) => Prerequisite::new("container engine", Health::Ok, format!("{found:?}"), None),
            None => Prerequisite::new(
                "container engine",
                Health::Fail,
                engine.map_or_else(|| "none of docker, podman, buildah".to_owned(), |engine| format!("no {engine:?}")),
                Some("install one, or build without `container`"),
            ),
        })
        .collect()
}

/// Notes that come from GitHub need a way there; whether the token will do, the first request tells.
fn github(from: &str, runner: &Runner) -> Option<Prerequisite> {
    let repository = from.strip_prefix("github:")?;
    let subject = format!("pull requests of `{repository}`");
    Some(match &runner.github {
        Some(_) => Prerequisite::new(subject, Health::Ok, "a token is there", None),
        None => Prerequisite::new(
            subject,
            Health::Fail,
            "there is no token for GitHub; `GITHUB_TOKEN` is not set",
            Some("set `GITHUB_TOKEN`"),
        ),
    })
}

async fn places(places: &Places) -> Vec<Prerequisite> {
    let mut out = Vec::new();
    let advice = Some("see that the address is right and that you may write there");
    let bucket = match places.open_bucket() {
        Ok(bucket) => bucket.check_writable().await.map_err(|error| chain(&error)),
        Err(error) => Err(chain(&error)),
    };
    out.push(judged(format!("bucket `{}`", places.bucket), bucket, "writable", advice));
    let git = if missing_local_repository(&places.git) {
        Ok("not there yet; the first push makes it".to_owned())
    } else {
        match remote_refs(places).await {
            Ok(refs) => Ok(format!("{} refs", refs.len())),
            Err(error) => Err(chain(&error)),
        }
    };
    let subject = format!("git remote `{}`", places.git);
    out.push(match git {
        Ok(detail) => Prerequisite::new(subject, Health::Ok, detail, None),
        Err(detail) => Prerequisite::new(subject, Health::Fail, detail, advice),
    });
    for (name, url) in [("forge", &places.forge), ("outbox", &places.outbox)] {
        let checked = match artifact_publish::Bucket::open(url) {
            Ok(folder) => folder.check_writable().await.map_err(|error| chain(&error)),
            Err(error) => Err(chain(&error)),
        };
        out.push(judged(format!("{name} `{url}`"), checked, "writable", advice));
    }
    out
}

fn judged(subject: String, result: Result<(), String>, fine: &str, advice: Option<&str>) -> Prerequisite {
    match result {
        Ok(()) => Prerequisite::new(subject, Health::Ok, fine, None),
        Err(detail) => Prerequisite::new(subject, Health::Fail, detail, advice),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
