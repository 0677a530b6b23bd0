use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use release_journal::*;

use crate::world::Hand;

const TTL: Duration = Duration::from_secs(60);

fn holder(name: &str, pid: u32) -> Holder {
    Holder { name: name.into(), host: "laptop".into(), pid, run: "stage-v1.2.0-0123456789ab".parse().unwrap() }
}

async fn acquire<S: Store>(store: S, name: &str, hand: &Hand) -> Result<Lease<S>, LeaseError> {
    Lease::acquire(store, "main", holder(name, 7), TTL, hand.clock(), |_| false).await
}

#[tokio::test]
async fn the_second_is_told_the_holders_name() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    let lease = acquire(store.clone(), "one", &hand).await.unwrap();
    let error = acquire(store.clone(), "two", &hand).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`main` is held by one (stage-v1.2.0-0123456789ab on laptop, process 7) until 2020-09-13T12:27:40Z"
    );
    // Another subject is free.
    Lease::acquire(store.clone(), "release-1.2", holder("two", 7), TTL, hand.clock(), |_| false).await.unwrap();
    lease.release().await.unwrap();
    let current = Lease::current(&store, "main").await.unwrap().unwrap();
    assert_eq!((current.holder.name.as_str(), current.state), ("one", LeaseState::Released));
    acquire(store, "two", &hand).await.unwrap();
}

#[tokio::test]
async fn an_expired_lease_is_taken_over_and_the_loser_notices() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    let mut one = acquire(store.clone(), "one", &hand).await.unwrap();
    hand.forward(59);
    assert!(matches!(acquire(store.clone(), "two", &hand).await, Err(LeaseError::Held { .. })), "one second is left");
    hand.forward(1);
    let mut two = acquire(store.clone(), "two", &hand).await.unwrap();
    assert!(matches!(one.ensure().await, Err(LeaseError::Lost { .. })), "ensure");
    assert!(matches!(one.renew().await, Err(LeaseError::Lost { .. })), "renew");
    // Giving back what is lost does not take it from the new holder.
    one.release().await.unwrap();
    two.ensure().await.unwrap();
    assert_eq!(Lease::current(&store, "main").await.unwrap().unwrap(), *two.record());
}

#[tokio::test]
async fn a_dead_holder_is_succeeded_at_once() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    let mut dead = acquire(store.clone(), "dead", &hand).await.unwrap();
    let gone = |holder: &Holder| holder.name == "dead" && holder.pid == 7;
    let two = Lease::acquire(store.clone(), "main", holder("two", 8), TTL, hand.clock(), gone).await.unwrap();
    assert_eq!(two.record().holder.name, "two");
    assert!(matches!(dead.ensure().await, Err(LeaseError::Lost { .. })), "not dead after all: it notices");
    let third = Lease::acquire(store, "main", holder("three", 9), TTL, hand.clock(), gone).await;
    assert!(matches!(third, Err(LeaseError::Held { holder, .. }) if holder.name == "two"));
}

#[tokio::test]
async fn a_lease_in_use_is_renewed_and_its_chain_stays_short() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    let mut lease = acquire(store.clone(), "one", &hand).await.unwrap();
    let acquired = lease.record().acquired;
    for round in 0..10 {
        hand.forward(29);
        lease.ensure().await.unwrap();
        hand.forward(2); // less than half is left
        lease.ensure().await.unwrap();
        assert!(matches!(acquire(store.clone(), "two", &hand).await, Err(LeaseError::Held { .. })), "{round}");
    }
    assert_eq!(lease.record().acquired, acquired);
    assert_eq!(store.list("leases/main/").await.unwrap(), ["leases/main/000000000011.json"]);
    lease.release().await.unwrap();
    assert_eq!(store.list("leases/main/").await.unwrap(), ["leases/main/000000000012.json"]);
}

#[tokio::test]
async fn a_long_step_keeps_the_lease() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    let ttl = Duration::from_millis(150);
    let mut lease =
        Lease::acquire(store.clone(), "main", holder("one", 7), ttl, hand.clock(), |_| false).await.unwrap();
    let work = async {
        for _ in 0..5 {
            // The lease is over, by the clock; it is renewed while this step still works.
            hand.forward(1);
            let now = hand.clock().now();
            while Lease::current(&store, "main").await.unwrap().unwrap().expires <= now {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            assert!(matches!(acquire(store.clone(), "two", &hand).await, Err(LeaseError::Held { .. })));
        }
        "done"
    };
    assert_eq!(lease.keep(work).await.unwrap(), "done");
}

