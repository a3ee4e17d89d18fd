//! Whatever is done in whatever order, no seat is given twice (I5).

use std::collections::BTreeMap;
use std::sync::Arc;

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::booking::visit::Allocation;
use frontdesk::dialogue::Effect;
use frontdesk::store::{Actor, Change, CommitOutcome, HoldOutcome, Store, TurnCommit};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::Backend;
use super::given::{at, attempt, book, pair, salon, visit};

/// Something that one of four customers does with one of their visits.
#[derive(Debug, Clone, Copy)]
struct Step {
    who: usize,
    what: u8,
    /// Quarters of an hour after 10:00.
    start: i64,
    quarters: i64,
    resource: usize,
    minutes_pass: i64,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..4_usize, 0..6_u8, 0..12_i64, 1..4_i64, 0..2_usize, 0..3_i64).prop_map(
        |(who, what, start, quarters, resource, minutes_pass)| Step {
            who,
            what,
            start,
            quarters,
            resource,
            minutes_pass,
        },
    );
    prop::collection::vec(step, 1..60)
}

pub(crate) async fn no_sequence_of_changes_books_a_seat_twice(backend: &dyn Backend) {
    let store = backend.open().await;
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut now = at("09:00");
    for case in 0..40 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        for (n, step) in steps.iter().enumerate() {
            now = now
                .checked_add(SignedDuration::from_mins(step.minutes_pass))
                .unwrap();
            // Four at once, on the same slot or near it.
            let name = format!("{case}-{n}");
            tokio::join!(
                take(&store, *step, now, format!("{name}-a")),
                take(
                    &store,
                    Step {
                        who: (step.who + 1) % 4,
                        ..*step
                    },
                    now,
                    format!("{name}-b")
                ),
                take(
                    &store,
                    Step {
                        start: step.start + 1,
                        ..*step
                    },
                    now,
                    format!("{name}-c")
                ),
            );
        }
        check(&store, now, &format!("{steps:?}")).await;
    }
}

async fn take(store: &Arc<dyn Store>, step: Step, now: Timestamp, name: String) {
    let who = format!("customer-{}", step.who);
    let pair = pair(&who);
    let resource = ["mai", "linh"][step.resource];
    let starts_at = at("10:00") + SignedDuration::from_mins(15 * step.start);
    let ends_at = starts_at + SignedDuration::from_mins(15 * step.quarters);
    let mut wish = visit(&who, resource, "10:00", "10:30");
    wish.id = frontdesk::types::AppointmentId(super::given::id(&name));
    (wish.starts_at, wish.ends_at) = (starts_at, ends_at);
    wish.allocations[0] = Allocation {
        starts_at,
        ends_at,
        blocked_from: starts_at,
        blocked_until: ends_at + SignedDuration::from_mins(5),
        ..wish.allocations[0].clone()
    };
    let version = store.open(&pair, None).await.unwrap().version();
    let commit = async |effect: Effect| {
        let turn = TurnCommit {
            at: now,
            effects: vec![effect],
            ..attempt(&pair, version, &name)
        };
        store.commit(turn).await.unwrap()
    };
    let change = async |change: Change| store.change(&salon(), change, now).await.unwrap();
    let theirs = mine(store, &pair.participant, now).await;
    let promise = Appointment {
        status: Status::Held,
        hold_expires_at: Some(now + SignedDuration::from_mins(5)),
        ..wish.clone()
    };
    match (step.what, theirs) {
        (0, _) => {
            if let HoldOutcome::Held(appointment) =
                store.hold(&pair.business, &pair, promise, now).await.unwrap()
            {
                let confirm = Effect::Confirm {
                    appointment,
                    by_hand: step.start % 2 == 0,
                };
                let outcome = commit(confirm).await;
                assert!(!matches!(outcome, CommitOutcome::AlreadyAnswered(_)));
            }
        }
        (1, _) => {
            store.hold(&pair.business, &pair, promise, now).await.unwrap();
        }
        (2, Some(appointment)) => {
            commit(Effect::Move {
                appointment,
                to: wish,
                hold: None,
            })
            .await;
        }
        (3, Some(appointment)) => {
            commit(Effect::Cancel { appointment }).await;
        }
        (4, Some(appointment)) => {
            change(Change::Move {
                to: Appointment {
                    id: appointment.id,
                    ..wish
                },
                expected_version: None,
                actor: Actor::Operator,
            })
            .await;
        }
        _ => {
            change(book(&wish)).await;
        }
    }
}

/// A visit of a customer that can be moved or cancelled.
async fn mine(
    store: &Arc<dyn Store>,
    participant: &frontdesk::types::ParticipantId,
    now: Timestamp,
) -> Option<Appointment> {
    let query = frontdesk::store::AppointmentQuery {
        from: Some(now),
        participant: Some(participant.clone()),
        statuses: vec![Status::Pending, Status::Confirmed],
        limit: 1,
        ..Default::default()
    };
    store.appointments(&salon(), &query).await.unwrap().pop()
}

async fn check(store: &Arc<dyn Store>, now: Timestamp, steps: &str) {
    let calendar = store.calendar_changes(&salon(), 0, at("00:00")).await.unwrap();
    let mut seats: BTreeMap<(String, u32), Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
    for allocation in calendar.appointments.iter().flat_map(|visit| &visit.allocations) {
        let seat = (allocation.resource.to_string(), allocation.seat);
        seats
            .entry(seat)
            .or_default()
            .push((allocation.blocked_from, allocation.blocked_until));
    }
    for (seat, mut blocked) in seats {
        blocked.sort();
        for pair in blocked.windows(2) {
            assert!(
                pair[0].1 <= pair[1].0,
                "{seat:?} is given twice at {now}: {pair:?} after {steps}"
            );
        }
    }
    for appointment in &calendar.appointments {
        let story = super::given::story(store, appointment).await;
        assert_eq!(story.len() as u64, appointment.version, "{story:?}");
    }
}
