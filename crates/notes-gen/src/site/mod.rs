//! The notes of many releases as one web page, and as the JSON files of the notes web site.
//!
//! [`render_site`] makes a single static HTML file. It loads nothing and sends nothing (its content security policy forbids it to),
//! and can be read without JavaScript; with it, the notes can be searched and filtered, and what is shown has an address of its own.
//!
//! ```
//! use notes_gen::site::{SiteOptions, SiteRelease, render_site};
//! use notes_gen::{Note, Notes, PullNumber};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let note = Note::new(PullNumber::new(7).ok_or("not a number")?, "the tool learned a trick");
//! let releases = [SiteRelease { version: "v1.2.0".into(), notes: Notes::from_iter([note]) }];
//! let page = render_site(&releases, &SiteOptions::new("Example"))?;
//! assert!(page.contains("<li class=\"n\" id=\"v1.2.0-pr7\">"));
//! # Ok(()) }
//! ```

mod facets;
mod page;
mod prettier;
mod website;

use url::Url;

pub use page::render_site;
pub use website::{WebsiteForm, website_file_name, website_index, website_json};

use crate::dependencies::Precedence;
use crate::{Notes, Profile};

/// A release and its notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteRelease {
    /// The version, which is its heading and begins the addresses of its notes: `v1.30.0`.
    pub version: String,
    /// The notes.
    pub notes: Notes,
}

/// What stands around the notes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SiteOptions {
    /// Title of the page.
    pub title: String,
    /// The project's name.
    pub project: String,
    /// The project's page; only `http` and `https` addresses become a link.
    pub repository: Option<Url>,
    /// Kinds, groups and headings of the project.
    pub profile: Profile,
}

impl SiteOptions {
    /// The page of a project, called `<project> release notes`.
    pub fn new(project: impl Into<String>) -> Self {
        let project = project.into();
        Self { title: format!("{project} release notes"), project, repository: None, profile: Profile::default() }
    }
}

/// The releases cannot become a site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// A version that cannot be part of an address and of a file name: a letter or digit, then up to 127 of these and of `.-_+`.
    #[error("`{version}` cannot name a release of the site")]
    Version {
        /// The version, escaped and cut.
        version: String,
    },
    /// Two releases have the same version.
    #[error("the release `{version}` is there twice")]
    Repeated {
        /// The version.
        version: String,
    },
}

/// The releases from the newest to the oldest, whatever the order they come in.
fn newest_first(releases: &[SiteRelease]) -> Result<Vec<&SiteRelease>, SiteError> {
    let mut sorted: Vec<(Precedence<'_>, &SiteRelease)> = Vec::new();
    for release in releases {
        check_version(&release.version)?;
        sorted.push((Precedence::of(&release.version), release));
    }
    sorted.sort_by(|(a, _), (b, _)| b.cmp(a));
    match sorted.windows(2).find(|pair| pair[0].1.version == pair[1].1.version) {
        Some(pair) => Err(SiteError::Repeated { version: pair[0].1.version.clone() }),
        None => Ok(sorted.into_iter().map(|(_, release)| release).collect()),
    }
}

fn check_version(version: &str) -> Result<(), SiteError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_+".contains(c);
    let begins = version.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && version.len() <= 128 && version.chars().all(allowed) {
        return Ok(());
    }
    Err(SiteError::Version { version: version.chars().take(80).flat_map(char::escape_default).collect() })
}
