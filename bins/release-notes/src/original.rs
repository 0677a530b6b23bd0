//! Command lines of the original tool, which had no verb.

use std::ffi::{OsStr, OsString};

const VERBS: [&str; 9] = ["generate", "render", "check", "validate", "fix", "draft-pr", "apply", "site", "help"];
/// Flags that changed nothing since long before, or what is the default here.
const DROPPED: [&str; 2] = ["--debug", "--list-v2"];

/// Arguments as this command takes them. The original had no verb, and `--output FILE`: such a line is one of `generate`.
pub fn arguments(typed: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let typed: Vec<OsString> = typed.into_iter().collect();
    let text = |arg: &OsStr| arg.to_str().unwrap_or_default().to_owned();
    let flags: Vec<String> = typed.iter().skip(1).map(|arg| text(arg)).collect();
    let asks = |flag: &String| ["-h", "--help", "-V", "--version"].contains(&flag.as_str());
    let has_verb = flags.iter().any(|flag| VERBS.contains(&flag.as_str()));
    if has_verb || flags.iter().any(asks) || !flags.first().is_some_and(|first| first.starts_with("--")) {
        return typed;
    }
    let form = |value: &str| ["human", "json"].contains(&value);
    let mut made: Vec<OsString> = typed.iter().take(1).cloned().chain([OsString::from("generate")]).collect();
    for (at, arg) in typed.iter().enumerate().skip(1) {
        let flag = text(arg);
        let next = typed.get(at + 1).map(|next| text(next));
        match flag.strip_prefix("--output=") {
            Some(value) if !form(value) => made.push(format!("--out={value}").into()),
            _ if flag == "--output" && next.is_some_and(|next| !form(&next)) => made.push("--out".into()),
            _ if DROPPED.contains(&flag.as_str()) => {}
            _ => made.push(arg.clone()),
        }
    }
    made
}

/// Options of the original that have no counterpart. They are refused with the reason, so that a script does not lose what it relied on
/// in silence.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct GoneArgs {
    #[arg(long, hide = true, value_parser = gone("the pull request decides, not who merged it: leave it out"))]
    required_author: Option<String>,
    #[arg(long, hide = true, value_parser = gone("`--download-prefix URL` tells where the downloads are to be had"))]
    release_bucket: Option<String>,
    #[arg(long, hide = true, value_parser = gone("`--github-api URL` is enough"))]
    github_upload_url: Option<String>,
}

fn gone(instead: &'static str) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |_| Err(format!("there is no such option any more; {instead}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_original() {
        for (typed, expected) in [
            ("", ""),
            ("generate a..b --output json", "generate a..b --output json"),
            ("--output json generate a..b", "--output json generate a..b"),
            ("--start-rev a --end-rev b --output notes.md", "generate --start-rev a --end-rev b --out notes.md"),
            (
                "--discover minor-to-minor --output=notes.md --debug",
                "generate --discover minor-to-minor --out=notes.md",
            ),
            ("--start-rev a --output json", "generate --start-rev a --output json"),
            ("--help", "--help"),
            ("-V", "-V"),
            ("generat a..b", "generat a..b"),
            ("-v", "-v"),
        ] {
            let words = |line: &str| -> Vec<OsString> {
                std::iter::once("release-notes").chain(line.split_whitespace()).map(OsString::from).collect()
            };
            assert_eq!(arguments(words(typed)), words(expected), "{typed}");
        }
    }
}
