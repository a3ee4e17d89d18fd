//! A flood for one business is that business's own affair.

use std::time::Duration;

use tokio::time::Instant;

use super::house::{House, answered, message, pair, quiet};
use crate::conversation::{Limits, Refused};
use crate::store::Inbound;
use crate::types::BusinessId;

/// The business beside the one that everybody floods.
const QUIET: &str = "quiet-salon";

fn to_the_quiet_one(who: &str, id: &str) -> Inbound {
    let mut inbound = message(who, id, "hi");
    inbound.business = BusinessId::new(QUIET).unwrap();
    inbound
}

fn house_limits() -> Limits {
    Limits {
        waiting_max: 400,
        turns_at_once_max: 8,
        ..Limits::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_for_one_business_leaves_places_for_another() {
    let house = House::with(house_limits()).await;
    house.also_has(QUIET).await;
    let mut flood = Vec::new();
    for n in 0..600 {
        flood.push(house.begins(&format!("flood-{n}"), "slow hi").await);
    }
    assert_eq!(house.load().1, 300, "three quarters, and no more");
    for n in 0..100 {
        let id = format!("q{n}");
        answered(house.send(to_the_quiet_one(&id, &id)).await.unwrap());
    }
    house.mind.release(600);
    let mut refused = 0;
    for sent in flood {
        match sent.await.unwrap() {
            Err(Refused::Overloaded { .. }) => refused += 1,
            said => drop(answered(said)),
        }
    }
    assert_eq!(refused, 300);
}

/// How long a quiet business's messages take, one after the other, while a store that commits at its own pace works.
async fn quiet_takes(house: &House, round: &str) -> Duration {
    let mut longest = Duration::ZERO;
    for n in 0..50 {
        let begun = Instant::now();
        let id = format!("{round}-{n}");
        answered(house.send(to_the_quiet_one(&id, &id)).await.unwrap());
        longest = longest.max(begun.elapsed());
    }
    longest
}

#[tokio::test(start_paused = true)]
async fn a_flood_for_one_business_makes_another_wait_for_a_few_of_its_turns_and_not_for_all() {
    let house = House::with(house_limits()).await;
    house.also_has(QUIET).await;
    // One after the other, 1 ms each, as a disk would.
    house.store.commits_take(Duration::from_millis(1)).await;
    let alone = quiet_takes(&house, "alone").await;
    let mut flood = Vec::new();
    for n in 0..290 {
        let who = format!("flood-{n}");
        flood.push(house.send(message(&who, &who, "hi")));
    }
    quiet().await;
    assert!(house.load().1 > 250, "they wait");
    let begun = Instant::now();
    answered(house.send(to_the_quiet_one("ann", "ann-1")).await.unwrap());
    let beside = begun.elapsed();
    // At most the eight that are under way are before it.
    assert!(
        beside <= alone + Duration::from_millis(9),
        "{alone:?} alone, {beside:?} beside"
    );
    for sent in flood {
        answered(sent.await.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_for_too_long_is_sent_away_and_a_channels_message_is_taken() {
    let limits = Limits {
        waiting_longest: Duration::from_secs(10),
        ..Limits::default()
    };
    let house = House::with(limits).await;
    let mut line = Vec::new();
    for n in 0..300 {
        line.push(house.begins(&format!("ana-{n}"), "slow hi").await);
    }
    tokio::time::advance(Duration::from_secs(6)).await;
    let late = house.send(message("bea", "b1", "hi")).await.unwrap();
    let Err(Refused::Overloaded { retry_after }) = late else {
        panic!("{late:?}")
    };
    assert!(retry_after >= Duration::from_secs(1));
    let place = house.conversations.reserve(&pair("bea")).await;
    assert!(place.is_ok(), "its provider may not come again");
    drop(place);
    house.mind.release(300);
    for sent in line {
        answered(sent.await.unwrap());
    }
    quiet().await;
    answered(house.send(message("bea", "b2", "hi")).await.unwrap());
}
