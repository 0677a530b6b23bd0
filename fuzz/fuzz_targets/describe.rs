//! What `git describe` may print becomes a build version that reads back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use release_version::BuildVersion;

fuzz_target!(|text: &str| {
    if let Ok(build) = BuildVersion::from_describe(text) {
        assert_eq!(build.to_string().parse(), Ok(build));
        assert_eq!(build.is_dirty(), text.trim_end().ends_with("-dirty"));
    }
    drop(BuildVersion::from_workspace_status(text));
});
