//! Places and plans that changed behind the back of a run.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use testkit::git;

use crate::world::{Run, World, files};

/// What happens to a file.
type Spoil<'a> = &'a dyn Fn(&Path);
/// What happens to a place.
type Move<'a> = &'a dyn Fn(&Planned);

/// A staged build, and the plan of its release in a file.
struct Planned {
    world: World,
    build: String,
    plan: PathBuf,
    fingerprint: String,
}

impl Planned {
    fn new() -> Self {
        let world = World::new().dated();
        let build = world.stage();
        let plan = world.path("release-plan.json");
        let args = ["release", "--nomock", "--build-version", &build, "--plan-out", plan.to_str().unwrap()];
        let made = world.krel(&[&args[..], &["--output", "json"]].concat());
        let fingerprint = made.expect(0).json()["fingerprint"].as_str().unwrap().to_owned();
        Self { world, build, plan, fingerprint }
    }

    fn apply(&self) -> Run {
        self.world.krel(&["apply", self.plan.to_str().unwrap(), "--approve", &self.fingerprint])
    }

    fn staged(&self, below: &str) -> PathBuf {
        self.world.bucket(&format!("stage/{}/{below}", self.build))
    }

    fn remote(&self) -> PathBuf {
        self.world.path("production/repository.git")
    }
}

