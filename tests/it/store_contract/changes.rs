//! The API and operators book by the same rules.

use std::sync::Arc;

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::store::{Actor, Change, ChangeOutcome, HoldOutcome};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, book, booked, held, hold, now, placed, salon, story, visit};

fn keyed(appointment: Appointment, key: &str) -> Change {
    Change::Book {
        appointment,
        actor: Actor::Operator,
        idempotency_key: Some(key.to_owned()),
    }
}

fn become_(appointment: &Appointment, status: Status) -> Change {
    Change::SetStatus {
        id: appointment.id,
        status,
        expected_version: None,
        actor: Actor::Operator,
    }
}

pub(crate) async fn an_idempotency_key_books_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let first = keyed(visit("ana", "mai", "10:00", "10:30"), "k1");
    let again = keyed(visit("ana", "mai", "14:00", "14:30"), "k1");
    let done = ChangeOutcome::Done(visit("ana", "mai", "10:00", "10:30"));
    assert_eq!(store.change(&salon(), first, at("09:00")).await.unwrap(), done);
    assert_eq!(store.change(&salon(), again, at("09:00")).await.unwrap(), done);
    // The same appointment again is the same booking, key or not.
    let same = book(&visit("ana", "mai", "10:00", "10:30"));
    assert_eq!(store.change(&salon(), same, at("09:00")).await.unwrap(), done);
    assert_eq!(store.figures().await.unwrap().appointments_live, 1);
}

pub(crate) async fn an_idempotency_key_used_at_once_books_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let barrier = Arc::new(Barrier::new(32));
    let mut tasks = JoinSet::new();
    for n in 0..32 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            // Each try comes with an id of its own, as the API draws one per request.
            let change = keyed(visit("ana", &format!("staff-{n}"), "10:00", "10:30"), "k1");
            barrier.wait().await;
            store.change(&salon(), change, at("09:00")).await.unwrap()
        });
    }
    let outcomes = tasks.join_all().await;
    assert!(matches!(outcomes[0], ChangeOutcome::Done(_)));
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]));
    assert_eq!(store.figures().await.unwrap().appointments_live, 1);
}

pub(crate) async fn a_change_needs_the_version_it_names(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let to = |version| Change::Move {
        to: Appointment {
            id: anas.id,
            ..visit("ana", "linh", "12:00", "12:30")
        },
        expected_version: version,
        actor: Actor::Operator,
    };
    let stale = store.change(&salon(), to(Some(9)), at("09:00")).await.unwrap();
    assert_eq!(stale, ChangeOutcome::VersionConflict(anas.clone()));
    let ChangeOutcome::Done(moved) = store.change(&salon(), to(Some(1)), at("09:00")).await.unwrap() else {
        panic!("the version is right");
    };
    assert_eq!((moved.version, moved.starts_at), (2, at("12:00")));
    let cancel = Change::SetStatus {
        id: anas.id,
        status: Status::Cancelled,
        expected_version: Some(1),
        actor: Actor::Operator,
    };
    let stale = store.change(&salon(), cancel, at("09:00")).await.unwrap();
    assert_eq!(stale, ChangeOutcome::VersionConflict(moved));
    assert!(matches!(
        store.change(&salon(), to(None), at("09:00")).await.unwrap(),
        ChangeOutcome::Done(_)
    ));
}

pub(crate) async fn what_does_not_exist_cannot_be_changed(backend: &dyn Backend) {
    let store = backend.open().await;
    let nobodys = visit("ana", "mai", "10:00", "10:30");
    let to = Change::Move {
        to: nobodys.clone(),
        expected_version: None,
        actor: Actor::Operator,
    };
    assert_eq!(
        store.change(&salon(), to, at("09:00")).await.unwrap(),
        ChangeOutcome::NotFound
    );
    let cancel = become_(&nobodys, Status::Cancelled);
    assert_eq!(
        store.change(&salon(), cancel, at("09:00")).await.unwrap(),
        ChangeOutcome::NotFound
    );
    assert_eq!(store.appointment(&salon(), nobodys.id).await.unwrap(), None);
    assert!(
        store
            .appointment_events(&salon(), nobodys.id)
            .await
            .unwrap()
            .is_empty()
    );
}

pub(crate) async fn a_visit_goes_through_its_life_and_never_back(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(
        &store,
        Appointment {
            status: Status::Pending,
            ..visit("ana", "mai", "10:00", "10:30")
        },
    )
    .await;
    for (status, allowed) in [
        (Status::CheckedIn, false),
        (Status::Confirmed, true),
        (Status::Declined, false),
        (Status::CheckedIn, true),
        (Status::Cancelled, false),
        (Status::Completed, true),
        (Status::Confirmed, false),
        (Status::Held, false),
    ] {
        let before = now(&store, &anas).await;
        match store
            .change(&salon(), become_(&anas, status), at("09:00"))
            .await
            .unwrap()
        {
            ChangeOutcome::Done(after) => {
                assert!(allowed, "{status:?}");
                assert_eq!((after.status, after.version), (status, before.version + 1));
            }
            outcome => {
                assert!(!allowed, "{status:?}");
                assert_eq!(outcome, ChangeOutcome::NotAllowed(before));
            }
        }
    }
    assert_eq!(
        story(&store, &anas).await,
        ["booked", "confirmed", "checked_in", "completed"]
    );
    let to = Change::Move {
        to: now(&store, &anas).await,
        expected_version: None,
        actor: Actor::Operator,
    };
    assert!(matches!(
        store.change(&salon(), to, at("09:00")).await.unwrap(),
        ChangeOutcome::NotAllowed(_)
    ));
    // A completed visit occupies nothing.
    booked(&store, visit("ben", "mai", "10:00", "10:30")).await;
    // An operator can turn a promise into a visit as long as it stands.
    let promise = held(&store, hold("cleo", "mai", "11:00", "11:30"), "09:00").await;
    let late = store
        .change(&salon(), become_(&promise, Status::Confirmed), at("09:05"))
        .await
        .unwrap();
    assert!(matches!(late, ChangeOutcome::NotAllowed(_)));
    let in_time = store
        .change(&salon(), become_(&promise, Status::Confirmed), at("09:04"))
        .await
        .unwrap();
    assert!(matches!(in_time, ChangeOutcome::Done(_)));
}

pub(crate) async fn a_move_into_a_taken_slot_changes_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    booked(&store, visit("ben", "mai", "12:00", "12:30")).await;
    let to = Change::Move {
        to: Appointment {
            id: anas.id,
            ..visit("ana", "mai", "11:45", "12:15")
        },
        expected_version: None,
        actor: Actor::Operator,
    };
    assert_eq!(
        store.change(&salon(), to, at("09:00")).await.unwrap(),
        ChangeOutcome::Taken
    );
    assert_eq!(now(&store, &anas).await, anas);
    assert_eq!(story(&store, &anas).await, ["booked"]);
    assert_eq!(
        placed(&store, hold("cleo", "mai", "10:00", "10:30"), "09:00").await,
        HoldOutcome::Taken
    );
    let taken = book(&visit("cleo", "mai", "10:15", "10:45"));
    assert_eq!(
        store.change(&salon(), taken, at("09:00")).await.unwrap(),
        ChangeOutcome::Taken
    );
}
