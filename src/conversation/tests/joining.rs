//! A newer message joins a turn whose model is still being asked.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::house::{House, answered, message, quiet};
use crate::conversation::{Limits, Refused, Said, Sweep};
use crate::store::{InboxState, Store};
use crate::understanding::act::GoalKind;
use crate::understanding::{Act, scene::Speaker};

#[tokio::test(start_paused = true)]
async fn both_are_answered_by_one_turn_and_the_call_is_given_up() {
    let house = House::with_a_model().await;
    let first = house.begins("anna", "slow gel").await;
    let second = house.begins("anna", "on friday").await;
    assert_eq!(house.mind.given_up(), 1);
    assert!(house.store.turns().is_empty() && !first.is_finished());
    house.mind.release(1);
    let (first, second) = (answered(first.await.unwrap()), answered(second.await.unwrap()));
    assert_eq!((first.version, second.version), (1, 1));
    assert_eq!(first.replies, second.replies, "one answer for both");
    assert_eq!(house.store.turns(), [["slow gel", "on friday"]]);
    assert_eq!(house.mind.asked(), ["slow gel", "slow gel", "on friday"]);
    let later = &house.mind.noted()[2];
    assert_eq!(later.history, [(Speaker::Customer, "slow gel".to_owned())]);
    assert_eq!(house.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_turn_begins_again_three_times_at_most() {
    let house = House::with_a_model().await;
    let mut sent = vec![house.begins("anna", "slow hi").await];
    for text in ["1", "2", "3", "4", "5"] {
        sent.push(house.begins("anna", text).await);
    }
    assert_eq!(house.mind.given_up(), 3);
    house.mind.release(1);
    for sent in sent {
        answered(sent.await.unwrap());
    }
    assert_eq!(
        house.store.turns(),
        [vec!["slow hi", "1", "2", "3"], vec!["4", "5"]]
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_has_spent_half_of_its_time_is_not_given_up() {
    let house = House::with_a_model().await;
    let first = house.begins("anna", "slow hi").await;
    tokio::time::sleep(Duration::from_millis(4_900)).await;
    let second = house.begins("anna", "gel").await;
    assert_eq!(house.mind.given_up(), 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let third = house.begins("anna", "friday").await;
    assert_eq!(house.mind.given_up(), 1);
    house.mind.release(1);
    for sent in [first, second, third] {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns(), [vec!["slow hi", "gel"], vec!["friday"]]);
    let left: Vec<u64> = house.mind.noted().iter().map(|n| n.time_left.as_secs()).collect();
    assert_eq!(left[..2], [10, 5], "beginning again gives no new time");
}

#[tokio::test(start_paused = true)]
async fn what_was_understood_before_is_not_asked_again() {
    let window = (Duration::from_millis(700), Duration::from_secs(3));
    let house = House::with(Limits {
        burst: Arc::new(move |_| window),
        ..Limits::default()
    })
    .await;
    house.mind.ask_a_model();
    let mut sent = vec![
        house.begins("anna", "gel").await,
        house.begins("anna", "slow friday").await,
    ];
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(house.mind.asked(), ["gel", "slow friday"]);
    sent.push(house.begins("anna", "2pm").await);
    assert_eq!(house.mind.given_up(), 1);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(house.mind.asked().len(), 2, "there may be more to come");
    tokio::time::sleep(Duration::from_millis(200)).await;
    house.mind.release(1);
    for sent in sent {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.mind.asked(), ["gel", "slow friday", "slow friday", "2pm"]);
    assert_eq!(house.store.turns(), [["gel", "slow friday", "2pm"]]);
}

#[tokio::test(start_paused = true)]
async fn another_delivery_of_the_same_message_disturbs_nobody() {
    let house = House::with_a_model().await;
    let first = house.send(message("anna", "a", "slow hi"));
    quiet().await;
    let twin = house.send(message("anna", "a", "slow hi"));
    quiet().await;
    assert_eq!(house.mind.given_up(), 0);
    house.mind.release(1);
    answered(first.await.unwrap());
    assert!(matches!(twin.await.unwrap(), Ok(Said::Duplicate(_))));
    let old = house.begins("anna", "slow hello").await;
    let known = house.send(message("anna", "a", "slow hi"));
    quiet().await;
    assert_eq!(house.mind.given_up(), 0);
    house.mind.release(1);
    answered(old.await.unwrap());
    assert!(matches!(known.await.unwrap(), Ok(Said::Duplicate(_))));
}

#[tokio::test(start_paused = true)]
async fn messages_that_would_not_fit_into_the_turn_wait_for_the_next() {
    let house = House::with(Limits {
        messages_per_turn_max: 2,
        ..Limits::default()
    })
    .await;
    house.mind.ask_a_model();
    let mut sent = vec![house.begins("anna", "slow hi").await];
    for text in ["1", "2"] {
        sent.push(house.begins("anna", text).await);
    }
    assert_eq!(house.mind.given_up(), 1);
    house.mind.release(1);
    for sent in sent {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns(), [vec!["slow hi", "1"], vec!["2"]]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_message_neither_disturbs_nor_is_overtaken() {
    let house = House::with_a_model().await;
    let first = house.begins("anna", "slow hi").await;
    let conversations = house.conversations.clone();
    let acts = tokio::spawn(async move {
        let acts = vec![Act::Start { goal: GoalKind::Book }];
        let pair = super::house::pair("anna");
        conversations.act(pair, acts, super::house::WAIT).await
    });
    quiet().await;
    let second = house.begins("anna", "gel").await;
    assert_eq!(house.mind.given_up(), 0);
    house.mind.release(1);
    let versions = [
        answered(first.await.unwrap()).version,
        acts.await.unwrap().unwrap().version,
        answered(second.await.unwrap()).version,
    ];
    assert_eq!(versions, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_message_that_is_joined_is_answered_with_the_one_that_joins() {
    let house = House::with_a_model().await;
    let owed = message("anna", "owed", "slow gel");
    house.store.accept(vec![owed.clone()]).await.unwrap();
    house.conversations.sweep(Sweep::Start).await.unwrap();
    quiet().await;
    let second = house.begins("anna", "on friday").await;
    assert_eq!(house.mind.given_up(), 1);
    assert_eq!(house.store.state_of(&owed.key), Some(InboxState::Pending));
    house.mind.release(1);
    answered(second.await.unwrap());
    assert_eq!(house.store.turns(), [["slow gel", "on friday"]]);
    assert_eq!(house.store.state_of(&owed.key), Some(InboxState::Done));
}

#[tokio::test(start_paused = true)]
async fn one_that_breaks_the_turn_takes_none_of_those_down_that_joined_it() {
    let house = House::with_a_model().await;
    let poison = house.begins("anna", "slow poison").await;
    let gel = house.begins("anna", "gel").await;
    assert_eq!(house.mind.given_up(), 1);
    house.mind.release(2);
    let refused = poison.await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    answered(gel.await.unwrap());
    assert_eq!(house.store.turns(), [["gel"]]);
    assert_eq!(house.load(), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_process_that_stops_answers_what_has_joined() {
    let house = House::with_a_model().await;
    let first = house.begins("anna", "slow gel").await;
    let second = house.begins("anna", "on friday").await;
    let started = Instant::now();
    let conversations = house.conversations.clone();
    let drained = tokio::spawn(async move { conversations.drain().await });
    drained.await.unwrap();
    assert!(started.elapsed() <= Duration::from_secs(10));
    for sent in [first, second] {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns(), [["slow gel", "on friday"]]);
}

/// The next of a row of numbers below `below` that look like chance and are the same each time.
fn next(seed: &mut u64, below: u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[tokio::test(start_paused = true)]
async fn however_messages_come_each_is_answered_once_and_in_order() {
    let mut joined = 0;
    for round in 0..100 {
        let mut seed = round;
        let window = Duration::from_millis(next(&mut seed, 2) * 700);
        let house = House::with(Limits {
            burst: Arc::new(move |_| (window, window * 4)),
            messages_per_turn_max: 2 + usize::try_from(next(&mut seed, 4)).unwrap(),
            ..Limits::default()
        })
        .await;
        house.mind.ask_a_model();
        let (mut sent, mut texts) = (Vec::new(), Vec::new());
        for number in 0..12 {
            let pace = if next(&mut seed, 3) == 0 { "slow " } else { "" };
            let text = format!("{pace}{number}");
            sent.push(house.begins("anna", &text).await);
            texts.push(text);
            tokio::time::sleep(Duration::from_millis(next(&mut seed, 3) * 800)).await;
            house
                .mind
                .release(usize::try_from(next(&mut seed, 4) / 3).unwrap());
        }
        house.mind.release(100);
        for sent in sent {
            answered(sent.await.unwrap());
        }
        let turns = house.store.turns();
        assert_eq!(turns.concat(), texts, "round {round}");
        assert!(house.mind.given_up() <= 3 * turns.len(), "round {round}");
        joined += house.mind.given_up();
        assert_eq!(house.load(), (1, 0), "round {round}");
    }
    assert!(joined > 100, "{joined}");
}
