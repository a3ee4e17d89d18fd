//! Takes out what other acts already say, what is taken back, and what belongs to other worlds.

use super::super::cues::Hit;
use super::super::lang::List;
use super::super::roles::Motion;
use super::super::token::{Kind, Text};
use super::Placed;
use crate::understanding::act::{Act, Expecting, GoalKind, HandoffReason, Mode, SlotValue, StaffSaid, Topic};

/// Nobody says so much in one message; what repeats itself without end is cut here.
pub(super) const ACTS_MAX: usize = 256;

/// Whether a "no" belongs to what follows: "no nail art", "I don't want the pedicure", "I don't care who".
pub(super) fn not_an_answer(text: &Text<'_>, hit: &Hit<'_>, services: &Placed, staff: &Placed) -> bool {
    /// So many small words may stand between the "no" and what it belongs to.
    const SMALL_WORDS: usize = 2;
    let taken_off = |(at, act): &(usize, Act)| {
        let removed = matches!(
            act,
            Act::Set {
                value: SlotValue::Service {
                    mode: Mode::Remove,
                    ..
                }
            }
        );
        let words = |from: usize, to: usize| text.tokens[from..to].iter().all(|t| t.kind == Kind::Word);
        removed && words(hit.to, *at)
    };
    let anyone = |act: &Act| {
        matches!(
            act,
            Act::Set {
                value: SlotValue::Staff {
                    said: StaffSaid::Anyone
                }
            }
        )
    };
    between(services, hit.to, hit.to + SMALL_WORDS + 1).any(taken_off)
        || between(staff, hit.from, hit.to).any(|(_, act)| anyone(act))
}

/// The acts that begin at these tokens, of acts in order: a message may hold thousands.
fn between(placed: &Placed, from: usize, to: usize) -> impl Iterator<Item = &(usize, Act)> {
    let first = placed.partition_point(|(at, _)| *at < from);
    placed[first..].iter().take_while(move |(at, _)| *at < to)
}

/// Whether a yes is made to depend on something: a "but" with more than a word after it.
pub(super) fn provided(text: &Text<'_>, hits: &[Hit<'_>]) -> bool {
    let Some(yes) = hits.iter().find(|h| h.act == "confirm") else {
        return false;
    };
    let words = |from: usize| {
        text.tokens[from..]
            .iter()
            .filter(|t| t.kind == Kind::Word)
            .count()
    };
    (yes.to..text.len()).any(|i| text.listed(List::Provided, i) && words(i) > 2)
}

/// Whether the wish that begins at `at` is taken back in the same breath: "I don't want to book".
pub(super) fn refused(text: &Text<'_>, at: usize) -> bool {
    let words = (0..at)
        .rev()
        .take(4)
        .take_while(|i| text.tokens[*i].kind == Kind::Word);
    words.into_iter().any(|i| text.listed(List::Refusing, i))
}

/// A message about other worlds asks nothing of the business: "how much is a share of ...".
pub(super) fn elsewhere(placed: &mut Placed) {
    let wish = |a: &Act| {
        matches!(
            a,
            Act::Start {
                goal: GoalKind::Cancel | GoalKind::Reschedule
            } | Act::Ask {
                topic: Topic::MyAppointments | Topic::Policy
            } | Act::Overreach
        ) || matches!(
            a,
            Act::Handoff {
                reason: HandoffReason::Asked | HandoffReason::Emergency
            }
        )
    };
    let books = placed.iter().any(|(_, a)| matches!(a, Act::Start { .. }));
    if books || placed.iter().any(|(_, a)| wish(a)) {
        return;
    }
    placed.retain(|(_, act)| {
        !matches!(
            act,
            Act::Ask { .. }
                | Act::Set {
                    value: SlotValue::When { .. } | SlotValue::PartySize { .. }
                }
                | Act::Confirm
                | Act::Deny
                | Act::Handoff { .. }
                | Act::SmallTalk { .. }
        )
    });
}

/// An "ok" or "great" beside thanks is courtesy, unless yes or no was asked; "book it at five" is a wish.
pub(super) fn courteous(
    text: &Text<'_>,
    hits: &[Hit<'_>],
    expecting: Option<Expecting>,
    timed: bool,
) -> bool {
    (expecting != Some(Expecting::Confirm) || timed)
        && hits
            .iter()
            .filter(|h| h.act == "confirm")
            .all(|h| !(h.from..h.to).any(|i| text.listed(List::Yes, i)))
}

/// Takes out what other acts already say, and repetitions.
pub(super) fn settle(placed: Placed, motion: Motion) -> Vec<Act> {
    let has = |f: &dyn Fn(&Act) -> bool| placed.iter().any(|(_, a)| f(a));
    let goal = |goal: GoalKind| move |a: &Act| matches!(a, Act::Start { goal: g } if *g == goal);
    let moves = motion == Motion::Move || matches!(motion, Motion::Replace(_));
    let cancels = has(&goal(GoalKind::Cancel));
    let waits = has(&goal(GoalKind::Waitlist));
    let overreach = has(&|a| matches!(a, Act::Overreach));
    let complains = has(&|a| {
        matches!(
            a,
            Act::Handoff {
                reason: HandoffReason::Complaint | HandoffReason::Emergency
            }
        )
    });
    let drops = has(&|a| matches!(a, Act::CancelGoal | Act::SetAside));
    let lists = has(&|a| {
        matches!(
            a,
            Act::Ask {
                topic: Topic::MyAppointments
            }
        )
    });
    let first_answer = placed
        .iter()
        .position(|(_, a)| matches!(a, Act::Confirm | Act::Deny));
    let mut moved = false;
    let mut acts: Vec<Act> = Vec::new();
    let mut begins: Vec<usize> = Vec::new();
    for (place, (at, act)) in placed.into_iter().enumerate() {
        let act = match act {
            Act::Start {
                goal: GoalKind::Book | GoalKind::Cancel | GoalKind::Reschedule,
            } if moves => {
                if moved {
                    continue;
                }
                moved = true;
                Act::Start {
                    goal: GoalKind::Reschedule,
                }
            }
            Act::Start { goal: GoalKind::Book } if cancels || waits || lists => continue,
            Act::Start { .. } if overreach => continue,
            Act::Start { goal: GoalKind::Book } if complains => continue,
            Act::Ask {
                topic: Topic::MyAppointments,
            } if cancels || moves => continue,
            Act::Confirm | Act::Deny if drops || first_answer != Some(place) => continue,
            other => other,
        };
        if acts.len() == ACTS_MAX {
            break;
        }
        let anywhere = !has_place(&act);
        let repeated = acts
            .iter()
            .zip(&begins)
            .any(|(other, begin)| (anywhere || *begin == at) && *other == act);
        if !repeated {
            acts.push(act);
            begins.push(at);
        }
    }
    acts
}

/// Whether the act tells where its words stand, and so is like no act that begins elsewhere.
fn has_place(act: &Act) -> bool {
    match act {
        Act::Set {
            value: SlotValue::Staff { said },
        } => matches!(said, StaffSaid::Named { .. }),
        Act::Set { .. } => true,
        _ => false,
    }
}
