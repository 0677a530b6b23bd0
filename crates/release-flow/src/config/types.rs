//! The shape of `release.yaml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PlatformSelector;

/// A whole `release.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The project.
    pub project: ProjectConfig,
    /// How versions are counted.
    #[serde(default)]
    pub versions: VersionsConfig,
    /// Who tags and commits.
    #[serde(default)]
    pub identity: IdentityConfig,
    /// What is built, and how.
    #[serde(default)]
    pub build: MatrixConfig,
    /// Tarballs made of sources and build results.
    #[serde(default)]
    pub tarballs: Vec<TarballConfig>,
    /// Container images made of build results, without a daemon.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageConfig>,
    /// Where release notes come from.
    #[serde(default)]
    pub notes: NotesConfig,
    /// The changelog files of the repository. Without it none are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changelog: Option<ChangelogConfig>,
    /// Where things are published.
    pub places: PlacesConfig,
    /// Who is told.
    pub announce: AnnounceConfig,
}

/// What is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectConfig {
    /// Name for files and journals: lower-case letters, digits, `-`, `.`, `_`.
    pub name: String,
    /// Name for people. Default: `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Web address of the repository, for links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// The git repository that is built: a path (relative to this file) or a URL. Default: the folder of this file.
    #[serde(default = "here")]
    pub source: String,
    /// The branch that alphas and betas come from.
    #[serde(default = "main")]
    pub default_branch: String,
    /// What release branches are called, up to the version: `release-` for `release-1.30`.
    #[serde(default = "release_prefix")]
    pub release_branch_prefix: String,
}

fn here() -> String {
    ".".to_owned()
}

fn main() -> String {
    "main".to_owned()
}

fn release_prefix() -> String {
    "release-".to_owned()
}

/// How versions are counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VersionsConfig {
    /// The rule book.
    pub policy: PolicyName,
    /// The first version of a repository without tags. Default with `policy: semver`: `v0.1.0`. With `policy: kubernetes` also what
    /// the default branch goes on with while the newest version in its history is a lower official release, as in a project that
    /// made no alphas and betas before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// What tags begin with before the `v`, e.g. `api/`; only with `policy: semver`.
    pub tag_prefix: String,
    /// Which part of the version an official release raises; only with `policy: semver`.
    pub bump: BumpConfig,
}

/// A rule book for versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PolicyName {
    /// Alphas and betas on the default branch, release candidates and official releases on release branches.
    #[default]
    Kubernetes,
    /// Plain semantic versions tagged on the default branch.
    Semver,
}

/// The part of a version that is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum BumpConfig {
    /// `v1.2.3` to `v2.0.0`.
    Major,
    /// `v1.2.3` to `v1.3.0`.
    #[default]
    Minor,
    /// `v1.2.3` to `v1.2.4`.
    Patch,
}

/// A name and an address in git objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// The name.
    pub name: String,
    /// The mail address.
    pub email: String,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self { name: "Release Bot".to_owned(), email: "release-bot@example.invalid".to_owned() }
    }
}

/// What is built.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MatrixConfig {
    /// How many build commands run at once. Default: half the cores, at least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<usize>,
    /// How long one build command may take, e.g. `30m`. Default: `1h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Environment of every build command. `SOURCE_DATE_EPOCH` is always set to the time of the released commit.
    pub env: BTreeMap<String, String>,
    /// Free disk space in GiB that a stage asks for. Default: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_gib: Option<u64>,
    /// Groups of platforms that share a command.
    pub groups: Vec<BuildGroup>,
}

/// Platforms that share a build command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildGroup {
    /// Name for logs: lower-case letters, digits, `-`, `_`.
    pub name: String,
    /// What is built for: `linux/amd64`, …, or `host` for the machine that builds.
    pub platforms: Vec<PlatformSelector>,
    /// The command, run by `sh -c` in the source tree. `{os}`, `{arch}`, `{exe}`, `{version}`, `{commit}`, `{out}`, `{project}` are
    /// filled in; `{out}` is the folder that the results go to.
    pub command: String,
    /// More environment.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How long the command may take. Default: that of the matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Runs the command in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerConfig>,
    /// What must be in `{out}` afterwards.
    pub artifacts: Vec<ArtifactConfig>,
}

/// A container that a build runs in. The source tree is mounted at `/src`, the results' folder at `/out`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerConfig {
    /// The image, best by digest.
    pub image: String,
    /// A file of the sources whose one line is the image's tag, so that every branch names its own, e.g.
    /// `build/build-image/cross/VERSION`. The image is then given without a tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_file: Option<String>,
    /// What runs it. Default: the first of docker, podman, buildah that is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<ContainerEngine>,
}

/// A program that runs containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ContainerEngine {
    /// `docker run`.
    Docker,
    /// `podman run`.
    Podman,
    /// `buildah from` and `buildah run`.
    Buildah,
}

/// One result of a build command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArtifactConfig {
    /// Path below `{out}`; placeholders are filled in.
    pub path: String,
    /// Path below the version's folder in the bucket. Default: `bin/{os}/{arch}/` and the file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<String>,
    /// What it is.
    #[serde(default)]
    pub kind: ArtifactKind,
}

