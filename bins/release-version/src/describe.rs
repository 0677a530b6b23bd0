//! `release-version describe`

use clap::{Args, ValueEnum};
use cli_kit::{Exit, Failure, OrExit, Shell};
use release_version::{BuildVersion, Part, TagPrefix};

use crate::{error::InputError, input, results::DescribedVersion, results::Target};

/// Turn what `git describe` prints into a build version
///
/// Reads the other places that hold a build version as well, see `--from`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  git describe --tags --abbrev=14 | release-version describe
  release-version describe v1.26.3-39-g4a72b34 --as container-tag
  release-version describe --from version-file - <kubernetes/version")]
pub(crate) struct DescribeArgs {
    /// The text; stdin if it is missing or `-`
    text: Option<String>,

    /// Where the text is from
    #[arg(long, value_enum, default_value_t)]
    from: Source,

    /// The form to print
    #[arg(long = "as", value_enum, default_value_t, value_name = "FORM")]
    target: Target,

    /// What stands before the version in the tags of the project, e.g. `api/`
    #[arg(long, default_value = "", hide_default_value = true)]
    tag_prefix: TagPrefix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Source {
    /// `git describe --tags --abbrev=14`, also with `--long` or `--dirty`
    #[default]
    GitDescribe,
    /// The tag of a container image, with `_` for `+`
    ContainerTag,
    /// A `version` file: the version on one line
    VersionFile,
    /// `hack/print-workspace-status.sh`: its line `gitVersion`
    WorkspaceStatus,
}

const NO_TAGS: &str = "in a repository without version tags, the build version is \
     `v0.0.0-$(git rev-list --count HEAD)+$(git rev-parse --short=14 HEAD)`";

pub(crate) async fn run(args: DescribeArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let text = input::argument_or_stdin(args.text, shell).await?;
    let prefix = &args.tag_prefix;
    let text = text.strip_prefix(prefix.as_str()).ok_or_else(|| InputError::prefix(&text, prefix))?;
    let version = match args.from {
        Source::GitDescribe => BuildVersion::from_describe(text).map_err(|error| {
            let no_tags = error.part() == Part::Prefix;
            let failure = Failure::new(Exit::Usage, error);
            if no_tags { failure.hint(NO_TAGS) } else { failure }
        })?,
        Source::ContainerTag => BuildVersion::from_container_tag(text.trim_ascii_end()).or_exit(Exit::Usage)?,
        Source::VersionFile => BuildVersion::from_version_file(text).or_exit(Exit::Usage)?,
        Source::WorkspaceStatus => BuildVersion::from_workspace_status(text).or_exit(Exit::Usage)?,
    };
    shell.result(&DescribedVersion::new(&version, args.target))?;
    Ok(Exit::Done)
}
