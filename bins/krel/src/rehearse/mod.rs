//! A whole release on one machine: mock stage, mock release, stage, release, announce, verify.

mod report;
mod sample;

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    time::Instant,
};

use artifact_publish::Depth;
use cli_kit::{Command, Exit, Failure, OrExit, Shell};
use git_repo::{CloneOptions, GitRemote, GitRepo, Layout};
use release_flow::{
    AnnounceRequest, Applied, ReleaseRequest, Rules, Runner, StageRequest, StaleBuild,
    config::{FILE_NAME, Loaded, PlaceSet, PolicyName},
    places::Mode,
    plan::AnyPlan,
    plan_announce, plan_release, plan_stage, reset_mock,
    verify::verify,
};
use release_journal::{Approval, Approved, Plan as _};
use release_version::{Bump, ReleaseKind, ReleaseVersion};

use self::report::{Rehearsal, Row};
use crate::{
    act::run,
    failure::fail,
    project::{ProjectArgs, fixed_date, now},
};

/// Cut releases on this machine, without an account anywhere
///
/// Makes local mock and production places in a folder and goes through mock stage, mock release, stage, release and announce for every
/// kind of release, and verifies all of it at the end. Without --repo it does so for a sample project: a C program with a history of
/// merged pull requests. Production here is a folder like the mock places, and is approved all the same: the rehearsal approves its own
/// plans.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel rehearse
  krel rehearse --types alpha
  krel rehearse --repo ../cri-o --config examples/cri-o/release.yaml --types beta,rc,rc,official,official
  krel rehearse --repo ../cri-o --config examples/cri-o/release.yaml --types beta,official@release-1.36
  krel rehearse --repo . --types official --output json")]
pub(crate) struct RehearseArgs {
    /// Rehearse with this repository instead of the sample project
    #[arg(long, value_name = "PATH")]
    repo: Option<PathBuf>,
    /// The release.yaml to go by; by default the one in the repository
    #[arg(long, value_name = "FILE", requires = "repo")]
    config: Option<PathBuf>,
    /// The kinds of release to cut, in order, each with its branch if need be: `beta,rc,official,official@release-1.0.0`. By default the
    /// whole cycle for the sample project: alpha, beta, the first rc with its branch and the next alpha, rc, official, and a patch; for
    /// another repository one release
    #[arg(long, value_name = "KIND[@BRANCH]", value_delimiter = ',')]
    types: Vec<Wanted>,
    /// The branch of the releases that name none; by default the default branch for alphas and betas, and for the rest the release branch
    /// of the version before
    #[arg(long)]
    branch: Option<String>,
    /// Which number goes up under `policy: semver`
    #[arg(long)]
    bump: Option<Bump>,
    /// Folder for everything; must be empty or not there. By default a new folder for temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A release to cut.
#[derive(Debug, Clone)]
struct Wanted {
    kind: ReleaseKind,
    branch: Option<String>,
}

impl From<ReleaseKind> for Wanted {
    fn from(kind: ReleaseKind) -> Self {
        Self { kind, branch: None }
    }
}

impl FromStr for Wanted {
    type Err = <ReleaseKind as FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('@') {
            Some((kind, branch)) => Ok(Self { kind: kind.parse()?, branch: Some(branch.to_owned()) }),
            None => Ok(text.parse::<ReleaseKind>()?.into()),
        }
    }
}

/// The cuts of a minor release; the last official one is a patch.
const CYCLE: [ReleaseKind; 6] = [
    ReleaseKind::Alpha,
    ReleaseKind::Beta,
    ReleaseKind::Rc,
    ReleaseKind::Rc,
    ReleaseKind::Official,
    ReleaseKind::Official,
];

impl Command for RehearseArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let dir = self.folder()?;
        let loaded = match &self.repo {
            None => {
                sample::make(&dir).or_exit(Exit::Unexpected)?;
                Loaded::read(&dir.join(FILE_NAME)).map_err(|error| fail(error.into()))?
            }
            Some(repo) => self.prepare(repo, &dir).await?,
        };
        shell.note(format!("rehearsing {} in {}", loaded.config.project.name, dir.display()));
        let project = ProjectArgs::of(loaded.path.clone(), dir.join("work"));
        let runner = project.runner(shell, &loaded.config.project.name)?;
        let mut cut = Cut { loaded: &loaded, runner: &runner, shell, rows: Vec::new() };
        let mut released = Vec::new();
        for (index, wanted) in self.wanted(&loaded).into_iter().enumerate() {
            let branch = self.branch_of(&wanted, &released, &loaded);
            if let (None, Some(branch)) = (&self.repo, &branch) {
                begins_somewhere(branch, &released, &loaded)?;
            }
            if self.repo.is_none() && index > 0 {
                sample::develop(&dir, index, branch.as_deref()).or_exit(Exit::Unexpected)?;
            }
            released.push(cut.make(index, wanted.kind, branch, self.bump).await?);
        }
        let mut good = true;
        for (index, version) in released.iter().enumerate() {
            let started = Instant::now();
            let verification = verify(&loaded, version, Mode::Nomock, Depth::Bytes).await.map_err(fail)?;
            good &= verification.is_good();
            cut.rows.push(Row::verified(index, *version, &verification, started.elapsed()));
        }
        let rows = cut.rows;
        let last = released.last().copied();
        shell.result(&Rehearsal::new(good, rows, dir, &loaded, last))?;
        Ok(if good { Exit::Done } else { Exit::Difference })
    }
}

