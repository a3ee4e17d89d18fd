//! Replies leave in order, each under one id (I4).

use std::sync::Arc;

use frontdesk::store::{OutboxRow, Settlement, Store};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, committed, pair, reply, turn};

async fn say(store: &Arc<dyn Store>, who: &str, version: u64, replies: u32) {
    let mut turn = turn(&pair(who), version);
    turn.outbox = (0..replies)
        .map(|ordinal| reply(&turn.pair, version, ordinal))
        .collect();
    committed(store, turn).await;
}

async fn claim(store: &Arc<dyn Store>, now: &str, lease_until: &str) -> Vec<OutboxRow> {
    store.outbox_claim(at(now), at(lease_until), 100).await.unwrap()
}

async fn settle(store: &Arc<dyn Store>, row: &OutboxRow, settlement: Settlement) {
    store.outbox_settle(vec![(row.id, settlement)]).await.unwrap();
}

pub(crate) async fn a_reply_that_was_sent_with_its_turn_is_never_claimed(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut turn = turn(&pair("ana"), 0);
    turn.outbox = vec![OutboxRow {
        sent: true,
        ..reply(&turn.pair, 0, 0)
    }];
    committed(&store, turn).await;
    assert!(claim(&store, "10:00", "10:01").await.is_empty());
    assert_eq!(store.figures().await.unwrap().outbox_waiting, 0);
}

pub(crate) async fn replies_of_one_conversation_leave_in_order(backend: &dyn Backend) {
    let store = backend.open().await;
    say(&store, "ana", 0, 2).await;
    say(&store, "ana", 1, 1).await;
    say(&store, "ben", 0, 1).await;
    let figures = store.figures().await.unwrap();
    assert_eq!(
        (figures.outbox_waiting, figures.outbox_oldest),
        (4, Some(at("09:00")))
    );
    let first = claim(&store, "09:00", "09:01").await;
    let expected = |who: &str, version, ordinal| OutboxRow {
        attempts: 1,
        ..reply(&pair(who), version, ordinal)
    };
    assert_eq!(first, [expected("ana", 0, 0), expected("ben", 0, 0)]);
    assert!(
        claim(&store, "09:00", "09:01").await.is_empty(),
        "ana's first is in flight"
    );
    settle(&store, &first[0], Settlement::Sent(None)).await;
    let second = claim(&store, "09:00", "09:01").await;
    assert_eq!(second, [expected("ana", 0, 1)]);
    settle(&store, &second[0], Settlement::Sent(None)).await;
    assert_eq!(claim(&store, "09:00", "09:01").await, [expected("ana", 1, 0)]);
}

pub(crate) async fn a_claimed_reply_is_nobody_elses_until_its_lease_ends(backend: &dyn Backend) {
    let store = backend.open().await;
    say(&store, "ana", 0, 1).await;
    let claimed = claim(&store, "09:00", "09:01").await.remove(0);
    assert!(claim(&store, "09:00", "09:01").await.is_empty());
    let again = claim(&store, "09:01", "09:02").await.remove(0);
    assert_eq!((again.id, again.attempts), (claimed.id, 2));
    settle(&store, &again, Settlement::Sent(None)).await;
    // The first claimant wakes up late; what is sent stays sent.
    settle(
        &store,
        &claimed,
        Settlement::Retry {
            at: at("09:03"),
            problem: None,
        },
    )
    .await;
    assert!(claim(&store, "10:00", "10:01").await.is_empty());
}

pub(crate) async fn a_reply_is_tried_again_when_it_is_due(backend: &dyn Backend) {
    let store = backend.open().await;
    say(&store, "ana", 0, 2).await;
    let first = claim(&store, "09:00", "09:01").await.remove(0);
    settle(
        &store,
        &first,
        Settlement::Retry {
            at: at("09:10"),
            problem: None,
        },
    )
    .await;
    assert!(
        claim(&store, "09:09", "09:10").await.is_empty(),
        "the second waits for the first"
    );
    let again = claim(&store, "09:10", "09:11").await;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].id, again[0].attempts), (first.id, 2));
}

pub(crate) async fn a_long_row_of_replies_that_waits_for_its_first_holds_nobody_up(backend: &dyn Backend) {
    let store = backend.open().await;
    // More than a store looks at before it asks whether there is anything else.
    for version in 0..26 {
        say(&store, "ana", version, 25).await;
    }
    let first = claim(&store, "09:00", "09:01").await.remove(0);
    settle(
        &store,
        &first,
        Settlement::Retry {
            at: at("09:10"),
            problem: None,
        },
    )
    .await;
    say(&store, "ben", 0, 1).await;
    let claimed = claim(&store, "09:01", "09:02").await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].pair, pair("ben"));
}

pub(crate) async fn a_dead_reply_does_not_hold_up_the_next(backend: &dyn Backend) {
    let store = backend.open().await;
    say(&store, "ana", 0, 2).await;
    let first = claim(&store, "09:00", "09:01").await.remove(0);
    settle(&store, &first, Settlement::Dead("no such number".to_owned())).await;
    assert_eq!(claim(&store, "09:00", "09:01").await[0].ordinal, 1);
    assert_eq!(store.figures().await.unwrap().outbox_waiting, 1);
    store.outbox_settle(Vec::new()).await.unwrap();
}

pub(crate) async fn claims_at_once_never_share_a_reply(backend: &dyn Backend) {
    let store = backend.open().await;
    for n in 0..40 {
        say(&store, &format!("customer-{n}"), 0, 1).await;
    }
    let barrier = Arc::new(Barrier::new(8));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            store.outbox_claim(at("09:00"), at("09:01"), 7).await.unwrap()
        });
    }
    let mut claimed: Vec<_> = tasks
        .join_all()
        .await
        .into_iter()
        .flatten()
        .map(|row| row.id)
        .collect();
    assert_eq!(claimed.len(), 40);
    claimed.sort();
    claimed.dedup();
    assert_eq!(claimed.len(), 40);
}
