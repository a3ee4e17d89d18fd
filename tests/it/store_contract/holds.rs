//! A slot is promised to one customer at a time (I5).

use std::sync::Arc;

use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::store::{ChangeOutcome, CommitOutcome, EffectRefusal, HoldOutcome};
use frontdesk::types::{AppointmentId, BusinessId, GoalId, Pair};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::Backend;
use super::given::{
    at, book, booked, committed, held, hold, id, now, pair, placed, salon, story, turn, visit,
};
use frontdesk::dialogue::Effect;

pub(crate) async fn of_96_who_want_one_slot_one_gets_it(backend: &dyn Backend) {
    let store = backend.open().await;
    let barrier = Arc::new(Barrier::new(96));
    let mut tasks = JoinSet::new();
    for n in 0..96 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            let wish = hold(&format!("customer-{n}"), "mai", "10:00", "10:30");
            barrier.wait().await;
            placed(&store, wish, "09:00").await
        });
    }
    let outcomes = tasks.join_all().await;
    assert_eq!(
        outcomes
            .iter()
            .filter(|o| matches!(o, HoldOutcome::Held(_)))
            .count(),
        1
    );
    assert_eq!(outcomes.iter().filter(|o| **o == HoldOutcome::Taken).count(), 95);
    let calendar = store.calendar_changes(&salon(), 0, at("00:00")).await.unwrap();
    assert_eq!(calendar.appointments.len(), 1);
    assert_eq!(calendar.version, 1, "those who lost have changed nothing");
}

pub(crate) async fn api_and_chat_cannot_both_win(backend: &dyn Backend) {
    let store = backend.open().await;
    for hour in 10..16 {
        let (from, until) = (format!("{hour}:00"), format!("{hour}:30"));
        let barrier = Arc::new(Barrier::new(30));
        let mut tasks = JoinSet::new();
        for n in 0..30 {
            let (store, barrier, from, until) = (store.clone(), barrier.clone(), from.clone(), until.clone());
            tasks.spawn(async move {
                let who = format!("customer-{n}-{hour}");
                barrier.wait().await;
                match n % 3 {
                    0 => {
                        let wish = hold(&who, "mai", &from, &until);
                        matches!(placed(&store, wish, "09:00").await, HoldOutcome::Held(_))
                    }
                    1 => {
                        let change = book(&visit(&who, "mai", &from, &until));
                        let outcome = store.change(&salon(), change, at("09:00")).await.unwrap();
                        matches!(outcome, ChangeOutcome::Done(_))
                    }
                    _ => {
                        let mut turn = turn(&pair(&who), 0);
                        let appointment = visit(&who, "mai", &from, &until);
                        turn.effects = vec![Effect::Book { appointment }];
                        matches!(store.commit(turn).await.unwrap(), CommitOutcome::Committed { .. })
                    }
                }
            });
        }
        assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 1);
    }
}

pub(crate) async fn a_hold_asked_for_again_is_the_same_hold(backend: &dyn Backend) {
    let store = backend.open().await;
    let wish = hold("ana", "mai", "10:00", "10:30");
    let first = held(&store, wish.clone(), "09:00").await;
    assert_eq!(first, wish);
    let again = held(&store, wish.clone(), "09:01").await;
    assert_eq!(again, first);
    assert_eq!(story(&store, &wish).await, ["held"]);
    // By another customer the same id is a stranger's.
    let mut stolen = wish;
    stolen.participant = pair("ben").participant;
    assert_eq!(placed(&store, stolen, "09:01").await, HoldOutcome::Taken);
}

pub(crate) async fn a_hold_asked_for_again_elsewhere_moves(backend: &dyn Backend) {
    let store = backend.open().await;
    let first = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let elsewhere = Appointment {
        id: first.id,
        ..hold("ana", "mai", "11:00", "11:30")
    };
    let second = held(&store, elsewhere, "09:01").await;
    assert_eq!(
        (second.id, second.version, second.starts_at),
        (first.id, 2, at("11:00"))
    );
    assert_eq!(now(&store, &first).await, second);
    held(&store, hold("ben", "mai", "10:00", "10:30"), "09:01").await;
    assert_eq!(
        placed(&store, hold("cleo", "mai", "11:00", "11:30"), "09:01").await,
        HoldOutcome::Taken
    );
}

