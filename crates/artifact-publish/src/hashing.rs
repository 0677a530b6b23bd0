//! Both digests, and a copy where wanted, from one read of each byte.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256, Sha512};

use crate::digest::{Digests, Sha256Digest, Sha512Digest};
use crate::error::Error;
use crate::progress::Progress;

/// Bytes per block; small enough that a block is still in the cache when it is hashed and written.
const BLOCK: usize = 512 * 1024;
/// Blocks that every stream may have in flight.
const BLOCKS: usize = 4;
/// Blocks in flight beyond those, of all streams together, 24 MiB: they let the hashes go on while the disk makes a write wait.
const EXTRA_BLOCKS: usize = 48;
static EXTRA_LEFT: AtomicUsize = AtomicUsize::new(EXTRA_BLOCKS);

/// Blocks of streams that ended, for the next ones: given back to the allocator, they would stay with the thread that made them,
/// and each further thread would add its own.
static IDLE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn idle() -> MutexGuard<'static, Vec<Vec<u8>>> {
    IDLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The extra blocks one stream has; handed back when it ends.
#[derive(Default)]
struct Extra(usize);

impl Extra {
    /// Whether there was one to take.
    fn take(&mut self) -> bool {
        let taken = EXTRA_LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        self.0 += usize::from(taken);
        taken
    }
}

impl Drop for Extra {
    fn drop(&mut self) {
        EXTRA_LEFT.fetch_add(self.0, Ordering::Relaxed);
    }
}

/// Which side of a copy failed.
#[derive(Debug)]
pub(crate) enum PumpError {
    Read(io::Error),
    Write(io::Error),
}

/// Copies the reader to the writer and returns the digests of what passed.
///
/// What fits into one block is hashed here; of longer streams SHA-256 and SHA-512 each have a thread, while this thread reads
/// and writes. Memory is bounded by the blocks, which are used again.
pub(crate) fn pump(reader: &mut dyn Read, writer: &mut dyn Write, progress: &Progress) -> Result<Digests, PumpError> {
    let mut block = vec![0; 16 * 1024];
    let mut filled = 0;
    loop {
        if filled == block.len() {
            if filled == BLOCK {
                break;
            }
            block.resize((block.len() * 8).min(BLOCK), 0);
        }
        match read_some(reader, &mut block[filled..])? {
            0 => {
                let bytes = &block[..filled];
                writer.write_all(bytes).map_err(PumpError::Write)?;
                progress.advance(filled as u64);
                return Ok(Digests::of(bytes));
            }
            count => filled += count,
        }
    }
    pump_long(reader, writer, progress, block)
}

fn pump_long(
    reader: &mut dyn Read,
    writer: &mut dyn Write,
    progress: &Progress,
    first: Vec<u8>,
) -> Result<Digests, PumpError> {
    struct Block {
        bytes: Vec<u8>,
        used: usize,
    }
    type Shared = Arc<Block>;
    fn hash_all<H: sha2::Digest>(blocks: mpsc::Receiver<Shared>, empty: mpsc::Sender<Vec<u8>>) -> H {
        let mut hasher = H::new();
        for block in blocks {
            hasher.update(&block.bytes[..block.used]);
            give_back(block, &empty);
        }
        hasher
    }
    /// Whoever lets go of a block last hands it back to be filled again.
    fn give_back(block: Shared, empty: &mpsc::Sender<Vec<u8>>) {
        if let Some(block) = Arc::into_inner(block) {
            // The receiver is gone only when the copy has failed, and then the block is not needed.
            drop(empty.send(block.bytes));
        }
    }

    let (empty_sender, empty) = mpsc::channel();
    for _ in 1..BLOCKS {
        drop(empty_sender.send(idle().pop().unwrap_or_default()));
    }
    let mut extra = Extra::default();
    std::thread::scope(|scope| {
        let (to_256, blocks) = mpsc::channel();
        let sender = empty_sender.clone();
        let sha256 = scope.spawn(move || hash_all::<Sha256>(blocks, sender));
        let (to_512, blocks) = mpsc::channel();
        let sender = empty_sender.clone();
        let sha512 = scope.spawn(move || hash_all::<Sha512>(blocks, sender));

        let mut size = 0;
        let mut next = Some(Block { used: first.len(), bytes: first });
        while let Some(block) = next {
            let block = Arc::new(block);
            for hasher in [&to_512, &to_256] {
                drop(hasher.send(Arc::clone(&block)));
            }
            let bytes = &block.bytes[..block.used];
            writer.write_all(bytes).map_err(PumpError::Write)?;
            size += bytes.len() as u64;
            progress.advance(bytes.len() as u64);
            give_back(block, &empty_sender);

            let mut bytes = match empty.try_recv() {
                Ok(bytes) => bytes,
                Err(_) if extra.take() => idle().pop().unwrap_or_default(),
                Err(_) => empty.recv().expect("this thread holds a sender, and the hashers give every block back"),
            };
            bytes.resize(BLOCK, 0);
            let mut used = 0;
            while used < BLOCK {
                match read_some(reader, &mut bytes[used..])? {
                    0 => break,
                    count => used += count,
                }
            }
            next = (used > 0).then_some(Block { bytes, used });
        }
        drop((to_256, to_512));
        let sha256 = sha256.join().expect("hashing does not panic");
        let sha512 = sha512.join().expect("hashing does not panic");
        idle().extend(empty.try_iter());
        Ok(Digests { size, sha256: Sha256Digest::finish(sha256), sha512: Sha512Digest::finish(sha512) })
    })
}

