//! The announcement into the outbox.

use artifact_publish::{Bucket, Sha256Digest};
use mail_announce::{Announcement, MailAddress, Message, MessageId, Outbox as _, Receipt};
use release_journal::{Observed, Step, StepId};

use super::{id, upload::object};
use crate::{Error, plan::AnnouncePlan, runner::Runner};

/// What the step needs.
pub(crate) struct AnnounceContext<'a> {
    pub(crate) plan: &'a AnnouncePlan,
    pub(crate) runner: &'a Runner,
    pub(crate) bucket: Bucket,
}

/// Sends the announcement, once.
pub(crate) struct Send;

/// Why the announcement was not sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendStepError {
    #[error("cannot send the announcement")]
    Send(#[from] mail_announce::SendError),
    #[error("the plan's addresses are no mail addresses")]
    Address(#[from] mail_announce::ParseAddressError),
    #[error("the plan's message id is none")]
    Id(#[from] mail_announce::ParseMessageIdError),
    #[error(transparent)]
    Flow(#[from] Error),
}

/// The largest text of an announcement that is read, in bytes.
const MAX_TEXT: u64 = 16 << 20;

/// A text of the announcement, compared with its digest.
pub(crate) async fn text(bucket: &Bucket, prefix: &str, file: &str) -> Result<Option<(String, Sha256Digest)>, Error> {
    let name = object(&format!("{prefix}/{file}"))?;
    let found = bucket.read(&name, MAX_TEXT).await.map_err(Error::bucket(format!("read `{name}`")))?;
    Ok(found.map(|found| (String::from_utf8_lossy(&found.bytes).into_owned(), Sha256Digest::of(&found.bytes))))
}

impl Send {
    async fn message(&self, cx: &AnnounceContext<'_>) -> Result<Message, SendStepError> {
        let plan = cx.plan;
        let mut texts = Vec::new();
        for (file, expected) in [("announcement.html", plan.html), ("announcement.txt", plan.text)] {
            match text(&cx.bucket, &plan.prefix, file).await? {
                Some((text, digest)) if digest == expected => texts.push(text),
                other => {
                    return Err(Error::Moved {
                        what: format!("`{}/{file}`", plan.prefix),
                        expected: expected.to_string(),
                        found: other.map_or_else(|| "nothing".to_owned(), |(_, digest)| digest.to_string()),
                    }
                    .into());
                }
            }
        }
        let plain = texts.pop().unwrap_or_default();
        let announcement =
            Announcement { subject: plan.subject.clone(), html: texts.pop().unwrap_or_default(), text: plain };
        let to: Vec<MailAddress> = plan.to.iter().map(|address| address.parse()).collect::<Result<_, _>>()?;
        let id: MessageId = plan.message_id.parse()?;
        Ok(Message::new(id, cx.runner.dates.now(), plan.from.parse()?, to, announcement))
    }
}

impl<'a> Step<AnnounceContext<'a>> for Send {
    type Output = Receipt;
    type Error = SendStepError;

    fn id(&self) -> StepId {
        id("mail", "announcement")
    }

    async fn observe(&self, cx: &AnnounceContext<'a>) -> Result<Observed<Receipt>, SendStepError> {
        let outbox = cx.plan.places.open_outbox().map_err(Error::from)?;
        let id: MessageId = cx.plan.message_id.parse()?;
        Ok(outbox.find(&id).await?.map_or(Observed::Absent, Observed::Done))
    }

    async fn run(&self, cx: &AnnounceContext<'a>) -> Result<(), SendStepError> {
        let message = self.message(cx).await?;
        let outbox = cx.plan.places.open_outbox().map_err(Error::from)?;
        let subject = format!("mail `{}`", message.message_id);
        cx.runner.effect(subject, outbox.send(&message)).await?;
        Ok(())
    }
}
