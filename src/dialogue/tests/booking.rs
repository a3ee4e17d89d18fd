//! A visit is arranged, read back, and booked after a yes to exactly that.

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Effect;
use crate::dialogue::goal::GoalState;
use crate::understanding::act::Mode;
use crate::understanding::{Act, GoalKind};

#[test]
fn what_is_missing_is_asked_one_thing_at_a_time() {
    let mut talk = talk();
    has_all(
        &talk.says([Act::Start { goal: GoalKind::Book }]),
        &["Which service", "1. Basic", "2. Gel", "3. Pedicure"],
    );
    let goal = talk.goal().id;
    has_all(&talk.says([Act::Choose { option: 2 }]), &["When", "Gel Manicure"]);
    has_all(
        &talk.says([when(on(19))]),
        &["Thursday 19 November", "9:00 am", "6:00 pm"],
    );
    has_all(
        &talk.says([when(at("10:30"))]),
        &["10:30 am is free", "Mai or Linh"],
    );
    let read_back = talk.says([with_anyone()]);
    has_all(
        &read_back,
        &[
            "Gel Manicure",
            "10:30 am to 11:30 am (60 min)",
            "$45",
            "Shall I book it",
        ],
    );
    assert_eq!(
        talk.goal().id,
        goal,
        "the goal is one from the first word to the last"
    );
    assert_eq!(talk.state(), GoalState::Confirming);
    assert_eq!(talk.has(Status::Held).len(), 1);
    has_all(&talk.says([Act::Confirm]), &["Booked", "reference"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
    assert!(talk.context.goals.is_empty());
}

#[test]
fn yes_but_is_not_a_yes() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    let text = talk.says([Act::Confirm, when(at("15:00"))]);
    has_all(&text, &["3:00 pm", "Shall I book"]);
    assert_eq!(talk.has(Status::Confirmed).len(), 0);
    assert_eq!(
        talk.has(Status::Held),
        ["linh 2026-11-20T15:00"],
        "one hold a goal"
    );
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-20T15:00"]);
}

#[test]
fn a_yes_that_repeats_what_was_read_back_is_a_yes() {
    for more in [
        when(on_at(20, "14:00")),
        with(&["linh"]),
        Act::Start { goal: GoalKind::Book },
    ] {
        let mut talk = talk();
        talk.says(gel_with_linh_on_friday());
        has_all(&talk.says([Act::Confirm, more]), &["Booked"]);
    }
}

#[test]
fn a_yes_with_something_that_cannot_be_is_not_a_yes() {
    for (more, said) in [
        (people(50), "up to 20 people"),
        (with(&[]), "Nobody called"),
        (nothing_like_it("brazilian wax"), "not something we offer"),
    ] {
        let mut talk = talk();
        talk.says(gel_with_linh_on_friday());
        has_all(&talk.says([Act::Confirm, more]), &[said, "Shall I book"]);
        assert_eq!(talk.has(Status::Confirmed).len(), 0);
    }
}

#[test]
fn a_late_yes_books_what_was_read_back_if_it_is_still_free() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    talk.pass_minutes(6);
    has_all(
        &talk.says([Act::Confirm]),
        &["could not keep the time", "still free", "Booked"],
    );
    assert_eq!(talk.has(Status::Confirmed), ["linh 2026-11-20T14:00"]);
}

#[test]
fn a_late_yes_with_somebody_else_free_is_read_back_first() {
    let mut talk = talk();
    talk.says([
        service(&["gel-manicure"]),
        with_anyone(),
        when(on_at(20, "14:00")),
    ]);
    let [held] = &talk.has(Status::Held)[..] else {
        panic!()
    };
    let (first, second) = if held.starts_with("mai") {
        ("mai", "Linh")
    } else {
        ("linh", "Mai")
    };
    talk.pass_minutes(6);
    talk.booked("Bea", "gel-manicure", first, "2026-11-20T14:00");
    let text = talk.says([Act::Confirm]);
    has_all(&text, &["could not keep", second, "Shall I book it"]);
    assert_eq!(
        talk.has(Status::Confirmed).len(),
        0,
        "nobody said yes to {second}"
    );
    has_all(&talk.says([Act::Confirm]), &["Booked", second]);
}

