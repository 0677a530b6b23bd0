use std::collections::BTreeMap;

use release_flow::{
    Error, StageRequest, StaleBuild,
    plan::{AnyPlan, StagePlan},
};
use release_journal::{Plan as _, canonical_json};
use release_version::{Bump, Placement, Role};

use crate::world::{World, bump, on, request};

fn since(plan: &StagePlan) -> Option<&str> {
    plan.notes.since.as_ref().map(|since| since.tag.as_str())
}

/// The life of two lines under the rules of Kubernetes, each step planned where the repository is by then.
#[tokio::test]
async fn the_kubernetes_policy_over_a_life() {
    let mut world = World::kubernetes();
    let mut notes = BTreeMap::new();
    let mut step = async |world: &World, request: StageRequest, expected: &[&str]| {
        let plan = world.plan(&request).await.unwrap();
        let tags: Vec<&str> = plan.versions.iter().map(|version| version.tag.as_str()).collect();
        assert_eq!(tags, expected);
        notes.insert(tags[0].to_owned(), since(&plan).map(str::to_owned));
    };
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    step(&world, request("alpha"), &["v1.0.0-alpha.1"]).await;
    world.git.annotated_tag("v1.0.0-alpha.1", "second");
    world.git.commit("Two");
    step(&world, request("beta"), &["v1.0.0-beta.0"]).await;
    world.git.annotated_tag("v1.0.0-beta.0", "third");
    world.git.commit("Three");
    // A new branch: the candidate on it, and the next line begins on the default branch.
    step(&world, on("rc", "release-1.0"), &["v1.0.0-rc.0", "v1.1.0-alpha.0"]).await;
    world.git.annotated_tag("v1.1.0-alpha.0", "next line");
    world.git.create_branch("release-1.0");
    world.git.commit("Release commit");
    world.git.annotated_tag("v1.0.0-rc.0", "candidate");
    world.git.commit("Fix of the candidate");
    step(&world, on("rc", "release-1.0"), &["v1.0.0-rc.1"]).await;
    world.git.annotated_tag("v1.0.0-rc.1", "candidate");
    world.git.commit("Last fix");
    step(&world, on("official", "release-1.0"), &["v1.0.0"]).await;
    world.git.annotated_tag("v1.0.0", "official");
    world.git.commit("Fix of the release");
    step(&world, on("official", "release-1.0"), &["v1.0.1"]).await;
    world.git.annotated_tag("v1.0.1", "patch");
    world.git.commit("Another fix");
    step(&world, on("official", "release-1.0"), &["v1.0.2"]).await;
    world.git.switch("main");
    world.git.commit("Of the next line");
    step(&world, request("alpha"), &["v1.1.0-alpha.1"]).await;
    world.git.annotated_tag("v1.1.0-beta.0", "beta");
    world.git.create_branch("release-1.1");
    world.git.commit("Release commit");
    world.git.annotated_tag("v1.1.0-rc.0", "candidate");
    world.git.commit("Fix");
    step(&world, on("official", "release-1.1"), &["v1.1.0"]).await;
    let notes: Vec<(&str, Option<&str>)> = notes.iter().map(|(tag, since)| (tag.as_str(), since.as_deref())).collect();
    assert_eq!(
        notes,
        [
            ("v1.0.0", None),
            ("v1.0.0-alpha.1", Some("v1.0.0-alpha.0")),
            ("v1.0.0-beta.0", Some("v1.0.0-alpha.1")),
            ("v1.0.0-rc.0", Some("v1.0.0-beta.0")),
            ("v1.0.0-rc.1", Some("v1.0.0-rc.0")),
            ("v1.0.1", Some("v1.0.0")),
            ("v1.0.2", Some("v1.0.1")),
            // All since the official release of the line before, which is on another branch.
            ("v1.1.0", Some("v1.0.0")),
            // The first alpha of a line too: what came before its branch was cut is in v1.0.0.
            ("v1.1.0-alpha.1", Some("v1.0.0")),
        ]
    );
}

