//! The results: lines for people and bash, JSON documents for programs. The documents are public API.

use std::{
    cmp::Ordering,
    fmt::{self, Write},
};

use clap::ValueEnum;
use cli_kit::{Page, Render};
use release_version::{BuildVersion, CommitId, Marker, MarkerDecision, PlannedVersion, ReleaseKind, ReleaseVersion};
use serde::Serialize;

/// A part of a version that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Field {
    /// The version itself
    Version,
    /// `release`, or `build` for a build after a tag or a dirty one
    Form,
    /// `alpha`, `beta`, `rc` or `official`, of the tag
    Kind,
    /// X.Y
    Line,
    /// X
    Major,
    /// Y
    Minor,
    /// Z
    Patch,
    /// N of `-rc.N`; official releases have none
    Number,
    /// The tag the build is at or after
    Base,
    /// vX.Y.Z, the official release it leads to
    Core,
    /// Commits since the tag
    Commits,
    /// The commit; a build at a tag has none
    Commit,
    /// `true` for a build of changes that no commit has
    Dirty,
    /// Y as Kubernetes binaries report it, e.g. `19+`
    MinorLabel,
    /// As the tag of a container image: `_` for `+`
    ContainerTag,
    /// As the tag of a Cloud Build job: `-` for `+`
    BuildTag,
}

/// All there is to know about a version.
#[derive(Debug, Serialize)]
pub(crate) struct ParsedVersion {
    version: BuildVersion,
    form: &'static str,
    kind: ReleaseKind,
    line: String,
    major: u64,
    minor: u64,
    patch: u64,
    number: Option<u64>,
    base: ReleaseVersion,
    core: ReleaseVersion,
    commits: u64,
    commit: Option<CommitId>,
    dirty: bool,
    minor_label: String,
    container_tag: String,
    build_tag: String,
}

impl From<&BuildVersion> for ParsedVersion {
    fn from(version: &BuildVersion) -> Self {
        let base = version.base();
        Self {
            version: *version,
            form: if version.as_release().is_some() { "release" } else { "build" },
            kind: base.kind(),
            line: base.line().to_string(),
            major: base.major(),
            minor: base.minor(),
            patch: base.patch(),
            number: base.number(),
            base,
            core: base.core(),
            commits: version.commits(),
            commit: version.commit(),
            dirty: version.is_dirty(),
            minor_label: version.minor_label(),
            container_tag: version.container_tag(),
            build_tag: version.build_tag(),
        }
    }
}

impl ParsedVersion {
    fn field(&self, field: Field) -> Option<String> {
        Some(match field {
            Field::Version => self.version.to_string(),
            Field::Form => self.form.to_owned(),
            Field::Kind => self.kind.to_string(),
            Field::Line => self.line.clone(),
            Field::Major => self.major.to_string(),
            Field::Minor => self.minor.to_string(),
            Field::Patch => self.patch.to_string(),
            Field::Number => self.number?.to_string(),
            Field::Base => self.base.to_string(),
            Field::Core => self.core.to_string(),
            Field::Commits => self.commits.to_string(),
            Field::Commit => self.commit?.to_string(),
            Field::Dirty => self.dirty.to_string(),
            Field::MinorLabel => self.minor_label.clone(),
            Field::ContainerTag => self.container_tag.clone(),
            Field::BuildTag => self.build_tag.clone(),
        })
    }
}

/// The result of `parse`.
#[derive(Debug, Serialize)]
pub(crate) struct ParsedVersions {
    pub(crate) versions: Vec<ParsedVersion>,
    /// What people want to see; programs get everything.
    #[serde(skip)]
    pub(crate) only: Option<Field>,
}

impl Render for ParsedVersions {
    const SCHEMA: &'static str = "krel/parsed-versions/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        if let Some(field) = self.only {
            return self
                .versions
                .iter()
                .try_for_each(|version| writeln!(page, "{}", version.field(field).unwrap_or_default()));
        }
        for (index, version) in self.versions.iter().enumerate() {
            if index > 0 {
                writeln!(page)?;
            }
            for field in Field::value_variants() {
                if let (Some(name), Some(value)) = (field.to_possible_value(), version.field(*field)) {
                    writeln!(page, "{:<13} {value}", name.get_name())?;
                }
            }
        }
        Ok(())
    }
}

/// A version to tag, with the name of its tag.
#[derive(Debug, Serialize)]
pub(crate) struct PlannedTag {
    pub(crate) tag: String,
    #[serde(flatten)]
    pub(crate) planned: PlannedVersion,
}

/// The result of `next`.
#[derive(Debug, Serialize)]
pub(crate) struct NextResult {
    pub(crate) build_version: BuildVersion,
    pub(crate) versions: Vec<PlannedTag>,
}

