//! What a turn does to the world happens with the turn, or not at all.

use std::sync::Arc;

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::booking::visit::{Arrangement, Plan, Wish};
use frontdesk::dialogue::Effect;
use frontdesk::dialogue::outcome::{Profile, WaitlistEntry, WaitlistOffer, WaitlistState};
use frontdesk::store::{Actor, CommitOutcome, EffectRefusal, HoldOutcome, Store, TurnCommit};
use frontdesk::types::WaitlistId;
use frontdesk::understanding::act::HandoffReason;
use jiff::Timestamp;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{
    at, attempt, booked, committed, held, hold, id, now, pair, placed, salon, story, turn, visit,
};

fn with(who: &str, version: u64, effects: Vec<Effect>) -> TurnCommit {
    TurnCommit {
        effects,
        ..turn(&pair(who), version)
    }
}

fn confirm(appointment: &Appointment) -> Effect {
    Effect::Confirm {
        appointment: appointment.clone(),
        by_hand: false,
    }
}

async fn refused(store: &Arc<dyn Store>, turn: TurnCommit) -> (usize, EffectRefusal) {
    let before = store.open(&turn.pair, None).await.unwrap().version();
    let pair = turn.pair.clone();
    match store.commit(turn).await.unwrap() {
        CommitOutcome::EffectRefused { effect, refusal } => {
            assert_eq!(store.open(&pair, None).await.unwrap().version(), before);
            (effect, refusal)
        }
        other => panic!("an effect should have been refused: {other:?}"),
    }
}

pub(crate) async fn a_hold_is_confirmed(backend: &dyn Backend) {
    let store = backend.open().await;
    let promise = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let changed = committed(&store, with("ana", 0, vec![confirm(&promise)])).await;
    let expected = Appointment {
        status: Status::Confirmed,
        hold_expires_at: None,
        version: 2,
        ..promise.clone()
    };
    assert_eq!(changed, std::slice::from_ref(&expected));
    assert_eq!(now(&store, &promise).await, expected);
    let events = store.appointment_events(&salon(), promise.id).await.unwrap();
    assert_eq!(
        events
            .iter()
            .map(|e| (e.kind.as_str(), e.actor))
            .collect::<Vec<_>>(),
        [("held", Actor::Bot), ("confirmed", Actor::Customer)]
    );
    assert_eq!(events[1].turn, Some(turn(&pair("ana"), 0).turn));
    assert_eq!(events[1].after, expected);
    // Confirmed once: the turn that comes late is told.
    assert_eq!(
        refused(&store, with("ana", 1, vec![confirm(&promise)])).await,
        (0, EffectRefusal::Changed)
    );
}

pub(crate) async fn a_business_that_confirms_by_hand_gets_a_request(backend: &dyn Backend) {
    let store = backend.open().await;
    let promise = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let effect = Effect::Confirm {
        appointment: promise,
        by_hand: true,
    };
    let changed = committed(&store, with("ana", 0, vec![effect])).await;
    assert_eq!(changed[0].status, Status::Pending);
}

pub(crate) async fn an_expired_hold_is_not_confirmed(backend: &dyn Backend) {
    let store = backend.open().await;
    let promise = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let mut late = with("ana", 0, vec![confirm(&promise)]);
    late.at = at("09:05");
    assert_eq!(refused(&store, late).await, (0, EffectRefusal::Changed));
}

pub(crate) async fn a_hold_that_changed_is_not_confirmed(backend: &dyn Backend) {
    let store = backend.open().await;
    let promise = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let other = Appointment {
        version: 7,
        ..promise.clone()
    };
    assert_eq!(
        refused(&store, with("ana", 0, vec![confirm(&other)])).await,
        (0, EffectRefusal::Changed)
    );
    let unknown = hold("ana", "mai", "12:00", "12:30");
    assert_eq!(
        refused(&store, with("ana", 0, vec![confirm(&unknown)])).await,
        (0, EffectRefusal::Changed)
    );
    assert_eq!(now(&store, &promise).await, promise);
}

pub(crate) async fn a_booking_without_a_hold_can_be_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    let book = |who: &str| Effect::Book {
        appointment: visit(who, "mai", "10:00", "10:30"),
    };
    let changed = committed(&store, with("ana", 0, vec![book("ana")])).await;
    assert_eq!(changed, [visit("ana", "mai", "10:00", "10:30")]);
    assert_eq!(
        refused(&store, with("ben", 0, vec![book("ben")])).await,
        (0, EffectRefusal::Taken)
    );
    let bens = visit("ben", "mai", "10:00", "10:30").id;
    assert_eq!(store.appointment(&salon(), bens).await.unwrap(), None);
    assert_eq!(
        story(&store, &visit("ana", "mai", "10:00", "10:30")).await,
        ["booked"]
    );
}

