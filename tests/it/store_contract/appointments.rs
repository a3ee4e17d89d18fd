//! Appointments are read back as they were written, one by one and in lists.

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::booking::visit::Allocation;
use frontdesk::store::{Actor, AppointmentQuery, Change};
use frontdesk::types::{ResourceId, ServiceId};

use super::Backend;
use super::given::{at, booked, held, hold, now, pair, salon, visit};

pub(crate) async fn a_visit_is_read_back_as_it_was_written(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut whole = visit("ana +1 (555) ☎", "mai", "10:00", "10:30");
    whole.services = vec![
        ServiceId::new("manicure").unwrap(),
        ServiceId::new("pedicure").unwrap(),
    ];
    whole.party_size = 2;
    whole.price_minor = None;
    whole.ends_at = at("11:15");
    whole.allocations[0].blocked_until = at("10:35");
    whole.allocations.push(Allocation {
        item: 1,
        service: ServiceId::new("pedicure").unwrap(),
        resource: ResourceId::new("sofia").unwrap(),
        seat: 3,
        starts_at: at("10:30"),
        ends_at: at("11:15"),
        blocked_from: at("10:25"),
        blocked_until: at("11:25"),
    });
    assert_eq!(booked(&store, whole.clone()).await, whole);
    assert_eq!(now(&store, &whole).await, whole);
    let promise = hold("ben", "linh", "10:00", "10:30");
    held(&store, promise.clone(), "09:00").await;
    assert_eq!(now(&store, &promise).await, promise);
}

pub(crate) async fn lists_are_paged_without_gaps_and_repeats(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut all = Vec::new();
    // Many start together, so that the id has to decide.
    for staff in ["mai", "linh", "sofia", "kim"] {
        for hour in 10..15 {
            let (from, until) = (format!("{hour}:00"), format!("{hour}:30"));
            all.push(booked(&store, visit("ana", staff, &from, &until)).await);
        }
    }
    all.sort_by_key(|visit| (visit.starts_at, visit.id));
    for limit in [1, 3, 20, 100] {
        let mut listed: Vec<Appointment> = Vec::new();
        loop {
            let query = AppointmentQuery {
                after: listed.last().map(|last| (last.starts_at, last.id)),
                limit,
                ..AppointmentQuery::default()
            };
            let page = store.appointments(&salon(), &query).await.unwrap();
            if page.is_empty() {
                break;
            }
            assert!(page.len() <= limit as usize);
            listed.extend(page);
        }
        assert_eq!(listed, all);
    }
}

pub(crate) async fn lists_are_filtered(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let bens = booked(&store, visit("ben", "mai", "11:00", "11:30")).await;
    let promise = held(&store, hold("ana", "mai", "12:00", "12:30"), "09:00").await;
    let all = AppointmentQuery {
        limit: 10,
        ..AppointmentQuery::default()
    };
    let list = async |query: AppointmentQuery| store.appointments(&salon(), &query).await.unwrap();
    assert_eq!(
        list(all.clone()).await,
        [anas.clone(), bens.clone(), promise.clone()]
    );
    let hers = AppointmentQuery {
        participant: Some(pair("ana").participant),
        ..all.clone()
    };
    assert_eq!(list(hers.clone()).await, [anas.clone(), promise.clone()]);
    let held = AppointmentQuery {
        statuses: vec![Status::Held, Status::Expired],
        ..hers
    };
    assert_eq!(list(held).await, std::slice::from_ref(&promise));
    // Ends after, starts before.
    let window = |from: &str, until: &str| AppointmentQuery {
        from: Some(at(from)),
        until: Some(at(until)),
        ..all.clone()
    };
    assert_eq!(list(window("10:29", "11:00")).await, [anas]);
    assert_eq!(list(window("10:30", "11:01")).await, [bens]);
    assert_eq!(list(window("12:29", "23:00")).await, [promise]);
    assert!(list(window("12:30", "23:00")).await.is_empty());
}

pub(crate) async fn what_happened_is_kept_in_order(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let to = Appointment {
        id: anas.id,
        ..visit("ana", "linh", "12:00", "12:30")
    };
    for (change, when) in [
        (
            Change::Move {
                to,
                expected_version: None,
                actor: Actor::System,
            },
            "09:10",
        ),
        (
            Change::SetStatus {
                id: anas.id,
                status: Status::NoShow,
                expected_version: None,
                actor: Actor::Operator,
            },
            "12:40",
        ),
    ] {
        store.change(&salon(), change, at(when)).await.unwrap();
    }
    let events = store.appointment_events(&salon(), anas.id).await.unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|e| (e.seq, e.kind.as_str(), e.actor, e.at, e.after.version))
        .collect();
    assert_eq!(
        told,
        [
            (1, "booked", Actor::Operator, at("09:00"), 1),
            (2, "moved", Actor::System, at("09:10"), 2),
            (3, "no_show", Actor::Operator, at("12:40"), 3),
        ]
    );
    assert_eq!(events[0].after, anas);
    assert_eq!(events[2].after, now(&store, &anas).await);
}
