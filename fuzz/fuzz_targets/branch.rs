//! A branch name reads in one way only, whatever the default branch and the prefix are.
#![no_main]

use libfuzzer_sys::fuzz_target;
use release_version::BranchNames;

fuzz_target!(|texts: (&str, &str, &str)| {
    let (name, default, prefix) = texts;
    for names in [Ok(BranchNames::default()), BranchNames::new(default, prefix)].into_iter().flatten() {
        if let Ok(branch) = names.parse(name) {
            assert_eq!(branch.name(), name);
            assert_eq!(names.branch(branch.kind()), branch);
            if let Some(parent) = branch.parent() {
                assert_eq!(names.parse(parent.name()), Ok(parent));
            }
        }
    }
});
