//! The records on disk: one file `<CVE-ID>.yaml` each.

use std::{
    fmt,
    fs::{self, File, Permissions},
    io::{self, Read, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use notes_gen::{MAX_YAML, cve::is_cve_id};

use crate::error::CveError;

/// The id of a record, and so the name of its file: `CVE-<year>-<number>` and nothing else, so that it leads to no other place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CveId(String);

/// The text is not the id of a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `CVE-<year>-<number>`")]
pub struct ParseCveIdError;

impl FromStr for CveId {
    type Err = ParseCveIdError;

    fn from_str(text: &str) -> Result<Self, ParseCveIdError> {
        is_cve_id(text).then(|| Self(text.to_owned())).ok_or(ParseCveIdError)
    }
}

impl fmt::Display for CveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl CveId {
    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}.yaml", self.0)
    }

    /// Year and number, for sorting.
    pub(crate) fn order(&self) -> (u64, u64) {
        let mut parts = self.0.split('-').skip(1).map(|part| part.parse().unwrap_or(u64::MAX));
        (parts.next().unwrap_or(u64::MAX), parts.next().unwrap_or(u64::MAX))
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// Everybody: mode 0644.
    All,
    /// The owner only: mode 0600, for what is under embargo.
    Owner,
}

/// Whether there may be a record already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// There must be none.
    Refuse,
    /// It is replaced.
    Replace,
}

/// A folder of records.
#[derive(Debug, Clone)]
pub struct CveFolder {
    path: PathBuf,
}

impl CveFolder {
    /// The folder at a path, which need not be there yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text of a record; nothing when there is none.
    ///
    /// # Errors
    /// When the file cannot be read, is no text, or is larger than a record can be.
    pub fn read(&self, id: &CveId) -> Result<Option<String>, CveError> {
        let path = self.path.join(id.file_name());
        match File::open(&path) {
            Ok(file) => read_text(file, &path).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(CveError::Read { path, source }),
        }
    }

    /// Writes a record whole or not at all. The file never has more readers than it shall have, not even while it is written.
    ///
    /// # Errors
    /// When there is one that must not be there, or the folder cannot be written.
    pub fn write(&self, id: &CveId, text: &str, readers: Readers, existing: Existing) -> Result<PathBuf, CveError> {
        let path = self.path.join(id.file_name());
        let failed = |source| CveError::Write { path: path.clone(), source };
        fs::create_dir_all(&self.path).map_err(failed)?;
        let mut file = tempfile::Builder::new()
            .prefix(".cve-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&self.path)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        if readers == Readers::All {
            file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed)?;
        }
        file.as_file().sync_all().map_err(failed)?;
        let kept = match existing {
            Existing::Refuse => file.persist_noclobber(&path),
            Existing::Replace => file.persist(&path),
        };
        match kept {
            Ok(_) => Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                Err(CveError::Exists { id: id.clone() })
            }
            Err(error) => Err(failed(error.error)),
        }
    }

    /// Deletes a record; says whether there was one.
    ///
    /// # Errors
    /// When the file cannot be deleted.
    pub fn delete(&self, id: &CveId) -> Result<Deleted, CveError> {
        let path = self.path.join(id.file_name());
        match fs::remove_file(&path) {
            Ok(()) => Ok(Deleted::Yes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Deleted::WasNotThere),
            Err(source) => Err(CveError::Delete { path, source }),
        }
    }

    /// The records in it, by year and number, and the names of YAML files that are no records'.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn list(&self) -> Result<(Vec<CveId>, Vec<String>), CveError> {
        let failed = |source| CveError::Read { path: self.path.clone(), source };
        let (mut ids, mut others) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.path).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
            let Some(stem) = stem.filter(|_| !name.starts_with('.')) else { continue };
            match stem.parse::<CveId>() {
                Ok(id) if id.file_name() == name => ids.push(id),
                _ => others.push(name),
            }
        }
        ids.sort_by(|a, b| a.order().cmp(&b.order()).then_with(|| a.cmp(b)));
        others.sort();
        Ok((ids, others))
    }

    /// Whether others than the owner can read a record's file.
    ///
    /// # Errors
    /// When the file cannot be looked at.
    pub fn readers(&self, id: &CveId) -> Result<Readers, CveError> {
        let path = self.path.join(id.file_name());
        let found = fs::metadata(&path).map_err(|source| CveError::Read { path, source })?;
        Ok(if found.permissions().mode() & 0o077 == 0 { Readers::Owner } else { Readers::All })
    }
}

