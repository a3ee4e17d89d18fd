//! The rules by example. The clock stands at Wed 18 Nov 2026 10:00 in New York, unless an example says otherwise.

use std::fmt::Write as _;

use jiff::civil::date;

use super::*;
use crate::booking::appointment::Appointment;
use crate::booking::visit::{Arrangement, NewAppointment, StaffWish, WishItem, wish_for};
use crate::types::{ParticipantId, ServiceId};
use uuid::Uuid;

const LOTUS: &str = include_str!("../../../examples/lotus-nails.toml");
const DENTAL: &str = include_str!("../../../examples/bright-dental.toml");
const GARAGE: &str = include_str!("../../../examples/north-garage.toml");
const NIGHT_OWL: &str = include_str!("../../../tests/businesses/night-owl.toml");

/// A business, its calendar, and a clock.
struct Desk {
    catalogue: Catalogue,
    calendar: Calendar,
    now: Timestamp,
    booked: u128,
}

impl Desk {
    fn new(document: &str, now: &str) -> Self {
        let catalogue = Catalogue::from_toml(document).unwrap();
        let now = instant(&catalogue, now);
        Self {
            catalogue,
            calendar: Calendar::default(),
            now,
            booked: 0,
        }
    }

    /// Lotus Nails, where Mai is busy on Friday 16:00 to 17:00 and 10 minutes more.
    fn lotus() -> Self {
        let mut desk = Self::new(LOTUS, "2026-11-18T10:00");
        desk.book(&desk.wish("gel-manicure", "mai"), "2026-11-20T16:00");
        desk
    }

    fn night_owl(now: &str) -> Self {
        Self::new(NIGHT_OWL, now)
    }

    /// Services, separated by spaces; staff: a name, `!name` for anyone but, nothing for anyone.
    fn wish(&self, services: &str, staff: &str) -> Wish {
        self.wish_of(services, staff, 1)
    }

    fn wish_of(&self, services: &str, staff: &str, people: u32) -> Wish {
        let services: Vec<ServiceId> = services
            .split(' ')
            .map(|id| ServiceId::new(id).unwrap())
            .collect();
        let id = |name: &str| ResourceId::new(name).unwrap();
        let staff = match (staff, staff.strip_prefix('!')) {
            ("", _) => StaffWish::Anyone,
            (_, Some(name)) => StaffWish::Not(vec![id(name)]),
            (name, None) => StaffWish::Only(id(name)),
        };
        wish_for(&self.catalogue, &services, &staff, people)
    }

    fn ask<'a>(&'a self, wish: &'a Wish) -> Question<'a> {
        Question {
            catalogue: &self.catalogue,
            calendar: &self.calendar,
            wish,
            now: self.now,
            ignoring: &[],
        }
    }

    fn book(&mut self, wish: &Wish, start: &str) -> Appointment {
        let plan = check(self.ask(wish), instant(&self.catalogue, start)).unwrap();
        self.booked += 1;
        let appointment = plan.new_appointment(
            &self.catalogue,
            wish,
            NewAppointment {
                id: AppointmentId(Uuid::from_u128(self.booked)),
                participant: ParticipantId::new(format!("customer {}", self.booked)).unwrap(),
                hold_expires_at: None,
                goal: None,
            },
        );
        self.calendar.apply(appointment.clone());
        appointment
    }

    fn check(&self, wish: &Wish, start: &str) -> Result<Plan, Reason> {
        check(self.ask(wish), instant(&self.catalogue, start)).map_err(|refusal| refusal.reason)
    }

    fn refusal(&self, wish: &Wish, start: &str) -> Reason {
        self.check(wish, start).unwrap_err()
    }

    /// Who serves a visit and when: `mai 14:00-15:00 (to 15:10)`.
    fn line(&self, plan: &Plan) -> String {
        let clock = |at: Timestamp| {
            self.catalogue
                .time_zone
                .to_datetime(at)
                .strftime("%H:%M")
                .to_string()
        };
        let mut line = String::new();
        for a in &plan.allocations {
            let separator = if line.is_empty() { "" } else { ", " };
            let seat = if a.seat > 1 {
                format!("#{}", a.seat)
            } else {
                String::new()
            };
            let (resource, start, end, until) = (
                &a.resource,
                clock(a.starts_at),
                clock(a.ends_at),
                clock(a.blocked_until),
            );
            write!(line, "{separator}{resource}{seat} {start}-{end} (to {until})").unwrap();
        }
        line
    }

