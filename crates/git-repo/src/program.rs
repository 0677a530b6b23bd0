//! The git program.

use std::ffi::OsString;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::{Error, GitRemote, GitRepo, ProgramError};

/// How long work on this machine may take: checks and packs of the largest repositories need minutes.
pub(crate) const LOCAL_LIMIT: Duration = Duration::from_secs(60 * 60);

/// Bytes of standard error an error message keeps.
const STDERR_TAIL: usize = 2000;

/// A secret that is shorter is none.
const SHORTEST_SECRET: usize = 6;

/// The variable that hands the token to the child; its name alone stands among the arguments.
const TOKEN_VARIABLE: &str = "GIT_REPO_AUTHORIZATION";

/// Variables that would point the child at another repository, and those that would print its configuration.
const REMOVED: [&str; 16] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_CONFIG",
    "GIT_GRAFT_FILE",
    "GIT_SHALLOW_FILE",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
    "GIT_TRACE2_CONFIG_PARAMS",
];

/// A call of the git program in the making.
pub(crate) struct Git {
    arguments: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
    secrets: Vec<SecretString>,
    input: Vec<u8>,
    output: Option<std::fs::File>,
    limit: Duration,
}

/// What a call left behind.
pub(crate) struct Finished {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    /// The end of standard error, without secrets.
    pub(crate) stderr: String,
    arguments: String,
}

impl Git {
    pub(crate) fn new() -> Self {
        Self {
            arguments: Vec::new(),
            environment: Vec::new(),
            secrets: Vec::new(),
            input: Vec::new(),
            output: None,
            limit: LOCAL_LIMIT,
        }
    }

    pub(crate) fn in_repo(repo: &GitRepo) -> Self {
        let git = Self::new().arg("--git-dir").arg(repo.git_dir());
        match repo.work_dir() {
            Some(folder) => git.arg("--work-tree").arg(folder),
            None => git,
        }
    }

    /// Lets the call reach a remote. The token goes by the environment, to this address only and to no redirect of it.
    pub(crate) fn reaching(mut self, remote: &GitRemote) -> Self {
        self.limit = remote.time_limit();
        let Some(token) = remote.token() else { return self };
        let header = token.header();
        self.environment.push((TOKEN_VARIABLE, format!("Authorization: {header}").into()));
        self.secrets.push(header.trim_start_matches("Basic ").to_owned().into());
        self.secrets.push(token.secret.clone());
        self.arg(format!("--config-env=http.{remote}.extraHeader={TOKEN_VARIABLE}")).args([
            "-c",
            "http.followRedirects=false",
            "-c",
            "credential.helper=",
        ])
    }

    pub(crate) fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// Standard output goes to the end of this file.
    pub(crate) fn output_to(mut self, file: std::fs::File) -> Self {
        self.output = Some(file);
        self
    }

