//! What reads as notes is written as the same notes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::{from_json, to_json};

fuzz_target!(|json: &str| {
    if let Ok(notes) = from_json(json) {
        assert_eq!(from_json(&to_json(&notes)).as_ref(), Ok(&notes));
    }
});
