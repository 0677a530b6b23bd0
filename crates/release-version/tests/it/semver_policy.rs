//! Plain semver tags on the default branch.

use std::collections::BTreeSet;

use release_version::{
    BranchNames, BuildVersion, Bump, NextRequest, NextVersionError, Policy, ReleaseKind, ReleaseVersion, next_versions,
};

use Bump::{Major, Minor, Patch};
use ReleaseKind::{Alpha, Beta, Official, Rc};

fn policy(prefix: &str, first: &str) -> Policy {
    Policy::SemVer { path_prefix: prefix.parse().unwrap(), first: first.parse().unwrap() }
}

fn ask(
    policy: &Policy,
    kind: ReleaseKind,
    bump: Bump,
    tags: &str,
    build: &str,
) -> Result<ReleaseVersion, NextVersionError> {
    let branch = BranchNames::new("main", "release-").unwrap().default_branch();
    let build: BuildVersion = build.parse().unwrap();
    let existing: BTreeSet<ReleaseVersion> = policy.versions(tags.split_whitespace());
    let request = NextRequest::new(kind, &branch, &build).with_bump(bump).with_existing(&existing);
    next_versions(policy, &request).map(|versions| {
        assert_eq!(versions.in_order().len(), 1, "no companions");
        versions.prime().version
    })
}

const UNTAGGED: &str = "v0.0.0-12+abcde";

#[test]
fn answers() {
    let policy = policy("", "v0.1.0");
    for (kind, bump, tags, expected) in [
        (Official, Patch, "", "v0.1.0"),
        (Official, Major, "", "v0.1.0"),
        (Alpha, Patch, "", "v0.1.0-alpha.0"),
        (Rc, Patch, "", "v0.1.0-rc.0"),
        (Official, Patch, "v0.16.0", "v0.16.1"),
        (Official, Minor, "v0.16.3", "v0.17.0"),
        (Official, Major, "v0.16.3", "v1.0.0"),
        (Rc, Minor, "v0.16.3", "v0.17.0-rc.0"),
        // by version, not by text, and whatever else is tagged
        (Official, Minor, "v0.9.0 v0.10.0 v0.2.0 nightly api/v7.0.0 v1 vendor-2", "v0.11.0"),
        // a pre-release under way is carried on
        (Rc, Minor, "v0.16.3 v0.17.0-rc.0", "v0.17.0-rc.1"),
        (Rc, Minor, "v0.16.3 v0.17.0-rc.9 v0.17.0-rc.10", "v0.17.0-rc.11"),
        (Rc, Patch, "v0.16.3 v0.17.0-beta.2", "v0.17.0-rc.0"),
        (Beta, Patch, "v0.16.3 v0.17.0-alpha.2", "v0.17.0-beta.0"),
        (Official, Patch, "v0.16.3 v0.17.0-rc.1", "v0.17.0"),
        (Official, Minor, "v0.16.3 v0.17.0-alpha.1", "v0.17.0"),
        (Official, Patch, "v0.1.0-alpha.0", "v0.1.0"),
        (Alpha, Major, "v0.1.0-alpha.0", "v0.1.0-alpha.1"),
        // one for less than the bump asks is left behind
        (Rc, Minor, "v0.16.3 v0.16.4-rc.1", "v0.17.0-rc.0"),
        (Alpha, Major, "v0.16.3 v0.17.0-rc.1", "v1.0.0-alpha.0"),
        // one that was finished is not under way
        (Rc, Patch, "v0.17.0 v0.17.0-rc.1", "v0.17.1-rc.0"),
    ] {
        let got =
            ask(&policy, kind, bump, tags, UNTAGGED).unwrap_or_else(|error| panic!("{kind} {bump} {tags}: {error}"));
        assert_eq!(got.to_string(), expected, "{kind} {bump} after {tags}");
    }
}

#[test]
fn refusals() {
    let policy = policy("", "v0.1.0");
    for (kind, bump, tags, build, expected) in [
        (Alpha, Patch, "v0.17.0-beta.0", UNTAGGED, "no alpha release can follow `v0.17.0-beta.0`"),
        (Beta, Minor, "v0.16.0 v0.17.0-rc.0", UNTAGGED, "no beta release can follow `v0.17.0-rc.0`"),
        (Official, Patch, "v0.16.0", "v0.16.0-3+abcde-dirty", "build version `v0.16.0-3+abcde-dirty` is dirty"),
        (
            Official,
            Patch,
            "v0.0.18446744073709551615",
            UNTAGGED,
            "no version can follow `v0.0.18446744073709551615`: its numbers are used up",
        ),
    ] {
        let error = ask(&policy, kind, bump, tags, build).unwrap_err();
        assert_eq!(error.to_string(), expected, "{kind} {bump} after {tags}");
    }
    let branch = BranchNames::default().parse("release-0.16").unwrap();
    let build: BuildVersion = "v0.16.0".parse().unwrap();
    let error = next_versions(&policy, &NextRequest::new(Official, &branch, &build)).unwrap_err();
    assert_eq!(error.to_string(), "no official release can be cut from branch `release-0.16`");
}

/// A list of tags that lacks the tag the build stands on does not lead back below it.
#[test]
fn the_build_version_counts_as_a_tag() {
    let policy = policy("", "v0.1.0");
    assert_eq!(ask(&policy, Official, Minor, "", "v0.16.0-3+abcde").unwrap().to_string(), "v0.17.0");
    assert_eq!(ask(&policy, Official, Minor, "v0.18.0", "v0.16.0-3+abcde").unwrap().to_string(), "v0.19.0");
}

#[test]
fn prefixes_are_told_apart() {
    let tags = "v0.16.0 api/v1.2.3 api/v1.10.0 api/client/v9.0.0 apix/v8.0.0 api/latest";
    for (prefix, expected) in
        [("", "v0.16.1"), ("api/", "v1.10.1"), ("api", "v1.10.1"), ("api/client", "v9.0.1"), ("docs/", "v0.1.0")]
    {
        let policy = policy(prefix, "v0.1.0");
        assert_eq!(ask(&policy, Official, Patch, tags, UNTAGGED).unwrap().to_string(), expected, "{prefix}");
    }
    assert_eq!(policy("api", "v0.1.0").tag_name(&ReleaseVersion::official(1, 2, 3)), "api/v1.2.3");
    assert_eq!(Policy::kubernetes().tag_name(&ReleaseVersion::official(1, 2, 3)), "v1.2.3");
}
