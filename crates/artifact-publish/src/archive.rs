//! Archives of a run: logs and other files, without secrets.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use secret_redactor::{RedactingWriter, Redactor, StrippingWriter};

use crate::bucket::{Attributes, Bucket};
use crate::digest::Digests;
use crate::error::Error;
use crate::hashing::blocking;
use crate::name::ObjectPrefix;
use crate::progress::Progress;

/// A prefix of a bucket that takes what a run leaves behind. Everything goes through the redactor on its way; the unredacted
/// bytes are read as a stream and never copied.
///
/// Archived objects are create-only: a second attempt of the same run needs names of its own.
#[derive(Debug, Clone)]
pub struct Archive {
    bucket: Bucket,
    prefix: ObjectPrefix,
    redactor: Redactor,
}

impl Archive {
    /// An archive below `prefix`.
    #[must_use]
    pub fn new(bucket: Bucket, prefix: ObjectPrefix, redactor: Redactor) -> Self {
        Self { bucket, prefix, redactor }
    }

    /// Archives a log as `text/plain`: without terminal codes, carriage returns and secrets. Of a log that is still written to,
    /// what was there at the start of the call is taken. Returns the digests of the archived bytes.
    ///
    /// # Errors
    /// [`Error::Source`] when the file cannot be read; else as [`Bucket::upload`].
    pub async fn put_log(&self, name: &str, path: &Path) -> Result<Digests, Error> {
        self.put(name, path, Form::Log).await
    }

    /// Archives another file without secrets; all else stays, byte by byte. The content type is left to the bucket.
    ///
    /// # Errors
    /// As [`Archive::put_log`].
    pub async fn put_file(&self, name: &str, path: &Path) -> Result<Digests, Error> {
        self.put(name, path, Form::File).await
    }

    async fn put(&self, name: &str, path: &Path, form: Form) -> Result<Digests, Error> {
        let name = self.prefix.join(name)?;
        let (path, redactor) = (path.to_owned(), self.redactor.clone());
        let attributes = match form {
            Form::Log => Attributes::of_type("text/plain; charset=utf-8"),
            Form::File => Attributes::default(),
        };
        let clean = blocking(move || {
            let failed = |source| Error::Source { path: path.clone(), source };
            let file = File::open(&path).map_err(failed)?;
            let length = file.metadata().map_err(failed)?.len();
            let clean = tempfile::NamedTempFile::new()
                .map_err(|source| Error::Target { path: std::env::temp_dir(), source })?;
            let redacting = RedactingWriter::new(redactor, io::BufWriter::new(clean));
            let mut from = file.take(length);
            let redacting = match form {
                Form::Log => {
                    let mut stripping = StrippingWriter::new(redacting);
                    copy(&mut from, &mut stripping, &path)?;
                    stripping.into_inner()
                }
                Form::File => {
                    let mut redacting = redacting;
                    copy(&mut from, &mut redacting, &path)?;
                    redacting
                }
            };
            let lost = |source| Error::Target { path: std::env::temp_dir(), source };
            redacting.finish().map_err(lost)?.into_inner().map_err(|error| lost(error.into_error()))
        })
        .await?;
        self.bucket.upload(&name, clean.path(), &attributes, &Progress::none()).await
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Log,
    File,
}

fn copy(from: &mut impl Read, to: &mut impl Write, path: &Path) -> Result<(), Error> {
    let mut block = vec![0; 64 * 1024];
    loop {
        match from.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&block[..count]).map_err(|source| Error::Target { path: std::env::temp_dir(), source })?
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::Source { path: path.to_owned(), source }),
        }
    }
}
