use clap::{CommandFactory, Parser, Subcommand};
use cli_kit::command;
use release_version_cli::ReleaseVersionArgs;

#[test]
fn every_command_shows_an_example_of_itself() {
    let mut definition = command::<ReleaseVersionArgs>("release-version", "0.0.0");
    // Looks at every argument of every command for contradictions as well.
    definition.clone().debug_assert();
    let mut names = Vec::new();
    for verb in definition.get_subcommands_mut() {
        let name = verb.get_name().to_owned();
        let help = verb.render_long_help().to_string();
        let (_, examples) = help.split_once("Examples:\n").unwrap_or_else(|| panic!("{name}: no examples in:\n{help}"));
        assert!(examples.contains(&format!("release-version {name}")), "{name}: {examples}");
        names.push(name);
    }
    assert_eq!(names, ["parse", "next", "compare", "sort", "markers", "describe"]);
}

/// As the umbrella embeds it.
#[derive(Parser)]
struct Umbrella {
    #[command(subcommand)]
    command: Embedded,
}

#[derive(Subcommand)]
enum Embedded {
    ReleaseVersion(ReleaseVersionArgs),
}

#[test]
fn two_doors() {
    let below_usage = |help: String| {
        let (_, options) = help.split_once("Commands:\n").unwrap_or_else(|| panic!("no commands in:\n{help}"));
        options
            .split_once("Global options:")
            .map_or(options, |(own, _)| own)
            .replace("  -V, --version  Print version\n", "")
    };
    let mut umbrella = Umbrella::command().version("0.0.0").propagate_version(true);
    umbrella.build();
    let inner = umbrella.find_subcommand_mut("release-version").unwrap().render_help().to_string();
    let own = command::<ReleaseVersionArgs>("release-version", "0.0.0").render_help().to_string();
    let (inner, _) = inner.split_once("Examples:").unwrap();
    assert_eq!(below_usage(inner.to_owned()).trim_end(), below_usage(own).trim_end());

    let typed = ["krel", "release-version", "compare", "v1.2.3", "v1.2.4"];
    let Embedded::ReleaseVersion(args) = Umbrella::try_parse_from(typed).unwrap().command;
    assert!(format!("{args:?}").contains("v1.2.4"), "{args:?}");
}
