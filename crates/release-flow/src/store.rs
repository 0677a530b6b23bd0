//! The journal in the bucket it writes about: a run can be resumed from any machine that sees the bucket.

use artifact_publish::{Attributes, Bucket, Created as BucketCreated, Error, ObjectName, ObjectPrefix};
use release_journal::{Created, Store, StoreError};

/// The largest journal object that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// A [`Store`] under a folder of a bucket.
#[derive(Debug, Clone)]
pub struct BucketStore {
    bucket: Bucket,
    folder: ObjectPrefix,
}

impl BucketStore {
    /// The journal of `bucket`, in its folder `journal`.
    #[must_use]
    pub fn new(bucket: Bucket) -> Self {
        let folder = "journal".parse().expect("a plain word is a folder name");
        Self { bucket, folder }
    }

    fn object(&self, operation: &'static str, name: &str) -> Result<ObjectName, StoreError> {
        self.folder.join(name).map_err(|error| StoreError::failed(operation, name, error))
    }
}

impl Store for BucketStore {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        let object = self.object("create", name)?;
        match self.bucket.create(&object, bytes.to_vec(), &Attributes::default()).await {
            Ok(BucketCreated::New) => Ok(Created::New),
            // Equal bytes are still somebody else's object: exclusion counts writers, not contents.
            Ok(BucketCreated::Identical) | Err(Error::Exists { .. }) => Ok(Created::Exists),
            Err(error) => Err(StoreError::failed("create", name, error)),
        }
    }

    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let object = self.object("read", name)?;
        match self.bucket.read(&object, MAX_BYTES).await {
            Ok(found) => Ok(found.map(|object| object.bytes.to_vec())),
            Err(error) => Err(StoreError::failed("read", name, error)),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let failed = |error: Error| StoreError::failed("list", prefix, error);
        let folder = match prefix.rsplit_once('/') {
            Some((folder, _)) => {
                self.folder.folder(folder).map_err(|error| StoreError::failed("list", prefix, error))?
            }
            None => self.folder.clone(),
        };
        let objects = self.bucket.list(&folder).await.map_err(failed)?;
        let names = objects.iter().filter_map(|info| self.folder.strip(&info.name));
        Ok(names.filter(|name| name.starts_with(prefix)).map(str::to_owned).collect())
    }

    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        let object = self.object("remove", name)?;
        self.bucket.remove(&object).await.map_err(|error| StoreError::failed("remove", name, error))
    }
}
