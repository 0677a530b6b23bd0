//! A command in miniature: `cargo run -p cli-kit --example demo -- count README.md --output json`.

use std::{
    fmt::{self, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use cli_kit::{Command, Exit, Failure, OrExit, Page, Render, Shell, Table};
use release_journal::{Event, Plan, Reach, StepId, StepOutcome};

/// Shows what cli-kit does
#[derive(clap::Args)]
struct DemoArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Count the lines and bytes of files
    Count {
        /// The files
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run steps of a second each, until Ctrl-C
    Steps {
        /// How many
        count: usize,
    },
    /// Block a thread, whatever is asked
    Block,
    /// Apply a plan that reaches production
    Cut {
        /// Approve the plan by its fingerprint
        #[arg(long, value_name = "FINGERPRINT")]
        approve: Option<String>,
    },
    /// Come upon a defect
    Defect,
    /// Log a secret
    Leak {
        /// The secret
        secret: String,
    },
}

/// A plan to cut a version.
#[derive(serde::Serialize, serde::Deserialize)]
struct CutPlan {
    version: String,
}

impl fmt::Display for CutPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cut {}", self.version)
    }
}

impl Plan for CutPlan {
    fn subject(&self) -> String {
        format!("cut-{}", self.version)
    }
    fn is_empty(&self) -> bool {
        false
    }
    fn reach(&self) -> Reach {
        Reach::Production
    }
}

#[derive(serde::Serialize)]
struct Counted {
    files: Vec<File>,
}

#[derive(serde::Serialize)]
struct File {
    path: PathBuf,
    lines: usize,
    bytes: usize,
}

impl Render for Counted {
    const SCHEMA: &'static str = "demo/count/v1";

    fn human(&self, page: &mut Page) -> fmt::Result {
        let mut table = Table::new(["file", "lines", "bytes"]).right(1).right(2);
        for file in &self.files {
            table.row([file.path.display().to_string(), file.lines.to_string(), file.bytes.to_string()]);
        }
        page.table(&table)?;
        writeln!(page, "{} files", self.files.len())
    }
}

impl Command for DemoArgs {
    async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
        match self.what {
            What::Count { files } => {
                let mut counted = Counted { files: Vec::new() };
                for path in files {
                    let bytes = std::fs::read(&path).or_exit(Exit::Usage).map_err(|failure| {
                        failure.hint(format!("is `{}` a file that you may read?", path.display()))
                    })?;
                    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
                    counted.files.push(File { path, lines, bytes: bytes.len() });
                }
                shell.result(&counted)?;
                Ok(Exit::Done)
            }
            What::Steps { count } => steps(shell, count).await,
            What::Block => {
                shell.note("blocking");
                std::thread::sleep(Duration::from_secs(60));
                Ok(Exit::Done)
            }
            What::Cut { approve } => {
                let plan = CutPlan { version: "v1.2.0".into() };
                let approver = shell.operator().to_owned();
                let now = jiff::Timestamp::now();
                let approved = cli_kit::approve(shell, plan, approve.as_deref(), &approver, now).await?;
                shell.note(format!("approved by {approver}: {}", approved.plan()));
                Ok(Exit::Done)
            }
            What::Defect => panic!("seven is not prime"),
            What::Leak { secret } => {
                let hidden = secret.clone();
                shell.redact_with(Arc::new(move |text| text.replace(&hidden, "[redacted]")));
                tracing::warn!(token = %secret, "logged in");
                shell.warn(format!("the token is {secret}"));
                Err(Failure::new(Exit::Credentials, format!("`{secret}` is not accepted")))
            }
        }
    }
}

async fn steps(shell: &mut Shell, count: usize) -> Result<Exit, Failure> {
    let (sink, interrupt) = (shell.sink(), shell.interrupt());
    sink.event(&Event::RunStarted { run: "demo".into(), total: count });
    for index in 1..=count {
        if interrupt.is_raised() {
            return Err(Failure::new(Exit::Interrupted, "interrupted").hint("run `demo steps` again"));
        }
        let step = StepId::new("sleep", index.to_string())?;
        sink.event(&Event::StepStarted { step: step.clone(), index, total: count });
        tokio::time::sleep(Duration::from_secs(1)).await;
        sink.event(&Event::StepEnded { step, outcome: StepOutcome::Ran, duration_ms: 1000 });
    }
    sink.event(&Event::RunEnded { run: "demo".into(), complete: true, duration_ms: 1000 * count as u64 });
    Ok(Exit::Done)
}

fn main() -> ExitCode {
    cli_kit::main::<DemoArgs>("demo", env!("CARGO_PKG_VERSION"))
}