impl RehearseArgs {
    /// The folder, made and empty.
    fn folder(&self) -> Result<PathBuf, Failure> {
        let Some(dir) = &self.dir else {
            let made = tempfile::Builder::new().prefix("krel-rehearsal-").tempdir().or_exit(Exit::Unexpected)?;
            return Ok(made.keep());
        };
        std::fs::create_dir_all(dir).or_exit(Exit::Usage)?;
        let empty = std::fs::read_dir(dir).or_exit(Exit::Usage)?.next().is_none();
        if !empty {
            let text = format!("`{}` is not empty", dir.display());
            return Err(Failure::new(Exit::Usage, text).hint("a rehearsal starts in an empty folder"));
        }
        std::path::absolute(dir).or_exit(Exit::Usage)
    }

    fn wanted(&self, loaded: &Loaded) -> Vec<Wanted> {
        match (self.types.is_empty(), &self.repo, loaded.config.versions.policy) {
            (false, _, _) => self.types.clone(),
            (true, None, _) => CYCLE.map(Wanted::from).to_vec(),
            (true, Some(_), PolicyName::Semver) => vec![ReleaseKind::Official.into()],
            (true, Some(_), PolicyName::Kubernetes) => vec![ReleaseKind::Alpha.into()],
        }
    }

    /// The branch of a cut: the one given, or for release candidates and official releases the one of the line at hand.
    fn branch_of(&self, wanted: &Wanted, released: &[ReleaseVersion], loaded: &Loaded) -> Option<String> {
        let on_default = loaded.config.versions.policy == PolicyName::Semver
            || matches!(wanted.kind, ReleaseKind::Alpha | ReleaseKind::Beta);
        match (wanted.branch.as_ref().or(self.branch.as_ref()), released.last()) {
            (Some(branch), _) => Some(branch.clone()),
            (None, Some(last)) if !on_default => {
                Some(format!("{}{}", loaded.config.project.release_branch_prefix, last.line()))
            }
            _ => None,
        }
    }

    /// The project's configuration with its source and places exchanged, written into the folder. The production repository begins as a
    /// copy of the source and is the source from then on, as a project's remote is.
    async fn prepare(&self, repo: &Path, dir: &Path) -> Result<Loaded, Failure> {
        let repo = std::path::absolute(repo).or_exit(Exit::Usage)?;
        let path = self.config.clone().unwrap_or_else(|| repo.join(FILE_NAME));
        let loaded = Loaded::read(&path).map_err(|error| fail(error.into()))?;
        let mut config = loaded.config.clone();
        config.project.source = "production/repository.git".to_owned();
        config.places.mock = places("mock");
        config.places.production = places("production");
        if let Some(pulls) = &config.notes.pull_requests {
            let relative = pulls.strip_prefix("file:").unwrap_or(pulls);
            if !relative.starts_with("//") {
                config.notes.pull_requests = Some(format!("file:{}", loaded.folder.join(relative).display()));
            }
        }
        for image in &mut config.images {
            let base = loaded.folder.join(&image.base);
            if image.base != "scratch" && image.archive.is_none() {
                image.base = std::path::absolute(base).or_exit(Exit::Usage)?.display().to_string();
            }
        }
        let production = dir.join("production");
        std::fs::create_dir_all(&production).or_exit(Exit::Unexpected)?;
        let git = |error: git_repo::Error| Failure::new(Exit::Usage, error);
        let source = GitRemote::from_path(&repo).map_err(git)?;
        let bare = CloneOptions::new(Layout::Bare);
        let copy = GitRepo::clone_from(&source, production.join("repository.git"), bare).await.map_err(git)?;
        let missing = remote_branches(&repo, &copy, &Rules::of(&config).map_err(fail)?).map_err(git)?;
        if !missing.is_empty() {
            let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
            copy.fetch(&source, &missing).await.map_err(git)?;
        }
        let copy = dir.join(FILE_NAME);
        let text = config.to_yaml().map_err(|error| fail(error.into()))?;
        std::fs::write(&copy, text).or_exit(Exit::Unexpected)?;
        Loaded::read(&copy).map_err(|error| fail(error.into()))
    }
}

