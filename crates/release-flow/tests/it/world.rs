//! A repository, its `release.yaml` and its places.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use release_flow::{
    Applied, Error, ReleaseRequest, Released, Runner, StageRequest, Staged, StaleBuild, apply,
    config::Loaded,
    places::Mode,
    plan::{AnyPlan, StagePlan},
    plan_release, plan_stage,
};
use release_journal::{Approved, Interrupt, NoProgress};
use release_version::Bump;
use secret_redactor::Redactor;
use testkit::GitWorld;

/// A configuration that passes every check.
pub(crate) const CONFIG: &str = r#"project:
  name: hello
  title: Hello
  homepage: https://example.invalid/sample/hello
  source: ../work
  default_branch: main
identity:
  name: Release Bot
  email: release-bot@example.org
build:
  timeout: 1m
  env: {LEVEL: "1"}
  groups:
    - name: hello
      platforms: [linux/amd64]
      command: printf '%s' '{version} {os}-{arch}' > {out}/hello{exe}
      artifacts:
        - {path: "hello{exe}", kind: file}
tarballs:
  - name: hello-{os}-{arch}.tar.gz
    files:
      - {from: "out/hello{exe}", to: "hello-{version}/hello{exe}"}
  - name: hello-src.tar.gz
    files:
      - {from: src/, to: "hello-{version}"}
places:
  mock:
    bucket: file:mock/bucket
    git: mock/repository.git
    forge: file:mock/forge
    outbox: file:mock/outbox
  production:
    bucket: file:production/bucket
    git: production/repository.git
    forge: file:production/forge
    outbox: file:production/outbox
announce:
  from: Release Bot <release-bot@example.org>
  to:
    mock: [rehearsals@example.org]
    production: [announce@example.org]
"#;

pub(crate) const SEMVER: &str = "versions: {policy: semver}\nidentity:";

pub(crate) struct World {
    pub(crate) git: GitWorld,
    pub(crate) loaded: Loaded,
}

impl World {
    /// An empty repository with one commit.
    pub(crate) fn new(config: impl Fn(&str) -> String) -> Self {
        let mut git = GitWorld::new("main");
        git.commit_files("Begin", &[("README.md", "# hello\n")]);
        let folder = git.folder().join("project");
        let loaded = Loaded::parse(&config(CONFIG), &folder.join("release.yaml"), &folder).unwrap();
        Self { git, loaded }
    }

    pub(crate) fn kubernetes() -> Self {
        Self::new(str::to_owned)
    }

    pub(crate) fn semver(versions: &str) -> Self {
        Self::new(|config| config.replace("identity:", &SEMVER.replace("semver", &format!("semver{versions}"))))
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.loaded.folder
    }

    fn work(&self) -> PathBuf {
        self.folder().join("work")
    }

    pub(crate) async fn plan(&self, request: &StageRequest) -> Result<StagePlan, Error> {
        plan_stage(&self.loaded, request, &self.work(), now()).await
    }

    /// The names of the tags of a stage run.
    pub(crate) async fn tags(&self, request: &StageRequest) -> Result<Vec<String>, Error> {
        Ok(self.plan(request).await?.versions.into_iter().map(|version| version.tag).collect())
    }

    pub(crate) fn runner(&self) -> Runner {
        let redactor = Redactor::builder().build().unwrap();
        Runner::new(self.work(), "tester", "here", redactor, Arc::new(NoProgress), Interrupt::new())
    }

    pub(crate) async fn apply(&self, plan: AnyPlan) -> Result<Applied, Error> {
        apply(&Approved::mock(plan).unwrap(), &self.runner()).await
    }

    pub(crate) async fn stage(&self, plan: StagePlan) -> Result<Staged, Error> {
        match self.apply(AnyPlan::Stage(plan)).await? {
            Applied::Staged(staged) => Ok(staged),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn release(&self, staged: &Staged) -> Result<Released, Error> {
        let request = ReleaseRequest { build_version: staged.build_version, mode: Mode::Mock };
        let plan = plan_release(&self.loaded, &request, &self.work()).await?;
        match self.apply(AnyPlan::Release(plan)).await? {
            Applied::Released(released) => Ok(released),
            other => panic!("{other:?}"),
        }
    }
}

/// The present, for embargoes.
pub(crate) fn now() -> Timestamp {
    "2026-02-03T04:05:06Z".parse().unwrap()
}

/// A mock stage of the head of the default branch.
pub(crate) fn request(kind: &str) -> StageRequest {
    StageRequest {
        kind: kind.parse().unwrap(),
        branch: None,
        build_version: None,
        mode: Mode::Mock,
        bump: None,
        stale: StaleBuild::Refuse,
        date: None,
    }
}

pub(crate) fn on(kind: &str, branch: &str) -> StageRequest {
    StageRequest { branch: Some(branch.to_owned()), ..request(kind) }
}

pub(crate) fn bump(bump: Bump) -> StageRequest {
    StageRequest { bump: Some(bump), ..request("official") }
}
