//! A message that breaks its turn harms nobody else, and cannot do so for ever.

use jiff::SignedDuration;

use super::house::{House, answered, message, pair, quiet};
use super::store::Fault;
use crate::conversation::{Limits, Refused, Sweep};
use crate::store::{InboxState, Store};

#[tokio::test(start_paused = true)]
async fn whoever_sent_it_is_told_and_the_actor_lives_on() {
    let house = House::open().await;
    let refused = house.send(message("anna", "p", "poison")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    assert_eq!(house.load(), (1, 0));
    house.says("anna", "hi").await;
    assert_eq!(house.store.turns(), [["hi"]]);
}

#[tokio::test(start_paused = true)]
async fn it_takes_down_none_of_those_that_shared_its_turn() {
    let house = House::open().await;
    let slow = house.begins("anna", "slow hi").await;
    let gel = house.begins("anna", "gel").await;
    let poison = house.begins("anna", "poison").await;
    let friday = house.begins("anna", "friday").await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    answered(gel.await.unwrap());
    answered(friday.await.unwrap());
    assert!(poison.await.unwrap().is_err());
    assert_eq!(house.store.turns(), [["slow hi"], ["gel"], ["friday"]]);
    assert_eq!(house.load(), (1, 0));
    // And afterwards messages share turns again.
    let slow = house.begins("anna", "slow hi").await;
    let waiting = [
        house.begins("anna", "2pm").await,
        house.begins("anna", "linh").await,
    ];
    house.mind.release(1);
    answered(slow.await.unwrap());
    for sent in waiting {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns().last().unwrap(), &["2pm", "linh"]);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_one_is_left_alone_until_the_sweep_rings_and_given_up_in_the_end() {
    let house = House::open().await;
    let poison = message("anna", "p", "poison");
    let after = message("anna", "q", "gel");
    house
        .store
        .accept(vec![poison.clone(), after.clone()])
        .await
        .unwrap();

    house.says("anna", "hi").await;
    assert_eq!(house.store.state_of(&after.key), Some(InboxState::Done));
    assert_eq!(house.store.state_of(&poison.key), Some(InboxState::Pending));
    let commits = house.store.calls("commit");
    house.says("anna", "thanks").await;
    quiet().await;
    assert_eq!(
        house.store.calls("commit"),
        commits + 1,
        "it is not tried with each message"
    );

    for _ in 0..5 {
        house.clock.advance(SignedDuration::from_mins(2));
        house.conversations.sweep(Sweep::Running).await.unwrap();
        quiet().await;
    }
    assert_eq!(house.store.state_of(&poison.key), Some(InboxState::Dead));
    house.says("anna", "bye").await;
    assert_eq!(house.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn one_that_was_accepted_because_its_sender_gave_up_is_left_alone_too() {
    let house = House::open().await;
    let poison = message("anna", "p", "slow poison");
    house.send(poison.clone()).await.unwrap().unwrap();
    house.mind.release(1);
    quiet().await;
    assert_eq!(house.store.state_of(&poison.key), Some(InboxState::Pending));
    // It would stall here, were it tried again.
    house.says("anna", "hi").await;
    assert_eq!(house.store.turns(), [["hi"]]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_panics_leaves_nobody_waiting() {
    let house = House::open().await;
    house.store.fail_next_open(Fault::Panic);
    let refused = house.send(message("anna", "a", "hi")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    house.store.fail_next_commit(Fault::Panic);
    let refused = house.send(message("anna", "b", "hi")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    assert_eq!(house.load(), (1, 0));
    house.says("anna", "hi").await;
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_fails_is_replaced_and_its_supervisor_lives_on() {
    let limits = Limits {
        // Called by the actor itself, outside of any turn.
        burst: std::sync::Arc::new(|channel| {
            assert_ne!(channel, crate::types::Channel::Terminal, "a mistake of ours");
            <_>::default()
        }),
        ..Limits::default()
    };
    let house = House::with(limits).await;
    for id in ["a", "b"] {
        let mut bad = message("anna", id, "hi");
        bad.key.channel = crate::types::Channel::Terminal;
        let refused = house.send(bad).await.unwrap();
        assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
        quiet().await;
        assert_eq!(house.load(), (0, 0), "it is out of the map, and owes nothing");
    }
    house.says("anna", "hi").await;
    assert_eq!(house.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_actor_that_was_killed_is_replaced() {
    let house = House::open().await;
    let waits = house.begins("anna", "slow hi").await;
    let actor = house.conversations.services.router.find(&pair("anna")).unwrap();
    actor.get_cell().kill();
    quiet().await;
    house.mind.release(1);
    // The turn under way ends by itself, and its version fence keeps the next actor safe.
    answered(waits.await.unwrap());
    house.says("anna", "gel").await;
    assert_eq!(house.store.turns(), [["slow hi"], ["gel"]]);
}
