//! Dependency reports from git objects.

use git_repo::{GitRemote, GitRepo};
use notes_gen::dependencies::{RenderOptions, render_dependencies};
use notes_sources::{Wanted, compare_dependencies, ends};
use testkit::{GitWorld, git};

#[tokio::test]
async fn dependencies_of_a_range() {
    let mut world = GitWorld::new("main");
    let module = |version: &str| format!("module example.org/x\n\nrequire github.com/a/b {version}\n");
    let lock = |version: &str| {
        format!(
            "version = 4\n\n[[package]]\nname = \"tool\"\nversion = \"{version}\"\n\
        source = \"registry+https://example.invalid/index\"\n"
        )
    };
    world.commit_files("first", &[("go.mod", &module("v1.0.0")), ("sub/Cargo.lock", &lock("1.0.0"))]);
    world.tag("v1.0.0");
    world.commit_files("second", &[("go.mod", &module("v1.1.0")), ("sub/Cargo.lock", &lock("2.0.0"))]);
    world.tag("v1.1.0");
    let folders = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();

    // From a mirror that has no files yet.
    let bare = world.bare_remote("remote.git");
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        git(bare.path(), &["config", setting, "true"]);
    }
    let remote = GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap();
    let repo = GitRepo::mirror(&remote, world.folder().join("mirror.git")).await.unwrap();
    let range = ends(&repo, &Wanted::revision("v1.0.0"), &Wanted::revision("v1.1.0")).unwrap();
    assert!(compare_dependencies(&repo, None, &range, &folders(&[""])).await.is_err(), "the files are not there");
    let report = compare_dependencies(&repo, Some(&remote), &range, &folders(&[""])).await.unwrap();
    let text = render_dependencies(&report, &RenderOptions::default());
    assert!(
        text.contains("- github.com/a/b: [v1.0.0 → v1.1.0](https://github.com/a/b/compare/v1.0.0...v1.1.0)\n"),
        "{text}"
    );
    assert!(!text.contains("tool"), "{text}");
    let report = compare_dependencies(&repo, Some(&remote), &range, &folders(&[".", "sub/", "none"])).await.unwrap();
    assert_eq!(report.manifests.len(), 2);
    assert_eq!(report.manifests[1].changed[0].name, "tool");

    let whole = ends(&repo, &Wanted::default(), &Wanted::revision("v1.1.0")).unwrap();
    assert!(compare_dependencies(&repo, None, &whole, &folders(&[""])).await.unwrap().is_empty());
}
