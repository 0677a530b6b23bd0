use super::Edition;
use super::group::{Lines, group};
use crate::changelog::Downloads;
use crate::cve::Cve;
use crate::{Document, Notes};

/// The templates of the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// Drafts and the stand-alone command.
    Default,
    /// The section of a changelog; it has a title.
    Changelog,
}

/// The notes alone in the layout of drafts, as the newest edition has them. No newline at the end; empty when there is nothing to show.
pub fn render_notes(notes: &Notes) -> String {
    let mut text = String::new();
    push_notes(&mut text, notes, Edition::Y2026, Layout::Default);
    text.trim().to_owned()
}

/// The whole document. No newline at the end. Parts that the layout of the edition does not know, such as the table of contents or
/// the dependencies, are not shown; the original puts these around the finished text.
pub fn render(document: &Document, edition: Edition, layout: Layout) -> String {
    let tag = &document.version;
    let mut text = String::new();
    let downloads = document.downloads.as_ref().map(|it| tables(it, edition, tag)).unwrap_or_default();
    let since = |level| document.previous.as_ref().map(|previous| format!("{level} Changelog since {previous}\n\n"));
    match (edition, layout) {
        (Edition::Y2020, Layout::Default) => {
            text.push_str(&format!(
                "# Release notes for {tag}\n\n[Documentation](https://docs.k8s.io/docs/home)\n\n{}{}",
                in_lower_case(&downloads),
                since("#").unwrap_or_default()
            ));
        }
        (_, Layout::Default) => text.push_str(&downloads),
        (_, Layout::Changelog) => {
            let heading = format!("## Downloads for {tag}\n\n");
            let downloads = match downloads.strip_prefix(&heading) {
                Some(tables) if edition < Edition::Y2026 => format!("\n{heading}{}", in_lower_case(tables)),
                Some(tables) => format!("\n{heading}\n\n{tables}"),
                None => downloads,
            };
            text.push_str(&format!("# {tag}\n\n{downloads}{}", since("##").unwrap_or_default()));
        }
    }
    if edition >= Edition::Y2026 {
        push_cves(&mut text, &document.cves);
    }
    push_notes(&mut text, &document.notes, edition, layout);
    text.trim().to_owned()
}

/// There are images since 2022, and only where there are files.
fn tables(downloads: &Downloads, edition: Edition, tag: &str) -> String {
    if downloads.groups.iter().all(|group| group.files.is_empty()) {
        return String::new();
    }
    let mut downloads = downloads.clone();
    downloads.images = downloads.images.filter(|_| edition >= Edition::Y2026);
    downloads.render(tag)
}

/// The first template wrote `### Client binaries`.
fn in_lower_case(downloads: &str) -> String {
    downloads.replace(" Binaries\n", " binaries\n").replace("### Source Code\n", "### Source code\n")
}

fn push_cves(text: &mut String, cves: &[Cve]) {
    if cves.is_empty() {
        return;
    }
    text.push_str("## Important Security Information\n\nThis release contains changes that address the following vulnerabilities:\n");
    for cve in cves {
        let (id, title, description) = (&cve.id, &cve.title, &cve.description);
        let (rating, score, vector, calculator) = (&cve.rating, cve.score, &cve.vector, &cve.calc_link);
        text.push_str(&format!(
            "\n### {id}: {title}\n\n{description}\n\n**CVSS Rating:** {rating} ({score}) [{vector}]({calculator})"
        ));
        if let Some(issue) = &cve.issue {
            text.push_str(&format!("<br>\n**Tracking Issue:** {issue}"));
        }
        text.push_str("\n\n\n");
    }
}

fn push_notes(text: &mut String, notes: &Notes, edition: Edition, layout: Layout) {
    let Lines { urgent, categories } = group(notes, edition);
    if !urgent.is_empty() {
        // One template has a blank at the end of the heading, the other before each dash; both have one on the line below.
        let (blank, dash) = match layout {
            Layout::Default => (" ", "-"),
            Layout::Changelog => ("", " -"),
        };
        text.push_str(&format!(
            "## Urgent Upgrade Notes{blank}\n\n### (No, really, you MUST read this before you upgrade)\n\n"
        ));
        for line in urgent {
            text.push_str(&format!("{dash} {line}\n "));
        }
        text.push('\n');
    }
    if !categories.is_empty() {
        text.push_str("## Changes by Kind\n");
        for (heading, lines) in categories {
            text.push_str(&format!("\n### {heading}\n\n"));
            for line in lines {
                text.push_str("- ");
                text.push_str(line);
                text.push('\n');
            }
        }
    }
}