pub(crate) async fn an_expired_hold_frees_its_slot(backend: &dyn Backend) {
    let store = backend.open().await;
    let anas = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let bens = hold("ben", "mai", "10:15", "10:45");
    assert_eq!(placed(&store, bens.clone(), "09:04").await, HoldOutcome::Taken);
    // No sweep has run; whoever wants the slot ends what is dead.
    let bens = Appointment {
        hold_expires_at: Some(at("09:10")),
        ..bens
    };
    held(&store, bens.clone(), "09:05").await;
    assert_eq!(now(&store, &anas).await.status, Status::Expired);
    assert_eq!(story(&store, &anas).await, ["held", "expired"]);
    // By the API too.
    assert_eq!(
        store
            .change(
                &salon(),
                book(&visit("cleo", "mai", "10:00", "10:30")),
                at("09:09")
            )
            .await
            .unwrap(),
        ChangeOutcome::Taken
    );
    store
        .change(
            &salon(),
            book(&visit("cleo", "mai", "10:00", "10:30")),
            at("09:10"),
        )
        .await
        .unwrap();
    assert_eq!(now(&store, &bens).await.status, Status::Expired);
}

pub(crate) async fn an_expired_hold_can_be_placed_again_by_the_turn_that_runs_again(backend: &dyn Backend) {
    let store = backend.open().await;
    let wish = hold("ana", "mai", "10:00", "10:30");
    let first = held(&store, wish.clone(), "09:00").await;
    let later = Appointment {
        hold_expires_at: Some(at("09:20")),
        ..wish.clone()
    };
    let again = held(&store, later, "09:15").await;
    assert_eq!(again.id, first.id);
    assert!(again.version > first.version);
    assert_eq!(again.hold_expires_at, Some(at("09:20")));
    // What was read back from the first promise cannot be confirmed any more.
    let mut turn = turn(&pair("ana"), 0);
    turn.at = at("09:16");
    turn.effects = vec![Effect::Confirm {
        appointment: first,
        by_hand: false,
    }];
    let refused = CommitOutcome::EffectRefused {
        effect: 0,
        refusal: EffectRefusal::Changed,
    };
    assert_eq!(store.commit(turn.clone()).await.unwrap(), refused);
    turn.effects = vec![Effect::Confirm {
        appointment: again,
        by_hand: false,
    }];
    committed(&store, turn).await;
}

pub(crate) async fn a_hold_that_became_a_visit_is_not_placed_again(backend: &dyn Backend) {
    let store = backend.open().await;
    let wish = hold("ana", "mai", "10:00", "10:30");
    let promise = held(&store, wish.clone(), "09:00").await;
    let mut confirming = turn(&pair("ana"), 0);
    confirming.effects = vec![Effect::Confirm {
        appointment: promise,
        by_hand: false,
    }];
    let visit = committed(&store, confirming).await.remove(0);
    // The slot is hers, and that is the answer; nothing is held besides.
    assert_eq!(held(&store, wish.clone(), "09:01").await, visit);
    let mut cancelling = turn(&pair("ana"), 1);
    cancelling.effects = vec![Effect::Cancel { appointment: visit }];
    committed(&store, cancelling).await;
    assert_eq!(placed(&store, wish, "09:02").await, HoldOutcome::Taken);
}

pub(crate) async fn a_goal_holds_one_slot_at_a_time(backend: &dyn Backend) {
    let store = backend.open().await;
    let first = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let mut other_goal = hold("ana", "linh", "12:00", "12:30");
    other_goal.goal = Some(GoalId(id("another goal")));
    let other_goal = held(&store, other_goal, "09:00").await;
    // Overlaps her own first one, which makes way.
    held(&store, hold("ana", "mai", "10:15", "10:45"), "09:01").await;
    assert_eq!(now(&store, &first).await.status, Status::Expired);
    assert_eq!(story(&store, &first).await, ["held", "released"]);
    assert_eq!(now(&store, &other_goal).await.status, Status::Held);
}

