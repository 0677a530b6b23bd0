//! Any bytes as the files of a manifest of dependencies: read or refused, compared with themselves they did not change, and a report is
//! one block of Markdown.
//!
//! NUL bytes divide the input into files, in the order that the kind names them: those before, then those after.
#![no_main]

use std::convert::Infallible;

use krel_fuzz::inert::assert_inert;
use libfuzzer_sys::fuzz_target;
use notes_gen::dependencies::{
    CargoLock, GoModuleSet, GoModules, Manifest, NpmLock, RenderOptions, compare, render_dependencies,
};
use notes_gen::html_body;

fuzz_target!(|input: &[u8]| {
    let (kind, input) = input.split_first().unwrap_or((&0, &[]));
    let manifest = match kind % 5 {
        0 => Manifest::new("", GoModules::default()),
        1 => Manifest::new("", GoModules::new(GoModuleSet::Vendored)),
        2 => Manifest::new("", GoModules::new(GoModuleSet::Required)),
        3 => Manifest::new("", CargoLock),
        _ => Manifest::new("", NpmLock),
    };
    let paths: Vec<String> = manifest.paths().collect();
    let files: Vec<&[u8]> = input.split(|byte| *byte == 0).collect();
    let get = |path: &str, side: usize| {
        let at = paths.iter().position(|known| known == path).expect("only these are asked for");
        let file = files.get(at + side * paths.len()).filter(|file| !file.is_empty());
        Ok::<_, Infallible>(file.map(|file| file.to_vec()))
    };
    let manifests = [manifest];
    if let Ok(report) = compare(&manifests, |path| get(path, 0), |path| get(path, 0)) {
        assert!(report.is_empty());
    }
    if let Ok(report) = compare(&manifests, |path| get(path, 0), |path| get(path, 1)) {
        let markdown = render_dependencies(&report, &RenderOptions::default());
        assert_inert(&html_body(&markdown));
        let back = compare(&manifests, |path| get(path, 1), |path| get(path, 0)).expect("both sides were read");
        assert_eq!(back.is_empty(), report.is_empty());
    }
});
