//! Maps and sessions that are proposed with a draft. They come out of somebody's own folder into a public pull request, so what
//! is under embargo stays behind, and nothing outside of that folder gets in.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cli_kit::{Exit, Failure, OrExit};
use jiff::Timestamp;
use notes_gen::maps::{MapErrors, MapFile};

use crate::failure;
use crate::fix::read_session;

/// The files to propose, by their paths below the folder of the draft.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) files: BTreeMap<String, String>,
    /// How many files of maps stay behind because of an embargo.
    pub(crate) withheld: usize,
}

impl Work {
    /// Reads `maps` and `sessions` of a folder, each as the draft itself reads it.
    pub(crate) fn read(folder: &Path, now: Timestamp) -> Result<Self, Failure> {
        let mut work = Self::default();
        let (maps, sessions) = (folder.join("maps"), folder.join("sessions"));
        let there = (is_folder(&maps)?, is_folder(&sessions)?);
        if there == (false, false) {
            return Err(Failure::new(Exit::Usage, format!("`{}` has neither `maps` nor `sessions`", folder.display())));
        }
        if there.0 {
            work.add_maps(&maps, now)?;
        }
        if there.1 {
            work.add_sessions(&sessions)?;
        }
        Ok(work)
    }

    fn add_maps(&mut self, folder: &Path, now: Timestamp) -> Result<(), Failure> {
        let root = format!("{}/", folder.display());
        for file in notes_sources::read_maps(folder).map_err(failure::sources)? {
            let maps = MapFile::parse(&file.path, &file.text)
                .map_err(|error| failure::sources(MapErrors { errors: vec![error] }.into()))?;
            if maps.maps().iter().any(|map| map.embargoed_until().is_some_and(|end| now < end)) {
                self.withheld += 1;
                continue;
            }
            let name = file.path.strip_prefix(&root).unwrap_or(&file.path);
            self.files.insert(format!("maps/{name}"), file.text);
        }
        Ok(())
    }

    fn add_sessions(&mut self, folder: &Path) -> Result<(), Failure> {
        for entry in fs::read_dir(folder).or_exit(Exit::Usage)? {
            let entry = entry.or_exit(Exit::Usage)?;
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| name.ends_with(".json") && !name.starts_with('.')) else {
                continue;
            };
            // Not what a link leads to.
            if entry.file_type().or_exit(Exit::Usage)?.is_file() {
                let (text, _) = read_session(&entry.path())?;
                self.files.insert(format!("sessions/{name}"), text);
            }
        }
        Ok(())
    }
}

/// Whether there is such a folder; a link to one is refused, as it may lead anywhere.
fn is_folder(path: &Path) -> Result<bool, Failure> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => {
            Err(Failure::new(Exit::Usage, format!("`{}` is a link, and links are not proposed", path.display()))
                .hint("name the folder that it leads to, or copy the files"))
        }
        Ok(found) => Ok(found.is_dir()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Failure::new(Exit::Usage, format!("cannot read `{}`: {error}", path.display()))),
    }
}
