//! What reads as a CVSS vector has a score between 0 and 10, and is written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::cve::Cvss;

fuzz_target!(|text: &str| {
    if let Ok(vector) = text.parse::<Cvss>() {
        let written = vector.to_string();
        assert_eq!(written.parse::<Cvss>().as_ref(), Ok(&vector));
        let score: f64 = vector.score().to_string().parse().expect("a score is a number");
        assert!((0.0..=10.0).contains(&score));
    }
});
