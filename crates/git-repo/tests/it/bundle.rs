use git_repo::{BundleSpec, Error, GitRepo};
use testkit::{git, load_history};

use crate::support::{branch_name, new_tag, open, small_world, tag_name};

fn spec(repo: &GitRepo, from: Option<&str>) -> BundleSpec {
    let refs = ["refs/heads/main", "refs/tags/v1.0.0", "refs/tags/v1.1.0"].map(|name| name.parse().unwrap());
    BundleSpec {
        refs: refs
            .into_iter()
            .map(|name| (repo.object_of(&name).unwrap().unwrap(), name))
            .map(|(o, n)| (n, o))
            .collect(),
        prerequisites: from.map(|name| repo.resolve(name).unwrap()).into_iter().collect(),
    }
}

#[tokio::test]
async fn bytes_repeat_from_every_clone() {
    let world = small_world();
    let repo = open(&world);
    repo.create_tag(&new_tag("v1.1.0", repo.resolve("HEAD").unwrap())).unwrap();
    // Another clone, with other packs, other refs and settings that change packs.
    let copy = world.bare_remote("copy.git");
    git(copy.path(), &["update-ref", "refs/tags/extra", "main~1"]);
    git(copy.path(), &["repack", "-adfq", "--depth=3", "--window=2"]);
    git(copy.path(), &["config", "pack.compression", "9"]);
    git(copy.path(), &["config", "pack.window", "1"]);
    let clone = GitRepo::open(copy.path()).unwrap();

    for (case, from) in [("whole", None), ("with prerequisite", Some("v1.0.0"))] {
        let file = |name: &str| world.folder().join(format!("{case}-{name}.bundle"));
        repo.bundle(file("one"), &spec(&repo, from)).await.unwrap();
        repo.bundle(file("two"), &spec(&repo, from)).await.unwrap();
        clone.bundle(file("three"), &spec(&clone, from)).await.unwrap();
        let one = std::fs::read(file("one")).unwrap();
        assert!(one == std::fs::read(file("two")).unwrap(), "{case}: same repository");
        assert!(one == std::fs::read(file("three")).unwrap(), "{case}: other clone");
        assert_eq!(GitRepo::bundle_heads(file("one")).await.unwrap(), spec(&repo, from).refs, "{case}");
        repo.verify_bundle(file("one")).await.unwrap();
        git(world.path(), &["bundle", "verify", "--quiet", file("one").to_str().unwrap()]);
    }
    let none = BundleSpec::default();
    assert!(matches!(repo.bundle(world.folder().join("x"), &none).await, Err(Error::Bundle { .. })));
    let mut missing = spec(&repo, None);
    missing.refs.insert(branch_name("x"), "0123456789012345678901234567890123456789".parse().unwrap());
    assert!(matches!(repo.bundle(world.folder().join("x"), &missing).await, Err(Error::UnknownRevision { .. })));
    assert!(!world.folder().join("x").exists());
}

#[tokio::test]
async fn bytes_repeat_on_a_real_history() {
    let Some(history) = load_history("release") else {
        println!("skipped: history `release` is not here");
        return;
    };
    let repo = GitRepo::open(history.path()).unwrap();
    let folder = history.path().parent().unwrap().to_owned();
    let spec = BundleSpec {
        refs: [("refs/tags/v0.16.0".parse().unwrap(), repo.object_of(&tag_name("v0.16.0")).unwrap().unwrap())].into(),
        prerequisites: vec![repo.resolve("v0.10.0").unwrap()],
    };
    repo.bundle(folder.join("one"), &spec).await.unwrap();
    git(&folder, &["clone", "--quiet", "--bare", "--no-local", "history.git", "copy.git"]);
    let clone = GitRepo::open(folder.join("copy.git")).unwrap();
    clone.write_commit_graph().await.unwrap();
    git(clone.path(), &["repack", "-adfq", "--write-bitmap-index"]);
    clone.bundle(folder.join("two"), &spec).await.unwrap();
    let one = std::fs::read(folder.join("one")).unwrap();
    assert!(one.len() > 10_000 && one == std::fs::read(folder.join("two")).unwrap());
}

#[tokio::test]
async fn a_bundle_is_fetched_where_its_base_is() {
    let world = small_world();
    let bare = world.bare_remote("remote.git");
    let repo = open(&world);
    git(bare.path(), &["update-ref", "refs/heads/main", "v1.0.0^{commit}"]);
    repo.create_tag(&new_tag("v1.1.0", repo.resolve("HEAD").unwrap())).unwrap();
    let file = world.folder().join("a.bundle");
    repo.bundle(&file, &spec(&repo, Some("v1.0.0"))).await.unwrap();

    let target = GitRepo::open(bare.path()).unwrap();
    let names = [branch_name("main"), tag_name("v1.1.0")];
    target.fetch_bundle(&file, &names).await.unwrap();
    target.fetch_bundle(&file, &names).await.unwrap();
    assert_eq!(target.resolve("main").unwrap(), repo.resolve("main").unwrap());
    assert_eq!(target.object_of(&names[1]).unwrap(), repo.object_of(&names[1]).unwrap());
    target.fsck().await.unwrap();

    let error = target.fetch_bundle(&file, &[branch_name("none")]).await.unwrap_err();
    assert!(matches!(error, Error::Bundle { .. }), "{error:?}");
    git(bare.path(), &["update-ref", "refs/tags/v1.1.0", "main~1"]);
    let error = target.fetch_bundle(&file, &names).await.unwrap_err();
    assert!(matches!(error, Error::Moved { .. }), "{error:?}");

    let empty = GitRepo::init_bare(world.folder().join("empty.git"), "main").unwrap();
    assert!(matches!(empty.verify_bundle(&file).await, Err(Error::Bundle { .. })));
    assert!(matches!(empty.fetch_bundle(&file, &names).await, Err(Error::Bundle { .. })));
    assert!(empty.refs("").unwrap().is_empty());

    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() - 40;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    git(bare.path(), &["update-ref", "-d", "refs/tags/v1.1.0"]);
    let fresh = world.folder().join("fresh.git");
    git(world.folder(), &["init", "--quiet", "--bare", fresh.to_str().unwrap()]);
    git(&fresh, &["fetch", "--quiet", world.path().to_str().unwrap(), "v1.0.0:refs/tags/v1.0.0"]);
    let error = GitRepo::open(&fresh).unwrap().fetch_bundle(&file, &names).await.unwrap_err();
    assert!(matches!(error, Error::Bundle { .. }), "{error:?}");
    std::fs::write(&file, "no bundle").unwrap();
    assert!(matches!(GitRepo::bundle_heads(&file).await, Err(Error::Bundle { .. })));
}
