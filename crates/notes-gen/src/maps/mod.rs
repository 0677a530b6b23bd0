//! Maps: what people change of notes after they were gathered, as YAML files beside the draft.

mod apply;
mod error;
mod file;
mod note_map;
mod render;
mod session;

pub use apply::{Applied, ApplyOptions, MapErrors, MapPlace, MapRules, Maps, Provenance, SetTwice, SuffixEra};
pub use error::{MapError, MapProblem};
pub use file::MapFile;
pub use note_map::{MapField, NoteMap};
pub use render::{derive_map, render_map};
pub use session::{ParseSessionError, Reviewed, Session, review_hash, reviewed};
