//! `release-version markers`

use std::collections::BTreeMap;

use clap::Args;
use cli_kit::{Exit, Failure, OrExit, Shell};
use release_version::{
    BuildVersion, KeepReason, Marker, MarkerDecision, MarkerError, MarkerName, MarkerRoot, decide, markers_for,
};

use crate::{
    error::InputError,
    results::{MarkerLine, Markers},
    words::words,
};

/// Say which markers a version belongs in, and whether they move
///
/// Prints the path of each marker below the bucket. With `--decide` or `--current`, prints what to do in front of the
/// path, `create`, `move`, `repair` or `keep`, and why behind it. Markers move forward only; one that names a version
/// which never belonged there, such as an alpha in `stable`, is repaired. That the folder of the version is there is for
/// the caller to check.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  release-version markers v1.19.0-rc.1
  release-version markers v1.18.9 --current stable=v1.19.0 --current stable-1=v1.19.0 --current stable-1.18=v1.18.8
  release-version markers --root ci --extra k8s-master v1.20.0-alpha.0.121+0123456789abcd
  release-version markers v1.19.0 --decide | while read -r action path why; do echo \"$action: $path\"; done")]
pub(crate) struct MarkersArgs {
    /// The version
    // The id `version` is that of `--version`.
    #[arg(id = "new-version", value_name = "VERSION")]
    version: BuildVersion,

    /// The folder of the markers
    #[arg(
        long,
        value_parser = words::<MarkerRoot>(MarkerRoot::ALL.iter().map(|root| root.as_str())),
        default_value = MarkerRoot::Release.as_str()
    )]
    root: MarkerRoot,

    /// One more marker that names this version, e.g. `k8s-stable1`; may be repeated
    #[arg(long, value_name = "MARKER")]
    extra: Vec<MarkerName>,

    /// Say what to do with each marker; those without `--current` do not exist
    #[arg(long)]
    decide: bool,

    /// What a marker names now, by name or path, e.g. `latest-1.19=v1.19.0-rc.0`; may be repeated; means `--decide`
    #[arg(long, value_name = "MARKER=VERSION")]
    current: Vec<String>,
}

pub(crate) fn run(args: MarkersArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let version = args.version;
    let markers = markers_for(args.root, &version, &args.extra).or_exit(Exit::Usage)?;
    let current = current(&args, &markers)?;
    let decides = args.decide || !current.is_empty();
    let mut lines = Vec::new();
    for marker in markers {
        let decision = if decides {
            let content = current.get(&marker).copied();
            Some(
                decide(&marker, content, &version)
                    .map_err(|source| InputError::Marker { marker: marker.clone(), source })?,
            )
        } else {
            None
        };
        if let Some(MarkerDecision::Keep { reason: reason @ KeepReason::SameOrderOtherCommit { .. } }) = &decision {
            shell.warn(format!("`{marker}` stays: {reason}"));
        }
        lines.push(MarkerLine::new(marker, decision));
    }
    shell.result(&Markers { version, markers: lines })?;
    Ok(Exit::Done)
}

/// The contents that were given. A marker that the version does not belong in is most likely a slip of the pen, and
/// passing over it would make the real one look as if it did not exist.
fn current<'a>(args: &'a MarkersArgs, markers: &[Marker]) -> Result<BTreeMap<Marker, &'a str>, Failure> {
    let mut contents = BTreeMap::new();
    for text in &args.current {
        let (name, content) = text.split_once('=').ok_or_else(|| InputError::NoEquals { text: text.clone() })?;
        let marker = named(name, args.root).or_exit(Exit::Usage)?;
        if !markers.contains(&marker) {
            let known: Vec<String> = markers.iter().map(|marker| format!("`{}`", marker.name)).collect();
            return Err(Failure::from(InputError::ForeignMarker { marker, version: args.version.to_string() })
                .hint(format!("its markers are {}", known.join(", "))));
        }
        if contents.insert(marker.clone(), content).is_some() {
            return Err(InputError::MarkerTwice { marker }.into());
        }
    }
    Ok(contents)
}

fn named(name: &str, root: MarkerRoot) -> Result<Marker, MarkerError> {
    if name.contains('/') { name.parse() } else { Ok(Marker { root, name: name.parse()? }) }
}
