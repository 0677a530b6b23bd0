//! The Kubernetes policy beyond the worked rows.

use std::collections::BTreeSet;

use release_version::{
    BranchNames, BranchState, BuildVersion, Companions, NextRequest, NextVersionError, NextVersions, Placement, Policy,
    ReleaseKind, ReleaseVersion, Role, StraightOfficial, next_versions,
};

use BranchState::{Exists, New};
use ReleaseKind::{Alpha, Beta, Official, Rc};

fn ask(
    policy: &Policy,
    kind: ReleaseKind,
    branch: &str,
    state: BranchState,
    build: &str,
) -> Result<NextVersions, NextVersionError> {
    let branch = BranchNames::default().parse(branch).unwrap();
    let build: BuildVersion = build.parse().unwrap();
    next_versions(policy, &NextRequest::new(kind, &branch, &build).with_state(state))
}

fn prime(result: Result<NextVersions, NextVersionError>) -> String {
    result.map_or_else(|error| error.to_string(), |versions| versions.prime().version.to_string())
}

fn relaxed() -> Policy {
    Policy::Branches { companions: Companions::None, straight_official: StraightOfficial::Allow, first: None }
}

#[test]
fn answers() {
    for (kind, branch, state, build, expected) in [
        // numbers decide whether branch and build agree, not the beginning of the text
        (
            Rc,
            "release-1.1",
            Exists,
            "v1.19.0-rc.0.1+abcde",
            "build version `v1.19.0-rc.0.1+abcde` does not belong to branch `release-1.1`",
        ),
        (Official, "release-1.1", Exists, "v1.1.3-rc.0.1+abcde", "v1.1.3"),
        (
            Rc,
            "release-2.19",
            Exists,
            "v1.19.0-rc.0.1+abcde",
            "build version `v1.19.0-rc.0.1+abcde` does not belong to branch `release-2.19`",
        ),
        // alphas and betas
        (Alpha, "master", Exists, "v1.20.0-rc.0.5+abcde", "no alpha release can follow `v1.20.0-rc.0.5+abcde`"),
        (Beta, "master", Exists, "v1.20.0-rc.0.5+abcde", "no beta release can follow `v1.20.0-rc.0.5+abcde`"),
        (Alpha, "master", Exists, "v1.20.0", "no alpha release can follow `v1.20.0`"),
        (Alpha, "master", Exists, "v1.20.0-alpha.0", "v1.20.0-alpha.1"),
        (Alpha, "master", Exists, "v1.18.4-alpha.1.2+abcde", "no alpha release can follow `v1.18.4-alpha.1.2+abcde`"),
        (Alpha, "master", New, "v1.20.0-alpha.0", "default branch `master` does not exist"),
        (Official, "master", Exists, "v1.20.0-alpha.0", "no official release can be cut from branch `master`"),
        (Beta, "release-1.20", New, "v1.20.0-alpha.0", "no beta release can be cut from branch `release-1.20`"),
        // new branches
        (Rc, "release-1.20", New, "v1.20.0-alpha.0", "v1.20.0-rc.0"),
        (
            Rc,
            "release-1.20",
            New,
            "v1.20.0-rc.0.3+abcde",
            "branch `release-1.20` cannot be created at build version `v1.20.0-rc.0.3+abcde`, which is from after its creation",
        ),
        (
            Rc,
            "release-1.20",
            New,
            "v1.20.1-beta.0.3+abcde",
            "branch `release-1.20` cannot be created at build version `v1.20.1-beta.0.3+abcde`, which is from after its creation",
        ),
        (
            Rc,
            "release-1.20",
            New,
            "v1.20.0-3+abcde",
            "branch `release-1.20` cannot be created at build version `v1.20.0-3+abcde`, which is from after its creation",
        ),
        // official without a candidate
        (
            Official,
            "release-1.20",
            Exists,
            "v1.20.0-beta.1.3+abcde",
            "no official release can be made straight from `v1.20.0-beta.1.3+abcde`, without a release candidate",
        ),
        (
            Official,
            "release-1.20",
            Exists,
            "v1.20.0-alpha.1.3+abcde",
            "no official release can be made straight from `v1.20.0-alpha.1.3+abcde`, without a release candidate",
        ),
        (Official, "release-1.20", Exists, "v1.20.0-rc.1", "v1.20.0"),
        // three-part branches
        (Rc, "release-1.5.3", New, "v1.5.3", "no rc release can be cut from branch `release-1.5.3`"),
        (Alpha, "release-1.5.3", New, "v1.5.3", "no alpha release can be cut from branch `release-1.5.3`"),
        (Official, "release-1.5.3", New, "v1.5.2", "build version `v1.5.2` does not belong to branch `release-1.5.3`"),
        (
            Official,
            "release-1.5.3",
            New,
            "v1.5.3-rc.0",
            "build version `v1.5.3-rc.0` does not belong to branch `release-1.5.3`",
        ),
        (
            Official,
            "release-1.5.3",
            New,
            "v1.5.3-2+abcde",
            "branch `release-1.5.3` grows from a tag, but build version `v1.5.3-2+abcde` is not at that tag",
        ),
        (Official, "release-1.5.3", Exists, "v1.5.3-2+abcde", "v1.5.4"),
        // numbers that are used up
        (
            Alpha,
            "master",
            Exists,
            "v1.20.0-alpha.18446744073709551615",
            "no version can follow `v1.20.0-alpha.18446744073709551615`: its numbers are used up",
        ),
        (
            Official,
            "release-1.20",
            Exists,
            "v1.20.18446744073709551615",
            "no version can follow `v1.20.18446744073709551615`: its numbers are used up",
        ),
    ] {
        assert_eq!(prime(ask(&Policy::kubernetes(), kind, branch, state, build)), expected, "{kind} {branch} {build}");
    }
    let newest = format!("release-1.{}", u64::MAX);
    let build = format!("v1.{}.0-beta.0", u64::MAX);
    assert!(matches!(ask(&relaxed(), Rc, &newest, New, &build), Err(NextVersionError::UsedUp { .. })));
}

