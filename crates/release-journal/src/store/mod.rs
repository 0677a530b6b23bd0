//! Where journals live: small objects, created and never changed.

mod folder;
mod memory;

use std::future::Future;

pub use folder::FolderStore;
pub use memory::MemoryStore;

/// What a create-only write found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// The object is new.
    New,
    /// An object of that name was there before; it was not touched.
    Exists,
}

/// Why a store did not answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The name is not one a store takes.
    #[error(
        "`{name}` is not a name in a journal: expected segments of letters, digits, `.`, `-`, `_`, `+`, not beginning with `.`, joined by `/`"
    )]
    BadName {
        /// The name.
        name: String,
    },
    /// The store failed.
    #[error("cannot {operation} `{name}` in the journal")]
    Failed {
        /// What was tried.
        operation: &'static str,
        /// On which object.
        name: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// A failure of `operation` on `name`.
    pub fn failed(
        operation: &'static str,
        name: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Failed { operation, name: name.to_owned(), source: source.into() }
    }
}

/// A place for small objects with create-only writes: a folder, memory, a bucket.
///
/// `create` must be atomic (a reader sees the whole object or none) and exclusive (of two writers one gets
/// [`Created::New`]); a create that returned must be visible to every later `read` and `list`. Leases rest on that.
pub trait Store: Send + Sync {
    /// Creates `name`, unless it exists.
    fn create(&self, name: &str, bytes: &[u8]) -> impl Future<Output = Result<Created, StoreError>> + Send;
    /// The bytes of `name`, or nothing.
    fn read(&self, name: &str) -> impl Future<Output = Result<Option<Vec<u8>>, StoreError>> + Send;
    /// All names that begin with `prefix`, sorted. What stands before the last `/` of the prefix must be a name.
    fn list(&self, prefix: &str) -> impl Future<Output = Result<Vec<String>, StoreError>> + Send;
    /// Removes `name`; fine if it is not there. Only superseded lease records are ever removed.
    fn remove(&self, name: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Refuses names that could leave the store or hide in it: empty segments, segments that begin with `.`, characters outside
/// the list.
pub(crate) fn check_name(name: &str) -> Result<(), StoreError> {
    let fine = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-+".contains(&b))
    };
    if name.len() <= 512 && name.split('/').all(fine) {
        Ok(())
    } else {
        Err(StoreError::BadName { name: name.chars().take(120).collect() })
    }
}

/// Refuses prefixes whose part before the last `/` is not a name; returns that part.
pub(crate) fn check_prefix(prefix: &str) -> Result<Option<&str>, StoreError> {
    let Some((folder, _)) = prefix.rsplit_once('/') else { return Ok(None) };
    check_name(folder)?;
    Ok(Some(folder))
}
