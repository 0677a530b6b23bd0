use serde::{Deserialize, Serialize};
use url::Url;

use crate::html::{escape, from_markdown};

/// What is announced: a subject and the same body twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// One line.
    pub subject: String,
    /// A whole, well-formed HTML page that loads nothing and runs nothing.
    pub html: String,
    /// The same as plain text.
    pub text: String,
}

/// What to say about a release that is out. All text is escaped; only `notes_markdown` is read as Markdown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseInput {
    /// The project's display name: `Kubernetes`.
    pub project: String,
    /// The version as its tag says it: `v1.19.0`.
    pub version: String,
    /// What comes after the greeting, paragraphs separated by blank lines. By default that the version was built and published.
    pub intro: Option<String>,
    /// The release branch that was created together with the version, if one was: a paragraph tells of it.
    pub new_branch: Option<String>,
    /// The changelog, with the anchor of this version where there is one.
    pub changelog: Option<Url>,
    /// The page where the release can be had.
    pub release_page: Option<Url>,
    /// The release notes as Markdown; may be empty.
    pub notes_markdown: String,
    /// What comes last, for example who cut the release.
    pub signature: Option<String>,
}

/// What to say about a new release branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchInput {
    /// The project's display name.
    pub project: String,
    /// The branch: `release-1.19`.
    pub branch: String,
    /// What comes after the greeting. By default that the branch was created and how fixes get there.
    pub intro: Option<String>,
    /// How to bring a change into the branch.
    pub cherry_pick_guide: Option<Url>,
    /// What comes last.
    pub signature: Option<String>,
}

/// The announcement cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnnounceError {
    /// A name that goes into the subject is blank.
    #[error("the {field} of the announcement is empty")]
    Empty {
        /// Which.
        field: &'static str,
    },
    /// A name that goes into the subject holds a line break or another control character.
    #[error("the {field} of the announcement holds a control character: {value:?}")]
    ControlCharacter {
        /// Which.
        field: &'static str,
        /// Its value.
        value: String,
    },
}

/// Announces a release: `Kubernetes v1.19.0 is live!`.
pub fn announce_release(input: &ReleaseInput) -> Result<Announcement, AnnounceError> {
    let project = checked("project", &input.project)?;
    let version = checked("version", &input.version)?;
    let mut page = Page::new(format!("{project} {version} is live!"));
    page.paragraphs(&format!("{project} Community,"));
    match &input.intro {
        Some(intro) => page.paragraphs(intro),
        None => page.paragraphs(&format!("{project} {version} has been built and published.")),
    }
    if let Some(branch) = &input.new_branch {
        page.paragraphs(&created(project, checked("branch", branch)?));
    }
    page.link("Release", input.release_page.as_ref());
    page.link("Changelog", input.changelog.as_ref());
    page.notes(&input.notes_markdown);
    page.paragraphs(input.signature.as_deref().unwrap_or_default());
    Ok(page.finish())
}

/// Announces a branch: `Kubernetes release-1.19 branch has been created`.
pub fn announce_branch(input: &BranchInput) -> Result<Announcement, AnnounceError> {
    let project = checked("project", &input.project)?;
    let branch = checked("branch", &input.branch)?;
    let mut page = Page::new(format!("{project} {branch} branch has been created"));
    page.paragraphs(&format!("{project} Community,"));
    match &input.intro {
        Some(intro) => page.paragraphs(intro),
        None => page.paragraphs(&created(project, branch)),
    }
    page.link("How to cherry-pick", input.cherry_pick_guide.as_ref());
    page.paragraphs(input.signature.as_deref().unwrap_or_default());
    Ok(page.finish())
}

fn created(project: &str, branch: &str) -> String {
    format!(
        "The {branch} branch of {project} has been created. From now on a change that belongs into this release has to be \
         cherry-picked to the branch, and the owners of the branch will follow up."
    )
}

fn checked<'a>(field: &'static str, value: &'a str) -> Result<&'a str, AnnounceError> {
    if value.chars().any(char::is_control) {
        return Err(AnnounceError::ControlCharacter { field, value: value.to_owned() });
    }
    if value.trim().is_empty() { Err(AnnounceError::Empty { field }) } else { Ok(value.trim()) }
}

/// Both bodies, written side by side.
struct Page {
    subject: String,
    html: String,
    text: String,
}

impl Page {
    fn new(subject: String) -> Self {
        let title = escape(&subject);
        let html = format!(
            "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\" />\n<title>{title}</title>\n</head>\n<body>\n"
        );
        Self { subject, html, text: String::new() }
    }

    fn paragraphs(&mut self, text: &str) {
        for paragraph in printable(text).split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
            self.html.push_str(&format!("<p>{}</p>\n", escape(paragraph).replace('\n', "<br />\n")));
            self.text.push_str(&format!("{paragraph}\n\n"));
        }
    }

    fn link(&mut self, label: &str, url: Option<&Url>) {
        let Some(url) = url else { return };
        let address = escape(url.as_str());
        match url.scheme() {
            "http" | "https" | "mailto" => {
                self.html.push_str(&format!("<p>{label}: <a href=\"{address}\">{address}</a></p>\n"));
            }
            _ => self.html.push_str(&format!("<p>{label}: {address}</p>\n")),
        }
        self.text.push_str(&format!("{label}: {url}\n\n"));
    }

    fn notes(&mut self, markdown: &str) {
        let markdown = printable(markdown);
        let markdown = markdown.trim();
        if !markdown.is_empty() {
            self.html.push_str(&format!("<hr />\n{}<hr />\n", from_markdown(markdown)));
            let rule = "-".repeat(72);
            self.text.push_str(&format!("{rule}\n\n{markdown}\n\n{rule}\n\n"));
        }
    }

    fn finish(mut self) -> Announcement {
        self.html.push_str("</body>\n</html>\n");
        let text = format!("{}\n", self.text.trim_end());
        Announcement { subject: self.subject, html: self.html, text }
    }
}

/// Text with LF line ends and without control characters.
fn printable(text: &str) -> String {
    text.chars().filter(|&c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}
