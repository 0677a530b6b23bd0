//! A changelog of any content: a section goes in once, or the file is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::changelog::{Outcome, Section, update};

fuzz_target!(|text: &str| {
    let section = Section::new("v1.2.3", "# v1.2.3\n\n- a change").expect("it is a section");
    if let Ok(first) = update(Some(text), &section)
        && first.outcome.is_changed()
    {
        let second = update(Some(&first.text), &section).expect("what was written reads back");
        assert_eq!(second.outcome, Outcome::Unchanged);
        assert_eq!(second.text, first.text);
    }
});
