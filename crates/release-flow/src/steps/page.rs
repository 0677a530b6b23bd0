//! The release page on the forge.

use artifact_publish::Sha256Digest;
use release_journal::{Observed, Step, StepId};

use super::{different, id, publish::ReleaseContext, upload::object};
use crate::{Error, forge::Page, plan::PagePlan};

/// Publishes a page.
pub(crate) struct PublishPage<'v>(pub(crate) &'v PagePlan);

/// The largest page that is read, in bytes.
const MAX_BODY: u64 = 16 << 20;

impl PublishPage<'_> {
    fn page(&self, cx: &ReleaseContext<'_>) -> Page {
        Page {
            tag: self.0.tag.clone(),
            title: self.0.title.clone(),
            prerelease: self.0.prerelease,
            latest: self.0.latest,
            published: cx.runner.dates.now(),
            body_sha256: self.0.body,
        }
    }
}

impl<'a> Step<ReleaseContext<'a>> for PublishPage<'_> {
    type Output = Page;
    type Error = Error;

    fn id(&self) -> StepId {
        id("page", &self.0.tag)
    }

    async fn observe(&self, cx: &ReleaseContext<'a>) -> Result<Observed<Page>, Error> {
        let wanted = self.page(cx);
        Ok(match cx.plan.places.open_forge()?.page(&self.0.tag).await? {
            None => Observed::Absent,
            // When it was published is the forge's word.
            Some((page, body))
                if page == (Page { published: page.published, ..wanted.clone() })
                    && Sha256Digest::of(&body) == wanted.body_sha256 =>
            {
                Observed::Done(page)
            }
            Some((page, body)) => different(
                format!("page of `{}`", self.0.tag),
                format!("`{}` with body {}", wanted.title, wanted.body_sha256),
                format!("`{}` of {} with body {}", page.title, page.published, Sha256Digest::of(&body)),
            ),
        })
    }

    async fn run(&self, cx: &ReleaseContext<'a>) -> Result<(), Error> {
        let version = cx.plan.prime();
        let name = object(&format!("{}/{}", version.from, super::texts::NOTES_MARKDOWN))?;
        let found = cx.bucket.read(&name, MAX_BODY).await.map_err(Error::bucket("read the release notes"))?;
        let body = found.map(|found| found.bytes.to_vec()).unwrap_or_default();
        let digest = Sha256Digest::of(&body);
        if digest != self.0.body {
            return Err(Error::Moved {
                what: format!("staged object `{name}`"),
                expected: self.0.body.to_string(),
                found: digest.to_string(),
            });
        }
        let forge = cx.plan.places.open_forge()?.watched_by(cx.runner);
        let page = self.page(cx);
        cx.runner.effect(format!("page of `{}`", self.0.tag), forge.publish(&page, body)).await?;
        Ok(())
    }
}
