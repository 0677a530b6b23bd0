//! Indexes: several images, one for each platform, under one name.

use std::collections::BTreeMap;
use std::fmt;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::document::ImageIndex;
use crate::error::Error;
use crate::platform::Platform;

/// Makes the index of these images, sorted by platform: equal images give equal bytes, in whatever order they come.
///
/// # Errors
/// When a platform has two images.
pub fn make_index(
    images: &[(Descriptor, Platform)],
    annotations: &BTreeMap<String, String>,
) -> Result<ImageIndex, Error> {
    let mut sorted: BTreeMap<&Platform, &Descriptor> = BTreeMap::new();
    for (image, platform) in images {
        if let Some(other) = sorted.insert(platform, image) {
            let images = Box::new([other.digest, image.digest]);
            return Err(Error::DuplicatePlatform { platform: Box::new(platform.clone()), images });
        }
    }
    let entries = sorted.into_iter().map(|(platform, image)| {
        let mut entry = image.clone();
        entry.platform = Some(platform.clone());
        entry
    });
    Ok(ImageIndex::render(entries.collect(), annotations.clone()))
}

/// How an index differs from what it should hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexDifferences {
    /// Platforms without an image.
    pub missing: Vec<Platform>,
    /// Platforms with another image: the expected digest, then the one found.
    pub changed: Vec<(Platform, Digest, Digest)>,
    /// Images that nobody expects, with their platform if they have one; a second image for a platform is one of them.
    pub extra: Vec<(Option<Platform>, Digest)>,
}

impl IndexDifferences {
    /// The index holds exactly what it should.
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.changed.is_empty() && self.extra.is_empty()
    }
}

impl fmt::Display for IndexDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.missing.iter().map(|platform| format!("`{platform}` is missing"));
        let changed = self
            .changed
            .iter()
            .map(|(platform, expected, found)| format!("`{platform}` is {found}, expected {expected}"));
        let extra = self.extra.iter().map(|(platform, digest)| match platform {
            Some(platform) => format!("{digest} for `{platform}` is not expected"),
            None => format!("{digest} without a platform is not expected"),
        });
        f.write_str(&missing.chain(changed).chain(extra).collect::<Vec<_>>().join("; "))
    }
}

/// Compares an index with the images it should hold.
pub fn check_index(index: &ImageIndex, expected: &BTreeMap<Platform, Digest>) -> IndexDifferences {
    let mut differences = IndexDifferences::default();
    let mut found: BTreeMap<&Platform, &Digest> = BTreeMap::new();
    for entry in index.manifests() {
        match &entry.platform {
            Some(platform) if expected.contains_key(platform) && !found.contains_key(platform) => {
                found.insert(platform, &entry.digest);
            }
            platform => differences.extra.push((platform.clone(), entry.digest)),
        }
    }
    for (platform, expected) in expected {
        match found.get(platform) {
            None => differences.missing.push(platform.clone()),
            Some(found) if *found != expected => {
                differences.changed.push((platform.clone(), *expected, **found));
            }
            Some(_) => {}
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Manifest;
    use crate::media_type::MediaType;

    fn image(platform: &str, content: &str) -> (Descriptor, Platform) {
        let digest = Digest::of(content.as_bytes());
        (Descriptor::new(MediaType::OciManifest, digest, 7), platform.parse().unwrap())
    }

    #[test]
    fn sorted_and_equal() {
        let images = [image("linux/s390x", "s"), image("linux/amd64", "a"), image("linux/arm/v7", "7")];
        let mut turned = images.clone();
        turned.reverse();
        let (one, other) =
            (make_index(&images, &BTreeMap::new()).unwrap(), make_index(&turned, &BTreeMap::new()).unwrap());
        assert_eq!(one.bytes(), other.bytes());
        let platforms: Vec<String> =
            one.manifests().iter().map(|entry| entry.platform.as_ref().unwrap().to_string()).collect();
        assert_eq!(platforms, ["linux/amd64", "linux/arm/v7", "linux/s390x"]);
        assert_eq!(Manifest::parse(one.bytes().clone(), None).unwrap(), Manifest::Index(one));
        let twice = [image("linux/amd64", "a"), image("linux/amd64", "b")];
        assert!(matches!(make_index(&twice, &BTreeMap::new()), Err(Error::DuplicatePlatform { .. })));
    }

    #[test]
    fn differences() {
        let images = [image("linux/amd64", "a"), image("linux/arm64", "b"), image("linux/s390x", "s")];
        let index = make_index(&images, &BTreeMap::new()).unwrap();
        let mut expected: BTreeMap<Platform, Digest> =
            images.iter().map(|(image, platform)| (platform.clone(), image.digest)).collect();
        assert!(check_index(&index, &expected).is_empty());
        expected.remove(&images[2].1);
        expected.insert(images[1].1.clone(), Digest::of(b"other"));
        expected.insert("linux/ppc64le".parse().unwrap(), Digest::of(b"p"));
        let differences = check_index(&index, &expected);
        assert_eq!(differences.missing, ["linux/ppc64le".parse().unwrap()]);
        assert_eq!(differences.changed, [(images[1].1.clone(), Digest::of(b"other"), Digest::of(b"b"))]);
        assert_eq!(differences.extra, [(Some(images[2].1.clone()), Digest::of(b"s"))]);
        assert!(differences.to_string().starts_with("`linux/ppc64le` is missing; `linux/arm64` is sha256:"));
    }
}
