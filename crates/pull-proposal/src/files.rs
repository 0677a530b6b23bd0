use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The files of a proposal: new contents by path, `None` for one that is removed. Paths stay inside of the repository, and there is a
/// bound to what all files hold together, so that a plan of somebody else can be read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Option<String>>")]
pub struct Files(BTreeMap<String, Option<String>>);

/// Files that a plan does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// A path that leads out of the repository, into git's own folder, or that git would not check out.
    #[error("`{path}` is no path of a file in a repository")]
    Path {
        /// The beginning of the path.
        path: String,
    },
    /// More text than a plan may carry.
    #[error("the files have {bytes} bytes together; at most {} are proposed at once", Files::MAX_BYTES)]
    TooLarge {
        /// How much it is.
        bytes: usize,
    },
}

impl Files {
    /// How many bytes paths and contents may have together.
    pub const MAX_BYTES: usize = 8 << 20;

    /// Files of a proposal.
    ///
    /// # Errors
    /// When a path is none, or the files are too large together.
    pub fn new(files: BTreeMap<String, Option<String>>) -> Result<Self, FilesError> {
        let bytes = files.iter().map(|(path, text)| path.len() + text.as_ref().map_or(0, String::len)).sum();
        if bytes > Self::MAX_BYTES {
            return Err(FilesError::TooLarge { bytes });
        }
        match files.keys().find(|path| !is_path(path)) {
            Some(path) => Err(FilesError::Path { path: path.chars().take(200).collect() }),
            None => Ok(Self(files)),
        }
    }

    /// Contents by path, in the order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_deref()))
    }
}

impl TryFrom<BTreeMap<String, Option<String>>> for Files {
    type Error = FilesError;

    fn try_from(files: BTreeMap<String, Option<String>>) -> Result<Self, FilesError> {
        Self::new(files)
    }
}

/// Relative, without `..`, without git's own folder under any of the names that some file system takes for it. Git's stricter rules are
/// held against it when the commit is made.
fn is_path(path: &str) -> bool {
    let part = |part: &str| {
        let plain = part.trim_end_matches([' ', '.']);
        !matches!(part, "" | "." | "..") && ![".git", "git~1"].iter().any(|own| plain.eq_ignore_ascii_case(own))
    };
    path.len() <= 4096 && !path.contains(|c: char| c.is_control() || c == '\\') && path.split('/').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, good) in [
            ("a", true),
            ("a/b.md", true),
            ("a b/c..d/.github/x", true),
            ("git/.gitignore", true),
            ("", false),
            ("/a", false),
            ("a/", false),
            ("a//b", false),
            (".", false),
            ("../a", false),
            ("a/../../b", false),
            (".git/config", false),
            ("a/.GIT/hooks/pre-push", false),
            (".git. /config", false),
            ("GIT~1/config", false),
            ("a\\..\\b", false),
            ("a\nb", false),
            ("a\0", false),
        ] {
            let made = Files::new(BTreeMap::from([(path.to_owned(), None)]));
            assert_eq!(made.is_ok(), good, "{path:?}");
        }
    }

    #[test]
    fn sizes() {
        let files = |bytes: usize| BTreeMap::from([("a".to_owned(), Some("x".repeat(bytes))), ("b".to_owned(), None)]);
        assert!(Files::new(files(Files::MAX_BYTES - 2)).is_ok());
        assert_eq!(Files::new(files(Files::MAX_BYTES - 1)), Err(FilesError::TooLarge { bytes: Files::MAX_BYTES + 1 }));
    }

    proptest::proptest! {
        #[test]
        fn no_path_leads_out(parts in proptest::collection::vec("\\.{0,3}(git|GIT|a|\\PC)?[ .]{0,2}", 1..5)) {
            let path = parts.join("/");
            if Files::new(BTreeMap::from([(path.clone(), None)])).is_ok() {
                let mut components = std::path::Path::new(&path).components();
                let inside = components.all(|part| match part {
                    std::path::Component::Normal(name) => !name.eq_ignore_ascii_case(".git"),
                    _ => false,
                });
                proptest::prop_assert!(inside, "{path:?}");
            }
        }
    }
}
