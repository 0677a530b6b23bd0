//! Release lines: first candidates with their branch and companion, and urgent fixes on branches of their own.

use std::fs;

use crate::world::World;

/// A project on `release-1.0` whose remote is the production repository, as for any project with a remote.
fn line() -> World {
    let world = World::cycle(Some("release-1.0"));
    remote_is_source(&world);
    world
}

fn remote_is_source(world: &World) {
    let config = fs::read_to_string(world.path("release.yaml")).unwrap();
    world.configure(|_| config.replace("source: ../work", "source: production/repository.git"));
}

const OFFICIAL: [&str; 4] = ["--type", "official", "--branch", "release-1.0"];
const URGENT: [&str; 4] = ["--type", "official", "--branch", "release-1.0.0"];

#[test]
fn an_urgent_fix_on_a_branch_of_its_own() {
    let mut world = line();
    world.cut_as(&OFFICIAL, "v1.0.0");
    world.pull("release-1.0");
    world.git.merge_pull(11, "contributor/slow", "Not urgent");
    world.push("release-1.0");
    // A later line is out already: nothing of it goes back.
    world.plant("v1.1.0");
    for marker in ["stable", "stable-1"] {
        fs::write(world.bucket(&format!("release/{marker}.txt")), "v1.1.0").unwrap();
    }
    let line_head = world.remote(&["rev-parse", "release-1.0"]);
    let main_head = world.remote(&["rev-parse", "main"]);

    world.git.git(&["checkout", "--quiet", "-b", "release-1.0.0", "v1.0.0"]);
    world.git.merge_pull(12, "contributor/urgent", "Urgent fix");
    world.push("release-1.0.0");
    let fix = world.git.head();
    let plan = world.krel(&[&["stage", "--nomock", "--plan", "--output", "json"], &URGENT[..]].concat());
    assert_eq!(plan.expect(0).json()["plan"]["versions"].as_array().unwrap().len(), 1, "no companion: {}", plan.stdout);
    world.cut_as(&URGENT, "v1.0.1");

    assert_eq!(world.remote(&["rev-parse", "v1.0.1^{commit}^"]), fix, "a release commit on the fix");
    assert_eq!(world.remote(&["rev-parse", "v1.0.1^{tree}"]), world.remote(&["rev-parse", &format!("{fix}^{{tree}}")]));
    assert_eq!(world.remote(&["describe", "--abbrev=0", "release-1.0.0"]), "v1.0.1");
    assert_eq!(world.remote(&["rev-parse", "release-1.0"]), line_head, "the line is left alone");
    assert_eq!(world.remote(&["rev-parse", "main^"]), main_head, "only the changelog comes to the main branch");
    assert_eq!(world.remote(&["diff", "--name-only", "main^", "main"]), "CHANGELOG/CHANGELOG-1.0.md");
    let notes = fs::read_to_string(world.bucket("release/v1.0.1/release-notes.md")).unwrap();
    assert!(notes.contains("Urgent fix") && !notes.contains("Not urgent"), "{notes}");
    assert!(notes.contains("v1.0.0...v1.0.1"), "{notes}");
    let markers = world.markers();
    assert_eq!(markers["stable-1.0.txt"], "v1.0.1", "{markers:?}");
    for kept in ["stable.txt", "stable-1.txt"] {
        assert_eq!(markers[kept], "v1.1.0", "{markers:?}");
    }

    // The line would count to the same version. It goes on once it holds the fix.
    let stage = |args: &[&str]| world.krel(&[&["stage", "--nomock"], args].concat());
    let before = world.places();
    stage(&OFFICIAL).refuses(3, &["version `v1.0.1` exists already", "merge its tag into this branch"]);
    world.places().same_as(&before, "the version is taken");
    world.git.switch("release-1.0");
    world.git.git(&["fetch", "--quiet", "--tags", world.path("production/repository.git").to_str().unwrap()]);
    world.git.git(&["merge", "--quiet", "--no-ff", "--message", "Merge the urgent fix", "v1.0.1"]);
    world.push("release-1.0");
    world.cut_as(&OFFICIAL, "v1.0.2");
    let notes = fs::read_to_string(world.bucket("release/v1.0.2/release-notes.md")).unwrap();
    assert!(notes.contains("Not urgent") && notes.contains("v1.0.1...v1.0.2"), "{notes}");
    assert_eq!(world.markers()["stable-1.0.txt"], "v1.0.2");
    world.krel(&["verify", "v1.0.1", "--nomock", "--deep"]).expect(0);
}

