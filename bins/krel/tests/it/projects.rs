//! The ready examples, on the histories of the projects that they are for.
//!
//! The histories come without files. A C program of ours stands in for CRI-O's; with `KREL_CRIO` set to a repository of CRI-O it is the real
//! one, from the head of that repository.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use testkit::{GitWorld, git, load_history};

use crate::{
    containers::{skipped, skopeo_and_a_registry_agree},
    world::World,
};

/// A repository of CRI-O, to take the real program from.
const REAL: &str = "KREL_CRIO";

const PINNS: &str = "#include <stdio.h>\nint main(void) { return puts(\"pinned\") < 0; }\n";

fn say(text: &str) {
    std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()).unwrap();
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).join("release.yaml")
}

/// The release.yaml of an example, with the places of a test world and its source the production repository, as a project's remote is.
fn configuration(name: &str) -> String {
    let text = fs::read_to_string(example(name)).unwrap();
    let (head, rest) = text.split_once("  source: ").unwrap();
    let (_, tail) = rest.split_once('\n').unwrap();
    format!(
        "{head}  source: production/repository.git\n{}",
        tail.replace("places/mock", "mock").replace("places/production", "production")
    )
}

/// A project with the history of another and these files on top of its default branch; nothing when the history is not there.
fn project(name: &str, branch: &str, files: &[(&str, &str)], config: &str) -> Option<World> {
    let Some(history) = load_history(name) else {
        say("skipped: the histories are not there");
        return None;
    };
    let mut world = GitWorld::new("start");
    let all = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];
    world.git(&["fetch", "--quiet", history.path().to_str().unwrap(), all[0], all[1]]);
    world.switch(branch);
    world.commit_files("Merge pull request #20001 from contributor/files\n\nHave files", files);
    Some(World::of(world, |_| config.to_owned()))
}

/// The files of pinns: those of the repository that `KREL_CRIO` names, or ours.
fn pinns() -> Vec<(String, String)> {
    let ours = || vec![("pinns/src/pinns.c".to_owned(), PINNS.to_owned()), ("LICENSE".to_owned(), "Any.\n".to_owned())];
    let Some(real) = std::env::var_os(REAL).map(PathBuf::from) else { return ours() };
    let names = git(&real, &["ls-tree", "-r", "--name-only", "HEAD", "pinns", "LICENSE"]);
    names.lines().map(|name| (name.to_owned(), git(&real, &["show", &format!("HEAD:{name}")]) + "\n")).collect()
}

/// Compiled parts of the C library are kept between runs: they take a minute.
fn with_compiler(world: &World, args: &[&str]) -> crate::world::Run {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("zig");
    let mut command = world.command(args);
    command.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
    crate::world::Run::of(args, command.output().unwrap())
}

fn no_compiler() -> bool {
    let mut version = Command::new("python3");
    let version = version.args(["-m", "ziglang", "version"]).stdout(Stdio::null()).stderr(Stdio::null());
    let missing = !version.status().is_ok_and(|status| status.success());
    if missing {
        assert!(std::env::var_os("KREL_COMPONENTS").is_none(), "`python3 -m ziglang` is missing");
        say("skipped: no `python3 -m ziglang` here (pip install ziglang)");
    }
    missing
}

