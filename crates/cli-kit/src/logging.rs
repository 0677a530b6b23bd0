//! Log lines: the one place where `tracing` is set up.

use std::io::{self, Write};

use serde_json::Value;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter, util::SubscriberInitExt};

use crate::{
    GlobalArgs, LogFormat,
    console::Console,
    env::{self, Lookup},
};

/// Crates that tell every packet at `debug`; `-vvv` or `KREL_LOG` opens them.
const CHATTY: [&str; 7] = ["h2", "hyper", "hyper_util", "reqwest", "rustls", "tower", "gix"];

/// The filter: `KREL_LOG` as it is, else by `-q` and `-v`.
pub(crate) fn filter(args: &GlobalArgs, env: Lookup<'_>) -> String {
    if let Some(filter) = env(env::KREL_LOG) {
        return filter;
    }
    let level = match (args.quiet, args.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "info",
        (false, 2) => "debug",
        (false, _) => return "trace".to_owned(),
    };
    let mut filter = level.to_owned();
    if level == "debug" {
        for name in CHATTY {
            filter.push_str(&format!(",{name}=info"));
        }
    }
    filter
}

/// Sends log lines to the console. A filter that cannot be read is reported and replaced by `warn`.
pub(crate) fn set_up(args: &GlobalArgs, console: &Console, colors: bool, env: Lookup<'_>) -> Result<(), String> {
    let text = filter(args, env);
    let (filter, result) = match EnvFilter::try_new(&text) {
        Ok(filter) => (filter, Ok(())),
        Err(error) => (EnvFilter::new("warn"), Err(format!("`{}={text}` is not a filter: {error}", env::KREL_LOG))),
    };
    let format = args.log_format.resolve(env);
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(LogLines { console: console.clone(), format })
        .with_ansi(colors);
    // A subscriber that is there already (a test, an embedding program) stays.
    match format {
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init().ok(),
        _ => builder.finish().try_init().ok(),
    };
    result
}

struct LogLines {
    console: Console,
    format: LogFormat,
}

impl<'a> MakeWriter<'a> for LogLines {
    type Writer = LogLine;

    fn make_writer(&'a self) -> Self::Writer {
        LogLine { console: self.console.clone(), format: self.format, bytes: Vec::new() }
    }
}

/// One line, written whole when it is complete: secrets are found wherever the formatter cut it.
struct LogLine {
    console: Console,
    format: LogFormat,
    bytes: Vec<u8>,
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        if self.bytes.is_empty() {
            return;
        }
        let text = String::from_utf8_lossy(&self.bytes);
        let redaction = self.console.redaction();
        let line = match serde_json::from_str::<Value>(&text) {
            Ok(mut value) if self.format == LogFormat::Json => {
                redaction.apply_json(&mut value);
                format!("{value}\n")
            }
            _ => redaction.apply(&text),
        };
        self.console.write(&line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Redaction, shell::Buffer};

    #[test]
    fn levels() {
        let none = |_: &str| None;
        let args = |quiet, verbose| GlobalArgs { quiet, verbose, ..GlobalArgs::default() };
        assert_eq!(filter(&args(false, 0), &none), "warn");
        assert_eq!(filter(&args(true, 0), &none), "error");
        assert_eq!(filter(&args(false, 1), &none), "info");
        assert!(filter(&args(false, 2), &none).starts_with("debug,h2=info,"));
        assert_eq!(filter(&args(false, 9), &none), "trace");
        let set = |name: &str| (name == "KREL_LOG").then(|| "off".to_owned());
        assert_eq!(filter(&args(false, 2), &set), "off");
    }

    fn logged(format: LogFormat, secret: &'static str) -> String {
        let (out, redaction) = (Buffer::default(), Redaction::new());
        redaction.set(Arc::new(move |text| text.replace(secret, "[redacted]")));
        let console = Console::new(Box::new(out.clone()), None, redaction);
        let builder =
            tracing_subscriber::fmt().with_writer(LogLines { console, format }).without_time().with_ansi(false);
        let work = || tracing::info!(repo = "a/b", "pushed with {}", "two\nlines");
        match format {
            LogFormat::Json => {
                tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), work);
            }
            _ => tracing::subscriber::with_default(builder.finish(), work),
        }
        out.text()
    }

    #[test]
    fn secrets_are_taken_out() {
        let text = logged(LogFormat::Human, "a/b");
        assert!(text.contains("pushed with") && text.contains("[redacted]") && !text.contains("a/b"), "{text}");
        let text = logged(LogFormat::Json, "two\nlines");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "pushed with [redacted]");
        assert_eq!(line["repo"], "a/b");
    }
}