/// The branch is made by the run, at its tag, however far the line has gone on.
#[test]
fn an_urgent_branch_that_is_not_there_yet() {
    let mut world = line();
    world.cut_as(&OFFICIAL, "v1.0.0");
    world.pull("release-1.0");
    world.git.merge_pull(11, "contributor/later", "Later");
    world.push("release-1.0");
    let tagged = world.remote(&["rev-parse", "v1.0.0^{commit}"]);
    let before = world.places();
    let stage = |world: &World, args: &[&str]| world.krel(&[&["stage", "--nomock"], args].concat());
    stage(&world, &["--type", "rc", "--branch", "release-1.0.0"]).refuses(3, &["no rc release", "`release-1.0.0`"]);
    stage(&world, &["--type", "official", "--branch", "release-1.0.7"]).refuses(2, &["tag `v1.0.7`", "not there"]);
    stage(&world, &["--type", "official", "--branch", "release-2.0.0"]).refuses(2, &["`release-2.0.0`"]);
    world.places().same_as(&before, "refused");
    world.cut_as(&URGENT, "v1.0.1");
    assert_eq!(world.remote(&["rev-parse", "v1.0.1^{commit}^"]), tagged);
    assert_eq!(world.remote(&["rev-list", "--count", "v1.0.1..release-1.0.0"]), "1", "its changelog");
    // The next one goes on from the first; its branch is another.
    world.pull("release-1.0.0");
    world.git.merge_pull(12, "contributor/more", "More");
    world.push("release-1.0.0");
    stage(&world, &URGENT).refuses(3, &["`release-1.0.0`"]);
    world.cut_as(&["--type", "official", "--branch", "release-1.0.1"], "v1.0.2");
}

/// The mail of a first candidate tells of its branch; that of no other version does.
#[test]
fn a_new_branch_is_told_of() {
    let mut world = World::cycle(None);
    remote_is_source(&world);
    world.cut_as(&["--type", "rc", "--branch", "release-1.0"], "v1.0.0-rc.0");
    world.pull("release-1.0");
    world.git.merge_pull(11, "contributor/mend", "Mend it");
    world.push("release-1.0");
    world.cut_as(&["--type", "rc", "--branch", "release-1.0"], "v1.0.0-rc.1");
    for (version, expected) in [("v1.0.0-rc.0", true), ("v1.1.0-alpha.0", false), ("v1.0.0-rc.1", false)] {
        for file in ["announcement.txt", "announcement.html"] {
            let text = fs::read_to_string(world.bucket(&format!("release/{version}/{file}"))).unwrap();
            let told = text.contains("The release-1.0 branch of Hello has been created. From now on");
            assert_eq!(told, expected, "{version} {file}: {text}");
        }
    }
    let mails = world.mails();
    let mail = mails.iter().find(|name| name.contains("rc.0")).unwrap();
    let mail = fs::read_to_string(world.path("production/outbox").join(mail)).unwrap();
    assert!(mail.contains("The release-1.0 branch of Hello"), "{mail}");
}

/// The first candidate's branch and companion belong to it: what somebody else made of them is not taken over.
#[test]
fn a_branch_or_a_companion_that_somebody_made_meanwhile() {
    let first = ["--type", "rc", "--branch", "release-1.0"];
    let cases: [(&str, &[&str], &str); 4] = [
        ("the branch elsewhere", &["branch", "release-1.0", "main^"], "`refs/heads/release-1.0`"),
        ("the branch at the build commit", &["branch", "release-1.0", "main"], "`refs/heads/release-1.0`"),
        ("the candidate's tag", &["tag", "v1.0.0-rc.0", "main"], "`refs/tags/v1.0.0-rc.0`"),
        ("the companion's tag", &["tag", "v1.1.0-alpha.0", "main"], "`refs/tags/v1.1.0-alpha.0`"),
    ];
    for (case, change, part) in cases {
        let world = World::cycle(None);
        remote_is_source(&world);
        let build = world.stage_as(&first);
        let plan = world.path("plan.json");
        let release = ["release", "--nomock", "--build-version", &build];
        let fingerprint = world.fingerprint(&release);
        world.krel(&[&release[..], &["--plan-out", plan.to_str().unwrap()]].concat()).expect(0);
        world.remote(change);
        let before = world.places();
        let run = world.krel(&["apply", plan.to_str().unwrap(), "--approve", &fingerprint]);
        run.refuses(5, &[part, "plan again"]);
        world.krel(&release).refuses(5, &[part]);
        world.places().same_as(&before, case);
        assert!(!world.bucket("release").exists(), "{case}: something is public");
        // Not even staged any more.
        let again = world.krel(&[&["stage", "--nomock"], &first[..]].concat());
        assert_eq!(again.code, Some(3), "{case}: {}", again.stderr);
        world.places().same_as(&before, case);
    }
}