    fn shown(&self) -> String {
        self.arguments.iter().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    fn command(&mut self) -> Command {
        let mut command = Command::new("git");
        command
            .args(&self.arguments)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Empty, not absent: otherwise git turns to SSH_ASKPASS or to its configuration, and a window asks.
            .env("GIT_ASKPASS", "")
            .env("GIT_ALLOW_PROTOCOL", "file:http:https:ssh")
            .stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(self.output.take().map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        for name in REMOVED {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A group of its own: Ctrl-C in the terminal must not stop a push half-way, and a stop reaches git's own children.
        #[cfg(unix)]
        command.process_group(0);
        command
    }

    /// Runs to the end, however it ends.
    ///
    /// # Errors
    /// When it cannot be started, or takes longer than allowed.
    pub(crate) async fn run(mut self) -> Result<Finished, ProgramError> {
        let arguments = self.shown();
        let mut child = self.command().spawn().map_err(|source| ProgramError::Start { source })?;
        let mut group = Group::of(&child);
        let input = std::mem::take(&mut self.input);
        let stdin = child.stdin.take();
        let feed = async move {
            if let Some(mut stdin) = stdin {
                // A child that ends early closes the pipe; its status tells why.
                drop(stdin.write_all(&input).await);
            }
        };
        let both = async { tokio::join!(feed, child.wait_with_output()) };
        let output = match tokio::time::timeout(self.limit, both).await {
            Ok(((), output)) => output.map_err(|source| ProgramError::Start { source })?,
            Err(_elapsed) => return Err(ProgramError::TimedOut { arguments, limit: self.limit }),
        };
        group.ended();
        let stderr = self.without_secrets(&String::from_utf8_lossy(&output.stderr));
        tracing::debug!(arguments, status = %output.status, "git ended");
        Ok(Finished { status: output.status, stdout: output.stdout, stderr, arguments })
    }

    /// Runs to the end and returns standard output.
    ///
    /// # Errors
    /// Also when it ends with an error.
    pub(crate) async fn output(self) -> Result<Vec<u8>, ProgramError> {
        let finished = self.run().await?;
        if finished.status.success() { Ok(finished.stdout) } else { Err(finished.failure()) }
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            // A few characters are in every text: to blank them there tells what they are, and spoils the message.
            if secret.expose_secret().len() >= SHORTEST_SECRET {
                text = text.replace(secret.expose_secret(), "***");
            }
        }
        let start = text.len().saturating_sub(STDERR_TAIL);
        let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text[start..].trim().to_owned()
    }
}

impl Finished {
    pub(crate) fn failure(self) -> ProgramError {
        ProgramError::Failed { arguments: self.arguments, status: self.status, stderr: self.stderr }
    }
}

/// Stops the child with all its own children, such as `git-remote-https`, unless it has ended.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &tokio::process::Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self { leader: id.and_then(rustix::process::Pid::from_raw) }
    }

    #[cfg(not(unix))]
    fn of(_child: &tokio::process::Child) -> Self {
        Self {}
    }

