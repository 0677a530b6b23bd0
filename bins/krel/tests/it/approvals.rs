//! A plan is shown, read, and approved later: the same world gives the same plan, whenever it is made.

use std::{fs, thread::sleep, time::Duration};

use crate::world::{World, files};

/// Longer than the seconds of git, so that no two runs have one date by chance.
const LATER: Duration = Duration::from_millis(1100);

/// What a plan that was shown is approved as, a while later.
#[track_caller]
fn approved_later(world: &World, args: &[&str]) -> serde_json::Value {
    let shown = world.krel(&[args, &["--plan"]].concat()).expect(0).stdout.clone();
    let fingerprint = shown.lines().find_map(|line| line.strip_prefix("fingerprint ")).unwrap().to_owned();
    sleep(LATER);
    assert_eq!(world.krel(&[args, &["--plan"]].concat()).expect(0).stdout, shown, "the same plan");
    world.krel(&[args, &["--approve", &fingerprint, "--output", "json"]].concat()).expect(0).json()
}

#[test]
fn a_plan_that_was_shown_is_approved_later() {
    let world = World::cycle(Some("release-1.0"));
    let staged = approved_later(&world, &["stage", "--type", "official", "--branch", "release-1.0", "--nomock"]);
    let build = staged["build_version"].as_str().unwrap();
    approved_later(&world, &["release", "--nomock", "--build-version", build]);
    let args = ["announce", "--nomock", "--tag", "v1.0.0"];
    approved_later(&world, &args);
    world.krel(&["verify", "v1.0.0", "--nomock", "--deep"]).expect(0);
    // The mail is of today, as mails are.
    let mail = fs::read_to_string(world.path("production/outbox").join(&world.mails()[0])).unwrap();
    let date = mail.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
    let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
    assert!(jiff::Timestamp::now().duration_since(date).as_secs() < 600, "{date}");
}

/// Dates of tags and commits follow from the released commit, and never run backwards.
#[test]
fn dates_follow_from_the_commit() {
    let mut world = World::cycle(None);
    world.cut_as(&["--type", "rc", "--branch", "release-1.0"], "v1.0.0-rc.0");
    let date = |what: &str| world.remote(&["log", "-1", "--format=%ct", what]).parse::<i64>().unwrap();
    let tagged = |tag: &str| {
        let date = world.remote(&["for-each-ref", "--format=%(taggerdate:unix)", &format!("refs/tags/{tag}")]);
        date.parse::<i64>().unwrap()
    };
    assert_eq!(tagged("v1.0.0-rc.0"), date("v1.0.0-rc.0"), "the tag and its release commit");
    assert_eq!(tagged("v1.0.0-rc.0"), date("v1.0.0-rc.0^"), "and the commit that was released");
    assert_eq!(tagged("v1.1.0-alpha.0"), date("v1.1.0-alpha.0"));
    assert!(date("release-1.0") >= date("release-1.0^") && date("main") >= date("main^"), "changelog commits");
    world.pull("main");
    // A commit from the future, as a machine with a wrong clock leaves it.
    world.git.commit("Later");
    let future = "4000000000 +0000";
    let amend = ["commit", "--amend", "--no-edit", "--allow-empty", "--quiet", "--date", future];
    let mut git = std::process::Command::new("git");
    git.args(["-c", "user.name=Someone", "-c", "user.email=someone@example.invalid"]).args(amend);
    assert!(git.current_dir(world.git.path()).env("GIT_COMMITTER_DATE", future).status().unwrap().success());
    world.push("main");
    world.cut_as(&[], "v1.1.0-alpha.1");
    assert_eq!(
        world.remote(&["log", "-3", "--format=%ct %s", "main"]).lines().next().unwrap(),
        "4000000000 CHANGELOG: add v1.1.0-alpha.1"
    );
    let date = world.remote(&["for-each-ref", "--format=%(taggerdate:unix)", "refs/tags/v1.1.0-alpha.1"]);
    assert_eq!(date, "4000000000");
}

/// A beta, and at once its branch: the next alpha is on the commit of the beta, and `git describe` must name the alpha.
#[test]
fn two_tags_on_one_commit() {
    let mut world = World::cycle(None);
    world.cut_as(&["--type", "beta"], "v1.0.0-beta.1");
    let remote = world.path("production/repository.git");
    world.git.git(&["fetch", "--quiet", "--tags", remote.to_str().unwrap()]);
    let beta = world.git.git(&["rev-parse", "v1.0.0-beta.1^{commit}"]);
    // The changelog is on top of it; the branch is cut from the very commit.
    let build = "v1.0.0-beta.1";
    let stage = ["--type", "rc", "--branch", "release-1.0", "--build-version", build];
    let version = world.cut_as(&stage, "v1.0.0-rc.0");
    assert!(version["checks"].as_array().is_some_and(|checks| !checks.is_empty()), "{version}");
    assert_eq!(world.remote(&["rev-parse", "v1.1.0-alpha.0^{commit}"]), beta, "two tags on one commit");
    assert_eq!(world.remote(&["describe", &beta]), "v1.1.0-alpha.0", "the younger one counts");
    world.pull("main");
    world.git.commit("Go on");
    let plan = world.krel(&["stage", "--nomock", "--plan", "--output", "json"]).expect(0).json();
    assert_eq!(plan["plan"]["versions"][0]["version"], "v1.1.0-alpha.1", "{plan}");
}

