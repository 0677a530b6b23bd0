//! Releases and their files in a world.

use sha2::{Digest as _, Sha256};

use super::world::hex;

/// A release.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its number.
    pub id: u64,
    /// The tag that it is made of.
    pub tag: String,
    /// Where the tag is made on publishing, when it is not there.
    pub target: String,
    /// Its title.
    pub name: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// Whether it can be seen.
    pub visibility: Visibility,
    /// Whether it is for everybody.
    pub stability: Stability,
    /// Whether `latest` may mean it.
    pub latest: Latest,
    /// Who made it.
    pub author: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was published.
    pub published_at: Option<String>,
    /// Its files.
    pub assets: Vec<Asset>,
}

/// Whether a release can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Only by those who may push.
    Draft,
    /// By everybody.
    Published,
}

/// Whether a release is for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stability {
    /// It is.
    Stable,
    /// It comes before a release.
    Prerelease,
}

/// What a release has to do with `latest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latest {
    /// It may be the latest by its date.
    ByDate,
    /// It was said to be the latest.
    Yes,
    /// It was said not to be.
    No,
}

/// A file of a release.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// A text shown instead of the name.
    pub label: Option<String>,
    /// Its media type.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
    /// When it was uploaded.
    pub created_at: String,
    /// Who uploaded it.
    pub uploader: Option<String>,
    /// The digest that is told of it: normally that of its content.
    pub digest: Option<String>,
}

impl Release {
    pub(super) fn new(id: u64, tag: &str, target: &str, now: &str) -> Self {
        Self {
            id,
            tag: tag.to_owned(),
            target: target.to_owned(),
            name: Some(tag.to_owned()),
            body: None,
            visibility: Visibility::Published,
            stability: Stability::Stable,
            latest: Latest::ByDate,
            author: Some("someone".to_owned()),
            created_at: now.to_owned(),
            published_at: Some(now.to_owned()),
            assets: Vec::new(),
        }
    }

    /// Adds a file.
    pub fn asset(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        let id = self.id * 1_000 + u64::try_from(self.assets.len()).unwrap_or_default() + 1;
        let now = self.created_at.clone();
        self.assets.push(Asset::new(id, name, "application/octet-stream", bytes.to_vec(), &now));
        self
    }

    /// It is not published.
    pub fn draft(&mut self) -> &mut Self {
        self.visibility = Visibility::Draft;
        self.published_at = None;
        self
    }

    /// It comes before a release.
    pub fn prerelease(&mut self) -> &mut Self {
        self.stability = Stability::Prerelease;
        self
    }
}

impl Asset {
    pub(super) fn new(id: u64, name: &str, content_type: &str, bytes: Vec<u8>, now: &str) -> Self {
        Self {
            id,
            name: name.to_owned(),
            label: None,
            content_type: content_type.to_owned(),
            digest: Some(format!("sha256:{}", hex(&Sha256::digest(&bytes)))),
            bytes,
            created_at: now.to_owned(),
            uploader: Some("someone".to_owned()),
        }
    }
}
