//! Reading stdin without being deaf to Ctrl-C.

use std::{
    io::{self, BufRead, Read},
    sync::PoisonError,
};

use crate::{Exit, Failure, OrExit, Shell};

/// The most that is taken from stdin as data: 256 MiB, some eight million lines of versions.
const LIMIT: u64 = 256 << 20;

impl Shell {
    /// Reads stdin to its end: the data of a filter such as `sort`, never an answer to a question.
    ///
    /// # Errors
    /// Exit 2 if it is not UTF-8 or larger than 256 MiB, 130 when interrupted.
    pub async fn stdin(&self) -> Result<String, Failure> {
        if self.is_interactive() {
            self.note("reading from the terminal; Ctrl-D ends it");
        }
        let bytes = read(self, "interrupted while stdin was read", |input| take(input, LIMIT)).await?;
        if bytes.len() as u64 > LIMIT {
            return Err(Failure::new(Exit::Usage, format!("stdin is larger than {} MiB", LIMIT >> 20)));
        }
        String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::new(Exit::Usage, format!("stdin is not UTF-8 text: see byte {at}"))
        })
    }
}

/// One line from stdin, nothing at its end. Ctrl-C at a prompt means: stop now.
pub(crate) async fn line(shell: &Shell, interrupted: &'static str) -> Result<Option<String>, Failure> {
    read(shell, interrupted, |input| {
        let mut text = String::new();
        // Nobody types four thousand characters.
        input.take(4096).read_line(&mut text).map(|bytes| (bytes > 0).then_some(text))
    })
    .await
}

impl Shell {
    /// Asks a question at the terminal and returns the answer without blanks at its ends; nothing when the input ends, or when
    /// nobody is there.
    ///
    /// # Errors
    /// Exit 130 when interrupted.
    pub async fn ask(&self, question: &str) -> Result<Option<String>, Failure> {
        if !self.is_interactive() {
            return Ok(None);
        }
        self.console().write(&format!("{} ", self.console().redaction().apply(question)));
        Ok(line(self, "interrupted at a question").await?.map(|answer| answer.trim().to_owned()))
    }

    /// Asks for a yes or a no; anything but a clear yes is a no.
    ///
    /// # Errors
    /// Exit 130 when interrupted.
    pub async fn confirm(&self, question: &str) -> Result<Answer, Failure> {
        let answer = self.ask(&format!("{question} (y/N)")).await?;
        let yes = answer.is_some_and(|text| ["y", "yes"].contains(&text.to_lowercase().as_str()));
        Ok(if yes { Answer::Yes } else { Answer::No })
    }
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No, or no clear yes.
    No,
}

/// One more than `limit`, so that the caller sees that there is more.
fn take(input: &mut dyn BufRead, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads on a thread of its own, which may stay behind: Ctrl-C while waiting for input means to stop now.
pub(crate) async fn read<T: Send + 'static>(
    shell: &Shell,
    interrupted: &'static str,
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T> + Send + 'static,
) -> Result<T, Failure> {
    let (interrupt, input) = (shell.interrupt(), shell.input());
    let (done, result) = tokio::sync::oneshot::channel();
    // Not one of the runtime's threads, which it waits for at its end. A receiver that is gone does not want the answer.
    let work = move || drop(done.send(read(&mut *input.lock().unwrap_or_else(PoisonError::into_inner))));
    std::thread::Builder::new().spawn(work).or_exit(Exit::Unexpected)?;
    tokio::select! {
        result = result => result.or_exit(Exit::Unexpected)?.or_exit(Exit::Unexpected),
        () = interrupt.raised() => Err(Failure::new(Exit::Interrupted, interrupted)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GlobalArgs, Interaction};

    #[tokio::test]
    async fn to_its_end() {
        let (shell, captured) = Shell::captured(&GlobalArgs::default(), Interaction::None, "v1.0.0\nv1.1.0");
        assert_eq!(shell.stdin().await.unwrap(), "v1.0.0\nv1.1.0");
        assert_eq!(shell.stdin().await.unwrap(), "");
        assert_eq!(captured.stderr(), "");
    }

    #[tokio::test]
    async fn a_terminal_is_told_how_to_end() {
        let (shell, captured) = Shell::captured(&GlobalArgs::default(), Interaction::Terminal, "v1.0.0\n");
        assert_eq!(shell.stdin().await.unwrap(), "v1.0.0\n");
        assert_eq!(captured.stderr(), "reading from the terminal; Ctrl-D ends it\n");
    }

    #[tokio::test]
    async fn questions() {
        let (shell, captured) = Shell::captured(&GlobalArgs::default(), Interaction::Terminal, "Yes \nmaybe\n");
        assert_eq!(shell.confirm("really?").await.unwrap(), Answer::Yes);
        assert_eq!(shell.confirm("again?").await.unwrap(), Answer::No);
        assert_eq!(shell.ask("more?").await.unwrap(), None);
        assert_eq!(captured.stderr(), "really? (y/N) again? (y/N) more? ");
        let (shell, captured) = Shell::captured(&GlobalArgs::default(), Interaction::None, "yes\n");
        assert_eq!(shell.confirm("really?").await.unwrap(), Answer::No);
        assert_eq!(captured.stderr(), "", "nobody is asked");
    }

    #[tokio::test]
    async fn ctrl_c_does_not_wait_for_input() {
        let (shell, _) = Shell::captured(&GlobalArgs::default(), Interaction::None, "");
        let (typed, waiting) = std::sync::mpsc::channel::<()>();
        shell.interrupt().raise();
        let failure = read(&shell, "stopped", move |_| Ok(waiting.recv().is_ok())).await.unwrap_err();
        assert_eq!((failure.exit(), failure.error().to_string().as_str()), (Exit::Interrupted, "stopped"));
        drop(typed);
    }

    #[test]
    fn the_limit_is_seen() {
        for (limit, expected) in [(2, 3), (3, 4), (4, 4), (5, 4)] {
            assert_eq!(take(&mut "abcd".as_bytes(), limit).unwrap().len(), expected, "{limit}");
        }
    }
}
