//! `release-notes check`

use std::fmt::{self, Write as _};
use std::path::PathBuf;

use cli_kit::{Exit, Failure, OrExit, Page, Render, Shell, env};
use notes_gen::check::{CheckReport, Severity, Verdict, check};
use notes_gen::{Author, PullNumber, PullRequest};
use notes_sources::{pull_request, read_text};
use serde::{Deserialize, Serialize};

use crate::annotation::annotation;
use crate::failure;
use crate::github::GithubArgs;
use crate::repo::RepoArgs;
use crate::source::ProjectArgs;

/// The largest event that is read, in bytes; GitHub's webhooks send at most 25 MB.
const MAX_EVENT: u64 = 32 << 20;

/// Check the release note of pull requests
///
/// Exit code 9 when a pull request should not be merged as it is.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  release-notes check --pr 123,124 --github kubernetes/kubernetes
  release-notes check --event \"$GITHUB_EVENT_PATH\" --annotations      in GitHub Actions; asks for nothing
  release-notes check --event - --output json < event.json")]
pub(crate) struct CheckArgs {
    /// Numbers of pull requests
    #[arg(long = "pr", value_name = "N", value_delimiter = ',', conflicts_with = "event")]
    pulls: Vec<PullNumber>,
    /// The event that started a job, as GitHub Actions writes it; `-` for stdin; else GITHUB_EVENT_PATH
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Write messages that GitHub Actions shows with the job
    #[arg(long)]
    annotations: bool,
    /// Also fail on warnings
    #[arg(long)]
    strict_warnings: bool,
    /// The rules
    #[command(flatten)]
    project: ProjectArgs,
    /// Which repository
    #[command(flatten)]
    repo: RepoArgs,
    /// How GitHub is reached
    #[command(flatten)]
    github: GithubArgs,
}

#[derive(Debug, Serialize)]
struct Checked {
    pull_requests: Vec<CheckReport>,
    /// Numbers that are no pull requests.
    missing: Vec<PullNumber>,
    #[serde(skip)]
    annotations: bool,
}

impl Render for Checked {
    const SCHEMA: &'static str = "krel/checked-notes/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        for report in &self.pull_requests {
            let number = report.pull;
            if self.annotations {
                for finding in &report.findings {
                    let level = match finding.severity {
                        Severity::Error => "error",
                        Severity::Warning => "warning",
                        Severity::Notice => "notice",
                    };
                    let line =
                        finding.line.map(|line| format!(" (line {line} of the description)")).unwrap_or_default();
                    let title = format!("release note of #{number}");
                    writeln!(page, "{}", annotation(level, None, &title, &format!("{}{line}", finding.message)))?;
                }
                continue;
            }
            match (report.verdict, &report.text) {
                (Verdict::Note, Some(text)) => {
                    writeln!(page, "#{number}: {}", text.lines().next().unwrap_or_default())?
                }
                (Verdict::StatedNone, _) => writeln!(page, "#{number}: no note, as the author says")?,
                _ => writeln!(page, "#{number}: refused")?,
            }
            for finding in &report.findings {
                let line = finding.line.map(|line| format!("line {line}: ")).unwrap_or_default();
                writeln!(page, "  {}: {line}{} [{}]", finding.severity, finding.message, finding.rule)?;
            }
        }
        self.missing.iter().try_for_each(|number| writeln!(page, "#{number}: there is no such pull request"))
    }
}

pub(crate) async fn run(args: CheckArgs, shell: &mut Shell) -> Result<Exit, Failure> {
    let profile = args.project.profile()?;
    let mut missing = Vec::new();
    let pulls = if args.pulls.is_empty() {
        vec![from_event(&args, shell).await?]
    } else {
        let mut found = Vec::new();
        let account = args.github.account().await?;
        let repo = match args.repo.named()? {
            Some(repo) => repo,
            None => args.github.repository(&args.repo.open(shell, account.as_ref()).await?)?.0,
        };
        let client = args.github.client(shell).await?;
        let numbers: Vec<_> =
            args.pulls.iter().filter_map(|number| github_client::PullNumber::new(number.get())).collect();
        // A pull request that is checked is mostly open, and its text changes by the minute: ask for it.
        let batch = if args.github.asks() {
            client.pulls_by_number(&repo, &numbers).await
        } else {
            client.cached_pulls(&repo, &numbers).await
        };
        let batch = batch.map_err(failure::github)?;
        missing.extend(batch.missing.keys().filter_map(|number| PullNumber::new(number.get())));
        let batch = batch.whole().map_err(|(_, error)| failure::github(error))?;
        found.extend(batch.found.into_values().filter_map(pull_request));
        found
    };
    let reports: Vec<CheckReport> = pulls.iter().map(|pull| check(pull, &profile)).collect();
    let grave = |severity| severity == Severity::Error || (args.strict_warnings && severity == Severity::Warning);
    let refused = reports.iter().any(|report| {
        report.verdict == Verdict::Refused || report.findings.iter().any(|finding| grave(finding.severity))
    });
    let exit = if refused || !missing.is_empty() { Exit::Difference } else { Exit::Done };
    shell.result(&Checked { pull_requests: reports, missing, annotations: args.annotations })?;
    Ok(exit)
}

/// A file as messages name it.
pub(crate) fn shown(path: &std::path::Path) -> String {
    if path.as_os_str() == "-" { "stdin".to_owned() } else { path.display().to_string() }
}

#[derive(Deserialize)]
struct Event {
    pull_request: Option<EventPull>,
}

#[derive(Deserialize)]
struct EventPull {
    number: u64,
    #[serde(default)]
    title: String,
    body: Option<String>,
    #[serde(default)]
    labels: Vec<EventLabel>,
    user: Option<EventUser>,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct EventLabel {
    name: String,
}

#[derive(Deserialize)]
struct EventUser {
    login: String,
    html_url: Option<String>,
}

async fn from_event(args: &CheckArgs, shell: &Shell) -> Result<PullRequest, Failure> {
    let event = args.event.clone().or_else(|| env::process(env::GITHUB_EVENT_PATH).map(PathBuf::from));
    let Some(path) = &event else {
        return Err(Failure::new(Exit::Usage, "there is no pull request to check")
            .hint("name it with `--pr N` or `--event FILE`"));
    };
    let text = if path.as_os_str() == "-" {
        shell.stdin().await?
    } else {
        read_text(path, MAX_EVENT).map_err(failure::sources)?
    };
    let event: Event = serde_json::from_str(&text)
        .map_err(|error| format!("`{}` is no event of GitHub: {error}", shown(path)))
        .or_exit(Exit::Usage)?;
    let no_pull = || {
        Failure::new(Exit::Usage, format!("the event in `{}` is about no pull request", shown(path)))
            .hint("run the job `on: pull_request`")
    };
    let pull = event.pull_request.ok_or_else(no_pull)?;
    let mut request = PullRequest::new(PullNumber::new(pull.number).ok_or_else(no_pull)?, pull.title);
    request.body = pull.body;
    request.labels = pull.labels.into_iter().map(|label| label.name).collect();
    request.author = pull.user.map(|user| Author { login: user.login, url: user.html_url });
    request.url = pull.html_url;
    Ok(request)
}
