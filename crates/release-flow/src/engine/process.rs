//! One build command: its process group, its log, its deadline.

use std::{
    collections::VecDeque,
    fs,
    io::{self, BufRead as _, Read as _, Write as _},
    path::Path,
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use secret_redactor::{RedactingWriter, Redactor, names_secret};

use super::{BuildError, BuildJob, container};

/// Lines of a log that an error shows.
const TAIL_LINES: usize = 20;
/// How long a process group has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// The variable that tells a build, and a later run looking for orphans, where the results go.
const OUT: &str = "KREL_OUT";

/// Runs the command of `job` with its output going to `log`.
pub(super) async fn run(
    job: &BuildJob,
    source: &Path,
    out: &Path,
    log: &Path,
    redactor: Redactor,
) -> Result<(), BuildError> {
    let failed = |operation: &str, source: io::Error| BuildError::Io {
        job: job.id.clone(),
        operation: operation.to_owned(),
        source,
    };
    let words = words(job, source, out)?;
    let (reader, writer) = io::pipe().map_err(|error| failed("make a pipe", error))?;
    let file = fs::File::create(log).map_err(|error| failed("create the log", error))?;
    let pump = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let mut log = RedactingWriter::new(redactor, file);
        io::copy(&mut { reader }, &mut log)?;
        log.finish()?.flush()
    });

    let mut command = tokio::process::Command::new(&words[0]);
    command.args(&words[1..]).current_dir(source).stdin(Stdio::null()).process_group(0);
    for (name, _) in std::env::vars_os() {
        if names_secret(&name.to_string_lossy()) {
            command.env_remove(name);
        }
    }
    command.envs(environment(job, out)).env(OUT, out);
    let also = writer.try_clone().map_err(|error| failed("make a pipe", error))?;
    command.stdout(also).stderr(writer);
    let mut child = command.spawn().map_err(|error| failed(&format!("start `{}`", words[0]), error))?;
    // The command holds the writing ends of the pipe; with these gone the pump ends when the build does.
    drop(command);
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(group) = group {
        fs::write(pid_file(out), group.as_raw_nonzero().to_string())
            .map_err(|error| failed("write the process id", error))?;
    }

    let deadline = Duration::from_secs(u64::from(job.timeout_s));
    let status = match tokio::time::timeout(deadline, child.wait()).await {
        Ok(status) => Some(status.map_err(|error| failed("wait for the command", error))?),
        Err(_elapsed) => {
            if let Some(group) = group {
                stop(group, &mut child).await;
            }
            None
        }
    };
    // What a build left running would hold the pipe open, and the results too.
    if let Some(group) = group {
        let _gone = kill_process_group(group, Signal::KILL);
    }
    match tokio::time::timeout(GRACE, pump).await {
        Ok(Ok(result)) => result.map_err(|error| failed("write the log", error))?,
        Ok(Err(error)) => return Err(failed("write the log", io::Error::other(error))),
        // A process that left the group keeps the pipe; its output is not waited for.
        Err(_elapsed) => {}
    }
    let _gone = fs::remove_file(pid_file(out));
    match status {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(BuildError::Failed {
            job: job.id.clone(),
            status: status.to_string(),
            log: log.to_owned(),
            tail: tail(log),
        }),
        None => Err(BuildError::TimedOut {
            job: job.id.clone(),
            seconds: job.timeout_s,
            log: log.to_owned(),
            tail: tail(log),
        }),
    }
}

async fn stop(group: Pid, child: &mut tokio::process::Child) {
    let _gone = kill_process_group(group, Signal::TERM);
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        let _gone = kill_process_group(group, Signal::KILL);
        let _reaped = child.wait().await;
    }
}

fn words(job: &BuildJob, source: &Path, out: &Path) -> Result<Vec<String>, BuildError> {
    let Some(spec) = &job.container else {
        let command = job.command.replace("{out}", &out.display().to_string());
        return Ok(vec!["sh".into(), "-c".into(), command]);
    };
    let engine = container::find_engine(spec.engine).ok_or_else(|| BuildError::NoEngine { job: job.id.clone() })?;
    let inside = Path::new("/out");
    let command = job.command.replace("{out}", "/out");
    Ok(container::command_line(engine, &spec.image, &command, &environment(job, inside), source, out))
}

fn environment(job: &BuildJob, out: &Path) -> std::collections::BTreeMap<String, String> {
    let out = out.display().to_string();
    job.env.iter().map(|(key, value)| (key.clone(), value.replace("{out}", &out))).collect()
}

fn pid_file(out: &Path) -> std::path::PathBuf {
    out.with_extension("part.pid")
}

/// Stops the build that a killed run left behind in `out`, if there is one.
///
/// The process is only stopped when it still carries our variable, so that a reused process id does no harm.
pub(super) fn stop_orphan(out: &Path) {
    let Ok(text) = fs::read_to_string(pid_file(out)) else { return };
    let _gone = fs::remove_file(pid_file(out));
    let Some(group) = text.trim().parse().ok().and_then(Pid::from_raw) else { return };
    let mut environ = Vec::new();
    let read = fs::File::open(format!("/proc/{}/environ", group.as_raw_nonzero()))
        .and_then(|file| file.take(1 << 20).read_to_end(&mut environ));
    let ours = format!("{OUT}={}", out.display());
    if read.is_ok() && environ.split(|byte| *byte == 0).any(|entry| entry == ours.as_bytes()) {
        tracing::warn!(process = %group.as_raw_nonzero(), "stopping a build that a killed run left behind");
        let _gone = kill_process_group(group, Signal::KILL);
    }
}

/// The last lines of a log, for an error message.
fn tail(log: &Path) -> String {
    let Ok(file) = fs::File::open(log) else { return String::new() };
    let mut lines = VecDeque::new();
    let mut reader = io::BufReader::new(file);
    let mut line = Vec::new();
    while let Ok(1..) = reader.by_ref().take(1 << 16).read_until(b'\n', &mut line) {
        if lines.len() == TAIL_LINES {
            lines.pop_front();
        }
        let text: String = String::from_utf8_lossy(&line).trim_end().chars().take(300).collect();
        lines.push_back(format!("  | {text}"));
        line.clear();
    }
    Vec::from(lines).join("\n")
}
