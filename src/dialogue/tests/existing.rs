//! Visits that exist: listed, cancelled and moved by the one whose they are.

use jiff::SignedDuration;

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Effect;
use crate::understanding::act::Topic;
use crate::understanding::{Act, GoalKind, SlotValue, When};

fn cancel() -> Act {
    Act::Start {
        goal: GoalKind::Cancel,
    }
}

fn reschedule() -> Act {
    Act::Start {
        goal: GoalKind::Reschedule,
    }
}

fn which(when: When) -> Act {
    Act::Set {
        value: SlotValue::Which { when },
    }
}

fn talk_with_a_visit() -> Talk {
    let mut talk = talk();
    talk.booked("Anna", "gel-manicure", "linh", "2026-11-20T14:00");
    talk
}

#[test]
fn nothing_is_cancelled_before_a_yes() {
    let mut talk = talk_with_a_visit();
    has_all(
        &talk.says([cancel()]),
        &["Shall I cancel your Gel Manicure with Linh"],
    );
    has_all(&talk.says([Act::Deny]), &["stays as it is"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
    talk.says([cancel()]);
    has_all(&talk.says([Act::Confirm, cancel()]), &["Cancelled"]);
    assert_eq!(talk.has(Status::Cancelled), ["linh 2026-11-20T14:00"]);
}

#[test]
fn of_two_visits_it_is_asked_which() {
    let mut talk = talk_with_a_visit();
    talk.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    has_all(
        &talk.says([cancel()]),
        &["Which appointment", "1. Gel Manicure", "2. Pedicure"],
    );
    has_all(&talk.says([Act::Choose { option: 2 }]), &["cancel your Pedicure"]);
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Cancelled), ["sofia 2026-11-21T11:00"]);

    let mut by_day = talk_with_a_visit();
    by_day.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    has_all(&by_day.says([cancel(), which(on(21))]), &["cancel your Pedicure"]);
    let mut by_service = talk_with_a_visit();
    by_service.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    has_all(
        &by_service.says([cancel(), service(&["gel-manicure"])]),
        &["cancel your Gel"],
    );
}

#[test]
fn another_visit_named_is_the_one_that_is_meant() {
    let mut talk = talk_with_a_visit();
    talk.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    has_all(&talk.says([cancel(), which(on(20))]), &["cancel your Gel"]);
    has_all(&talk.says([cancel(), which(on(21))]), &["cancel your Pedicure"]);
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Cancelled), ["sofia 2026-11-21T11:00"]);

    let mut moves = talk_with_a_visit();
    moves.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    moves.says([reschedule(), which(on(20)), when(on_at(19, "14:00"))]);
    has_all(&moves.says([which(on(21))]), &["Pedicure"]);
}

#[test]
fn what_was_being_arranged_goes_on_after_an_interruption() {
    let mut talk = talk_with_a_visit();
    talk.says([service(&["pedicure"]), with(&["sofia"])]);
    talk.says([cancel()]);
    has_all(
        &talk.says([Act::Confirm]),
        &[
            "Cancelled: Gel Manicure",
            "When would you like to come for Pedicure",
        ],
    );
    has_all(
        &talk.says([when(on_at(21, "11:00"))]),
        &["Pedicure", "Shall I book"],
    );
}

#[test]
fn a_waitlist_is_not_joined_for_a_visit_that_is_being_cancelled() {
    let mut talk = talk_with_a_visit();
    talk.says([cancel()]);
    let waitlist = Act::Start {
        goal: GoalKind::Waitlist,
    };
    talk.says([waitlist]);
    assert!(talk.waits().is_empty());
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
}

#[test]
fn a_day_without_a_visit_cancels_no_other_one() {
    let mut talk = talk_with_a_visit();
    has_all(
        &talk.says([cancel(), which(on(24))]),
        &["find no appointment of yours then"],
    );
    assert!(talk.effects.is_empty());
}

