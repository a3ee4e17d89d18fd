//! Whoever keeps a calendar in memory can follow the store's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::dialogue::Effect;
use frontdesk::store::{Actor, Change};
use frontdesk::types::AppointmentId;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{at, booked, committed, held, hold, now, pair, salon, turn, visit};

pub(crate) async fn a_calendar_without_changes_is_version_0(backend: &dyn Backend) {
    let store = backend.open().await;
    let calendar = store.calendar_changes(&salon(), 0, at("00:00")).await.unwrap();
    assert_eq!((calendar.version, calendar.appointments.len()), (0, 0));
}

pub(crate) async fn from_0_it_shows_the_live_visits_that_have_not_ended(backend: &dyn Backend) {
    let store = backend.open().await;
    let over = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let ahead = booked(&store, visit("ben", "mai", "11:00", "11:30")).await;
    let promise = held(&store, hold("cleo", "mai", "12:00", "12:30"), "09:00").await;
    let cancelled = booked(&store, visit("dora", "mai", "13:00", "13:30")).await;
    let cancel = Change::SetStatus {
        id: cancelled.id,
        status: Status::Cancelled,
        expected_version: None,
        actor: Actor::Operator,
    };
    store.change(&salon(), cancel, at("09:00")).await.unwrap();
    let mut calendar = store.calendar_changes(&salon(), 0, at("10:30")).await.unwrap();
    calendar.appointments.sort_by_key(|visit| visit.starts_at);
    assert_eq!(calendar.appointments, [ahead, promise]);
    assert_eq!(calendar.version, 5);
    assert_eq!(now(&store, &over).await, over);
    // All have ended, and the version is still told.
    let later = store.calendar_changes(&salon(), 0, at("20:00")).await.unwrap();
    assert_eq!((later.version, later.appointments.len()), (5, 0));
}

pub(crate) async fn later_it_shows_what_changed_live_or_not(backend: &dyn Backend) {
    let store = backend.open().await;
    booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let promise = held(&store, hold("ben", "mai", "11:00", "11:30"), "09:00").await;
    let seen = store
        .calendar_changes(&salon(), 0, at("00:00"))
        .await
        .unwrap()
        .version;
    let nothing = store.calendar_changes(&salon(), seen, at("00:00")).await.unwrap();
    assert_eq!((nothing.version, nothing.appointments.len()), (seen, 0));

    let mut releasing = turn(&pair("ben"), 0);
    releasing.effects = vec![Effect::Release {
        appointment: promise.id,
    }];
    committed(&store, releasing).await;
    let changes = store.calendar_changes(&salon(), seen, at("00:00")).await.unwrap();
    assert_eq!(changes.version, seen + 1);
    assert_eq!(changes.appointments, [now(&store, &promise).await]);
    assert_eq!(changes.appointments[0].status, Status::Expired);
}

pub(crate) async fn a_reader_who_follows_misses_nothing(backend: &dyn Backend) {
    let store = backend.open().await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let mut calendar: BTreeMap<AppointmentId, Appointment> = BTreeMap::new();
            let mut version = 0;
            loop {
                let last = done.load(Ordering::SeqCst);
                let changes = store
                    .calendar_changes(&salon(), version, at("00:00"))
                    .await
                    .unwrap();
                assert!(changes.version >= version);
                version = changes.version;
                for appointment in changes.appointments {
                    calendar.insert(appointment.id, appointment);
                }
                if last {
                    return calendar;
                }
            }
        }
    });
    let mut writers = JoinSet::new();
    for staff in ["mai", "linh", "sofia"] {
        let store = store.clone();
        writers.spawn(async move {
            for hour in 10..20 {
                let (from, until) = (format!("{hour}:00"), format!("{hour}:30"));
                let visit = booked(&store, visit("ana", staff, &from, &until)).await;
                if hour % 2 == 0 {
                    let cancel = Change::SetStatus {
                        id: visit.id,
                        status: Status::Cancelled,
                        expected_version: None,
                        actor: Actor::Operator,
                    };
                    store.change(&salon(), cancel, at("09:00")).await.unwrap();
                }
            }
        });
    }
    writers.join_all().await;
    done.store(true, Ordering::SeqCst);
    let followed = reader.await.unwrap();
    // A reader who begins late is not shown what was cancelled by then, but all that lives.
    assert_eq!(followed.values().filter(|a| a.status.is_live()).count(), 15);
    for appointment in followed.values() {
        assert_eq!(*appointment, now(&store, appointment).await);
    }
}
