//! Maps and sessions on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit};
use jiff::Timestamp;
use notes_gen::maps::{ApplyOptions, MapFile, Maps, NoteMap, Session, render_map, reviewed};
use notes_gen::{Note, Notes, PullNumber};
use notes_sources::{MAX_TEXT, read_text};

use crate::failure;
use crate::form::{write_file, write_private};
use crate::source::Run;

/// The largest session that is read, in bytes.
const MAX_SESSION: u64 = 4 << 20;

pub(super) struct Store {
    maps: PathBuf,
    session: Session,
    path: PathBuf,
    reviewed: BTreeMap<PullNumber, String>,
}

impl Store {
    pub(super) fn open(
        maps: &Path,
        sessions: &Path,
        mail: String,
        name: String,
        at: Timestamp,
    ) -> Result<Self, Failure> {
        let mut found = Vec::new();
        if sessions.is_dir() {
            for entry in std::fs::read_dir(sessions).or_exit(Exit::Usage)? {
                let path = entry.or_exit(Exit::Usage)?.path();
                if path.extension().is_some_and(|end| end == "json") {
                    found.push(read_session(&path)?.1);
                }
            }
        }
        let mut session = Session::new(mail, name, at.as_second());
        // Two people who begin in the same second have two files.
        while sessions.join(session.file_name()).exists() {
            session.date += 1;
        }
        let path = sessions.join(session.file_name());
        Ok(Self { maps: maps.to_owned(), reviewed: reviewed(&found), session, path })
    }

    pub(super) fn is_reviewed(&self, pull: PullNumber, hash: &str) -> bool {
        self.reviewed.get(&pull).is_some_and(|seen| seen == hash)
    }

    /// Writes down that a note was looked at, at once: a session can be left at any time.
    pub(super) fn review(&mut self, pull: PullNumber, hash: String) -> Result<(), Failure> {
        self.session.review(pull, hash);
        write_file(&self.path, &(self.session.render() + "\n"))
    }

    fn file(&self, pull: PullNumber) -> PathBuf {
        self.maps.join(format!("pr-{pull}-map.yaml"))
    }

    /// The map that the folder has for a pull request, or an empty one.
    ///
    /// # Errors
    /// When its file holds other maps too: it is written anew with the one map, and they would be lost.
    pub(super) fn map(&self, pull: PullNumber) -> Result<NoteMap, Failure> {
        let path = self.file(pull);
        let shown = path.display().to_string();
        let text = match path.try_exists().or_exit(Exit::Usage)? {
            true => read_text(&path, MAX_TEXT).map_err(failure::sources)?,
            false => return Ok(NoteMap::new(pull)),
        };
        let file = MapFile::parse(&shown, &text).or_exit(Exit::Usage)?;
        match file.maps() {
            [] => Ok(NoteMap::new(pull)),
            [map] if map.pull == Some(pull) => Ok(map.clone()),
            _ => Err(Failure::new(Exit::Refused, format!("`{shown}` holds more than the map of #{pull}"))
                .hint("move the other maps of it into files of their own, or edit it by hand")),
        }
    }

    /// Writes the one map of a pull request; one that has an embargo for its owner alone to read.
    pub(super) fn write(&self, map: &NoteMap) -> Result<PathBuf, Failure> {
        let Some(pull) = map.pull else { return Err(Failure::new(Exit::Unexpected, "the map names no pull request")) };
        self.map(pull)?;
        let path = self.file(pull);
        let write = if map.embargoed_until().is_some() { write_private } else { write_file };
        write(&path, &render_map(map, None))?;
        Ok(path)
    }
}

/// A map over an older one, of which stays what the newer does not set. What was hidden stays hidden until the newer one says
/// otherwise: a record of a vulnerability that takes the place of another one keeps its embargo.
pub(super) fn over(older: NoteMap, newer: NoteMap) -> NoteMap {
    fn set<T>(place: &mut Option<T>, value: Option<T>) {
        if value.is_some() {
            *place = value;
        }
    }
    let (embargo, says_embargo) = (older.embargoed_until(), newer.embargoed_until().is_some());
    let mut map = older;
    set(&mut map.pull, newer.pull);
    set(&mut map.commit, newer.commit);
    set(&mut map.text, newer.text);
    set(&mut map.author, newer.author);
    set(&mut map.areas, newer.areas);
    set(&mut map.kinds, newer.kinds);
    set(&mut map.sigs, newer.sigs);
    set(&mut map.feature, newer.feature);
    set(&mut map.action_required, newer.action_required);
    set(&mut map.do_not_publish, newer.do_not_publish);
    set(&mut map.documentation, newer.documentation);
    set(&mut map.release_version, newer.release_version);
    set(&mut map.cve, newer.cve);
    set(&mut map.pr_body, newer.pr_body);
    set(&mut map.embargo, newer.embargo);
    if !says_embargo {
        map.embargo = embargo;
    }
    // As maps of one pull request are put together: key by key, and `{}` takes all away.
    match (&mut map.data, newer.data) {
        (Some(data), Some(newer)) if !newer.is_empty() => data.extend(newer),
        (place, newer) => set(place, newer),
    }
    map
}

