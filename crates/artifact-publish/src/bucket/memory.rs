//! A bucket in the memory of this process: for tests and for trying out.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{Attributes, Backend, Expected, Fill, Generation, Object, ObjectInfo, Opened, check_expected, limited};
use crate::digest::Digests;
use crate::error::Error;
use crate::name::{ObjectName, ObjectPrefix};

static NAMED: LazyLock<Mutex<BTreeMap<String, Arc<Memory>>>> = LazyLock::new(Mutex::default);

type Objects = BTreeMap<ObjectName, (Bytes, Attributes)>;

#[derive(Debug)]
pub(super) struct Memory {
    name: String,
    objects: Mutex<Objects>,
}

impl Memory {
    pub(super) fn named(name: &str) -> Arc<Self> {
        let new = || Arc::new(Self { name: name.to_owned(), objects: Mutex::default() });
        if name.is_empty() {
            return new();
        }
        Arc::clone(locked(&NAMED).entry(name.to_owned()).or_insert_with(new))
    }

    fn with<T>(&self, name: &ObjectName, look: impl FnOnce(&Bytes, &Attributes) -> T) -> Option<T> {
        locked(&self.objects).get(name).map(|(bytes, attributes)| look(bytes, attributes))
    }
}

/// Every change is one insert or remove, so what a panicking thread left is whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn generation(found: Option<&(Bytes, Attributes)>) -> Option<Generation> {
    found.map(|(bytes, attributes)| Generation::of_content(bytes, attributes))
}

impl Backend for Memory {
    fn address(&self, name: &str) -> String {
        format!("memory:{}/{name}", self.name)
    }

    fn info(&self, name: &ObjectName) -> Result<Option<ObjectInfo>, Error> {
        Ok(self.with(name, |bytes, attributes| ObjectInfo {
            name: name.clone(),
            size: bytes.len() as u64,
            generation: Generation::of_content(bytes, attributes),
            attributes: attributes.clone(),
        }))
    }

    fn read(&self, name: &ObjectName, limit: u64) -> Result<Option<Object>, Error> {
        let Some((bytes, attributes)) = self.with(name, |bytes, attributes| (bytes.clone(), attributes.clone())) else {
            return Ok(None);
        };
        limited(self.address(name.as_str()), bytes.len() as u64, limit)?;
        Ok(Some(Object { generation: Generation::of_content(&bytes, &attributes), bytes, attributes }))
    }

    fn open(&self, name: &ObjectName) -> Result<Option<Opened>, Error> {
        Ok(self.with(name, |bytes, attributes| Opened {
            reader: Box::new(io::Cursor::new(bytes.clone())),
            attributes: attributes.clone(),
        }))
    }

    fn list(&self, prefix: &ObjectPrefix) -> Result<Vec<ObjectInfo>, Error> {
        let names: Vec<ObjectName> = locked(&self.objects).keys().cloned().collect();
        let below = names.iter().filter(|name| prefix.strip(name).is_some());
        below.filter_map(|name| self.info(name).transpose()).collect()
    }

    fn create(
        &self,
        name: &ObjectName,
        attributes: &Attributes,
        fill: &mut Fill<'_>,
    ) -> Result<Option<Digests>, Error> {
        let mut bytes = Vec::new();
        let digests = fill(&mut bytes)?;
        let mut objects = locked(&self.objects);
        obstructed(self, &objects, name)?;
        if objects.contains_key(name) {
            return Ok(None);
        }
        objects.insert(name.clone(), (bytes.into(), attributes.clone()));
        Ok(Some(digests))
    }

    fn replace(
        &self,
        name: &ObjectName,
        bytes: &Bytes,
        expected: &Expected,
        attributes: &Attributes,
    ) -> Result<Generation, Error> {
        let mut objects = locked(&self.objects);
        obstructed(self, &objects, name)?;
        check_expected(self.address(name.as_str()), expected, generation(objects.get(name)))?;
        objects.insert(name.clone(), (bytes.clone(), attributes.clone()));
        Ok(Generation::of_content(bytes, attributes))
    }

    fn remove(&self, name: &ObjectName, expected: Option<&Generation>) -> Result<(), Error> {
        let mut objects = locked(&self.objects);
        if let Some(expected) = expected {
            let expected = Expected::Generation(expected.clone());
            check_expected(self.address(name.as_str()), &expected, generation(objects.get(name)))?;
        }
        match objects.remove(name) {
            Some(_) => Ok(()),
            None => Err(Error::NotFound { object: self.address(name.as_str()) }),
        }
    }
}

/// Refuses `a` beside `a/b`, as a folder must: what works in a rehearsal works in every place.
fn obstructed(memory: &Memory, objects: &Objects, name: &ObjectName) -> Result<(), Error> {
    let found = if objects.keys().any(|other| ObjectPrefix::from(other.clone()).strip(name).is_some()) {
        "a file in the place of a folder"
    } else if objects.keys().any(|other| ObjectPrefix::from(name.clone()).strip(other).is_some()) {
        "a folder"
    } else {
        return Ok(());
    };
    Err(Error::Obstructed { object: memory.address(name.as_str()), found })
}
