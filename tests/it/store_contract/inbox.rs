//! A message is accepted once, answered once, and never forgotten (I3).

use std::sync::Arc;

use frontdesk::store::{Acceptance, CommitOutcome, InboxState};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, attempt, committed, message, pair, turn};

pub(crate) async fn a_message_is_new_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let first = message(&pair("ana"), "m1");
    assert_eq!(
        store.accept(vec![first.clone()]).await.unwrap(),
        [Acceptance::New]
    );
    let mut again = first.clone();
    again.text = "something else".to_owned();
    let both = vec![again, message(&pair("ana"), "m2")];
    assert_eq!(
        store.accept(both).await.unwrap(),
        [Acceptance::Duplicate, Acceptance::New]
    );
    let receipt = store.receipt(&first.key).await.unwrap().unwrap();
    assert_eq!(receipt.text, first.text);
    assert_eq!(receipt.state, InboxState::Pending);
    assert_eq!(receipt.answer, None);
    assert!(store.accept(Vec::new()).await.unwrap().is_empty());
}

pub(crate) async fn a_message_delivered_a_hundred_times_at_once_is_new_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let barrier = Arc::new(Barrier::new(100));
    let mut tasks = JoinSet::new();
    for _ in 0..100 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            store.accept(vec![message(&pair("ana"), "m1")]).await.unwrap()[0]
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|a| **a == Acceptance::New).count(), 1);
    assert_eq!(store.open(&pair("ana"), None).await.unwrap().pending.len(), 1);
}

pub(crate) async fn a_key_twice_in_one_call_is_new_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let twice = vec![message(&pair("ana"), "m1"), message(&pair("ana"), "m1")];
    assert_eq!(
        store.accept(twice).await.unwrap(),
        [Acceptance::New, Acceptance::Duplicate]
    );
}

pub(crate) async fn the_same_id_in_another_account_is_another_message(backend: &dyn Backend) {
    let store = backend.open().await;
    let both = vec![message(&pair("ana"), "m1"), message(&pair("ben"), "m1")];
    assert_eq!(
        store.accept(both).await.unwrap(),
        [Acceptance::New, Acceptance::New]
    );
}

pub(crate) async fn pending_messages_come_oldest_first_and_leave_with_their_turn(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let messages: Vec<_> = ["m1", "m2", "m3"].map(|name| message(&ana, name)).into();
    store.accept(messages.clone()).await.unwrap();
    store.accept(vec![message(&pair("ben"), "m1")]).await.unwrap();
    assert_eq!(store.open(&ana, None).await.unwrap().pending, messages);

    let mut turn = turn(&ana, 0);
    turn.answered = messages[..2].to_vec();
    committed(&store, turn.clone()).await;
    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!(opened.pending, messages[2..]);
    for message in &messages[..2] {
        let receipt = store.receipt(&message.key).await.unwrap().unwrap();
        assert_eq!(receipt.state, InboxState::Done);
        assert_eq!(receipt.answer.as_ref(), Some(&turn.answer));
    }
    // Delivered again, it stays answered.
    assert_eq!(
        store.accept(messages[..1].to_vec()).await.unwrap(),
        [Acceptance::Duplicate]
    );
    assert_eq!(store.open(&ana, None).await.unwrap().pending.len(), 1);
}

pub(crate) async fn a_message_that_was_never_accepted_is_done_with_its_turn(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    assert_eq!(
        store.accept(vec![message(&ana, "m1")]).await.unwrap(),
        [Acceptance::Duplicate]
    );
    assert!(store.open(&ana, None).await.unwrap().pending.is_empty());
}

