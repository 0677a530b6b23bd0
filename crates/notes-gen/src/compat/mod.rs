//! The original tool to the byte, its defects included: for comparing with documents that it wrote.
//!
//! [`lookups`] says what an [`Edition`] asks the forge for each commit, [`notes`] makes the notes of the answers, and
//! [`render`] lays them out. Use the rest of this crate for documents that people read.

mod extract;
mod gather;
mod group;
mod html;
mod layout;
mod line;

pub use extract::{documentation, note_text};
pub use gather::{Found, GatherOptions, Lookup, lookups, notes, origins};
pub use html::{html_body, html_page};
pub use layout::{Layout, render, render_notes};

/// A version of the original tool whose documents are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Edition {
    /// August 2020: all numbers of a message are looked up, `#` is written as `&#35;`, equal texts are one note.
    Y2020,
    /// Winter 2020 to 2021, as the recordings of v1.16.3 and v1.19.0-alpha.1 have it: a body that says `NONE` ends the search of its
    /// commit, an empty block does not exclude, the label `release-note-none` hides.
    Y2021,
    /// July 2026: the first number of a message only, the author behind a cherry-pick robot, one note per pull request.
    Y2026,
}
