//! Integration tests of `notes-gen`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

mod accounting;
mod changelogs;
mod cve;
mod dependencies;
mod documents;
mod drafts;
mod gathering;
mod inner;
mod maps;
mod outside;
mod properties;
mod published;
mod ranges;
mod recorded;
mod rendering;
mod site;
mod site_in_browser;
mod strict;
mod templates;

use std::path::PathBuf;

use notes_gen::{CommitId, CommitInfo, PullNumber};

fn number(number: u64) -> PullNumber {
    PullNumber::new(number).unwrap()
}

/// A commit from `id parent parent: subject`, with `|` for a line break.
fn commit(line: &str) -> CommitInfo {
    let (ids, message) = line.split_once(": ").unwrap_or((line, ""));
    let mut ids = ids.split_whitespace().map(CommitId::new);
    CommitInfo { id: ids.next().unwrap(), parents: ids.collect(), message: message.replace('|', "\n") }
}

/// The folder of shared data; the tests that need it pass without it.
fn shared(folder: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let told = std::env::var_os("KREL_SHARED").map(|root| PathBuf::from(root).join("data"));
    let found = [Some(beside), told].into_iter().flatten().map(|root| root.join(folder)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: there is no shared data folder `{folder}`");
    }
    found
}
