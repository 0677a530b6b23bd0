use url::Url;

use crate::Notes;
use crate::changelog::Downloads;
use crate::cve::Cve;

/// The notes of one release with what stands around them. Which parts are shown, and in which order, is the renderer's choice; see
/// [`RenderOptions`](crate::RenderOptions).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// The release, which is the title: `v1.2.3`.
    pub version: String,
    /// The release before it; without it there is no "Changelog since" heading.
    pub previous: Option<String>,
    /// The repository's page, `https://github.com/owner/name`; makes the previous version a link to the comparison.
    pub repository: Option<Url>,
    /// The notes.
    pub notes: Notes,
    /// The files and container images of the release.
    pub downloads: Option<Downloads>,
    /// The vulnerabilities that the release closes.
    pub cves: Vec<Cve>,
    /// What changed among the dependencies: Markdown that begins with its heading.
    pub dependencies: Option<String>,
}

impl Document {
    /// A document of title and notes; the fields are public.
    pub fn new(version: impl Into<String>, notes: Notes) -> Self {
        Self {
            version: version.into(),
            previous: None,
            repository: None,
            notes,
            downloads: None,
            cves: Vec::new(),
            dependencies: None,
        }
    }
}