fn read_some(reader: &mut dyn Read, buffer: &mut [u8]) -> Result<usize, PumpError> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map_err(PumpError::Read),
        }
    }
}

/// Runs blocking work on tokio's threads for it. A panic within goes on in the caller.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down, and whoever polls this is about to be dropped too.
            Err(_) => std::future::pending().await,
        },
    }
}

/// The digests of a local file, from one read.
///
/// # Errors
/// [`Error::Source`] when it cannot be read, [`Error::SourceChanged`] when size or time changed meanwhile.
pub async fn hash_file(path: &Path, progress: &Progress) -> Result<Digests, Error> {
    let (path, progress) = (path.to_owned(), progress.clone());
    blocking(move || {
        let source = |source| Error::Source { path: path.clone(), source };
        let file = File::open(&path).map_err(source)?;
        let before = Stamp::of(&file).map_err(source)?;
        let mut file = before.bound(file);
        let digests = match pump(&mut file, &mut io::sink(), &progress) {
            Ok(digests) => digests,
            Err(PumpError::Read(error) | PumpError::Write(error)) => return Err(source(error)),
        };
        before.check(file.get_ref(), &path, digests.size)?;
        Ok(digests)
    })
    .await
}

/// What tells that a file was written to while it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    len: u64,
    modified: std::time::SystemTime,
}

impl Stamp {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
        }
        Ok(Self { len: metadata.len(), modified: metadata.modified()? })
    }

    /// Ends one byte after the size the file had: enough to notice that it grows, and an end also when it never stops growing.
    pub(crate) fn bound(&self, file: File) -> io::Take<File> {
        file.take(self.len.saturating_add(1))
    }

    /// Refuses when the file is no longer what it was, or gave more or fewer bytes than it has.
    pub(crate) fn check(&self, file: &File, path: &Path, read: u64) -> Result<(), Error> {
        let after = Self::of(file).map_err(|source| Error::Source { path: path.to_owned(), source })?;
        if *self == after && self.len == read { Ok(()) } else { Err(Error::SourceChanged { path: path.to_owned() }) }
    }
}

#[derive(Debug, Default)]
struct Hashers {
    size: u64,
    sha256: Sha256,
    sha512: Sha512,
}

impl Hashers {
    fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        self.sha512.update(bytes);
    }

    fn finish(self) -> Digests {
        Digests {
            size: self.size,
            sha256: Sha256Digest::finish(self.sha256),
            sha512: Sha512Digest::finish(self.sha512),
        }
    }
}

/// Hashes what is read through it.
#[derive(Debug)]
pub struct HashingReader<R> {
    inner: R,
    hashers: Hashers,
}

impl<R: Read> HashingReader<R> {
    /// A reader on top of `inner`.
    pub fn new(inner: R) -> Self {
        Self { inner, hashers: Hashers::default() }
    }

    /// The reader below, and the digests of what was read so far.
    pub fn finish(self) -> (R, Digests) {
        (self.inner, self.hashers.finish())
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hashers.update(&buffer[..count]);
        Ok(count)
    }
}

/// Hashes what is written through it.
#[derive(Debug)]
pub struct HashingWriter<W> {
    inner: W,
    hashers: Hashers,
}

impl<W: Write> HashingWriter<W> {
    /// A writer in front of `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hashers: Hashers::default() }
    }

    /// The writer below, and the digests of what was written so far.
    pub fn finish(self) -> (W, Digests) {
        (self.inner, self.hashers.finish())
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hashers.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    /// Gives at most `step` bytes per read.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn one_pass_equals_the_plain_digests() {
        let data: Vec<u8> = (0..9 * BLOCK as u32 + 77).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        for length in [0, 1, 16 * 1024, 16 * 1024 + 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, data.len()] {
            for step in [4099, BLOCK + 1] {
                let seen = Arc::new(AtomicU64::new(0));
                let counter = Arc::clone(&seen);
                let progress = Progress::new(move |bytes| {
                    counter.fetch_add(bytes, Ordering::Relaxed);
                });
                let mut copy = Vec::new();
                let digests = pump(&mut Slow(&data[..length], step), &mut copy, &progress).unwrap();
                assert_eq!(digests, Digests::of(&data[..length]), "{length} by {step}");
                assert!(copy == data[..length], "{length} by {step}");
                assert_eq!(seen.load(Ordering::Relaxed), length as u64);
            }
        }
    }

    #[test]
    fn a_failing_writer_ends_the_copy() {
        struct Full(usize);
        impl Write for Full {
            fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
                self.0 = self.0.checked_sub(buffer.len()).ok_or(io::ErrorKind::StorageFull)?;
                Ok(buffer.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let data = vec![7; 20 * BLOCK];
        for room in [0, BLOCK, 5 * BLOCK] {
            let error = pump(&mut data.as_slice(), &mut Full(room), &Progress::none()).unwrap_err();
            assert!(matches!(error, PumpError::Write(error) if error.kind() == io::ErrorKind::StorageFull), "{room}");
        }
    }

    #[test]
    fn known_vectors() {
        let digests = Digests::of(b"abc");
        assert_eq!(digests.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(digests.sha512.to_string().starts_with("ddaf35a193617abacc417349ae204131"));
        let mut reader = HashingReader::new(b"abc".as_slice());
        let mut writer = HashingWriter::new(Vec::new());
        io::copy(&mut reader, &mut writer).unwrap();
        assert_eq!(reader.finish().1, digests);
        assert_eq!(writer.finish(), (b"abc".to_vec(), digests));
    }
}
