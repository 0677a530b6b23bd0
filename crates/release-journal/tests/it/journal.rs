use std::sync::Arc;

use release_journal::*;

use crate::world::*;

fn mock(plan: Put) -> Approved<Put> {
    Approved::mock(plan).unwrap()
}

#[tokio::test]
async fn a_run_is_written_down_in_order() {
    let (store, world, hand, seen) = (MemoryStore::new(), World::default(), Hand::default(), Arc::new(Seen::default()));
    let outputs = apply(store.clone(), &mock(abc()), &world, options(&hand, seen.clone())).await.unwrap();
    assert_eq!(outputs, ["1", "2", "3"]);
    let history = history(&store).await;
    assert_eq!(
        lines(&history),
        [
            "run opened",
            "put:a intent",
            "put:a done",
            "put:b intent",
            "put:b done",
            "put:c intent",
            "put:c done",
            "run complete"
        ]
    );
    assert_eq!(history.state(), RunState::Complete);
    assert_eq!(history.plan, serde_json::to_value(abc()).unwrap());
    let Entry::Done { evidence, ran } = &history.records[2].entry else { panic!("{:?}", history.records[2]) };
    assert_eq!((evidence, *ran), (&serde_json::json!("1"), true));
    assert_eq!(history.records[2].by, "release-bot@laptop");
    assert_eq!(history.records[2].at.to_string(), "2020-09-13T12:26:40Z");
    // Looked at before and after.
    assert_eq!(*world.observed.lock().unwrap(), ["a", "a", "b", "b", "c", "c"]);

    let events: Vec<String> = seen
        .events()
        .into_iter()
        .map(|event| match event {
            Event::RunStarted { total, .. } => format!("run of {total}"),
            Event::StepStarted { step, index, total } => format!("{index}/{total} {step}"),
            Event::Effect { phase, subject } => format!("{phase:?} {subject}"),
            Event::StepEnded { step, outcome, .. } => format!("{step} {outcome:?}"),
            Event::RunEnded { complete, .. } => format!("complete: {complete}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(events[..5], ["run of 3", "1/3 put:a", "Before step put:a", "After step put:a", "put:a Ran"]);
    assert_eq!(events.last().unwrap(), "complete: true");
    assert_eq!(events.len(), 14);
}

#[tokio::test]
async fn what_is_done_is_not_run_again() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    world.there.lock().unwrap().insert("b".into(), "2".into());
    let seen = Arc::new(Seen::default());
    let outputs = apply(store.clone(), &mock(abc()), &world, options(&hand, seen.clone())).await.unwrap();
    assert_eq!(outputs, ["1", "2", "3"]);
    assert_eq!(world.effects(), [("a".into(), 1), ("c".into(), 1)]);
    assert!(seen.events().iter().any(|event| matches!(event,
        Event::StepEnded { step, outcome: StepOutcome::AlreadyDone, .. } if step.subject() == "b")));
    // And the whole run again: nothing.
    apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap();
    assert_eq!(world.effects(), [("a".into(), 1), ("c".into(), 1)]);
    let again = history(&store).await;
    assert_eq!(lines(&again)[7..], ["run opened", "put:a done", "put:b done", "put:c done", "run complete"]);
    assert!(again.records[8..11].iter().all(|record| matches!(record.entry, Entry::Done { ran: false, .. })));
}

#[tokio::test]
async fn something_else_there_refuses() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    world.there.lock().unwrap().insert("b".into(), "other".into());
    let error = apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap_err();
    assert!(
        matches!(&error, RunError::Moved { step, difference } if step.subject() == "b" && difference.found == "other")
    );
    assert_eq!(world.there()["b"], "other", "left as it was");
    assert!(!world.there().contains_key("c"), "nothing after it ran");
    let history = history(&store).await;
    assert_eq!(history.state(), RunState::Failed);
    let Entry::Failed { error } = &history.records.last().unwrap().entry else { panic!() };
    assert!(error.ends_with("plan again: entry `b`: expected 2, found other"), "{error}");
}

#[tokio::test]
async fn a_result_that_cannot_be_seen_is_a_failure() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    world.lost.lock().unwrap().push("b".into());
    let error = apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap_err();
    assert!(matches!(&error, RunError::NotDone { step } if step.subject() == "b"), "{error}");
    assert_eq!(lines(&history(&store).await)[3..], ["put:b intent", "put:b failed"]);
    assert!(!world.there().contains_key("c"));
}

#[tokio::test]
async fn a_step_that_is_not_needed_says_why() {
    let (store, world, hand, seen) = (MemoryStore::new(), World::default(), Hand::default(), Arc::new(Seen::default()));
    let plan = put(&[("a", "1"), ("b", "nothing")], Reach::Mock);
    let outputs = apply(store.clone(), &mock(plan), &world, options(&hand, seen.clone())).await.unwrap();
    assert_eq!(outputs, ["1", ""]);
    assert_eq!(world.effects(), [("a".into(), 1)]);
    assert_eq!(lines(&history(&store).await)[3..], ["put:b not-needed", "run complete"]);
    assert!(seen.events().iter().any(|event| matches!(event,
        Event::StepEnded { outcome: StepOutcome::Skipped { reason }, .. } if reason == "nothing to put")));
}

#[tokio::test]
async fn a_line_that_lies_is_not_believed() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap();
    // The journal says that all is done; somebody emptied the destination.
    world.there.lock().unwrap().remove("b");
    assert_eq!(history(&store).await.state(), RunState::Complete);
    apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap();
    assert_eq!(world.there(), abc().entries);
    assert_eq!(world.effects(), [("a".into(), 1), ("b".into(), 2), ("c".into(), 1)]);
}

