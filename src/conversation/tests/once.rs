//! Each message once, however often and whenever it is delivered (I3).

use super::house::{House, answered, message, pair, quiet};
use super::store::Fault;
use crate::conversation::{Answer, Limits, Refused, Said};
use crate::store::InboxState;
use crate::types::Channel;

fn again(first: &Answer) -> Said {
    Said::Duplicate(Answer {
        duplicate: true,
        ..first.clone()
    })
}

#[tokio::test(start_paused = true)]
async fn two_deliveries_in_one_batch_are_one_message() {
    let house = House::open().await;
    let slow = house.begins("ana", "slow hi").await;
    let one = house.send(message("ana", "a", "gel"));
    let two = house.send(message("ana", "a", "gel"));
    quiet().await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    let first = answered(one.await.unwrap());
    assert_eq!(two.await.unwrap().unwrap(), again(&first));
    assert_eq!(house.store.turns(), [["slow hi"], ["gel"]]);
}

#[tokio::test(start_paused = true)]
async fn a_message_seen_lately_gets_the_same_answer_without_a_turn() {
    let house = House::open().await;
    let first = answered(house.send(message("ana", "a", "gel")).await.unwrap());
    let second = house.send(message("ana", "a", "gel")).await.unwrap().unwrap();
    assert_eq!(second, again(&first));
    assert_eq!(house.store.calls("commit"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_answered_long_ago_gets_the_same_answer_and_its_neighbours_go_on() {
    let house = House::open().await;
    let first = answered(house.send(message("ana", "old", "gel")).await.unwrap());
    // So many later messages that the context has forgotten its id.
    for _ in 0..40 {
        house.says("ana", "thanks").await;
    }
    let slow = house.begins("ana", "slow hi").await;
    let old = house.send(message("ana", "old", "gel"));
    let new = house.send(message("ana", "new", "friday"));
    quiet().await;
    house.mind.release(1);
    answered(slow.await.unwrap());
    assert_eq!(old.await.unwrap().unwrap(), again(&first));
    answered(new.await.unwrap());
    let turns = house.store.turns();
    assert_eq!(turns.last().unwrap(), &["friday"]);
    assert_eq!(turns.iter().flatten().filter(|text| *text == "gel").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_id_with_another_text_is_refused() {
    let house = House::open().await;
    answered(house.send(message("ana", "a", "gel")).await.unwrap());
    let refused = house.send(message("ana", "a", "pedicure")).await.unwrap();
    assert!(matches!(refused, Err(Refused::MessageIdReused)), "{refused:?}");
    assert_eq!(house.store.calls("commit"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_same_id_on_another_channel_is_another_message() {
    let house = House::open().await;
    answered(house.send(message("ana", "1", "gel")).await.unwrap());
    let mut other = message("ana", "1", "friday");
    other.key.channel = Channel::Web;
    answered(house.send(other).await.unwrap());
    assert_eq!(house.store.turns(), [["gel"], ["friday"]]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_outlives_its_wait_is_durable_and_its_turn_goes_on() {
    let house = House::open().await;
    let hello = message("ana", "a", "slow hello");
    let said = house.send(hello.clone()).await.unwrap().unwrap();
    assert_eq!(said, Said::Accepted);
    assert_eq!(house.store.state_of(&hello.key), Some(InboxState::Pending));
    house.mind.release(1);
    quiet().await;
    assert_eq!(house.store.state_of(&hello.key), Some(InboxState::Done));
    let Said::Duplicate(answer) = house.send(hello.clone()).await.unwrap().unwrap() else {
        panic!("a delivery afterwards is a duplicate")
    };
    assert_eq!((answer.version, answer.duplicate), (1, true));
    assert_eq!(house.send(hello).await.unwrap().unwrap(), Said::Duplicate(answer));
    assert_eq!(house.store.turns(), [["slow hello"]]);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_while_the_first_is_under_way_is_accepted_and_answered_once() {
    let house = House::open().await;
    let hello = message("ana", "a", "slow hello");
    assert_eq!(house.send(hello.clone()).await.unwrap().unwrap(), Said::Accepted);
    let second = house.send(hello);
    quiet().await;
    house.mind.release(1);
    assert!(matches!(second.await.unwrap(), Ok(Said::Duplicate(_))));
    assert_eq!(house.store.turns(), [["slow hello"]]);
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_a_crash_is_replayed_first_and_in_order() {
    let crashed = House::open().await;
    for (id, text) in [("a", "slow gel"), ("b", "friday"), ("c", "2pm")] {
        crashed.send(message("ana", id, text)).await.unwrap().unwrap();
    }
    let house = House::on(crashed.store.clone(), Limits::default()).await;
    house.mind.release(1);
    house.says("ana", "with linh").await;
    assert_eq!(house.store.turns(), [["slow gel", "friday", "2pm", "with linh"]]);
}

#[tokio::test(start_paused = true)]
async fn a_bell_has_the_inbox_looked_at() {
    let crashed = House::open().await;
    crashed
        .send(message("ana", "a", "slow gel"))
        .await
        .unwrap()
        .unwrap();
    let house = House::on(crashed.store.clone(), Limits::default()).await;
    house.mind.release(1);
    house.conversations.ring(&pair("ana")).unwrap();
    quiet().await;
    assert_eq!(house.store.turns(), [["slow gel"]]);
    assert_eq!(house.load(), (1, 0));
    house.conversations.ring(&pair("ana")).unwrap();
    quiet().await;
    assert_eq!(house.store.turns().len(), 1, "what is done is not found again");
}

#[tokio::test(start_paused = true)]
async fn a_reused_id_does_not_take_the_place_of_what_was_accepted_under_it() {
    let crashed = House::open().await;
    let accepted = message("ana", "a", "slow gel");
    crashed.send(accepted.clone()).await.unwrap().unwrap();
    let house = House::on(crashed.store.clone(), Limits::default()).await;
    house.mind.release(1);
    let refused = house.send(message("ana", "a", "pedicure")).await.unwrap();
    assert!(matches!(refused, Err(Refused::MessageIdReused)), "{refused:?}");
    assert_eq!(house.store.turns(), [["slow gel"]]);
}

#[tokio::test(start_paused = true)]
async fn two_processes_answer_a_message_once() {
    let one = House::open().await;
    let two = House::on(one.store.clone(), Limits::default()).await;
    let hello = message("ana", "a", "slow hello");
    let (first, second) = (one.send(hello.clone()), two.send(hello));
    quiet().await;
    one.mind.release(1);
    two.mind.release(1);
    let first = answered(first.await.unwrap());
    assert_eq!(second.await.unwrap().unwrap(), again(&first));
    assert_eq!(one.store.turns(), [["slow hello"]]);
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_outlives_the_wait_answers_a_later_delivery() {
    let house = House::open().await;
    house.store.fail_next_commit(Fault::Stall);
    let hello = message("ana", "a", "hello");
    assert_eq!(house.send(hello.clone()).await.unwrap().unwrap(), Said::Accepted);
    house.store.release();
    assert!(matches!(house.send(hello).await.unwrap(), Ok(Said::Duplicate(_))));
    assert_eq!(house.store.version(&pair("ana")), 1);
}