async fn race<S: Store + Clone + 'static>(store: S, hand: &Hand, name: &str) {
    let barrier = Arc::new(tokio::sync::Barrier::new(8));
    let runs: Vec<_> = (0..8)
        .map(|number| {
            let (store, hand, barrier) = (store.clone(), hand.clone(), barrier.clone());
            tokio::spawn(async move {
                barrier.wait().await;
                acquire(store, &format!("run-{number}"), &hand).await
            })
        })
        .collect();
    let (mut won, mut held) = (Vec::new(), Vec::new());
    for run in runs {
        match run.await.unwrap() {
            Ok(lease) => won.push(lease),
            Err(LeaseError::Held { holder, .. }) => held.push(holder.name.clone()),
            Err(error) => panic!("{name}: {error}"),
        }
    }
    assert_eq!((won.len(), held.len()), (1, 7), "{name}");
    assert!(held.iter().all(|holder| *holder == won[0].record().holder.name), "{name}: {held:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_racers_one_wins() {
    let hand = Hand::default();
    for round in 0..20 {
        let (memory, folder) = (MemoryStore::new(), tempfile::tempdir().unwrap());
        let folder = FolderStore::new(folder.path());
        race(memory.clone(), &hand, &format!("memory {round}")).await;
        race(folder.clone(), &hand, &format!("folder {round}")).await;
        hand.forward(61); // and again for an expired one
        race(memory, &hand, &format!("memory, expired, {round}")).await;
        race(folder, &hand, &format!("folder, expired, {round}")).await;
    }
}

/// A store for somebody who is slow: between looking and creating, the holder wakes up and renews twice, which removes
/// the very record whose number the slow one is about to create.
#[derive(Debug, Clone)]
struct Slow {
    inner: MemoryStore,
    sleeper: Arc<Mutex<Option<Lease<MemoryStore>>>>,
}

impl Store for Slow {
    async fn create(&self, name: &str, bytes: &[u8]) -> Result<Created, StoreError> {
        let sleeper = self.sleeper.lock().unwrap().take();
        if let Some(mut lease) = sleeper {
            lease.renew().await.unwrap();
            lease.renew().await.unwrap();
            *self.sleeper.lock().unwrap() = Some(lease);
        }
        self.inner.create(name, bytes).await
    }
    async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.read(name).await
    }
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.inner.list(prefix).await
    }
    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        self.inner.remove(name).await
    }
}

#[tokio::test]
async fn a_number_that_was_used_and_removed_does_not_count() {
    let (inner, hand) = (MemoryStore::new(), Hand::default());
    let lease = acquire(inner.clone(), "sleeper", &hand).await.unwrap();
    hand.forward(61);
    let store = Slow { inner: inner.clone(), sleeper: Arc::new(Mutex::new(Some(lease))) };
    let error = acquire(store.clone(), "slow", &hand).await.unwrap_err();
    assert!(matches!(error, LeaseError::Held { holder, .. } if holder.name == "sleeper"));
    let mut lease = store.sleeper.lock().unwrap().take().unwrap();
    lease.ensure().await.unwrap();
    assert_eq!(inner.list("leases/main/").await.unwrap().len(), 1, "nothing stale is left");
}

#[tokio::test]
async fn the_loser_notices_though_the_winner_has_renewed() {
    type Use = fn(&mut Lease<MemoryStore>) -> std::pin::Pin<Box<dyn Future<Output = Result<(), LeaseError>> + '_>>;
    let uses: [(&str, Use); 3] = [
        ("renew", |lease| Box::pin(lease.renew())),
        ("ensure", |lease| Box::pin(lease.ensure())),
        ("keep", |lease| Box::pin(lease.keep(std::future::pending()))),
    ];
    for (name, use_lease) in uses {
        let (store, hand) = (MemoryStore::new(), Hand::default());
        let ttl = Duration::from_millis(60);
        let take = |holder| Lease::acquire(store.clone(), "main", holder, ttl, hand.clock(), |_| false);
        let mut one = take(holder("one", 1)).await.unwrap();
        hand.forward(1);
        let mut two = take(holder("two", 2)).await.unwrap();
        two.renew().await.unwrap(); // removes the record that follows the one of the loser
        assert!(matches!(use_lease(&mut one).await, Err(LeaseError::Lost { .. })), "{name}");
        one.release().await.unwrap();
        two.renew().await.unwrap();
        assert_eq!(Lease::current(&store, "main").await.unwrap().unwrap(), *two.record(), "{name}");
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_named() {
    let (store, hand) = (MemoryStore::new(), Hand::default());
    store.create("leases/main/000000000001.json", b"{").await.unwrap();
    let error = acquire(store, "one", &hand).await.unwrap_err();
    assert_eq!(error.to_string(), "lease record `leases/main/000000000001.json` cannot be read");
    let store = MemoryStore::new();
    store.create("leases/main/readme.txt", b"").await.unwrap();
    assert!(matches!(acquire(store, "one", &hand).await, Err(LeaseError::Store(StoreError::BadName { .. }))));
    let bad = Lease::acquire(MemoryStore::new(), "feature/x y", holder("one", 1), TTL, hand.clock(), |_| false).await;
    assert!(matches!(bad, Err(LeaseError::Store(StoreError::BadName { .. }))));
}
