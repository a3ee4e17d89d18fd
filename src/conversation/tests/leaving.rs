//! Actors come and go, and nobody notices.

use std::time::Duration;

use super::house::{House, answered, message, pair, quiet};
use super::store::Fault;
use crate::conversation::{Limits, Refused};

fn idle_after(minutes: u64) -> Limits {
    Limits {
        idle: Duration::from_secs(minutes * 60),
        ..Limits::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_actor_leaves_and_the_next_message_starts_another() {
    let house = House::with(idle_after(15)).await;
    house.says("anna", "gel on friday").await;
    assert_eq!(house.load(), (1, 0));
    tokio::time::sleep(Duration::from_secs(31 * 60)).await;
    assert_eq!(house.load(), (0, 0));
    let answer = house.says("anna", "2pm").await;
    assert_eq!(
        (answer.version, answer.goals.len()),
        (2, 1),
        "nothing was forgotten"
    );
    assert_eq!(house.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_is_used_stays() {
    let house = House::with(idle_after(15)).await;
    for _ in 0..6 {
        house.says("anna", "hi").await;
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        assert_eq!(house.load(), (1, 0));
    }
    assert_eq!(house.store.calls("open"), 1);
}

#[tokio::test(start_paused = true)]
async fn above_a_cap_of_live_actors_idle_ones_leave_sooner() {
    let limits = Limits {
        actors_max: 1,
        ..idle_after(100)
    };
    let house = House::with(limits).await;
    for who in ["anna", "ben", "cora"] {
        house.says(who, "hi").await;
    }
    tokio::time::sleep(Duration::from_secs(25 * 60)).await;
    let (actors, _) = house.load();
    assert!(actors <= 1, "{actors} live");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_meets_a_leaving_actor_is_answered_by_the_next_one() {
    let house = House::with(idle_after(15)).await;
    house.says("anna", "gel").await;
    let router = &house.conversations.services.router;
    let old = router.find(&pair("anna")).unwrap();
    // What the actor does when it leaves, with a message coming between its leaving and its end.
    assert!(router.leave(&pair("anna"), old.get_id()));
    let answer = house.says("anna", "friday").await;
    assert_eq!(answer.version, 2);
    let new = router.find(&pair("anna")).unwrap();
    assert_ne!(old.get_id(), new.get_id());
    old.stop(None);
    quiet().await;
    assert_eq!(
        house.load(),
        (1, 0),
        "the end of the old one does not touch the new one"
    );
    house.says("anna", "2pm").await;
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_owes_something_cannot_leave() {
    let house = House::open().await;
    let waits = house.begins("anna", "slow hi").await;
    let router = &house.conversations.services.router;
    let actor = router.find(&pair("anna")).unwrap();
    assert!(!router.leave(&pair("anna"), actor.get_id()));
    house.mind.release(1);
    answered(waits.await.unwrap());
    assert!(router.leave(&pair("anna"), actor.get_id()));
}

#[tokio::test(start_paused = true)]
async fn stopping_answers_everything_and_takes_nothing_more() {
    let house = House::open().await;
    let mut owed = Vec::new();
    for who in ["anna", "ben", "cora"] {
        owed.push(house.begins(who, "slow hi").await);
        owed.push(house.begins(who, "gel").await);
    }
    house.says("dora", "hi").await;
    let drained = tokio::spawn({
        let conversations = house.conversations.clone();
        async move { conversations.drain().await }
    });
    quiet().await;
    assert!(!drained.is_finished());
    assert_eq!(house.load().0, 3, "who owes nothing has left");
    let refused = house.send(message("emil", "a", "hi")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");

    house.mind.release(3);
    drained.await.unwrap();
    for sent in owed {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.load(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn stopping_does_not_wait_for_the_rest_of_a_burst() {
    let limits = Limits {
        burst: std::sync::Arc::new(|_| (Duration::from_secs(60), Duration::from_secs(60))),
        ..Limits::default()
    };
    let house = House::with(limits).await;
    let said = house.begins("anna", "hi").await;
    let before = tokio::time::Instant::now();
    house.conversations.drain().await;
    answered(said.await.unwrap());
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn stopping_waits_for_a_commit_under_way() {
    let house = House::open().await;
    house.store.fail_next_commit(Fault::Stall);
    let said = house.begins("anna", "hi").await;
    let drained = tokio::spawn({
        let conversations = house.conversations.clone();
        async move { conversations.drain().await }
    });
    quiet().await;
    assert!(!drained.is_finished());
    house.store.release();
    drained.await.unwrap();
    answered(said.await.unwrap());
    assert_eq!(house.store.version(&pair("anna")), 1);
}
