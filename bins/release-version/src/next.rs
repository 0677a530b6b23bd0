//! `release-version next`

use std::{collections::BTreeSet, path::PathBuf};

use clap::{Args, ValueEnum};
use cli_kit::{Exit, Failure, OrExit, Shell};
use release_version::{
    BranchNames, BranchState, BuildVersion, Bump, Companions, NextRequest, NextVersionError, ParseBranchError, Policy,
    ReleaseBranch, ReleaseKind, ReleaseVersion, StraightOfficial, TagPrefix, next_versions,
};

use crate::{
    error::InputError,
    input,
    results::{NextResult, PlannedTag},
    words::words,
};

/// The first version of a project with plain semver tags, unless it says otherwise.
const FIRST: ReleaseVersion = ReleaseVersion::official(0, 1, 0);

/// Compute the versions a release run tags: the one it is about, then its companions
///
/// Prints the name of each tag, in the order they are made. The answer depends on the arguments alone; compute it once
/// in a run and keep it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  release-version next --type alpha --build-version v1.20.0-alpha.2.1273+0123456789abcd
  release-version next --type rc --branch release-1.19 --new-branch \\
      --build-version v1.19.0-beta.2.847+0123456789abcd
  git tag | release-version next --type official --policy semver --bump minor --existing - \\
      --default-branch main --build-version v0.16.0-3+0123456789abcd

Exit codes: 0 done; 2 bad input, or no such version can follow")]
pub(crate) struct NextArgs {
    /// The kind of release
    #[arg(
        long = "type",
        value_name = "KIND",
        value_parser = words::<ReleaseKind>(ReleaseKind::ALL.iter().map(|kind| kind.as_str()))
    )]
    kind: ReleaseKind,

    /// The build to release, e.g. what `release-version describe` prints
    #[arg(long, alias = "buildversion", value_name = "VERSION")]
    build_version: BuildVersion,

    /// The branch to release from [default: the default branch]
    #[arg(long)]
    branch: Option<String>,

    /// The branch does not exist yet; the run creates it
    #[arg(long)]
    new_branch: bool,

    /// The name of the default branch
    #[arg(long, value_name = "BRANCH", default_value = "master")]
    default_branch: String,

    /// How the project counts its versions
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyName,

    /// A file with the tags there are, one a line, `-` for stdin; what is no version tag of the project is passed over
    #[arg(long, value_name = "FILE")]
    existing: Option<PathBuf>,

    /// A tag there is; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,

    /// The first version of a project without version tags [semver: v0.1.0 if not given]
    #[arg(long, value_name = "VERSION")]
    first: Option<ReleaseVersion>,

    /// kubernetes: what is tagged together with an official release [default: none]
    #[arg(
        long,
        value_name = "RULE",
        value_parser = words::<Companions>(Companions::ALL.iter().map(|rule| rule.as_str()))
    )]
    companions: Option<Companions>,

    /// kubernetes: let vX.Y.0 be made without a release candidate
    #[arg(long)]
    allow_straight_official: bool,

    /// semver: which number goes up [default: patch]
    #[arg(long, value_name = "NUMBER", value_parser = words::<Bump>(Bump::ALL.iter().map(|bump| bump.as_str())))]
    bump: Option<Bump>,

    /// semver: what stands before the version in the tags of the project, e.g. `api/`
    #[arg(long, value_name = "PREFIX")]
    tag_prefix: Option<TagPrefix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum PolicyName {
    /// Release branches; the build version decides
    #[default]
    Kubernetes,
    /// Plain semver tags on the default branch; the tags decide
    Semver,
}

pub(crate) async fn run(args: NextArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let policy = policy(&args)?;
    let branch = branch(&args)?;
    let existing = existing(&args, &policy, shell).await?;
    let request = NextRequest::new(args.kind, &branch, &args.build_version)
        .with_state(if args.new_branch { BranchState::New } else { BranchState::Exists })
        .with_bump(args.bump.unwrap_or_default())
        .with_existing(&existing);
    let versions = next_versions(&policy, &request).map_err(|error| refused(error, args.policy))?;
    let versions = versions
        .in_order()
        .iter()
        .map(|planned| PlannedTag { tag: policy.tag_name(&planned.version), planned: planned.clone() })
        .collect();
    shell.result(&NextResult { build_version: args.build_version, versions })?;
    Ok(Exit::Done)
}

