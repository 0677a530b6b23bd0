//! Maps change notes once: the second time nothing is left to change, and what they changed can be said as a map again. Sessions are
//! written as they were read.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use notes_gen::maps::{ApplyOptions, MapFile, Maps, Session, derive_map, render_map, review_hash};
use notes_gen::{Note, Notes, Profile, PullNumber, from_json, to_json};

fuzz_target!(|text: &str| {
    if let Ok(session) = Session::parse(text) {
        assert_eq!(Session::parse(&session.render()).as_ref(), Ok(&session));
    }
    let Ok(file) = MapFile::parse("map.yaml", text) else { return };
    let profile = Profile::default();
    let number = |number| PullNumber::new(number).expect("it is not zero");
    let numbers: Vec<PullNumber> = file.maps().iter().filter_map(|map| map.pull).chain([number(1)]).collect();
    let before: Notes = numbers.iter().map(|number| Note::new(*number, "a change")).collect();
    let maps = Maps::new(vec![vec![file]]);
    let options = ApplyOptions::new(&profile, Timestamp::UNIX_EPOCH);
    let mut once = before.clone();
    if maps.apply(&mut once, &options).is_err() {
        assert_eq!(once, before, "maps that are refused change nothing");
        return;
    }
    let mut twice = once.clone();
    maps.apply(&mut twice, &options).expect("they were fine before");
    assert_eq!(twice, once);
    assert_eq!(from_json(&to_json(&once)).as_ref(), Ok(&once));

    for note in &once {
        let Some(old) = before.get(note.pr_number) else { continue };
        let written = render_map(&derive_map(old, note), Some(note));
        let again = Maps::new(vec![vec![MapFile::parse("again.yaml", &written).expect("what was written reads back")]]);
        let mut derived: Notes = [old.clone()].into_iter().collect();
        again.apply(&mut derived, &options).expect("there is no record in it");
        let derived = derived.get(note.pr_number).expect("it is not hidden");
        assert_eq!(review_hash(derived, ""), review_hash(note, ""), "{written}");
    }
});
