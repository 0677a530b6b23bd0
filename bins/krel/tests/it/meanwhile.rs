//! What other people do to the branches while a release is on its way.

use std::{fs, os::unix::fs::PermissionsExt as _};

use testkit::git;

use crate::world::{Run, World};

/// An official release of `release-1.0`, staged and planned; `main` holds a changelog with a word of somebody's own.
struct Official {
    world: World,
    plan: String,
    fingerprint: String,
}

const CHANGELOG: &str = "CHANGELOG/CHANGELOG-1.0.md";

impl Official {
    fn new() -> Self {
        let mut world = World::cycle(Some("release-1.0"));
        let file = "# v1.0.0-beta.0\n\n## Changes\n\n- Something (somebody's own words)\n";
        world.git.commit_files("Have a changelog", &[(CHANGELOG, file)]);
        world.push("main");
        let build = world.stage_as(&["--type", "official", "--branch", "release-1.0"]);
        let release = ["release", "--nomock", "--build-version", &build];
        let plan = world.path("plan.json").to_str().unwrap().to_owned();
        let fingerprint = world.fingerprint(&release);
        world.krel(&[&release[..], &["--plan-out", &plan]].concat()).expect(0);
        Self { world, plan, fingerprint }
    }

    fn apply(&self) -> Run {
        self.world.krel(&["apply", &self.plan, "--approve", &self.fingerprint])
    }

    fn changelog(&self) -> String {
        self.world.remote(&["show", &format!("main:{CHANGELOG}")])
    }

    #[track_caller]
    fn verified(&self) {
        self.world.krel(&["verify", "v1.0.0", "--nomock", "--deep"]).expect(0);
    }
}

#[test]
fn a_changelog_edited_by_hand_meanwhile() {
    let mut official = Official::new();
    let other = "# v1.0.0-beta.0\n\n## Changes\n\n- Something else (mended meanwhile)\n\n<!-- kept -->\n";
    official.world.git.commit_files("Mend the changelog", &[(CHANGELOG, other), ("more.txt", "more\n")]);
    official.world.push("main");
    let head = official.world.git.head();
    official.apply().expect(0);
    let text = official.changelog();
    assert!(text.contains(other.trim_end()), "{text}");
    assert!(text.find("\n# v1.0.0\n").unwrap() < text.find("# v1.0.0-beta.0\n").unwrap(), "{text}");
    assert_eq!(official.world.remote(&["rev-parse", "main^"]), head, "on top of what is there");
    assert_eq!(
        official.world.remote(&["diff", "--name-only", "main^", "main"]),
        format!("{CHANGELOG}\nCHANGELOG/README.md")
    );
    official.verified();
}

/// The section of this very version, written by somebody else: theirs stays.
#[test]
fn a_section_that_somebody_wrote_already() {
    let mut official = Official::new();
    let written = format!("# v1.0.0\n\nAll by hand.\n\n{}\n", official.changelog());
    official.world.git.commit_files("Write the section", &[(CHANGELOG, &written)]);
    official.world.push("main");
    official.apply().expect(0);
    assert_eq!(official.changelog() + "\n", written);
    let told = official.world.krel(&["verify", "v1.0.0", "--nomock", "--deep"]);
    assert!(told.expect(9).stdout.contains("found `All by hand.` in line 3 of"), "{}", told.stdout);
    assert!(told.stdout.contains("\nedited: v1.0.0 (nomock) is as it was released, but"), "{}", told.stdout);
}

/// What cannot be told apart is not guessed at: the release stops there, and goes on when the file is mended.
#[test]
fn a_changelog_that_is_broken_meanwhile() {
    let mut official = Official::new();
    let good = official.changelog();
    let broken = format!("<!-- BEGIN MUNGE: GENERATED_TOC -->\n\n{good}\n");
    official.world.git.commit_files("Break the changelog", &[(CHANGELOG, &broken)]);
    official.world.push("main");
    let head = official.world.git.head();
    official.apply().expect(3).says(&[
        "the changelog on `main` cannot be written",
        "line 1",
        "has no partner",
        "nothing is public",
    ]);
    assert_eq!(official.world.remote(&["rev-parse", "main"]), head, "nothing is written over");
    assert_eq!(official.world.remote(&["tag", "--list", "v1.0.0"]), "", "it was seen before the first effect");
    assert!(!official.world.bucket("release/v1.0.0").exists() && official.world.markers().is_empty());
    official.world.git.commit_files("Mend the changelog", &[(CHANGELOG, &format!("{good}\n"))]);
    official.world.push("main");
    official.apply().expect(0);
    official.verified();
}

