use git_repo::{Error, GitRemote, GitRepo};
use testkit::{GitWorld, git};

#[tokio::test]
async fn a_mirror_has_the_history_and_gets_files_when_asked() {
    let mut world = GitWorld::new("main");
    world.commit_files("first", &[("go.mod", "module one\n"), ("large", "content that nobody needs\n")]);
    world.tag("v1.0.0");
    let bare = world.bare_remote("remote.git");
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        git(bare.path(), &["config", setting, "true"]);
    }
    let source = GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap();
    let dest = world.folder().join("cache/remote.git");
    let mirror = GitRepo::mirror(&source, &dest).await.unwrap();
    let first = mirror.resolve("v1.0.0").unwrap();
    let file = mirror.object_at(first, "go.mod").unwrap().unwrap();
    assert!(mirror.object_at(first, "missing").unwrap().is_none());
    // No contents came along.
    assert!(mirror.blob(first, "go.mod", 1000).is_err());
    mirror.fetch_objects(&source, &[file]).await.unwrap();
    mirror.fetch_objects(&source, &[file]).await.unwrap();
    assert_eq!(mirror.blob(first, "go.mod", 1000).unwrap().unwrap(), b"module one\n");
    assert!(mirror.blob(first, "large", 1000).is_err(), "only what was asked for");

    // The remote moves on; what is gone there is gone here.
    world.commit("second");
    world.git(&[
        "push",
        "--quiet",
        "--force",
        bare.path().to_str().unwrap(),
        "main:main",
        "main:refs/heads/release-1.0",
    ]);
    git(bare.path(), &["update-ref", "-d", "refs/tags/v1.0.0"]);
    let again = GitRepo::mirror(&source, &dest).await.unwrap();
    assert_eq!(again.resolve("release-1.0").unwrap().to_string(), world.head());
    assert!(again.tags().unwrap().is_empty());
    assert_eq!(again.head_branch().unwrap().unwrap().as_str(), "refs/heads/main");

    let gone = GitRemote::from_path(world.folder().join("none.git")).unwrap();
    let error = GitRepo::mirror(&gone, world.folder().join("cache/none.git")).await.unwrap_err();
    assert!(matches!(error, Error::NoRepository { .. }), "{error:?}");
    assert!(!world.folder().join("cache/none.git").exists());
}

#[tokio::test]
async fn several_may_make_the_same_mirror_at_once() {
    let mut world = GitWorld::new("main");
    for _ in 0..20 {
        world.commit("more");
    }
    let bare = world.bare_remote("remote.git");
    git(bare.path(), &["config", "uploadpack.allowFilter", "true"]);
    let source = GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap();
    let dest = world.folder().join("cache/remote.git");
    let mirrors = std::array::from_fn::<_, 4, _>(|_| {
        let (source, dest) = (source.clone(), dest.clone());
        tokio::spawn(async move { GitRepo::mirror(&source, &dest).await })
    });
    for mirror in mirrors {
        let mirror = mirror.await.unwrap().unwrap();
        assert_eq!(mirror.path(), dest);
        assert_eq!(mirror.resolve("main").unwrap().to_string(), world.head());
    }
    git(&dest, &["fsck", "--connectivity-only"]);
    assert!(dest.join("objects/info/commit-graph").exists() || dest.join("objects/info/commit-graphs").exists());
    assert_eq!(std::fs::read_dir(world.folder().join("cache")).unwrap().count(), 1, "nothing is left over");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_may_bring_a_mirror_up_to_date_at_once() {
    let mut world = GitWorld::new("main");
    world.commit("first");
    let bare = world.bare_remote("remote.git");
    let source = GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap();
    let dest = world.folder().join("cache/remote.git");
    GitRepo::mirror(&source, &dest).await.unwrap();
    for round in 0..3 {
        for branch in 0..20 {
            world.commit("more");
            world.git(&[
                "push",
                "--quiet",
                bare.path().to_str().unwrap(),
                "main:main",
                &format!("main:branch-{branch}"),
            ]);
        }
        let mirrors = std::array::from_fn::<_, 6, _>(|_| {
            let (source, dest) = (source.clone(), dest.clone());
            tokio::spawn(async move { GitRepo::mirror(&source, &dest).await })
        });
        for mirror in mirrors {
            let mirror = mirror.await.unwrap().unwrap_or_else(|error| panic!("round {round}: {error}"));
            assert_eq!(mirror.resolve("main").unwrap().to_string(), world.head());
        }
    }
}
