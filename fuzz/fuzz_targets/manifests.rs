//! Any bytes as a manifest of dependencies: read or refused, and compared with themselves they did not change.
#![no_main]

use std::convert::Infallible;

use libfuzzer_sys::fuzz_target;
use notes_gen::dependencies::{CargoLock, GoModules, Manifest, NpmLock, RenderOptions, compare, render_dependencies};

fuzz_target!(|data: (Vec<u8>, Vec<u8>)| {
    let (before, after) = data;
    for manifest in [Manifest::new("", GoModules::default()), Manifest::new("", CargoLock), Manifest::new("", NpmLock)] {
        let manifests = [manifest];
        let get = |bytes: &Vec<u8>| Ok::<_, Infallible>(Some(bytes.clone()));
        if let Ok(report) = compare(&manifests, |_| get(&before), |_| get(&after)) {
            render_dependencies(&report, &RenderOptions::default());
        }
        if let Ok(report) = compare(&manifests, |_| get(&before), |_| get(&before)) {
            assert!(report.is_empty());
        }
    }
});
