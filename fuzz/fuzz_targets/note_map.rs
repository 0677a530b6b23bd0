//! What reads as a map is written as one that says the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::maps::{MapFile, render_map};

fuzz_target!(|text: &str| {
    let Ok(file) = MapFile::parse("map.yaml", text) else { return };
    for map in file.maps() {
        let written = render_map(map, None);
        let again = MapFile::parse("again.yaml", &written).expect("what was written reads back");
        assert!(again.maps().len() == 1 && again.maps()[0].says_the_same(map), "{written}");
    }
});
