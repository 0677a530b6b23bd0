use std::fmt;
use std::io::{self, Write};

use crate::redactor::{MARKER, PemState, Redactor};
use crate::values::MAX_FORM_BYTES;

/// A line longer than this is passed on in parts.
const MAX_LINE: usize = 64 * 1024;
/// How much of a long line stays behind, so that a secret at its end is seen whole; longer than any form of a value.
const KEEP: usize = 16 * 1024;
const _: () = assert!(KEEP > MAX_FORM_BYTES && KEEP < MAX_LINE);

/// Passes on what is written to it, line by line, without the secrets.
///
/// Memory stays below some hundred kilobytes whatever is written. A line without an end is held back until it ends, until
/// [`RedactingWriter::finish`], or until the writer is dropped; [`Write::flush`] does not pass it on, for its last bytes may be
/// half a secret. In lines over 64 KiB a shape longer than 16 KiB may be seen too late; what follows a secret that fills the
/// whole of it is dropped up to the end of the line.
pub struct RedactingWriter<W: Write> {
    redactor: Redactor,
    out: Option<W>,
    line: Vec<u8>,
    clean: Vec<u8>,
    pem: PemState,
    dropping: bool,
}

impl<W: Write> RedactingWriter<W> {
    /// A writer in front of `out`.
    pub fn new(redactor: Redactor, out: W) -> Self {
        Self {
            redactor,
            out: Some(out),
            line: Vec::new(),
            clean: Vec::new(),
            pem: PemState::default(),
            dropping: false,
        }
    }

    /// Passes on the last line and gives back the writer below, flushed.
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn finish(mut self) -> io::Result<W> {
        self.pass_rest()?;
        let mut out = self.out.take().expect("only finish takes the writer, and it consumes self");
        out.flush()?;
        Ok(out)
    }

    fn pass_rest(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.pass(&line)
    }

    fn pass(&mut self, line: &[u8]) -> io::Result<()> {
        self.clean.clear();
        self.redactor.redact_line(line, &mut self.pem, &mut self.clean);
        match &mut self.out {
            Some(out) => out.write_all(&self.clean),
            None => Ok(()),
        }
    }

    fn take(&mut self, part: &[u8]) -> io::Result<()> {
        let ended = part.last() == Some(&b'\n');
        if self.dropping {
            if ended {
                self.dropping = false;
                self.line.push(b'\n');
            }
        } else {
            self.line.extend_from_slice(part);
        }
        if ended {
            return self.pass_rest();
        }
        if self.line.len() > MAX_LINE {
            let cut = self.redactor.cut_before(&self.line, self.line.len() - KEEP);
            if cut == 0 {
                self.line.clear();
                self.dropping = true;
                return self.out.as_mut().map_or(Ok(()), |out| out.write_all(MARKER.as_bytes()));
            }
            let rest = self.line.split_off(cut);
            let line = std::mem::replace(&mut self.line, rest);
            return self.pass(&line);
        }
        Ok(())
    }
}

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // One line, or one bounded part of a line, per call: after an error the caller knows what was taken.
        let window = &buffer[..buffer.len().min(KEEP)];
        let end = window.iter().position(|byte| *byte == b'\n').map_or(window.len(), |at| at + 1);
        self.take(&window[..end])?;
        Ok(end)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl<W: Write> Drop for RedactingWriter<W> {
    fn drop(&mut self) {
        if self.out.is_some() && !std::thread::panicking() {
            // Nobody is left to tell; who wants to know calls `finish`.
            drop(self.pass_rest());
        }
    }
}

impl<W: Write> fmt::Debug for RedactingWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedactingWriter")
            .field("redactor", &self.redactor)
            .field("held", &self.line.len())
            .finish_non_exhaustive()
    }
}
