//! Help, completions, manual pages: all from one definition.

use std::fs;

use crate::world::World;

/// The help below its usage line, of a command and of all commands below it.
fn helps(command: &clap::Command, path: &str, out: &mut Vec<(String, String)>) {
    let help = command.clone().render_long_help().to_string();
    let (_, below) = help.split_once("Usage: ").unwrap();
    let (_, below) = below.split_once('\n').unwrap();
    out.push((path.to_owned(), below.to_owned()));
    for sub in command.get_subcommands() {
        helps(sub, &format!("{path} {}", sub.get_name()), out);
    }
}

fn built<C: cli_kit::Command>(name: &'static str) -> clap::Command {
    let mut command = cli_kit::command::<C>(name, env!("CARGO_PKG_VERSION")).term_width(100);
    command.build();
    command
}

/// The commands that are programs of their own, too, with their verbs.
fn small() -> [(clap::Command, &'static [&'static str]); 4] {
    [
        (
            built::<release_version_cli::ReleaseVersionArgs>("release-version"),
            &["parse", "next", "compare", "sort", "markers", "describe"],
        ),
        (
            built::<release_notes::ReleaseNotesArgs>("release-notes"),
            &["generate", "render", "check", "validate", "fix", "draft-pr", "apply", "site"],
        ),
        (built::<changelog::ChangelogArgs>("changelog"), &["update", "section", "check"]),
        (built::<cve::CveArgs>("cve"), &["new", "edit", "validate", "show", "list", "delete"]),
    ]
}

#[test]
fn one_command_two_doors() {
    let krel = built::<krel::KrelArgs>("krel");
    // Looks at every argument of every command for contradictions.
    krel.clone().debug_assert();
    for (outer, verbs) in small() {
        outer.clone().debug_assert();
        let name = outer.get_name().to_owned();
        let inner = krel.find_subcommand(&name).unwrap();
        let (mut through_krel, mut alone) = (Vec::new(), Vec::new());
        helps(inner, &name, &mut through_krel);
        helps(&outer, &name, &mut alone);
        assert!(alone.len() > verbs.len(), "the commands below are compared as well");
        for (one, other) in through_krel.iter().zip(&alone) {
            assert_eq!(one, other);
        }
        assert_eq!(through_krel.len(), alone.len());
        let names: Vec<&str> =
            outer.get_subcommands().map(clap::Command::get_name).filter(|it| *it != "help").collect();
        assert_eq!(names, verbs, "{name}");
    }
    // The process prints that definition.
    let world = World::new();
    let printed = world.krel(&["release-version", "next", "--help"]).expect(0).stdout.clone();
    assert!(printed.contains("Usage: krel release-version next"), "{printed}");
    let args =
        ["release-version", "next", "--type", "rc", "--branch", "release-1.19", "--new-branch", "--build-version"];
    let next = world.krel(&[&args[..], &["v1.19.0-beta.2.847+0123456789abcd"]].concat());
    assert_eq!(next.expect(0).stdout, "v1.19.0-rc.0\nv1.20.0-alpha.0\n");
}

/// Every command shows a real example.
#[test]
fn every_command_has_an_example() {
    for sub in built::<krel::KrelArgs>("krel").get_subcommands().filter(|sub| sub.get_name() != "help") {
        let help = sub.clone().render_long_help().to_string();
        let word = format!("krel {}", sub.get_name());
        let example = help
            .rsplit_once("Example")
            .is_some_and(|(_, after)| after.contains(&word) || after.contains(sub.get_name()));
        assert!(example, "{help}");
    }
    for (command, verbs) in small() {
        for verb in verbs {
            let help = command.find_subcommand(verb).unwrap().clone().render_long_help().to_string();
            let (_, examples) =
                help.split_once("Examples:\n").unwrap_or_else(|| panic!("{verb}: no examples in:\n{help}"));
            assert!(examples.contains(&format!("{} {verb}", command.get_name())), "{verb}: {examples}");
        }
    }
}

