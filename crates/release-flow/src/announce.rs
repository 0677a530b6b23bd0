//! Announce: tell people about a release, once.

use mail_announce::{MailAddress, MessageId};
use release_journal::Approved;
use release_version::ReleaseVersion;

use crate::{
    Error,
    apply::Announced,
    config::Loaded,
    places::Mode,
    plan::{AnnouncePlan, AnyPlan, release_prefix},
    resolve::project,
    runner::Runner,
    stage::places,
    steps::{
        announce::{AnnounceContext, Send, text},
        id,
    },
};

/// What is asked of an announcement.
#[derive(Debug, Clone)]
pub struct AnnounceRequest {
    /// The released version.
    pub version: ReleaseVersion,
    /// Which outbox and recipients.
    pub mode: Mode,
}

/// Reads the texts of a release and decides everything about its announcement.
///
/// # Errors
/// [`Error::NotReleased`] when the release has no announcement texts; nothing was changed.
pub async fn plan_announce(loaded: &Loaded, request: &AnnounceRequest) -> Result<AnnouncePlan, Error> {
    let places = places(loaded, request.mode)?;
    let bucket = places.open_bucket()?;
    let prefix = release_prefix(&request.version);
    let missing = || Error::NotReleased { version: request.version, bucket: bucket.url().to_string() };
    let (_, html) = text(&bucket, &prefix, "announcement.html").await?.ok_or_else(missing)?;
    let (words, plain) = text(&bucket, &prefix, "announcement.txt").await?.ok_or_else(missing)?;
    let (subject, _) = text(&bucket, &prefix, "announcement-subject.txt").await?.ok_or_else(missing)?;
    let config = &loaded.config;
    let to = match request.mode {
        Mode::Mock => config.announce.to.mock.clone(),
        Mode::Nomock => config.announce.to.production.clone(),
    };
    let project = project(config);
    let id = message_id(&project.name, &request.version, request.mode, &config.announce.from)?;
    Ok(AnnouncePlan {
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        mode: request.mode,
        version: request.version,
        message_id: id.to_string(),
        from: config.announce.from.clone(),
        to,
        subject: subject.trim().to_owned(),
        prefix,
        html,
        text: plain,
        preview: AnnouncePlan::preview_of(&words),
        places,
        project,
    })
}

/// The identity of an announcement: one a release and mode, whenever and by whomever it is planned.
pub(crate) fn message_id(project: &str, version: &ReleaseVersion, mode: Mode, from: &str) -> Result<MessageId, Error> {
    let sender = |source: Box<dyn std::error::Error + core::marker::Send + Sync>| Error::Sender {
        address: from.to_owned(),
        source,
    };
    let address = from.parse::<MailAddress>().map_err(|error| sender(Box::new(error)))?;
    let domain = address.address().rsplit_once('@').map_or("invalid", |(_, domain)| domain);
    MessageId::derive(&format!("{project}-{version}"), &mode.to_string(), domain)
        .map_err(|error| sender(Box::new(error)))
}

/// Applies an announcement plan.
pub(crate) async fn apply(
    approved: &Approved<AnyPlan>,
    plan: &AnnouncePlan,
    runner: &Runner,
) -> Result<Announced, Error> {
    let bucket = plan.places.open_bucket()?;
    // Nobody approves another text than the one that is sent. Whether it is still there is the step's to say.
    if let Some((words, digest)) = text(&bucket, &plan.prefix, "announcement.txt").await?
        && digest == plan.text
        && AnnouncePlan::preview_of(&words) != plan.preview
    {
        return Err(Error::Moved {
            what: "the text that the plan shows".to_owned(),
            expected: format!("the beginning of `{}/announcement.txt`", plan.prefix),
            found: "another text".to_owned(),
        });
    }
    let mut journal = runner.open(&bucket, approved, vec![id("mail", "announcement")]).await?;
    let cx = AnnounceContext { plan, runner, bucket };
    let result = journal.step(&cx, &Send).await.map_err(Error::from);
    let receipt = crate::apply::close(journal, result).await?;
    Ok(Announced { mode: plan.mode, version: plan.version, subject: plan.subject.clone(), location: receipt.location })
}
