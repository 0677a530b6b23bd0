//! What the tests share: a plan, a world of effects, a clock moved by hand, a store that dies.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use release_journal::*;
use serde::{Deserialize, Serialize};

/// A plan to put texts into the world.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Put {
    pub(crate) entries: BTreeMap<String, String>,
    pub(crate) reach: Reach,
}

impl fmt::Display for Put {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|(name, text)| writeln!(f, "put {text} at {name}"))
    }
}

impl Plan for Put {
    fn subject(&self) -> String {
        "put".to_owned()
    }
    fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
    fn reach(&self) -> Reach {
        self.reach
    }
}

pub(crate) fn put(entries: &[(&str, &str)], reach: Reach) -> Put {
    Put { entries: entries.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(), reach }
}

pub(crate) fn abc() -> Put {
    put(&[("a", "1"), ("b", "2"), ("c", "3")], Reach::Mock)
}

/// The destination: what is there, and how often each effect was brought about.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) there: Mutex<BTreeMap<String, String>>,
    pub(crate) effects: Mutex<BTreeMap<String, usize>>,
    /// The step that fails, and on which side of its effect; once.
    pub(crate) failing: Mutex<Option<(String, Phase)>>,
    /// Effects that succeed and leave nothing.
    pub(crate) lost: Mutex<Vec<String>>,
    pub(crate) observed: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn there(&self) -> BTreeMap<String, String> {
        self.there.lock().unwrap().clone()
    }
    pub(crate) fn effects(&self) -> Vec<(String, usize)> {
        self.effects.lock().unwrap().clone().into_iter().collect()
    }
    fn fails(&self, name: &str, phase: Phase) -> Result<(), Broken> {
        let mut failing = self.failing.lock().unwrap();
        if failing.as_ref().is_some_and(|(step, side)| step == name && *side == phase) {
            *failing = None;
            return Err(Broken);
        }
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the wire was cut")]
pub(crate) struct Broken;

pub(crate) struct PutStep {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Step<World> for PutStep {
    type Output = String;
    type Error = Broken;

    fn id(&self) -> StepId {
        StepId::new("put", &*self.name).unwrap()
    }

    async fn observe(&self, world: &World) -> Result<Observed<String>, Broken> {
        world.observed.lock().unwrap().push(self.name.clone());
        Ok(match world.there.lock().unwrap().get(&self.name) {
            None if self.text == "nothing" => {
                Observed::NotNeeded { reason: SkipReason("nothing to put".into()), output: String::new() }
            }
            None => Observed::Absent,
            Some(text) if *text == self.text => Observed::Done(text.clone()),
            Some(text) => Observed::Different(Difference {
                subject: format!("entry `{}`", self.name),
                expected: self.text.clone(),
                found: text.clone(),
            }),
        })
    }

    async fn run(&self, world: &World) -> Result<(), Broken> {
        world.fails(&self.name, Phase::Before)?;
        *world.effects.lock().unwrap().entry(self.name.clone()).or_default() += 1;
        if !world.lost.lock().unwrap().contains(&self.name) {
            world.there.lock().unwrap().insert(self.name.clone(), self.text.clone());
        }
        world.fails(&self.name, Phase::After)
    }
}

/// A clock moved by hand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
    pub(crate) fn clock(&self) -> Clock {
        let seconds = self.0.clone();
        Clock::from_fn(move || Timestamp::from_second(1_600_000_000 + seconds.load(Ordering::SeqCst)).unwrap())
    }
}

/// Keeps the events.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<Event>>);

impl Seen {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

impl ProgressSink for Seen {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A store of a process that dies: from the `n`-th create on, everything fails. With `Phase::After`, the `n`-th create
/// still reaches the store, and its answer is lost.
#[derive(Debug, Clone)]
pub(crate) struct Dying {
    inner: MemoryStore,
    left: Arc<AtomicUsize>,
    phase: Phase,
}

impl Dying {
    pub(crate) fn new(inner: MemoryStore, creates: usize, phase: Phase) -> Self {
        Self { inner, left: Arc::new(AtomicUsize::new(creates)), phase }
    }
    pub(crate) fn is_dead(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
    fn dead<T>(name: &str) -> Result<T, StoreError> {
        Err(StoreError::failed("reach", name, "killed"))
    }
}

impl Store for Dying {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Self::dead(name);
        }
        self.left.store(left - 1, Ordering::SeqCst);
        if left == 1 {
            if self.phase == Phase::After {
                self.inner.create(name, bytes).await?;
            }
            return Self::dead(name);
        }
        self.inner.create(name, bytes).await
    }
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        if self.is_dead() { Self::dead(name) } else { self.inner.read(name).await }
    }
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        if self.is_dead() { Self::dead(prefix) } else { self.inner.list(prefix).await }
    }
    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        if self.is_dead() { Self::dead(name) } else { self.inner.remove(name).await }
    }
}

pub(crate) fn options(hand: &Hand, sink: Arc<dyn ProgressSink>) -> OpenOptions {
    OpenOptions::new("release-bot", "laptop", "main", hand.clock(), sink, Interrupt::new())
}

pub(crate) fn steps(plan: &Put) -> Vec<PutStep> {
    plan.entries.iter().map(|(name, text)| PutStep { name: name.clone(), text: text.clone() }).collect()
}

/// Applies the plan from its first step to its last; leaves the run as a process that dies would.
pub(crate) async fn apply<S: Store + Clone>(
    store: S,
    plan: &Approved<Put>,
    world: &World,
    options: OpenOptions,
) -> Result<Vec<String>, RunError> {
    let steps = steps(plan.plan());
    let ids = steps.iter().map(Step::id).collect();
    // The process of the holder is dead in all these tests: the same one opens the run again.
    let mut journal = Journal::open(store, plan, ids, options, |_| true).await?;
    let mut outputs = Vec::new();
    for step in &steps {
        outputs.push(journal.step(world, step).await?);
    }
    journal.complete().await?;
    Ok(outputs)
}

pub(crate) async fn history<S: Store>(store: &S) -> History {
    let runs = list_runs(store).await.unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    History::read(store, &runs[0]).await.unwrap()
}

/// The records as `step kind`.
pub(crate) fn lines(history: &History) -> Vec<String> {
    let kind = |entry: &Entry| serde_json::to_value(entry).unwrap()["kind"].as_str().unwrap().to_owned();
    history
        .records
        .iter()
        .map(|record| {
            let step = record.step.as_ref().map_or_else(|| "run".to_owned(), ToString::to_string);
            format!("{step} {}", kind(&record.entry))
        })
        .collect()
}
