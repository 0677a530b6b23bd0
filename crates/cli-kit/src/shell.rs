//! The terminal as a command sees it.

use std::{
    borrow::Cow,
    fmt,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    sync::{Arc, Mutex, PoisonError},
};

use indicatif::{MultiProgress, ProgressDrawTarget};
use release_journal::{Interrupt, ProgressSink};

use crate::{
    Exit, Failure, GlobalArgs, OutputFormat, Page, Paint, ProgressMode, RedactHook, Redaction, Render,
    console::Console,
    env::{self, Lookup},
    human::{self, Lines},
    progress,
    reading::Readers,
    render,
};

/// Whether somebody sits at the terminal and can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interaction {
    /// stdin and stderr are a terminal.
    Terminal,
    /// They are not: nothing is asked. stdin is read only by [`Shell::stdin`].
    None,
}

pub(crate) type Input = Arc<Mutex<dyn BufRead + Send>>;

/// The terminal as a command sees it: the result goes to stdout, everything else to stderr.
pub struct Shell {
    output: OutputFormat,
    quiet: bool,
    stdout: Box<dyn Write + Send>,
    stdout_terminal: bool,
    stdout_paint: Paint,
    stderr_paint: Paint,
    width: Option<u16>,
    console: Console,
    input: Input,
    interaction: Interaction,
    sink: Arc<dyn ProgressSink>,
    interrupt: Interrupt,
    readers: Readers,
    operator: String,
    answered: bool,
}

impl fmt::Debug for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shell")
            .field("output", &self.output)
            .field("interaction", &self.interaction)
            .finish_non_exhaustive()
    }
}