/// Installs a hook of the production repository.
fn hook(world: &World, name: &str, script: &str) {
    let path = world.path("production/repository.git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Lets somebody push to `main` right before our push arrives, as often as `times` says.
fn rivals(official: &mut Official, times: usize) {
    let remote = official.world.path("production/repository.git");
    for number in 1..=8 {
        official.world.git.commit(&format!("Rival {number}"));
        let to = format!("main:refs/rivals/{number}");
        official.world.git.git(&["push", "--quiet", remote.to_str().unwrap(), &to]);
    }
    let script = format!(
        "[ \"$1\" = refs/heads/main ] || exit 0\ndone=$(cat hooks/done 2>/dev/null || echo 0)\n\
         [ \"$done\" -lt {times} ] || exit 0\necho $((done + 1)) > hooks/done\n\
         git update-ref refs/heads/main \"refs/rivals/$((done + 1))\"\n"
    );
    hook(&official.world, "update", &script);
}

#[test]
fn somebody_is_faster_on_the_main_branch() {
    for times in [1, 3] {
        let mut official = Official::new();
        rivals(&mut official, times);
        official.apply().expect(0);
        let log = official.world.remote(&["log", "--first-parent", "--format=%s", "main", "-2"]);
        assert_eq!(log, format!("CHANGELOG: add v1.0.0\nRival {times}"), "on top of the last of them");
        assert!(official.changelog().contains("somebody's own words"));
        official.verified();
    }
}

/// Somebody writes at the very place where our section goes, after we have looked and before our push arrives.
#[test]
fn somebody_is_faster_at_the_same_place_of_the_changelog() {
    let mut official = Official::new();
    let theirs = format!("# v1.0.0-rc.9\n\nWritten by a rival.\n\n{}\n", official.changelog());
    official.world.git.commit_files("Rival section", &[(CHANGELOG, &theirs)]);
    let remote = official.world.path("production/repository.git");
    official.world.git.git(&["push", "--quiet", remote.to_str().unwrap(), "main:refs/rivals/1"]);
    let script = "[ \"$1\" = refs/heads/main ] && [ ! -e hooks/done ] || exit 0\ntouch hooks/done\n\
                  git update-ref refs/heads/main refs/rivals/1\n";
    hook(&official.world, "update", script);
    official.apply().expect(0);
    let subjects = official.world.remote(&["log", "--first-parent", "--format=%s", "main", "-2"]);
    assert_eq!(subjects, "CHANGELOG: add v1.0.0\nRival section", "on top of theirs");
    let text = official.changelog();
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("`{words}` is not in {text}"));
    assert!(
        at("\n# v1.0.0\n") < at("\n# v1.0.0-rc.9\n") && at("Written by a rival.") < at("somebody's own words"),
        "{text}"
    );
    assert_eq!(text.matches("\n# v1.0.0\n").count(), 1, "{text}");
    official.verified();
}

#[test]
fn somebody_is_always_faster_on_the_main_branch() {
    let mut official = Official::new();
    rivals(&mut official, 8);
    let run = official.apply();
    run.expect(8).says(&["`main` moved 5 times", "try again later", "krel resume"]);
    assert_eq!(official.world.remote(&["log", "-1", "--format=%s", "main"]), "Rival 5", "bounded");
    assert_eq!(official.world.markers().len(), 0, "nobody is pointed at half a release");
    official.world.krel(&["resume"]).expect(0);
    assert!(official.changelog().contains("# v1.0.0\n"));
    official.verified();
}

/// Somebody else planned the same build and was faster, from another machine.
#[test]
fn the_version_is_published_between_plan_and_apply() {
    let official = Official::new();
    let theirs = ["apply", &official.plan, "--approve", &official.fingerprint];
    // Another name in release.yaml makes another plan; the build is the same.
    let (path, theirs_too) = (official.world.path("release.yaml"), official.world.path("theirs.yaml"));
    fs::write(&theirs_too, fs::read_to_string(path).unwrap().replace("Release Bot\n", "Somebody Else\n")).unwrap();
    let list = official.world.krel(&["list", "--nomock", "--output", "json"]).expect(0).json();
    let build = list["builds"][0]["build_version"].as_str().unwrap().to_owned();
    let args = ["release", "--nomock", "--build-version", &build];
    let with = |args: &[&str]| {
        let mut command = official.world.command(args);
        command.env("KREL_CONFIG", &theirs_too).env("KREL_OPERATOR", "somebody-else");
        command.env("KREL_WORK", official.world.path("another-machine"));
        Run::of(args, command.output().unwrap())
    };
    let plan = with(&[&args[..], &["--plan", "--output", "json"]].concat()).expect(0).json();
    let fingerprint = plan["fingerprint"].as_str().unwrap().to_owned();
    assert_ne!(fingerprint, official.fingerprint);
    with(&[&args[..], &["--approve", &fingerprint]].concat()).expect(0);
    let before = official.world.places();
    official.world.krel(&theirs).refuses(5, &["plan again"]);
    official.world.krel(&args).refuses(3, &["v1.0.0 is already published"]);
    official.world.places().same_as(&before, "published by somebody else");
    official.verified();
}

/// Two releases from two branches meet on the main branch, where both write their changelogs.
#[test]
fn two_releases_at_once() {
    let mut world = World::cycle(Some("release-1.0"));
    world.git.git(&["checkout", "--quiet", "-b", "release-0.9", "v1.0.0-beta.0"]);
    world.git.commit("Release commit for Hello v0.9.0-rc.0");
    world.git.annotated_tag("v0.9.0-rc.0", "Hello rc release v0.9.0-rc.0");
    world.git.merge_pull(7, "contributor/older", "Mend the older line");
    world.push("release-0.9");
    git(world.git.path(), &["push", "--quiet", "--tags", world.path("production/repository.git").to_str().unwrap()]);
    world.git.switch("main");
    let cuts = [("release-0.9", "v0.9.0"), ("release-1.0", "v1.0.0")].map(|(branch, version)| {
        let build = world.stage_as(&["--type", "official", "--branch", branch]);
        let args = ["release", "--nomock", "--build-version", &build].map(str::to_owned);
        let plain: Vec<&str> = args.iter().map(String::as_str).collect();
        (args.to_vec(), world.fingerprint(&plain), version)
    });
    // Neither push goes through before the other has arrived, so that all else comes at the same time.
    let arrive = "grep -q refs/tags/ || exit 0\ntouch hooks/arrived.$$\nfor _ in $(seq 600); do\n\
                  [ \"$(ls hooks/arrived.* | wc -l)\" -lt 2 ] || exit 0\nsleep 0.05\ndone\nexit 1\n";
    hook(&world, "pre-receive", arrive);
    let children: Vec<_> = cuts
        .iter()
        .map(|(args, fingerprint, version)| {
            let args: Vec<&str> = args.iter().map(String::as_str).chain(["--approve", fingerprint]).collect();
            world.command(&args).env("KREL_WORK", world.path(&format!("machine-{version}"))).spawn().unwrap()
        })
        .collect();
    for child in children {
        Run::of(&["release"], child.wait_with_output().unwrap()).expect(0);
    }
    for (_, _, version) in &cuts {
        world.krel(&["verify", version, "--nomock", "--deep"]).expect(0);
    }
    // Whoever was last, `stable` names the higher one.
    let markers = world.markers();
    let stable = ["stable.txt", "stable-0.txt", "stable-0.9.txt", "stable-1.txt", "stable-1.0.txt"];
    let expected = ["v1.0.0", "v0.9.0", "v0.9.0", "v1.0.0", "v1.0.0"];
    assert_eq!(stable.map(|name| markers[name].as_str()), expected);
    let index = world.remote(&["show", "main:CHANGELOG/README.md"]);
    assert!(index.contains("CHANGELOG-0.9.md") && index.contains("CHANGELOG-1.0.md"), "{index}");
    assert_eq!(world.remote(&["log", "--format=%s", "--grep=^CHANGELOG: add", "main"]).lines().count(), 2);
}

#[test]
fn markers_that_are_ahead_or_cannot_be_read() {
    let world = World::cycle(Some("release-1.0"));
    let build = world.stage_as(&["--type", "official", "--branch", "release-1.0"]);
    let release = ["release", "--nomock", "--build-version", &build];
    fs::create_dir_all(world.bucket("release")).unwrap();
    let marker = |name: &str, text: &str| fs::write(world.bucket(&format!("release/{name}.txt")), text).unwrap();
    for text in ["soon", "", "v1.0", "v1.0.0 v1.1.0", "v1.0.0-nightly.1", "\u{1b}[31mv1.0.0"] {
        marker("stable-1", text);
        let before = world.places();
        world.krel(&release).refuses(3, &["release/stable-1.txt", "one version and nothing else"]);
        world.places().same_as(&before, text);
    }
    marker("stable-1", "v1.1.0");
    marker("stable", "v2.0.0-rc.1");
    let plan = world.krel(&[&release[..], &["--plan", "--output", "json"]].concat()).expect(0).json();
    let kept = plan["plan"]["markers_kept"].as_array().unwrap();
    let kept: Vec<&str> = kept.iter().map(|kept| kept["object"].as_str().unwrap()).collect();
    assert_eq!(kept, ["release/stable-1.txt"], "{plan}");
    world.approved(&release).expect(0);
    let markers = ["stable", "stable-1", "stable-1.0"].map(|name| world.markers()[&format!("{name}.txt")].clone());
    assert_eq!(markers, ["v1.0.0", "v1.1.0", "v1.0.0"], "a pre-release has no place in `stable`");
}

/// A run that stopped before its markers is resumed after a later release moved some of them on.
#[test]
fn markers_that_went_on_before_a_resume() {
    for stopped_at in ["push", "archive"] {
        let official = Official::new();
        let archive = official.world.bucket("archive");
        match stopped_at {
            "push" => hook(&official.world, "pre-receive", "exit 1\n"),
            _ => {
                fs::create_dir_all(archive.parent().unwrap()).unwrap();
                fs::write(&archive, "in the way").unwrap();
            }
        }
        official.apply().expect(8).says(&[&format!("`{stopped_at}:")]);
        assert_eq!(official.world.markers().len(), 0, "{stopped_at}");
        match stopped_at {
            "push" => hook(&official.world, "pre-receive", ""),
            _ => fs::remove_file(&archive).unwrap(),
        }
        fs::write(official.world.bucket("release/stable.txt"), "v1.1.0").unwrap();
        fs::write(official.world.bucket("release/stable-1.txt"), "v0.9.0").unwrap();
        official.world.krel(&["resume"]).expect(0);
        let markers = official.world.markers();
        let markers = ["stable", "stable-1", "stable-1.0"].map(|name| markers[&format!("{name}.txt")].as_str());
        assert_eq!(markers, ["v1.1.0", "v1.0.0", "v1.0.0"], "{stopped_at}");
        // That later release has files and a tag, as releases have.
        official.world.plant("v1.1.0");
        official.verified();
    }
}

/// Somebody makes the branch after its first candidate was staged: no plan of that build can be applied any more.
#[test]
fn the_new_branch_is_made_by_somebody_else() {
    let world = World::cycle(None);
    let build = world.stage_as(&["--type", "rc", "--branch", "release-1.0"]);
    world.remote(&["branch", "release-1.0", "main"]);
    let before = world.places();
    let run = world.krel(&["release", "--nomock", "--build-version", &build, "--plan"]);
    run.refuses(5, &["`refs/heads/release-1.0`", "changed since the build was staged", "stage again"]);
    assert!(!run.stderr.contains("plan again") && !run.stderr.contains("new plan"), "{}", run.stderr);
    world.places().same_as(&before, "refused");
}

/// A name of a tag is taken, whatever it names.
#[test]
fn a_tag_name_of_an_object_of_another_kind() {
    for kind in ["tree", "blob"] {
        let world = World::new();
        let build = world.stage();
        let release = ["release", "--nomock", "--build-version", &build];
        let object = world.remote(&["rev-parse", if kind == "tree" { "main^{tree}" } else { "main:hello.c" }]);
        world.remote(&["update-ref", "refs/tags/v1.0.0-alpha.1", &object]);
        let before = world.places();
        world.krel(&release).refuses(5, &["`refs/tags/v1.0.0-alpha.1`", &object, "stage again"]);
        world.krel(&["stage", "--nomock", "--plan"]).refuses(3, &["v1.0.0-alpha.1"]);
        world.places().same_as(&before, kind);
        // At the source as well.
        world.remote(&["update-ref", "-d", "refs/tags/v1.0.0-alpha.1"]);
        let other = World::new();
        let object = other.git.git(&["rev-parse", if kind == "tree" { "HEAD^{tree}" } else { "HEAD:hello.c" }]);
        other.git.git(&["update-ref", "refs/tags/v1.0.0-alpha.1", &object]);
        let before = other.places();
        other.krel(&["stage", "--nomock", "--plan"]).refuses(3, &["v1.0.0-alpha.1"]);
        other.places().same_as(&before, kind);
    }
}
