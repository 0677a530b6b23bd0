//! Completions and manual pages, from the same definitions as the help texts.

use std::{collections::BTreeMap, fs, io, path::Path};

use clap_complete::Shell as CompletionShell;

/// The completion script of a command for a shell.
#[must_use]
pub fn completions(command: &clap::Command, shell: CompletionShell) -> String {
    let mut command = command.clone();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual pages of a command and of all its subcommands, by file name, e.g. `krel-stage.1`.
///
/// # Errors
/// What the renderer returns; none is known.
pub fn man_pages(command: &clap::Command) -> io::Result<BTreeMap<String, String>> {
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    let mut pages = BTreeMap::new();
    page(&command, command.get_name(), &mut pages)?;
    Ok(pages)
}

fn page(command: &clap::Command, name: &str, pages: &mut BTreeMap<String, String>) -> io::Result<()> {
    for child in command.get_subcommands().filter(|child| !child.is_hide_set()) {
        page(child, &format!("{name}-{}", child.get_name()), pages)?;
    }
    let mut text = Vec::new();
    // The date of the build would make two builds differ.
    clap_mangen::Man::new(command.clone().display_name(name)).title(name).date("").render(&mut text)?;
    pages.insert(format!("{name}.1"), String::from_utf8_lossy(&text).into_owned());
    Ok(())
}

/// Writes the manual pages into a folder, which is made when it is not there.
///
/// # Errors
/// When the folder cannot be written.
pub fn write_man_pages(command: &clap::Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    man_pages(command)?.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command() -> clap::Command {
        clap::Command::new("krel")
            .version("0.1.0")
            .about("The release toolbox")
            .subcommand(
                clap::Command::new("stage")
                    .about("Build and upload")
                    .arg(clap::Arg::new("branch").long("branch"))
                    .subcommand(clap::Command::new("check").about("Check only")),
            )
            .subcommand(clap::Command::new("internal").hide(true))
    }

    #[test]
    fn every_shell_completes_subcommands_and_flags() {
        for shell in [CompletionShell::Bash, CompletionShell::Fish, CompletionShell::Zsh, CompletionShell::PowerShell] {
            let script = completions(&command(), shell);
            assert!(script.contains("stage") && script.contains("branch"), "{shell}: {script}");
        }
    }

    #[test]
    fn a_page_for_each_command() {
        let pages = man_pages(&command()).unwrap();
        assert_eq!(pages.keys().collect::<Vec<_>>(), ["krel-stage-check.1", "krel-stage.1", "krel.1"]);
        let page = &pages["krel-stage.1"];
        assert!(page.contains("Build and upload") && page.contains(r"\-\-branch"), "{page}");
        assert_eq!(pages, man_pages(&command()).unwrap());
    }
}
