//! Many things in batches whose size follows what the server bears.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::{LANE, Persistence};
use crate::{Error, Event, Forecast, GithubClient};

/// What one batch gave.
pub(super) struct Answered<K, V> {
    pub(super) values: BTreeMap<K, V>,
    /// What failed by itself, and will not come by asking again.
    pub(super) failed: BTreeMap<K, Error>,
    /// What is to be asked for again, alone.
    pub(super) again: Vec<K>,
}

/// What all batches gave together.
pub(super) struct Gathered<K, V> {
    pub(super) values: BTreeMap<K, V>,
    pub(super) failed: BTreeMap<K, Error>,
}

/// The limits of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchOptions {
    /// The most things in one request.
    pub(super) most: usize,
    /// How many requests at once.
    pub(super) parallel: usize,
}

/// How many batches in a row have to succeed before the next ones are larger.
const PATIENCE: u32 = 2;
/// How many single things in a row may fail, with no answer between, before the server is taken to be down.
const HOPELESS: u32 = 5;
/// How long a run that failed waits for the requests that are under way.
const LAST_ORDERS: Duration = Duration::from_secs(2);

impl GithubClient {
    /// Asks for all keys. A batch that is too much for the server is halved; what fails alone is reported by its key.
    ///
    /// # Errors
    /// What concerns all keys: credentials, limits, a repository that is not there, a server that is down.
    pub(super) async fn in_batches<K, V, F>(
        &self,
        keys: Vec<K>,
        options: BatchOptions,
        ask: impl Fn(Vec<K>, Persistence) -> F,
    ) -> Result<Gathered<K, V>, Error>
    where
        K: Ord + Clone,
        F: Future<Output = Result<Answered<K, V>, Error>>,
    {
        let mut run =
            Run { queue: keys.into(), alone: VecDeque::new(), size: options.most.max(1), successes: 0, hopeless: 0 };
        let mut gathered = Gathered { values: BTreeMap::new(), failed: BTreeMap::new() };
        self.check_budget(run.queue.len(), run.size)?;
        let mut running = FuturesUnordered::new();
        let error = loop {
            while running.len() < options.parallel.max(1) {
                let keys = run.next();
                if keys.is_empty() {
                    break;
                }
                let persistence = if keys.len() == 1 { Persistence::Full } else { Persistence::Once };
                let asked = ask(keys.clone(), persistence);
                running.push(async move { (keys, asked.await) });
            }
            let Some((keys, outcome)) = running.next().await else { return Ok(gathered) };
            let before = run.size;
            match outcome {
                Ok(answered) => {
                    gathered.values.extend(answered.values);
                    gathered.failed.extend(answered.failed);
                    run.alone.extend(answered.again);
                    run.succeeded(options.most);
                    if let Err(error) = self.check_budget(run.queue.len(), run.size) {
                        break error;
                    }
                }
                Err(error) if !is_of_one(&error) => break error,
                Err(error) if keys.len() == 1 => {
                    run.hopeless += 1;
                    if run.hopeless >= HOPELESS {
                        break error;
                    }
                    gathered.failed.extend(keys.into_iter().next().map(|key| (key, error)));
                }
                Err(_) => {
                    run.halve(keys);
                    // A server in trouble is not helped by being asked again at once.
                    tokio::time::sleep(self.shared.retry.first_delay).await;
                }
            }
            if run.size != before {
                self.shared.tell(&Event::BatchSize { size: run.size });
            }
        };
        // What is under way has been paid for; it may still come in, and be written down.
        let rest = async { while running.next().await.is_some() {} };
        if tokio::time::timeout(LAST_ORDERS, rest).await.is_err() {
            tracing::debug!("requests that were under way are given up");
        }
        Err(error)
    }

    /// Stops a run that what is left cannot hold, as far as that is known.
    fn check_budget(&self, left: usize, size: usize) -> Result<(), Error> {
        Forecast::new(left.div_ceil(size) as u64, self.allowance(LANE).as_ref()).check()
    }
}

/// Whether an error may come from what was asked for, and not from the server, the token or a limit.
fn is_of_one(error: &Error) -> bool {
    matches!(error, Error::Unavailable { .. } | Error::TooLarge { .. } | Error::Malformed { .. })
}

/// What is still to be asked for, and in which portions.
struct Run<K> {
    queue: VecDeque<K>,
    alone: VecDeque<K>,
    size: usize,
    successes: u32,
    hopeless: u32,
}

impl<K> Run<K> {
    fn next(&mut self) -> Vec<K> {
        match self.alone.pop_front() {
            Some(key) => vec![key],
            None => self.queue.drain(..self.size.min(self.queue.len())).collect(),
        }
    }

    fn succeeded(&mut self, most: usize) {
        self.hopeless = 0;
        self.successes += 1;
        if self.successes >= PATIENCE && self.size < most {
            self.successes = 0;
            self.size = (self.size * 2).min(most);
        }
    }

    /// Several batches of the old size may fail together; they halve it once.
    fn halve(&mut self, keys: Vec<K>) {
        self.successes = 0;
        self.size = self.size.min(keys.len().div_ceil(2));
        keys.into_iter().rev().for_each(|key| self.queue.push_front(key));
    }
}