    fn starts(&self, wish: &Wish, from: Date, to: Date) -> Vec<String> {
        let free = search(self.ask(wish), from, to).free;
        free.iter().map(|plan| self.local(plan.starts_at)).collect()
    }

    fn local(&self, at: Timestamp) -> String {
        self.catalogue
            .time_zone
            .to_datetime(at)
            .strftime("%a %d %b %H:%M")
            .to_string()
    }
}

fn instant(catalogue: &Catalogue, local: &str) -> Timestamp {
    let local: DateTime = local.parse().unwrap();
    local.to_zoned(catalogue.time_zone.clone()).unwrap().timestamp()
}

fn resource(id: &str) -> ResourceId {
    ResourceId::new(id).unwrap()
}

#[test]
fn a_free_start_is_planned_with_its_buffer() {
    let desk = Desk::lotus();
    let plan = desk
        .check(&desk.wish("gel-manicure", "linh"), "2026-11-20T14:00")
        .unwrap();
    assert_eq!(desk.line(&plan), "linh 14:00-15:00 (to 15:10)");
}

#[test]
fn every_refusal_names_the_first_rule_that_fails() {
    let desk = Desk::lotus();
    let closed = |why: Option<&str>| Reason::ClosedDay {
        why: why.map(str::to_owned),
        exception: why.is_some(),
    };
    let off = |id: &str| Reason::ResourceOff {
        resource: resource(id),
    };
    let unqualified = |id: &str| Reason::NotQualified {
        resource: resource(id),
    };
    for (services, staff, start, reason) in [
        ("eyebrows", "", "2026-11-20T10:00", Reason::NotBookable),
        ("nail-art", "", "2026-11-20T10:00", Reason::NotBookable),
        ("gel-manicure", "", "2026-11-17T15:00", Reason::Past),
        ("gel-manicure", "", "2026-11-05T15:00", Reason::Past),
        (
            "gel-manicure",
            "",
            "2026-11-18T10:30",
            Reason::TooSoon {
                earliest: instant(&desk.catalogue, "2026-11-18T11:00"),
            },
        ),
        (
            "gel-manicure",
            "",
            "2027-01-19T10:00",
            Reason::TooFar {
                last_day: date(2027, 1, 17),
            },
        ),
        ("gel-manicure", "", "2026-11-22T12:00", closed(None)),
        (
            "gel-manicure",
            "",
            "2026-11-26T10:00",
            closed(Some("Thanksgiving")),
        ),
        ("gel-manicure", "", "2026-11-27T10:00", Reason::OutsideHours),
        ("gel-manicure", "", "2026-11-20T18:30", Reason::OutsideHours),
        ("gel-manicure", "", "2026-11-20T08:45", Reason::OutsideHours),
        ("nail-art-workshop", "", "2026-11-21T14:00", Reason::NoSession),
        ("nail-art-workshop", "", "2026-11-20T15:00", Reason::NoSession),
        ("nail-art-workshop", "", "2026-11-22T15:00", closed(None)),
        ("gel-manicure", "linh", "2026-11-24T10:00", off("linh")),
        ("pedicure", "sofia", "2026-11-25T10:00", off("sofia")),
        ("gel-manicure", "sofia", "2026-11-20T10:00", unqualified("sofia")),
        (
            "gel-manicure nail-art",
            "linh",
            "2026-11-20T10:00",
            unqualified("linh"),
        ),
        (
            "nail-art-workshop gel-manicure",
            "sofia",
            "2026-11-21T15:00",
            unqualified("sofia"),
        ),
        ("gel-manicure", "mai", "2026-11-20T16:00", Reason::Taken),
        ("gel-manicure", "mai", "2026-11-20T15:15", Reason::Taken),
        ("gel-manicure", "mai", "2026-11-20T17:00", Reason::Taken),
    ] {
        let refused = desk.refusal(&desk.wish(services, staff), start);
        assert_eq!(refused, reason, "{services} with {staff:?} at {start}");
    }
    let five = desk.wish_of("nail-art-workshop", "", 5);
    assert_eq!(
        desk.refusal(&five, "2026-11-21T15:00"),
        Reason::NotEnoughSeats { left: 4 }
    );
}

