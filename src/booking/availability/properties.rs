//! What holds whatever happens: nobody is booked twice, and searching and checking agree.

use std::collections::BTreeMap;

use jiff::{SignedDuration, ToSpan as _};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::booking::appointment::Status;
use crate::booking::visit::{NewAppointment, StaffWish, wish_for};
use crate::types::{ParticipantId, ServiceId};

/// Every shape of a service: one resource and two, buffers on both sides, an add-on, a class, several seats.
const HOUSE: &str = r#"
id = "house"
name = "House"
time_zone = "America/New_York"
currency = "USD"
opening = { mon-sat = ["09:00-12:00", "13:00-18:00"] }
policies = { min_notice_min = 0 }
staff = [
    { id = "ana", name = "Ana" },
    { id = "ben", name = "Ben", opening = { mon-thu = ["08:00-15:00"] } },
]
resources = [
    { id = "room", name = "Room", kind = "room" },
    { id = "bath", name = "Bath", kind = "equipment", capacity = 2 },
]
services = [
    { id = "cut", name = "Cut", duration_min = 30, buffer_after_min = 10, by = ["ana", "ben"] },
    { id = "massage", name = "Massage", duration_min = 45, buffer_before_min = 10, buffer_after_min = 10, by = ["ben", "ana"], needs = ["room"] },
    { id = "shave", name = "Shave", duration_min = 5, by = ["ana", "ben"], add_on = true },
    { id = "soak", name = "Soak", duration_min = 20, buffer_after_min = 25, needs = ["equipment"] },
    { id = "yoga", name = "Yoga", duration_min = 60, sessions = ["mon 10:00", "tue 10:00"], seats = 3 },
]
"#;

const VISITS: [&str; 9] = [
    "cut",
    "massage",
    "cut shave",
    "soak",
    "yoga",
    "cut massage",
    "soak cut soak",
    "massage yoga",
    "cut soak massage shave",
];

/// Monday 16 November 2026, 06:00 in New York.
const NOW_S: i64 = 1_794_826_800;