pub(crate) async fn a_move_keeps_the_old_slot_until_the_new_one_is_won(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    booked(&store, visit("ben", "mai", "11:00", "11:30")).await;
    let to = |from: &str, until: &str| Effect::Move {
        appointment: anas.clone(),
        to: visit("ana", "mai", from, until),
        hold: None,
    };
    let taken = refused(&store, with("ana", 0, vec![to("11:00", "11:30")])).await;
    assert_eq!(taken, (0, EffectRefusal::Taken));
    assert_eq!(now(&store, &anas).await, anas);
    let wish = hold("cleo", "mai", "10:00", "10:30");
    assert_eq!(
        placed(&store, wish.clone(), "09:00").await,
        HoldOutcome::Taken,
        "hers still"
    );

    let moved = committed(&store, with("ana", 0, vec![to("12:00", "12:30")]))
        .await
        .remove(0);
    assert_eq!(
        (moved.id, moved.version, moved.starts_at),
        (anas.id, 2, at("12:00"))
    );
    assert_eq!(now(&store, &anas).await, moved);
    held(&store, wish, "09:00").await;
    assert_eq!(
        placed(&store, hold("dora", "mai", "12:00", "12:30"), "09:00").await,
        HoldOutcome::Taken
    );
    assert_eq!(story(&store, &anas).await, ["booked", "moved"]);
}

pub(crate) async fn a_move_into_a_held_slot_uses_the_hold_up(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let promise = held(&store, hold("ana", "mai", "12:00", "12:30"), "09:00").await;
    let effect = Effect::Move {
        appointment: anas.clone(),
        to: visit("ana", "mai", "12:00", "12:30"),
        hold: Some(promise.id),
    };
    let mut late = with("ana", 0, vec![effect.clone()]);
    late.at = at("09:05");
    assert_eq!(refused(&store, late).await, (0, EffectRefusal::Changed));

    let changed = committed(&store, with("ana", 0, vec![effect])).await;
    assert_eq!(changed.len(), 1, "the hold was a means: {changed:?}");
    assert_eq!((changed[0].id, changed[0].starts_at), (anas.id, at("12:00")));
    assert_eq!(now(&store, &promise).await.status, Status::Expired);
    assert_eq!(story(&store, &promise).await, ["held", "used"]);
    assert_eq!(
        placed(&store, hold("ben", "mai", "12:00", "12:30"), "09:01").await,
        HoldOutcome::Taken
    );
    held(&store, hold("ben", "mai", "10:00", "10:30"), "09:01").await;
    // A hold that was used cannot be asked for again.
    assert_eq!(
        placed(&store, hold("ana", "mai", "12:00", "12:30"), "09:01").await,
        HoldOutcome::Taken
    );
}

pub(crate) async fn a_move_onto_itself_is_allowed(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let effect = Effect::Move {
        appointment: anas.clone(),
        to: visit("ana", "mai", "10:15", "10:45"),
        hold: None,
    };
    let changed = committed(&store, with("ana", 0, vec![effect])).await;
    assert_eq!(changed[0].starts_at, at("10:15"));
}

pub(crate) async fn a_stale_move_is_refused(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let to = |hour: &str| Effect::Move {
        appointment: anas.clone(),
        to: visit("ana", "mai", &format!("{hour}:00"), &format!("{hour}:30")),
        hold: None,
    };
    committed(&store, with("ana", 0, vec![to("12")])).await;
    assert_eq!(
        refused(&store, with("ana", 1, vec![to("13")])).await,
        (0, EffectRefusal::Changed)
    );
}

pub(crate) async fn a_cancelled_visit_frees_its_slot_and_stays_cancelled(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let cancel = Effect::Cancel {
        appointment: anas.clone(),
    };
    let changed = committed(&store, with("ana", 0, vec![cancel.clone()])).await;
    assert_eq!((changed[0].status, changed[0].version), (Status::Cancelled, 2));
    booked(&store, visit("ben", "mai", "10:00", "10:30")).await;
    assert_eq!(
        refused(&store, with("ana", 1, vec![cancel])).await,
        (0, EffectRefusal::Changed)
    );
    let again = Effect::Cancel {
        appointment: changed[0].clone(),
    };
    assert_eq!(
        refused(&store, with("ana", 1, vec![again])).await,
        (0, EffectRefusal::Changed)
    );
    assert_eq!(story(&store, &anas).await, ["booked", "cancelled"]);
}