#[test]
fn the_last_day_of_the_horizon_is_still_bookable() {
    let mut desk = Desk::lotus();
    desk.catalogue.policies.horizon_days = 59;
    let gel = desk.wish("gel-manicure", "");
    assert!(desk.check(&gel, "2027-01-16T10:00").is_ok());
    desk.catalogue.policies.horizon_days = 58;
    assert_eq!(
        desk.refusal(&gel, "2027-01-16T10:00"),
        Reason::TooFar {
            last_day: date(2027, 1, 15)
        }
    );
}

#[test]
fn a_visit_may_end_when_the_business_closes_and_its_buffer_later() {
    let mut desk = Desk::lotus();
    let gel = desk.wish("gel-manicure", "linh");
    assert_eq!(
        desk.line(&desk.check(&gel, "2026-11-20T18:00").unwrap()),
        "linh 18:00-19:00 (to 19:10)"
    );
    desk.catalogue.policies.buffers_inside_hours = true;
    assert_eq!(desk.refusal(&gel, "2026-11-20T18:00"), Reason::OutsideHours);
    assert!(desk.check(&gel, "2026-11-20T17:50").is_ok());
}

#[test]
fn after_a_buffer_the_next_start_is_the_next_point_of_the_grid() {
    let desk = Desk::lotus();
    let friday = date(2026, 11, 20);
    let after_four = |staff: &str| -> String {
        let starts = desk.starts(&desk.wish("gel-manicure", staff), friday, friday);
        starts
            .into_iter()
            .find(|start| start.as_str() >= "Fri 20 Nov 16:00")
            .unwrap()
    };
    assert_eq!(after_four(""), "Fri 20 Nov 16:00");
    assert_eq!(after_four("mai"), "Fri 20 Nov 17:15");
    let anyone = desk
        .check(&desk.wish("gel-manicure", ""), "2026-11-20T16:00")
        .unwrap();
    assert_eq!(desk.line(&anyone), "linh 16:00-17:00 (to 17:10)");
}

#[test]
fn mornings_of_a_week_with_a_holiday() {
    let desk = Desk::lotus();
    let found = search(
        desk.ask(&desk.wish("pedicure", "")),
        date(2026, 11, 23),
        date(2026, 11, 29),
    );
    let mut first_of_day: Vec<String> = Vec::new();
    for plan in &found.free {
        let start = desk.local(plan.starts_at);
        if first_of_day.last().is_none_or(|last| last[..10] != start[..10]) {
            first_of_day.push(start);
        }
    }
    assert_eq!(
        first_of_day,
        [
            "Tue 24 Nov 09:00",
            "Wed 25 Nov 09:00",
            "Fri 27 Nov 11:00",
            "Sat 28 Nov 10:00"
        ]
    );
    let closed: Vec<String> = found
        .refused
        .iter()
        .filter(|refusal| matches!(refusal.reason, Reason::ClosedDay { .. }))
        .map(|refusal| refusal.start.strftime("%a %H:%M").to_string())
        .collect();
    assert_eq!(closed, ["Mon 00:00", "Thu 00:00", "Sun 00:00"]);
}

#[test]
fn two_services_are_one_visit_by_the_same_person_when_possible() {
    let mut desk = Desk::lotus();
    let mani_pedi = desk.wish("basic-manicure pedicure", "");
    let plan = desk.check(&mani_pedi, "2026-11-21T10:00").unwrap();
    // The buffer of the manicure makes way, because nobody leaves in between.
    assert_eq!(
        desk.line(&plan),
        "mai 10:00-10:30 (to 10:30), mai 10:30-11:15 (to 11:25)"
    );
    // When nobody has time for both, two people share the visit.
    desk.book(&desk.wish("gel-manicure", "mai"), "2026-11-21T10:30");
    desk.book(&desk.wish("gel-manicure", "linh"), "2026-11-21T10:30");
    let plan = desk.check(&mani_pedi, "2026-11-21T10:00");
    assert_eq!(
        plan,
        Err(Reason::Taken),
        "a manicure until 10:35 does not end before 10:30"
    );
    desk.catalogue.services[0].buffer_after_min = 0;
    let plan = desk.check(&mani_pedi, "2026-11-21T10:00").unwrap();
    assert_eq!(
        desk.line(&plan),
        "mai 10:00-10:30 (to 10:30), sofia 10:30-11:15 (to 11:25)"
    );
}

