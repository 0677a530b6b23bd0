//! The announcement: sent once, in the words that were published.

use std::{fs, io::Read as _, path::Path};

use artifact_publish::{Bucket, Sha256Digest};
use jiff::{Timestamp, fmt::rfc2822};
use mail_announce::{Announcement, MailAddress, Message, MessageId, Outbox as _};
use release_journal::RunState;

use super::{
    Context,
    evidence::Evidence,
    report::{Report, Verdict},
    wanted::{Wanted, WantedVersion},
};
use crate::{
    Error,
    announce::message_id,
    places::{Mode, folder_of},
    plan::AnnouncePlan,
    steps::announce::text,
};

const SUBJECT: &str = "announcement";

/// The longest head of a mail that is read, in bytes.
const MAX_HEAD: u64 = 64 << 10;

/// Compares the mail with its texts, and looks for a second one.
pub(super) async fn mail(
    report: &mut Report,
    cx: &Context<'_>,
    bucket: Option<&Bucket>,
    evidence: &Evidence,
    wanted: &Wanted,
) -> Result<(), Error> {
    let Some(prime) = wanted.versions.first() else { return Ok(()) };
    let from = &cx.loaded.config.announce.from;
    let id = message_id(&cx.project, &prime.version, cx.mode, from)?;
    let outbox = cx.places.open_outbox()?;
    let Some(found) = report.settle(SUBJECT, outbox.find(&id).await.map_err(Error::from))? else { return Ok(()) };
    let sent = evidence.announcements.iter().any(|(_, state)| *state == RunState::Complete);
    match found {
        None if sent => {
            let path = outbox.path(&id);
            report.missing(
                SUBJECT,
                format!("expected `{}`, which the journal has seen sent, found no such mail", path.display()),
            );
        }
        None => report.add(SUBJECT, Verdict::Pending, "not sent yet"),
        Some(receipt) => {
            report.saw();
            // When it was sent is the mail's own word; all else is not.
            let date = date_of(&outbox.path(&id));
            let plans = plans(cx, evidence, &id, prime);
            let mut expected = Vec::new();
            for plan in &plans {
                if let Some(bucket) = bucket {
                    let made = make(bucket, plan, prime, date).await;
                    expected.extend(report.settle(SUBJECT, made)?.flatten());
                }
            }
            match expected.last() {
                _ if expected.iter().any(|digest| digest.to_string() == receipt.sha256) => {
                    report.ok(SUBJECT, receipt.location);
                }
                Some(digest) => {
                    let words = format!("edited since: expected sha256 {digest}, found sha256 {}", receipt.sha256);
                    report.add(SUBJECT, Verdict::Edited, format!("{words} in {}", receipt.location));
                }
                None => {
                    let words = format!("{}, and not the texts it was made of", receipt.location);
                    report.add(SUBJECT, Verdict::Unknown, words);
                }
            }
        }
    }
    second(report, cx, &id, prime)
}

/// The announcements that may have been sent: those the journal has seen approved, else what is configured.
fn plans(cx: &Context<'_>, evidence: &Evidence, id: &MessageId, prime: &WantedVersion) -> Vec<AnnouncePlan> {
    let known: Vec<AnnouncePlan> = evidence
        .announcements
        .iter()
        .map(|(plan, _)| plan.clone())
        .filter(|plan| plan.message_id == id.as_str())
        .collect();
    let digest = |name: &str| prime.staged.as_ref()?.files.get(name).map(|file| file.sha256);
    let (Some(html), Some(plain)) = (digest("announcement.html"), digest("announcement.txt")) else { return known };
    if !known.is_empty() {
        return known;
    }
    let announce = &cx.loaded.config.announce;
    vec![AnnouncePlan {
        tool: String::new(),
        mode: cx.mode,
        project: crate::resolve::project(&cx.loaded.config),
        version: prime.version,
        message_id: id.to_string(),
        from: announce.from.clone(),
        to: match cx.mode {
            Mode::Mock => announce.to.mock.clone(),
            Mode::Nomock => announce.to.production.clone(),
        },
        subject: String::new(),
        prefix: prime.to.clone(),
        html,
        text: plain,
        preview: String::new(),
        places: cx.places.clone(),
    }]
}

