//! The Kubernetes policy: the build version decides.

use super::{BranchState, NextRequest, NextVersionError, NextVersions, first_version, plus_one};
use crate::branch::BranchKind;
use crate::kind::ReleaseKind;
use crate::policy::{Companions, StraightOfficial};
use crate::release::ReleaseVersion;
use crate::window::ReleaseLine;

/// Kind and branch were checked to go together.
pub(super) fn next(
    companions: Companions,
    straight_official: StraightOfficial,
    first: Option<ReleaseVersion>,
    request: &NextRequest<'_>,
) -> Result<NextVersions, NextVersionError> {
    let branch = request.branch;
    match branch.kind() {
        BranchKind::Default => Ok(NextVersions::one(on_default(first, request)?, branch)),
        BranchKind::Release(line) => {
            if request.build.base().line() != line {
                return Err(mismatch(request));
            }
            match (request.state, request.kind) {
                (BranchState::New, _) => new_branch(line, request),
                (BranchState::Exists, ReleaseKind::Official) => {
                    let version = official(straight_official, request)?;
                    let versions = NextVersions::one(version, branch);
                    match companions {
                        Companions::None => Ok(versions),
                        Companions::RcAfterOfficial => {
                            Ok(versions.with_companion(next_patch(version)?.with_label(ReleaseKind::Rc, 0), branch))
                        }
                    }
                }
                (BranchState::Exists, _) => Ok(NextVersions::one(candidate(request)?, branch)),
            }
        }
        BranchKind::Hotfix { .. } => {
            let base = request.build.base();
            if branch.branch_point() != Some(base) {
                return Err(mismatch(request));
            }
            if request.state == BranchState::New && request.build.commit().is_some() {
                return Err(NextVersionError::NotAtBranchPoint {
                    branch: branch.to_string(),
                    build: Box::new(*request.build),
                });
            }
            Ok(NextVersions::one(next_patch(base)?, branch))
        }
    }
}

/// Alpha or beta.
fn on_default(first: Option<ReleaseVersion>, request: &NextRequest<'_>) -> Result<ReleaseVersion, NextVersionError> {
    let (kind, build) = (request.kind, request.build);
    if build.is_untagged() {
        let first = first.ok_or(NextVersionError::NoFirstVersion { build: Box::new(*build) })?;
        return Ok(first_version(first, kind));
    }
    let base = build.base();
    if let Some(first) = first.filter(|first| base.kind() == ReleaseKind::Official && base < *first) {
        return Ok(first_version(first, kind));
    }
    match (kind, base.kind(), base.number()) {
        // what is cut here leads to X.Y.0; patches have their branch
        _ if base.patch() != 0 => Err(NextVersionError::KindNotAfter { kind, after: Box::new(*build) }),
        (ReleaseKind::Alpha, ReleaseKind::Alpha, Some(number))
        | (ReleaseKind::Beta, ReleaseKind::Beta, Some(number)) => Ok(base.with_label(kind, plus_one(number, base)?)),
        (ReleaseKind::Beta, ReleaseKind::Alpha, _) => Ok(base.with_label(ReleaseKind::Beta, 0)),
        _ => Err(NextVersionError::KindNotAfter { kind, after: Box::new(*build) }),
    }
}

/// The first release candidate, and the alpha that the default branch goes on with.
fn new_branch(line: ReleaseLine, request: &NextRequest<'_>) -> Result<NextVersions, NextVersionError> {
    let (branch, base) = (request.branch, request.build.base());
    if base.kind() > ReleaseKind::Beta || base.patch() != 0 {
        return Err(NextVersionError::BranchIsOlder { branch: branch.to_string(), build: Box::new(*request.build) });
    }
    let prime = ReleaseVersion::official(line.major, line.minor, 0).with_label(ReleaseKind::Rc, 0);
    let alpha = ReleaseVersion::official(line.major, plus_one(line.minor, base)?, 0).with_label(ReleaseKind::Alpha, 0);
    let parent = branch.parent().expect("a release branch grows from the default branch");
    Ok(NextVersions::one(prime, branch).with_companion(alpha, &parent))
}

fn official(straight: StraightOfficial, request: &NextRequest<'_>) -> Result<ReleaseVersion, NextVersionError> {
    let base = request.build.base();
    match base.kind() {
        ReleaseKind::Official => next_patch(base),
        ReleaseKind::Alpha | ReleaseKind::Beta if base.patch() == 0 && straight == StraightOfficial::Refuse => {
            Err(NextVersionError::NoCandidate { build: Box::new(*request.build) })
        }
        _ => Ok(base.core()),
    }
}

fn candidate(request: &NextRequest<'_>) -> Result<ReleaseVersion, NextVersionError> {
    let base = request.build.base();
    match (base.kind(), base.number()) {
        // X.Y.0 has no label but rc once its branch is there, so this build is from before
        (ReleaseKind::Alpha | ReleaseKind::Beta, _) if base.patch() == 0 => {
            Err(NextVersionError::BranchExists { branch: request.branch.to_string(), build: Box::new(*request.build) })
        }
        // until 1.19 an official release brought `-beta.0`, so the label of a patch line may be beta
        (_, Some(number)) => Ok(base.with_label(ReleaseKind::Rc, plus_one(number, base)?)),
        (_, None) => Ok(next_patch(base)?.with_label(ReleaseKind::Rc, 1)),
    }
}

fn next_patch(version: ReleaseVersion) -> Result<ReleaseVersion, NextVersionError> {
    Ok(ReleaseVersion::official(version.major(), version.minor(), plus_one(version.patch(), version)?))
}

fn mismatch(request: &NextRequest<'_>) -> NextVersionError {
    NextVersionError::Mismatch { branch: request.branch.to_string(), build: Box::new(*request.build) }
}
