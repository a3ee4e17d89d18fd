//! Everything that waits has a limit, and at the limit a clear answer.

use std::time::Duration;

use super::house::{House, answered, message, pair, quiet};
use crate::conversation::{Limits, Refused};
use crate::types::BusinessId;
use crate::understanding::{Act, GoalKind};

#[tokio::test(start_paused = true)]
async fn a_pair_may_have_so_many_messages_waiting_and_no_more() {
    let house = House::open().await;
    let mut waiting = vec![house.begins("anna", "slow hi").await];
    for _ in 1..32 {
        waiting.push(house.begins("anna", "hi").await);
    }
    assert_eq!(house.load(), (1, 32));
    let refused = house.begins("anna", "hi").await.await.unwrap();
    assert!(matches!(refused, Err(Refused::PairBusy { .. })), "{refused:?}");
    // Somebody else is none the worse.
    house.says("ben", "hi").await;
    house.mind.release(1);
    for sent in waiting {
        answered(sent.await.unwrap());
    }
    assert_eq!(house.load().1, 0, "whoever has an answer owes no place");
    house.says("anna", "hi").await;
}

#[tokio::test(start_paused = true)]
async fn the_process_may_have_so_many_messages_waiting_and_no_more() {
    let limits = Limits {
        waiting_max: 2,
        ..Limits::default()
    };
    let house = House::with(limits).await;
    let anna = house.begins("anna", "slow hi").await;
    let ben = house.begins("ben", "slow hi").await;
    let refused = house.begins("cora", "hi").await.await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    house.mind.release(2);
    answered(anna.await.unwrap());
    answered(ben.await.unwrap());
    house.says("cora", "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_leaves_no_place_behind() {
    let house = House::open().await;
    let gone = house.begins("anna", "slow hi").await;
    gone.abort();
    quiet().await;
    assert_eq!(house.load().1, 1, "the turn goes on without its caller");
    house.mind.release(1);
    quiet().await;
    assert_eq!(house.load().1, 0);
    assert_eq!(house.store.turns(), [["slow hi"]]);
}

#[tokio::test(start_paused = true)]
async fn acts_give_their_place_back_before_they_are_answered() {
    let house = House::open().await;
    let acts = vec![Act::Start { goal: GoalKind::Book }];
    let answer = house
        .conversations
        .act(pair("anna"), acts, Duration::from_secs(5))
        .await
        .unwrap();
    assert_eq!(house.load().1, 0);
    assert_eq!(answer.goals.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn nobody_talks_to_a_business_that_does_not_exist() {
    let house = House::open().await;
    let mut lost = message("anna", "a", "hi");
    lost.business = BusinessId::new("nowhere").unwrap();
    let refused = house.send(lost).await.unwrap();
    assert!(matches!(refused, Err(Refused::UnknownBusiness)), "{refused:?}");
    assert_eq!(house.load(), (0, 0), "and no actor is made for it");
}
