//! In order, one turn at a time; waiting messages share a turn; nobody waits for another pair.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::house::{House, answered, message, quiet};
use crate::conversation::Limits;

fn bursts(quiet_ms: u64, longest_ms: u64) -> Limits {
    let window = (Duration::from_millis(quiet_ms), Duration::from_millis(longest_ms));
    Limits {
        burst: Arc::new(move |_| window),
        ..Limits::default()
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_pair_are_answered_in_order_one_turn_after_the_other() {
    let house = House::open().await;
    let first = house.begins("anna", "slow hi").await;
    let second = house.begins("anna", "gel").await;
    assert_eq!(
        house.store.turns(),
        Vec::<Vec<String>>::new(),
        "the second waits for the first"
    );
    house.mind.release(1);
    let (first, second) = (answered(first.await.unwrap()), answered(second.await.unwrap()));
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(house.store.turns(), [["slow hi"], ["gel"]]);
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_share_one_turn_and_one_answer() {
    let house = House::open().await;
    let slow = house.begins("anna", "slow hi").await;
    let mut waiting = Vec::new();
    for text in ["can i book", "gel", "friday"] {
        waiting.push(house.begins("anna", text).await);
    }
    house.mind.release(1);
    answered(slow.await.unwrap());
    let mut answers = Vec::new();
    for sent in waiting {
        answers.push(answered(sent.await.unwrap()));
    }
    assert!(
        answers
            .iter()
            .all(|a| a.version == 2 && a.replies == answers[0].replies)
    );
    assert_eq!(house.store.turns()[1], ["can i book", "gel", "friday"]);
}

#[tokio::test(start_paused = true)]
async fn a_turn_takes_no_more_messages_than_its_bound() {
    let limits = Limits {
        messages_per_turn_max: 2,
        ..Limits::default()
    };
    let house = House::with(limits).await;
    let slow = house.begins("anna", "slow hi").await;
    let mut waiting = Vec::new();
    for text in ["1", "2", "3"] {
        waiting.push(house.begins("anna", text).await);
    }
    house.mind.release(1);
    answered(slow.await.unwrap());
    for sent in waiting {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns(), [vec!["slow hi"], vec!["1", "2"], vec!["3"]]);
}

#[tokio::test(start_paused = true)]
async fn messages_that_wait_together_are_taken_in_the_order_in_which_they_were_sent() {
    let house = House::open().await;
    let slow = house.begins("anna", "slow hi").await;
    let sent_at = |second: i64| Some(jiff::Timestamp::from_second(1_800_000_000 + second).unwrap());
    let mut later = message("anna", "b", "friday");
    later.sent_at = sent_at(2);
    let mut earlier = message("anna", "a", "gel");
    earlier.sent_at = sent_at(1);
    let waiting = [house.send(later), house.send(earlier)];
    quiet().await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    for sent in waiting {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns()[1], ["gel", "friday"]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_is_answered_once_it_has_been_quiet_for_long_enough() {
    let house = House::with(bursts(700, 3000)).await;
    let started = Instant::now();
    let hi = house.begins("anna", "hi").await;
    tokio::time::sleep(Duration::from_millis(600)).await;
    let gel = house.begins("anna", "gel").await;
    answered(hi.await.unwrap());
    answered(gel.await.unwrap());
    assert_eq!(house.store.turns(), [["hi", "gel"]]);
    let took = started.elapsed().as_millis();
    assert!((1300..1320).contains(&took), "700 ms after the last one: {took}");
}

#[tokio::test(start_paused = true)]
async fn a_burst_without_a_pause_is_answered_after_the_longest_wait() {
    let house = House::with(bursts(700, 3000)).await;
    let started = Instant::now();
    let first = house.begins("anna", "hi").await;
    let mut rest = Vec::new();
    for _ in 0..9 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        rest.push(house.begins("anna", "and").await);
    }
    answered(first.await.unwrap());
    for sent in rest {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.store.turns()[0].len(), 6, "{:?}", house.store.turns());
    let took = started.elapsed().as_millis();
    assert!(took < 6000, "the rest is a burst of its own: {took}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_understanding_of_one_pair_delays_no_other() {
    let house = House::open().await;
    let slow = house.begins("anna", "slow hi").await;
    let started = Instant::now();
    for who in ["ben", "cora", "dora"] {
        house.says(who, "gel on friday").await;
    }
    assert!(started.elapsed() < Duration::from_millis(50));
    assert!(!slow.is_finished());
    house.mind.release(1);
    answered(slow.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_hangs_delays_no_other_pair() {
    let house = House::open().await;
    house.store.fail_next_commit(super::store::Fault::Stall);
    let hangs = house.begins("anna", "hi").await;
    house.says("ben", "hi").await;
    assert!(!hangs.is_finished());
    house.store.release();
    answered(hangs.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn who_has_an_answer_sees_in_the_context_what_it_made() {
    let house = House::open().await;
    let answer = house.says("anna", "gel on friday").await;
    let (version, context) = house
        .conversations
        .context(&super::house::pair("anna"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(version, answer.version);
    assert_eq!(context.goals.len(), 1);
    let nobody = house
        .conversations
        .context(&super::house::pair("nobody"))
        .await
        .unwrap();
    assert!(nobody.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_live_actor_reads_nothing_for_its_context() {
    let house = House::open().await;
    house.says("anna", "hi").await;
    assert_eq!(house.store.calls("open"), 1, "starting costs one query");
    house.store.take_calls();
    for text in ["thanks", "hello", "bye"] {
        house.says("anna", text).await;
    }
    assert_eq!(house.store.take_calls(), ["commit"; 3], "a turn costs one write");
}