impl Shell {
    /// The shell of this process.
    pub(crate) fn process(args: &GlobalArgs) -> Self {
        let terminal = io::stderr().is_terminal();
        let mode = args.progress.resolve(args.quiet, terminal, &env::process);
        let bars = (mode == ProgressMode::Bars).then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));
        let stdout_terminal = io::stdout().is_terminal();
        let parts = Parts {
            stdout: Box::new(io::stdout()),
            stdout_terminal,
            stdout_paint: Paint::new(args.color.resolve(stdout_terminal, &env::process)),
            stderr_paint: Paint::new(args.color.resolve(terminal, &env::process)),
            width: if stdout_terminal { comfy_table::Table::new().width().filter(|width| *width > 0) } else { None },
            console: Console::new(Box::new(io::stderr()), bars, Redaction::new()),
            input: Arc::new(Mutex::new(BufReader::new(io::stdin()))),
            interaction: if terminal && io::stdin().is_terminal() { Interaction::Terminal } else { Interaction::None },
            mode,
        };
        Self::from_parts(args, parts, &env::process)
    }

    /// A shell whose channels are kept in memory, for tests of commands. `input` is what is on stdin; answers are
    /// read from it only with [`Interaction::Terminal`]. No colours, no wrapping; the environment of the process is not looked at.
    #[must_use]
    pub fn captured(args: &GlobalArgs, interaction: Interaction, input: &str) -> (Self, Captured) {
        let captured = Captured::default();
        let mode = args.progress.resolve(args.quiet, false, &|_| None);
        let parts = Parts {
            stdout: Box::new(captured.stdout.clone()),
            stdout_terminal: false,
            stdout_paint: Paint::plain(),
            stderr_paint: Paint::plain(),
            width: None,
            console: Console::new(Box::new(captured.stderr.clone()), None, Redaction::new()),
            input: Arc::new(Mutex::new(io::Cursor::new(input.as_bytes().to_vec()))),
            interaction,
            mode,
        };
        (Self::from_parts(args, parts, &|_| None), captured)
    }

    fn from_parts(args: &GlobalArgs, parts: Parts, env: Lookup<'_>) -> Self {
        let operator = [env::KREL_OPERATOR, env::USER, env::LOGNAME].iter().find_map(|name| env(name));
        Self {
            output: args.output,
            quiet: args.quiet,
            stdout: parts.stdout,
            stdout_terminal: parts.stdout_terminal,
            stdout_paint: parts.stdout_paint,
            stderr_paint: parts.stderr_paint,
            width: parts.width,
            sink: progress::sink(parts.mode, parts.console.clone(), parts.stderr_paint),
            console: parts.console,
            input: parts.input,
            interaction: parts.interaction,
            interrupt: Interrupt::new(),
            readers: Readers::default(),
            operator: operator.unwrap_or_else(|| "operator".to_owned()),
            answered: false,
        }
    }

    /// Prints the result on stdout, in the form that was asked for. Call it once: JSON is one document.
    ///
    /// Secrets are not taken out of results: a result is data, and the command decides what it holds. On a terminal, though, what would
    /// steer it is made visible; in files and pipes every byte is as it is.
    ///
    /// # Errors
    /// When stdout cannot be written. A reader that went away ends the command quietly.
    pub fn result<R: Render>(&mut self, result: &R) -> Result<(), Failure> {
        let text = match self.output {
            OutputFormat::Json => render::document(result)?,
            OutputFormat::Human => {
                let mut page = Page::new(self.stdout_paint, self.width);
                result.human(&mut page).map_err(|error| Failure::new(Exit::Unexpected, error))?;
                page.as_str().to_owned()
            }
        };
        self.answered = true;
        self.write_stdout(&text)
    }

    fn write_stdout(&mut self, text: &str) -> Result<(), Failure> {
        let text = match (self.stdout_terminal, self.output) {
            (true, OutputFormat::Human) => Cow::Owned(human::page(text, self.stdout_paint)),
            (true, OutputFormat::Json) => Cow::Owned(render::escaped(text)),
            (false, _) => Cow::Borrowed(text),
        };
        match self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::broken_pipe()),
            Err(error) => Err(Failure::new(Exit::Unexpected, error)),
        }
    }

    /// Says something worth knowing, on stderr. Silent with `--quiet`.
    pub fn note(&self, text: impl fmt::Display) {
        if !self.quiet {
            self.say(&text.to_string());
        }
    }

    /// A function that says something on stderr, for code that runs while the command does and has no shell. Silent with `--quiet`.
    #[must_use]
    pub fn teller(&self) -> Arc<dyn Fn(String) + Send + Sync> {
        let (console, quiet) = (self.console.clone(), self.quiet);
        Arc::new(move |text| {
            if !quiet {
                console.write(&format!("{}\n", console.clean(&text, Lines::Many)));
            }
        })
    }

    /// Warns on stderr.
    pub fn warn(&self, text: impl fmt::Display) {
        let text = self.console.clean(&text.to_string(), Lines::Many);
        self.console.write(&format!("{} {text}\n", self.stderr_paint.warn("warning:")));
    }

    /// Says something on stderr, even with `--quiet`.
    pub(crate) fn say(&self, text: &str) {
        let mut text = self.console.clean(text, Lines::Many);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.console.write(&text);
    }

    /// Reports a failure: text on stderr, and with `--output json` a document on stdout unless the result is there already.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        let text = failure.human(self.stderr_paint, |text| self.console.clean(text, Lines::Many));
        self.console.write(&text);
        if self.output == OutputFormat::Json && !self.answered {
            let mut document = failure.document();
            self.console.redaction().apply_json(&mut document);
            self.answered = true;
            if let Ok(text) = render::pretty(&document) {
                self.write_stdout(&text).ok();
            }
        }
    }

    /// Where a run tells its progress.
    #[must_use]
    pub fn sink(&self) -> Arc<dyn ProgressSink> {
        self.sink.clone()
    }

    /// The flag that Ctrl-C raises.
    #[must_use]
    pub fn interrupt(&self) -> Interrupt {
        self.interrupt.clone()
    }

    /// Puts a hook in force that takes secrets out of logs, progress, notes, prompts and errors.
    pub fn redact_with(&self, hook: RedactHook) {
        self.console.redaction().set(hook);
    }

    /// Whether somebody can be asked.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.interaction == Interaction::Terminal
    }

    /// The form of results.
    #[must_use]
    pub fn output(&self) -> OutputFormat {
        self.output
    }

    /// Who acts, as written into approvals, leases and journals: `KREL_OPERATOR`, else the login name.
    #[must_use]
    pub fn operator(&self) -> &str {
        &self.operator
    }

    pub(crate) fn console(&self) -> &Console {
        &self.console
    }

    pub(crate) fn stderr_paint(&self) -> Paint {
        self.stderr_paint
    }

    pub(crate) fn readers(&self) -> &Readers {
        &self.readers
    }

    pub(crate) fn input(&self) -> Input {
        self.input.clone()
    }
}

struct Parts {
    stdout: Box<dyn Write + Send>,
    stdout_terminal: bool,
    stdout_paint: Paint,
    stderr_paint: Paint,
    width: Option<u16>,
    console: Console,
    input: Input,
    interaction: Interaction,
    mode: ProgressMode,
}

/// What a [`Shell::captured`] was given to print.
#[derive(Debug, Clone, Default)]
pub struct Captured {
    stdout: Buffer,
    stderr: Buffer,
}

impl Captured {
    /// What went to stdout so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What went to stderr so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde::Serialize;

    use super::*;