pub(crate) async fn a_refused_hold_leaves_the_goals_earlier_one(backend: &dyn Backend) {
    let store = backend.open().await;
    booked(&store, visit("ben", "mai", "11:00", "11:30")).await;
    let first = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    assert_eq!(
        placed(&store, hold("ana", "mai", "11:00", "11:30"), "09:01").await,
        HoldOutcome::Taken
    );
    assert_eq!(now(&store, &first).await, first);
}

pub(crate) async fn a_class_of_four_takes_four(backend: &dyn Backend) {
    let store = backend.open().await;
    let barrier = Arc::new(Barrier::new(24));
    let mut tasks = JoinSet::new();
    for n in 0..24 {
        let (store, barrier) = (store.clone(), barrier.clone());
        tasks.spawn(async move {
            barrier.wait().await;
            // Each tries one seat after the other, as a turn that decides again does.
            for seat in 1..=4 {
                let mut wish = hold(&format!("customer-{n}"), "workshop", "15:00", "16:00");
                wish.allocations[0].seat = seat;
                if let HoldOutcome::Held(_) = placed(&store, wish, "09:00").await {
                    return true;
                }
            }
            false
        });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|won| *won).count(), 4);
}

pub(crate) async fn buffers_block_and_neighbours_touch(backend: &dyn Backend) {
    let store = backend.open().await;
    let mut first = visit("ana", "mai", "10:00", "10:30");
    first.allocations[0].blocked_until = at("10:35");
    booked(&store, first).await;
    assert_eq!(
        placed(&store, hold("ben", "mai", "10:30", "11:00"), "09:00").await,
        HoldOutcome::Taken
    );
    assert_eq!(
        placed(&store, hold("ben", "mai", "10:34", "11:04"), "09:00").await,
        HoldOutcome::Taken
    );
    held(&store, hold("ben", "mai", "10:35", "11:05"), "09:00").await;
    held(&store, hold("cleo", "mai", "09:30", "10:00"), "09:00").await;
    assert_eq!(
        placed(&store, hold("dora", "mai", "09:00", "12:00"), "09:00").await,
        HoldOutcome::Taken
    );
    assert_eq!(
        placed(&store, hold("dora", "mai", "10:10", "10:20"), "09:00").await,
        HoldOutcome::Taken
    );
}

pub(crate) async fn businesses_do_not_share_resources(backend: &dyn Backend) {
    let store = backend.open().await;
    held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let business = BusinessId::new("other-salon").unwrap();
    let mut wish = hold("ana", "mai", "10:00", "10:30");
    wish.id = AppointmentId(id("in the other salon"));
    let pair = Pair {
        business: business.clone(),
        participant: wish.participant.clone(),
    };
    let outcome = store
        .hold(&business, &pair, wish.clone(), at("09:00"))
        .await
        .unwrap();
    assert_eq!(outcome, HoldOutcome::Held(wish.clone()));
    assert_eq!(store.appointment(&salon(), wish.id).await.unwrap(), None);
    assert_eq!(
        store
            .calendar_changes(&salon(), 0, at("00:00"))
            .await
            .unwrap()
            .appointments
            .len(),
        1
    );
}

pub(crate) async fn the_sweep_expires_what_ran_out(backend: &dyn Backend) {
    let store = backend.open().await;
    let dead = held(&store, hold("ana", "mai", "10:00", "10:30"), "09:00").await;
    let alive = Appointment {
        hold_expires_at: Some(at("09:06")),
        ..hold("ben", "mai", "11:00", "11:30")
    };
    let alive = held(&store, alive, "09:01").await;
    assert!(store.expire_holds(at("09:04")).await.unwrap().is_empty());
    assert_eq!(store.expire_holds(at("09:05")).await.unwrap(), [salon()]);
    assert!(store.expire_holds(at("09:05")).await.unwrap().is_empty());
    assert_eq!(now(&store, &dead).await.status, Status::Expired);
    assert_eq!(now(&store, &alive).await, alive);
    assert_eq!(store.figures().await.unwrap().appointments_live, 1);
}