#[test]
fn a_late_yes_to_a_slot_that_is_taken_gets_alternatives() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    talk.pass_minutes(6);
    talk.booked("Bea", "gel-manicure", "linh", "2026-11-20T14:00");
    has_all(&talk.says([Act::Confirm]), &["could not keep", "Free instead"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
}

#[test]
fn without_holds_the_commit_decides() {
    let mut talk = talk_with("hold_min = 0");
    has_all(&talk.says(gel_with_linh_on_friday()), &["Shall I book"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
    assert!(
        matches!(talk.effects[..], [Effect::Book { .. }]),
        "{:?}",
        talk.effects
    );

    let mut late = talk_with("hold_min = 0");
    late.says(gel_with_linh_on_friday());
    late.booked("Bea", "gel-manicure", "linh", "2026-11-20T14:00");
    has_all(&late.says([Act::Confirm]), &["not free", "Free instead"]);
    assert!(late.effects.is_empty());
}

#[test]
fn without_holds_somebody_else_being_free_is_read_back_first() {
    let mut talk = talk_with("hold_min = 0");
    let text = talk.says([
        service(&["gel-manicure"]),
        with_anyone(),
        when(on_at(20, "14:00")),
    ]);
    let (first, second) = if text.contains("Mai") {
        ("mai", "Linh")
    } else {
        ("linh", "Mai")
    };
    talk.booked("Bea", "gel-manicure", first, "2026-11-20T14:00");
    has_all(&talk.says([Act::Confirm]), &[second, "Shall I book it"]);
    has_all(&talk.says([Act::Confirm]), &["Booked", second]);
}

#[test]
fn a_slot_lost_in_the_commit_is_answered_with_alternatives() {
    let mut talk = talk_with("hold_min = 0");
    talk.says(gel_with_linh_on_friday());
    talk.booked("Bea", "gel-manicure", "linh", "2026-11-20T14:00");
    let heard = crate::dialogue::Heard {
        id: crate::types::MessageId::new("x").unwrap(),
        channel: crate::types::Channel::Api,
        text: String::new(),
        acts: vec![Act::Confirm],
        language: None,
        wording: None,
    };
    let outcome = talk.decides(crate::dialogue::Input::Messages(&[heard]), Some(talk.now));
    has_all(&outcome.replies[0].text, &["taken just now", "Free instead"]);
}

#[test]
fn an_express_business_books_at_once_what_was_said_in_full_and_only_that() {
    let express = || talk_with("express = true");
    let mut all_said = express();
    has_all(&all_said.says(gel_with_linh_on_friday()), &["Booked"]);

    let mut no_staff = express();
    no_staff.says([service(&["gel-manicure"]), when(on_at(20, "14:00"))]);
    assert_eq!(no_staff.has(Status::Confirmed).len(), 0);

    let mut earliest = express();
    let text = earliest.says([
        service(&["gel-manicure"]),
        with(&["linh"]),
        when(ordered(on(20), crate::understanding::when::Order::Earliest)),
    ]);
    has_all(&text, &["9:00 am", "Shall I book"]);

    let mut overlapping = express();
    overlapping.booked("Anna", "pedicure", "mai", "2026-11-20T14:00");
    has_all(
        &overlapping.says(gel_with_linh_on_friday()),
        &["Mind that you also have", "Shall I book"],
    );

    let mut assumed = express();
    let half_of_day = assuming(
        on_at(20, "14:00"),
        crate::understanding::when::Inferred::HalfOfDay,
    );
    assumed.says([service(&["gel-manicure"]), with(&["linh"]), when(half_of_day)]);
    assert_eq!(assumed.has(Status::Confirmed).len(), 0);
}

#[test]
fn where_the_business_confirms_by_hand_nothing_is_called_booked() {
    let mut talk = talk_with("confirm_by_hand = true");
    talk.says(gel_with_linh_on_friday());
    let text = talk.says([Act::Confirm]);
    has_all(&text, &["waits for our confirmation"]);
    assert!(!text.contains("Booked"), "{text}");
    assert_eq!(talk.has(Status::Pending), ["linh 2026-11-20T14:00"]);
}

#[test]
fn an_overlap_with_ones_own_visit_is_said_and_left_to_decide() {
    let mut talk = talk();
    talk.booked("Anna", "pedicure", "mai", "2026-11-20T14:30");
    has_all(
        &talk.says(gel_with_linh_on_friday()),
        &["Mind that you also have Pedicure with Mai", "Shall I book"],
    );
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
}

#[test]
fn more_visits_than_one_may_have_are_refused() {
    let mut talk = talk_with("active_appointments_max = 1");
    talk.booked("Anna", "pedicure", "sofia", "2026-11-21T11:00");
    has_all(
        &talk.says(gel_with_linh_on_friday()),
        &["as many upcoming appointments"],
    );
    assert!(talk.context.goals.is_empty());
    assert_eq!(talk.has(Status::Held).len(), 0);
}

#[test]
fn a_party_too_large_is_for_a_person_to_arrange() {
    let mut talk = talk();
    has_all(
        &talk.says([service(&["gel-manicure"]), people(21)]),
        &["up to 20 people", "+1 212 555 0142"],
    );
}

#[test]
fn somebody_who_does_not_do_the_service_is_said_so() {
    let mut talk = talk();
    let text = talk.says([
        service(&["gel-manicure"]),
        with(&["sofia"]),
        when(on_at(20, "14:00")),
    ]);
    has_all(&text, &["Sofia doesn't do Gel Manicure", "Mai or Linh"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
}

#[test]
fn a_name_that_several_people_have_is_asked() {
    let mut talk = talk();
    let text = talk.says([
        service(&["gel-manicure"]),
        with(&["mai", "linh"]),
        when(on_at(20, "14:00")),
    ]);
    has_all(&text, &["Who do you mean", "Mai or Linh"]);
    has_all(&talk.says([with(&["linh"])]), &["Linh", "Shall I book"]);
}

#[test]
fn an_add_on_comes_on_top_and_never_alone() {
    let mut alone = talk();
    has_all(
        &alone.says([service(&["nail-art"]), when(on_at(20, "14:00"))]),
        &["only booked together", "Which service"],
    );
    has_all(
        &alone.says([service(&["gel-manicure"])]),
        &["Gel Manicure and Nail Art"],
    );

    let mut on_top = talk();
    on_top.says([
        service(&["gel-manicure"]),
        with(&["mai"]),
        when(on_at(20, "11:00")),
    ]);
    has_all(
        &on_top.says([service(&["nail-art"])]),
        &["Gel Manicure and Nail Art", "$55", "(75 min)"],
    );
    has_all(
        &on_top.says([services(&["nail-art"], Mode::Remove)]),
        &["$45", "(60 min)"],
    );
}

#[test]
fn two_people_come_side_by_side() {
    let mut talk = talk();
    let text = talk.says([service(&["gel-manicure"]), people(2), when(on_at(20, "11:00"))]);
    has_all(&text, &["2 × Gel Manicure", "$90", "for 2 people"]);
    talk.says([Act::Confirm]);
    let visit = talk
        .appointments
        .values()
        .find(|a| a.participant == anna())
        .unwrap();
    assert_eq!((visit.party_size, visit.allocations.len()), (2, 2));
}

#[test]
fn a_class_has_seats() {
    let mut talk = talk();
    has_all(
        &talk.says([service(&["nail-art-workshop"]), when(on(21))]),
        &["4 seats are left", "How many"],
    );
    has_all(&talk.says([people(5)]), &["only 4 seats are left"]);
    has_all(&talk.says([people(2)]), &["$60", "Shall I book"]);
    talk.says([Act::Confirm]);
    assert_eq!(talk.has(Status::Confirmed).len(), 1);
}

#[test]
fn an_option_that_was_not_listed_is_not_chosen() {
    for option in [0, 4, 99] {
        let mut talk = talk();
        talk.says([Act::Start { goal: GoalKind::Book }]);
        has_all(&talk.says([Act::Choose { option }]), &["from 1 to 3", "1. Basic"]);
        assert!(talk.goal().slots.services.is_empty());
    }
}
