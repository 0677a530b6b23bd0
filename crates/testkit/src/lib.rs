#![doc = include_str!("../README.md")]

pub mod contracts;
mod git_http;
mod git_world;
pub mod github;
mod history;

pub use git_http::{GitHttpServer, READ_TOKEN, TOKEN, USER, command_lines};
pub use git_world::{BareRemote, GitWorld, git, git_command};
pub use github::GithubServer;
pub use history::{History, load_history, shared_folder};
