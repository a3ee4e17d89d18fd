//! What time does to a conversation.

use jiff::SignedDuration;

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Event;
use crate::dialogue::goal::GoalState;
use crate::understanding::Act;
use crate::understanding::act::SmallTalk;

fn greet() -> Act {
    Act::SmallTalk {
        kind: SmallTalk::Greet,
    }
}

#[test]
fn a_goal_rests_after_two_hours_and_goes_on_when_it_is_spoken_of() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"])]);
    let goal = talk.goal().id;
    talk.pass_minutes(119);
    talk.happens(&Event::Due);
    assert_eq!(talk.state(), GoalState::Collecting);
    talk.pass_minutes(1);
    talk.happens(&Event::Due);
    assert_eq!(talk.state(), GoalState::Parked);
    talk.says([when(on(20))]);
    assert_eq!((talk.goal().id, talk.state()), (goal, GoalState::Offering));
}

#[test]
fn a_goal_that_rests_holds_nothing_and_a_yes_to_it_is_read_back_again() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    talk.pass_minutes(121);
    let text = talk.says([Act::Confirm]);
    has_all(&text, &["Linh", "2:00 pm", "Shall I book"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 0);
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
}

#[test]
fn a_greeting_takes_up_what_rests() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"])]);
    talk.pass(SignedDuration::from_hours(3));
    has_all(
        &talk.says([greet()]),
        &["Hello again", "Which day and time would suit you?"],
    );
}

#[test]
fn a_goal_that_nobody_spoke_of_for_a_day_is_over_and_can_be_taken_up_for_another() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"]), with(&["linh"])]);
    talk.pass(SignedDuration::from_hours(24));
    has_all(&talk.says([greet()]), &["Hello, this is Lotus Nails"]);
    assert!(talk.context.goals.is_empty());
    has_all(&talk.says([Act::Undo]), &["Gel Manicure"]);

    let mut later = self::talk();
    later.says([service(&["gel-manicure"])]);
    later.pass(SignedDuration::from_hours(49));
    later.says([greet()]);
    assert!(later.context.dropped.is_none());
}

#[test]
fn a_day_said_yesterday_is_named_again_and_only_once() {
    let mut talk = talk();
    // "tomorrow", said on Wednesday.
    talk.says([service(&["gel-manicure"]), with(&["linh"]), when(on(20))]);
    talk.pass(SignedDuration::from_hours(20));
    has_all(&talk.says([when(at("14:00"))]), &["Shall I book"]);
    let mut named = self::talk();
    named.says([when(on(20))]);
    named.pass(SignedDuration::from_hours(20));
    has_all(
        &named.says([service(&["gel-manicure"])]),
        &["That is Friday 20 November"],
    );
    let again = named.says([with(&["linh"])]);
    assert!(!again.contains("That is Friday"), "{again}");
}

#[test]
fn a_time_that_has_passed_meanwhile_is_said_to_have_passed() {
    let mut talk = talk();
    talk.says([
        service(&["gel-manicure"]),
        with(&["linh"]),
        when(on_at(18, "12:00")),
    ]);
    talk.pass(SignedDuration::from_hours(3));
    has_all(&talk.says([Act::Confirm]), &["passed"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 0);
}

#[test]
fn a_closed_day_a_past_one_and_one_too_far_are_refused_with_the_reason() {
    let cases = [
        (on_at(22, "12:00"), "closed on Sundays"),
        (on(26), "Thanksgiving"),
        (on(5), "has already passed"),
        (on_at(18, "09:00"), "has already passed"),
        (on_at(18, "10:30"), "60 minutes' notice"),
        (between("2027-01-20", "2027-01-21"), "up to Sunday 17 January"),
    ];
    for (word, reason) in cases {
        let mut talk = talk();
        has_all(&talk.says([service(&["gel-manicure"]), when(word)]), &[reason]);
        assert_eq!(talk.has(Status::Held).len(), 0);
    }
}
