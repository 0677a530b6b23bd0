//! Every environment variable that the terminal side of a command reads.
//!
//! A command that reads one more names it in its own help; nothing below a command reads the environment.

use std::path::{Path, PathBuf};

/// Filter for log lines, in the syntax of `tracing_subscriber::EnvFilter`, e.g. `info,http_kit=debug`.
pub const KREL_LOG: &str = "KREL_LOG";
/// `auto`, `human` or `json`: the form of log lines.
pub const KREL_LOG_FORMAT: &str = "KREL_LOG_FORMAT";
/// `human` or `json`: the form of results and errors.
pub const KREL_OUTPUT: &str = "KREL_OUTPUT";
/// `auto`, `always` or `never`: colours.
pub const KREL_COLOR: &str = "KREL_COLOR";
/// `auto`, `bars`, `plain`, `json` or `none`: how progress is shown.
pub const KREL_PROGRESS: &str = "KREL_PROGRESS";
/// Who acts, as written into approvals, leases and journals.
pub const KREL_OPERATOR: &str = "KREL_OPERATOR";
/// No colours when set to anything but the empty text.
pub const NO_COLOR: &str = "NO_COLOR";
/// No colours when `0`.
pub const CLICOLOR: &str = "CLICOLOR";
/// Colours even without a terminal when set to anything but `0`.
pub const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
/// A terminal called `dumb` gets neither colours nor bars.
pub const TERM: &str = "TERM";
/// Set by Cloud Build; with [`PROJECT_ID`], log lines are JSON.
pub const BUILD_ID: &str = "BUILD_ID";
/// Set by Cloud Build; with [`BUILD_ID`], log lines are JSON.
pub const PROJECT_ID: &str = "PROJECT_ID";
/// Login name: who acts when [`KREL_OPERATOR`] is not set.
pub const USER: &str = "USER";
/// Login name: who acts when neither [`KREL_OPERATOR`] nor [`USER`] is set.
pub const LOGNAME: &str = "LOGNAME";

/// Editor for texts that a person is asked to edit; before [`VISUAL`] and [`EDITOR`].
pub const KUBE_EDITOR: &str = "KUBE_EDITOR";
/// Editor, before [`EDITOR`].
pub const VISUAL: &str = "VISUAL";
/// Editor.
pub const EDITOR: &str = "EDITOR";
/// Token for GitHub; before [`GH_TOKEN`].
pub const GITHUB_TOKEN: &str = "GITHUB_TOKEN";
/// Token for GitHub.
pub const GH_TOKEN: &str = "GH_TOKEN";
/// Address of GitHub's API, for GitHub Enterprise.
pub const GITHUB_API_URL: &str = "GITHUB_API_URL";
/// Set by GitHub Actions: a file with the event that started the job.
pub const GITHUB_EVENT_PATH: &str = "GITHUB_EVENT_PATH";
/// Folder for what can be made again; else `.cache` in [`HOME`].
pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// Home folder.
pub const HOME: &str = "HOME";

/// An environment variable and what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it does, in one line.
    pub meaning: &'static str,
}

/// All of them, for help texts and documentation.
#[must_use]
pub const fn variables() -> &'static [Variable] {
    const fn variable(name: &'static str, meaning: &'static str) -> Variable {
        Variable { name, meaning }
    }
    const ALL: &[Variable] = &[
        variable(KREL_LOG, "filter for log lines, e.g. `info,http_kit=debug`"),
        variable(KREL_LOG_FORMAT, "`auto`, `human` or `json`: the form of log lines"),
        variable(KREL_OUTPUT, "`human` or `json`: the form of results and errors"),
        variable(KREL_COLOR, "`auto`, `always` or `never`: colours"),
        variable(KREL_PROGRESS, "`auto`, `bars`, `plain`, `json` or `none`: how progress is shown"),
        variable(KREL_OPERATOR, "who acts, as written into approvals, leases and journals"),
        variable(NO_COLOR, "no colours when not empty"),
        variable(CLICOLOR, "no colours when `0`"),
        variable(CLICOLOR_FORCE, "colours even without a terminal, unless `0`"),
        variable(TERM, "a `dumb` terminal gets neither colours nor bars"),
        variable(BUILD_ID, "set by Cloud Build; with `PROJECT_ID`, log lines are JSON"),
        variable(PROJECT_ID, "set by Cloud Build; with `BUILD_ID`, log lines are JSON"),
        variable(USER, "who acts when `KREL_OPERATOR` is not set"),
        variable(LOGNAME, "who acts when neither `KREL_OPERATOR` nor `USER` is set"),
        variable(KUBE_EDITOR, "editor for texts that a person is asked to edit; before `VISUAL` and `EDITOR`"),
        variable(VISUAL, "editor, before `EDITOR`"),
        variable(EDITOR, "editor"),
        variable(GITHUB_TOKEN, "token for GitHub; before `GH_TOKEN`"),
        variable(GH_TOKEN, "token for GitHub"),
        variable(GITHUB_API_URL, "address of GitHub's API, for GitHub Enterprise"),
        variable(GITHUB_EVENT_PATH, "set by GitHub Actions: a file with the event that started the job"),
        variable(XDG_CACHE_HOME, "folder for what can be made again; else `.cache` in `HOME`"),
        variable(HOME, "home folder"),
    ];
    ALL
}

/// Looks a variable up; the empty text counts as not set.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The folder of these tools for what can be made again: `krel` in `XDG_CACHE_HOME`, else in `.cache` of `HOME`.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let base = process(XDG_CACHE_HOME).map(PathBuf::from);
    base.or_else(|| process(HOME).map(|home| Path::new(&home).join(".cache"))).map(|base| base.join("krel"))
}

/// The environment of the process; the empty text counts as not set.
#[must_use]
pub fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_this_file_is_listed_once() {
        let source = include_str!("env.rs");
        let declared: Vec<_> = source
            .lines()
            .filter_map(|line| line.strip_prefix("pub const ")?.split_once(": &str = \""))
            .map(|(name, value)| {
                assert_eq!(value.trim_end_matches("\";"), name);
                name
            })
            .collect();
        let listed: Vec<_> = variables().iter().map(|variable| variable.name).collect();
        assert_eq!(declared, listed);
    }
}