/// Flags of the other policy are refused: passing over them would answer another question than was asked.
fn policy(args: &NextArgs) -> Result<Policy, Failure> {
    let foreign: [(&'static str, bool); 2] = match args.policy {
        PolicyName::Kubernetes => [("--bump", args.bump.is_some()), ("--tag-prefix", args.tag_prefix.is_some())],
        PolicyName::Semver => {
            [("--companions", args.companions.is_some()), ("--allow-straight-official", args.allow_straight_official)]
        }
    };
    if let Some((flag, _)) = foreign.into_iter().find(|(_, given)| *given) {
        let policy = match args.policy {
            PolicyName::Kubernetes => "kubernetes",
            PolicyName::Semver => "semver",
        };
        return Err(InputError::NotInPolicy { flag, policy }.into());
    }
    Ok(match args.policy {
        PolicyName::Kubernetes => Policy::Branches {
            companions: args.companions.unwrap_or_default(),
            straight_official: if args.allow_straight_official {
                StraightOfficial::Allow
            } else {
                StraightOfficial::Refuse
            },
            first: args.first,
        },
        PolicyName::Semver => Policy::SemVer {
            path_prefix: args.tag_prefix.clone().unwrap_or_default(),
            first: args.first.unwrap_or(FIRST),
        },
    })
}

fn branch(args: &NextArgs) -> Result<ReleaseBranch, Failure> {
    let prefix = BranchNames::default().prefix().to_owned();
    let names = BranchNames::new(args.default_branch.as_str(), prefix).or_exit(Exit::Usage)?;
    let Some(name) = &args.branch else { return Ok(names.default_branch()) };
    names.parse(name).map_err(|error| {
        let unknown = matches!(error, ParseBranchError::Unknown { .. });
        let failure = Failure::new(Exit::Usage, error);
        if unknown { failure.hint("`--default-branch` says how the default branch is called") } else { failure }
    })
}

async fn existing(args: &NextArgs, policy: &Policy, shell: &Shell) -> Result<BTreeSet<ReleaseVersion>, Failure> {
    let mut existing = BTreeSet::new();
    if let Some(path) = &args.existing {
        existing = policy.versions(input::file_or_stdin(path, shell).await?.lines());
    }
    let prefix = args.tag_prefix.clone().unwrap_or_default();
    for tag in &args.tag {
        let version = tag.strip_prefix(prefix.as_str()).ok_or_else(|| InputError::prefix(tag, &prefix))?;
        let version = version.parse().map_err(|source| InputError::Tag { tag: tag.clone(), source })?;
        existing.insert(version);
    }
    Ok(existing)
}

fn refused(error: NextVersionError, policy: PolicyName) -> Failure {
    let hint = match &error {
        NextVersionError::KindNotOnBranch { .. } if policy == PolicyName::Semver => {
            Some("with `--policy semver`, releases are cut from the default branch only")
        }
        NextVersionError::KindNotOnBranch { .. } => {
            Some("alpha and beta are cut from the default branch, rc and official from `--branch release-X.Y`")
        }
        NextVersionError::OfficialOnNewBranch { .. } => Some("cut a release candidate first: `--type rc`"),
        NextVersionError::NoCandidate { .. } => {
            Some("cut a release candidate first: `--type rc`; or take `--allow-straight-official`")
        }
        NextVersionError::NoFirstVersion { .. } => Some("`--first VERSION` names it"),
        NextVersionError::Dirty { .. } => Some("commit the changes and build again"),
        _ => None,
    };
    let failure = Failure::new(Exit::Usage, error);
    hint.into_iter().fold(failure, Failure::hint)
}