#[test]
fn nobody_elses_visit_can_be_found() {
    let mut talk = talk();
    let text = talk.says([cancel(), which(on_at(20, "16:00"))]);
    has_all(&text, &["no upcoming appointments"]);
    assert!(!text.contains("Mai"), "{text}");
    let text = talk.says([Act::Ask {
        topic: Topic::MyAppointments,
    }]);
    has_all(&text, &["no upcoming appointments"]);
}

#[test]
fn after_the_notice_a_person_has_to_be_called() {
    let mut talk = talk_with_a_visit();
    talk.pass(SignedDuration::from_hours(49));
    has_all(&talk.says([cancel()]), &["less than 4 hours", "+1 212 555 0142"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
    let mut short = talk_with("cancel_notice_min = 90");
    short.booked("Anna", "gel-manicure", "linh", "2026-11-18T11:15");
    has_all(&short.says([cancel()]), &["less than 90 minutes"]);
}

#[test]
fn a_visit_that_was_called_off_meanwhile_is_not_called_off_again() {
    let mut talk = talk_with_a_visit();
    talk.says([cancel()]);
    for row in talk.appointments.values_mut() {
        row.status = Status::Cancelled;
    }
    has_all(&talk.says([Act::Confirm]), &["no longer stands"]);
    assert!(talk.effects.is_empty());
}

#[test]
fn a_move_keeps_what_is_not_said_anew() {
    let cases = [
        ("another day", when(on(21)), "linh 2026-11-21T14:00"),
        ("another time", when(at("16:00")), "linh 2026-11-20T16:00"),
        ("into its own time", when(at("14:30")), "linh 2026-11-20T14:30"),
        ("somebody else", with(&["mai"]), "mai 2026-11-20T14:00"),
    ];
    for (name, word, after) in cases {
        let mut talk = talk_with_a_visit();
        let mut text = talk.says([reschedule(), word]);
        if text.contains("When would suit") {
            text = talk.says([when(on_at(20, "14:00"))]);
        }
        has_all(&text, &["Shall I move your Gel Manicure with Linh"]);
        assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-20T14:00"], "{name}");
        has_all(&talk.says([Act::Confirm]), &["Moved"]);
        assert_eq!(talk.has(Status::Confirmed), [after], "{name}");
        assert_eq!(talk.has(Status::Held).len(), 0, "{name}");
    }
}

#[test]
fn a_move_for_more_people_changes_their_number_too() {
    let mut talk = talk_with_a_visit();
    talk.says([reschedule(), when(on_at(21, "11:00")), people(2), with_anyone()]);
    talk.says([Act::Confirm]);
    let visit = talk
        .appointments
        .values()
        .find(|a| a.participant == anna() && a.status == Status::Confirmed)
        .unwrap();
    assert_eq!((visit.party_size, visit.services.len()), (2, 2));
}

#[test]
fn a_move_to_a_slot_that_is_taken_leaves_the_visit_alone() {
    let mut talk = talk_with_a_visit();
    talk.booked("Bea", "gel-manicure", "linh", "2026-11-21T10:00");
    has_all(
        &talk.says([reschedule(), which(on(20)), when(on_at(21, "10:00"))]),
        &["not free", "Free instead"],
    );
    assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-20T14:00"]);
    talk.says([Act::CancelGoal]);
    assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-20T14:00"]);
}

#[test]
fn cancel_and_book_instead_is_one_move() {
    let mut talk = talk_with_a_visit();
    let book = Act::Start { goal: GoalKind::Book };
    has_all(
        &talk.says([cancel(), which(on(20)), book, when(on(21))]),
        &["Shall I move"],
    );
    talk.says([Act::Confirm]);
    assert!(
        matches!(talk.effects[..], [Effect::Move { .. }]),
        "{:?}",
        talk.effects
    );
}

#[test]
fn cancel_with_nothing_booked_drops_what_is_being_arranged() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(&talk.says([cancel()]), &["dropped"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
}
