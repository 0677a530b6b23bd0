#![doc = include_str!("../README.md")]

mod branch;
mod build;
mod commit;
mod cursor;
mod describe;
mod error;
mod kind;
mod marker;
mod next;
mod policy;
mod release;
mod tags;
mod window;
mod words;

pub use branch::{BranchKind, BranchNames, ParseBranchError, ReleaseBranch};
pub use build::BuildVersion;
pub use commit::CommitId;
pub use describe::DescribeError;
pub use error::{ParseVersionError, Part};
pub use kind::ReleaseKind;
pub use marker::{KeepReason, Marker, MarkerDecision, MarkerError, MarkerName, MarkerRoot, decide, markers_for};
pub use next::{
    BranchState, NextRequest, NextVersionError, NextVersions, NoVersions, Placement, PlannedVersion, Role,
    next_versions,
};
pub use policy::{Bump, Companions, Policy, StraightOfficial};
pub use release::ReleaseVersion;
pub use tags::{ParseTagPrefixError, TagPrefix, latest_tag};
pub use window::{ReleaseLine, SUPPORTED_LINES, supported_lines};
pub use words::UnknownWord;