    #[derive(Serialize)]
    struct Answer {
        answer: u8,
    }
    impl Render for Answer {
        const SCHEMA: &'static str = "krel/answer/v1";
        fn human(&self, page: &mut Page) -> fmt::Result {
            use fmt::Write;
            writeln!(page, "the answer is {}", self.answer)
        }
    }

    fn args(output: OutputFormat, quiet: bool) -> GlobalArgs {
        GlobalArgs { output, quiet, ..GlobalArgs::default() }
    }

    #[test]
    fn results_go_to_stdout_and_words_to_stderr() {
        let (mut shell, captured) = Shell::captured(&args(OutputFormat::Human, false), Interaction::None, "");
        shell.note("looking");
        shell.warn("slow");
        shell.result(&Answer { answer: 42 }).unwrap();
        assert_eq!(captured.stdout(), "the answer is 42\n");
        assert_eq!(captured.stderr(), "looking\nwarning: slow\n");
    }

    #[derive(Serialize)]
    struct Told(&'static str);
    impl Render for Told {
        const SCHEMA: &'static str = "krel/told/v1";
        fn human(&self, page: &mut Page) -> fmt::Result {
            use fmt::Write;
            let heading = page.paint().bold("told:");
            writeln!(page, "{heading}\t{}", self.0)
        }
    }

    #[test]
    fn results_do_not_steer_a_terminal() {
        let told = Told("a\u{1b}]0;x\u{7}\u{9b}2J\u{202e}b");
        let run = |output, stdout_terminal| {
            let (mut shell, captured) = Shell::captured(&args(output, false), Interaction::None, "");
            (shell.stdout_terminal, shell.stdout_paint) = (stdout_terminal, Paint::ansi());
            shell.result(&told).unwrap();
            captured.stdout()
        };
        let shown = "\u{1b}[1mtold:\u{1b}[0m\ta\u{fffd}]0;x\u{fffd}\u{fffd}2J\u{fffd}b\n";
        assert_eq!(run(OutputFormat::Human, true), shown);
        assert_eq!(run(OutputFormat::Human, false), format!("\u{1b}[1mtold:\u{1b}[0m\t{}\n", told.0));

        let document = run(OutputFormat::Json, true);
        assert!(document.chars().all(|c| c == '\n' || !human::steers(c)), "{document:?}");
        let values = [document, run(OutputFormat::Json, false)]
            .map(|text| serde_json::from_str::<serde_json::Value>(&text).unwrap());
        assert_eq!(values[0], values[1]);
        assert_eq!(values[0]["value"], told.0);
    }

    #[test]
    fn quiet_keeps_warnings() {
        let (shell, captured) = Shell::captured(&args(OutputFormat::Human, true), Interaction::None, "");
        shell.note("looking");
        shell.warn("slow");
        assert_eq!(captured.stderr(), "warning: slow\n");
    }

    #[test]
    fn a_failure_is_one_document_without_secrets() {
        let (mut shell, captured) = Shell::captured(&args(OutputFormat::Json, false), Interaction::None, "");
        shell.redact_with(Arc::new(|text| text.replace("s3cret", "[redacted]")));
        shell.fail(&Failure::new(Exit::Credentials, "token `s3cret` is not accepted\u{1b}[2J").hint("not s3cret"));
        let document: serde_json::Value = serde_json::from_str(&captured.stdout()).unwrap();
        assert_eq!(document["schema"], "krel/error/v1");
        assert_eq!(document["exit"], 6);
        assert_eq!(document["error"], "token `[redacted]` is not accepted\u{1b}[2J");
        assert_eq!(captured.stderr(), "error: token `[redacted]` is not accepted\u{fffd}[2J\nhint: not [redacted]\n");
    }

    #[test]
    fn a_failure_after_the_result_does_not_make_a_second_document() {
        let (mut shell, captured) = Shell::captured(&args(OutputFormat::Json, false), Interaction::None, "");
        shell.result(&Answer { answer: 1 }).unwrap();
        shell.fail(&Failure::new(Exit::Difference, "two files differ"));
        let document: serde_json::Value = serde_json::from_str(&captured.stdout()).unwrap();
        assert_eq!(document["schema"], "krel/answer/v1");
        assert_eq!(captured.stderr(), "error: two files differ\n");
    }

    #[test]
    fn a_reader_that_went_away_is_no_error() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut shell, _) = Shell::captured(&args(OutputFormat::Human, false), Interaction::None, "");
        shell.stdout = Box::new(Gone);
        let failure = shell.result(&Answer { answer: 1 }).unwrap_err();
        assert!(failure.is_silent());
        assert_eq!(failure.exit(), Exit::Done);
    }
}