impl Render for NextResult {
    const SCHEMA: &'static str = "krel/next-versions/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        self.versions.iter().try_for_each(|planned| writeln!(page, "{}", planned.tag))
    }
}

/// How A stands to B.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    Less,
    Equal,
    Greater,
}

impl From<Ordering> for Order {
    fn from(order: Ordering) -> Self {
        match order {
            Ordering::Less => Self::Less,
            Ordering::Equal => Self::Equal,
            Ordering::Greater => Self::Greater,
        }
    }
}

/// The result of `compare`.
#[derive(Debug, Serialize)]
pub(crate) struct Comparison {
    pub(crate) a: BuildVersion,
    pub(crate) b: BuildVersion,
    pub(crate) order: Order,
    /// Equal in everything, the commit included.
    pub(crate) identical: bool,
    /// The answer to `--is`. The exit code says it to bash, so nothing is printed for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holds: Option<bool>,
}

impl Render for Comparison {
    const SCHEMA: &'static str = "krel/version-comparison/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        if self.holds.is_some() {
            return Ok(());
        }
        page.write_str(match self.order {
            Order::Less => "less\n",
            Order::Equal => "equal\n",
            Order::Greater => "greater\n",
        })
    }
}

/// A line that is not a version.
#[derive(Debug, Serialize)]
pub(crate) struct InvalidLine {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) text: String,
    pub(crate) error: String,
}

/// The result of `sort`.
#[derive(Debug, Serialize)]
pub(crate) struct SortedVersions {
    pub(crate) versions: Vec<BuildVersion>,
    pub(crate) invalid: Vec<InvalidLine>,
    /// Whether people see them; programs always do.
    #[serde(skip)]
    pub(crate) show_invalid: bool,
}

impl Render for SortedVersions {
    const SCHEMA: &'static str = "krel/sorted-versions/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        for version in &self.versions {
            writeln!(page, "{version}")?;
        }
        if self.show_invalid {
            for invalid in &self.invalid {
                writeln!(page, "{}", invalid.text)?;
            }
        }
        Ok(())
    }
}

/// A marker, and what to do with it and why, if that was asked.
#[derive(Debug, Serialize)]
pub(crate) struct MarkerLine {
    marker: Marker,
    #[serde(flatten)]
    decision: Option<MarkerDecision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl MarkerLine {
    pub(crate) fn new(marker: Marker, decision: Option<MarkerDecision>) -> Self {
        let why = decision.as_ref().map(|decision| match decision {
            MarkerDecision::Create => "there is none".to_owned(),
            MarkerDecision::Move { from } => format!("it names {from}"),
            MarkerDecision::Repair { from } => format!("it names {from}, which does not belong there"),
            MarkerDecision::Keep { reason } => reason.to_string(),
        });
        Self { marker, decision, why }
    }

    fn action(&self) -> Option<&'static str> {
        self.decision.as_ref().map(|decision| match decision {
            MarkerDecision::Create => "create",
            MarkerDecision::Move { .. } => "move",
            MarkerDecision::Repair { .. } => "repair",
            MarkerDecision::Keep { .. } => "keep",
        })
    }
}

/// The result of `markers`.
#[derive(Debug, Serialize)]
pub(crate) struct Markers {
    pub(crate) version: BuildVersion,
    pub(crate) markers: Vec<MarkerLine>,
}

impl Render for Markers {
    const SCHEMA: &'static str = "krel/markers/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let width = self.markers.iter().map(|line| line.marker.path().len()).max().unwrap_or_default();
        for line in &self.markers {
            match (line.action(), &line.why) {
                (Some(action), Some(why)) => writeln!(page, "{action:<6} {:<width$} {why}", line.marker)?,
                _ => writeln!(page, "{}", line.marker)?,
            }
        }
        Ok(())
    }
}

/// A form of a version.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Target {
    /// As it is
    #[default]
    Version,
    /// As the tag of a container image: `_` for `+`
    ContainerTag,
    /// As the tag of a Cloud Build job: `-` for `+`
    BuildTag,
}

/// The result of `describe`.
#[derive(Debug, Serialize)]
pub(crate) struct DescribedVersion {
    version: BuildVersion,
    container_tag: String,
    build_tag: String,
    /// What people want to see; programs get everything.
    #[serde(skip)]
    target: Target,
}

impl DescribedVersion {
    pub(crate) fn new(version: &BuildVersion, target: Target) -> Self {
        Self { version: *version, container_tag: version.container_tag(), build_tag: version.build_tag(), target }
    }
}

impl Render for DescribedVersion {
    const SCHEMA: &'static str = "krel/build-version/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        match self.target {
            Target::Version => writeln!(page, "{}", self.version),
            Target::ContainerTag => writeln!(page, "{}", self.container_tag),
            Target::BuildTag => writeln!(page, "{}", self.build_tag),
        }
    }
}
