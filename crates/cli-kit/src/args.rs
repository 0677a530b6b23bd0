//! The arguments that every command has.

use clap::{Args, ValueEnum};

use crate::env::{self, Lookup};

/// The form of results and errors on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// Text and tables for people.
    #[default]
    Human,
    /// One JSON document with a `schema` field.
    Json,
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How progress is shown on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ProgressMode {
    /// Bars on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// Bars.
    Bars,
    /// A line for each step.
    Plain,
    /// A JSON line for each event.
    Json,
    /// Nothing.
    None,
}

/// The form of log lines on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// JSON lines in Cloud Build, text elsewhere.
    #[default]
    Auto,
    /// Text.
    Human,
    /// A JSON object a line.
    Json,
}

/// The arguments that every command has. [`crate::main`] adds them; a command does not list them itself.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
#[non_exhaustive]
pub struct GlobalArgs {
    /// Form of the result and of errors
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "human|json",
        hide_possible_values = true,
        env = env::KREL_OUTPUT,
        hide_env_values = true,
        display_order = 1000
    )]
    pub output: OutputFormat,

    /// Colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "auto|always|never",
        hide_possible_values = true,
        env = env::KREL_COLOR,
        hide_env_values = true,
        display_order = 1001
    )]
    pub color: ColorChoice,

    /// Progress on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "auto|bars|plain|json|none",
        hide_possible_values = true,
        env = env::KREL_PROGRESS,
        hide_env_values = true,
        display_order = 1002
    )]
    pub progress: ProgressMode,

    /// Log lines on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "auto|human|json",
        hide_possible_values = true,
        env = env::KREL_LOG_FORMAT,
        hide_env_values = true,
        display_order = 1003
    )]
    pub log_format: LogFormat,

    /// Log more: once for what is done, twice for requests, three times for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, display_order = 1004)]
    pub verbose: u8,

    /// Only results, warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", display_order = 1005)]
    pub quiet: bool,
}

impl ColorChoice {
    /// Whether to colour a channel that is, or is not, a terminal. What was asked for in words rules over the environment.
    /// <https://no-color.org>, <https://bixense.com/clicolors/>
    pub(crate) fn resolve(self, terminal: bool, env: Lookup<'_>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                if env(env::NO_COLOR).is_some() {
                    false
                } else if env(env::CLICOLOR_FORCE).is_some_and(|value| value != "0") {
                    true
                } else {
                    terminal
                        && env(env::CLICOLOR).is_none_or(|value| value != "0")
                        && env(env::TERM).is_none_or(|value| value != "dumb")
                }
            }
        }
    }
}

impl ProgressMode {
    /// The way that is meant by `Auto`.
    pub(crate) fn resolve(self, quiet: bool, terminal: bool, env: Lookup<'_>) -> Self {
        match self {
            Self::Auto if quiet => Self::None,
            Self::Auto if terminal && env(env::TERM).is_none_or(|value| value != "dumb") => Self::Bars,
            Self::Auto => Self::Plain,
            chosen => chosen,
        }
    }
}

impl LogFormat {
    /// The form that is meant by `Auto`.
    pub(crate) fn resolve(self, env: Lookup<'_>) -> Self {
        match self {
            Self::Auto if env(env::BUILD_ID).is_some() && env(env::PROJECT_ID).is_some() => Self::Json,
            Self::Auto => Self::Human,
            chosen => chosen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment<'a>(set: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn colours() {
        use ColorChoice::{Always, Auto, Never};
        type Case<'a> = (&'a str, ColorChoice, bool, &'a [(&'a str, &'a str)], bool);
        let cases: &[Case<'_>] = &[
            ("a terminal", Auto, true, &[], true),
            ("a pipe", Auto, false, &[], false),
            ("NO_COLOR", Auto, true, &[("NO_COLOR", "1")], false),
            ("NO_COLOR rules over CLICOLOR_FORCE", Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
            ("CLICOLOR=0", Auto, true, &[("CLICOLOR", "0")], false),
            ("CLICOLOR=1 on a pipe", Auto, false, &[("CLICOLOR", "1")], false),
            ("CLICOLOR_FORCE on a pipe", Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            ("CLICOLOR_FORCE=0 on a pipe", Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            ("dumb terminal", Auto, true, &[("TERM", "dumb")], false),
            ("always rules over NO_COLOR", Always, false, &[("NO_COLOR", "1")], true),
            ("never rules over CLICOLOR_FORCE", Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ];
        for (name, choice, terminal, set, expected) in cases {
            assert_eq!(choice.resolve(*terminal, &environment(set)), *expected, "{name}");
        }
    }

    #[test]
    fn progress() {
        use ProgressMode::{Auto, Bars, Json, None, Plain};
        let cases = [
            ("terminal", Auto, false, true, "xterm", Bars),
            ("dumb terminal", Auto, false, true, "dumb", Plain),
            ("pipe", Auto, false, false, "xterm", Plain),
            ("quiet", Auto, true, true, "xterm", None),
            ("asked for, though quiet", Json, true, true, "xterm", Json),
        ];
        for (name, mode, quiet, terminal, term, expected) in cases {
            assert_eq!(mode.resolve(quiet, terminal, &environment(&[("TERM", term)])), expected, "{name}");
        }
    }

    #[test]
    fn logs_are_json_in_cloud_build_only() {
        let cloud_build = [("BUILD_ID", "b"), ("PROJECT_ID", "p")];
        assert_eq!(LogFormat::Auto.resolve(&environment(&cloud_build)), LogFormat::Json);
        assert_eq!(LogFormat::Auto.resolve(&environment(&cloud_build[..1])), LogFormat::Human);
        assert_eq!(LogFormat::Human.resolve(&environment(&cloud_build)), LogFormat::Human);
    }
}