#[test]
fn an_add_on_follows_another_service_by_the_same_person() {
    let mut desk = Desk::lotus();
    // Named first, it still comes second.
    let wish = desk.wish("nail-art gel-manicure", "");
    let plan = desk.check(&wish, "2026-11-20T10:00").unwrap();
    assert_eq!(
        desk.line(&plan),
        "mai 10:00-11:00 (to 11:00), mai 11:00-11:15 (to 11:25)"
    );
    desk.book(&desk.wish("basic-manicure", "mai"), "2026-11-20T10:00");
    assert_eq!(desk.refusal(&wish, "2026-11-20T10:00"), Reason::Taken);
    let first = Wish {
        items: wish.items.iter().rev().cloned().collect(),
        arrangement: Arrangement::InSequence,
    };
    assert_eq!(desk.refusal(&first, "2026-11-20T12:00"), Reason::NotBookable);
}

#[test]
fn several_people_are_served_at_once_by_several_people() {
    let desk = Desk::lotus();
    let two = desk.wish_of("gel-manicure", "", 2);
    assert_eq!(
        desk.line(&desk.check(&two, "2026-11-20T10:00").unwrap()),
        "linh 10:00-11:00 (to 11:10), mai 10:00-11:00 (to 11:10)"
    );
    assert_eq!(desk.refusal(&two, "2026-11-20T16:00"), Reason::Taken);
    let three = desk.wish_of("gel-manicure", "", 3);
    assert_eq!(desk.refusal(&three, "2026-11-20T10:00"), Reason::Taken);
    let both_for_two = desk.wish_of("basic-manicure pedicure", "", 2);
    assert_eq!(
        desk.line(&desk.check(&both_for_two, "2026-11-20T10:00").unwrap()),
        "linh 10:00-10:30 (to 10:30), mai 10:00-10:30 (to 10:30), \
         linh 10:30-11:15 (to 11:25), mai 10:30-11:15 (to 11:25)"
    );
    assert_eq!(both_for_two.people(), 2);
}

#[test]
fn a_party_that_can_never_be_seated_is_refused_quickly() {
    let desk = Desk::lotus();
    for people in [4, 24, 25, 4_000_000_000] {
        let wish = desk.wish_of("pedicure", "", people);
        assert!(
            desk.starts(&wish, date(2026, 11, 18), date(2027, 1, 20))
                .is_empty(),
            "{people}"
        );
    }
}

#[test]
fn anyone_is_whoever_is_least_busy_that_day_and_then_the_first_listed() {
    let mut desk = Desk::new(LOTUS, "2026-11-18T10:00");
    let gel = desk.wish("gel-manicure", "");
    let who = |desk: &Desk| {
        desk.check(&gel, "2026-11-20T14:00").unwrap().allocations[0]
            .resource
            .to_string()
    };
    assert_eq!(who(&desk), "mai");
    desk.book(&desk.wish("basic-manicure", "mai"), "2026-11-20T09:00");
    assert_eq!(who(&desk), "linh");
    desk.book(&desk.wish("gel-manicure", "linh"), "2026-11-20T09:00");
    assert_eq!(who(&desk), "mai");
    let not_mai = desk.wish("gel-manicure", "!mai");
    assert_eq!(
        desk.line(&desk.check(&not_mai, "2026-11-20T14:00").unwrap()),
        "linh 14:00-15:00 (to 15:10)"
    );
}

#[test]
fn whoever_is_left_after_exclusions_says_why_nobody_is() {
    let desk = Desk::lotus();
    assert_eq!(
        desk.refusal(&desk.wish("gel-manicure", "!mai"), "2026-11-24T10:00"),
        Reason::ResourceOff {
            resource: resource("linh")
        }
    );
    let nobody = Wish {
        items: vec![WishItem {
            service: ServiceId::new("gel-manicure").unwrap(),
            staff: StaffWish::Not(vec![resource("mai"), resource("linh")]),
            seats: 1,
        }],
        arrangement: Arrangement::InSequence,
    };
    assert_eq!(
        desk.refusal(&nobody, "2026-11-24T10:00"),
        Reason::NotQualified {
            resource: resource("mai")
        }
    );
}

