use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use git_repo::{CommitId, GitRepo, Identity, NewTag, ObjectId, RefName};
use testkit::GitWorld;

pub(crate) fn open(world: &GitWorld) -> GitRepo {
    GitRepo::open(world.path()).unwrap()
}

pub(crate) fn commit_id(text: &str) -> CommitId {
    text.parse().unwrap()
}

pub(crate) fn object_id(text: &str) -> ObjectId {
    text.parse().unwrap()
}

pub(crate) fn tag_name(name: &str) -> RefName {
    RefName::tag(name).unwrap()
}

pub(crate) fn branch_name(name: &str) -> RefName {
    RefName::branch(name).unwrap()
}

pub(crate) fn bot() -> Identity {
    Identity::new("Release Bot", "release-bot@example.invalid")
}

pub(crate) fn new_tag(name: &str, target: CommitId) -> NewTag {
    NewTag {
        name: name.to_owned(),
        target,
        message: format!("Release {name}"),
        tagger: bot(),
        time: "2024-03-01T12:00:00Z".parse().unwrap(),
    }
}

/// A world with a tag, merges and a release branch.
pub(crate) fn small_world() -> GitWorld {
    let mut world = GitWorld::new("main");
    world.commit_files("Start", &[("README.md", "hello\n"), ("docs/a.txt", "a\n"), ("run.sh", "#!/bin/sh\n")]);
    world.git(&["update-index", "--chmod=+x", "run.sh"]);
    world.git(&["commit", "--quiet", "--message", "Make it run"]);
    world.git(&["checkout", "--quiet", "--force", "HEAD"]);
    world.annotated_tag("v1.0.0", "First release");
    world.merge_pull(7, "someone/fix", "Fix the build");
    world.squash_pull(8, "Add a feature");
    world.create_branch("release-1.1");
    world.commit("On the branch");
    world.tag("light");
    world.switch("main");
    world.merge_pull(9, "someone/more", "Do more");
    world
}

/// Makes what an attempt to make `dest` left over that was killed two days ago, and one that is still under way.
pub(crate) fn left_over(dest: &Path) -> [PathBuf; 2] {
    let name = dest.file_name().unwrap().to_str().unwrap();
    [("old", 48), ("new", 1)].map(|(which, hours)| {
        let folder = dest.with_file_name(format!(".{name}.partial{which}"));
        std::fs::create_dir_all(folder.join("whole/objects")).unwrap();
        let then = SystemTime::now() - Duration::from_secs(hours * 3600);
        std::fs::File::open(&folder).unwrap().set_modified(then).unwrap();
        folder
    })
}
