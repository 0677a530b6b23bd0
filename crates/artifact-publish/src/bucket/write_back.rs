//! Writing a file so that the disk works while its later bytes are still being hashed.

use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc;

use super::Fill;
use crate::digest::Digests;
use crate::error::Error;

/// So many bytes are written before the disk is set to work on them.
const WRITE_BACK_BYTES: u64 = 16 * 1024 * 1024;

/// Fills the file and waits until its bytes are on disk. Of a large file the disk writes the first bytes while the later ones are
/// still being hashed, instead of all of them at the end.
pub(super) fn written_back(file: &File, fill: &mut Fill<'_>) -> Result<io::Result<Digests>, Error> {
    let (digests, early) = std::thread::scope(|scope| {
        let (signal, signals) = mpsc::sync_channel(1);
        let mut syncer = None;
        let mut signals = Some(signals);
        let mut since = 0;
        let mut writer = Counting {
            file,
            wrote: |count| {
                since += count;
                if since < WRITE_BACK_BYTES {
                    return;
                }
                since = 0;
                if let Some(signals) = signals.take() {
                    syncer = Some(scope.spawn(move || signals.into_iter().try_for_each(|()| file.sync_data())));
                }
                // A full channel means that the disk is behind anyway.
                signal.try_send(()).ok();
            },
        };
        let digests = fill(&mut writer);
        drop(signal);
        // The system reports a failed write-back once, so what the early ones said counts.
        let early = syncer.map_or(Ok(()), |syncer| syncer.join().expect("syncing does not panic"));
        (digests, early)
    });
    let digests = digests?;
    Ok(early.and_then(|()| file.sync_all()).map(|()| digests))
}

struct Counting<'a, F> {
    file: &'a File,
    wrote: F,
}

impl<F: FnMut(u64)> Write for Counting<'_, F> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = (&mut &*self.file).write(buffer)?;
        (self.wrote)(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
