//! Whatever the store answers, the customer gets an honest answer, and memory holds nothing uncommitted.

use super::house::{House, answered, message, pair, text_of};
use super::store::Fault;
use crate::booking::Status;
use crate::conversation::Refused;

#[tokio::test(start_paused = true)]
async fn after_a_version_conflict_the_same_messages_run_again_and_nobody_notices() {
    let house = House::open().await;
    house.says("anna", "hi").await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    let answer = house.says("anna", "gel on friday").await;
    assert_eq!(answer.version, 3, "two is the other's");
    assert_eq!(house.store.turns(), [["hi"], ["gel on friday"]]);
    assert_eq!(house.store.calls("open"), 2, "the context was loaded anew");
    assert_eq!(answer.goals.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_always_overtaken_ends_in_a_clear_answer() {
    let house = House::open().await;
    for _ in 0..20 {
        house.store.fail_next_commit(Fault::OvertakenCommit);
    }
    let refused = house.send(message("anna", "a", "hi")).await.unwrap();
    assert!(matches!(refused, Err(Refused::Overloaded { .. })), "{refused:?}");
    assert_eq!(house.store.calls("commit"), 8);
}

#[tokio::test(start_paused = true)]
async fn a_slot_lost_to_somebody_else_is_said_with_alternatives_in_the_same_reply() {
    let house = House::open().await;
    house.store.lose_next_hold();
    let answer = house.says("anna", "gel with Linh on Friday at 2pm").await;
    let text = text_of(&answer);
    assert!(text.contains("taken just now"), "{text}");
    assert!(text.contains("Free instead"), "{text}");
    assert!(answer.replies[0].options.len() >= 3, "{:?}", answer.replies);
    assert_eq!(house.store.turns().len(), 1, "one turn, one reply");
    assert_eq!(house.store.appointments_with(Status::Held).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_hold_placed_by_a_turn_that_was_not_committed_is_met_again_by_the_next() {
    let house = House::open().await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    let answer = house.says("anna", "gel with Linh on Friday at 2pm").await;
    assert_eq!(answer.goals.len(), 1);
    assert!(text_of(&answer).contains("Shall I book it?"));
    let booked = house.says("anna", "yes").await;
    assert!(text_of(&booked).starts_with("Booked"), "{booked:?}");
    assert_eq!(house.store.appointments_with(Status::Confirmed).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_the_store_cannot_commit_the_message_is_refused_and_nothing_is_remembered() {
    let house = House::open().await;
    house.says("anna", "hi").await;
    house.store.fail_next_commit(Fault::Unavailable);
    let gel = message("anna", "a", "gel on friday");
    let refused = house.send(gel.clone()).await.unwrap();
    assert!(matches!(refused, Err(Refused::Store(_))), "{refused:?}");
    assert_eq!(house.shared.remembers(&pair("anna")), Some(1));
    assert_eq!(house.local.remembers(&pair("anna")), None);
    let context = house.conversations.context(&pair("anna")).await.unwrap();
    let (version, context) = context.unwrap();
    assert_eq!((version, context.goals.len()), (1, 0));
    house.store.take_calls();
    // The same message again is a first delivery still.
    let answer = answered(house.send(gel).await.unwrap());
    assert_eq!(answer.version, 2);
    assert_eq!(house.store.calls("open"), 1, "the context was loaded anew");
}

#[tokio::test(start_paused = true)]
async fn when_the_store_cannot_be_read_everybody_who_waits_is_told() {
    let house = House::open().await;
    house.store.fail_next_open(Fault::Unavailable);
    let (one, two) = (
        house.send(message("anna", "a", "hi")),
        house.send(message("anna", "b", "gel")),
    );
    for sent in [one, two] {
        let refused = sent.await.unwrap();
        assert!(matches!(refused, Err(Refused::Store(_))), "{refused:?}");
    }
    assert_eq!(house.load(), (1, 0));
    house.says("anna", "hi").await;
}

#[tokio::test(start_paused = true)]
async fn a_stored_context_of_another_schema_begins_anew_behind_its_transcript() {
    let house = House::open().await;
    house.says("anna", "gel on friday").await;
    house.store.spoil_context(&pair("anna"));
    let second = House::on(house.store.clone(), super::super::Limits::default()).await;
    let answer = second.says("anna", "hi").await;
    assert_eq!((answer.version, answer.goals.len()), (2, 0));
    let numbers = house.store.transcript_numbers(&pair("anna"));
    assert_eq!(numbers, [1, 2, 3, 4], "the transcript goes on without a gap");
}

#[tokio::test(start_paused = true)]
async fn a_context_that_begins_anew_uses_no_number_again_though_the_transcript_was_behind() {
    let house = House::open().await;
    house.says("anna", "gel on friday").await;
    house.says("anna", "at 2pm").await;
    house.store.lose_transcript(&pair("anna"));
    house.store.spoil_context(&pair("anna"));
    let second = House::on(house.store.clone(), super::super::Limits::default()).await;
    second.says("anna", "hi").await;
    let numbers = house.store.transcript_numbers(&pair("anna"));
    assert_eq!(
        numbers,
        [5, 6],
        "a page that has shown 3 and 4 does not take them for those"
    );
}