#[tokio::test]
async fn the_semver_policy() {
    let mut world = World::semver("");
    assert_eq!(world.tags(&request("official")).await.unwrap(), ["v0.1.0"], "without tags");
    let first = World::semver(", first: v2.0.0");
    assert_eq!(first.tags(&request("official")).await.unwrap(), ["v2.0.0"], "without tags, told where to begin");
    world.git.annotated_tag("v0.16.0", "a release");
    let nothing = world.plan(&request("official")).await.unwrap_err();
    assert!(matches!(&nothing, Error::NothingNew { tag, .. } if tag == "v0.16.0"), "{nothing:?}");
    world.git.commit("One");
    for (case, request, expected) in [
        ("by the configuration", request("official"), "v0.17.0"),
        ("minor", bump(Bump::Minor), "v0.17.0"),
        ("patch", bump(Bump::Patch), "v0.16.1"),
        ("major", bump(Bump::Major), "v1.0.0"),
    ] {
        let plan = world.plan(&request).await.unwrap();
        assert_eq!(plan.prime().tag, expected, "{case}");
        assert_eq!(since(&plan), Some("v0.16.0"), "{case}");
        assert_eq!(plan.prime().placement, Placement::BuildCommit, "{case}");
        assert_eq!(plan.prime().commit.to_string(), world.git.head(), "{case}");
    }
}

/// Tags of other modules and of the whole repository are not those of this one.
#[tokio::test]
async fn tags_with_a_path() {
    let mut world = World::semver(", tag_prefix: api/");
    world.git.annotated_tag("api/v1.2.3", "of this module");
    world.git.commit("One");
    for other in ["v5.0.0", "apis/v7.0.0", "api/sub/v8.0.0", "api/latest"] {
        world.git.annotated_tag(other, "of another");
    }
    world.git.commit("Two");
    let plan = world.plan(&bump(Bump::Patch)).await.unwrap();
    assert_eq!(plan.prime().tag, "api/v1.2.4");
    assert_eq!(plan.prime().version.to_string(), "v1.2.4");
    assert_eq!(since(&plan), Some("api/v1.2.3"));
    assert!(plan.build_version.to_string().starts_with("v1.2.3-2+"), "{}", plan.build_version);
}

/// Names that are taken at the destination are taken, whatever the source knows.
#[tokio::test]
async fn tags_at_the_destination_count() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    std::fs::create_dir_all(world.folder().join("mock")).unwrap();
    let remote = world.folder().join("mock/repository.git");
    world.git.git(&["clone", "--quiet", "--bare", ".", remote.to_str().unwrap()]);
    testkit::git(&remote, &["tag", "v1.0.0-alpha.1", "main"]);
    let error = world.plan(&request("alpha")).await.unwrap_err();
    assert!(
        matches!(&error, Error::NextVersion(release_version::NextVersionError::Taken { version }) if version.to_string() == "v1.0.0-alpha.1"),
        "{error:?}"
    );
}

#[tokio::test]
async fn builds_that_are_not_the_head() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    let old = world.git.commit("One");
    world.git.commit("Two");
    let build = format!("v1.0.0-alpha.0.1+{}", &old[..14]).parse().unwrap();
    let asked = StageRequest { build_version: Some(build), ..request("alpha") };
    let error = world.plan(&asked).await.unwrap_err();
    assert!(matches!(error, Error::BehindHead { behind: 1, .. }), "{error:?}");
    let allowed = StageRequest { stale: StaleBuild::Allow, ..asked };
    assert_eq!(world.plan(&allowed).await.unwrap().commit.to_string(), old);
    // A new branch may begin behind the head; an existing one is released at its head.
    let branch = StageRequest { build_version: Some(build), ..on("rc", "release-1.0") };
    assert_eq!(world.plan(&branch).await.unwrap().versions.len(), 2);
    world.git.git(&["branch", "release-1.0"]);
    let stale = StageRequest { stale: StaleBuild::Allow, ..branch };
    assert!(world.plan(&stale).await.is_err());
}

