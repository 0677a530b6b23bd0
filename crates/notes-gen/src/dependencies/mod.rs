//! What a release is built from, compared with the release before: dependencies added, changed and removed.
//!
//! [`compare`] is given the [`Manifest`]s of a repository (or finds them with [`discover`]) and two functions that read a file at
//! the one and at the other revision. No clone, no tool chain and no network is needed. [`GoModules`], [`CargoLock`] and
//! [`NpmLock`] are the kinds of manifests there are; another one is an implementation of [`ManifestKind`].
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::convert::Infallible;
//!
//! use notes_gen::dependencies::{GoModules, Manifest, RenderOptions, compare, render_dependencies};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What `git show v1.0.0:go.mod` and `git show v1.1.0:go.mod` print, and so on for the other files.
//! let before = BTreeMap::from([("go.mod", "module example.org/tool\nrequire github.com/a/b v1.0.0\n")]);
//! let after = BTreeMap::from([("go.mod", "module example.org/tool\nrequire github.com/a/b v1.1.0\n")]);
//! let get = |files: &BTreeMap<&str, &str>, path: &str| Ok::<_, Infallible>(files.get(path).map(|text| text.as_bytes().to_vec()));
//!
//! let manifests = [Manifest::new("", GoModules::default())];
//! let report = compare(&manifests, |path| get(&before, path), |path| get(&after, path))?;
//! let text = render_dependencies(&report, &RenderOptions::default());
//! assert!(text.contains("### Changed\n- github.com/a/b: [v1.0.0 → v1.1.0](https://github.com/a/b/compare/v1.0.0...v1.1.0)\n"));
//! # Ok(()) }
//! ```
//!
//! # Which Go modules
//!
//! The original asks `go list -m all`, which is the build list: every module of the module graph at the version that minimal
//! version selection picks. A tidy `go.sum` holds a line `module version/go.mod` for every node of just that graph, so the
//! highest version that `go.sum` names is the selected one, whether or not the module's own code (its line without `/go.mod`) was
//! ever needed; a module that `go.mod` requires has the version stated there. With the replacements of `go.mod` applied, this gives
//! the original's five recorded reports to the byte. The requirements of `go.mod` alone miss up to two thirds of their lines, and
//! the lines without `/go.mod` alone miss a third of one report and add what did not change to others; see [`GoModuleSet`] for the
//! choice.

mod cargo;
mod error;
mod go;
mod go_mod;
mod manifest;
mod npm;
mod packages;
mod render;
mod report;

pub use cargo::CargoLock;
pub use error::{CompareError, ManifestError, ManifestProblem};
pub use go::{GoModuleSet, GoModules};
pub use manifest::{Files, Manifest, ManifestKind, discover};
pub use npm::NpmLock;
pub(crate) use packages::Precedence;
pub use packages::{PackageVersion, Packages};
pub use render::{HeadingLevel, RenderOptions, RepositoryLinks, SectionStyle, render_dependencies};
pub use report::{Change, Dependency, DependencyReport, ManifestChanges, compare};

/// Larger files are refused.
pub const MAX_MANIFEST: usize = 32 << 20;

/// Manifests with longer lines are refused, where the format is one of lines.
pub const MAX_MANIFEST_LINE: usize = 64 << 10;
