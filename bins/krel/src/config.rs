use std::{
    fmt::{self, Write as _},
    path::PathBuf,
};

use cli_kit::{Command, Exit, Failure, OrExit, Page, Render, Shell};
use release_flow::{
    Rules,
    config::{FILE_NAME, STARTER, explain, schema_json},
    places::Places,
};
use serde::Serialize;
use serde_json::Value;

use crate::{failure::fail, project::ProjectArgs};

/// Write, check and explain release.yaml
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel config init
  krel config check
  krel config explain build.groups
  krel config schema > release.schema.json")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write a release.yaml to start from, for the repository in this folder
    Init {
        /// The name of the project; by default that of the folder
        #[arg(long)]
        name: Option<String>,
        /// The default branch; by default the branch of the repository
        #[arg(long)]
        branch: Option<String>,
        /// Where to write
        #[arg(default_value = FILE_NAME)]
        file: PathBuf,
    },
    /// Check a release.yaml: unknown and missing fields by line and column, and every rule
    Check {
        #[command(flatten)]
        project: ProjectArgs,
    },
    /// Print the JSON schema of release.yaml, for editors
    Schema,
    /// Explain a field and everything below it; without a field the whole file
    Explain {
        /// A field such as `build.groups.command`
        field: Option<String>,
    },
}

#[derive(Serialize)]
struct Text {
    text: String,
}

impl Render for Text {
    const SCHEMA: &'static str = "krel/text/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{}", self.text.trim_end())
    }
}

#[derive(Serialize)]
struct Checked {
    file: PathBuf,
    project: String,
    mock: Places,
    production: Places,
}

impl Render for Checked {
    const SCHEMA: &'static str = "krel/config-check/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{} is fine: project {}", self.file.display(), self.project)
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Schema(Value);

impl Render for Schema {
    const SCHEMA: &'static str = "krel/config-schema/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        writeln!(page, "{:#}", self.0)
    }
}

impl Command for ConfigArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.what {
            What::Init { name, branch, file } => init(name, branch, file, shell),
            What::Check { project } => check(&project, shell),
            What::Schema => shell.result(&Schema(schema_json())).map(|()| Exit::Done),
            What::Explain { field } => {
                let field = field.unwrap_or_default();
                let text = explain(&field).ok_or_else(|| {
                    Failure::new(Exit::Usage, format!("release.yaml has no field `{field}`"))
                        .hint("`krel config explain` without a field tells all of them")
                })?;
                shell.result(&Text { text }).map(|()| Exit::Done)
            }
        }
    }
}

fn init(name: Option<String>, branch: Option<String>, file: PathBuf, shell: &mut Shell) -> Result<Exit, Failure> {
    let folder = std::path::absolute(&file).or_exit(Exit::Usage)?;
    let folder = folder.parent().map(PathBuf::from).unwrap_or_default();
    let name = name.or_else(|| folder.file_name().map(|name| slug(&name.to_string_lossy())));
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "project".to_owned());
    let branch = branch.or_else(|| {
        let head = git_repo::GitRepo::open(&folder).ok()?.head_branch().ok()??;
        Some(head.short().to_owned())
    });
    let branch = branch.unwrap_or_else(|| "main".to_owned());
    let text = STARTER.replace("NAME", &name).replace("BRANCH", &branch);
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut out| std::io::Write::write_all(&mut out, text.as_bytes()));
    written
        .or_exit(Exit::Usage)
        .map_err(|failure| failure.hint(format!("`{}` is not written over", file.display())))?;
    let text = format!(
        "wrote {}\nnext: edit `build` and `tarballs`, then `krel config check` and `krel rehearse --repo . --config {}`",
        file.display(),
        file.display()
    );
    shell.result(&Text { text })?;
    Ok(Exit::Done)
}

/// A folder's name as a project name.
fn slug(text: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() || "-._".contains(c) { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(fine).collect::<String>().trim_matches(['-', '.', '_']).to_owned()
}

fn check(project: &ProjectArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let loaded = project.load()?;
    Rules::of(&loaded.config).map_err(fail)?;
    let resolve = |set| Places::resolve(set, &loaded.folder).map_err(|error| fail(error.into()));
    let (mock, production) = (resolve(&loaded.config.places.mock)?, resolve(&loaded.config.places.production)?);
    let project = loaded.config.project.name.clone();
    shell.result(&Checked { file: loaded.path, project, mock, production })?;
    Ok(Exit::Done)
}