/// Whether there was something to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It was there and is gone.
    Yes,
    /// It was not there.
    WasNotThere,
}

/// The text of a file of at most the size that is read as YAML.
pub(crate) fn read_text(file: impl Read, path: &Path) -> Result<String, CveError> {
    let failed = |source| CveError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    file.take(MAX_YAML as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_YAML {
        return Err(CveError::TooLarge { path: path.to_owned() });
    }
    // The bytes of a file under embargo do not go into the error.
    String::from_utf8(bytes).ok().ok_or_else(|| CveError::NotText { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> CveId {
        text.parse().unwrap()
    }

    #[test]
    fn ids_lead_nowhere_else() {
        for text in [
            "../CVE-2026-1",
            "CVE-2026-1/../../x",
            "CVE-2026-1.yaml",
            "/etc/passwd",
            "CVE-2026-",
            "",
            "cve-2026-1",
            "CVE-2026-1\0",
        ] {
            assert_eq!(text.parse::<CveId>(), Err(ParseCveIdError), "{text:?}");
        }
    }

    #[test]
    fn a_folder_of_records() {
        let home = tempfile::tempdir().unwrap();
        let folder = CveFolder::new(home.path().join("a/cve"));
        assert!(folder.list().is_err());
        assert_eq!(folder.read(&id("CVE-2026-9")).unwrap(), None);
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;

        folder.write(&id("CVE-2026-10"), "a", Readers::Owner, Existing::Refuse).unwrap();
        folder.write(&id("CVE-2026-9"), "b", Readers::All, Existing::Refuse).unwrap();
        assert_eq!((mode("CVE-2026-10.yaml"), mode("CVE-2026-9.yaml")), (0o600, 0o644));
        let error = folder.write(&id("CVE-2026-9"), "c", Readers::All, Existing::Refuse).unwrap_err();
        assert!(matches!(error, CveError::Exists { .. }));
        assert_eq!(folder.read(&id("CVE-2026-9")).unwrap().as_deref(), Some("b"));
        folder.write(&id("CVE-2026-9"), "c", Readers::Owner, Existing::Replace).unwrap();
        assert_eq!(folder.read(&id("CVE-2026-9")).unwrap().as_deref(), Some("c"));
        assert_eq!(folder.readers(&id("CVE-2026-9")).unwrap(), Readers::Owner);
        folder.write(&id("CVE-2026-9"), "c", Readers::All, Existing::Replace).unwrap();
        assert_eq!(folder.readers(&id("CVE-2026-9")).unwrap(), Readers::All);

        fs::write(folder.path().join("notes.yaml"), "").unwrap();
        fs::write(folder.path().join("CVE-2026-11.yml"), "").unwrap();
        fs::write(folder.path().join("README.md"), "").unwrap();
        let (ids, others) = folder.list().unwrap();
        assert_eq!(ids, [id("CVE-2026-9"), id("CVE-2026-10")], "no part of a write is left");
        assert_eq!(others, ["CVE-2026-11.yml", "notes.yaml"]);

        assert_eq!(folder.delete(&id("CVE-2026-9")).unwrap(), Deleted::Yes);
        assert_eq!(folder.delete(&id("CVE-2026-9")).unwrap(), Deleted::WasNotThere);
        fs::write(folder.path().join("CVE-2026-12.yaml"), vec![b'x'; MAX_YAML + 1]).unwrap();
        fs::write(folder.path().join("CVE-2026-13.yaml"), b"secret \xff").unwrap();
        assert!(matches!(folder.read(&id("CVE-2026-12")), Err(CveError::TooLarge { .. })));
        let error = folder.read(&id("CVE-2026-13")).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
