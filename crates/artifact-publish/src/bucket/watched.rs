use std::{fmt, sync::Arc};

use bytes::Bytes;

use super::{Attributes, Backend, Expected, Fill, Generation, Object, ObjectInfo, Opened};
use crate::{
    digest::Digests,
    error::Error,
    name::{ObjectName, ObjectPrefix},
};

/// The side of a change on which a watcher is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Right before the object is made, replaced or removed.
    Before,
    /// Right after.
    After,
}

/// Who is told of every change of a bucket.
pub(super) type Watch = Arc<dyn Fn(Moment, &str) + Send + Sync>;

/// A backend that tells a watcher of every change, with the full address of the object.
pub(super) struct Watched {
    pub(super) inner: Arc<dyn Backend>,
    pub(super) watch: Watch,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Watched {
    fn around<T>(&self, name: &ObjectName, change: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let address = self.inner.address(name.as_str());
        (self.watch)(Moment::Before, &address);
        let result = change();
        (self.watch)(Moment::After, &address);
        result
    }
}

impl Backend for Watched {
    fn address(&self, name: &str) -> String {
        self.inner.address(name)
    }

    fn info(&self, name: &ObjectName) -> Result<Option<ObjectInfo>, Error> {
        self.inner.info(name)
    }

    fn read(&self, name: &ObjectName, limit: u64) -> Result<Option<Object>, Error> {
        self.inner.read(name, limit)
    }

    fn open(&self, name: &ObjectName) -> Result<Option<Opened>, Error> {
        self.inner.open(name)
    }

    fn list(&self, prefix: &ObjectPrefix) -> Result<Vec<ObjectInfo>, Error> {
        self.inner.list(prefix)
    }

    fn create(
        &self,
        name: &ObjectName,
        attributes: &Attributes,
        fill: &mut Fill<'_>,
    ) -> Result<Option<Digests>, Error> {
        self.around(name, || self.inner.create(name, attributes, fill))
    }

    fn replace(
        &self,
        name: &ObjectName,
        bytes: &Bytes,
        expected: &Expected,
        attributes: &Attributes,
    ) -> Result<Generation, Error> {
        self.around(name, || self.inner.replace(name, bytes, expected, attributes))
    }

    fn remove(&self, name: &ObjectName, expected: Option<&Generation>) -> Result<(), Error> {
        self.around(name, || self.inner.remove(name, expected))
    }
}
