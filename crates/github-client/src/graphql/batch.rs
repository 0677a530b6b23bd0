//! Many things in batches whose size follows what the server bears.

use std::collections::{BTreeMap, VecDeque};

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
        let mut gathered = Gathered { values: BTreeMap::new(), failed: BTreeMap::new() };
        let mut queue: VecDeque<K> = keys.into();
        let mut alone: VecDeque<K> = VecDeque::new();
        let mut size = options.most.max(1);
        let (mut successes, mut hopeless) = (0, 0);
        self.check_budget(queue.len(), size)?;
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < options.parallel.max(1) {
                let keys: Vec<K> = if alone.is_empty() {
                    queue.drain(..size.min(queue.len())).collect()
                } else {
                    alone.pop_front().into_iter().collect()
                };
                if keys.is_empty() {
                    break;
                }
                let persistence = if keys.len() == 1 { Persistence::Full } else { Persistence::Once };
                let asked = ask(keys.clone(), persistence);
                running.push(async move { (keys, asked.await) });
            }
            let Some((keys, outcome)) = running.next().await else { return Ok(gathered) };
            match outcome {
                Ok(answered) => {
                    hopeless = 0;
                    successes += 1;
                    gathered.values.extend(answered.values);
                    gathered.failed.extend(answered.failed);
                    alone.extend(answered.again);
                    if successes >= PATIENCE && size < options.most {
                        successes = 0;
                        size = (size * 2).min(options.most);
                        self.shared.tell(&Event::BatchSize { size });
                    }
                    self.check_budget(queue.len(), size)?;
                }
                Err(Error::Unavailable { .. } | Error::TooLarge { .. } | Error::Malformed { .. }) if keys.len() > 1 => {
                    successes = 0;
                    // Several batches of the old size may fail together; they halve it once.
                    let half = keys.len().div_ceil(2);
                    if half < size {
                        size = half;
                        self.shared.tell(&Event::BatchSize { size });
                    }
                    keys.into_iter().rev().for_each(|key| queue.push_front(key));
                    // A server in trouble is not helped by being asked again at once.
                    tokio::time::sleep(self.shared.retry.first_delay).await;
                }
                Err(error @ (Error::Unavailable { .. } | Error::TooLarge { .. } | Error::Malformed { .. })) => {
                    hopeless += 1;
                    if hopeless >= HOPELESS {
                        return Err(error);
                    }
                    gathered.failed.extend(keys.into_iter().next().map(|key| (key, error)));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Stops a run that what is left cannot hold, as far as that is known.
    fn check_budget(&self, left: usize, size: usize) -> Result<(), Error> {
        Forecast::new(left.div_ceil(size) as u64, self.allowance(LANE).as_ref()).check()
    }
}
