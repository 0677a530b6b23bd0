use git_repo::{CloneOptions, Error, GitRemote, GitRepo, Layout};
use testkit::git;

use crate::support::{left_over, open, small_world};

#[tokio::test]
async fn files_are_exported_without_a_repository() {
    let world = small_world();
    let bare = world.bare_remote("remote.git");
    for repo in [open(&world), GitRepo::open(bare.path()).unwrap()] {
        let dest = world.folder().join("export");
        let tag = repo.resolve("v1.0.0").unwrap();
        let [old, new] = left_over(&dest);
        repo.export_tree(tag, &dest).await.unwrap();
        assert!(!old.exists() && new.exists());
        let mut names: Vec<_> =
            std::fs::read_dir(&dest).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["README.md", "docs", "run.sh"]);
        assert_eq!(std::fs::read(dest.join("docs/a.txt")).unwrap(), b"a\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_ne!(std::fs::metadata(dest.join("run.sh")).unwrap().permissions().mode() & 0o111, 0);
        }
        assert!(matches!(repo.export_tree(tag, &dest).await, Err(Error::Exists { .. })));
        std::fs::remove_dir_all(&dest).unwrap();
    }
    assert_eq!(world.git(&["status", "--porcelain"]), "", "the work tree and its index are untouched");
}

#[tokio::test]
async fn a_checkout_can_be_repeated_after_a_stop() {
    let world = small_world();
    let source = GitRemote::from_path(world.path()).unwrap();
    let dest = world.folder().join("work");
    std::fs::remove_dir(&dest).err();
    let dest = world.folder().join("build");
    let repo = GitRepo::clone_from(&source, &dest, CloneOptions::new(Layout::WorkTree)).await.unwrap();
    let tag = repo.resolve("v1.0.0").unwrap();
    // A stopped checkout leaves a lock and half-written files.
    std::fs::write(dest.join(".git/index.lock"), "").unwrap();
    std::fs::write(dest.join("README.md"), "hel").unwrap();
    std::fs::remove_file(dest.join("docs/a.txt")).unwrap();
    repo.checkout(tag).await.unwrap();
    repo.checkout(tag).await.unwrap();
    assert!(repo.status().await.unwrap().is_clean());
    assert_eq!(repo.resolve("HEAD").unwrap(), tag);
    assert_eq!(git(&dest, &["describe"]), "v1.0.0");
    assert!(!dest.join("log.txt").exists() && !dest.join("pulls").exists());

    std::fs::write(dest.join("README.md"), "changed\n").unwrap();
    std::fs::write(dest.join("new file"), "x").unwrap();
    let entries = repo.status().await.unwrap().entries;
    let shown: Vec<_> = entries.iter().map(|entry| (entry.code.as_str(), entry.path.as_str())).collect();
    assert_eq!(shown, [(" M", "README.md"), ("??", "new file")]);

    let bare = GitRepo::init_bare(world.folder().join("b.git"), "main").unwrap();
    assert!(matches!(bare.status().await, Err(Error::Bare { .. })));
    assert!(matches!(bare.checkout(tag).await, Err(Error::Bare { .. })));
    let unknown = "0123456789012345678901234567890123456789".parse().unwrap();
    assert!(matches!(repo.checkout(unknown).await, Err(Error::UnknownRevision { .. })));
}
