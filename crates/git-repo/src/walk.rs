//! The walk over a range: each commit is decoded once, at the time its date is needed.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use gix::commitgraph::{Graph, Position};
use gix::hashtable::{HashMap, HashSet};
use gix::objs::{CommitRefIter, Find as _};
use gix::traverse::commit::ParentIds;

use crate::{CommitId, CommitRange, Error, Walk};

/// How many more commits are painted once all seems decided, against clocks that ran wrong; git does the same.
const SLOP: u32 = 5;

/// Bytes of commits kept from painting until they are given out; beyond that they are decoded a second time.
const KEPT: usize = 64 * 1024 * 1024;

/// A set of commits being given out in the order of their time.
pub(crate) struct Walker<'repo> {
    repo: &'repo gix::Repository,
    graph: Option<Graph>,
    shallow: Vec<gix::ObjectId>,
    first_parent: bool,
    /// What lies near the border of the range, on both sides.
    painted: HashMap<gix::ObjectId, Paint>,
    queue: BinaryHeap<Queued>,
    seen: HashSet<gix::ObjectId>,
    /// Buffers to be used again.
    spare: Vec<Vec<u8>>,
    /// Bytes that painted commits hold.
    kept: usize,
    order: u64,
}

/// A commit that waits for its turn: newest first, and first come, first served among those of one second.
struct Queued {
    time: i64,
    order: Reverse<u64>,
    id: gix::ObjectId,
    content: Content,
}

/// What is known of a waiting commit.
enum Content {
    Graph(Position),
    Data(Vec<u8>),
}

/// Newest last. The generation, where the commit-graph knows it, is above that of all ancestors whatever the clocks said.
type Age = (u32, i64);

impl Content {
    fn size(&self) -> usize {
        match self {
            Self::Graph(_) => 0,
            Self::Data(data) => data.len(),
        }
    }
}

struct Paint {
    age: Age,
    hidden: bool,
    queued: bool,
    content: Option<Content>,
}

/// The state of finding out what the excluded commits hide.
#[derive(Default)]
struct Painting {
    queue: BinaryHeap<(Age, gix::ObjectId)>,
    /// How many waiting commits may still turn out to be in the range.
    open: usize,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.time, self.order).cmp(&(other.time, other.order))
    }
}

impl<'repo> Walker<'repo> {
    pub(crate) fn new(repo: &'repo gix::Repository, range: &CommitRange) -> Result<Self, Error> {
        let failed = |error: gix::Error| Error::repository("start a walk over commits", error);
        let shallow =
            repo.shallow_commits().map_err(failed)?.map(|commits| commits.iter().copied().collect::<Vec<_>>());
        let mut walker = Self {
            repo,
            // The graph knows nothing of parents that were cut off.
            graph: if shallow.is_some() { None } else { repo.commit_graph_if_enabled().map_err(failed)? },
            shallow: shallow.unwrap_or_default(),
            first_parent: range.walk == Walk::FirstParent,
            painted: HashMap::default(),
            queue: BinaryHeap::new(),
            seen: HashSet::default(),
            spare: Vec::new(),
            kept: 0,
            order: 0,
        };
        walker.paint(range)?;
        for tip in &range.include {
            walker.enqueue(tip.gix())?;
        }
        Ok(walker)
    }

    /// Shows each commit with its content.
    pub(crate) fn each(mut self, mut visit: impl FnMut(CommitId, &[u8]) -> ControlFlow<()>) -> Result<(), Error> {
        while let Some(Queued { id, content, .. }) = self.queue.pop() {
            let parents = self.parents(id, &content);
            let data = match content {
                Content::Data(data) => data,
                Content::Graph(_) => self.read(id)?,
            };
            if visit(CommitId::of(&id), &data).is_break() {
                break;
            }
            self.spare.push(data);
            self.enqueue_all(&parents)?;
        }
        Ok(())
    }

    /// All ids; with a commit-graph no object is read.
    pub(crate) fn ids(mut self) -> Result<Vec<CommitId>, Error> {
        let mut ids = Vec::new();
        while let Some(Queued { id, content, .. }) = self.queue.pop() {
            ids.push(CommitId::of(&id));
            let parents = self.parents(id, &content);
            self.recycle(content);
            self.enqueue_all(&parents)?;
        }
        Ok(ids)
    }

    fn enqueue_all(&mut self, parents: &[gix::ObjectId]) -> Result<(), Error> {
        let followed = if self.first_parent { parents.get(..1).unwrap_or_default() } else { parents };
        followed.iter().try_for_each(|parent| self.enqueue(*parent))
    }

    fn enqueue(&mut self, id: gix::ObjectId) -> Result<(), Error> {
        let painted = self.painted.get_mut(&id);
        if painted.as_ref().is_some_and(|paint| paint.hidden) || !self.seen.insert(id) {
            return Ok(());
        }
        let content = match painted.and_then(|paint| paint.content.take()) {
            Some(content) => content,
            None => self.load(id)?,
        };
        self.order += 1;
        self.queue.push(Queued { time: self.age(&content).1, order: Reverse(self.order), id, content });
        Ok(())
    }

