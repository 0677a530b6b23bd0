#![doc = include_str!("../README.md")]

mod delete;
mod edit;
mod error;
mod folder;
mod list;
mod new;
mod record;
mod results;
mod show;
mod validate;
mod write;

use std::path::PathBuf;

use cli_kit::{Command, Exit, Failure, Shell};

pub use error::CveError;
pub use folder::{CveFolder, CveId, Deleted, Existing, ParseCveIdError, Readers};
pub use record::Problem;

/// Write, check and keep CVE records for release notes, under embargo until a date
///
/// A record is a map of release notes with a `cve` data field, in a file `<CVE-ID>.yaml` of a folder. Documents take it in when one of
/// its pull requests is in their range, from the end of its embargo on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cve new CVE-2026-1234 --pr 4711 --embargo 2026-12-01T17:00:00Z
  cve validate
  cve list --output json

Exit codes: 0 done; 2 a record is not there, or cannot be used; 3 refused: it exists already, nobody is here to edit or to confirm;
9 `validate` found something")]
pub struct CveArgs {
    #[command(subcommand)]
    verb: Verb,

    /// The folder of the records
    #[arg(long, value_name = "DIR", default_value = "cve", global = true)]
    dir: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    #[command(visible_aliases = ["write", "add"])]
    New(new::NewArgs),
    Edit(edit::EditArgs),
    Validate(validate::ValidateArgs),
    Show(show::ShowArgs),
    List(list::ListArgs),
    Delete(delete::DeleteArgs),
}

impl Command for CveArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let folder = CveFolder::new(self.dir);
        let now = jiff::Timestamp::now();
        match self.verb {
            Verb::New(args) => new::run(args, &folder, now, shell).await,
            Verb::Edit(args) => edit::run(args, &folder, now, shell).await,
            Verb::Validate(args) => validate::run(&args, &folder, now, shell),
            Verb::Show(args) => show::run(&args, &folder, now, shell),
            Verb::List(args) => list::run(&args, &folder, now, shell),
            Verb::Delete(args) => delete::run(args, &folder, shell).await,
        }
    }
}
