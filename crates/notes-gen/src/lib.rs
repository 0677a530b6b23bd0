#![doc = include_str!("../README.md")]

mod account;
mod autolink;
mod block;
pub mod changelog;
pub mod check;
mod commit;
pub mod compat;
pub mod cve;
pub mod dependencies;
mod document;
mod duplicates;
mod fallback;
mod fence;
mod gather;
mod graph;
mod html;
mod inline;
mod inner;
mod json;
mod labels;
pub mod maps;
mod message;
mod node;
mod note;
mod number;
mod profile;
mod pull;
mod range;
mod render;
mod reverts;
pub mod site;
mod template;
mod text;
mod yaml;

pub use account::{Accounting, Entry, Exclusion, Explanation, Fate, NoteRule};
pub use block::{Block, Extraction, MAX_BODY, documentation, extract};
pub use commit::{CommitId, CommitInfo};
pub use document::Document;
pub use duplicates::SameText;
pub use fallback::Fallback;
pub use gather::{GatherError, GatherOptions, Gathered, RevertPairs, Unnumbered, gather};
pub use html::{html_body, html_page, render_html, render_html_body};
pub use json::{JsonForm, MAX_NOTES, ParseNotesError, from_json, merge_notes, to_json, to_json_form};
pub use labels::LabelFacts;
pub use message::{HeadRef, NumberForm, PullNumbers, pull_numbers};
pub use note::{Documentation, DocumentationKind, LinkStyle, Note, Notes, markdown_line};
pub use number::{ParsePullNumberError, PullNumber};
pub use profile::{
    BlockNames, CherryPicks, DocumentWords, DocumentationRule, GroupStyle, GroupSuffix, KindEntry, LabelNames, Profile,
    ProfileError, TitlePrefix,
};
pub use pull::{Author, MergeTitles, PullRequest, PullSource};
pub use range::{Inner, Lines, Outside, Pick, RangeError, SelectOptions, Selection, select, select_with};
pub use render::{
    Category, Compat, Grouped, Item, Layout, Part, RenderOptions, group, render, render_markdown, render_notes,
};
pub use template::{
    CHANGELOG_TEMPLATE, DEFAULT_TEMPLATE, MAX_RENDERED, MAX_TEMPLATE, Template, TemplateError, TemplateName,
};
pub use yaml::MAX_YAML;
