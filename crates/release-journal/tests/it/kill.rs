//! Killed at every record, and on either side of every effect: the run that is opened again ends in the same world.

use std::sync::Arc;

use release_journal::*;

use crate::world::*;

async fn resume_until_complete(store: &MemoryStore, world: &World, hand: &Hand, name: &str) {
    let plan = Approved::mock(abc()).unwrap();
    apply(store.clone(), &plan, world, options(hand, Arc::new(NoProgress))).await.unwrap();
    assert_eq!(world.there(), abc().entries, "{name}: the same world");
    assert_eq!(
        world.effects(),
        [("a".to_owned(), 1), ("b".to_owned(), 1), ("c".to_owned(), 1)],
        "{name}: each effect once"
    );
    let history = history(store).await;
    assert_eq!(history.state(), RunState::Complete, "{name}");
    // No effect without an intent before it.
    let lines = lines(&history);
    for step in ["put:a", "put:b", "put:c"] {
        let first = lines.iter().position(|line| line.starts_with(step)).unwrap();
        assert_eq!(lines[first], format!("{step} intent"), "{name}: {lines:?}");
    }
}

#[tokio::test]
async fn at_every_record() {
    for phase in [Phase::Before, Phase::After] {
        let mut kills = 0;
        for creates in 1.. {
            let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
            let dying = Dying::new(store.clone(), creates, phase);
            let plan = Approved::mock(abc()).unwrap();
            let result = apply(dying.clone(), &plan, &world, options(&hand, Arc::new(NoProgress))).await;
            if !dying.is_dead() {
                result.unwrap();
                break;
            }
            let complete = matches!(phase, Phase::After) && creates == 11;
            assert!(result.is_err() || complete, "{phase:?} {creates}: a journal that fails stops the run");
            kills += 1;
            resume_until_complete(&store, &world, &hand, &format!("{phase:?} create {creates}")).await;
        }
        // lease, plan, opened, three times intent and done, complete, lease given back
        assert_eq!(kills, 11, "{phase:?}");
    }
}

#[tokio::test]
async fn on_either_side_of_every_effect() {
    for phase in [Phase::Before, Phase::After] {
        for step in ["a", "b", "c"] {
            let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
            *world.failing.lock().unwrap() = Some((step.to_owned(), phase));
            let plan = Approved::mock(abc()).unwrap();
            let error = apply(store.clone(), &plan, &world, options(&hand, Arc::new(NoProgress))).await.unwrap_err();
            assert!(matches!(&error, RunError::Step { step: failed, .. } if failed.subject() == step), "{error}");
            assert_eq!(history(&store).await.state(), RunState::Failed);
            resume_until_complete(&store, &world, &hand, &format!("{phase:?} effect {step}")).await;
        }
    }
}

#[tokio::test]
async fn again_and_again() {
    // Killed at the first record, the second time at the second, and so on, always in the same world.
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let plan = Approved::mock(abc()).unwrap();
    for creates in 1..40 {
        let dying = Dying::new(store.clone(), creates, Phase::After);
        match apply(dying.clone(), &plan, &world, options(&hand, Arc::new(NoProgress))).await {
            Ok(_) => break,
            Err(error) => assert!(dying.is_dead(), "{creates}: {error}"),
        }
    }
    assert_eq!(world.there(), abc().entries);
    assert!(world.effects().iter().all(|(_, times)| *times == 1), "{:?}", world.effects());
    assert_eq!(history(&store).await.state(), RunState::Complete);
}
