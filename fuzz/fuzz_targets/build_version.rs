//! What reads as a build version renders to the same text, in the canonical and in the container form, and a marker that
//! holds it stays.
#![no_main]

use libfuzzer_sys::fuzz_target;
use release_version::{BuildVersion, Marker, MarkerDecision, MarkerRoot, decide};

fuzz_target!(|text: &str| {
    match text.parse::<BuildVersion>() {
        Ok(build) => {
            assert_eq!(build.to_string(), text);
            assert_eq!(BuildVersion::from_container_tag(&build.container_tag()), Ok(build));
            let marker = Marker { root: MarkerRoot::Ci, name: "latest".parse().expect("a marker name") };
            let kept = matches!(decide(&marker, Some(text), &build), Ok(MarkerDecision::Keep { .. }));
            assert!(build.is_dirty() || kept);
        }
        Err(error) => assert!(error.to_string().len() < 2000),
    }
    if let Ok(build) = BuildVersion::from_container_tag(text) {
        assert_eq!(build.container_tag(), text);
    }
});