    /// Finds out which commits near the range can be reached from the excluded ones.
    fn paint(&mut self, range: &CommitRange) -> Result<(), Error> {
        if range.exclude.is_empty() {
            return Ok(());
        }
        let mut painting = Painting::default();
        for tip in &range.exclude {
            self.mark(tip.gix(), true, &mut painting)?;
        }
        for tip in &range.include {
            self.mark(tip.gix(), false, &mut painting)?;
        }
        let mut oldest: Option<Age> = None;
        let mut slop = SLOP;
        while let Some((age, id)) = painting.queue.pop() {
            // All that waits is hidden, and older than anything in the range: its ancestors cannot be in the range.
            if painting.open > 0 || oldest.is_some_and(|oldest| age >= oldest) {
                slop = SLOP;
            } else if slop == 0 {
                painting.queue.push((age, id));
                break;
            } else {
                slop -= 1;
            }
            let Some(paint) = self.painted.get_mut(&id) else { continue };
            paint.queued = false;
            let hidden = paint.hidden;
            if !hidden {
                painting.open -= 1;
                oldest = Some(oldest.map_or(age, |oldest| oldest.min(age)));
            }
            let parents = self.painted_parents(id)?;
            let followed = if self.first_parent && !hidden { parents.get(..1).unwrap_or_default() } else { &parents };
            for parent in followed {
                self.mark(*parent, hidden, &mut painting)?;
            }
        }
        // What waits is hidden. Should a clock have run wrong, some of its ancestors were taken for part of the range.
        let mut hidden: Vec<_> = painting.queue.into_iter().map(|(_, id)| id).collect();
        while let Some(id) = hidden.pop() {
            for parent in self.painted_parents(id)? {
                if let Some(paint) = self.painted.get_mut(&parent).filter(|paint| !paint.hidden) {
                    paint.hidden = true;
                    hidden.push(parent);
                }
            }
        }
        Ok(())
    }

    fn mark(&mut self, id: gix::ObjectId, hide: bool, painting: &mut Painting) -> Result<(), Error> {
        if let Some(paint) = self.painted.get_mut(&id) {
            if hide && !paint.hidden {
                paint.hidden = true;
                if paint.queued {
                    painting.open -= 1;
                } else {
                    paint.queued = true;
                    painting.queue.push((paint.age, id));
                }
            }
            return Ok(());
        }
        let content = self.load(id)?;
        let age = self.age(&content);
        self.kept += content.size();
        self.painted.insert(id, Paint { age, hidden: hide, queued: true, content: Some(content) });
        painting.queue.push((age, id));
        painting.open += usize::from(!hide);
        Ok(())
    }

    /// The parents of a painted commit, whose content is kept if it will be given out.
    fn painted_parents(&mut self, id: gix::ObjectId) -> Result<ParentIds, Error> {
        let content = match self.painted.get_mut(&id).and_then(|paint| paint.content.take()) {
            Some(content) => {
                self.kept -= content.size();
                content
            }
            None => self.load(id)?,
        };
        let parents = self.parents(id, &content);
        match self.painted.get_mut(&id).filter(|paint| !paint.hidden && self.kept + content.size() <= KEPT) {
            Some(paint) => {
                self.kept += content.size();
                paint.content = Some(content);
            }
            None => self.recycle(content),
        }
        Ok(parents)
    }

    fn load(&mut self, id: gix::ObjectId) -> Result<Content, Error> {
        match self.graph.as_ref().and_then(|graph| graph.lookup(id)) {
            Some(position) => Ok(Content::Graph(position)),
            None => self.read(id).map(Content::Data),
        }
    }

    fn read(&mut self, id: gix::ObjectId) -> Result<Vec<u8>, Error> {
        let mut buffer = self.spare.pop().unwrap_or_default();
        let found = self.repo.objects.try_find(&id, &mut buffer);
        let found = found.map_err(|error| Error::repository(format!("read commit {id}"), error))?;
        let Some(size) = found.filter(|object| object.kind == gix::objs::Kind::Commit).map(|object| object.data.len())
        else {
            return Err(Error::UnknownRevision { revision: id.to_string(), source: None });
        };
        buffer.truncate(size);
        Ok(buffer)
    }

    fn recycle(&mut self, content: Content) {
        if let Content::Data(data) = content {
            self.spare.push(data);
        }
    }

    fn age(&self, content: &Content) -> Age {
        match (content, &self.graph) {
            (Content::Graph(position), Some(graph)) => {
                let commit = graph.commit_at(*position);
                (commit.generation(), i64::try_from(commit.committer_timestamp()).unwrap_or(i64::MAX))
            }
            // A commit without a readable time counts as one of 1970, as in git.
            (Content::Data(data), _) => (u32::MAX, commit(data).committer().map_or(0, |who| who.seconds())),
            (Content::Graph(_), None) => (0, 0),
        }
    }

    fn parents(&self, id: gix::ObjectId, content: &Content) -> ParentIds {
        if self.shallow.binary_search(&id).is_ok() {
            return ParentIds::default();
        }
        match (content, &self.graph) {
            (Content::Graph(position), Some(graph)) => graph
                .commit_at(*position)
                .iter_parents()
                .filter_map(|parent| parent.ok().map(|parent| graph.id_at(parent).to_owned()))
                .collect(),
            (Content::Data(data), _) => commit(data).parent_ids().collect(),
            (Content::Graph(_), None) => ParentIds::default(),
        }
    }
}

fn commit(data: &[u8]) -> CommitRefIter<'_> {
    CommitRefIter::from_bytes(data, gix::hash::Kind::Sha1)
}