#[test]
fn straight_official_by_policy() {
    for build in ["v1.20.0-beta.1.3+abcde", "v1.20.0-alpha.1.3+abcde"] {
        assert_eq!(prime(ask(&relaxed(), Official, "release-1.20", Exists, build)), "v1.20.0", "{build}");
    }
    assert!(matches!(
        ask(&relaxed(), Rc, "release-1.20", Exists, "v1.20.0-beta.1.3+abcde"),
        Err(NextVersionError::BranchExists { .. })
    ));
}

#[test]
fn a_taken_version_is_refused() {
    let branch = BranchNames::default().parse("release-1.19").unwrap();
    let build: BuildVersion = "v1.19.0-beta.2.847+abcde".parse().unwrap();
    for (taken, refused) in
        [("v1.19.0-rc.0", true), ("v1.20.0-alpha.0", true), ("v1.19.0-rc.1", false), ("v1.19.0-beta.2", false)]
    {
        let existing = BTreeSet::from([taken.parse::<ReleaseVersion>().unwrap()]);
        let request = NextRequest::new(Rc, &branch, &build).with_state(New).with_existing(&existing);
        let result = next_versions(&Policy::kubernetes(), &request);
        let expected = NextVersionError::Taken { version: taken.parse().unwrap() };
        assert_eq!(result.err(), refused.then_some(expected), "{taken}");
    }
}

#[test]
fn the_first_version_of_a_repository() {
    let untagged = "v0.0.0-12+abcde";
    let first = |first: Option<&str>| Policy::Branches {
        companions: Companions::None,
        straight_official: StraightOfficial::Refuse,
        first: first.map(|first| first.parse().unwrap()),
    };
    for (policy, kind, build, expected) in [
        (first(Some("v0.1.0-alpha.0")), Alpha, untagged, "v0.1.0-alpha.0"),
        (first(Some("v0.1.0-alpha.3")), Alpha, untagged, "v0.1.0-alpha.3"),
        (first(Some("v0.1.0-alpha.0")), Beta, untagged, "v0.1.0-beta.0"),
        (
            first(None),
            Alpha,
            untagged,
            "build version `v0.0.0-12+abcde` is from a repository without version tags; the policy must name the first version",
        ),
        // A project that had official releases only.
        (first(Some("v1.38.0-alpha.1")), Alpha, "v1.33.0-754+abcde", "v1.38.0-alpha.1"),
        (first(Some("v1.38.0-alpha.1")), Beta, "v1.33.0-754+abcde", "v1.38.0-beta.0"),
        (first(Some("v1.38.0")), Beta, "v1.36.4-2+abcde", "v1.38.0-beta.0"),
        (first(None), Alpha, "v1.33.0-754+abcde", "no alpha release can follow `v1.33.0-754+abcde`"),
        // Once there is one, it has no say.
        (first(Some("v1.38.0-alpha.1")), Alpha, "v1.38.0-alpha.1.3+abcde", "v1.38.0-alpha.2"),
        (first(Some("v1.38.0-alpha.1")), Beta, "v1.39.0-alpha.0.3+abcde", "v1.39.0-beta.0"),
        (first(Some("v1.38.0-alpha.1")), Alpha, "v1.37.0-alpha.4.3+abcde", "v1.37.0-alpha.5"),
        (first(Some("v1.38.0-alpha.1")), Alpha, "v1.38.0-3+abcde", "no alpha release can follow `v1.38.0-3+abcde`"),
    ] {
        assert_eq!(prime(ask(&policy, kind, "master", Exists, build)), expected, "{policy:?} {kind} {build}");
    }
}

#[test]
fn the_answer_as_json() {
    let versions = ask(&Policy::kubernetes(), Rc, "release-1.19", New, "v1.19.0-beta.2.847+0123456789abcd").unwrap();
    insta::assert_json_snapshot!(versions, @r#"
    [
      {
        "version": "v1.19.0-rc.0",
        "role": "prime",
        "branch": "release-1.19",
        "placement": "release-commit"
      },
      {
        "version": "v1.20.0-alpha.0",
        "role": "companion",
        "branch": "master",
        "placement": "build-commit"
      }
    ]
    "#);
    let json = serde_json::to_string(&versions).unwrap();
    assert_eq!(serde_json::from_str::<NextVersions>(&json).unwrap(), versions);
    assert_eq!(versions.prime().role, Role::Prime);
    assert_eq!(versions.in_order()[1].placement, Placement::BuildCommit);
    for bad in ["[]", &json.replace("companion", "prime"), &json.replace("prime", "companion")] {
        assert!(serde_json::from_str::<NextVersions>(bad).is_err(), "{bad}");
    }
}

#[test]
fn main_as_default_branch() {
    let names = BranchNames::new("main", "release-").unwrap();
    let branch = names.parse("release-1.30").unwrap();
    let build: BuildVersion = "v1.30.0-alpha.2.4+abcde".parse().unwrap();
    let versions =
        next_versions(&Policy::kubernetes(), &NextRequest::new(Rc, &branch, &build).with_state(New)).unwrap();
    let places: Vec<&str> = versions.in_order().iter().map(|planned| planned.branch.as_str()).collect();
    assert_eq!(places, ["release-1.30", "main"]);
}
