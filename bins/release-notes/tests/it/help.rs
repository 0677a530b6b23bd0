use clap::{CommandFactory, Parser, Subcommand};
use cli_kit::command;
use release_notes::ReleaseNotesArgs;

#[test]
fn every_command_shows_an_example_of_itself() {
    let mut definition = command::<ReleaseNotesArgs>("release-notes", "0.0.0");
    definition.clone().debug_assert();
    let mut names = Vec::new();
    for verb in definition.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        let help = verb.render_long_help().to_string();
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{name}: no examples in:\n{help}"));
        assert!(examples.contains(&format!("release-notes {name}")), "{name}: {examples}");
        names.push(name);
    }
    assert_eq!(names, ["generate", "render", "check", "validate", "fix", "draft-pr", "apply", "site"]);
}

/// As the umbrella embeds it.
#[derive(Parser)]
struct Umbrella {
    #[command(subcommand)]
    command: Embedded,
}

#[derive(Subcommand)]
enum Embedded {
    ReleaseNotes(ReleaseNotesArgs),
}

#[test]
fn two_doors() {
    let mut umbrella = Umbrella::command();
    umbrella.build();
    let inner = umbrella.find_subcommand_mut("release-notes").unwrap().render_help().to_string();
    let own = command::<ReleaseNotesArgs>("release-notes", "0.0.0").render_help().to_string();
    let verbs = |help: &str| {
        let (_, below) = help.split_once("Commands:\n").unwrap_or_else(|| panic!("no commands in:\n{help}"));
        below.split_once("Options:").map_or(below, |(verbs, _)| verbs).to_owned()
    };
    assert_eq!(verbs(&inner), verbs(&own));
    let typed = ["krel", "release-notes", "generate", "v1.2.0..v1.3.0"];
    let Embedded::ReleaseNotes(args) = Umbrella::try_parse_from(typed).unwrap().command;
    assert!(format!("{args:?}").contains("v1.2.0..v1.3.0"), "{args:?}");
}