#[test]
fn seats_of_a_class_run_out_one_by_one() {
    let mut desk = Desk::lotus();
    let saturday = "2026-11-21T15:00";
    let workshop = |desk: &Desk, people: u32| desk.wish_of("nail-art-workshop", "", people);
    let left = |desk: &Desk| {
        let wish = workshop(desk, 1);
        seats_left(desk.ask(&wish), instant(&desk.catalogue, saturday))
    };
    assert_eq!(left(&desk), 4);
    let booked = desk.book(&workshop(&desk, 2), saturday);
    assert_eq!(booked.party_size, 2);
    assert_eq!(booked.price_minor, Some(6_000));
    let seats: Vec<u32> = booked.allocations.iter().map(|a| a.seat).collect();
    assert_eq!(seats, [1, 2]);
    desk.book(&workshop(&desk, 1), saturday);
    assert_eq!(left(&desk), 1);
    assert_eq!(
        desk.refusal(&workshop(&desk, 2), saturday),
        Reason::NotEnoughSeats { left: 1 }
    );
    desk.book(&workshop(&desk, 1), saturday);
    assert_eq!(
        desk.refusal(&workshop(&desk, 1), saturday),
        Reason::NotEnoughSeats { left: 0 }
    );
    assert_eq!(
        seats_left(
            desk.ask(&workshop(&desk, 1)),
            instant(&desk.catalogue, "2026-11-21T14:00")
        ),
        0
    );
}

#[test]
fn a_class_is_searched_by_its_sessions() {
    let desk = Desk::lotus();
    let wish = desk.wish("nail-art-workshop", "");
    let starts = desk.starts(&wish, date(2026, 11, 18), date(2026, 11, 30));
    assert_eq!(starts, ["Sat 21 Nov 15:00", "Sat 28 Nov 15:00"]);
    let with_manicure = desk.wish("basic-manicure nail-art-workshop", "");
    let starts = desk.starts(&with_manicure, date(2026, 11, 18), date(2026, 11, 22));
    assert_eq!(
        starts,
        ["Sat 21 Nov 14:30"],
        "the manicure before it ends when the class begins"
    );
}

#[test]
fn a_full_day_is_followed_by_what_is_nearest() {
    let mut desk = Desk::new(LOTUS, "2026-11-18T10:00");
    for staff in ["mai", "linh"] {
        for hour in 0..8 {
            let start = format!("2026-11-20T{:02}:{:02}", 9 + hour * 75 / 60, hour * 75 % 60);
            desk.book(&desk.wish("gel-manicure", staff), &start);
        }
    }
    let gel = desk.wish("gel-manicure", "");
    let friday = date(2026, 11, 20);
    assert!(desk.starts(&gel, friday, friday).is_empty());
    let near = nearest(desk.ask(&gel), instant(&desk.catalogue, "2026-11-20T14:00"), 3);
    let near: Vec<String> = near.iter().map(|plan| desk.local(plan.starts_at)).collect();
    assert_eq!(near, ["Sat 21 Nov 14:00", "Thu 19 Nov 14:00", "Wed 18 Nov 14:00"]);
}

#[test]
fn near_a_closed_day_are_the_days_around_it() {
    let desk = Desk::lotus();
    let gel = desk.wish("gel-manicure", "");
    let near = nearest(desk.ask(&gel), instant(&desk.catalogue, "2026-11-22T12:00"), 2);
    let near: Vec<String> = near.iter().map(|plan| desk.local(plan.starts_at)).collect();
    assert_eq!(near, ["Sat 21 Nov 12:00", "Tue 24 Nov 12:00"]);
    let same_day = nearest(desk.ask(&gel), instant(&desk.catalogue, "2026-11-24T12:00"), 3);
    let same_day: Vec<String> = same_day.iter().map(|plan| desk.local(plan.starts_at)).collect();
    assert_eq!(
        same_day,
        ["Tue 24 Nov 12:00", "Tue 24 Nov 11:45", "Tue 24 Nov 12:15"]
    );
}

#[test]
fn a_hold_blocks_until_it_expires_and_never_its_owner() {
    let mut desk = Desk::new(LOTUS, "2026-11-18T10:00");
    let gel = desk.wish("gel-manicure", "mai");
    let mut hold = desk.book(&gel, "2026-11-20T14:00");
    hold.status = crate::booking::Status::Held;
    hold.hold_expires_at = Some(instant(&desk.catalogue, "2026-11-18T10:05"));
    desk.calendar.apply(hold.clone());
    assert_eq!(desk.refusal(&gel, "2026-11-20T14:00"), Reason::Taken);
    let own = [hold.id];
    let question = Question {
        ignoring: &own,
        ..desk.ask(&gel)
    };
    assert!(check(question, hold.starts_at).is_ok());
    desk.now = instant(&desk.catalogue, "2026-11-18T10:05");
    assert!(desk.check(&gel, "2026-11-20T14:00").is_ok());
}

