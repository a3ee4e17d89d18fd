//! Questions, small talk, and not being understood.

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::dialogue::Effect;
use crate::understanding::act::{HandoffReason, Said, SmallTalk, Topic};
use crate::understanding::when::Inferred;
use crate::understanding::{Act, GoalKind, SlotKind, SlotValue};

fn ask(topic: Topic) -> Act {
    Act::Ask { topic }
}

fn talks(kind: SmallTalk) -> Act {
    Act::SmallTalk { kind }
}

fn word(value: &str) -> Said {
    Said {
        value: value.to_owned(),
        text: value.to_owned(),
        span: (0, 0),
    }
}

fn name(first: Option<&str>, last: Option<&str>) -> Act {
    Act::Set {
        value: SlotValue::Name {
            first: first.map(word),
            last: last.map(word),
        },
    }
}

#[test]
fn a_question_on_the_way_is_answered_once_and_the_open_one_repeated_shortly() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"])]);
    let goal = talk.goal().clone();
    let text = talk.says([ask(Topic::Parking), ask(Topic::Price)]);
    has_all(
        &text,
        &[
            "garage",
            "Gel Manicure costs $45",
            "Which day and time would suit you?",
        ],
    );
    assert!(!text.contains("When would you like"), "shortly: {text}");
    assert_eq!(talk.goal(), &goal, "the goal is untouched");
}

#[test]
fn a_question_beside_a_yes_is_answered_and_the_yes_counts() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([Act::Confirm, ask(Topic::Parking)]),
        &["garage", "Booked"],
    );

    // The service named is what is asked about, not a new wish.
    let mut other = self::talk();
    other.says(gel_with_linh_on_friday());
    let text = other.says([Act::Confirm, ask(Topic::Price), service(&["pedicure"])]);
    has_all(&text, &["Pedicure costs $40", "Booked: Gel Manicure"]);
}

#[test]
fn why_not_tells_the_reason_for_the_time_last_asked_about() {
    let mut talk = talk();
    let refused = talk.says([
        service(&["gel-manicure"]),
        with(&["mai"]),
        when(on_at(20, "16:00")),
    ]);
    has_all(&refused, &["Mai is not free", "Free instead"]);
    let why = talk.says([ask(Topic::WhyNot)]);
    has_all(&why, &["Mai is not free on Friday 20 November at 4:00 pm"]);
    assert!(!why.contains("1. "), "the options are not listed anew: {why}");

    // Also after something else was chosen.
    talk.says([Act::Choose { option: 1 }]);
    has_all(&talk.says([ask(Topic::WhyNot)]), &["not free", "Shall I book"]);

    let mut sunday = self::talk();
    sunday.says([service(&["gel-manicure"]), when(on_at(22, "12:00"))]);
    has_all(&sunday.says([ask(Topic::WhyNot)]), &["closed on Sundays"]);
    let mut past = self::talk();
    past.says([service(&["gel-manicure"]), when(on(5))]);
    has_all(&past.says([ask(Topic::WhyNot)]), &["already passed"]);
    let mut nothing = self::talk();
    nothing.says([ask(Topic::WhyNot)]);
}

#[test]
fn why_not_at_another_time_looks_at_that_time() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([ask(Topic::WhyNot), with(&["mai"]), when(at("16:00"))]),
        &["Mai is not free", "4:00 pm"],
    );
}

#[test]
fn three_misses_lead_from_the_question_over_its_options_to_a_person() {
    let mut talk = talk();
    talk.says([Act::Start { goal: GoalKind::Book }]);
    let first = talk.says([Act::Unclear]);
    has_all(&first, &["did not get that", "Which service"]);
    assert!(!first.contains("1. "), "{first}");
    has_all(
        &talk.says([Act::Unclear]),
        &["still don't understand", "1. Basic"],
    );
    has_all(&talk.says([Act::Unclear]), &["asked somebody", "Which service"]);
    assert!(matches!(
        talk.effects[..],
        [Effect::HandOff {
            reason: HandoffReason::NotUnderstood
        }]
    ));
    // The ladder begins anew, and the goal goes on.
    has_all(&talk.says([Act::Unclear]), &["did not get that"]);
    has_all(&talk.says([Act::Choose { option: 2 }]), &["When"]);
}

#[test]
fn a_miss_that_is_mended_is_forgotten() {
    let mut talk = talk();
    talk.says([Act::Unclear]);
    talk.says([Act::Unclear]);
    talk.says([service(&["gel-manicure"])]);
    has_all(&talk.says([Act::Unclear]), &["did not get that"]);
    assert!(talk.effects.is_empty());
}

#[test]
fn a_contradiction_is_said_wherever_the_time_comes_from() {
    let friday_the_21st = || {
        assuming(
            on_at(21, "14:00"),
            Inferred::WeekdayContradicts(jiff::civil::Weekday::Friday),
        )
    };
    let remark = "Saturday 21 November is not a Friday";
    let mut at_once = talk();
    has_all(
        &at_once.says([
            service(&["gel-manicure"]),
            with(&["linh"]),
            when(friday_the_21st()),
        ]),
        &[remark, "Shall I book"],
    );
    // Asked for the staff in between.
    let mut asked = talk();
    asked.says([service(&["gel-manicure"]), when(friday_the_21st())]);
    has_all(&asked.says([with(&["linh"])]), &[remark, "Shall I book"]);
    // Chosen from the day's times.
    let mut chosen = talk();
    let day = assuming(on(21), Inferred::WeekdayContradicts(jiff::civil::Weekday::Friday));
    chosen.says([service(&["gel-manicure"]), with(&["linh"]), when(day)]);
    has_all(
        &chosen.says([Act::Choose { option: 1 }]),
        &[remark, "Shall I book"],
    );
}