pub(crate) async fn a_released_hold_frees_its_slot(backend: &dyn Backend) {
    let store = backend.open().await;
    let promise = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let release = Effect::Release {
        appointment: promise.id,
    };
    assert!(
        committed(&store, with("ana", 0, vec![release.clone()]))
            .await
            .is_empty()
    );
    held(&store, hold("ben", "mai", "10:00", "10:30"), "09:00").await;
    assert_eq!(story(&store, &promise).await, ["held", "released"]);
    // What is gone already need not be given back: that is no reason to decide again.
    committed(&store, with("ana", 1, vec![release])).await;
}

pub(crate) async fn a_refused_effect_writes_nothing_while_its_neighbours_commit(backend: &dyn Backend) {
    let store = backend.open().await;
    booked(&store, visit("zoe", "mai", "18:00", "18:30")).await;
    let barrier = Arc::new(Barrier::new(32));
    let mut tasks = JoinSet::new();
    for n in 0..32_u32 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            let who = format!("customer-{n}");
            let fails = n % 4 == 1;
            let mut effects = vec![Effect::Book {
                appointment: visit(&who, &format!("staff-{n}"), "10:00", "10:30"),
            }];
            if fails {
                // The second effect fails after the first has been carried out.
                effects.push(Effect::Book {
                    appointment: visit(&who, "mai", "18:15", "18:45"),
                });
            }
            let turn = with(&who, 0, effects);
            barrier.wait().await;
            (n, fails, store.commit(turn).await.unwrap())
        });
    }
    for (n, fails, outcome) in tasks.join_all().await {
        let who = pair(&format!("customer-{n}"));
        let visit = visit(who.participant.as_str(), &format!("staff-{n}"), "10:00", "10:30");
        let stored = store.appointment(&salon(), visit.id).await.unwrap();
        let opened = store.open(&who, None).await.unwrap();
        if fails {
            let refused = CommitOutcome::EffectRefused {
                effect: 1,
                refusal: EffectRefusal::Taken,
            };
            assert_eq!(outcome, refused);
            assert_eq!(stored, None);
            assert_eq!(opened.version(), 0);
            assert_eq!(store.receipt(&turn(&who, 0).answered[0].key).await.unwrap(), None);
            assert!(
                store
                    .messages(who.conversation(), None, 9)
                    .await
                    .unwrap()
                    .is_empty()
            );
        } else {
            assert!(matches!(outcome, CommitOutcome::Committed { version: 1, .. }));
            assert_eq!(stored, Some(visit));
            assert_eq!(opened.version(), 1);
        }
    }
}

pub(crate) async fn somebody_elses_visit_is_out_of_reach(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = booked(&store, visit("ana", "mai", "10:00", "10:30")).await;
    let promise = held(&store, hold("ana", "mai", "12:00", "12:30"), "09:00").await;
    let cancel = Effect::Cancel { appointment: anas };
    assert_eq!(
        refused(&store, with("ben", 0, vec![cancel])).await,
        (0, EffectRefusal::Changed)
    );
    assert_eq!(
        refused(&store, with("ben", 0, vec![confirm(&promise)])).await,
        (0, EffectRefusal::Changed)
    );
    let release = Effect::Release {
        appointment: promise.id,
    };
    committed(&store, with("ben", 0, vec![release])).await;
    assert_eq!(now(&store, &promise).await, promise);
}