#[test]
fn on_the_autumn_night_half_past_one_is_two_starts() {
    let desk = Desk::night_owl("2026-10-28T10:00");
    let session = desk.wish("session", "");
    let LocalCheck::Twice { first, second } =
        check_local(desk.ask(&session), date(2026, 11, 1).at(1, 30, 0, 0))
    else {
        panic!("01:30 happens twice");
    };
    assert_eq!(first.unwrap().starts_at.to_string(), "2026-11-01T05:30:00Z");
    assert_eq!(second.unwrap().starts_at.to_string(), "2026-11-01T06:30:00Z");
    let of_night = desk.starts(&session, date(2026, 10, 31), date(2026, 11, 1));
    assert_eq!(
        of_night.iter().filter(|start| start.ends_with("01:30")).count(),
        2
    );
    // Nine hours at four starts an hour, the last an hour before closing.
    assert_eq!(of_night.len(), 8 * 4 + 1);
}

#[test]
fn on_the_spring_night_half_past_two_does_not_exist() {
    let desk = Desk::night_owl("2027-03-10T10:00");
    let session = desk.wish("session", "");
    let next = date(2027, 3, 14).at(3, 0, 0, 0);
    let start = date(2027, 3, 14).at(2, 30, 0, 0);
    let reason = Reason::NonexistentLocalTime { next };
    assert_eq!(
        check_local(desk.ask(&session), start),
        LocalCheck::One(Err(Refusal { start, reason }))
    );
    let plan = desk.check(&session, "2027-03-14T01:30").unwrap();
    assert_eq!(desk.line(&plan), "studio 01:30-03:30 (to 03:30)");
    let of_night = desk.starts(&session, date(2027, 3, 13), date(2027, 3, 14));
    assert!(
        of_night.contains(&"Sun 14 Mar 01:45".to_owned())
            && of_night.contains(&"Sun 14 Mar 03:00".to_owned())
    );
    assert!(!of_night.iter().any(|start| start.contains(" 02:")));
    assert_eq!(
        of_night.len(),
        6 * 4 + 1,
        "seven hours, the last start an hour before closing"
    );
}

#[test]
fn a_second_resource_can_be_what_is_taken() {
    let mut desk = Desk::new(DENTAL, "2026-11-16T08:00");
    let check_up = desk.wish("check-up", "");
    let plan = desk.check(&check_up, "2026-11-17T09:00").unwrap();
    assert_eq!(
        desk.line(&plan),
        "dr-shah 09:00-09:30 (to 09:35), surgery-1 09:00-09:30 (to 09:35)"
    );
    desk.book(&check_up, "2026-11-17T09:00");
    desk.book(&desk.wish("hygiene", ""), "2026-11-17T09:00");
    assert_eq!(
        desk.refusal(&desk.wish("check-up", "dr-owen"), "2026-11-17T09:00"),
        Reason::Taken
    );
    // Over lunch nobody is there, and a day off is one although the practice is open.
    assert_eq!(desk.refusal(&check_up, "2026-11-17T12:15"), Reason::OutsideHours);
    assert_eq!(
        desk.refusal(&desk.wish("check-up", "dr-shah"), "2026-11-19T09:00"),
        Reason::ResourceOff {
            resource: resource("dr-shah")
        }
    );
    assert_eq!(
        desk.refusal(&desk.wish("root-canal", ""), "2026-11-17T09:00"),
        Reason::NotBookable
    );
    let two = desk
        .check(&desk.wish("check-up hygiene", ""), "2026-11-17T14:00")
        .unwrap();
    assert_eq!(
        desk.line(&two),
        "dr-owen 14:00-14:30 (to 14:35), surgery-1 14:00-14:30 (to 14:30), \
         kate 14:30-15:00 (to 15:10), surgery-1 14:30-15:00 (to 15:10)",
        "whoever is in a room stays there"
    );
}

