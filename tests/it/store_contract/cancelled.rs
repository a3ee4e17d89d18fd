//! A caller may be cancelled at any await: what it asked for happens or does not, and nothing else goes wrong.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use frontdesk::store::{CommitOutcome, HoldOutcome};

use super::Backend;
use super::given::{attempt, hold, message, pair, placed, turn};

/// Polls a future `polls` times, letting others work in between, and drops it.
async fn poll_and_drop(polls: usize, future: impl Future) {
    let mut future = pin!(future);
    for _ in 0..polls {
        let ready =
            std::future::poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await;
        if ready {
            return;
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn callers_cancelled_at_every_await_lose_and_double_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    for round in 0..60_usize {
        let polls = round % 6;
        let version = store.open(&ana, None).await.unwrap().version();
        poll_and_drop(
            polls,
            store.accept(vec![message(&ana, &format!("cancelled-{round}"))]),
        )
        .await;
        poll_and_drop(
            polls,
            store.commit(attempt(&ana, version, &format!("-cancelled-{round}"))),
        )
        .await;
        poll_and_drop(polls, store.open(&ana, None)).await;
        poll_and_drop(polls, store.figures()).await;
        // The same turn again: the queue is in order, so that its answer tells what became of the first.
        let again = store
            .commit(attempt(&ana, version, &format!("-cancelled-{round}")))
            .await
            .unwrap();
        assert_eq!(
            again,
            CommitOutcome::Committed {
                version: version + 1,
                appointments: Vec::new()
            }
        );
    }
    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!(opened.version(), 60);
    let seqs: Vec<u64> = store
        .messages(ana.conversation(), None, 999)
        .await
        .unwrap()
        .iter()
        .map(|entry| entry.seq)
        .collect();
    assert_eq!(seqs, (1..=120).collect::<Vec<_>>());
    // An accepted message is there whole or not at all; the 50 that have been found are as they were sent.
    assert!(
        opened
            .pending
            .iter()
            .all(|found| *found == message(&ana, found.key.message_id.as_str()))
    );
    assert_eq!(store.figures().await.unwrap().conversations, 1);
}

pub(crate) async fn a_cancelled_hold_is_whole_or_not_there(backend: &dyn Backend) {
    let store = backend.open().await;
    for round in 0..24_usize {
        let (from, until) = (format!("{round:02}:00"), format!("{round:02}:30"));
        let wish = hold("ana", "mai", &from, &until);
        let ana = pair("ana");
        let now = super::given::at("09:00");
        poll_and_drop(round % 5, store.hold(&ana.business, &ana, wish.clone(), now)).await;
        assert_eq!(
            placed(&store, wish.clone(), "09:00").await,
            HoldOutcome::Held(wish.clone())
        );
        let outcome = placed(&store, hold("ben", "mai", &from, &until), "09:00").await;
        assert_eq!(outcome, HoldOutcome::Taken);
    }
    // Other conversations have noticed nothing.
    super::given::committed(&store, turn(&pair("cleo"), 0)).await;
}