#[tokio::test]
async fn a_repository_that_is_not_there() {
    let world = World::new(|config| config.replace("../work", "../nowhere"));
    let error = world.plan(&request("alpha")).await.unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    let world = World::new(|config| config.replace("branch: main", "branch: trunk"));
    assert!(matches!(world.plan(&request("alpha")).await.unwrap_err(), Error::NoBranch { .. }));
    let untagged = World::kubernetes();
    let error = untagged.plan(&request("alpha")).await.unwrap_err();
    assert!(
        matches!(&error, Error::NextVersion(release_version::NextVersionError::NoFirstVersion { .. })),
        "{error:?}"
    );
    let named =
        World::new(|config| config.replace("identity:", "versions: {policy: kubernetes, first: v0.1.0}\nidentity:"));
    assert_eq!(named.plan(&request("alpha")).await.unwrap().prime().version.to_string(), "v0.1.0-alpha.0");
}

#[tokio::test]
async fn results_that_clash() {
    for (case, from, to, part) in [
        ("over the sums", "kind: file", "kind: file, publish: SHA256SUMS", "`SHA256SUMS` would be published twice"),
        ("over the notes", "kind: file", "kind: file, publish: release-notes.md", "`release-notes.md`"),
        ("over a tarball", "kind: file", "kind: file, publish: hello-src.tar.gz", "`hello-src.tar.gz`"),
        ("like a sum", "kind: file", "kind: file, publish: x.sha256", "`x.sha256`"),
        ("a tarball of nothing", "out/hello{exe}", "out/other{exe}", "`out/other`"),
    ] {
        let mut world = World::new(|config| config.replacen(from, to, 1));
        world.git.annotated_tag("v1.0.0-alpha.0", "first");
        world.git.commit("One");
        let error = world.plan(&request("alpha")).await.unwrap_err();
        assert!(error.to_string().contains(part), "{case}: {error}");
    }
}

/// A plan that is the same on every machine: other folders, same everything else.
async fn portable(world: &World, request: &StageRequest) -> AnyPlan {
    let plan = AnyPlan::Stage(world.plan(request).await.unwrap());
    let text = String::from_utf8(canonical_json(&plan).unwrap()).unwrap();
    let folder = world.git.folder().to_str().unwrap();
    let text = text.replace(folder, "/home").replace(env!("CARGO_PKG_VERSION"), "0.1.0");
    serde_json::from_str(&text).unwrap()
}

/// The form of plans is a wire format: a change of the fingerprint here means that approvals given before it are void.
#[tokio::test]
async fn the_form_of_plans() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    let plan = portable(&world, &on("rc", "release-1.0")).await;
    let again: AnyPlan = serde_json::from_slice(&canonical_json(&plan).unwrap()).unwrap();
    assert_eq!(again, plan);
    assert_eq!(again.fingerprint().unwrap(), plan.fingerprint().unwrap());
    insta::assert_json_snapshot!("stage-plan", plan);
    insta::assert_snapshot!("stage-plan-shown", format!("{plan}\n{}", plan.fingerprint().unwrap()));
    // The same again, from another world made the same way.
    let mut other = World::kubernetes();
    other.git.annotated_tag("v1.0.0-alpha.0", "first");
    other.git.commit("One");
    assert_eq!(portable(&other, &on("rc", "release-1.0")).await, plan);
    // A plan of another shape is not read as one of ours.
    let mut value = serde_json::to_value(&plan).unwrap();
    value["more"] = 1.into();
    assert!(serde_json::from_value::<AnyPlan>(value).is_err());
}

#[tokio::test]
async fn roles_and_places_of_a_new_branch() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    let head = world.git.commit("One");
    let plan = world.plan(&on("rc", "release-1.0")).await.unwrap();
    let [rc, alpha] = &plan.versions[..] else { panic!("{plan:?}") };
    assert_eq!((rc.role, rc.placement, rc.branch.as_str()), (Role::Prime, Placement::ReleaseCommit, "release-1.0"));
    assert_eq!((alpha.role, alpha.placement, alpha.branch.as_str()), (Role::Companion, Placement::BuildCommit, "main"));
    assert_eq!(alpha.commit.to_string(), head);
    assert_eq!(rc.parent.to_string(), head);
    assert_ne!(rc.commit, alpha.commit);
    assert!(rc.message.contains("rc release v1.0.0-rc.0") && alpha.message.contains("alpha release v1.1.0-alpha.0"));
}
