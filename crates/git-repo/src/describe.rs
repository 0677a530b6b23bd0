//! The nearest tag below a commit.

use std::borrow::Cow;
use std::fmt;

use gix::bstr::BStr;
use gix::hashtable::HashMap;
use jiff::Timestamp;

use crate::{CommitId, Error, GitRepo, Tag};

/// A commit by its nearest tag. Prints what `git describe --abbrev=14` prints: `v1.19.0-alpha.1-253-g0123456789abcd`.
///
/// Git takes more digits when fourteen fit several objects; this text always has fourteen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Describe {
    /// The nearest tag.
    pub tag: String,
    /// How many commits the commit has that the tag has not; zero when the tag is on the commit.
    pub commits: u32,
    /// The commit.
    pub commit: CommitId,
}

impl fmt::Display for Describe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.commits {
            0 => f.write_str(&self.tag),
            commits => write!(f, "{}-{commits}-g{}", self.tag, self.commit.short(14)),
        }
    }
}

impl GitRepo {
    /// The nearest tag that `filter` accepts, by the rules of `git describe --tags`; `None` when no such tag is below.
    ///
    /// Of several tags on one commit an annotated one counts, the youngest first; of lightweight ones the first by name.
    ///
    /// # Errors
    /// When an object is missing or broken.
    pub fn describe(&self, commit: CommitId, filter: impl Fn(&str) -> bool) -> Result<Option<Describe>, Error> {
        let repo = self.local();
        let failed = |error: gix::Error| Error::repository(format!("describe commit {commit}"), error);
        let tags: Vec<Tag> = self.tags()?.into_iter().filter(|tag| filter(&tag.name)).collect();

        let mut names: HashMap<gix::ObjectId, Cow<'_, BStr>> = HashMap::default();
        let mut ranks: HashMap<gix::ObjectId, Option<i64>> = HashMap::default();
        for tag in &tags {
            // `None`, a lightweight tag, is below any time, and a tag of the same rank does not replace an earlier one.
            let rank = if tag.annotated { Some(self.tag_seconds(tag).map_err(failed)?) } else { None };
            let target = tag.commit.gix();
            if ranks.get(&target).is_none_or(|known| *known < rank) {
                ranks.insert(target, rank);
                names.insert(target, Cow::Borrowed(tag.name.as_str().into()));
            }
        }

        let cache = repo.commit_graph_if_enabled().map_err(failed)?;
        let mut graph = repo.revision_graph(cache.as_ref());
        let options = gix::revision::plumbing::describe::Options { name_by_oid: names, ..Default::default() };
        let outcome = gix::revision::plumbing::describe(&commit.gix(), &mut graph, options).map_err(failed)?;
        Ok(outcome
            .and_then(|outcome| Some(Describe { tag: outcome.name?.to_string(), commits: outcome.depth, commit })))
    }

    /// When an annotated tag was made; `None` for a lightweight one.
    ///
    /// # Errors
    /// When the tag object is missing or broken.
    pub fn tag_time(&self, tag: &Tag) -> Result<Option<Timestamp>, Error> {
        if !tag.annotated {
            return Ok(None);
        }
        let seconds =
            self.tag_seconds(tag).map_err(|error| Error::repository(format!("read tag `{}`", tag.name), error))?;
        Ok(Timestamp::from_second(seconds).ok())
    }

    /// The time of a tag object in seconds since 1970; 0 for one that names no tagger.
    fn tag_seconds(&self, tag: &Tag) -> Result<i64, gix::Error> {
        let repo = self.local();
        let object = repo.find_tag(tag.object.gix())?;
        Ok(object.tagger().ok().flatten().map_or(0, |tagger| tagger.seconds()))
    }
}