#[test]
fn completions_and_manual_pages() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = world.krel(&["completions", shell]);
        for word in ["rehearse", "stage", "announce", "release-version", "nomock"] {
            assert!(script.expect(0).stdout.contains(word), "{shell}: `{word}` is missing");
        }
    }
    if let Ok(checked) =
        std::process::Command::new("bash").args(["-n", "/dev/stdin"]).stdin(std::process::Stdio::piped()).spawn()
    {
        let mut checked = checked;
        let script = world.krel(&["completions", "bash"]).stdout;
        std::io::Write::write_all(&mut checked.stdin.take().unwrap(), script.as_bytes()).unwrap();
        assert!(checked.wait().unwrap().success(), "bash does not read the completions");
    }
    world.krel(&["completions", "tcsh"]).expect(2).says(&["tcsh"]);
    let folder = world.path("man");
    world.krel(&["man", folder.to_str().unwrap()]).expect(0);
    for page in ["krel.1", "krel-stage.1", "krel-release.1", "krel-release-version.1"] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".SH NAME"), "{page}");
    }
    assert!(world.krel(&["man"]).expect(0).stdout.contains(".SH NAME"));
}

#[test]
fn versions_and_usage() {
    let world = World::new();
    let version = world.krel(&["--version"]);
    assert_eq!(version.expect(0).stdout, format!("krel {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(world.krel(&["stage", "--version"]).expect(0).stdout.lines().count(), 1);
    world.krel(&[]).expect(2);
    world.krel(&["stge"]).expect(2).says(&["stge", "stage"]);
}

#[test]
fn a_configuration_to_start_from() {
    let world = World::new();
    let repository = world.git.path();
    let run =
        |args: &[&str]| crate::world::Run::of(args, world.command(args).current_dir(repository).output().unwrap());
    let written = run(&["config", "init", "--name", "hello"]);
    assert!(written.expect(0).stdout.contains("krel config check"), "{}", written.stdout);
    run(&["config", "init"]).refuses(2, &["release.yaml` is not written over"]);
    run(&["config", "check"]).expect(0);
    run(&["plan", "stage", "--type", "official"]).expect(0);
    let explained = world.krel(&["config", "explain", "build.groups.command"]);
    assert!(explained.expect(0).stdout.contains("sh -c"));
    world.krel(&["config", "explain", "build.grups"]).refuses(2, &["`build.grups`"]);
}

#[test]
fn rehearsals() {
    let world = World::new();
    let dir = world.path("rehearsal");
    let run = world.krel(&["rehearse", "--dir", dir.to_str().unwrap()]);
    assert!(
        run.expect(0).stdout.contains("verified: all versions are released and everything agrees"),
        "{}",
        run.stdout
    );
    let again = world.krel(&["rehearse", "--dir", dir.to_str().unwrap()]);
    again.refuses(2, &["is not empty"]);
    // A project of one's own, its places left alone.
    let before = world.places();
    let dir = world.path("mine");
    let repo = world.git.path().to_str().unwrap().to_owned();
    let config = world.path("release.yaml").to_str().unwrap().to_owned();
    let run = world.krel(&["rehearse", "--repo", &repo, "--config", &config, "--dir", dir.to_str().unwrap()]);
    assert!(run.expect(0).stdout.contains("verified: the version is released and everything agrees"), "{}", run.stdout);
    assert!(dir.join("production/outbox").is_dir());
    world.places().same_as(&before, "a rehearsal");
}

/// An urgent fix begins at the release that it mends, on a branch that is not there before.
#[test]
fn a_rehearsal_of_an_urgent_fix() {
    let world = World::new();
    let dir = world.path("urgent");
    let types = "beta,rc,official,official@release-1.0.0";
    let run = world.krel(&["rehearse", "--types", types, "--dir", dir.to_str().unwrap(), "--output", "json"]);
    assert_eq!(run.expect(0).json()["verified"], true, "{}", run.stdout);
    let remote = dir.join("production/repository.git");
    let heads = testkit::git(&remote, &["for-each-ref", "--format=%(refname:short)", "refs/heads"]);
    assert!(heads.lines().any(|head| head == "release-1.0.0"), "{heads}");
    assert!(testkit::git(&remote, &["tag", "--merged", "release-1.0.0"]).contains("v1.0.0"), "{heads}");
    let changelog = testkit::git(&remote, &["show", "main:CHANGELOG/CHANGELOG-1.0.md"]);
    assert!(changelog.contains("# v1.0.1") && !changelog.contains("k8s"), "the places of Kubernetes: {changelog}");
}
