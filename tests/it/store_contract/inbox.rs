//! A message is accepted once, answered once, and never forgotten (I3).

use std::sync::Arc;

use frontdesk::store::{
    Acceptance, CommitOutcome, Inbound, InboxEntry, InboxQuery, InboxState, InboxVerdict, Store, Unanswered,
};
use frontdesk::types::{BusinessId, Pair};
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

pub(crate) async fn what_was_recorded_out_of_order_is_found_all_the_same(backend: &dyn Backend) {
    let store = backend.open().await;
    let received = |name: &str, time: &str| Inbound {
        received_at: at(time),
        ..message(&pair(name), "m1")
    };
    // Whoever looked for what follows the last one that they saw would find neither of the later two.
    store.accept(vec![received("ana", "09:30")]).await.unwrap();
    let found = store.claim_unfinished(at("10:00"), 10).await.unwrap();
    assert_eq!(found.pairs, [pair("ana")]);
    store.accept(vec![received("ben", "09:20")]).await.unwrap();
    store.accept(vec![received("cleo", "09:10")]).await.unwrap();
    let mut found = store.claim_unfinished(at("10:00"), 10).await.unwrap().pairs;
    found.sort();
    assert_eq!(found, [pair("ben"), pair("cleo")]);
}

/// Everything that an operator sees.
async fn listed(store: &Arc<dyn Store>) -> Vec<InboxEntry> {
    let query = InboxQuery {
        limit: 99,
        ..InboxQuery::default()
    };
    store.inbox_list(&query).await.unwrap()
}

/// Has the messages given up.
pub(super) async fn given_up(store: &Arc<dyn Store>, messages: &[Inbound]) {
    store.accept(messages.to_vec()).await.unwrap();
    let dead = async || -> usize {
        let receipts = messages.iter().map(|message| store.receipt(&message.key));
        let mut dead = 0;
        for receipt in receipts {
            dead += usize::from(receipt.await.unwrap().unwrap().state == InboxState::Dead);
        }
        dead
    };
    while dead().await < messages.len() {
        store.claim_unfinished(at("23:59"), 99).await.unwrap();
    }
}

pub(crate) async fn an_attempt_is_counted_before_anybody_works(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    store.accept(vec![message(&ana, "m1")]).await.unwrap();
    for attempts in 0..4 {
        let expected = InboxEntry {
            message: message(&ana, "m1"),
            state: Unanswered::Pending,
            attempts,
        };
        assert_eq!(listed(&store).await, [expected]);
        // Nobody answers it: the process is killed by it, for example.
        store.claim_unfinished(at("09:01"), 10).await.unwrap();
    }
    assert_eq!(
        listed(&store).await[0].state,
        Unanswered::Pending,
        "its fourth try is under way"
    );
    store.claim_unfinished(at("09:01"), 10).await.unwrap();
    let dead = &listed(&store).await[0];
    assert_eq!((dead.state, dead.attempts), (Unanswered::Dead, 4));
}

pub(crate) async fn unanswered_messages_are_listed_oldest_first_in_pages(backend: &dyn Backend) {
    let store = backend.open().await;
    let at_minute = |n: u32| Inbound {
        // Two share each minute, so that a page can end between them.
        received_at: at(&format!("09:{:02}", 30 - n / 2)),
        ..message(&pair(&format!("customer-{}", n % 3)), &format!("m{n}"))
    };
    let messages: Vec<Inbound> = (0..11).map(at_minute).collect();
    given_up(&store, &messages[..4]).await;
    store.accept(messages[4..].to_vec()).await.unwrap();
    committed(&store, turn(&pair("dora"), 0)).await;
    let mut expected = messages.clone();
    expected.sort_by_key(|message| (message.received_at, message.key.clone()));

    for limit in [1, 2, 3, 11, 50] {
        let mut query = InboxQuery {
            limit,
            ..InboxQuery::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = store.inbox_list(&query).await.unwrap();
            assert!(page.len() <= limit as usize);
            let Some(last) = page.last() else { break };
            query.after = Some((last.message.received_at, last.message.key.clone()));
            seen.extend(page.into_iter().map(|entry| entry.message));
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
}

pub(crate) async fn the_list_can_be_narrowed_to_a_business_and_a_state(backend: &dyn Backend) {
    let store = backend.open().await;
    let elsewhere = Pair {
        business: BusinessId::new("barber").unwrap(),
        ..pair("ana")
    };
    given_up(
        &store,
        &[message(&pair("ana"), "dead"), message(&elsewhere, "dead")],
    )
    .await;
    store
        .accept(vec![
            message(&pair("ana"), "pending"),
            message(&elsewhere, "pending"),
        ])
        .await
        .unwrap();
    let count = async |business: Option<&Pair>, state: Option<Unanswered>| {
        let query = InboxQuery {
            business: business.map(|pair| pair.business.clone()),
            state,
            after: None,
            limit: 99,
        };
        let found = store.inbox_list(&query).await.unwrap();
        for entry in &found {
            assert!(state.is_none_or(|state| entry.state == state));
            assert!(business.is_none_or(|pair| entry.message.business == pair.business));
        }
        found.len()
    };
    for (business, all) in [(None, 4), (Some(&elsewhere), 2)] {
        assert_eq!(count(business, None).await, all);
        assert_eq!(count(business, Some(Unanswered::Pending)).await, all / 2);
        assert_eq!(count(business, Some(Unanswered::Dead)).await, all / 2);
    }
}

pub(crate) async fn a_dead_message_that_is_retried_is_as_if_never_tried(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    let letter = message(&ana, "m1");
    given_up(&store, std::slice::from_ref(&letter)).await;
    assert!(store.open(&ana, None).await.unwrap().pending.is_empty());

    let settled = store
        .inbox_settle(std::slice::from_ref(&letter.key), InboxVerdict::Retry)
        .await
        .unwrap();
    assert_eq!(settled, 1);
    let expected = InboxEntry {
        message: letter.clone(),
        state: Unanswered::Pending,
        attempts: 0,
    };
    assert_eq!(listed(&store).await, [expected]);
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.inbox_unfinished, figures.inbox_dead), (1, 0));
    // It has all of its attempts again.
    for _ in 0..4 {
        let found = store.claim_unfinished(at("09:01"), 10).await.unwrap();
        assert_eq!((found.pairs, found.dead), (vec![ana.clone()], 0));
    }
    let mut turn = turn(&ana, 0);
    turn.answered = store.open(&ana, None).await.unwrap().pending;
    assert_eq!(turn.answered, std::slice::from_ref(&letter));
    committed(&store, turn).await;
    assert_eq!(
        store.receipt(&letter.key).await.unwrap().unwrap().state,
        InboxState::Done
    );
    assert!(listed(&store).await.is_empty());
}

