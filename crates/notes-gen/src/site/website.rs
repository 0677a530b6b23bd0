use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::prettier::pretty;
use super::{SiteError, SiteRelease, check_version, newest_first};
use crate::json::escape_json;
use crate::{JsonForm, Note, Notes, to_json_form};

/// The two layouts in which the notes web site has had its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebsiteForm {
    /// As the original writes it: one line, no newline at the end.
    #[default]
    Line,
    /// As the site's formatter leaves it in the repository.
    Prettier,
}

/// The file of a release for the notes web site: an object keyed by pull request number as text, sorted by it.
pub fn website_json(notes: &Notes, form: WebsiteForm) -> String {
    match form {
        WebsiteForm::Line => to_json_form(notes, JsonForm::Website),
        WebsiteForm::Prettier => {
            let by_text: BTreeMap<String, &Note> =
                notes.iter().map(|note| (note.pr_number.to_string(), note)).collect();
            pretty(&serde_json::to_value(&by_text).expect("notes hold only text, numbers, flags and JSON"))
        }
    }
}

/// The name of that file: `release-notes-1.30.0.json` for `v1.30.0`.
pub fn website_file_name(version: &str) -> Result<String, SiteError> {
    check_version(version)?;
    Ok(format!("release-notes-{}.json", version.strip_prefix('v').unwrap_or(version)))
}

#[derive(Serialize)]
struct Index<'a> {
    schema: &'static str,
    releases: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    version: &'a str,
    file: String,
    notes: usize,
}

/// What files there are, newest release first: an object with `schema` and `releases`, a list of `version`, `file` and `notes`
/// (their number in the file). Two blanks of indentation, a newline at the end.
pub fn website_index(releases: &[SiteRelease]) -> Result<String, SiteError> {
    let mut index = Index { schema: "release-notes-index/v1", releases: Vec::new() };
    let mut files = BTreeSet::new();
    for release in newest_first(releases)? {
        let file = website_file_name(&release.version)?;
        // `1.2.3` and `v1.2.3` are two versions, but one file.
        if !files.insert(file.clone()) {
            return Err(SiteError::Repeated { version: release.version.clone() });
        }
        index.releases.push(Entry { version: &release.version, file, notes: release.notes.len() });
    }
    let json = serde_json::to_string_pretty(&index).expect("an index holds only text and numbers");
    Ok(escape_json(&json) + "\n")
}