/// The digest of the mail that a plan makes; nothing when its texts are not there any more.
async fn make(
    bucket: &Bucket,
    plan: &AnnouncePlan,
    prime: &WantedVersion,
    date: Timestamp,
) -> Result<Option<Sha256Digest>, Error> {
    let staged = |name: &str| prime.staged.as_ref()?.files.get(name).map(|file| file.sha256);
    let mut texts = Vec::new();
    for (name, digest) in [
        ("announcement.html", Some(plan.html)),
        ("announcement.txt", Some(plan.text)),
        ("announcement-subject.txt", staged("announcement-subject.txt")),
    ] {
        match text(bucket, &plan.prefix, name).await? {
            Some((words, found)) if digest.is_none_or(|digest| digest == found) => texts.push(words),
            _ => return Ok(None),
        }
    }
    let [html, plain, subject] = texts.as_slice() else { return Ok(None) };
    let announcement = Announcement { subject: subject.trim().to_owned(), html: html.clone(), text: plain.clone() };
    let parsed = || -> Option<Message> {
        let to: Vec<MailAddress> = plan.to.iter().map(|address| address.parse().ok()).collect::<Option<_>>()?;
        Some(Message::new(plan.message_id.parse().ok()?, date, plan.from.parse().ok()?, to, announcement))
    };
    let Some(message) = parsed() else { return Ok(None) };
    Ok(message.render().ok().map(|bytes| Sha256Digest::of(&bytes)))
}

/// Looks for other mails of this version in the outbox.
fn second(report: &mut Report, cx: &Context<'_>, id: &MessageId, prime: &WantedVersion) -> Result<(), Error> {
    let folder = folder_of("outbox", &cx.places.outbox)?;
    let other = match cx.mode {
        Mode::Mock => Mode::Nomock,
        Mode::Nomock => Mode::Mock,
    };
    // A rehearsal's mail may lie in the same folder: it is of another mode, and has another identity.
    let rehearsed = message_id(&cx.project, &prime.version, other, &cx.loaded.config.announce.from)?;
    let own = format!("{id}.eml");
    let Some(label) = id.as_str().split_once('@').and_then(|(left, _)| left.rsplit_once('.')) else { return Ok(()) };
    let label = format!("{}.", label.0);
    let subject = head(&folder.join(&own)).as_deref().and_then(subject_of);
    let Ok(entries) = fs::read_dir(&folder) else { return Ok(()) };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.ends_with(".eml"))
        .collect();
    names.sort();
    for name in names.iter().filter(|name| **name != own && **name != format!("{rehearsed}.eml")) {
        let Some(head) = head(&folder.join(name)) else { continue };
        let its = head.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.strip_suffix('>')).unwrap_or("");
        if its == rehearsed.as_str() {
            continue;
        }
        let same_id = its == id.as_str() || its.starts_with(&label) || name.starts_with(&label);
        if same_id || (subject.is_some() && subject_of(&head) == subject) {
            report.saw();
            let found = format!("another in `{}`", folder.join(name).display());
            report.different("announcement, once", format!("one mail of {}", prime.version), found);
        }
    }
    Ok(())
}

/// When the mail was sent; the beginning of time for one that does not say.
fn date_of(path: &Path) -> Timestamp {
    let head = head(path).unwrap_or_default();
    let date = head.lines().find_map(|line| line.strip_prefix("Date: "));
    date.and_then(|date| rfc2822::parse(date).ok()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
}

/// The subject of a mail, folded lines joined.
fn subject_of(head: &str) -> Option<String> {
    let mut lines = head.lines().skip_while(|line| !line.starts_with("Subject: "));
    let mut subject = lines.next()?.to_owned();
    for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
        subject.push_str(more);
    }
    Some(subject)
}

/// The headers of a mail.
fn head(path: &Path) -> Option<String> {
    // What is no file, such as a pipe that nobody writes to, is no mail.
    fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file)?;
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MAX_HEAD).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
    Some(text.split_once("\n\n").map_or(text.clone(), |(head, _)| head.to_owned()))
}
