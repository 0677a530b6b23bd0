//! From `main` to the exit code.

use std::{
    any::Any,
    ffi::{OsStr, OsString},
    future::Future,
    io,
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    time::Duration,
};

use clap::{ArgMatches, Args as _, FromArgMatches as _};

use crate::{Exit, Failure, GlobalArgs, Shell, docs, env, logging, redaction, render, signals};

/// How long work on other threads may take to end after an interrupt.
const LAST_WORK: Duration = Duration::from_secs(2);

/// A command: arguments that can be run. The umbrella's command is one too, with its subcommands as
/// `#[command(subcommand)]`.
pub trait Command: clap::Args {
    /// Does the work. The result goes to [`Shell::result`].
    ///
    /// # Errors
    /// A failure says how the process ends and what to do about it.
    fn run(self, shell: &mut Shell) -> impl Future<Output = Result<Exit, Failure>>;
}

/// The command line definition of `C` with the global arguments: for help texts, completions, manual pages.
#[must_use]
pub fn command<C: Command>(name: &'static str, version: &'static str) -> clap::Command {
    // The global arguments come first, so that the description is the one of the command.
    let command = GlobalArgs::augment_args(clap::Command::new(name));
    let command = command.next_help_heading(None::<&str>).about(None::<&str>).long_about(None::<&str>);
    C::augment_args(command).version(version).propagate_version(true)
}

/// The whole of a small binary's `main`: parses the arguments, sets up the terminal, runs the command, reports its failure.
///
/// - stdout carries the result and nothing else; a reader that goes away is the end, and not an error.
/// - The first Ctrl-C or SIGTERM raises [`Shell::interrupt`], so that the running action is finished and the journal
///   written, and drops what only reads, see [`Shell::reading`]; the second ends the process at once. Both end in 130.
/// - A panic ends in 1 and asks for a report.
#[must_use]
pub fn main<C: Command>(name: &'static str, version: &'static str) -> ExitCode {
    main_from::<C>(name, version, std::env::args_os().collect())
}

/// [`main`] with a command line of one's own, the program's name first: for a command that also takes that of a predecessor.
#[must_use]
pub fn main_from<C: Command>(name: &'static str, version: &'static str, args: Vec<OsString>) -> ExitCode {
    let mut definition = command::<C>(name, version).color(clap_color(&args));
    if let Some(exit) = completions_for(&definition, &args) {
        return exit.into();
    }
    let parsed = definition.try_get_matches_from_mut(&args).and_then(|matches| parse::<C>(&matches, &mut definition));
    let (command, globals) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage(&error, &args).into(),
    };
    let mut shell = Shell::process(&globals);
    match redaction::of_environment(
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    ) {
        Ok(hook) => shell.redact_with(hook),
        Err(error) => {
            shell.fail(&Failure::new(Exit::Unexpected, error));
            return Exit::Unexpected.into();
        }
    }
    let colors = shell.stderr_paint().has_colors();
    if let Err(problem) = logging::set_up(&globals, shell.console(), colors, &env::process) {
        shell.fail(&Failure::new(Exit::Usage, problem));
        return Exit::Usage.into();
    }
    execute(command, &mut shell).into()
}

/// `NAME completions SHELL`, which every program with subcommands has, unless it has a subcommand of that name. It is a matter of the
/// program, not of the command that an umbrella takes in, and so stands in no help text.
fn completions_for(definition: &clap::Command, args: &[OsString]) -> Option<Exit> {
    let [_, word, shell] = args else { return None };
    if word != "completions" || !definition.has_subcommands() || definition.find_subcommand("completions").is_some() {
        return None;
    }
    let shell = <clap_complete::Shell as clap::ValueEnum>::from_str(shell.to_str()?, true).ok()?;
    let script = docs::completions(definition, shell);
    match io::Write::write_all(&mut io::stdout(), script.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Some(Exit::Unexpected),
        _ => Some(Exit::Done),
    }
}

fn parse<C: Command>(matches: &ArgMatches, definition: &mut clap::Command) -> Result<(C, GlobalArgs), clap::Error> {
    let parse = || Ok((C::from_arg_matches(matches)?, GlobalArgs::from_arg_matches(matches)?));
    parse().map_err(|error: clap::Error| error.format(definition))
}

/// What stands after `--NAME` or `--NAME=`, for the time before the arguments are parsed.
fn raw<'a>(args: &'a [OsString], name: &str) -> Option<&'a OsStr> {
    let args: Vec<&OsStr> = args.iter().map(OsString::as_os_str).take_while(|arg| *arg != "--").collect();
    args.iter().enumerate().find_map(|(index, arg)| {
        if *arg == name {
            return args.get(index + 1).copied();
        }
        arg.to_str()?.strip_prefix(name)?.strip_prefix('=').map(OsStr::new)
    })
}

