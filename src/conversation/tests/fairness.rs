//! A flood for one business is that business's own affair.

use std::time::Duration;

use tokio::time::Instant;

use super::house::{House, answered, message, quiet};
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
