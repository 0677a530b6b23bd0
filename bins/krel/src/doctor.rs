use std::fmt::{self, Write as _};

use cli_kit::{Command, Exit, Failure, Page, Render, Shell, Table};
use release_flow::{
    StageRequest, StaleBuild,
    doctor::{Health, Prerequisite, examine},
    places, plan_stage,
};
use release_version::ReleaseKind;
use serde::Serialize;

use crate::{
    failure::fail,
    project::{ModeArgs, ProjectArgs, fixed_date, now},
};

/// Look at everything a release needs: tools, disk, identity, places, free names
///
/// Exit code 3 when something would make a run fail.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  krel doctor
  krel doctor --type rc --branch release-1.30 --nomock")]
pub(crate) struct DoctorArgs {
    /// The kind of release to look ahead to
    #[arg(long = "type", value_name = "KIND", default_value = "alpha")]
    kind: ReleaseKind,
    /// The branch to look at; by default the project's default branch
    #[arg(long)]
    branch: Option<String>,
    #[command(flatten)]
    mode: ModeArgs,
    #[command(flatten)]
    project: ProjectArgs,
}

#[derive(Serialize)]
struct Diagnosis {
    healthy: bool,
    prerequisites: Vec<Prerequisite>,
}

impl Render for Diagnosis {
    const SCHEMA: &'static str = "krel/diagnosis/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new(["prerequisite", "health", "found"]);
        for one in &self.prerequisites {
            let health = match one.health {
                Health::Ok => "ok",
                Health::Warn => "look",
                _ => "FAILS",
            };
            table.row([one.subject.as_str(), health, one.detail.as_str()]);
        }
        page.table(&table)?;
        for one in &self.prerequisites {
            if let Some(advice) = &one.advice {
                writeln!(page, "{}: {advice}", one.subject)?;
            }
        }
        Ok(())
    }
}

impl Command for DoctorArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        let loaded = self.project.load()?;
        let runner = self.project.runner(shell, &loaded.config.project.name)?;
        let request = StageRequest {
            kind: self.kind,
            branch: self.branch,
            build_version: None,
            mode: self.mode.mode(),
            bump: None,
            stale: StaleBuild::Refuse,
            date: fixed_date()?,
        };
        let places = places(&loaded, request.mode).map_err(fail)?;
        let mut prerequisites = examine(&loaded.config, &places, &runner).await;
        let subject = "next version, its names free";
        prerequisites.push(match plan_stage(&loaded, &request, &runner.work.join("cache"), now()?).await {
            Ok(plan) => {
                let next = format!("{} from commit {}", plan.prime().version, plan.commit.short(12));
                Prerequisite::new(subject, Health::Ok, next, None)
            }
            Err(error) => {
                let failure = fail(error);
                let told = failure.to_string();
                let detail = told.lines().map(str::trim).filter(|line| !line.starts_with("hint")).collect::<Vec<_>>();
                let advice = failure.hints().first().map(String::as_str);
                Prerequisite::new(subject, Health::Fail, detail.join("; "), advice)
            }
        });
        let healthy = prerequisites.iter().all(|one| one.health != Health::Fail);
        shell.result(&Diagnosis { healthy, prerequisites })?;
        Ok(if healthy { Exit::Done } else { Exit::Refused })
    }
}