/// What a build result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ArtifactKind {
    /// An executable: its header must agree with the platform.
    #[default]
    Binary,
    /// Any file.
    File,
    /// Any file that only goes into tarballs and images: it is not published by itself.
    Part,
}

/// A `.tar.gz` made of sources and build results, the same bytes every time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TarballConfig {
    /// File name, ending in `.tar.gz`. With `{os}` and `{arch}` one is made for each platform, otherwise one in all.
    pub name: String,
    /// Only for these platforms. Default: all that are built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<PlatformSelector>,
    /// What goes in.
    pub files: Vec<TarballFile>,
}

/// A file or folder in a tarball.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TarballFile {
    /// `src/PATH` in the source tree (`src/` is all of it) or `out/PATH` in the platform's build results.
    pub from: String,
    /// Path in the tarball.
    pub to: String,
}

/// A container image, for every platform and as one index. Made from files, or taken from an archive that a build made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageConfig {
    /// Name in the registry, e.g. `hello`.
    pub name: String,
    /// Only for these platforms. Default: all Linux platforms that are built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<PlatformSelector>,
    /// What it starts from: `scratch`, or the folder of an OCI layout and a tag, `LAYOUT:TAG`, relative to this file.
    #[serde(default = "scratch")]
    pub base: String,
    /// The files that go in, each with its path in the image: `out/PATH` or `src/PATH`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<TarballFile>,
    /// Instead of `files`: a docker archive among the build results, `out/PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// What runs when the image is started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    /// Arguments of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    /// Who runs it, e.g. `65532:65532`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Environment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
}

fn scratch() -> String {
    "scratch".to_owned()
}

/// Where release notes come from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NotesConfig {
    /// The repository on GitHub whose pull requests carry the notes, as `github:OWNER/NAME`, or a folder with pull requests
    /// (`pulls.json`, as GitHub's API gives them), as `file:` URL or path. Without it the titles in the merge commits serve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_requests: Option<String>,
    /// A file that says how the project writes labels, blocks and titles; by default as Kubernetes does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Folders of maps, which edit notes; later ones win. Maps under embargo are left out of the plan.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<String>,
    /// Folders whose manifests (go.mod, Cargo.lock, package-lock.json) are compared with the release before; `.` is the root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<String>,
}

/// The changelog files of the repository: `CHANGELOG-X.Y.md` and a `README.md` that lists them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangelogConfig {
    /// The folder of the files in the repository.
    #[serde(default = "changelog_folder")]
    pub folder: String,
    /// Where users download releases, up to the version, e.g. `https://dl.k8s.io`. With it the sections have tables of downloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downloads: Option<url::Url>,
}

fn changelog_folder() -> String {
    "CHANGELOG".to_owned()
}

/// The two sets of places.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacesConfig {
    /// Where rehearsals publish.
    pub mock: PlaceSet,
    /// Where users look.
    pub production: PlaceSet,
}

/// Where one kind of run publishes. Relative `file:` paths start from the folder of `release.yaml`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceSet {
    /// Staged builds, release files, markers, journal: `file:PATH` or `memory:NAME`.
    pub bucket: String,
    /// The repository that tags and branches are pushed to: a path or a URL.
    pub git: String,
    /// Release pages: `file:PATH`, a folder of Markdown and JSON.
    pub forge: String,
    /// Announcements: `file:PATH`, a folder of `.eml`.
    pub outbox: String,
    /// Container images: `file:PATH`, a folder of OCI layouts. Needed when there are images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnounceConfig {
    /// The sender, e.g. `Release Bot <release-bot@example.invalid>`.
    pub from: String,
    /// Recipients of each mode.
    pub to: Recipients,
}

/// Mail addresses of each mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipients {
    /// Who gets rehearsals.
    pub mock: Vec<String>,
    /// Who gets the real thing.
    pub production: Vec<String>,
}

/// A span of time such as `90s`, `30m` or `1h 30m`, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Duration(u32);

impl Duration {
    /// One hour.
    pub const HOUR: Self = Self(3600);

    /// The span in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.0
    }
}

impl TryFrom<String> for Duration {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let span: jiff::SignedDuration =
            text.parse().map_err(|error| format!("`{text}` is not a span of time such as `30m`: {error}"))?;
        match u32::try_from(span.as_secs()) {
            Ok(seconds) if seconds > 0 => Ok(Self(seconds)),
            _ => Err(format!("`{text}` is not a span of time between a second and a century")),
        }
    }
}

impl From<Duration> for String {
    fn from(duration: Duration) -> Self {
        format!("{}s", duration.0)
    }
}

impl Config {
    /// The configuration as YAML.
    ///
    /// # Errors
    /// When it does not serialise: a defect of the types.
    pub fn to_yaml(&self) -> Result<String, super::ConfigError> {
        serde_saphyr::to_string(self).map_err(|error| super::ConfigError::Malformed {
            path: std::path::PathBuf::from(super::FILE_NAME),
            message: error.to_string(),
        })
    }
}