/// A session file, and its text.
pub(crate) fn read_session(path: &Path) -> Result<(String, Session), Failure> {
    let text = read_text(path, MAX_SESSION).map_err(failure::sources)?;
    let session = Session::parse(&text)
        .map_err(|error| Failure::new(Exit::Usage, error).hint(format!("mend or remove `{}`", path.display())))?;
    Ok((text, session))
}

/// The note as this map alone makes it.
pub(super) fn apply(run: &Run, note: &Note, map: &NoteMap) -> Result<Note, String> {
    let plain = run.collected.unmapped.get(note.pr_number).unwrap_or(note);
    let mut notes: Notes = [plain.clone()].into_iter().collect();
    let maps = Maps::new(vec![vec![MapFile::new("the map", vec![map.clone()])]]);
    // An embargo is for what is published; its author may see what the map does.
    let options = ApplyOptions::new(&run.profile, Timestamp::MAX);
    maps.apply(&mut notes, &options).map_err(|errors| errors.to_string())?;
    Ok(notes.get(note.pr_number).cloned().unwrap_or_else(|| {
        let mut hidden = plain.clone();
        hidden.do_not_publish = true;
        hidden.markdown = "(not published)".to_owned();
        hidden
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A map of #7 from the text of its other fields.
    fn map(text: &str) -> NoteMap {
        MapFile::parse("x", &format!("pr: 7\n{text}")).unwrap().maps()[0].clone()
    }

    #[test]
    fn what_a_map_does_not_set_stays() {
        let full = "commit: abc\nembargo: 2999-01-01\npr_body: b\nreleasenote:\n  text: a\n  author: a\n  areas: [a]\n  kinds: [a]\n  \
                    sigs: [a]\n  feature: true\n  action_required: true\n  do_not_publish: true\n  release_version: v1\n  \
                    documentation: [{url: 'https://example.invalid/', type: KEP}]\ndatafields: {a: 1, b: 2}\n";
        let cve = |id: &str, embargo: &str| format!("datafields: {{cve: {{id: {id}{embargo}}}}}\n");
        let until = ", embargo: 2999-01-01";
        for (name, older, newer, expected) in [
            ("nothing new", full, "", full),
            ("nothing old", "", full, full),
            ("all at once", "embargo: 2001-01-01\nreleasenote: {text: b, feature: false}\n", full, full),
            (
                "one field",
                "embargo: 2999-01-01\nreleasenote: {text: a, sigs: [a]}\n",
                "releasenote: {text: b}\n",
                "embargo: 2999-01-01\nreleasenote: {text: b, sigs: [a]}\n",
            ),
            ("emptied", "releasenote: {sigs: [a]}\n", "releasenote: {sigs: []}\n", "releasenote: {sigs: []}\n"),
            ("data", "datafields: {a: 1, b: 2}\n", "datafields: {b: 3}\n", "datafields: {a: 1, b: 3}\n"),
            ("no data", "datafields: {a: 1, b: 2}\n", "datafields: {}\n", "datafields: {}\n"),
            ("the embargo ends", "embargo: 2999-01-01\n", "embargo: 2001-01-01\n", "embargo: 2001-01-01\n"),
            (
                "a record stays",
                &cve("CVE-2999-1", until),
                "releasenote: {text: b}\n",
                &format!("embargo: 2999-01-01\nreleasenote: {{text: b}}\n{}", cve("CVE-2999-1", until)),
            ),
            (
                "another record",
                &cve("CVE-2999-1", until),
                &cve("CVE-2999-2", ""),
                &format!("embargo: 2999-01-01\n{}", cve("CVE-2999-2", "")),
            ),
        ] {
            let found = over(map(older), map(newer));
            assert!(found.says_the_same(&map(expected)), "{name}: {}", render_map(&found, None));
        }
    }
}
