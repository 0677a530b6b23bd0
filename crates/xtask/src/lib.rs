#![doc = include_str!("../README.md")]

pub mod bench_notes;
pub mod files;
pub mod layers;
pub mod world;

use std::path::PathBuf;

use anyhow::Context as _;
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand, TargetKind};

/// How one package needs another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Part of what is built for users.
    Normal,
    /// For its build script.
    Build,
    /// For tests, examples and benchmarks.
    Dev,
}

/// One package of the workspace, as far as the checks look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// What it needs: names of packages, ours and others.
    pub needs: Vec<(String, Kind)>,
    /// Whether it has a library.
    pub library: bool,
    /// The names of its binaries that `cargo doc` would document.
    pub documented_binaries: Vec<String>,
}

/// The packages of this workspace, as `cargo metadata` lists them, sorted by name.
///
/// # Errors
/// When `cargo metadata` fails.
pub fn workspace() -> anyhow::Result<Vec<Package>> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures)
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .context("cannot read the packages of the workspace")?;
    let mut packages: Vec<Package> = metadata.workspace_packages().into_iter().map(package).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(packages)
}

fn package(package: &cargo_metadata::Package) -> Package {
    let kind = |kind| match kind {
        DependencyKind::Development => Kind::Dev,
        DependencyKind::Build => Kind::Build,
        _ => Kind::Normal,
    };
    let of_kind = |kind: TargetKind| package.targets.iter().filter(move |target| target.kind.contains(&kind));
    Package {
        name: package.name.to_string(),
        folder: package.manifest_path.parent().map(PathBuf::from).unwrap_or_default(),
        needs: package.dependencies.iter().map(|need| (need.name.clone(), kind(need.kind))).collect(),
        library: of_kind(TargetKind::Lib).next().is_some(),
        documented_binaries: of_kind(TargetKind::Bin).filter(|t| t.doc).map(|t| t.name.clone()).collect(),
    }
}