#[tokio::test]
async fn another_plan_under_the_same_name_is_refused() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let run = format!("put-{}", abc().fingerprint().unwrap().short());
    store.create(&format!("runs/{run}/plan.json"), br#"{"entries":{},"reach":"mock"}"#).await.unwrap();
    let error = apply(store.clone(), &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap_err();
    assert!(matches!(error, RunError::Journal(JournalError::OtherPlan { run: taken }) if taken.as_str() == run));
    assert!(world.effects().is_empty());
    // A run that was refused does not keep others waiting.
    let lease = Lease::current(&store, "main").await.unwrap().unwrap();
    assert_eq!(lease.state, LeaseState::Released);
}

#[tokio::test]
async fn a_second_run_is_refused_while_one_holds_the_lease() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let open = |name: &str| {
        let mut options = options(&hand, Arc::new(NoProgress));
        options.name = name.to_owned();
        let (store, plan) = (store.clone(), mock(abc()));
        async move { Journal::open(store, &plan, vec![], options, |_| false).await }
    };
    let mut first = open("first").await.unwrap();
    let error = open("second").await.unwrap_err();
    assert!(
        matches!(&error, JournalError::Lease(LeaseError::Held { holder, .. }) if holder.name == "first"),
        "{error}"
    );
    assert_eq!(lines(&history(&store).await), ["run opened"], "the second wrote nothing");
    first.step(&world, &steps(&abc())[0]).await.unwrap();
    first.abandon().await.unwrap();
    open("second").await.unwrap();
}

#[tokio::test]
async fn a_run_that_lost_its_lease_writes_nothing_more() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let plan = mock(abc());
    let open = || Journal::open(store.clone(), &plan, vec![], options(&hand, Arc::new(NoProgress)), |_| false);
    let mut first = open().await.unwrap();
    hand.forward(121);
    let mut second = open().await.unwrap();
    let error = first.step(&world, &steps(&abc())[0]).await.unwrap_err();
    assert!(matches!(error, RunError::Journal(JournalError::Lease(LeaseError::Lost { .. }))), "{error}");
    assert!(world.effects().is_empty(), "and does nothing more");
    // The line numbers belong to the second run alone.
    for step in steps(&abc()) {
        second.step(&world, &step).await.unwrap();
    }
    second.complete().await.unwrap();
    assert_eq!(world.there(), abc().entries);
}

#[tokio::test]
async fn the_error_of_a_step_is_not_lost_when_the_journal_fails_too() {
    let (inner, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    *world.failing.lock().unwrap() = Some(("a".into(), Phase::Before));
    // lease, plan, opened, intent; the line about the failure cannot be written
    let store = Dying::new(inner, 5, Phase::Before);
    let error = apply(store, &mock(abc()), &world, options(&hand, Arc::new(NoProgress))).await.unwrap_err();
    assert!(matches!(&error, RunError::Step { source, .. } if source.to_string() == "the wire was cut"), "{error:?}");
}

#[tokio::test]
async fn an_interrupt_stops_before_the_next_step() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let plan = mock(abc());
    let options_ = options(&hand, Arc::new(NoProgress));
    let interrupt = options_.interrupt.clone();
    let mut journal = Journal::open(store.clone(), &plan, vec![], options_, |_| false).await.unwrap();
    let steps = steps(plan.plan());
    journal.step(&world, &steps[0]).await.unwrap();
    interrupt.raise();
    let error = journal.step(&world, &steps[1]).await.unwrap_err();
    assert!(matches!(&error, RunError::Interrupted { step } if step.subject() == "b"));
    journal.abandon().await.unwrap();
    assert_eq!(world.effects(), [("a".into(), 1)]);
    let history = history(&store).await;
    assert_eq!(history.state(), RunState::Interrupted);
    assert_eq!(lines(&history).last().unwrap(), "put:b interrupted");
    // The lease is free, and the run can be resumed at once.
    apply(store.clone(), &plan, &world, options(&hand, Arc::new(NoProgress))).await.unwrap();
    assert_eq!(world.effects(), [("a".into(), 1), ("b".into(), 1), ("c".into(), 1)]);
}

#[tokio::test]
async fn the_history_of_a_run_that_is_not_there() {
    let store = MemoryStore::new();
    let run: RunId = "put-0123456789ab".parse().unwrap();
    assert!(matches!(History::read(&store, &run).await, Err(HistoryError::NoSuchRun { .. })));
    store.create("runs/put-0123456789ab/plan.json", b"{}").await.unwrap();
    store.create("runs/put-0123456789ab/records/00000001.json", b"{}").await.unwrap();
    let error = History::read(&store, &run).await.unwrap_err();
    assert_eq!(error.to_string(), "journal object `runs/put-0123456789ab/records/00000001.json` cannot be read");
    for bad in ["", "a/b", "..", "a b"] {
        assert!(bad.parse::<RunId>().is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn the_approval_travels_with_the_run() {
    let (store, world, hand) = (MemoryStore::new(), World::default(), Hand::default());
    let plan = put(&[("a", "1")], Reach::Production);
    let fingerprint = plan.fingerprint().unwrap();
    let at = hand.clock().now();
    let approval = Approval::typed(fingerprint, &fingerprint.to_string(), "release-manager", at).unwrap();
    let approved = Approved::production(plan, approval.clone()).unwrap();
    apply(store.clone(), &approved, &world, options(&hand, Arc::new(NoProgress))).await.unwrap();
    assert_eq!(history(&store).await.approval, Some(approval));
}
