//! Whatever is said, in whatever order, and however much time passes in between: what must never happen does not.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::talk::*;
use super::words::*;
use crate::booking::Status;
use crate::booking::visit::Allocation;
use crate::dialogue::context::{GOALS_MAX, WAITLIST_MAX};
use crate::dialogue::goal::Goal;
use crate::dialogue::{Context, Effect, Heard, Input};
use crate::types::{AppointmentId, Channel, GoalId, MessageId};
use crate::understanding::act::{HandoffReason, Mode, SmallTalk, Topic};
use crate::understanding::when::{Except, Inferred, Order, TimeRange};
use crate::understanding::{Act, Expecting, GoalKind, SlotKind, SlotValue};

#[derive(Debug, Clone)]
enum Step {
    Says(Vec<Act>),
    Passes(i64),
    /// Somebody else takes a slot, if it is free still.
    IsTaken(&'static str, &'static str),
    /// The business calls off a visit.
    IsCalledOff(prop::sample::Index),
    /// Those who wait are looked at.
    SlotsAreFreed,
}

/// Everything that can be said, more or less.
fn acts() -> Vec<Act> {
    let start = |goal| Act::Start { goal };
    let ask = |topic| Act::Ask { topic };
    let mornings = TimeRange::Between {
        from: None,
        until: Some(at_of("12:00")),
    };
    vec![
        start(GoalKind::Book),
        start(GoalKind::Reschedule),
        start(GoalKind::Cancel),
        start(GoalKind::Waitlist),
        start(GoalKind::Enquire),
        service(&["gel-manicure"]),
        service(&["pedicure"]),
        service(&["basic-manicure", "pedicure"]),
        service(&["nail-art-workshop"]),
        services(&["nail-art"], Mode::Add),
        services(&["pedicure"], Mode::Remove),
        nothing_like_it("brazilian wax"),
        with(&["mai"]),
        with(&["linh"]),
        with(&["sofia"]),
        with(&["mai", "linh"]),
        with(&[]),
        with_anyone(),
        people(1),
        people(2),
        people(5),
        people(50),
        when(on(19)),
        when(on(20)),
        when(on(21)),
        when(on(22)),
        when(on(26)),
        when(on(5)),
        when(on_at(20, "14:00")),
        when(on_at(20, "16:00")),
        when(on_at(21, "15:00")),
        when(at("11:00")),
        when(at("03:00")),
        when(in_times(mornings)),
        when(between("2026-11-23", "2026-11-29")),
        when(between("2027-03-01", "2027-03-02")),
        when(only(Order::Earliest)),
        when(only(Order::Latest)),
        when(only(Order::Later)),
        when(only(Order::Earlier)),
        when(ambiguous(on_either(&[20, 27]))),
        when(except(Except::Weekday(jiff::civil::Weekday::Friday))),
        when(assuming(
            on(21),
            Inferred::WeekdayContradicts(jiff::civil::Weekday::Friday),
        )),
        Act::Set {
            value: SlotValue::Which { when: on(20) },
        },
        Act::Clear { slot: SlotKind::When },
        Act::Clear {
            slot: SlotKind::Staff,
        },
        Act::Clear {
            slot: SlotKind::Service,
        },
        Act::Clear { slot: SlotKind::Name },
        Act::Choose { option: 0 },
        Act::Choose { option: 1 },
        Act::Choose { option: 2 },
        Act::Choose { option: 4 },
        Act::Deny,
        Act::CancelGoal,
        Act::Undo,
        ask(Topic::Parking),
        ask(Topic::Price),
        ask(Topic::Availability),
        ask(Topic::WhyNot),
        ask(Topic::MyAppointments),
        Act::SmallTalk {
            kind: SmallTalk::Greet,
        },
        Act::SmallTalk {
            kind: SmallTalk::Thanks,
        },
        Act::Handoff {
            reason: HandoffReason::Asked,
        },
        Act::StopContact,
        Act::Abuse,
        Act::Unclear,
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let said = prop_oneof![
        1 => Just(Act::Confirm),
        3 => prop::sample::select(acts()),
    ];
    let taken = prop::sample::select(vec![
        ("mai", "2026-11-20T14:00"),
        ("linh", "2026-11-20T14:00"),
        ("linh", "2026-11-20T16:00"),
        ("linh", "2026-11-21T15:00"),
    ]);
    prop_oneof![
        12 => prop::collection::vec(said, 1..4).prop_map(Step::Says),
        6 => Just(Step::Says(vec![Act::Confirm])),
        3 => Just(Step::Says(gel_with_linh_on_friday())),
        2 => prop::sample::select(vec![1, 6, 16, 125, 1_500]).prop_map(Step::Passes),
        1 => taken.prop_map(|(who, start)| Step::IsTaken(who, start)),
        1 => any::<prop::sample::Index>().prop_map(Step::IsCalledOff),
        1 => Just(Step::SlotsAreFreed),
    ]
}

/// A visit as the customer sees it.
type Seen = Vec<(String, String, jiff::Timestamp)>;

fn seen(allocations: &[Allocation]) -> Seen {
    let one = |a: &Allocation| (a.service.to_string(), a.resource.to_string(), a.starts_at);
    allocations.iter().map(one).collect()
}

fn read_back_of(goal: &Goal) -> Option<Seen> {
    let held = goal.hold.as_ref().map(|hold| seen(&hold.allocations));
    held.or_else(|| goal.plan.as_ref().map(|plan| seen(&plan.allocations)))
}

/// The goals to which a yes is possible now: the one asked about, and an offer from the waitlist that ran out.
fn awaiting_a_yes(context: &Context) -> Vec<&Goal> {
    let asked = context
        .question
        .as_ref()
        .filter(|q| q.expecting == Expecting::Confirm)
        .and_then(|q| context.goal(q.goal?));
    let offered = || context.goals.iter().filter(|goal| goal.waitlist.is_some());
    let late = context.dropped.iter().filter(|goal| goal.waitlist.is_some());
    asked.into_iter().chain(offered()).chain(late).collect()
}

fn check_effects(before: &Context, said_yes: bool, talk: &Talk) -> Result<(), TestCaseError> {
    let asked = awaiting_a_yes(before);
    let was_read_back = |visit: &Seen| {
        asked
            .iter()
            .any(|goal| read_back_of(goal).as_ref() == Some(visit))
    };
    let was_asked_about = |id: AppointmentId| asked.iter().any(|goal| goal.target == Some(id));
    for effect in &talk.effects {
        match effect {
            Effect::Confirm { appointment, .. } | Effect::Book { appointment } => {
                prop_assert!(said_yes, "booked without a yes");
                prop_assert!(
                    was_read_back(&seen(&appointment.allocations)),
                    "not what was read back: {appointment:?}, but {asked:?}"
                );
            }
            Effect::Move { appointment, to, .. } => {
                prop_assert!(said_yes, "moved without a yes");
                prop_assert!(was_asked_about(appointment.id));
                prop_assert!(was_read_back(&seen(&to.allocations)), "{to:?}");
                prop_assert_eq!(&to.participant, &anna());
            }
            Effect::Cancel { appointment } => {
                prop_assert!(said_yes, "cancelled without a yes");
                prop_assert!(was_asked_about(appointment.id));
            }
            Effect::Release { appointment } => {
                let row = talk.appointments.get(appointment);
                prop_assert!(row.is_none_or(|row| row.participant == anna()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn check_words(text: &str, effects: &[Effect]) -> Result<(), TestCaseError> {
    let is_done = |of: fn(&Effect) -> bool| effects.iter().any(of);
    let booked = is_done(|e| matches!(e, Effect::Confirm { by_hand: false, .. } | Effect::Book { .. }));
    prop_assert_eq!(text.contains("Booked"), booked, "{}", text);
    let moved = is_done(|e| matches!(e, Effect::Move { .. }));
    prop_assert_eq!(text.contains("Moved:"), moved, "{}", text);
    let cancelled = is_done(|e| matches!(e, Effect::Cancel { .. }));
    prop_assert_eq!(text.contains("Cancelled:"), cancelled, "{}", text);
    Ok(())
}

fn check_state(talk: &Talk) -> Result<(), TestCaseError> {
    let context = &talk.context;
    prop_assert!(context.goals.len() <= GOALS_MAX);
    prop_assert!(context.waitlist.len() <= WAITLIST_MAX);
    let held = |goal: GoalId| {
        let rows = talk.appointments.values();
        rows.filter(|a| a.goal == Some(goal) && a.status == Status::Held)
            .count()
    };
    for goal in context.goals.iter().chain(&context.dropped) {
        prop_assert!(held(goal.id) <= 1, "{goal:?}");
    }
    let owned = talk.appointments.values().filter(|a| a.status == Status::Held);
    for hold in owned {
        let is_known = context.goals.iter().any(|goal| Some(goal.id) == hold.goal);
        prop_assert!(is_known, "a hold that no goal knows: {hold:?}");
    }
    let size = serde_json::to_string(context).unwrap().len();
    prop_assert!(size < 40_000, "the context has {size} bytes");
    Ok(())
}

fn play(policy: &str, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let mut talk = talk_with(policy);
    for step in steps {
        match step {
            Step::Says(acts) => {
                let before = talk.context.clone();
                let heard = [Heard {
                    id: MessageId::new("again").unwrap(),
                    channel: Channel::Api,
                    text: String::new(),
                    acts: acts.clone(),
                    language: None,
                    wording: None,
                }];
                let (one, two) = (
                    talk.decides(Input::Messages(&heard), None),
                    talk.decides(Input::Messages(&heard), None),
                );
                prop_assert_eq!(&one, &two, "the same arguments give the same outcome");
                prop_assert_eq!(one.replies.len(), 1, "one reply to a message");
                let said_yes = acts.contains(&Act::Confirm) || acts.contains(&Act::Choose { option: 1 });
                let text = talk.says(acts);
                check_effects(&before, said_yes, &talk)?;
                check_words(&text, &talk.effects)?;
            }
            Step::Passes(minutes) => talk.pass(SignedDuration::from_mins(minutes)),
            Step::IsTaken(staff, start) => talk.is_taken_if_free(staff, start),
            Step::IsCalledOff(which) => {
                let all: Vec<AppointmentId> = talk.appointments.keys().copied().collect();
                let row = talk.appointments.get_mut(which.get(&all)).unwrap();
                if row.status == Status::Confirmed {
                    (row.status, row.version) = (Status::Cancelled, row.version + 1);
                }
            }
            Step::SlotsAreFreed => {
                let text = talk.slots_are_freed();
                check_words(&text, &talk.effects)?;
            }
        }
        check_state(&talk)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_done_without_a_yes_to_exactly_that(steps in prop::collection::vec(step(), 1..24)) {
        play("hold_min = 5", steps)?;
    }

    #[test]
    fn nor_without_holds(steps in prop::collection::vec(step(), 1..24)) {
        play("hold_min = 0", steps)?;
    }
}
