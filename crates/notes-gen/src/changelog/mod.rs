//! Changelog files: `CHANGELOG/CHANGELOG-X.Y.md` with a section per version and a table of contents, and the index of these files.
//!
//! [`update`] puts the [`Section`] of a version into a file. It takes the file's present text and gives the new one, so a caller
//! whose branch moved meanwhile applies it again to the newer text. What it owns is the table of contents between its two markers
//! and the section it writes; every other byte stays. Whatever the order in which the sections of several versions arrive, the
//! file comes out the same.

mod downloads;
mod error;
mod file;
mod index;
mod line;
mod outline;
mod section;
mod toc;
mod update;

pub use downloads::{ArchNames, DownloadFile, DownloadGroup, Downloads, ImageTable};
pub use error::ChangelogError;
pub use file::{ChangelogFile, FileSection, MAX_CHANGELOG};
pub use index::{IndexOutcome, IndexUpdate, LineState, update_index};
pub use line::ChangelogLine;
pub use section::{Draft, Section};
pub use toc::{Anchors, BEGIN_MARKER, END_MARKER, anchor, table_of_contents};
pub use update::{ChangelogUpdate, Difference, Outcome, WhenDifferent, update, update_with};
