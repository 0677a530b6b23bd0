//! Release pages.

use artifact_publish::Sha256Digest;

use super::{
    Context,
    report::{Report, Verdict, missing_folder},
    wanted::{Wanted, WantedPage},
};
use crate::{Error, forge::Page};

/// Compares the pages with what was published.
pub(super) async fn pages(report: &mut Report, cx: &Context<'_>, wanted: &Wanted) -> Result<(), Error> {
    if let Some(detail) = missing_folder(&cx.places.forge) {
        report.not_there("pages", detail);
        return Ok(());
    }
    let Some(forge) = report.settle("pages", cx.places.open_forge().map_err(Error::from))? else { return Ok(()) };
    for wanted in &wanted.pages {
        let subject = format!("page `{}`", wanted.tag);
        let Some(found) = report.settle(&subject, forge.page(&wanted.tag).await.map_err(Error::from))? else {
            continue;
        };
        let Some((page, body)) = found else {
            let title =
                wanted.title.as_ref().map_or_else(String::new, |title| format!("expected `{title}`, found it "));
            report.missing(subject, format!("{title}not at `{}`", cx.places.forge));
            continue;
        };
        report.saw();
        let (expected, found) = differences(wanted, &page, &body);
        if !expected.is_empty() {
            report.different(subject, expected.join(" and "), found.join(" and "));
        } else if wanted.title.is_none() {
            report.add(subject, Verdict::Unknown, format!("`{}`, and no record to compare it with", page.title));
        } else {
            report.ok(subject, format!("`{}`, {} bytes", page.title, body.len()));
        }
    }
    Ok(())
}

/// What differs, as it should be and as it is.
fn differences(wanted: &WantedPage, page: &Page, body: &[u8]) -> (Vec<String>, Vec<String>) {
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    let mut compare = |wanted: Option<String>, there: String| {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != there) {
            expected.push(wanted);
            found.push(there);
        }
    };
    let kind = |prerelease| if prerelease { "a pre-release" } else { "no pre-release" }.to_owned();
    let title = |title: &str| format!("title `{title}`");
    compare(Some(format!("tag `{}`", wanted.tag)), format!("tag `{}`", page.tag));
    compare(wanted.title.as_deref().map(title), title(&page.title));
    compare(wanted.prerelease.map(kind), kind(page.prerelease));
    // A later release takes the word from it, and it never comes back.
    if page.latest {
        compare(wanted.latest.filter(|latest| !latest).map(|_| "not the latest".to_owned()), "the latest".to_owned());
    }
    let sha256 = |digest: Sha256Digest| format!("a body with sha256 {digest}");
    compare(wanted.body.map(sha256), sha256(Sha256Digest::of(body)));
    let noted = |digest: Sha256Digest| format!("a note of sha256 {digest}");
    compare(wanted.body.map(noted), noted(page.body_sha256));
    (expected, found)
}