pub(crate) async fn a_dropped_message_stays_a_duplicate_and_is_nobodys_business_any_more(
    backend: &dyn Backend,
) {
    let store = backend.open().await;
    let ana = pair("ana");
    let letter = message(&ana, "m1");
    given_up(&store, std::slice::from_ref(&letter)).await;
    let keys = std::slice::from_ref(&letter.key);
    let verdict = InboxVerdict::Drop { at: at("12:00") };
    assert_eq!(store.inbox_settle(keys, verdict).await.unwrap(), 1);

    assert!(listed(&store).await.is_empty());
    let figures = store.figures().await.unwrap();
    assert_eq!((figures.inbox_unfinished, figures.inbox_dead), (0, 0));
    assert!(store.open(&ana, None).await.unwrap().pending.is_empty());
    let found = store.claim_unfinished(at("23:59"), 10).await.unwrap();
    assert_eq!((found.pairs.len(), found.dead), (0, 0));
    assert_eq!(
        store.accept(vec![letter.clone()]).await.unwrap(),
        [Acceptance::Duplicate]
    );
    let receipt = store.receipt(&letter.key).await.unwrap().unwrap();
    assert_eq!((receipt.state, receipt.answer), (InboxState::Dropped, None));
    // Not even a turn that had it in hand can answer it.
    let outcome = store.commit(turn(&ana, 0)).await.unwrap();
    assert_eq!(outcome, CommitOutcome::AlreadyAnswered(keys.to_vec()));
    // For ever: there is no way back.
    assert_eq!(store.inbox_settle(keys, InboxVerdict::Retry).await.unwrap(), 0);
    assert_eq!(store.inbox_settle(keys, verdict).await.unwrap(), 0);
}

pub(crate) async fn only_dead_messages_are_settled(backend: &dyn Backend) {
    let store = backend.open().await;
    let ana = pair("ana");
    given_up(&store, &[message(&ana, "dead"), message(&ana, "dead too")]).await;
    store.accept(vec![message(&ana, "pending")]).await.unwrap();
    committed(&store, turn(&ana, 0)).await;
    store.claim_unfinished(at("23:59"), 10).await.unwrap();
    let before = listed(&store).await;
    let others = ["pending", "m1", "unknown"].map(|name| message(&ana, name).key);
    let drop = InboxVerdict::Drop { at: at("12:00") };
    for verdict in [InboxVerdict::Retry, drop] {
        assert_eq!(store.inbox_settle(&others, verdict).await.unwrap(), 0);
        assert_eq!(store.inbox_settle(&[], verdict).await.unwrap(), 0);
    }
    assert_eq!(listed(&store).await, before);
    assert_eq!(
        store
            .receipt(&message(&ana, "m1").key)
            .await
            .unwrap()
            .unwrap()
            .state,
        InboxState::Done
    );
    // A key that is named twice is one message.
    let named = ["dead", "pending", "dead", "dead too"].map(|name| message(&ana, name).key);
    assert_eq!(store.inbox_settle(&named, drop).await.unwrap(), 2);
}

pub(crate) async fn of_many_who_settle_a_message_one_does(backend: &dyn Backend) {
    let store = backend.open().await;
    let letter = message(&pair("ana"), "m1");
    given_up(&store, std::slice::from_ref(&letter)).await;
    let barrier = Arc::new(Barrier::new(16));
    let mut tasks = JoinSet::new();
    for n in 0..16 {
        let (store, barrier, key) = (store.clone(), barrier.clone(), letter.key.clone());
        let verdict = if n % 2 == 0 {
            InboxVerdict::Retry
        } else {
            InboxVerdict::Drop { at: at("12:00") }
        };
        tasks.spawn(async move {
            barrier.wait().await;
            store.inbox_settle(&[key], verdict).await.unwrap()
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 1);
}
