//! Second thoughts: a later value wins, what was dropped can come back, and after booking a correction is a move.

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Effect;
use crate::dialogue::goal::GoalState;
use crate::understanding::when::{Except, Order, TimeRange};
use crate::understanding::{Act, GoalKind, SlotKind};

#[test]
fn a_later_word_about_time_changes_what_it_speaks_of_and_no_more() {
    let after_four = TimeRange::Between {
        from: Some(at_of("16:00")),
        until: None,
    };
    let cases = [
        ("another day", on(21), "2026-11-21", Some("14:00")),
        ("another time", at("15:00"), "2026-11-20", Some("15:00")),
        ("both", on_at(24, "09:00"), "2026-11-24", Some("09:00")),
        ("a range of times", in_times(after_four), "2026-11-20", None),
    ];
    for (name, word, date, time) in cases {
        let mut talk = talk();
        talk.says(gel_with_linh_on_friday());
        talk.says([when(word)]);
        let slots = &talk.goal().slots;
        let when = &slots.when.as_ref().unwrap().when;
        assert_eq!(
            when.date().map(|d| d.to_string()).as_deref(),
            Some(date),
            "{name}"
        );
        assert_eq!(
            when.time().map(|t| t.strftime("%H:%M").to_string()).as_deref(),
            time,
            "{name}"
        );
        assert_eq!(slots.services[0].id.as_str(), "gel-manicure", "{name}");
        assert!(talk.has(Status::Held).len() <= 1, "{name}");
    }
}

#[test]
fn an_exclusion_narrows_a_range() {
    let mut talk = talk();
    talk.says([
        service(&["pedicure"]),
        with(&["sofia"]),
        when(between("2026-11-23", "2026-11-29")),
    ]);
    let text = talk.says([when(except(Except::Weekday(jiff::civil::Weekday::Friday)))]);
    assert!(!text.contains("Fri 27"), "{text}");
    has_all(&text, &["Saturday 28 November"]);
}

#[test]
fn later_and_earlier_count_from_what_is_on_the_table() {
    let mut listed = talk();
    let first = listed.says([service(&["gel-manicure"]), with(&["linh"]), when(on(20))]);
    has_all(&first, &["1. 9:00 am", "6:00 pm"]);
    listed.says([when(at("11:00"))]);
    let later = listed.says([when(only(Order::Later))]);
    has_all(&later, &["times between 11:15 am"]);
    let earlier = listed.says([when(only(Order::Earlier))]);
    assert!(!earlier.contains("6:00 pm"), "{earlier}");

    let mut held = talk();
    held.says(gel_with_linh_on_friday());
    has_all(
        &held.says([when(only(Order::Earlier))]),
        &["times between 9:00 am and 1:45 pm"],
    );
    // Another day begins afresh.
    has_all(
        &held.says([when(on(21))]),
        &["Saturday 21", "10:00 am", "4:00 pm"],
    );
}

#[test]
fn later_after_a_list_of_times_is_later_than_the_last_of_them() {
    let mut talk = talk();
    talk.says([
        service(&["gel-manicure"]),
        with(&["linh"]),
        when(ordered(on(20), Order::Earliest)),
    ]);
    has_all(
        &talk.says([when(only(Order::Later))]),
        &["times between 9:15 am and 6:00 pm"],
    );
    let text = talk.says([when(ordered(on(21), Order::Later))]);
    assert!(text.contains("Saturday 21"), "{text}");
}

#[test]
fn the_earliest_stays_wished_for_with_somebody_else() {
    let mut talk = talk();
    let mut wish = ordered(on(20), Order::Earliest);
    wish.windows[0].times = Some(TimeRange::Between {
        from: Some(at_of("16:00")),
        until: None,
    });
    has_all(
        &talk.says([service(&["gel-manicure"]), when(wish)]),
        &["Linh", "4:00 pm"],
    );
    has_all(
        &talk.says([Act::Deny, with(&["mai"])]),
        &["Mai", "5:15 pm to 6:15 pm"],
    );
    assert_eq!(talk.has(Status::Held), ["mai 2026-11-20T17:15"]);
}

#[test]
fn a_change_of_service_keeps_the_start() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([service(&["basic-manicure"])]),
        &["Basic Manicure", "2:00 pm to 2:30 pm", "$25"],
    );
}

#[test]
fn a_piece_that_is_taken_back_is_asked_again_and_nothing_stays_promised() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([Act::Clear { slot: SlotKind::When }]),
        &["When would you like"],
    );
    assert_eq!(talk.has(Status::Held).len(), 0);
    assert_eq!(talk.state(), GoalState::Collecting);
    let mut talk = self::talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([Act::Clear {
            slot: SlotKind::Staff,
        }]),
        &["Mai or Linh"],
    );
    has_all(
        &talk.says([Act::Clear {
            slot: SlotKind::Service,
        }]),
        &["Which service"],
    );
}

#[test]
fn no_to_the_read_back_asks_what_to_change() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(&talk.says([Act::Deny]), &["What should I change"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 0);
    has_all(&talk.says([when(at("15:00"))]), &["3:00 pm", "Shall I book"]);
}

#[test]
fn what_was_dropped_gives_its_slot_back_at_once_and_can_come_back() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(&talk.says([Act::CancelGoal]), &["dropped"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
    has_all(&talk.says([Act::Undo]), &["Linh", "2:00 pm", "Shall I book"]);
    assert_eq!(talk.has(Status::Held), ["linh 2026-11-20T14:00"]);
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
}

#[test]
fn a_hold_that_the_business_made_a_booking_of_is_not_given_back() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    for row in talk.appointments.values_mut() {
        if row.status == Status::Held {
            (row.status, row.version) = (Status::Confirmed, row.version + 1);
        }
    }
    talk.says([Act::CancelGoal]);
    assert!(talk.effects.is_empty(), "{:?}", talk.effects);
}

#[test]
fn a_correction_right_after_booking_is_a_move() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    talk.says([Act::Confirm]);
    has_all(
        &talk.says([when(on(21))]),
        &[
            "move your Gel Manicure with Linh",
            "Saturday 21 November at 2:00 pm",
        ],
    );
    assert_eq!(
        talk.has(Status::Confirmed),
        ["linh 2026-11-20T14:00"],
        "until the yes"
    );
    has_all(&talk.says([Act::Confirm]), &["Moved"]);
    assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-21T14:00"]);
    assert!(matches!(talk.effects[..], [Effect::Move { .. }]));
}

#[test]
fn a_new_wish_right_after_booking_is_a_new_visit() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    talk.says([Act::Confirm]);
    talk.says([
        Act::Start { goal: GoalKind::Book },
        service(&["pedicure"]),
        with(&["sofia"]),
        when(on_at(21, "11:00")),
    ]);
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Confirmed).len(), 2);
}