    fn ended(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            // It may have ended in this instant.
            let _ended_before = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}

/// Turns what git said about a remote into what the caller can do about it.
pub(crate) fn remote_failure(remote: &GitRemote, error: ProgramError) -> Error {
    let name = remote.to_string();
    match error {
        ProgramError::TimedOut { limit, .. } => {
            Error::Unavailable { remote: name, detail: format!("no answer within {} seconds", limit.as_secs()) }
        }
        ProgramError::Failed { arguments, status, stderr } => match classify(&stderr) {
            Some(Trouble::Denied) => Error::Denied { remote: name, detail: last_lines(&stderr) },
            Some(Trouble::Unavailable) => Error::Unavailable { remote: name, detail: last_lines(&stderr) },
            Some(Trouble::NoRepository) => Error::NoRepository { remote: name, detail: last_lines(&stderr) },
            None => ProgramError::Failed { arguments, status, stderr }.into(),
        },
        other => other.into(),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Denied,
    Unavailable,
    NoRepository,
}

/// Reads git's messages in the C locale. Order matters: an HTTP status comes with "unable to access".
fn classify(stderr: &str) -> Option<Trouble> {
    const SIGNS: [(&str, Trouble); 29] = [
        ("Authentication failed", Trouble::Denied),
        ("could not read Username", Trouble::Denied),
        ("could not read Password", Trouble::Denied),
        ("terminal prompts disabled", Trouble::Denied),
        ("returned error: 401", Trouble::Denied),
        ("returned error: 403", Trouble::Denied),
        ("Permission denied", Trouble::Denied),
        ("Write access to repository not granted", Trouble::Denied),
        ("Host key verification failed", Trouble::Denied),
        ("service not enabled", Trouble::Denied),
        ("returned error: 404", Trouble::NoRepository),
        ("does not appear to be a git repository", Trouble::NoRepository),
        ("not a git repository", Trouble::NoRepository),
        ("repository not found", Trouble::NoRepository),
        ("' not found", Trouble::NoRepository),
        ("Repository not found", Trouble::NoRepository),
        ("does not exist", Trouble::NoRepository),
        ("returned error: 429", Trouble::Unavailable),
        ("returned error: 5", Trouble::Unavailable),
        ("Could not resolve host", Trouble::Unavailable),
        ("Connection refused", Trouble::Unavailable),
        ("Connection reset", Trouble::Unavailable),
        ("timed out", Trouble::Unavailable),
        ("Failed to connect", Trouble::Unavailable),
        ("Could not connect", Trouble::Unavailable),
        ("early EOF", Trouble::Unavailable),
        ("hung up unexpectedly", Trouble::Unavailable),
        ("unable to access", Trouble::Unavailable),
        // Somebody else moves the same refs here.
        ("cannot lock ref", Trouble::Unavailable),
    ];
    SIGNS.iter().find(|(sign, _)| stderr.contains(sign)).map(|(_, trouble)| *trouble)
}

fn last_lines(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Token;

    #[test]
    fn the_token_is_in_the_environment_and_nowhere_else() {
        let token = Token::new("s3cret-token".into());
        let header = token.header();
        let remote = GitRemote::parse("https://example.invalid/a.git").unwrap().with_token(token).unwrap();
        let mut git = Git::new().reaching(&remote).args(["ls-remote", "--"]).arg(remote.argument());
        let command = git.command();
        let arguments: Vec<_> =
            command.as_std().get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        for secret in ["s3cret-token", header.trim_start_matches("Basic ")] {
            assert!(arguments.iter().all(|argument| !argument.contains(secret)), "{arguments:?}");
            assert!(!git.shown().contains(secret));
        }
        assert!(arguments.contains(
            &"--config-env=http.https://example.invalid/a.git.extraHeader=GIT_REPO_AUTHORIZATION".to_owned()
        ));
        let variable = command.as_std().get_envs().find(|(name, _)| *name == TOKEN_VARIABLE).unwrap().1.unwrap();
        assert_eq!(variable.to_string_lossy(), format!("Authorization: {header}"));
        let shown = git.without_secrets(&format!("fatal: s3cret-token and {header}"));
        assert_eq!(shown, "fatal: *** and Basic ***");
    }

    #[test]
    fn a_few_characters_are_no_secret() {
        for (secret, expected) in [("x", "fatal: http://h/example"), ("exampl", "fatal: http://h/***e")] {
            let mut git = Git::new();
            git.secrets.push(secret.to_owned().into());
            assert_eq!(git.without_secrets("fatal: http://h/example"), expected);
        }
    }

    #[test]
    fn a_long_message_keeps_its_end() {
        let text = format!("{}é the end", "x".repeat(3000));
        let kept = Git::new().without_secrets(&text);
        assert!(kept.ends_with("é the end") && kept.len() <= STDERR_TAIL, "{}", kept.len());
    }

    #[test]
    fn messages_of_git_are_told_apart() {
        let cases = [
            ("fatal: unable to access 'https://h/': The requested URL returned error: 403", Some(Trouble::Denied)),
            ("fatal: unable to access 'https://h/': The requested URL returned error: 503", Some(Trouble::Unavailable)),
            ("fatal: could not read Username for 'https://h': terminal prompts disabled", Some(Trouble::Denied)),
            ("fatal: repository 'https://h/' not found", Some(Trouble::NoRepository)),
            ("fatal: '/x' does not appear to be a git repository", Some(Trouble::NoRepository)),
            ("fatal: unable to access 'https://h/': Could not resolve host: h", Some(Trouble::Unavailable)),
            ("error: cannot lock ref 'refs/heads/main': is at 1 but expected 2", Some(Trouble::Unavailable)),
            ("error: unknown option", None),
        ];
        for (text, expected) in cases {
            assert_eq!(classify(text), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_child_that_takes_too_long_is_stopped() {
        let mut git = Git::new().args(["cat-file", "--batch"]);
        git.input = Vec::new();
        git.limit = Duration::from_millis(200);
        // An alias runs a shell, which stands for a child of git that hangs.
        git.arguments = ["-c", "alias.hang=!sleep 30", "hang"].map(OsString::from).to_vec();
        let started = std::time::Instant::now();
        let error = git.run().await.err().unwrap();
        assert!(matches!(error, ProgramError::TimedOut { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[tokio::test]
    async fn a_failure_tells_arguments_status_and_stderr() {
        let error = Git::new().args(["rev-parse", "--verify", "no-such-thing"]).output().await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("rev-parse --verify no-such-thing") && text.contains("128"), "{text}");
    }
}
