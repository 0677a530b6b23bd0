use crate::words::words;

/// The kind of a release, ordered as releases of one `X.Y.Z` follow each other: alpha < beta < rc < official.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReleaseKind {
    /// `vX.Y.Z-alpha.N`
    Alpha,
    /// `vX.Y.Z-beta.N`
    Beta,
    /// `vX.Y.Z-rc.N`, a release candidate
    Rc,
    /// `vX.Y.Z`: a minor release if Z is 0, else a patch release
    Official,
}

words!(ReleaseKind, "release kind", { Alpha = "alpha", Beta = "beta", Rc = "rc", Official = "official" });

impl ReleaseKind {
    /// True for alpha, beta and rc.
    #[must_use]
    pub const fn is_prerelease(self) -> bool {
        !matches!(self, Self::Official)
    }
}
