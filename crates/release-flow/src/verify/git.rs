//! Tags, branches, and the changelogs on them.

use std::{collections::BTreeMap, path::Path};

use artifact_publish::{Bucket, Sha256Digest};
use git_repo::{CommitId, GitRepo, ObjectId, RefName};
use notes_gen::changelog::{
    ChangelogError, ChangelogFile, ChangelogLine, IndexOutcome, LineState, Outcome, Section, WhenDifferent,
    update_index, update_with,
};

use super::{
    Context,
    evidence::read,
    report::{Report, Verdict},
    wanted::Wanted,
};
use crate::{
    Error, manifest,
    observe::{missing_local_repository, remote_refs},
    places::Places,
    plan::ChangelogPlan,
    steps::push::open_push_repository,
};

/// The repository that was pushed to.
pub(super) struct Remote<'a> {
    places: &'a Places,
    scratch: &'a Path,
    refs: BTreeMap<RefName, ObjectId>,
    /// Its branches with their commits, fetched when first needed.
    repository: Option<GitRepo>,
}

impl<'a> Remote<'a> {
    /// The repository with its refs; nothing, and a check, when it does not answer.
    pub(super) async fn open(
        report: &mut Report,
        cx: &'a Context<'_>,
        scratch: &'a Path,
    ) -> Result<Option<Self>, Error> {
        if missing_local_repository(&cx.places.git) {
            report.not_there("repository", format!("`{}` is not there", cx.places.git));
            return Ok(None);
        }
        let refs = report.settle("repository", remote_refs(&cx.places).await)?;
        Ok(refs.map(|refs| Self { places: &cx.places, scratch, refs, repository: None }))
    }

    pub(super) fn refs(&self) -> &BTreeMap<RefName, ObjectId> {
        &self.refs
    }

    async fn repository(&mut self) -> Result<&GitRepo, Error> {
        if self.repository.is_none() {
            self.repository = Some(open_push_repository(self.places, self.scratch).await?);
        }
        Ok(self.repository.as_ref().expect("it was opened right above"))
    }
}

/// Compares the tag objects.
pub(super) fn tags(report: &mut Report, remote: &Remote<'_>, wanted: &Wanted) -> Result<(), Error> {
    for wanted in &wanted.versions {
        let subject = format!("tag `{}`", wanted.tag);
        let name = RefName::tag(&wanted.tag).map_err(|error| Error::git("name the tag")(error.into()))?;
        let Some(found) = remote.refs.get(&name) else {
            let expected = wanted.tag_object.map_or_else(String::new, |object| format!("expected {object}, found it "));
            report.missing(subject, format!("{expected}not at `{}`", remote.places.git));
            continue;
        };
        report.saw();
        let commit =
            wanted.staged.as_ref().map_or_else(String::new, |staged| format!(" at commit {}", staged.commit.short(12)));
        match wanted.tag_object {
            Some(object) if object == *found => report.ok(subject, format!("{found}{commit}")),
            Some(object) => report.different(subject, format!("{object}{commit}"), found),
            None => report.add(subject, Verdict::Unknown, format!("{found}, and no record to compare it with")),
        }
    }
    Ok(())
}

/// Compares the branches: they go on after a release, and keep what was released.
pub(super) async fn branches(report: &mut Report, remote: &mut Remote<'_>, wanted: &Wanted) -> Result<(), Error> {
    for (name, pushed) in &wanted.branches {
        let subject = format!("branch `{}`", name.short());
        match remote.refs.get(name).copied() {
            None => report.missing(subject, format!("expected {pushed}, found it not at `{}`", remote.places.git)),
            Some(object) if object == *pushed => report.ok(subject, format!("at {object}")),
            Some(object) => {
                let holds = match remote.repository().await {
                    Ok(repository) => holds(repository, *pushed, object),
                    Err(error) => Err(error),
                };
                match report.settle(&subject, holds)? {
                    Some(true) => report.ok(subject, format!("has gone on from {pushed} to {object}")),
                    Some(false) => {
                        report.different(
                            subject,
                            format!("{pushed} or what came after it"),
                            format!("{object}, which does not hold it"),
                        );
                    }
                    None => {}
                }
            }
        }
    }
    Ok(())
}

fn holds(repository: &GitRepo, pushed: ObjectId, head: ObjectId) -> Result<bool, Error> {
    match (repository.resolve(&pushed.to_string()), repository.resolve(&head.to_string())) {
        (Ok(pushed), Ok(head)) => {
            repository.is_ancestor(pushed, head).map_err(Error::git("look for the release on its branch"))
        }
        _ => Ok(false),
    }
}

