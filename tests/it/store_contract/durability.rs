//! What was answered is on the disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use frontdesk::store::{Acceptance, CommitOutcome, HoldOutcome};
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, book, booked, committed, held, hold, message, now, pair, placed, salon, turn, visit};
use crate::process::eventually;

pub(crate) async fn what_was_committed_survives_a_crash(backend: &dyn Backend) {
    let ana = pair("ana");
    let (visit, promise) = {
        let store = backend.open().await;
        committed(&store, turn(&ana, 0)).await;
        store.accept(vec![message(&ana, "unanswered")]).await.unwrap();
        store.put_business(&salon(), "{}", at("09:00")).await.unwrap();
        let visit = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
        (
            visit,
            held(&store, hold("ana", "mai", "11:00", "11:30"), "09:00").await,
        )
        // Dropped without being closed.
    };
    let store = backend.open().await;
    let opened = store.open(&ana, None).await.unwrap();
    assert_eq!(
        (opened.version(), opened.pending),
        (1, vec![message(&ana, "unanswered")])
    );
    let said = eventually("what was said is there", || async {
        let said = store.messages(ana.conversation(), None, 9).await.unwrap();
        (!said.is_empty() || !backend.writes_behind()).then_some(said)
    });
    assert_eq!(said.await, turn(&ana, 0).transcript);
    assert_eq!(
        store.accept(vec![message(&ana, "m1")]).await.unwrap(),
        [Acceptance::Duplicate]
    );
    assert_eq!(
        store.business(&salon()).await.unwrap(),
        Some((1, "{}".to_owned()))
    );
    assert_eq!(now(&store, &visit).await, visit);
    assert_eq!(now(&store, &promise).await, promise);
    assert_eq!(
        placed(&store, hold("ben", "mai", "10:00", "10:30"), "09:00").await,
        HoldOutcome::Taken
    );
    assert_eq!(
        store
            .calendar_changes(&salon(), 0, at("00:00"))
            .await
            .unwrap()
            .version,
        2
    );
    committed(&store, turn(&ana, 1)).await;
}

pub(crate) async fn a_crash_in_the_middle_loses_nothing_that_was_answered(backend: &dyn Backend) {
    const CUSTOMERS: usize = 24;
    let answered: Arc<[AtomicU64; CUSTOMERS]> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
    let (enough, mut wait) = tokio::sync::mpsc::channel(1);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // The store lives and dies with a runtime of its own, as with a process of its own.
    let store =
        std::thread::scope(|threads| threads.spawn(|| runtime.block_on(backend.open())).join().unwrap());
    for customer in 0..CUSTOMERS {
        let (store, answered, enough) = (store.clone(), answered.clone(), enough.clone());
        runtime.spawn(async move {
            let who = pair(&format!("customer-{customer}"));
            for version in 0.. {
                committed(&store, turn(&who, version)).await;
                answered[customer].store(version + 1, Ordering::SeqCst);
                if version == 20 {
                    let _ = enough.send(()).await;
                }
            }
        });
    }
    wait.recv().await.unwrap();
    drop(store);
    runtime.shutdown_background();

    let store = backend.open().await;
    for (customer, answered) in answered.iter().enumerate() {
        let who = pair(&format!("customer-{customer}"));
        let version = store.open(&who, None).await.unwrap().version();
        let answered = answered.load(Ordering::SeqCst);
        assert!(
            version == answered || version == answered + 1,
            "{version} after {answered}"
        );
        let said = store.messages(who.conversation(), None, 9999).await.unwrap();
        assert_eq!(said.len() as u64, 2 * version);
    }
}

pub(crate) async fn closing_finishes_what_was_handed_over(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let who = pair(&format!("customer-{n}"));
            let committed = store.commit(turn(&who, 0)).await;
            let change = book(&visit(
                who.participant.as_str(),
                &format!("staff-{n}"),
                "10:00",
                "10:30",
            ));
            let booked = store.change(&salon(), change, at("09:00")).await;
            (
                n,
                matches!(committed, Ok(CommitOutcome::Committed { .. })),
                booked.is_ok(),
            )
        });
    }
    store.close().await;
    let answered = tasks.join_all().await;
    drop(store);
    // Whatever was said to be done is done; whatever was refused is not there.
    let store = backend.open().await;
    for (n, committed, booked) in answered {
        let who = pair(&format!("customer-{n}"));
        assert_eq!(
            store.open(&who, None).await.unwrap().version(),
            u64::from(committed)
        );
        let visit = visit(who.participant.as_str(), &format!("staff-{n}"), "10:00", "10:30");
        assert_eq!(
            store.appointment(&salon(), visit.id).await.unwrap().is_some(),
            booked
        );
    }
}
