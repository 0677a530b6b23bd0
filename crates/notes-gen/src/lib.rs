#![doc = include_str!("../README.md")]

mod block;
pub mod changelog;
mod commit;
pub mod dependencies;
mod document;
mod gather;
mod group;
mod html;
mod json;
mod labels;
mod message;
mod note;
mod number;
mod pull;
mod range;
pub mod site;
mod text;

pub use block::{Block, Extraction, MAX_BODY, documentation, extract};
pub use commit::{CommitId, CommitInfo};
pub use document::{Document, render_markdown, render_notes};
pub use gather::{Accounting, Entry, Exclusion, Fallback, Fate, GatherError, GatherOptions, Gathered, gather};
pub use group::{Category, Grouped, group, heading};
pub use html::{render_html, render_html_body};
pub use json::{ParseNotesError, from_json, to_json};
pub use labels::LabelFacts;
pub use message::{HeadRef, NumberForm, PullNumbers, pull_numbers};
pub use note::{Documentation, DocumentationKind, LinkStyle, Note, Notes, markdown_line, sig_list};
pub use number::{ParsePullNumberError, PullNumber};
pub use pull::{Author, MergeTitles, PullRequest, PullSource};
pub use range::{Outside, Pick, RangeError, Selection, select};