/// Compares the sections of the changelogs, word by word, and looks for the line's entry in the index.
pub(super) async fn changelogs(
    report: &mut Report,
    remote: &mut Remote<'_>,
    bucket: Option<&Bucket>,
    wanted: &Wanted,
) -> Result<(), Error> {
    for planned in &wanted.changelogs {
        let subject = format!("changelog of `{}`", planned.branch);
        let section = match bucket {
            Some(bucket) => report.settle(&subject, staged_section(bucket, planned).await)?.flatten(),
            None => None,
        };
        let Some(repository) = report.settle(&subject, remote.repository().await)? else { continue };
        let Ok(head) = repository.resolve(&format!("refs/remotes/origin/{}", planned.branch)) else {
            let words = format!("expected a section of {} in {}, found no such branch", planned.tag, planned.file);
            report.missing(subject, words);
            continue;
        };
        if let Some(text) = report.settle(&subject, blob(repository, head, &planned.file))? {
            compare(report, &subject, planned, section.as_ref(), text.as_deref());
        }
        let subject = format!("changelog index of `{}`", planned.branch);
        if let Some(text) = report.settle(&subject, blob(repository, head, &planned.index))? {
            match indexed(planned, text.as_deref()) {
                Ok((Verdict::Ok, detail)) => report.ok(subject, detail),
                Ok((verdict, detail)) => report.add(subject, verdict, detail),
                Err(error) => report.different(subject, "a list of changelogs", error),
            }
        }
    }
    Ok(())
}

/// The section as it was staged; nothing when the staged build is gone.
async fn staged_section(bucket: &Bucket, planned: &ChangelogPlan) -> Result<Option<Section>, Error> {
    let bytes = read(bucket, &planned.section).await?.filter(|bytes| Sha256Digest::of(bytes) == planned.sha256);
    Ok(bytes.and_then(|bytes| Section::new(&planned.tag, &String::from_utf8_lossy(&bytes)).ok()))
}

fn blob(repository: &GitRepo, head: CommitId, path: &str) -> Result<Option<String>, Error> {
    let blob = repository.blob(head, path, manifest::MAX_BYTES).map_err(Error::git(format!("read `{path}`")))?;
    Ok(blob.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn compare(report: &mut Report, subject: &str, planned: &ChangelogPlan, section: Option<&Section>, text: Option<&str>) {
    let (tag, file) = (&planned.tag, &planned.file);
    match found_section(planned, section, text) {
        Ok(Found::Same) => report.ok(subject, format!("{file} has the section of {tag}")),
        Ok(Found::None) => report.missing(subject, format!("expected a section of {tag} in {file}, found none")),
        Ok(Found::Other { expected, found }) => {
            report.add(subject, Verdict::Edited, format!("edited since: expected {expected}, found {found}"));
        }
        Err(error) => report.different(subject, format!("a section of {tag} in {file}"), error),
    }
}

/// The section of the tag in a changelog.
enum Found {
    Same,
    None,
    Other { expected: String, found: String },
}

fn found_section(
    planned: &ChangelogPlan,
    section: Option<&Section>,
    text: Option<&str>,
) -> Result<Found, ChangelogError> {
    let file = ChangelogFile::parse(text.unwrap_or_default())?;
    let Some(there) = file.section(&planned.tag) else { return Ok(Found::None) };
    if let Some(section) = section {
        return Ok(match update_with(text, section, WhenDifferent::Keep)?.outcome {
            Outcome::Unchanged => Found::Same,
            Outcome::Kept(difference) => {
                let quoted =
                    |text: Option<String>| text.map_or_else(|| "its end".to_owned(), |text| format!("`{text}`"));
                let found = format!("{} in line {} of {}", quoted(difference.found), difference.line, planned.file);
                Found::Other { expected: quoted(difference.wanted), found }
            }
            _ => Found::None,
        });
    }
    // The staged text is gone; its digest is not.
    let found = Sha256Digest::of(there.text.trim().as_bytes());
    Ok(if found == planned.sha256 {
        Found::Same
    } else {
        Found::Other { expected: format!("sha256 {}", planned.sha256), found: format!("sha256 {found}") }
    })
}

fn indexed(planned: &ChangelogPlan, text: Option<&str>) -> Result<(Verdict, String), ChangelogError> {
    let (line, state) = (ChangelogLine::of_tag(&planned.tag)?, LineState::of_tag(&planned.tag)?);
    let (index, name) = (&planned.index, line.file_name());
    Ok(match update_index(text, line, state)?.outcome {
        IndexOutcome::Unchanged => (Verdict::Ok, format!("{index} lists {name}")),
        IndexOutcome::Created => (Verdict::Missing, format!("expected {name} in {index}, found no such file")),
        IndexOutcome::Moved => {
            let words = format!("expected {name} among the released ones in {index}, found it in development");
            (Verdict::Different, words)
        }
        _ => (Verdict::Missing, format!("expected {name} in {index}, found no entry")),
    })
}
