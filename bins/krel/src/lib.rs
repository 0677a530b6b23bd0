#![doc = include_str!("../README.md")]

mod act;
mod announce;
mod apply;
mod config;
mod docs;
mod doctor;
mod failure;
mod list;
mod plan;
mod project;
mod rehearse;
mod release;
mod reset;
mod resume;
mod stage;
mod status;
mod verify;

use cli_kit::{Command, Exit, Failure, Shell};

/// Cut releases: stage, release, announce, or rehearse all of it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel rehearse                                  cut a release of a sample project on this machine
  krel config init                               write a release.yaml to start from
  krel stage --type alpha                        build the head of the default branch for the mock places
  krel stage --type alpha --nomock --plan        show what a real stage would do
  krel release --build-version v1.2.0-alpha.0.4+0123456789abcd --nomock --approve FINGERPRINT
  krel verify v1.2.0-alpha.1 --nomock            compare everything with everything")]
pub struct KrelArgs {
    #[command(subcommand)]
    command: Krel,
}

#[derive(Debug, clap::Subcommand)]
enum Krel {
    Rehearse(rehearse::RehearseArgs),
    Stage(stage::StageArgs),
    Release(release::ReleaseArgs),
    Announce(announce::AnnounceArgs),
    Plan(plan::PlanArgs),
    Apply(apply::ApplyArgs),
    Resume(resume::ResumeArgs),
    Status(status::StatusArgs),
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
    Doctor(doctor::DoctorArgs),
    #[command(name = "reset-mock")]
    ResetMock(reset::ResetMockArgs),
    Config(config::ConfigArgs),
    #[command(name = "release-version")]
    ReleaseVersion(release_version_cli::ReleaseVersionArgs),
    #[command(name = "release-notes")]
    ReleaseNotes(release_notes::ReleaseNotesArgs),
    Changelog(changelog::ChangelogArgs),
    Cve(cve::CveArgs),
    Completions(docs::CompletionsArgs),
    Man(docs::ManArgs),
}

impl Command for KrelArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.command {
            Krel::Rehearse(args) => args.run(shell).await,
            Krel::Stage(args) => args.run(shell).await,
            Krel::Release(args) => args.run(shell).await,
            Krel::Announce(args) => args.run(shell).await,
            Krel::Plan(args) => args.run(shell).await,
            Krel::Apply(args) => args.run(shell).await,
            Krel::Resume(args) => args.run(shell).await,
            Krel::Status(args) => args.run(shell).await,
            Krel::List(args) => args.run(shell).await,
            Krel::Verify(args) => args.run(shell).await,
            Krel::Doctor(args) => args.run(shell).await,
            Krel::ResetMock(args) => args.run(shell).await,
            Krel::Config(args) => args.run(shell).await,
            Krel::ReleaseVersion(args) => args.run(shell).await,
            Krel::ReleaseNotes(args) => Box::pin(args.run(shell)).await,
            Krel::Changelog(args) => Box::pin(args.run(shell)).await,
            Krel::Cve(args) => Box::pin(args.run(shell)).await,
            Krel::Completions(args) => args.run(shell).await,
            Krel::Man(args) => args.run(shell).await,
        }
    }
}
