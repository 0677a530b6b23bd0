use git_repo::{CloneOptions, Error, GitRemote, GitRepo, Layout};
use testkit::git;

use crate::support::{branch_name, left_over, small_world, tag_name};

#[tokio::test]
async fn clones_have_all_branches_and_tags() {
    let world = small_world();
    let bare = world.bare_remote("remote.git");
    for (case, source) in [
        ("path", GitRemote::from_path(bare.path()).unwrap()),
        ("url", GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap()),
    ] {
        let dest = world.folder().join(format!("bare-{case}"));
        // What a killed attempt left over does not matter, and does not stay for ever.
        let [old, new] = left_over(&dest);
        let clone = GitRepo::clone_from(&source, &dest, CloneOptions::default()).await.unwrap();
        let refs = git(&dest, &["for-each-ref", "--format=%(refname) %(objectname)"]);
        assert_eq!(refs, git(bare.path(), &["for-each-ref", "--format=%(refname) %(objectname)"]), "{case}");
        assert_eq!(clone.head_branch().unwrap(), Some(branch_name("main")), "{case}");
        assert!(clone.work_dir().is_none() && !old.exists() && new.join("whole/objects").exists(), "{case}");
        git(&dest, &["fsck", "--strict"]);

        let dest = world.folder().join(format!("work-{case}"));
        let clone = GitRepo::clone_from(&source, &dest, CloneOptions::new(Layout::WorkTree)).await.unwrap();
        assert_eq!(git(&dest, &["status", "--porcelain", "--branch"]), "## main...origin/main", "{case}");
        assert_eq!(clone.tags().unwrap().len(), 2, "{case}");
        assert_eq!(clone.resolve("origin/release-1.1").unwrap().to_string(), world.git(&["rev-parse", "release-1.1"]));
        let error = GitRepo::clone_from(&source, &dest, CloneOptions::default()).await.unwrap_err();
        assert!(matches!(error, Error::Exists { .. }), "{case}: {error:?}");
    }
    let none = GitRemote::from_path(world.folder().join("none.git")).unwrap();
    let error = GitRepo::clone_from(&none, world.folder().join("x"), CloneOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::NoRepository { .. }), "{error:?}");
    assert!(!world.folder().join("x").exists());
    let closed = GitRemote::parse("http://127.0.0.1:1/none.git").unwrap();
    let error = GitRepo::clone_from(&closed, world.folder().join("x"), CloneOptions::default()).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}

#[tokio::test]
async fn of_several_clones_into_one_folder_one_is_made() {
    let world = small_world();
    let source = GitRemote::from_path(world.path()).unwrap();
    let dest = world.folder().join("clones/one");
    let clones = std::array::from_fn::<_, 4, _>(|_| {
        let (source, dest) = (source.clone(), dest.clone());
        tokio::spawn(async move { GitRepo::clone_from(&source, &dest, CloneOptions::default()).await })
    });
    let mut made = 0;
    for clone in clones {
        match clone.await.unwrap() {
            Ok(_) => made += 1,
            Err(error) => assert!(matches!(error, Error::Exists { .. }), "{error:?}"),
        }
    }
    assert_eq!(made, 1);
    git(&dest, &["fsck", "--strict"]);
    assert_eq!(std::fs::read_dir(world.folder().join("clones")).unwrap().count(), 1, "nothing is left over");
}

#[tokio::test]
async fn fetch_moves_refs_forward() {
    let mut world = small_world();
    let bare = world.bare_remote("remote.git");
    let repo = GitRepo::open(bare.path()).unwrap();
    let source = GitRemote::from_path(world.path()).unwrap();
    world.commit("More");
    world.annotated_tag("v1.1.0", "Second");
    repo.fetch(&source, &["refs/heads/main:refs/heads/main", "refs/tags/*:refs/tags/*"]).await.unwrap();
    assert_eq!(repo.resolve("main").unwrap().to_string(), world.head());
    assert_eq!(
        repo.object_of(&tag_name("v1.1.0")).unwrap().unwrap().to_string(),
        world.git(&["rev-parse", "refs/tags/v1.1.0"])
    );
    world.git(&["reset", "--quiet", "--hard", "HEAD~2"]);
    world.commit("Elsewhere");
    let error = repo.fetch(&source, &["refs/heads/main:refs/heads/main"]).await.unwrap_err();
    assert!(matches!(error, Error::Repository { .. }), "{error:?}");
    repo.fetch(&source, &["+refs/heads/main:refs/heads/main"]).await.unwrap();
    assert_eq!(repo.resolve("main").unwrap().to_string(), world.head());
    assert!(repo.fetch(&source, &["refs/heads/none:refs/heads/none"]).await.is_err());
}

#[test]
fn places_that_are_taken() {
    let world = small_world();
    assert!(matches!(GitRepo::init_bare(world.path(), "main"), Err(Error::Exists { .. })));
    assert!(matches!(GitRepo::open(world.folder()), Err(Error::Open { .. })));
    let repo = GitRepo::init_bare(world.folder().join("new.git"), "trunk").unwrap();
    assert_eq!(repo.head_branch().unwrap(), Some(branch_name("trunk")));
    assert_eq!(git(repo.path(), &["symbolic-ref", "HEAD"]), "refs/heads/trunk");
    assert!(repo.refs("").unwrap().is_empty() && repo.resolve("HEAD").is_err());
}

#[tokio::test]
async fn a_remote_that_lacks_a_file_says_so() {
    let mut world = testkit::GitWorld::new("main");
    world.commit_files("first", &[("a.txt", "lost\n"), ("b.txt", "kept\n")]);
    let bare = world.bare_remote("remote.git");
    let lost = world.git(&["rev-parse", "HEAD:a.txt"]);
    let loose = bare.path().join("objects").join(&lost[..2]).join(&lost[2..]);
    if !loose.exists() {
        // What came as a pack becomes single files.
        for pack in std::fs::read_dir(bare.path().join("objects/pack")).unwrap() {
            let pack = pack.unwrap().path();
            if pack.extension().is_some_and(|end| end == "pack") {
                let moved = world.folder().join("moved.pack");
                std::fs::rename(&pack, &moved).unwrap();
                std::fs::remove_file(pack.with_extension("idx")).unwrap();
                let file = std::fs::File::open(&moved).unwrap();
                let mut unpack = std::process::Command::new("git");
                unpack.arg("--git-dir").arg(bare.path()).args(["unpack-objects", "-q"]).stdin(file);
                assert!(unpack.status().unwrap().success());
            }
        }
    }
    std::fs::remove_file(&loose).unwrap();
    let source = GitRemote::parse(&format!("file://{}", bare.path().display())).unwrap();
    let dest = world.folder().join("clone");
    let error = GitRepo::clone_from(&source, &dest, CloneOptions::default()).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Unavailable { .. }) && text.contains("on the remote side"), "{text}: {error:?}");
    assert!(!dest.exists());
}
