use std::fmt::{self, Write as _};

use cli_kit::{Command, Exit, Failure, Page, Render, Shell, Table, human_bytes};
use release_flow::{
    inventory::{StagedBuild, staged_builds},
    places::Mode,
};
use serde::Serialize;

use crate::{
    failure::fail,
    project::{ModeArgs, ProjectArgs},
    status::buckets,
};

/// List staged builds
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel list
  krel list --nomock --output json")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
struct Builds {
    mode: Mode,
    builds: Vec<StagedBuild>,
}

impl Render for Builds {
    const SCHEMA: &'static str = "krel/staged-builds/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        if self.builds.is_empty() {
            return writeln!(page, "nothing is staged ({})", self.mode);
        }
        let mut table = Table::new(["build version", "versions", "branch", "commit", "objects", "size", "dated"]);
        table = table.right(4).right(5);
        for build in &self.builds {
            let size = human_bytes(build.bytes);
            let objects = build.objects.to_string();
            match &build.manifest {
                Some(manifest) => {
                    let versions: Vec<String> = manifest.versions.iter().map(ToString::to_string).collect();
                    table.row([
                        build.build_version.clone(),
                        versions.join(" "),
                        manifest.branch.clone(),
                        manifest.commit.short(12),
                        objects,
                        size,
                        manifest.date.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                    ]);
                }
                None => {
                    let unfinished = "unfinished".to_owned();
                    let empty = String::new;
                    table.row([build.build_version.clone(), unfinished, empty(), empty(), objects, size, empty()]);
                }
            }
        }
        page.table(&table)
    }
}

impl Command for ListArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let mode = self.mode.mode();
        for (of, bucket) in buckets(&loaded)? {
            if of == mode {
                let builds = staged_builds(&bucket).await.map_err(fail)?;
                shell.result(&Builds { mode, builds })?;
            }
        }
        Ok(Exit::Done)
    }
}