#[test]
fn a_minor_release_of_cri_o() {
    if no_compiler() {
        return;
    }
    let files = pinns();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let Some(mut world) = project("cri-o", "main", &files, &configuration("cri-o")) else { return };
    let approved = |world: &World, args: &[&str]| {
        let plan = with_compiler(world, &[args, &["--plan", "--output", "json"]].concat()).expect(0).json();
        let approve = plan["fingerprint"].as_str().unwrap().to_owned();
        with_compiler(world, &[args, &["--approve", &approve, "--output", "json"]].concat()).expect(0).json()
    };
    // Every byte of every place is read again, and every image is there for both processors.
    let cut = |world: &World, stage: &[&str], versions: &[&str]| {
        let staged = approved(world, &[&["stage", "--nomock"], stage].concat());
        assert_eq!(staged["versions"], serde_json::json!(versions));
        let build = staged["build_version"].as_str().unwrap();
        world.release(build).expect(0);
        world.approved(&["announce", "--nomock", "--tag", versions[0]]).expect(0);
        for version in versions {
            let verified = world.krel(&["verify", version, "--nomock", "--deep", "--output", "json"]).expect(0).json();
            for name in ["pinns", "pinns-amd64", "pinns-arm64"] {
                let subject = format!("image `{name}:{version}`");
                assert!(verified.to_string().contains(&subject), "{subject}: {verified}");
            }
            if !skipped(&["skopeo", "docker-registry"]) {
                let registry = world.path("production/registry");
                assert_eq!(skopeo_and_a_registry_agree(world, &registry, version, &verified), 3, "{version}");
            }
        }
        build.to_owned()
    };
    let commit = |world: &World, revision: &str| world.remote(&["rev-parse", &format!("{revision}^{{commit}}")]);
    let tree = |world: &World, revision: &str| world.remote(&["rev-parse", &format!("{revision}^{{tree}}")]);

    let head = commit(&world, "main");
    let build = cut(&world, &["--type", "beta"], &["v1.38.0-beta.0"]);
    assert!(build.starts_with("v1.36.0-192+"), "what git describes the main branch by: {build}");
    assert_eq!(commit(&world, "v1.38.0-beta.0"), head, "no commit is added on the main branch");

    world.pull("main");
    world.git.merge_pull(20_002, "contributor/more", "Pin more namespaces");
    world.push("main");
    let branched = commit(&world, "main");
    let candidate = ["--type", "rc", "--branch", "release-1.38"];
    cut(&world, &candidate, &["v1.38.0-rc.0", "v1.39.0-alpha.0"]);
    assert_eq!(commit(&world, "v1.39.0-alpha.0"), branched, "the companion is on the build commit");
    assert_eq!(commit(&world, "v1.38.0-rc.0^"), branched);
    assert_eq!(tree(&world, "v1.38.0-rc.0"), tree(&world, &branched), "the release commit is empty");
    let log = world.remote(&["log", "-1", "--format=%s", "v1.38.0-rc.0"]);
    assert_eq!(log, "Release commit for CRI-O v1.38.0-rc.0");
    assert_eq!(world.remote(&["describe", "--abbrev=0", "release-1.38"]), "v1.38.0-rc.0");
    assert_eq!(world.remote(&["describe", "--abbrev=0", "main"]), "v1.39.0-alpha.0");

    let told =
        |version: &str| fs::read_to_string(world.bucket(&format!("release/{version}/announcement.txt"))).unwrap();
    assert!(told("v1.38.0-rc.0").contains("The release-1.38 branch of CRI-O has been created."), "a branch is told of");

    cut(&world, &["--type", "official", "--branch", "release-1.38"], &["v1.38.0"]);
    assert!(!told("v1.38.0").contains("has been created"), "only once");
    world.pull("release-1.38");
    let title = "Automated cherry pick of #20002: Mend pinning";
    world.git.merge_pull(20_003, "automated-cherry-pick-of-#20002-origin-release-1.38", title);
    world.push("release-1.38");
    cut(&world, &["--type", "official", "--branch", "release-1.38"], &["v1.38.1"]);

    let markers = world.markers();
    let marker = |name: &str| markers.get(&format!("{name}.txt")).map_or("", String::as_str);
    for (name, version) in [
        ("stable", "v1.38.1"),
        ("stable-1", "v1.38.1"),
        ("stable-1.38", "v1.38.1"),
        ("latest", "v1.39.0-alpha.0"),
        ("latest-1.39", "v1.39.0-alpha.0"),
        ("latest-1.38", "v1.38.0-rc.0"),
    ] {
        assert_eq!(marker(name), version, "{name}: {markers:?}");
    }
    assert_eq!(world.mails().len(), 4);
    for branch in ["main", "release-1.38"] {
        let file = world.remote(&["show", &format!("{branch}:CHANGELOG/CHANGELOG-1.38.md")]);
        let tags: Vec<&str> = file.lines().filter_map(|line| line.strip_prefix("# ")).collect();
        let all = ["v1.38.1", "v1.38.0", "v1.38.0-rc.0", "v1.38.0-beta.0"];
        // The release branch begins at the build commit of the first candidate, with the changelog that was there.
        assert_eq!(tags, all, "{branch}");
        assert!(file.contains("[#20002](https://github.com/cri-o/cri-o/pull/20002)"), "{branch}");
    }
    let amd64 = world.bucket("release/v1.38.1/bin/linux/amd64/pinns");
    let arm64 = world.bucket("release/v1.38.1/bin/linux/arm64/pinns");
    // `e_machine` of the ELF header.
    assert_eq!((fs::read(amd64).unwrap()[18], fs::read(arm64).unwrap()[18]), (62, 183));
}

#[test]
fn the_next_releases_of_kubernetes_release() {
    let tools = ["krel", "publish-release", "release-notes", "schedule-builder"];
    let text = configuration("kubernetes-release");
    let start = text.find("      command: >-").unwrap();
    let end = text.find("      artifacts:").unwrap();
    // Scripts stand in for programs: what is built is not what this is about.
    let command = format!(
        "      command: for tool in {}; do echo '{{version}} {{os}} {{arch}}' > {{out}}/$tool{{exe}}; done\n",
        tools.join(" ")
    );
    let built = text[end..].replace("{exe}\n        - path", "{exe}\n          kind: file\n        - path");
    let built =
        built.replace("schedule-builder{exe}\n\ntarballs", "schedule-builder{exe}\n          kind: file\n\ntarballs");
    let config = format!("{}{command}{built}", &text[..start]);
    let Some(mut world) = project("release", "master", &[("LICENSE", "Any.\n")], &config) else { return };
    // By default the next minor release of the newest tag, v0.21.1, wherever that tag is.
    assert!(world.remote(&["tag", "--list", "v0.21.1"]).contains("v0.21.1"));
    world.cut_as(&["--type", "official"], "v0.22.0");
    assert_eq!(world.remote(&["rev-parse", "v0.22.0^{commit}"]), world.git.head(), "no release commit");
    world.git.merge_pull(20_002, "contributor/mend", "Mend a tool");
    world.push("master");
    world.cut_as(&["--type", "official", "--bump", "patch"], "v0.22.1");
    assert_eq!(world.markers()["stable.txt"], "v0.22.1");
    let branches = world.remote(&["branch", "--list", "--format=%(refname:short)", "release-*"]);
    let before = load_history("release")
        .map(|history| git(&history.path(), &["branch", "--list", "--format=%(refname:short)", "release-*"]));
    assert_eq!(Some(branches), before, "no branch is made");
    for platform in ["linux/amd64", "linux/arm64", "darwin/arm64", "windows/amd64"] {
        let exe = if platform.starts_with("windows") { ".exe" } else { "" };
        let file = world.bucket(&format!("release/v0.22.1/bin/{platform}/krel{exe}"));
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("v0.22.1 {}\n", platform.replace('/', " ")));
    }
}

#[test]
fn every_example_is_in_order() {
    let world = World::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut checked = 0;
    for entry in fs::read_dir(examples).unwrap() {
        let config = entry.unwrap().path().join("release.yaml");
        if config.is_file() {
            world.krel(&["config", "check", "--config", config.to_str().unwrap()]).expect(0);
            checked += 1;
        }
    }
    assert!(checked >= 3, "{checked}");
}