fn clap_color(args: &[OsString]) -> clap::ColorChoice {
    let given = raw(args, "--color").and_then(OsStr::to_str).map(str::to_owned);
    match given.or_else(|| env::process(env::KREL_COLOR)).as_deref() {
        Some("always") => clap::ColorChoice::Always,
        Some("never") => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    }
}

/// Prints help and version on stdout; what is wrong with the arguments on stderr, and as a document if JSON was asked for.
fn usage(error: &clap::Error, args: &[OsString]) -> Exit {
    let wrong = error.use_stderr();
    if wrong {
        let form =
            raw(args, "--output").map(OsStr::to_owned).or_else(|| env::process(env::KREL_OUTPUT).map(Into::into));
        if form.is_some_and(|form| form == "json") {
            let text = error.to_string();
            let text = text.lines().next().unwrap_or_default();
            let failure = Failure::new(Exit::Usage, text.strip_prefix("error: ").unwrap_or(text));
            if let Ok(document) = render::pretty(&failure.document()) {
                io::Write::write_all(&mut io::stdout(), document.as_bytes()).ok();
            }
        }
    }
    error.print().ok();
    if wrong { Exit::Usage } else { Exit::Done }
}

fn execute<C: Command>(command: C, shell: &mut Shell) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shell.fail(&Failure::new(Exit::Unexpected, error));
            return Exit::Unexpected;
        }
    };
    report_panics(shell);
    let result = {
        let guard = runtime.enter();
        signals::watch(shell.console().clone(), shell.stderr_paint(), shell.interrupt(), shell.readers().clone());
        let result = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(command.run(shell))));
        drop(guard);
        result
    };
    match &result {
        // What was dropped half-way removes what it wrote; a thread that does not end by itself does not hold the process.
        Ok(Err(failure)) if failure.exit() == Exit::Interrupted => runtime.shutdown_timeout(LAST_WORK),
        // Nor does a task left behind.
        _ => runtime.shutdown_background(),
    }
    match result {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if !failure.is_silent() {
                shell.fail(&failure);
            }
            failure.exit()
        }
        Err(payload) => {
            shell.fail(
                &Failure::new(Exit::Unexpected, format!("the program has a defect: {}", words(&*payload)))
                    .hint("please report it, with the command line and the lines above")
                    .hint("what is done stays done, and resuming is safe"),
            );
            Exit::Unexpected
        }
    }
}

/// Lets panics speak through the console, so that they are free of secrets and do not tear the bars.
fn report_panics(shell: &Shell) {
    let (console, paint) = (shell.console().clone(), shell.stderr_paint());
    panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let text = console.redaction().apply(&format!("panic{place}: {}", words(info.payload())));
        console.write(&format!("{} {text}\n", paint.bad("error:")));
    }));
}

fn words(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stage a release
    #[derive(clap::Args)]
    struct Stage {
        /// The branch
        #[arg(long)]
        branch: String,
    }
    impl Command for Stage {
        async fn run(self, _: &mut Shell) -> Result<Exit, Failure> {
            Ok(Exit::Done)
        }
    }
    /// The release toolbox
    #[derive(clap::Args)]
    struct Umbrella {
        #[command(subcommand)]
        command: Commands,
    }
    #[derive(clap::Subcommand)]
    enum Commands {
        Stage(Stage),
    }
    impl Command for Umbrella {
        async fn run(self, shell: &mut Shell) -> Result<Exit, Failure> {
            match self.command {
                Commands::Stage(stage) => stage.run(shell).await,
            }
        }
    }

    #[test]
    fn one_command_two_doors() {
        let mut small = command::<Stage>("stage", "1.0.0");
        let mut umbrella = command::<Umbrella>("krel", "1.0.0");
        umbrella.build();
        let inner = umbrella.find_subcommand_mut("stage").unwrap();
        let help = |command: &mut clap::Command| {
            let text = command.render_long_help().to_string();
            text.lines().filter(|line| !line.starts_with("Usage:")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(help(inner), help(&mut small));

        small.clone().debug_assert();
        let args = ["krel", "-q", "stage", "--branch", "master", "--output", "json"];
        let matches = umbrella.try_get_matches_from(args).unwrap();
        let (_, globals) = parse::<Umbrella>(&matches, &mut small).ok().unwrap();
        assert_eq!((globals.output, globals.quiet), (crate::OutputFormat::Json, true), "on either side of the name");
    }

    #[test]
    fn arguments_before_they_are_parsed() {
        let args = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        for (line, expected) in [
            ("krel --output json x", Some("json")),
            ("krel x --output=json", Some("json")),
            ("krel x --output", None),
            ("krel x --outputs=json", None),
            ("krel x -- --output json", None),
        ] {
            assert_eq!(raw(&args(line), "--output"), expected.map(OsStr::new), "{line}");
        }
    }
}