#[test]
fn a_day_that_could_be_two_is_asked() {
    let mut talk = talk();
    let text = talk.says([
        service(&["gel-manicure"]),
        with(&["linh"]),
        when(ambiguous(on_either(&[20, 27]))),
    ]);
    has_all(
        &text,
        &["Which day do you mean", "1. Fri 20 Nov", "2. Fri 27 Nov"],
    );
    has_all(&talk.says([Act::Choose { option: 2 }]), &["Friday 27 November"]);
    assert_eq!(talk.has(Status::Held).len(), 0);
}

#[test]
fn names_are_noted_whole_and_an_empty_one_is_none() {
    let mut talk = talk();
    talk.says([name(Some("Anna"), None), name(None, Some("Smith"))]);
    assert_eq!(talk.context.profile.name.as_deref(), Some("Anna Smith"));
    talk.says([name(Some("  "), None), service(&["gel-manicure"])]);
    assert_eq!(talk.context.profile.name.as_deref(), Some("Anna Smith"));
    has_all(&talk.says([name(Some("Ann"), None)]), &["Thank you, Ann"]);
}

#[test]
fn a_name_that_is_taken_back_starts_no_booking() {
    let mut talk = talk();
    talk.says([name(Some("Anna"), None)]);
    talk.says([Act::Clear { slot: SlotKind::Name }]);
    assert_eq!(talk.context.profile.name, None);
    assert!(matches!(talk.effects[..], [Effect::Profile(_)]));
    assert!(talk.context.goals.is_empty());
}

#[test]
fn every_single_act_is_answered() {
    let acts = [
        Act::Start { goal: GoalKind::Book },
        Act::Start {
            goal: GoalKind::Enquire,
        },
        Act::Start {
            goal: GoalKind::Profile,
        },
        Act::Start {
            goal: GoalKind::Handoff,
        },
        Act::Start {
            goal: GoalKind::Waitlist,
        },
        Act::Choose { option: 1 },
        Act::Confirm,
        Act::Deny,
        Act::CancelGoal,
        Act::Undo,
        Act::Clear {
            slot: SlotKind::Which,
        },
        Act::Clear { slot: SlotKind::When },
        talks(SmallTalk::Greet),
        talks(SmallTalk::Thanks),
        talks(SmallTalk::Other),
        ask(Topic::Availability),
        ask(Topic::WhyNot),
        ask(Topic::Policy),
        ask(Topic::Faq {
            key: "unknown".to_owned(),
        }),
        Act::Handoff {
            reason: HandoffReason::Asked,
        },
        Act::StopContact,
        Act::Abuse,
        Act::Overreach,
        Act::Unclear,
    ];
    for act in acts {
        let mut fresh = talk();
        fresh.says([act.clone()]);
        let mut confirming = talk();
        confirming.says(gel_with_linh_on_friday());
        confirming.says([act]);
    }
    talk().says([]);
}

#[test]
fn small_talk_leaves_the_question_open_and_finishes_nothing() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(
        &talk.says([talks(SmallTalk::Compliment)]),
        &["kind of you", "Shall I book"],
    );
    talk.says([Act::Confirm]);
    has_all(&talk.says([talks(SmallTalk::Thanks)]), &["welcome"]);
    assert!(talk.context.goals.is_empty());
}

#[test]
fn insults_are_counted_and_end_with_a_person() {
    let mut talk = talk();
    talk.says(gel_with_linh_on_friday());
    has_all(&talk.says([Act::Abuse]), &["friendly", "Shall I book"]);
    talk.says([Act::Abuse]);
    has_all(&talk.says([Act::Abuse]), &["leave this to a person"]);
    assert!(matches!(
        talk.effects[..],
        [Effect::HandOff {
            reason: HandoffReason::Abuse
        }]
    ));
    has_all(&talk.says([Act::Confirm]), &["Booked"]);
}

#[test]
fn stop_is_obeyed_until_somebody_writes_again() {
    let mut talk = talk();
    talk.says([Act::StopContact]);
    assert!(matches!(talk.effects[..], [Effect::Contact { allowed: false }]));
    talk.says([talks(SmallTalk::Greet)]);
    assert!(matches!(talk.effects[..], [Effect::Contact { allowed: true }]));
}

#[test]
fn while_a_person_answers_only_a_wish_to_be_left_alone_is_answered_and_the_goal_stays() {
    let mut talk = talk();
    talk.says([service(&["gel-manicure"])]);
    let goal = talk.goal().clone();
    talk.context.paused_until = Some(talk.now + jiff::SignedDuration::from_mins(60));
    assert_eq!(talk.says([ask(Topic::Parking)]), "");
    assert_eq!(talk.goal().id, goal.id);
    assert!(talk.says([Act::StopContact]).contains("Lotus Nails"));
    assert!(talk.context.opted_out);

    talk.now += jiff::SignedDuration::from_mins(61);
    assert_ne!(talk.says([ask(Topic::Parking)]), "");
    assert_eq!(talk.context.paused_until, None);
}
