//! What a journal holds has one spelling; names of steps, runs and fingerprints read as they are written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use release_journal::{Fingerprint, LeaseRecord, Record, RunId, StepId, canonical_json};

fuzz_target!(|text: &str| {
    if let Ok(value) = serde_json::from_str::<serde_json::Value>(text)
        && let Ok(bytes) = canonical_json(&value)
    {
        let again: serde_json::Value = serde_json::from_slice(&bytes).expect("it is JSON");
        assert_eq!(again, value);
        assert_eq!(canonical_json(&again).expect("it was fine before"), bytes);
    }
    if let Ok(record) = serde_json::from_str::<Record>(text) {
        let written = serde_json::to_string(&record).expect("a record is JSON");
        assert_eq!(serde_json::from_str::<Record>(&written).expect("what was written reads back"), record);
    }
    drop(serde_json::from_str::<LeaseRecord>(text));
    if let Ok(step) = text.parse::<StepId>() {
        assert_eq!(step.to_string(), text);
    }
    if let Ok(run) = text.parse::<RunId>() {
        assert_eq!(run.to_string(), text);
        assert!(!text.contains('/') && text != ".." && !text.contains('\0'));
    }
    if let Ok(print) = text.parse::<Fingerprint>() {
        assert_eq!(print.to_string().parse::<Fingerprint>().ok(), Some(print));
    }
});