#[test]
fn a_service_may_need_more_notice_than_the_house() {
    let desk = Desk::new(GARAGE, "2026-11-18T10:10");
    let earliest = |at: &str| Reason::TooSoon {
        earliest: instant(&desk.catalogue, at),
    };
    assert_eq!(
        desk.refusal(&desk.wish("oil-change", ""), "2026-11-19T10:00"),
        earliest("2026-11-19T10:30")
    );
    assert_eq!(
        desk.refusal(&desk.wish("brakes", ""), "2026-11-19T11:00"),
        earliest("2026-11-20T10:30")
    );
    let both = desk.wish("oil-change brakes", "");
    assert_eq!(
        desk.refusal(&both, "2026-11-19T11:00"),
        earliest("2026-11-20T10:30")
    );
    // In winter the garage opens later, and not on Saturdays.
    let oil = desk.wish("oil-change", "");
    assert_eq!(desk.refusal(&oil, "2026-12-16T07:30"), Reason::OutsideHours);
    assert_eq!(
        desk.refusal(&oil, "2026-12-19T09:00"),
        Reason::ClosedDay {
            why: None,
            exception: false
        }
    );
    assert!(desk.check(&oil, "2026-12-12T09:00").is_ok());
}

#[test]
fn reasons_are_told_by_code() {
    let told = |reason: Reason| {
        let told = serde_json::to_string(&reason).unwrap();
        assert!(told.starts_with(&format!(r#"{{"code":"{}""#, reason.code())));
        told
    };
    assert_eq!(told(Reason::Taken), r#"{"code":"taken"}"#);
    assert_eq!(
        told(Reason::NotEnoughSeats { left: 1 }),
        r#"{"code":"not_enough_seats","left":1}"#
    );
    assert_eq!(
        told(Reason::ClosedDay {
            why: Some("Thanksgiving".into()),
            exception: true
        }),
        r#"{"code":"closed_day","why":"Thanksgiving","exception":true}"#
    );
}

#[test]
fn a_large_party_in_a_busy_house_is_answered_in_bounded_time() {
    // Ten people, eight customers with two services each, and no moment with eight of the ten free for both.
    let people: Vec<String> = (0..10).map(|i| format!("\"p{i}\"")).collect();
    let staff: Vec<String> = people
        .iter()
        .map(|id| format!("{{ id = {id}, name = {id} }}"))
        .collect();
    let (staff, by) = (staff.join(", "), people.join(", "));
    let text = format!(
        r#"
        id = "b"
        name = "B"
        time_zone = "America/New_York"
        currency = "USD"
        opening = {{ daily = ["09:00-19:00"] }}
        staff = [{staff}]
        services = [
            {{ id = "cut", name = "Cut", duration_min = 30, by = [{by}] }},
            {{ id = "wash", name = "Wash", duration_min = 25, by = [{by}] }},
        ]
        "#
    );
    let mut desk = Desk::new(&text, "2026-11-18T06:00");
    for day in 18..21 {
        for slot in 0..20 {
            for person in 0..3 {
                let who = format!("p{}", (slot * 3 + person) % 10);
                let start = format!("2026-11-{day}T{:02}:{:02}", 9 + slot / 2, slot % 2 * 30);
                desk.book(&desk.wish("wash", &who), &start);
            }
        }
    }
    let eight = desk.wish_of("cut wash", "", 8);
    let days = (date(2026, 11, 18), date(2026, 11, 20));
    assert!(desk.starts(&eight, days.0, days.1).is_empty());
    let five = desk.wish_of("cut wash", "", 5);
    assert!(!desk.starts(&five, days.0, days.1).is_empty());
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for document in [LOTUS, NIGHT_OWL] {
        let mut desk = Desk::new(document, "2026-11-18T10:00");
        let usual = desk.now;
        for now in [Timestamp::MIN, usual, Timestamp::MAX] {
            desk.now = now;
            for service in ["gel-manicure", "nail-art-workshop", "session"] {
                let wish = desk.wish(service, "");
                for start in [Timestamp::MIN, Timestamp::MAX] {
                    assert!(check(desk.ask(&wish), start).is_err());
                    assert_eq!(seats_left(desk.ask(&wish), start), 0);
                    let _ = nearest(desk.ask(&wish), start, 3);
                }
                let _ = check_local(desk.ask(&wish), DateTime::MAX);
                let _ = search(desk.ask(&wish), Date::MIN, Date::MAX);
                let _ = search(desk.ask(&wish), Date::MAX, Date::MAX);
                assert!(search(desk.ask(&wish), Date::MAX, Date::MIN).free.is_empty());
            }
        }
    }
}
