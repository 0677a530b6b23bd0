//! Plain semver tags: the tags decide.

use super::{NextRequest, NextVersionError, first_version, plus_one};
use crate::policy::Bump;
use crate::release::ReleaseVersion;

/// The latest official release and the bump give an X.Y.Z. A pre-release that is under way for this X.Y.Z or a higher
/// one is carried on, or made official; else the X.Y.Z is begun.
pub(super) fn next(first: ReleaseVersion, request: &NextRequest<'_>) -> Result<ReleaseVersion, NextVersionError> {
    let kind = request.kind;
    let base = Some(request.build.base()).filter(|_| !request.build.is_untagged());
    let Some(latest) = request.existing.last().copied().max(base) else {
        return Ok(first_version(first, kind));
    };
    let official = request.existing.iter().copied().chain(base).filter(|version| !version.is_prerelease()).max();
    let wanted = official.map(|official| bumped(official, request.bump)).transpose()?;
    match latest.number() {
        Some(number) if wanted.is_none_or(|wanted| latest.core() >= wanted) => {
            if kind < latest.kind() {
                Err(NextVersionError::KindNotAfter { kind, after: Box::new(latest.into()) })
            } else if !kind.is_prerelease() {
                Ok(latest.core())
            } else if kind == latest.kind() {
                Ok(latest.with_label(kind, plus_one(number, latest)?))
            } else {
                Ok(latest.with_label(kind, 0))
            }
        }
        _ => Ok(wanted.unwrap_or(latest).with_label(kind, 0)),
    }
}

fn bumped(version: ReleaseVersion, bump: Bump) -> Result<ReleaseVersion, NextVersionError> {
    let (major, minor, patch) = (version.major(), version.minor(), version.patch());
    Ok(match bump {
        Bump::Major => ReleaseVersion::official(plus_one(major, version)?, 0, 0),
        Bump::Minor => ReleaseVersion::official(major, plus_one(minor, version)?, 0),
        Bump::Patch => ReleaseVersion::official(major, minor, plus_one(patch, version)?),
    })
}