pub(crate) async fn a_turn_with_an_answered_message_writes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    committed(&store, turn(&ana, 0)).await;
    let mut second = turn(&ana, 1);
    second.answered = vec![message(&ana, "m2"), message(&ana, "m1")];
    let outcome = store.commit(second).await.unwrap();
    assert_eq!(
        outcome,
        CommitOutcome::AlreadyAnswered(vec![message(&ana, "m1").key])
    );
    assert_eq!(store.open(&ana, None).await.unwrap().version(), 1);
    assert_eq!(store.receipt(&message(&ana, "m2").key).await.unwrap(), None);
}

pub(crate) async fn of_two_turns_with_one_message_exactly_one_answers_it(backend: &dyn Backend) {
    let store = backend.open().await;
    for round in 0..8 {
        let shared = message(&pair("shared"), &format!("round-{round}"));
        let barrier = Arc::new(Barrier::new(8));
        let mut tasks = JoinSet::new();
        for n in 0..8 {
            let mut turn = attempt(&pair(&format!("customer-{n}-{round}")), 0, "");
            turn.answered = vec![shared.clone()];
            let (store, barrier) = (store.clone(), barrier.clone());
            tasks.spawn(async move {
                barrier.wait().await;
                store.commit(turn).await.unwrap()
            });
        }
        let outcomes = tasks.join_all().await;
        let refused = CommitOutcome::AlreadyAnswered(vec![shared.key.clone()]);
        assert_eq!(
            outcomes.iter().filter(|o| **o == refused).count(),
            7,
            "{outcomes:?}"
        );
    }
}

pub(crate) async fn a_message_that_fails_four_times_is_given_up_and_the_rest_goes_on(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    store.accept(vec![message(&ana, "m1")]).await.unwrap();
    for _ in 0..4 {
        let found = store.claim_unfinished(at("09:01"), 10).await.unwrap();
        assert_eq!(found.pairs, std::slice::from_ref(&ana));
        assert_eq!(found.dead, 0);
    }
    store.accept(vec![message(&ana, "m2")]).await.unwrap();
    let found = store.claim_unfinished(at("09:01"), 10).await.unwrap();
    assert_eq!(found.dead, 1);
    assert_eq!(found.pairs, std::slice::from_ref(&ana));
    assert_eq!(
        store.open(&ana, None).await.unwrap().pending,
        [message(&ana, "m2")]
    );
    let receipt = store.receipt(&message(&ana, "m1").key).await.unwrap().unwrap();
    assert_eq!(receipt.state, InboxState::Dead);
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.inbox_unfinished, figures.inbox_dead), (1, 1));
}

pub(crate) async fn fresh_messages_are_not_claimed(backend: &dyn Backend) {
    let store = backend.open().await;
    store.accept(vec![message(&pair("ana"), "m1")]).await.unwrap();
    let found = store.claim_unfinished(at("09:00"), 10).await.unwrap();
    assert!(
        found.pairs.is_empty(),
        "received at 09:00, which is not before 09:00"
    );
    committed(&store, turn(&pair("ana"), 0)).await;
    assert!(
        store
            .claim_unfinished(at("10:00"), 10)
            .await
            .unwrap()
            .pairs
            .is_empty()
    );
}

pub(crate) async fn untried_messages_are_claimed_together_and_tried_ones_alone(backend: &dyn Backend) {
    let store = backend.open().await;
    for name in ["ana", "ben", "cleo"] {
        store.accept(vec![message(&pair(name), "m1")]).await.unwrap();
    }
    for expected in [
        &["ana", "ben"][..],
        &["cleo"],
        // All were tried once: each alone, the oldest first.
        &["ana"],
        &["ben"],
        &["cleo"],
        &["ana"],
    ] {
        let found = store.claim_unfinished(at("09:01"), 2).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|name| pair(name)).collect();
        assert_eq!(found.pairs, expected);
    }
    store.accept(vec![message(&pair("dora"), "m1")]).await.unwrap();
    let found = store.claim_unfinished(at("09:01"), 2).await.unwrap();
    assert_eq!(
        found.pairs,
        [pair("dora")],
        "who was never tried goes before the suspects"
    );
}