/// A branch for an urgent fix begins at a release; in the sample project that must have been cut before.
fn begins_somewhere(branch: &str, released: &[ReleaseVersion], loaded: &Loaded) -> Result<(), Failure> {
    let begin = Rules::of(&loaded.config).and_then(|rules| rules.branch(Some(branch))).map_err(fail)?.branch_point();
    match begin {
        Some(version) if !released.contains(&version) => {
            let text = format!("`{branch}` begins at {version}, which this rehearsal has not cut");
            let hint = format!(
                "cut {version} first, as `krel rehearse --types beta,rc,official,official@release-1.0.0` does with v1.0.0"
            );
            Err(Failure::new(Exit::Usage, text).hint(hint))
        }
        _ => Ok(()),
    }
}

/// What to fetch for the branches of the project that somebody's clone knows of and has not checked out.
fn remote_branches(repo: &Path, copy: &GitRepo, rules: &Rules) -> Result<Vec<String>, git_repo::Error> {
    const TRACKING: &str = "refs/remotes/origin/";
    let known = copy.refs("refs/heads/")?;
    let tracking = GitRepo::open(repo)?.refs(TRACKING)?;
    let names = tracking.keys().filter_map(|name| name.as_str().strip_prefix(TRACKING));
    let missing = names.filter(|name| {
        rules.branch(Some(name)).is_ok() && !known.keys().any(|head| head.as_str() == format!("refs/heads/{name}"))
    });
    Ok(missing.map(|name| format!("+{TRACKING}{name}:refs/heads/{name}")).collect())
}

fn places(set: &str) -> PlaceSet {
    PlaceSet {
        bucket: format!("file:{set}/bucket"),
        git: format!("{set}/repository.git"),
        forge: format!("file:{set}/forge"),
        outbox: format!("file:{set}/outbox"),
        registry: Some(format!("file:{set}/registry")),
    }
}

/// The runs of a rehearsal so far.
struct Cut<'a> {
    loaded: &'a Loaded,
    runner: &'a Runner,
    shell: &'a mut Shell,
    rows: Vec<Row>,
}

impl Cut<'_> {
    /// One release: rehearsed on fresh mock places, then for real, then announced.
    async fn make(
        &mut self,
        index: usize,
        kind: ReleaseKind,
        branch: Option<String>,
        bump: Option<Bump>,
    ) -> Result<ReleaseVersion, Failure> {
        reset_mock(self.loaded, &self.runner.work).await.map_err(fail)?;
        let mut released = None;
        for mode in [Mode::Mock, Mode::Nomock] {
            let request = StageRequest {
                kind,
                branch: branch.clone(),
                build_version: None,
                mode,
                bump,
                stale: StaleBuild::Refuse,
                date: fixed_date()?,
            };
            released = self.stage_and_release(index, &request).await?;
        }
        let version = released.ok_or_else(|| Failure::new(Exit::Unexpected, "nothing was released"))?;
        let started = Instant::now();
        let request = AnnounceRequest { version, mode: Mode::Nomock };
        let plan = plan_announce(self.loaded, &request).await.map_err(fail)?;
        if let Applied::Announced(announced) = self.apply(AnyPlan::Announce(plan)).await? {
            self.rows.push(Row::announced(index, &announced, started.elapsed()));
        }
        Ok(version)
    }

    async fn stage_and_release(
        &mut self,
        index: usize,
        request: &StageRequest,
    ) -> Result<Option<ReleaseVersion>, Failure> {
        let cache = self.runner.work.join("cache");
        let started = Instant::now();
        let plan = plan_stage(self.loaded, request, &cache, now()?).await.map_err(fail)?;
        let Applied::Staged(staged) = self.apply(AnyPlan::Stage(plan)).await? else { return Ok(None) };
        self.rows.push(Row::staged(index, &staged, started.elapsed()));

        let started = Instant::now();
        let request = ReleaseRequest { build_version: staged.build_version, mode: request.mode };
        let plan = plan_release(self.loaded, &request, &cache).await.map_err(fail)?;
        let Applied::Released(released) = self.apply(AnyPlan::Release(plan)).await? else { return Ok(None) };
        self.rows.push(Row::released(index, &released, started.elapsed()));
        Ok(released.versions.first().copied())
    }

    /// A rehearsal approves its own plans, by fingerprint like anybody else.
    async fn apply(&mut self, plan: AnyPlan) -> Result<Applied, Failure> {
        let fingerprint = plan.fingerprint()?;
        let name = self.shell.operator().to_owned();
        let approval = Approval::typed(fingerprint, &fingerprint.to_string(), &name, now()?)?;
        let approved = Approved::production(plan, approval)?;
        run(&approved, self.runner).await
    }
}