/// The plan of a rehearsal is the same each time; what it built is not taken for what a new one builds.
#[test]
fn a_version_rehearsed_again_is_built_again() {
    let world = World::with_command("echo x >> \"$KREL_WORK/../builds\"; echo made > {out}/hello");
    world.krel(&["stage"]).expect(0);
    world.krel(&["stage"]).expect(0);
    assert_eq!(fs::read_to_string(world.path("builds")).unwrap(), "x\n", "the same plan is applied once");
    world.krel(&["reset-mock"]).expect(0);
    world.krel(&["stage"]).expect(0);
    assert_eq!(fs::read_to_string(world.path("builds")).unwrap(), "x\nx\n", "built again");
    assert!(files(&world.path("mock/bucket/stage")).keys().any(|path| path.ends_with("manifest.json")));
}

/// Whoever approves a mail has read it.
#[test]
fn an_announcement_is_read_before_it_is_sent() {
    let world = World::new();
    let build = world.stage();
    world.release(&build).expect(0);
    let text = fs::read_to_string(world.bucket("release/v1.0.0-alpha.1/announcement.txt")).unwrap();
    let plan = world.krel(&["announce", "--nomock", "--tag", "v1.0.0-alpha.1", "--plan"]).expect(0).stdout.clone();
    for part in ["announce@example.org", "developers@example.org", "v1.0.0-alpha.1"] {
        assert!(plan.contains(part), "{part}: {plan}");
    }
    assert!(text.lines().count() > 3);
    for line in text.lines() {
        assert!(plan.contains(line), "`{line}` is not in the plan: {plan}");
    }
    assert!(world.mails().is_empty());
    let args = ["announce", "--nomock", "--tag", "v1.0.0-alpha.1"];
    // Nobody is shown another text than the one that is sent.
    world.krel(&[&args[..], &["--plan-out", "mail.json"]].concat()).expect(0);
    let written = fs::read_to_string(world.path("mail.json")).unwrap();
    let word = text.split_whitespace().next().unwrap();
    fs::write(world.path("mail.json"), written.replacen(&format!("\"preview\":\"{word}"), "\"preview\":\"Harmless", 1))
        .unwrap();
    let refused = world.krel(&["apply", "mail.json"]).expect(3).stderr.clone();
    assert_eq!(refused.matches("announcement of").count(), 1, "a plan is shown once: {refused}");
    let forged = refused.split_once("--approve ").unwrap().1.trim_end().trim_end_matches('`');
    assert_ne!(forged, world.fingerprint(&args));
    world.krel(&["apply", "mail.json", "--approve", forged]).expect(5).says(&["the text that the plan shows"]);
    assert!(world.mails().is_empty());
    world.approved(&args).expect(0).says(&["1 step\n"]);
}

/// A patch of which nothing is new is planned with a word about it; what a release pushed from is gone with it.
#[test]
fn a_patch_of_nothing_but_its_own_changelog() {
    let mut world = World::cycle(Some("release-1.0"));
    let stage = ["--type", "official", "--branch", "release-1.0"];
    world.cut_as(&stage, "v1.0.0");
    let left = files(&world.path("cache"));
    let left: Vec<&String> =
        left.keys().filter(|path| path.starts_with("release-") && path.contains("/changelog-")).collect();
    assert_eq!(left, Vec::<&String>::new());
    world.pull("release-1.0");
    let plan = [&["stage", "--nomock", "--plan"], &stage[..]].concat();
    let shown = world.krel(&plan).expect(0).stdout.clone();
    assert!(shown.contains("warning") && shown.contains("since v1.0.0: nothing new would be released"), "{shown}");
    world.git.commit("Mend it");
    assert!(!world.krel(&plan).expect(0).stdout.contains("warning"));
}

/// A plan is written wherever the flag stands, and its fingerprint is told.
#[test]
fn plan_files_and_their_fingerprints() {
    let world = World::new();
    let fingerprint = world.fingerprint(&["stage", "--nomock"]);
    let spellings: [&[&str]; 5] = [
        &["plan", "stage", "--nomock", "--out", "a.json"],
        &["plan", "stage", "--nomock", "--plan-out", "a.json"],
        &["plan", "--plan-out", "a.json", "stage", "--nomock"],
        &["plan", "--out", "a.json", "stage", "--nomock"],
        &["stage", "--nomock", "--plan-out", "a.json"],
    ];
    for args in spellings {
        let shown = world.krel(args).expect(0).stdout.clone();
        assert!(shown.contains(&format!("next: krel apply a.json --approve {fingerprint}")), "{args:?}: {shown}");
        let told = world.krel(&[args, &["--output", "json"]].concat()).expect(0).json();
        assert_eq!(told["fingerprint"], fingerprint.as_str());
        fs::remove_file(world.path("a.json")).unwrap();
    }
    world.krel(spellings[0]).expect(0);
    world
        .krel(&["apply", "a.json", "--approve", &fingerprint])
        .expect(0)
        .says(&[&format!("fingerprint {fingerprint}")]);
    world.krel(&["status", "--nomock"]).expect(0);
}
