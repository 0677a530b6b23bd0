//! The create-only write of one object.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;

use super::{Attributes, Backend, Created, Expected};
use crate::digest::{Digests, Sha256Digest};
use crate::error::{Error, Operation};
use crate::hashing::{PumpError, Stamp, pump};
use crate::name::ObjectName;
use crate::progress::Progress;

pub(super) fn digests(backend: &dyn Backend, name: &ObjectName, progress: &Progress) -> Result<Option<Digests>, Error> {
    let Some(mut opened) = backend.open(name)? else { return Ok(None) };
    match pump(&mut opened.reader, &mut io::sink(), progress) {
        Ok(digests) => Ok(Some(digests)),
        Err(PumpError::Read(error) | PumpError::Write(error)) => {
            Err(Error::io(Operation::Read, backend.address(name.as_str()), error))
        }
    }
}

/// Bytes to be published, with a last word once all of them were read.
pub(super) trait Input: Read {
    /// Called after the last byte and before the object appears.
    fn accept(&self, _digests: &Digests) -> Result<(), Error> {
        Ok(())
    }
}

impl Input for io::Cursor<Bytes> {}

/// A local file that must not change while it is read.
pub(super) struct Watched<'a> {
    pub(super) file: io::Take<File>,
    pub(super) before: Stamp,
    pub(super) path: &'a Path,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Input for Watched<'_> {
    fn accept(&self, digests: &Digests) -> Result<(), Error> {
        self.before.check(self.file.get_ref(), self.path, digests.size)
    }
}

/// An object that must have a known digest.
pub(super) struct Checked<'a> {
    pub(super) reader: Box<dyn Read + Send>,
    pub(super) expected: Sha256Digest,
    pub(super) object: &'a str,
}

impl Read for Checked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

impl Input for Checked<'_> {
    fn accept(&self, digests: &Digests) -> Result<(), Error> {
        if digests.sha256 == self.expected {
            return Ok(());
        }
        Err(Error::DigestMismatch { object: self.object.to_owned(), expected: self.expected, found: digests.sha256 })
    }
}

/// Where the bytes of a new object come from.
pub(super) struct Source<'a> {
    pub(super) open: &'a dyn Fn() -> Result<Box<dyn Input + 'a>, Error>,
    pub(super) failed: &'a dyn Fn(io::Error) -> Error,
}

impl Source<'_> {
    /// Reads everything, once, into the writer.
    fn pour(
        &self,
        writer: &mut dyn Write,
        lost: &dyn Fn(io::Error) -> Error,
        progress: &Progress,
    ) -> Result<Digests, Error> {
        let mut input = (self.open)()?;
        let digests = match pump(&mut input, writer, progress) {
            Ok(digests) => digests,
            Err(PumpError::Read(error)) => return Err((self.failed)(error)),
            Err(PumpError::Write(error)) => return Err(lost(error)),
        };
        input.accept(&digests)?;
        Ok(digests)
    }
}

/// Create-only write of one object.
pub(super) fn put(
    backend: &dyn Backend,
    name: &ObjectName,
    attributes: &Attributes,
    source: &Source<'_>,
    progress: &Progress,
) -> Result<(Created, Digests), Error> {
    let lost = |error| Error::io(Operation::Create, backend.address(name.as_str()), error);
    let taken = backend.open(name)?.is_some();
    let created = if taken {
        None
    } else {
        backend.create(name, attributes, &mut |writer| source.pour(writer, &lost, progress))?
    };
    if let Some(digests) = created {
        return Ok((Created::New, digests));
    }
    let progress = if taken { progress } else { &Progress::none() };
    let offered = source.pour(&mut io::sink(), &lost, progress)?;
    let Some(there) = digests(backend, name, &Progress::none())? else {
        // It was there a moment ago: somebody removes objects while we publish.
        return Err(Error::Moved { object: backend.address(name.as_str()), expected: Expected::Absent, found: None });
    };
    if there == offered { Ok((Created::Identical, offered)) } else { Err(exists(backend, name, there, offered)) }
}

pub(super) fn exists(backend: &dyn Backend, name: &ObjectName, there: Digests, offered: Digests) -> Error {
    Error::Exists { object: backend.address(name.as_str()), there: Box::new(there), offered: Box::new(offered) }
}