/// With its first official release a line is no longer in development, and its branch keeps its own changelog only.
#[test]
fn changelogs_at_the_first_official_release() {
    let mut world = line();
    let index = "# All\n\nOurs.\n\n## Development release\n\n- [CHANGELOG-1.0.md](./CHANGELOG-1.0.md)\n\n\
                 ## Current release\n\n- [CHANGELOG-0.9.md](./CHANGELOG-0.9.md)\n\nWritten by hand.\n";
    let files =
        [("CHANGELOG/README.md", index), ("CHANGELOG/CHANGELOG-0.9.md", "# v0.9.0\n"), ("CHANGELOG/OWNERS", "us\n")];
    for branch in ["release-1.0", "main"] {
        world.git.switch(branch);
        world.git.commit_files("Have changelogs", &files);
        world.push(branch);
    }
    let listed = |world: &World, branch: &str| world.remote(&["ls-tree", "--name-only", "-r", branch, "CHANGELOG/"]);
    world.cut_as(&OFFICIAL, "v1.0.0");
    let all = "CHANGELOG/CHANGELOG-0.9.md\nCHANGELOG/CHANGELOG-1.0.md\nCHANGELOG/OWNERS\nCHANGELOG/README.md";
    assert_eq!(listed(&world, "main"), all);
    let own = all.replace("CHANGELOG/CHANGELOG-0.9.md\n", "");
    assert_eq!(listed(&world, "release-1.0"), own);
    let moved = "# All\n\nOurs.\n\n## Development release\n\n## Current release\n\n- [CHANGELOG-1.0.md](./CHANGELOG-1.0.md)\n\n\
                 Written by hand.\n\n## Older releases\n\n- [CHANGELOG-0.9.md](./CHANGELOG-0.9.md)";
    assert_eq!(world.remote(&["show", "main:CHANGELOG/README.md"]), moved);
    // What somebody brings back later is theirs.
    world.pull("release-1.0");
    world.git.commit_files("Have an old changelog again", &[files[1]]);
    world.push("release-1.0");
    world.cut_as(&OFFICIAL, "v1.0.1");
    assert_eq!(listed(&world, "release-1.0"), all);
    assert_eq!(world.remote(&["show", "main:CHANGELOG/README.md"]), moved, "nothing is left to move");
}

/// The very line of the help.
#[test]
fn the_urgent_fix_of_the_help() {
    let world = World::new();
    let help = world.krel(&["rehearse", "--help"]);
    let types = "beta,rc,official,official@release-1.0.0";
    assert!(help.expect(0).stdout.contains(types), "{}", help.stdout);
    let dir = world.path("urgent");
    let run = world.krel(&["rehearse", "--types", types, "--dir", dir.to_str().unwrap(), "--output", "json"]);
    let runs = run.expect(0).json()["runs"].as_array().unwrap().clone();
    let verified: Vec<_> = runs.iter().filter(|run| run["run"] == "verify").map(|run| &run["versions"][0]).collect();
    assert_eq!(verified, ["v1.0.0-beta.0", "v1.0.0-rc.0", "v1.0.0", "v1.0.1"]);
    let repository = dir.join("production/repository.git");
    let git = |args: &[&str]| testkit::git(&repository, args);
    assert_eq!(git(&["merge-base", "release-1.0.0", "v1.0.0"]), git(&["rev-parse", "v1.0.0^{commit}"]));
    // The sample's changelog tells of its own images, in no other project's registry.
    let changelog = git(&["show", "main:CHANGELOG/CHANGELOG-1.0.md"]);
    for word in ["k8s", "suffix  to", "console.cloud.google.com"] {
        assert!(!changelog.contains(word), "`{word}` in {changelog}");
    }
    // From nothing, there is no release to mend.
    let dir = world.path("nothing");
    let run = world.krel(&["rehearse", "--types", "official@release-1.0.0", "--dir", dir.to_str().unwrap()]);
    run.refuses(2, &["`release-1.0.0` begins at v1.0.0", "cut v1.0.0 first"]);
}
