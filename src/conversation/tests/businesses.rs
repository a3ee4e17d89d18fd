use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::store::FakeStore;
use crate::booking::Catalogue;
use crate::booking::appointment::{Appointment, Status};
use crate::booking::visit::Allocation;
use crate::conversation::Businesses;
use crate::store::Store as _;
use crate::types::{AppointmentId, BusinessId, Pair, ParticipantId, ResourceId, ServiceId};

fn now() -> Timestamp {
    "2026-11-18T15:00:00Z".parse().unwrap()
}

async fn store_with_a_salon() -> (Arc<FakeStore>, BusinessId) {
    let store = Arc::new(FakeStore::default());
    let catalogue = Catalogue::from_toml(include_str!("../../../examples/lotus-nails.toml")).unwrap();
    let document = serde_json::to_string(catalogue.document.as_ref()).unwrap();
    store.put_business(&catalogue.id, &document, now()).await.unwrap();
    (store, catalogue.id)
}

/// An hour from then on.
fn visit(starts_at: Timestamp) -> Appointment {
    let service = ServiceId::new("manicure").unwrap();
    let ends_at = starts_at + SignedDuration::from_hours(1);
    Appointment {
        id: AppointmentId(Uuid::from_u128(1)),
        participant: ParticipantId::new("ana").unwrap(),
        status: Status::Confirmed,
        allocations: vec![Allocation {
            item: 0,
            service: service.clone(),
            resource: ResourceId::new("mai").unwrap(),
            seat: 1,
            starts_at,
            ends_at,
            blocked_from: starts_at,
            blocked_until: ends_at,
        }],
        services: vec![service],
        party_size: 1,
        starts_at,
        ends_at,
        price_minor: None,
        hold_expires_at: None,
        goal: None,
        version: 1,
    }
}

#[tokio::test]
async fn of_many_who_meet_a_business_at_once_one_reads_it() {
    let (store, salon) = store_with_a_salon().await;
    let businesses = Businesses::new(store.clone());
    let met = join_all((0..500).map(|_| businesses.find(&salon))).await;
    assert!(met.into_iter().all(|found| found.unwrap().is_some()));
    assert_eq!(store.calls("business"), 1);
}

#[tokio::test]
async fn nobody_waits_for_a_business_that_is_not_there() {
    let (store, _) = store_with_a_salon().await;
    let businesses = Businesses::new(store.clone());
    let nowhere = BusinessId::new("nowhere").unwrap();
    let met = join_all((0..10).map(|_| businesses.find(&nowhere))).await;
    assert!(met.into_iter().all(|found| found.unwrap().is_none()));
    assert_eq!(store.calls("business"), 10, "it may have come meanwhile");
}

#[tokio::test]
async fn a_calendar_that_changes_lets_go_of_what_is_over() {
    let (store, salon) = store_with_a_salon().await;
    let businesses = Businesses::new(store.clone());
    let salon = businesses.find(&salon).await.unwrap().unwrap();
    let pair = Pair {
        business: salon.catalogue.id.clone(),
        participant: ParticipantId::new("ana").unwrap(),
    };
    let held = store.hold(&pair.business, &pair, visit(now()), now()).await;
    held.unwrap();

    let visits_after = async |hours: i64| {
        businesses.calendar_changed(&salon.catalogue.id);
        let later = now() + SignedDuration::from_hours(hours);
        businesses.calendar(&salon, later).await.unwrap().len()
    };
    assert_eq!(visits_after(0).await, 1);
    assert_eq!(
        visits_after(24).await,
        1,
        "a visit of yesterday may still be asked about"
    );
    assert_eq!(visits_after(26).await, 0);
}
