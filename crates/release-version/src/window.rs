use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::release::ReleaseVersion;

/// A minor line X.Y: all releases `vX.Y.*`, and the branch they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReleaseLine {
    /// X
    pub major: u64,
    /// Y
    pub minor: u64,
}

impl fmt::Display for ReleaseLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// How many minor lines Kubernetes supports at a time: about three minors a year, each supported for about 14 months.
pub const SUPPORTED_LINES: usize = 3;

/// The newest `window` lines that have an official release, newest first; [`SUPPORTED_LINES`] is the Kubernetes window.
/// A line that has pre-releases only is not out yet, so it neither counts nor pushes another one out.
pub fn supported_lines<'a>(releases: impl IntoIterator<Item = &'a ReleaseVersion>, window: usize) -> Vec<ReleaseLine> {
    let lines: BTreeSet<ReleaseLine> =
        releases.into_iter().filter(|version| !version.is_prerelease()).map(ReleaseVersion::line).collect();
    lines.into_iter().rev().take(window).collect()
}