pub(super) fn waiting(name: &str, since: Timestamp) -> WaitlistEntry {
    WaitlistEntry {
        id: WaitlistId(id(name)),
        wish: Wish {
            items: Vec::new(),
            arrangement: Arrangement::InSequence,
        },
        when: serde_json::from_str(r#"{"windows":[],"text":"any day","span":[0,7]}"#).unwrap(),
        state: WaitlistState::Waiting,
        offer: None,
        since,
        passed: Vec::new(),
    }
}

pub(crate) async fn waiting_customers_are_listed_longest_first(backend: &dyn Backend) {
    let store = backend.open().await;
    for (who, since) in [("ana", "09:30"), ("ben", "09:10"), ("cleo", "09:20")] {
        let entry = waiting(who, at(since));
        committed(&store, with(who, 0, vec![Effect::Waitlist { entry }])).await;
    }
    let names = |entries: Vec<(frontdesk::types::Pair, WaitlistEntry)>| -> Vec<String> {
        entries
            .into_iter()
            .map(|(pair, _)| pair.participant.to_string())
            .collect()
    };
    let all = store.waiting(&salon(), 10).await.unwrap();
    assert_eq!(all[0], (pair("ben"), waiting("ben", at("09:10"))));
    assert_eq!(names(all), ["ben", "cleo", "ana"]);
    assert_eq!(names(store.waiting(&salon(), 2).await.unwrap()), ["ben", "cleo"]);

    let offered = WaitlistEntry {
        state: WaitlistState::Offered,
        offer: Some(WaitlistOffer {
            plan: Plan {
                starts_at: at("12:00"),
                ends_at: at("12:30"),
                allocations: visit("ben", "mai", "12:00", "12:30").allocations,
            },
            expires_at: at("10:00"),
        }),
        ..waiting("ben", at("09:10"))
    };
    committed(&store, with("ben", 1, vec![Effect::Waitlist { entry: offered }])).await;
    assert_eq!(names(store.waiting(&salon(), 10).await.unwrap()), ["cleo", "ana"]);
    assert!(store.offers_run_out(at("09:59"), 10).await.unwrap().is_empty());
    assert_eq!(
        store.offers_run_out(at("10:00"), 10).await.unwrap(),
        [pair("ben")]
    );

    let entry = waiting("ben", at("09:10"));
    committed(&store, with("ben", 2, vec![Effect::Waitlist { entry }])).await;
    assert!(store.offers_run_out(at("10:00"), 10).await.unwrap().is_empty());
    assert_eq!(names(store.waiting(&salon(), 1).await.unwrap()), ["ben"]);
}

pub(crate) async fn a_turn_with_a_booking_handed_in_twice_books_once(backend: &dyn Backend) {
    let store = backend.open().await;
    let appointment = visit("ana", "mai", "10:00", "10:30");
    let booking = with("ana", 0, vec![Effect::Book { appointment }]);
    let booked = committed(&store, booking.clone()).await;
    assert_eq!(committed(&store, booking.clone()).await, booked);
    assert_eq!(story(&store, &booked[0]).await, ["booked"]);
    // What it changed is told as it is now, however much has happened since.
    let cancel = Effect::Cancel {
        appointment: booked[0].clone(),
    };
    let cancelled = committed(&store, with("ana", 1, vec![cancel])).await;
    let outcome = store.commit(booking).await.unwrap();
    match outcome {
        CommitOutcome::Committed { appointments, .. } => assert_eq!(appointments, cancelled),
        CommitOutcome::VersionConflict { committed } => assert_eq!(committed, 2),
        other => panic!("it is committed, or too long ago to tell: {other:?}"),
    }
}

pub(crate) async fn of_many_first_turns_with_effects_exactly_one_wins(backend: &dyn Backend) {
    let store = backend.open().await;
    // Who writes the conversation's first row cannot be known beforehand: there is nothing yet to wait for.
    for round in 0..8 {
        let who = format!("customer-{round}");
        let barrier = Arc::new(Barrier::new(12));
        let mut tasks = JoinSet::new();
        for n in 0..12 {
            let (store, barrier) = (store.clone(), barrier.clone());
            let entry = waiting(&format!("{who}, try {n}"), at("09:00"));
            let turn = TurnCommit {
                effects: vec![Effect::Waitlist { entry }],
                ..attempt(&pair(&who), 0, &format!("-{n}"))
            };
            tasks.spawn(async move {
                barrier.wait().await;
                store.commit(turn).await.unwrap()
            });
        }
        let outcomes = tasks.join_all().await;
        let lost = CommitOutcome::VersionConflict { committed: 1 };
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == lost).count(), 11);
    }
    assert_eq!(store.waiting(&salon(), 99).await.unwrap().len(), 8);
}

pub(crate) async fn handoff_contact_and_profile_are_part_of_the_turn(backend: &dyn Backend) {
    let store = backend.open().await;
    let effects = vec![
        Effect::HandOff {
            reason: HandoffReason::Asked,
        },
        Effect::Contact { allowed: false },
        Effect::Profile(Profile {
            name: Some("Ana".to_owned()),
            phone: None,
            email: Some("ana@example.org".to_owned()),
        }),
    ];
    // In the first turn of a conversation, whose participant is written with it, and in a later one.
    committed(&store, with("ana", 0, effects.clone())).await;
    committed(&store, with("ana", 1, effects)).await;
}
