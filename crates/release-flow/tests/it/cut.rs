use release_flow::plan::AnyPlan;
use testkit::git;

use crate::world::{World, bump, on, request};
use release_version::Bump;

/// What the plan says of commits and tags before they are made is what they are.
#[tokio::test]
async fn a_new_branch_is_what_the_plan_said() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.merge_pull(2, "someone/one", "One");
    let plan = world.plan(&on("rc", "release-1.0")).await.unwrap();
    let staged = world.stage(plan.clone()).await.unwrap();
    // The source is not written to.
    assert_eq!(world.git.git(&["tag", "--list"]), "v1.0.0-alpha.0");
    assert!(!world.folder().join("mock/repository.git").exists(), "staging pushes nothing");
    let released = world.release(&staged).await.unwrap();
    assert_eq!(released.tags, ["v1.0.0-rc.0", "v1.1.0-alpha.0"]);

    let remote = world.folder().join("mock/repository.git");
    git(&remote, &["fsck", "--strict"]);
    for version in &plan.versions {
        let parse = |revision: &str| git(&remote, &["rev-parse", revision]);
        assert_eq!(parse(&format!("refs/tags/{}", version.tag)), version.tag_object.to_string(), "{}", version.tag);
        assert_eq!(parse(&format!("refs/tags/{}^{{commit}}", version.tag)), version.commit.to_string());
        assert_eq!(git(&remote, &["tag", "--list", "--format=%(contents:subject)", &version.tag]), version.message);
        assert_eq!(git(&remote, &["cat-file", "-t", &version.tag]), "tag", "annotated");
    }
    let heads = git(&remote, &["for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads"]);
    let expected = format!("main {}\nrelease-1.0 {}", plan.commit, plan.versions[0].commit);
    assert_eq!(heads, expected, "main is where it was, the branch at its release commit");
    let show = git(&remote, &["log", "-1", "--format=%P|%an <%ae>|%at %ct|%s", "release-1.0"]);
    // No clock is in a plan: the release commit is of the time of the commit that is released.
    let time = git(&remote, &["log", "-1", "--format=%ct", "main"]);
    let author = format!("Release Bot <release-bot@example.org>|{time} {time}");
    assert_eq!(show, format!("{}|{author}|Release commit for Hello v1.0.0-rc.0", plan.commit));
    assert_eq!(git(&remote, &["diff", "--stat", "main", "release-1.0"]), "", "a release commit changes no file");
    assert_eq!(git(&remote, &["describe", "release-1.0"]), "v1.0.0-rc.0");
    assert_eq!(git(&remote, &["describe", "main"]), "v1.1.0-alpha.0");
    // Both versions are built and public; markers name what is newest for each.
    let bucket = world.folder().join("mock/bucket/release");
    for version in ["v1.0.0-rc.0", "v1.1.0-alpha.0"] {
        let binary = std::fs::read_to_string(bucket.join(version).join("bin/linux/amd64/hello")).unwrap();
        assert_eq!(binary, format!("{version} linux-amd64"));
    }
    let marker = |name: &str| std::fs::read_to_string(bucket.join(name)).unwrap();
    assert_eq!(marker("latest.txt"), "v1.1.0-alpha.0");
    assert_eq!(marker("latest-1.0.txt"), "v1.0.0-rc.0");
    assert_eq!(marker("latest-1.1.txt"), "v1.1.0-alpha.0");
    assert!(!bucket.join("stable.txt").exists(), "no pre-release is stable");
}

/// Release after release at one destination, each from where the one before left it.
#[tokio::test]
async fn releases_one_after_the_other() {
    let mut world = World::semver("");
    let mut tags = Vec::new();
    for (number, step) in [bump(Bump::Minor), bump(Bump::Patch), bump(Bump::Major)].into_iter().enumerate() {
        world.git.squash_pull(number as u64 + 1, &format!("Change {number}"));
        let plan = world.plan(&step).await.unwrap();
        let staged = world.stage(plan).await.unwrap();
        let released = world.release(&staged).await.unwrap();
        tags.extend(released.tags);
        // As a person would before the next one.
        let remote = world.folder().join("mock/repository.git");
        world.git.git(&["fetch", "--quiet", "--tags", remote.to_str().unwrap()]);
        world.git.git(&["push", "--quiet", remote.to_str().unwrap(), "main"]);
    }
    assert_eq!(tags, ["v0.1.0", "v0.1.1", "v1.0.0"]);
    let bucket = world.folder().join("mock/bucket/release");
    let marker = |name: &str| std::fs::read_to_string(bucket.join(name)).unwrap();
    assert_eq!(marker("stable.txt"), "v1.0.0");
    assert_eq!(marker("stable-0.1.txt"), "v0.1.1");
    let notes = std::fs::read_to_string(bucket.join("v0.1.1/release-notes.md")).unwrap();
    assert!(notes.contains("Change 1") && !notes.contains("Change 0"), "{notes}");
}

#[tokio::test]
async fn two_branches_at_once() {
    let mut world = World::kubernetes();
    world.git.create_branch("release-0.9");
    world.git.commit("Release commit");
    world.git.annotated_tag("v0.9.0-rc.0", "candidate");
    world.git.commit("Fix");
    world.git.switch("main");
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    let (alpha, rc) = (request("alpha"), on("rc", "release-0.9"));
    let (alpha, rc) = (world.plan(&alpha).await.unwrap(), world.plan(&rc).await.unwrap());
    let (alpha, rc) = tokio::join!(world.stage(alpha), world.stage(rc));
    let (alpha, rc) = (alpha.unwrap(), rc.unwrap());
    world.release(&rc).await.unwrap();
    world.release(&alpha).await.unwrap();
    let remote = world.folder().join("mock/repository.git");
    git(&remote, &["fsck", "--strict"]);
    assert_eq!(git(&remote, &["tag", "--list"]), "v0.9.0-rc.1\nv1.0.0-alpha.1");
}

/// Applying a plan twice is applying it once, whatever the journal of the first time looks like.
#[tokio::test]
async fn applying_again_changes_nothing() {
    let mut world = World::kubernetes();
    world.git.annotated_tag("v1.0.0-alpha.0", "first");
    world.git.commit("One");
    let plan = world.plan(&request("alpha")).await.unwrap();
    world.stage(plan.clone()).await.unwrap();
    let bucket = world.folder().join("mock/bucket");
    let manifest = bucket.join(&plan.prefix).join("manifest.json");
    let before = std::fs::metadata(&manifest).unwrap().modified().unwrap();
    std::fs::remove_dir_all(bucket.join("journal")).unwrap();
    world.apply(AnyPlan::Stage(plan)).await.unwrap();
    assert_eq!(std::fs::metadata(&manifest).unwrap().modified().unwrap(), before);
}
