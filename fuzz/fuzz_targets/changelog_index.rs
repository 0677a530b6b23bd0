//! An index of changelogs, a table of contents, a list of check sums, a changelog: each is made once, and stays.
#![no_main]

use libfuzzer_sys::fuzz_target;
use notes_gen::changelog::{
    ChangelogFile, ChangelogLine, DownloadFile, IndexOutcome, LineState, table_of_contents, update_index,
};

fuzz_target!(|text: &str| {
    let line = ChangelogLine::of_tag("v1.20.0").expect("it is a version");
    for state in [LineState::Development, LineState::Released] {
        if let Ok(first) = update_index(Some(text), line, state) {
            let second = update_index(Some(&first.text), line, state).expect("what was written reads back");
            assert_eq!(second.outcome, IndexOutcome::Unchanged, "{:?}", first.text);
            assert_eq!(second.text, first.text);
            if first.outcome == IndexOutcome::Unchanged {
                assert_eq!(first.text, text);
            }
        }
    }
    for entry in table_of_contents(text).lines() {
        assert!(entry.trim_start().starts_with("- "), "{entry}");
    }
    if let Ok(files) = DownloadFile::from_sums(text) {
        let sums: String = files.iter().map(|file| format!("{}  {}\n", file.sha512(), file.name())).collect();
        assert_eq!(DownloadFile::from_sums(&sums).as_ref(), Ok(&files));
    }
    let Ok(file) = ChangelogFile::parse(text) else { return };
    assert_eq!(file.render(), text);
    let sections: Vec<(String, String)> =
        file.sections().map(|section| (section.tag.to_owned(), section.text.to_owned())).collect();
    if let Ok(made) = file.with_table_of_contents() {
        let kept: Vec<(String, String)> =
            made.sections().map(|section| (section.tag.to_owned(), section.text.to_owned())).collect();
        assert_eq!(kept, sections, "a table of contents takes no section away");
        let text = made.render().to_owned();
        let again = made.with_table_of_contents().expect("what was written reads back");
        assert_eq!(again.render(), text);
    }
});
