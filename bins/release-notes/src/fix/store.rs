//! Maps and sessions on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cli_kit::{Exit, Failure, OrExit};
use jiff::Timestamp;
use notes_gen::maps::{ApplyOptions, MapFile, Maps, NoteMap, Session, render_map, reviewed};
use notes_gen::{Note, Notes, PullNumber};
use notes_sources::{MAX_TEXT, read_text};

use crate::failure;
use crate::generate::write_file;
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
    pub(super) fn map(&self, pull: PullNumber) -> Result<NoteMap, Failure> {
        let path = self.file(pull);
        if !path.exists() {
            return Ok(NoteMap::new(pull));
        }
        let text = read_text(&path, MAX_TEXT).map_err(failure::sources)?;
        let file = MapFile::parse(path.display().to_string(), &text).or_exit(Exit::Usage)?;
        Ok(file.maps().iter().rev().find(|map| map.pull == Some(pull)).cloned().unwrap_or_else(|| NoteMap::new(pull)))
    }

    pub(super) fn write(&self, map: &NoteMap) -> Result<PathBuf, Failure> {
        let Some(pull) = map.pull else { return Err(Failure::new(Exit::Unexpected, "the map names no pull request")) };
        let path = self.file(pull);
        write_file(&path, &render_map(map, None))?;
        Ok(path)
    }
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