fn overwrite(path: &Path, change: impl Fn(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Nothing that a user would find: no files, no tag, no page, no marker.
#[track_caller]
fn nothing_public(world: &World, case: &str) {
    assert_eq!(world.markers().len(), 0, "{case}: markers moved");
    let names = world.places();
    let public: Vec<&str> = names.names().into_iter().filter(|name| name.contains("/bucket/release/")).collect();
    assert_eq!(public, Vec::<&str>::new(), "{case}");
    assert_eq!(files(&world.path("production/forge/releases")).len(), 0, "{case}");
    let tags = git(&world.path("production/repository.git"), &["tag", "--list"]);
    assert_eq!(tags, "v1.0.0-alpha.0", "{case}");
}

#[test]
fn staged_things_that_changed() {
    let in_version = |path: &str| format!("v1.0.0-alpha.1/gcs-stage/v1.0.0-alpha.1/{path}");
    let flip = |bytes: &mut Vec<u8>| bytes[0] ^= 1;
    let cases: [(&str, String, Spoil<'_>); 8] = [
        ("one bit of a tarball", in_version("hello-src.tar.gz"), &|path| overwrite(path, flip)),
        ("one byte more", in_version("release-notes.md"), &|path| overwrite(path, |bytes| bytes.push(b'\n'))),
        ("the notes, which become the page", in_version("release-notes.md"), &|path| overwrite(path, flip)),
        ("a list of sums", in_version("SHA256SUMS"), &|path| overwrite(path, flip)),
        ("a file gone", in_version("hello-src.tar.gz.sha512"), &|path| fs::remove_file(path).unwrap()),
        ("a link in the place of a file", in_version("hello-src.tar.gz"), &|path| {
            let aside = path.with_extension("aside");
            fs::rename(path, &aside).unwrap();
            symlink(&aside, path).unwrap();
        }),
        ("the bundle", "git.bundle".to_owned(), &|path| overwrite(path, |bytes| *bytes.last_mut().unwrap() ^= 1)),
        ("the manifest", "manifest.json".to_owned(), &|path| {
            overwrite(path, |bytes| {
                let text = String::from_utf8(bytes.clone()).unwrap().replace("\"notes\":2", "\"notes\":3");
                assert_ne!(text.as_bytes(), bytes);
                *bytes = text.into_bytes();
            });
        }),
    ];
    for (case, path, change) in cases {
        let planned = Planned::new();
        change(&planned.staged(&path));
        let before = planned.world.places();
        let run = planned.apply();
        let code = match case {
            "the manifest" => 5,
            // Not another file but something that is no object at all.
            "a link in the place of a file" => 2,
            _ => 3,
        };
        assert_eq!(run.code, Some(code), "{case}: {run:?}");
        let file = path.rsplit('/').next().unwrap();
        let subject = if file == "manifest.json" { "manifest" } else { file };
        run.says(&["error: ", subject]);
        nothing_public(&planned.world, case);
        planned.world.places().same_as(&before, case);
        // Planned after the change, it is refused no later than when it is applied.
        if file != "manifest.json" {
            let args = ["release", "--nomock", "--build-version", &planned.build];
            let plan = planned.world.krel(&[&args[..], &["--plan", "--output", "json"]].concat());
            if plan.code == Some(0) {
                let fingerprint = plan.json()["fingerprint"].as_str().unwrap().to_owned();
                let run = planned.world.krel(&[&args[..], &["--approve", &fingerprint]].concat());
                run.expect(code).says(&[file]);
            }
            nothing_public(&planned.world, case);
        }
    }
}

#[test]
fn the_world_moved_between_plan_and_apply() {
    let cases: [(&str, Move<'_>, &[&str]); 6] = [
        (
            "a tag of that name",
            &|p| {
                git(&p.remote(), &["tag", "v1.0.0-alpha.1", "main"]);
            },
            &["refs/tags/v1.0.0-alpha.1", "plan again"],
        ),
        (
            "a marker",
            &|p| {
                fs::create_dir_all(p.world.bucket("release")).unwrap();
                fs::write(p.world.bucket("release/latest.txt"), "v1.0.0-alpha.0").unwrap();
            },
            &["marker `release/latest.txt`", "v1.0.0-alpha.0", "plan again"],
        ),
        (
            "the last marker",
            &|p| {
                fs::create_dir_all(p.world.bucket("release")).unwrap();
                fs::write(p.world.bucket("release/latest-1.0.txt"), "v1.0.0-beta.0").unwrap();
            },
            &["marker `release/latest-1.0.txt`", "v1.0.0-beta.0", "plan again"],
        ),
        (
            "a page",
            &|p| {
                let folder = p.world.path("production/forge/releases");
                fs::create_dir_all(&folder).unwrap();
                let page = r#"{"tag":"v1.0.0-alpha.1","title":"Another","prerelease":true,"latest":false,"published":"2025-01-01T00:00:00Z","body_sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}"#;
                fs::write(folder.join("v1.0.0-alpha.1.json"), page).unwrap();
            },
            &["page of `v1.0.0-alpha.1`", "`Another`", "plan again"],
        ),
        (
            "a file of another build",
            &|p| {
                let folder = p.world.bucket("release/v1.0.0-alpha.1");
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("release-notes.md"), "another").unwrap();
            },
            &["release/v1.0.0-alpha.1`", "`release-notes.md`", "plan again"],
        ),
        (
            "a file too many",
            &|p| {
                let folder = p.world.bucket("release/v1.0.0-alpha.1");
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join("extra.txt"), "another").unwrap();
            },
            &["release/v1.0.0-alpha.1", "`extra.txt`", "plan again"],
        ),
    ];
    for (case, change, parts) in cases {
        let planned = Planned::new();
        change(&planned);
        let before = planned.world.places();
        let run = planned.apply();
        assert_eq!(run.code, Some(5), "{case}: {}", run.stderr);
        run.says(&["error: ", "hint: make a new plan"]).says(parts);
        planned.world.places().same_as(&before, case);
    }
}

#[test]
fn a_release_branch_that_moved_on() {
    let mut world = World::new();
    world.git.create_branch("release-1.0");
    world.git.commit_files("Prepare", &[("hello.c", "int main(void) { return 0; }\n")]);
    world.git.annotated_tag("v1.0.0-rc.0", "Hello rc release v1.0.0-rc.0");
    let remote = world.path("production/repository.git");
    world.git.git(&["push", "--quiet", remote.to_str().unwrap(), "release-1.0", "v1.0.0-rc.0"]);
    world.git.commit("One fix");
    let remote_head = |world: &World| git(&remote, &["rev-parse", "refs/heads/release-1.0"]).eq(&world.git.head());
    assert!(!remote_head(&world));
    world.git.git(&["push", "--quiet", remote.to_str().unwrap(), "release-1.0"]);
    let staged = world.approved(&["stage", "--type", "rc", "--branch", "release-1.0", "--nomock"]);
    let build = staged.expect(0).json()["build_version"].as_str().unwrap().to_owned();
    let plan = world.path("plan.json");
    let args = ["release", "--nomock", "--build-version", &build];
    let fingerprint = world.fingerprint(&args);
    world.krel(&[&args[..], &["--plan-out", plan.to_str().unwrap()]].concat()).expect(0);
    world.git.commit("Another fix");
    world.git.git(&["push", "--quiet", remote.to_str().unwrap(), "release-1.0"]);
    let before = world.places();
    let run = world.krel(&["apply", plan.to_str().unwrap(), "--approve", &fingerprint]);
    run.refuses(5, &["`refs/heads/release-1.0`", "plan again"]);
    // Planned again it is refused as well: the tag would not be on the head of the branch.
    world.krel(&args).refuses(5, &["`refs/heads/release-1.0`"]);
    world.places().same_as(&before, "the branch moved");
}

#[test]
fn a_mock_build_is_not_released_for_real() {
    let world = World::new();
    let staged = world.krel(&["stage", "--output", "json"]);
    let build = staged.expect(0).json()["build_version"].as_str().unwrap().to_owned();
    let args = ["release", "--nomock", "--build-version", &build];
    world.krel(&args).refuses(3, &[&build, "is not staged in `file://", "production/bucket"]);
    // Not even when somebody brings the files over.
    let stage = world.bucket("stage");
    fs::create_dir_all(stage.parent().unwrap()).unwrap();
    let status = std::process::Command::new("cp").arg("-a").arg(world.path("mock/bucket/stage")).arg(&stage).status();
    assert!(status.unwrap().success());
    let before = world.places();
    world.krel(&args).refuses(3, &[&build, "was staged by a mock run", "needs a nomock stage"]);
    world.places().same_as(&before, "mock to nomock");
    // One bucket for both, by another spelling.
    for spelling in ["file:./production/bucket", "file:mock/../production/bucket", "file:production//bucket"] {
        world.configure(|config| config.replace("file:mock/bucket", spelling));
        world.krel(&["config", "check"]).refuses(2, &["`places.mock.bucket`", "production place"]);
    }
}

#[test]
fn a_plan_file_that_was_edited() {
    let planned = Planned::new();
    let before = planned.world.places();
    let text = fs::read_to_string(&planned.plan).unwrap();
    let cases = [
        ("another title", text.replace("Hello v1.0.0-alpha.1", "Jello v1.0.0-alpha.1"), 3, "approve"),
        ("another field", text.replacen('{', "{\"note\":1,", 1), 2, "note"),
        ("a field less", text.replace("\"pages\":", "\"sheets\":"), 2, "sheets"),
        ("half a file", text[..text.len() / 2].to_owned(), 2, "EOF"),
        ("no plan", "{}".to_owned(), 2, "plan"),
    ];
    for (case, edited, code, part) in cases {
        assert_ne!(edited, text, "{case}");
        fs::write(&planned.plan, edited).unwrap();
        let run = planned.apply();
        assert_eq!(run.code, Some(code), "{case}: {}", run.stderr);
        run.says(&["error: ", "hint: ", part]);
        planned.world.places().same_as(&before, case);
    }
    // Another layout is the same plan.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    fs::write(&planned.plan, serde_json::to_string_pretty(&value).unwrap()).unwrap();
    planned.apply().expect(0);
}

/// What the journal says is a hint; what is done is what the place shows.
#[test]
fn a_journal_that_says_done_proves_nothing() {
    let planned = Planned::new();
    planned.apply().expect(0);
    let end = planned.world.places();
    let run = fs::read_dir(planned.world.bucket("journal/runs")).unwrap();
    let run =
        run.map(|entry| entry.unwrap().file_name().into_string().unwrap()).find(|name| name.starts_with("release-"));
    let run = run.unwrap();
    let gone = ["release/latest.txt", "release/latest-1.0.txt", "release/v1.0.0-alpha.1/hello-src.tar.gz"];
    for name in gone {
        fs::remove_file(planned.world.bucket(name)).unwrap();
    }
    fs::remove_file(planned.world.path("production/forge/releases/v1.0.0-alpha.1.json")).unwrap();
    git(&planned.remote(), &["tag", "--delete", "v1.0.0-alpha.1"]);
    planned.world.krel(&["verify", "v1.0.0-alpha.1", "--nomock"]).expect(9);
    fs::remove_file(planned.world.bucket("archive/hello-v1.0.0-alpha.1/plan.json")).unwrap();
    planned.world.krel(&["verify", "v1.0.0-alpha.1", "--nomock"]).expect(9);
    planned.world.krel(&["resume", &run]).expect(0);
    planned.world.places().same_as(&end, "closed again");
    planned.world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--deep"]).expect(0);
    // A published file with other bytes is not written over, neither by resuming nor by anything else.
    overwrite(&planned.world.bucket("release/v1.0.0-alpha.1/hello-src.tar.gz"), |bytes| bytes[10] ^= 1);
    let before = planned.world.places();
    let told = planned.world.krel(&["verify", "v1.0.0-alpha.1", "--nomock", "--deep"]);
    assert!(told.expect(9).stdout.contains("hello-src.tar.gz"), "{}", told.stdout);
    planned.world.krel(&["resume", &run]).refuses(5, &["hello-src.tar.gz"]);
    planned.world.places().same_as(&before, "not written over");
}

/// What is released together is verified together, by either name; and a branch that goes on is told from one that went back.
#[test]
fn companions_and_branches_are_verified() {
    let world = World::cycle(None);
    let remote = world.path("production/repository.git");
    let first = world.cut_as(&["--type", "rc", "--branch", "release-1.0"], "v1.0.0-rc.0");
    let companion = ["verify", "v1.1.0-alpha.0", "--nomock", "--output", "json"];
    let checks = |value: &serde_json::Value| {
        let checks = value["checks"].as_array().unwrap();
        checks.iter().map(|check| (check["subject"].to_string(), check["verdict"].to_string())).collect::<Vec<_>>()
    };
    assert_eq!(checks(&world.krel(&companion).expect(0).json()), checks(&first));
    world.krel(&["verify", "v1.2.0-alpha.0", "--nomock"]).refuses(3, &["v1.2.0-alpha.0 is not released"]);
    git(&remote, &["update-ref", "refs/heads/release-1.0", "main"]);
    let told = world.krel(&["verify", "v1.0.0-rc.0", "--nomock"]);
    assert!(told.expect(9).stdout.contains("does not hold"), "{}", told.stdout);
}

/// The manifest is written last; with it gone a resumed stage run does everything that is missing.
#[test]
fn a_stage_whose_files_went_away() {
    let world = World::new();
    let build = world.stage();
    let end = world.places();
    let run = fs::read_dir(world.bucket("journal/runs")).unwrap().next().unwrap().unwrap().file_name();
    fs::remove_file(world.bucket(&format!("stage/{build}/manifest.json"))).unwrap();
    fs::remove_file(world.bucket(&format!("stage/{build}/git.bundle"))).unwrap();
    fs::remove_dir_all(world.bucket(&format!("stage/{build}/v1.0.0-alpha.1"))).unwrap();
    fs::remove_dir_all(world.path("cache")).unwrap();
    world.krel(&["resume", run.to_str().unwrap()]).expect(0);
    world.places().same_as(&end, "staged again");
}
