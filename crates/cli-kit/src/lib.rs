#![doc = include_str!("../README.md")]

mod approve;
mod args;
mod console;
mod docs;
mod editor;
pub mod env;
mod exit;
mod failure;
mod human;
mod logging;
mod paint;
mod progress;
mod reading;
mod redaction;
mod render;
mod run;
mod shell;
mod signals;
mod stdin;
mod table;

pub use approve::approve;
pub use args::{ColorChoice, GlobalArgs, LogFormat, OutputFormat, ProgressMode};
pub use clap_complete::Shell as CompletionShell;
pub use docs::{completions, man_pages, write_man_pages};
pub use editor::Edited;
pub use exit::Exit;
pub use failure::{ERROR_SCHEMA, Failure, OrExit};
pub use human::{human_bytes, human_count, human_duration};
pub use paint::Paint;
pub use reading::Reading;
pub use redaction::{RedactHook, Redaction};
pub use render::{Page, Render};
pub use run::{Command, command, main, main_from};
pub use shell::{Captured, Interaction, Shell};
pub use stdin::Answer;
pub use table::Table;
