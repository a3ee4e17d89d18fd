//! Who is in the calendar, and who blocks what.

use jiff::SignedDuration;
use uuid::Uuid;

use super::*;
use crate::booking::visit::Allocation;
use crate::types::ServiceId;

const NINE: i64 = 1_795_160_400;

fn minute(after_nine: i64) -> Timestamp {
    Timestamp::from_second(NINE + after_nine * 60).unwrap()
}

fn resource(id: &str) -> ResourceId {
    ResourceId::new(id).unwrap()
}

fn customer(name: &str) -> ParticipantId {
    ParticipantId::new(name).unwrap()
}

/// A confirmed visit of 30 minutes with a buffer of 10, by default with Mai.
fn visit(id: u128, who: &str, starts: i64) -> Appointment {
    let service = ServiceId::new("cut").unwrap();
    let (starts_at, ends_at) = (minute(starts), minute(starts + 30));
    Appointment {
        id: AppointmentId(Uuid::from_u128(id)),
        participant: customer(who),
        status: Status::Confirmed,
        allocations: vec![Allocation {
            item: 0,
            service: service.clone(),
            resource: resource("mai"),
            seat: 1,
            starts_at,
            ends_at,
            blocked_from: starts_at,
            blocked_until: ends_at + SignedDuration::from_mins(10),
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

fn is_free(calendar: &Calendar, from: i64, until: i64) -> bool {
    calendar.is_free(&resource("mai"), 1, minute(from), minute(until), minute(0), &[])
}

#[test]
fn ranges_are_half_open_and_buffers_block() {
    let calendar = Calendar::new(1, [visit(1, "anna", 60)]);
    assert!(is_free(&calendar, 30, 60));
    assert!(!is_free(&calendar, 30, 61));
    assert!(!is_free(&calendar, 99, 120));
    assert!(is_free(&calendar, 100, 120));
    assert!(!is_free(&calendar, 0, 500));
    assert!(calendar.is_free(&resource("linh"), 1, minute(60), minute(90), minute(0), &[]));
    assert!(calendar.is_free(&resource("mai"), 2, minute(60), minute(90), minute(0), &[]));
    let own = [AppointmentId(Uuid::from_u128(1))];
    assert!(calendar.is_free(&resource("mai"), 1, minute(60), minute(90), minute(0), &own));
}

#[test]
fn a_long_block_is_found_behind_shorter_ones() {
    let mut long = visit(1, "anna", 0);
    long.allocations[0].blocked_until = minute(600);
    let mut expired = visit(2, "ben", 5);
    (expired.status, expired.hold_expires_at) = (Status::Held, Some(minute(-1)));
    let calendar = Calendar::new(1, [long, expired]);
    assert!(!is_free(&calendar, 500, 510));
    assert!(is_free(&calendar, 600, 610));
}

#[test]
fn a_moved_visit_blocks_only_where_it_is_now() {
    let mut calendar = Calendar::new(1, [visit(1, "anna", 60)]);
    calendar.apply(visit(1, "anna", 300));
    assert!(is_free(&calendar, 60, 90));
    assert!(!is_free(&calendar, 300, 330));
    assert_eq!(calendar.len(), 1);
    assert_eq!(calendar.of_participant(&customer("anna"), minute(0)).count(), 1);
}

#[test]
fn what_is_no_longer_live_leaves() {
    let mut calendar = Calendar::new(1, [visit(1, "anna", 60)]);
    let mut over = visit(1, "anna", 60);
    over.status = Status::Cancelled;
    calendar.apply(over.clone());
    calendar.apply(over);
    assert!(is_free(&calendar, 60, 90));
    assert!(calendar.is_empty());
    assert_eq!(calendar.appointment(AppointmentId(Uuid::from_u128(1))), None);
    assert_eq!(calendar.of_participant(&customer("anna"), minute(0)).count(), 0);
}

#[test]
fn a_hold_counts_until_it_expires() {
    let mut hold = visit(1, "anna", 60);
    (hold.status, hold.hold_expires_at) = (Status::Held, Some(minute(5)));
    let calendar = Calendar::new(1, [hold]);
    let free_at = |now: i64| calendar.is_free(&resource("mai"), 1, minute(60), minute(90), minute(now), &[]);
    let visits_at = |now: i64| calendar.of_participant(&customer("anna"), minute(now)).count();
    assert_eq!((free_at(4), visits_at(4)), (false, 1));
    assert_eq!((free_at(5), visits_at(5)), (true, 0));
}

#[test]
fn a_customers_visits_come_by_start() {
    let calendar = Calendar::new(
        1,
        [visit(1, "anna", 300), visit(2, "ben", 60), visit(3, "anna", 120)],
    );
    let starts: Vec<Timestamp> = calendar
        .of_participant(&customer("anna"), minute(0))
        .map(|visit| visit.starts_at)
        .collect();
    assert_eq!(starts, [minute(120), minute(300)]);
    let anna = customer("anna");
    let within = |from: i64, until: i64| {
        calendar
            .of_participant_within(&anna, minute(from), minute(until), minute(0))
            .count()
    };
    assert_eq!((within(90, 120), within(149, 300), within(149, 301)), (0, 1, 2));
    let busy = calendar.busy(&resource("mai"), minute(0), minute(200), minute(0));
    let busy: Vec<&str> = busy.iter().map(|visit| visit.participant.as_str()).collect();
    assert_eq!(busy, ["ben", "anna"]);
    assert_eq!(
        calendar.occupied_s(&resource("mai"), minute(0), minute(130), minute(0), &[]),
        40 * 60
    );
}

#[test]
fn a_copy_does_not_see_later_changes() {
    let old = Calendar::new(1, [visit(1, "anna", 60)]);
    let mut new = old.clone();
    new.apply(visit(2, "ben", 300));
    assert!(is_free(&old, 300, 330) && !is_free(&new, 300, 330));
    assert_eq!((old.len(), new.len()), (1, 2));
}

#[test]
fn a_seat_that_cannot_be_is_no_panic() {
    let mut odd = visit(1, "anna", 60);
    odd.allocations[0].seat = 0;
    let mut far = visit(2, "ben", 60);
    far.allocations[0].seat = u32::MAX;
    let calendar = Calendar::new(1, [odd, far]);
    assert_eq!(calendar.len(), 2);
    assert!(calendar.is_free(&resource("mai"), 0, minute(60), minute(90), minute(0), &[]));
}

#[test]
fn what_is_over_is_let_go_of_and_what_still_blocks_stays() {
    let mut hold = visit(3, "cleo", 600);
    (hold.status, hold.hold_expires_at) = (Status::Held, Some(minute(20)));
    let mut calendar = Calendar::new(1, [visit(1, "anna", 0), visit(2, "anna", 300), hold]);
    // The visit is over at 30, its buffer at 40.
    calendar.forget(minute(39));
    let ids = |calendar: &Calendar| {
        let mut ids: Vec<u128> = calendar.appointments().map(|one| one.id.0.as_u128()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids(&calendar), [1, 2]);
    assert!(is_free(&calendar, 600, 640));
    calendar.forget(minute(40));
    assert_eq!(ids(&calendar), [2]);
    assert!(is_free(&calendar, 0, 40) && !is_free(&calendar, 300, 340));
    let anna = customer("anna");
    assert_eq!(calendar.of_participant(&anna, minute(0)).count(), 1);
    calendar.forget(minute(340));
    assert!(calendar.is_empty());
    assert_eq!(calendar.of_participant(&anna, minute(0)).count(), 0);
}
