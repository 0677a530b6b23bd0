//! Markers: small objects that name a version, such as `release/stable-1.19.txt`.
//!
//! Which marker names which version, and whether a marker may move from one version to another, is for the caller to know.

use crate::bucket::{Attributes, Bucket, Expected, Generation};
use crate::error::Error;
use crate::name::{BadName, ObjectName, ObjectPrefix};

/// Served to users directly, so no cache may keep or change it.
pub const MARKER_CACHE_CONTROL: &str = "private, max-age=0, no-transform";

const MAX_MARKER_BYTES: u64 = 1024;

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerValue {
    /// The version it names, as it stands there.
    pub version: String,
    /// For the condition of the next write: see [`Expected::Generation`].
    pub generation: Generation,
}

/// The object of a marker: `stable-1.19` below `release` is `release/stable-1.19.txt`.
///
/// # Errors
/// When the joined text is no object name.
pub fn marker_object(root: &ObjectPrefix, marker: &str) -> Result<ObjectName, BadName> {
    root.join(&format!("{marker}.txt"))
}

/// Reads a marker; `None` when there is none. A final newline, which older tools wrote, does not belong to the version.
///
/// # Errors
/// [`Error::BadMarker`] when the object holds anything but one word; else as [`Bucket::read`].
pub async fn read_marker(bucket: &Bucket, object: &ObjectName) -> Result<Option<MarkerValue>, Error> {
    let Some(found) = bucket.read(object, MAX_MARKER_BYTES).await? else { return Ok(None) };
    let bad = |reason| Error::BadMarker { object: bucket.address(object.as_str()), reason };
    let text = std::str::from_utf8(&found.bytes).ok().ok_or_else(|| bad("it is not UTF-8 text"))?;
    let version = text.strip_suffix('\n').unwrap_or(text);
    let version = version.strip_suffix('\r').unwrap_or(version);
    check_version(version).map_err(bad)?;
    Ok(Some(MarkerValue { version: version.to_owned(), generation: found.generation }))
}

/// Writes a marker if it still is what the caller saw, and reads it back. Content is the version without a newline, served as
/// `text/plain` with [`MARKER_CACHE_CONTROL`].
///
/// # Errors
/// [`Error::Moved`] when it is not what the caller saw, or is not what was written when read back; [`Error::BadMarker`] when the
/// version is not one word.
pub async fn write_marker(
    bucket: &Bucket,
    object: &ObjectName,
    version: &str,
    expected: &Expected,
) -> Result<Generation, Error> {
    let address = || bucket.address(object.as_str());
    check_version(version).map_err(|reason| Error::BadMarker { object: address(), reason })?;
    let attributes =
        Attributes { cache_control: Some(MARKER_CACHE_CONTROL.to_owned()), ..Attributes::of_type("text/plain") };
    let written = bucket.replace(object, version.to_owned(), expected, &attributes).await?;
    let seen = read_marker(bucket, object).await?;
    match seen {
        Some(seen) if seen.version == version && seen.generation == written => Ok(written),
        other => Err(Error::Moved {
            object: address(),
            expected: Expected::Generation(written),
            found: other.map(|seen| seen.generation),
        }),
    }
}

fn check_version(version: &str) -> Result<(), &'static str> {
    if version.is_empty() {
        Err("it is empty")
    } else if version.len() as u64 > MAX_MARKER_BYTES {
        Err("it is longer than 1024 bytes")
    } else if version.chars().any(|character| character.is_whitespace() || character.is_control()) {
        Err("it holds white space or control characters")
    } else {
        Ok(())
    }
}