fn house() -> Catalogue {
    Catalogue::from_toml(HOUSE).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn wish(catalogue: &Catalogue, visit: usize, staff: u8, people: u32) -> Wish {
    let services: Vec<ServiceId> = VISITS[visit]
        .split(' ')
        .map(|id| ServiceId::new(id).unwrap())
        .collect();
    let ana = ResourceId::new("ana").unwrap();
    let staff = match staff {
        0 => StaffWish::Only(ana),
        1 => StaffWish::Not(vec![ana]),
        _ => StaffWish::Anyone,
    };
    wish_for(catalogue, &services, &staff, people)
}

#[derive(Debug, Clone)]
enum Step {
    /// Somebody wants a visit at a quarter of an hour after Monday 08:00 (off the grid by some minutes).
    Hold {
        visit: usize,
        staff: u8,
        people: u32,
        quarter: i64,
        off_min: i64,
    },
    Confirm(usize),
    Cancel(usize),
    Move {
        which: usize,
        quarter: i64,
    },
    Wait {
        minutes: i64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let hold = (
        0..VISITS.len(),
        0_u8..5,
        1_u32..4,
        0_i64..140,
        prop_oneof![4 => Just(0_i64), 1 => 0_i64..15],
    );
    prop_oneof![
        6 => hold.prop_map(|(visit, staff, people, quarter, off_min)| Step::Hold { visit, staff, people, quarter, off_min }),
        3 => (0_usize..40).prop_map(Step::Confirm),
        1 => (0_usize..40).prop_map(Step::Cancel),
        2 => (0_usize..40, 0_i64..140).prop_map(|(which, quarter)| Step::Move { which, quarter }),
        1 => (0_i64..8).prop_map(|minutes| Step::Wait { minutes }),
    ]
}

fn at(quarter: i64, off_min: i64) -> Timestamp {
    Timestamp::from_second(NOW_S + 2 * 3_600 + (quarter * 15 + off_min) * 60).unwrap()
}

/// I5: no seat is allocated twice at the same instant, buffers included.
fn assert_nobody_is_booked_twice(calendar: &Calendar, now: Timestamp) {
    let mut blocked: BTreeMap<(ResourceId, u32), Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for appointment in calendar.appointments() {
        if appointment.has_expired(now) {
            continue;
        }
        for a in &appointment.allocations {
            assert!(a.blocked_from <= a.starts_at && a.starts_at < a.ends_at && a.ends_at <= a.blocked_until);
            let seat = (a.resource.clone(), a.seat);
            blocked
                .entry(seat)
                .or_default()
                .push((a.blocked_from, a.blocked_until));
        }
    }
    for (seat, mut spans) in blocked {
        spans.sort_unstable();
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{seat:?} is booked twice: {pair:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_sequence_of_bookings_takes_a_seat_twice(steps in prop::collection::vec(step(), 1..60)) {
        let catalogue = house();
        let mut calendar = Calendar::default();
        let mut now = Timestamp::from_second(NOW_S).unwrap();
        let mut booked: Vec<(Wish, crate::booking::Appointment)> = Vec::new();
        for step in steps {
            match step {
                Step::Hold { visit, staff, people, quarter, off_min } => {
                    let wish = wish(&catalogue, visit, staff, people);
                    let question = Question { catalogue: &catalogue, calendar: &calendar, wish: &wish, now, ignoring: &[] };
                    let Ok(plan) = check(question, at(quarter, off_min)) else { continue };
                    let new = NewAppointment {
                        id: AppointmentId(Uuid::from_u128(booked.len() as u128)),
                        participant: ParticipantId::new("anna").unwrap(),
                        hold_expires_at: Some(now + SignedDuration::from_mins(5)),
                        goal: None,
                    };
                    let hold = plan.new_appointment(&catalogue, &wish, new);
                    calendar.apply(hold.clone());
                    booked.push((wish, hold));
                }
                Step::Confirm(which) => {
                    let Some((_, visit)) = booked.get_mut(which) else { continue };
                    let _ = visit.become_status(Status::Confirmed, now);
                    calendar.apply(visit.clone());
                }
                Step::Cancel(which) => {
                    let Some((_, visit)) = booked.get_mut(which) else { continue };
                    let _ = match visit.status {
                        Status::Held => visit.release(),
                        _ => visit.become_status(Status::Cancelled, now),
                    };
                    calendar.apply(visit.clone());
                }
                Step::Move { which, quarter } => {
                    let Some((wish, visit)) = booked.get_mut(which) else { continue };
                    let own = [visit.id];
                    let question = Question { catalogue: &catalogue, calendar: &calendar, wish, now, ignoring: &own };
                    let Ok(plan) = check(question, at(quarter, 0)) else { continue };
                    let to = crate::booking::Appointment {
                        starts_at: plan.starts_at,
                        ends_at: plan.ends_at,
                        allocations: plan.allocations,
                        ..visit.clone()
                    };
                    let _ = visit.move_to(&to);
                    calendar.apply(visit.clone());
                }
                Step::Wait { minutes } => now += minutes.minutes(),
            }
            assert_nobody_is_booked_twice(&calendar, now);
        }
    }

    #[test]
    fn searching_and_checking_agree(
        bookings in prop::collection::vec((0..VISITS.len(), 0_u8..5, 1_u32..3, 0_i64..140), 0..25),
        visit in 0..VISITS.len(),
        staff in 0_u8..5,
        people in 1_u32..4,
    ) {
        let catalogue = house();
        let mut calendar = Calendar::default();
        let now = Timestamp::from_second(NOW_S).unwrap();
        for (i, (visit, staff, people, quarter)) in bookings.into_iter().enumerate() {
            let wish = wish(&catalogue, visit, staff, people);
            let question = Question { catalogue: &catalogue, calendar: &calendar, wish: &wish, now, ignoring: &[] };
            let Ok(plan) = check(question, at(quarter, 0)) else { continue };
            let new = NewAppointment {
                id: AppointmentId(Uuid::from_u128(i as u128)),
                participant: ParticipantId::new("anna").unwrap(),
                hold_expires_at: None,
                goal: None,
            };
            calendar.apply(plan.new_appointment(&catalogue, &wish, new));
        }
        let wish = wish(&catalogue, visit, staff, people);
        let question = Question { catalogue: &catalogue, calendar: &calendar, wish: &wish, now, ignoring: &[] };
        let monday = catalogue.time_zone.to_datetime(now).date();
        let found = search(question, monday, monday.tomorrow().unwrap());
        for plan in &found.free {
            let checked = check(question, plan.starts_at);
            prop_assert_eq!(checked.as_ref(), Ok(plan));
        }
        for refusal in &found.refused {
            let LocalCheck::One(checked) = check_local(question, refusal.start) else { continue };
            let is_whole_day = refusal.start.time() == jiff::civil::Time::midnight();
            prop_assert!(is_whole_day || checked.as_ref() == Err(refusal), "{refusal:?} {checked:?}");
        }
        // Every point of the grid that checks is found.
        for quarter in -32..2 * 96 {
            let start = at(quarter, 0);
            let is_found = found.free.iter().any(|plan| plan.starts_at == start);
            let is_searched = catalogue.time_zone.to_datetime(start).date() >= monday
                && catalogue.time_zone.to_datetime(start).date() <= monday.tomorrow().unwrap();
            prop_assert_eq!(is_found, is_searched && check(question, start).is_ok(), "{}", start);
        }
    }
}
