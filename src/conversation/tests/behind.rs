//! Transcripts that are written behind their turns.

use std::sync::Arc;
use std::time::Duration;

use super::house::{House, message, pair, quiet};
use super::store::{FakeStore, Fault};
use crate::conversation::{Limits, Said};
use crate::store::Store;
use crate::store::behind::Behind;

/// Longer than rows wait for more.
const A_MOMENT: Duration = Duration::from_secs(1);

/// A house that writes transcripts behind, with the way on which it does.
async fn house() -> (House, Arc<dyn Store>) {
    let store = Arc::<FakeStore>::default();
    let behind: Arc<dyn Store> = Arc::new(Behind::new(store.clone()));
    let house = House::through(behind.clone(), store, Limits::default()).await;
    (house, behind)
}

/// The numbers of what can be read.
async fn read(store: &Arc<dyn Store>, who: &str) -> Vec<u64> {
    let page = store.messages(pair(who).conversation(), None, 50).await.unwrap();
    page.iter().map(|entry| entry.seq).collect()
}

#[tokio::test(start_paused = true)]
async fn what_was_just_said_can_be_read_before_it_is_written() {
    let (house, behind) = house().await;
    house.says("anna", "hi").await;
    assert!(house.store.transcript_numbers(&pair("anna")).is_empty());
    assert_eq!(read(&behind, "anna").await, [1, 2]);
    assert!(read(&behind, "ben").await.is_empty());

    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(house.store.transcript_numbers(&pair("anna")), [1, 2]);
    house.says("anna", "gel").await;
    assert_eq!(
        read(&behind, "anna").await,
        [1, 2, 3, 4],
        "partly written, partly waiting"
    );
    let page = behind
        .messages(pair("anna").conversation(), None, 3)
        .await
        .unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2, 3, 4]);
    let page = behind
        .messages(pair("anna").conversation(), Some(4), 1)
        .await
        .unwrap();
    assert_eq!(page.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [3]);
}

#[tokio::test(start_paused = true)]
async fn the_end_writes_what_waits() {
    let (house, behind) = house().await;
    house.says("anna", "hi").await;
    behind.close().await;
    assert_eq!(house.store.transcript_numbers(&pair("anna")), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_during_the_commit_takes_no_transcript_along() {
    let (house, behind) = house().await;
    house.says("anna", "hi").await;
    tokio::time::sleep(A_MOMENT).await;
    house.store.fail_next_commit(Fault::Stall);
    let turn = super::store::turn_after(&house.store, &pair("anna"), 2);
    let committing = tokio::spawn({
        let behind = behind.clone();
        async move { behind.commit(turn).await }
    });
    quiet().await;
    committing.abort();
    quiet().await;
    house.store.release();
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(house.store.version(&pair("anna")), 2);
    assert_eq!(house.store.transcript_numbers(&pair("anna")), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_of_unknown_outcome_has_its_transcript_exactly_if_it_was_committed() {
    let (house, behind) = house().await;
    for (fault, expected) in [(Fault::Lost, &[][..]), (Fault::Unheard, &[1, 2])] {
        house.store.fail_next_commit(fault);
        let refused = house.send(message("anna", "m", "hi")).await.unwrap();
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(read(&behind, "anna").await, expected);
    }
    let again = house.send(message("anna", "m", "hi")).await.unwrap();
    assert!(matches!(again, Ok(Said::Duplicate(_))), "{again:?}");
    tokio::time::sleep(A_MOMENT).await;
    assert_eq!(house.store.transcript_numbers(&pair("anna")), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_was_not_committed_leaves_nothing_in_the_transcript() {
    let (house, behind) = house().await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    house.says("anna", "hi").await;
    let said = read(&behind, "anna").await;
    assert_eq!(
        said,
        [3, 4],
        "of the second try only, which goes on from the other's 2"
    );
    let refused = {
        house.store.fail_next_commit(Fault::Unavailable);
        house.send(message("anna", "m", "gel")).await.unwrap()
    };
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(read(&behind, "anna").await, said);
}
