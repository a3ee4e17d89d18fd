//! What the API shows of a goal, and the bounds of what a conversation keeps.

use super::talk::*;
use super::words::*;
use crate::dialogue::context::GOALS_MAX;
use crate::understanding::Act;
use crate::understanding::when::{Except, Order, TimeRange};

#[test]
fn while_a_read_back_waits_its_date_time_and_staff_are_shown() {
    for policy in ["hold_min = 5", "hold_min = 0"] {
        let mut talk = talk_with(policy);
        talk.says([service(&["gel-manicure"]), when(ordered(on(20), Order::Earliest))]);
        let view = talk.goal().view(&talk.catalogue);
        assert_eq!(view.date.as_deref(), Some("2026-11-20"), "{policy}");
        assert_eq!(view.time.as_deref(), Some("09:00"), "{policy}");
        assert_eq!(view.when, None, "{policy}");
        assert!(
            matches!(view.staff.as_deref(), Some("mai" | "linh")),
            "{policy}: {view:?}"
        );
    }
}

#[test]
fn before_that_only_what_was_said_is_shown() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"]), with_anyone(), when(on(20))]);
    let view = talk.goal().view(&talk.catalogue);
    assert_eq!(view.staff.as_deref(), Some("anyone"));
    assert_eq!(
        (view.date.as_deref(), view.time.as_deref()),
        (Some("2026-11-20"), None)
    );
}

#[test]
fn more_goals_than_five_do_not_live_at_once() {
    let mut talk = talk();
    // One offer from the waitlist after the other, each a goal of its own.
    talk.says(gel_with_linh_on_friday());
    let first = talk.goal().clone();
    for number in 0..8_u128 {
        let mut goal = first.clone();
        goal.id = crate::types::GoalId(uuid::Uuid::from_u128(number));
        goal.hold = None;
        goal.touched_at = talk.now;
        talk.context.goals.push(goal);
    }
    talk.says([with(&["mai"])]);
    assert_eq!(talk.context.goals.len(), GOALS_MAX);
}

#[test]
fn a_conversation_that_changes_its_mind_for_ever_stays_small() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"])]);
    for round in 0..60_i8 {
        talk.says([when(on(20 + round % 2))]);
        talk.says([when(at(if round % 2 == 0 { "11:00" } else { "12:00" }))]);
        talk.says([when(only(Order::Later))]);
        let minute = at_of("09:00").saturating_add(jiff::Span::new().minutes(i64::from(round)));
        talk.says([when(except(Except::Times(TimeRange::At(minute))))]);
        talk.says([Act::Deny]);
    }
    let size = serde_json::to_string(&talk.context).unwrap().len();
    assert!(size < 8_000, "{size} bytes");
}

#[test]
fn the_context_survives_being_stored() {
    let mut talk = talk();
    talk.says([
        service(&["gel-manicure"]),
        with(&["mai"]),
        when(on_at(20, "16:00")),
    ]);
    let json = serde_json::to_string(&talk.context).unwrap();
    let read: crate::dialogue::Context = serde_json::from_str(&json).unwrap();
    assert_eq!(read, talk.context);
}
