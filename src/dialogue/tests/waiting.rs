//! The waitlist: joining it, being offered a slot, taking it, letting it go.

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Effect;
use crate::dialogue::context::WAITLIST_MAX;
use crate::dialogue::outcome::WaitlistState;
use crate::types::AppointmentId;
use crate::understanding::{Act, GoalKind};

fn waitlist() -> Act {
    Act::Start {
        goal: GoalKind::Waitlist,
    }
}

/// Anna waits for a gel with Mai on Friday at 16:00, which Zoe has.
fn waiting() -> (Talk, AppointmentId) {
    let mut talk = talk();
    let zoe = *talk.appointments.keys().next().unwrap();
    has_all(
        &talk.says([
            service(&["gel-manicure"]),
            with(&["mai"]),
            when(on_at(20, "16:00")),
        ]),
        &["not free", "Join the waitlist"],
    );
    has_all(&talk.says([waitlist()]), &["You are on the waitlist"]);
    assert_eq!(talk.waits().len(), 1);
    assert!(talk.context.goals.is_empty());
    (talk, zoe)
}

fn offered() -> Talk {
    let (mut talk, zoe) = waiting();
    talk.appointments.get_mut(&zoe).unwrap().status = Status::Cancelled;
    has_all(
        &talk.slots_are_freed(),
        &["Good news", "Mai", "4:00 pm", "Shall I book"],
    );
    assert_eq!(talk.has(Status::Held), ["mai 2026-11-20T16:00"]);
    talk
}

#[test]
fn a_yes_in_time_books_the_offered_slot() {
    for words in [
        vec![Act::Confirm],
        vec![Act::Confirm, Act::Start { goal: GoalKind::Book }],
    ] {
        let mut talk = offered();
        has_all(&talk.says(words), &["Booked"]);
        assert_eq!(talk.has(Status::Confirmed), ["mai 2026-11-20T16:00"]);
        assert!(talk.waits().is_empty());
    }
}

#[test]
fn a_late_yes_gets_the_slot_if_it_is_still_free() {
    let mut talk = offered();
    talk.pass_minutes(16);
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
    assert!(talk.waits().is_empty());
}

#[test]
fn a_late_yes_to_a_slot_that_has_gone_keeps_the_place_in_the_line() {
    let mut talk = offered();
    talk.pass_minutes(16);
    talk.booked("Bea", "gel-manicure", "mai", "2026-11-20T16:00");
    has_all(&talk.says([Act::Confirm]), &["has gone", "stay on the waitlist"]);
    assert_eq!(talk.waits().len(), 1);
    assert_eq!(talk.waits()[0].state, WaitlistState::Waiting);
    assert_eq!(talk.has(Status::Confirmed).len(), 0);
}

#[test]
fn a_no_gives_the_slot_back_and_it_is_not_offered_again() {
    let mut talk = offered();
    has_all(&talk.says([Act::Deny]), &["stay on the waitlist"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
    assert_eq!(talk.slots_are_freed(), "");
}

#[test]
fn yes_but_at_another_time_lets_the_offer_go() {
    let mut talk = offered();
    has_all(
        &talk.says([Act::Confirm, when(at("11:00"))]),
        &["11:00 am", "Shall I book"],
    );
    assert_eq!(talk.has(Status::Held), ["mai 2026-11-20T11:00"]);
    assert_eq!(talk.waits()[0].state, WaitlistState::Waiting);
    // When the offer would have run out, what is arranged instead lives on.
    talk.pass_minutes(4);
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
    assert_eq!(
        talk.waits().len(),
        1,
        "the place in the line was for another time"
    );
}

#[test]
fn a_new_wish_leaves_the_offer_as_it_is() {
    let mut talk = offered();
    talk.says([
        Act::Start { goal: GoalKind::Book },
        service(&["pedicure"]),
        with(&["sofia"]),
        when(on_at(21, "11:00")),
    ]);
    let held = talk.has(Status::Held);
    assert!(held.contains(&"mai 2026-11-20T16:00".to_owned()), "{held:?}");
    assert_eq!(talk.has(Status::Held).len(), 2);
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Confirmed), ["sofia 2026-11-21T11:00"]);
}

#[test]
fn asking_twice_is_waiting_once_and_the_list_has_an_end() {
    let (mut talk, _) = waiting();
    talk.says([
        service(&["gel-manicure"]),
        with(&["mai"]),
        when(on_at(20, "16:00")),
    ]);
    talk.says([waitlist()]);
    assert_eq!(talk.waits().len(), 1);
    assert!(!talk.effects.iter().any(|e| matches!(e, Effect::Waitlist { .. })));
    for minute in 0..10 {
        talk.says([
            Act::Start { goal: GoalKind::Book },
            service(&["gel-manicure"]),
            with(&["mai"]),
            when(on_at(20, &format!("16:{minute:02}"))),
        ]);
        talk.says([waitlist()]);
    }
    assert_eq!(talk.waits().len(), WAITLIST_MAX);
}

#[test]
fn whoever_waits_for_a_day_that_has_passed_waits_no_more() {
    let (mut talk, _) = waiting();
    talk.pass(jiff::SignedDuration::from_hours(72));
    talk.says([Act::Confirm]);
    assert!(talk.waits().is_empty());
    let ended = talk
        .effects
        .iter()
        .any(|effect| matches!(effect, Effect::Waitlist { entry } if entry.state == WaitlistState::Ended));
    assert!(ended, "{:?}", talk.effects);
}

#[test]
fn whoever_wants_no_messages_is_offered_nothing() {
    let (mut talk, zoe) = waiting();
    talk.says([Act::StopContact]);
    talk.appointments.get_mut(&zoe).unwrap().status = Status::Cancelled;
    assert_eq!(talk.slots_are_freed(), "");
}

#[test]
fn the_waitlist_can_be_left() {
    let (mut talk, _) = waiting();
    has_all(&talk.says([Act::CancelGoal]), &["off the waitlist"]);
    assert!(talk.waits().is_empty());
}
