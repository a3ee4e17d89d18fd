//! How the sender of a message is answered when it is delivered oddly: late, again, or elsewhere.

use std::time::Duration;

use frontdesk::booking::Catalogue;
use frontdesk::clock::Clock as _;
use frontdesk::conversation::{Said, Sweep};
use frontdesk::types::Channel;
use jiff::SignedDuration;
use jiff::civil::date;

use super::support::desk::{Desk, Manner};

async fn desk() -> Desk {
    let catalogue = Catalogue::from_toml(include_str!("../../examples/lotus-nails.toml")).unwrap();
    Desk::open(catalogue, date(2026, 11, 18).at(10, 0, 0, 0), Manner::default()).await
}

#[tokio::test]
async fn a_first_answer_is_no_duplicate_however_late_it_comes() {
    let desk = desk().await;
    let (mut answered, mut accepted) = (0, 0);
    // Waits around the time that a turn takes, so that many end just as it is committed.
    for step in 0..300 {
        let message = desk.message(&format!("person-{}", step % 7), "do you have parking?");
        let wait = Duration::from_micros(step % 60 * 150);
        match desk.conversations.say(message, wait).await.unwrap() {
            Said::Answered(_) => answered += 1,
            Said::Accepted => accepted += 1,
            Said::Duplicate(answer) => panic!("after {wait:?}: {answer:?}"),
        }
    }
    println!("{answered} answered, {accepted} accepted");
}

#[tokio::test]
async fn one_id_on_two_channels_is_two_messages() {
    let desk = desk().await;
    let by_api = desk.message("anna", "do you have parking?");
    let mut by_web = by_api.clone();
    by_web.key.channel = Channel::Web;
    by_web.text = "how much is a pedicure?".to_owned();

    let wait = Duration::from_secs(20);
    for message in [&by_api, &by_web] {
        let said = desk.conversations.say(message.clone(), wait).await.unwrap();
        assert!(matches!(said, Said::Answered(_)), "{said:?}");
    }
    for message in [by_api, by_web] {
        let said = desk.conversations.say(message, wait).await.unwrap();
        assert!(matches!(said, Said::Duplicate(_)), "{said:?}");
    }
    assert_eq!(desk.transcript("anna").await.len(), 4);
}

#[tokio::test]
async fn one_sweep_answers_everybody_also_those_who_were_tried_before() {
    let desk = desk().await;
    let people = ["ana", "ben", "cleo", "dora", "ed"];
    for who in people {
        let message = desk.message(who, "do you have parking?");
        desk.store.accept(vec![message]).await.unwrap();
    }
    desk.clock.advance(SignedDuration::from_mins(2));
    // As a process does that is killed before it answers anybody.
    let claimed = desk.store.claim_unfinished(desk.clock.now(), 100).await.unwrap();
    assert_eq!(claimed.pairs.len(), people.len());

    desk.conversations.sweep(Sweep::Start).await.unwrap();
    for who in people {
        assert!(desk.hears(who, 1).await.text.contains("parking"), "{who}");
        assert_eq!(desk.transcript(who).await.len(), 2, "{who}");
    }
}

#[tokio::test]
async fn a_start_answers_everybody_even_when_the_clock_was_set_back() {
    let desk = desk().await;
    let message = desk.message("ana", "do you have parking?");
    desk.store.accept(vec![message]).await.unwrap();
    desk.clock.advance(SignedDuration::from_hours(-1));
    desk.conversations.sweep(Sweep::Start).await.unwrap();
    assert!(desk.hears("ana", 1).await.text.contains("parking"));
}
