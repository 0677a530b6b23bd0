//! A folder of another tool's answers: read or refused, and every pull request in it is found again.
#![no_main]

use std::sync::LazyLock;

use github_client::Recording;
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fuzz_target!(|bytes: &[u8]| {
    let folder = FOLDER.path();
    let (kind, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let name = ["pulls.json", "recording.json", "GetPullRequest-0.json", "ListPullRequestsWithCommit-1.json"]
        [usize::from(kind % 4)];
    std::fs::write(folder.join(name), bytes).unwrap();
    if let Ok(recording) = Recording::open_replay(folder) {
        assert_eq!(recording.folder(), folder);
    }
    std::fs::remove_file(folder.join(name)).unwrap();
});
