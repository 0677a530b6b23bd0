#![doc = include_str!("../README.md")]

mod annotation;
mod check;
mod document;
mod draft;
pub mod failure;
mod fix;
mod form;
mod generate;
mod github;
mod original;
mod proposal;
mod range;
mod render;
mod repo;
mod site;
mod source;
mod validate;
mod work;

use cli_kit::{Command, Exit, Failure, Shell};

pub use document::DocumentArgs;
pub use draft::identity;
pub use github::{Account, AccountArgs, GithubArgs};
pub use original::arguments;
pub use proposal::ProposalArgs;
pub use range::RangeArgs;
pub use repo::{RepoArgs, Repository};
pub use source::{EditArgs, InputArgs, ProjectArgs, RuleArgs, Run, SourceArgs, now};

pub use form::write_file;

/// Release notes from pull requests
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  release-notes generate v1.29.0..v1.30.0 --repo ../kubernetes
  release-notes generate v1.2.0.. --titles              no account: titles from git alone
  release-notes check --event \"$GITHUB_EVENT_PATH\"      does this pull request have a note?
  release-notes site notes/ -o index.html               one searchable page

Command lines of the original, which has no verb, are taken as those of `generate`; its `--output FILE` is `--out FILE`.

Exit codes: 0 done, or nothing to do; 2 bad input; 3 refused; 5 the world moved; 6 no token; 7 try later; 9 a check found something")]
pub struct ReleaseNotesArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Generate(generate::GenerateArgs),
    Render(render::RenderArgs),
    Check(check::CheckArgs),
    Validate(validate::ValidateArgs),
    Fix(fix::FixArgs),
    #[command(name = "draft-pr")]
    DraftPr(draft::DraftArgs),
    Apply(proposal::ApplyArgs),
    Site(site::SiteArgs),
}

impl Command for ReleaseNotesArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let reading = shell.reading();
        match self.verb {
            Verb::Generate(args) => reading.run(generate::run(args, shell)).await,
            Verb::Render(args) => reading.run(render::run(args, shell)).await,
            Verb::Check(args) => reading.run(check::run(args, shell)).await,
            Verb::Validate(args) => validate::run(args, shell),
            Verb::Fix(args) => fix::run(args, shell).await,
            Verb::DraftPr(args) => draft::run(args, shell).await,
            Verb::Apply(args) => proposal::run(args, shell).await,
            Verb::Site(args) => site::run(args, shell),
        }
    }
}
