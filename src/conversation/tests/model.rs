//! What a model is told, how long it may take, and what account is kept of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::house::{CATALOGUE, House, answered, message, now, pair};
use super::store::{FakeStore, Fault};
use crate::conversation::Limits;
use crate::store::behind::Behind;
use crate::store::{Asked, Store};
use crate::types::Channel;
use crate::understanding::scene::Speaker;
use crate::understanding::{GoalKind, SlotKind};

#[tokio::test(start_paused = true)]
async fn a_slow_model_delays_only_its_own_conversation() {
    let house = House::with_a_model().await;
    let slow = house.begins("anna", "slow hi").await;
    let started = Instant::now();
    for n in 0..100 {
        house.says(&format!("guest {n}"), "gel on friday").await;
    }
    assert!(started.elapsed() < Duration::from_secs(1));
    assert!(!slow.is_finished());
    house.mind.release(1);
    answered(slow.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_model_that_takes_all_its_time_still_leaves_an_answer_in_time() {
    let house = House::with_a_model().await;
    let started = Instant::now();
    let answer = house.says("anna", "slow gel on friday").await;
    assert_eq!(answer.goals.len(), 1, "understood by the rules");
    assert_eq!(started.elapsed().as_secs(), 10);

    // A sender who waits less is not made to wait.
    let started = Instant::now();
    let wait = Duration::from_secs(4);
    let said = house
        .conversations
        .say(message("ben", "b", "slow gel"), wait)
        .await;
    answered(said);
    assert_eq!(started.elapsed().as_millis(), 3_600);
}

#[tokio::test(start_paused = true)]
async fn messages_of_one_turn_share_the_time() {
    let house = House::with_a_model().await;
    let started = Instant::now();
    let first = house.begins("anna", "slow gel").await;
    let second = house.begins("anna", "slow friday").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    house.mind.release(1);
    answered(first.await.unwrap());
    answered(second.await.unwrap());
    assert_eq!(started.elapsed().as_secs(), 10);
    let left: Vec<u64> = house.mind.noted().iter().map(|n| n.time_left.as_secs()).collect();
    assert_eq!(left, [10, 9, 5]);
}

#[tokio::test(start_paused = true)]
async fn the_scene_says_what_is_arranged_in_words() {
    let house = House::with_a_model().await;
    house.says("anna", "gel manicure with mai on friday").await;
    house.says("anna", "hm").await;
    let noted = house.mind.noted();
    let first = &noted[0];
    assert!(first.goals.is_empty() && first.history.is_empty() && first.question.is_none());
    assert!(
        first
            .answers
            .iter()
            .any(|(key, answer)| key == "parking" && !answer.is_empty()),
        "{:?}",
        first.answers
    );
    let second = &noted[1];
    let [goal] = second.goals.as_slice() else {
        panic!("{:?}", second.goals)
    };
    assert_eq!(goal.kind, GoalKind::Book);
    assert_eq!(goal.known[0], (SlotKind::Service, "Gel Manicure".to_owned()));
    assert_eq!(goal.known[1], (SlotKind::Staff, "Mai".to_owned()));
    let (slot, when) = &goal.known[2];
    assert_eq!(*slot, SlotKind::When);
    assert!(when.starts_with("Friday 20 November 2026"), "{when}");
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    assert!(second.question.is_some());
    assert_eq!(second.question, context.question.map(|question| question.again));
}

#[tokio::test(start_paused = true)]
async fn words_about_time_mean_what_they_meant_when_they_were_said() {
    let house = House::with_a_model().await;
    let known = |slot: SlotKind| {
        let noted = house.mind.noted();
        let goal = noted.last().unwrap().goals.last().cloned().unwrap();
        let said = goal.known.into_iter().find(|(kind, _)| *kind == slot);
        said.map(|(_, said)| said)
    };
    house
        .says("anna", "pedicure with anyone but sofia next week")
        .await;
    house.says("anna", "hm").await;
    assert_eq!(known(SlotKind::Staff).as_deref(), Some("anyone but Sofia"));
    assert_eq!(known(SlotKind::When).as_deref(), Some("\"next week\""));
    let mut later = message("anna", "later", "hm");
    later.received_at = now() + jiff::SignedDuration::from_hours(24);
    answered(house.send(later).await.unwrap());
    assert_eq!(
        known(SlotKind::When).as_deref(),
        Some("\"next week\" (said on Wednesday 18 November 2026)")
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_back_is_known_as_it_was_read_back() {
    let house = House::with_a_model().await;
    let answer = house
        .says("anna", "gel manicure with mai on friday at 2pm for me")
        .await;
    house.says("anna", "hm").await;
    let noted = house.mind.noted();
    let goal = &noted[1].goals[0];
    let when = (SlotKind::When, "Friday 20 November 2026 at 14:00".to_owned());
    assert!(
        goal.known.contains(&when),
        "{:?} after {:?}",
        goal.known,
        answer.replies
    );
}

#[tokio::test(start_paused = true)]
async fn the_history_is_what_was_said_and_read_once() {
    let store = Arc::<FakeStore>::default();
    let house = House::on(store.clone(), Limits::default()).await;
    house.says("anna", "hi").await;
    assert_eq!(store.calls("messages"), 0, "rules need no history");

    house.mind.ask_a_model();
    for text in ["gel", "friday"] {
        house.says("anna", text).await;
    }
    assert_eq!(store.calls("messages"), 1);
    let said: Vec<(Speaker, String)> = store
        .transcript(&pair("anna"))
        .iter()
        .map(|entry| {
            let by = if entry.role == "customer" {
                Speaker::Customer
            } else {
                Speaker::Business
            };
            (by, entry.text.clone())
        })
        .collect();
    let noted = house.mind.noted();
    assert_eq!(noted[0].history, said[..2]);
    assert_eq!(noted[1].history, said[..noted[1].history.len()]);
    assert!(noted[1].history.len() >= 4);

    // Who begins now has nothing to read.
    house.says("ben", "hi").await;
    assert_eq!(store.calls("messages"), 1);

    house.leaves("anna").await;
    house.says("anna", "2pm").await;
    assert_eq!(store.calls("messages"), 2, "it went with the actor");
}

#[tokio::test(start_paused = true)]
async fn the_history_is_bounded() {
    let house = House::with_a_model().await;
    let long = "x".repeat(2_000);
    for _ in 0..15 {
        house.says("anna", &long).await;
    }
    let noted = house.mind.noted();
    let last = &noted.last().unwrap().history;
    assert_eq!(last.len(), 20);
    assert!(last.iter().all(|(_, text)| text.chars().count() <= 500));
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    let json = serde_json::to_string(&context).unwrap();
    assert!(
        !json.contains(&"x".repeat(100)),
        "none of it is in the stored context"
    );
}

#[tokio::test(start_paused = true)]
async fn of_a_transcript_that_is_written_behind_what_is_remembered_counts() {
    let store = Arc::<FakeStore>::default();
    let behind: Arc<dyn Store> = Arc::new(Behind::new(store.clone()));
    let house = House::through(behind, store.clone(), Limits::default()).await;
    house.mind.ask_a_model();
    house.says("anna", "hi").await;
    house.says("anna", "gel").await;
    assert!(store.transcript(&pair("anna")).is_empty());
    let noted = house.mind.noted();
    assert_eq!(noted[1].history[0], (Speaker::Customer, "hi".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn after_a_turn_of_another_process_the_history_is_read_anew() {
    let house = House::with_a_model().await;
    house.says("anna", "hi").await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    house.says("anna", "gel").await;
    assert_eq!(house.store.calls("messages"), 0);
    house.says("anna", "friday").await;
    assert_eq!(house.store.calls("messages"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_asking_a_model_came_to_stands_with_the_message() {
    let house = House::with_a_model().await;
    house.says("anna", "gel").await;
    house.says("anna", "slow friday").await;
    let asked = |outcome: &str| {
        Some(Box::new(Asked {
            model: "small-model".to_owned(),
            prompt: "7".to_owned(),
            variant: Some("a".to_owned()),
            outcome: outcome.to_owned(),
            input_tokens: 100,
            output_tokens: 10,
            latency_ms: 1_500,
            request_id: Some("request-1".to_owned()),
        }))
    };
    let transcript = house.store.transcript(&pair("anna"));
    let (heard, said): (Vec<_>, Vec<_>) = transcript.iter().partition(|entry| entry.role == "customer");
    assert!(
        said.iter()
            .all(|entry| entry.asked.is_none() && entry.engine.is_none())
    );
    let [gel, friday] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(
        (gel.engine.as_deref(), &gel.asked),
        (Some("small-model"), &asked("ok"))
    );
    // It was too slow: the rules answered, and it cost something all the same.
    assert_eq!(
        (friday.engine.as_deref(), &friday.asked),
        (Some("rules"), &asked("timeout"))
    );
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    assert_eq!(context.session.unwrap().total_tokens, 220);
    let sessions = house
        .store
        .sessions(pair("anna").conversation(), 9)
        .await
        .unwrap();
    assert_eq!(sessions[0].total_tokens, 220);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_decided_again_is_counted_once() {
    let house = House::with_a_model().await;
    house.says("anna", "hi").await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    house.says("anna", "gel").await;
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    assert_eq!(context.session.unwrap().total_tokens, 220);
    assert_eq!(house.mind.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_turn_by_rules_alone_keeps_no_account() {
    let house = House::open().await;
    house.says("anna", "gel").await;
    let transcript = house.store.transcript(&pair("anna"));
    assert!(transcript.iter().all(|entry| entry.asked.is_none()));
    assert_eq!(transcript[0].engine.as_deref(), Some("rules"));
}

#[tokio::test(start_paused = true)]
async fn a_conversation_may_ask_for_a_model_before_its_account_its_channel_and_its_business() {
    let catalogue = CATALOGUE.to_owned()
        + "\n[understanding]\nmodel = \"of the business\"\nchannels = { web = \"of the channel\" }\n";
    let store = Arc::<FakeStore>::default();
    let house = House::selling(&catalogue, store.clone(), store, Limits::default()).await;
    house.mind.ask_a_model();
    let on = |channel: Channel, id: &str| {
        let mut message = message("anna", id, "hi");
        message.key.channel = channel;
        message
    };
    let anna = pair("anna");
    answered(house.send(on(Channel::Api, "a")).await.unwrap());
    answered(house.send(on(Channel::Web, "b")).await.unwrap());
    let set = async |model: Option<&str>| {
        let model = model.map(ToOwned::to_owned);
        let wait = super::house::WAIT;
        house.conversations.set_model(&anna, model, wait).await.unwrap()
    };
    assert_eq!(set(Some("her own")).await, Some(3));
    assert_eq!(set(Some("her own")).await, Some(3), "nothing to write");
    answered(house.send(on(Channel::Web, "c")).await.unwrap());
    assert_eq!(set(None).await, Some(5));
    house.listeners.use_model(Channel::Web, "salon", "of the account");
    answered(house.send(on(Channel::Web, "d")).await.unwrap());
    let mut to_the_account = on(Channel::Web, "e");
    to_the_account.key.account = "salon".to_owned();
    answered(house.send(to_the_account.clone()).await.unwrap());
    set(Some("her own")).await;
    to_the_account.key.message_id = "f".parse().unwrap();
    answered(house.send(to_the_account).await.unwrap());
    let models: Vec<Option<String>> = house.mind.noted().into_iter().map(|n| n.model).collect();
    let models: Vec<&str> = models.iter().map(|m| m.as_deref().unwrap()).collect();
    assert_eq!(
        models,
        [
            "of the business",
            "of the channel",
            "her own",
            "of the channel",
            "of the account",
            "her own"
        ]
    );
    assert_eq!(
        house.store.calls("messages"),
        0,
        "setting a model forgets no history"
    );
    assert_eq!(house.shared.remembers(&anna), Some(9));
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_back_is_not_told_to_the_model_again() {
    let house = House::with_a_model().await;
    house.says("anna", "my secret").await;
    house.says("anna", "hi").await;
    house.store.take_back(&pair("anna"), "my secret");
    house.conversations.took_back();
    house.says("anna", "gel").await;
    let noted = house.mind.noted();
    let told = |at: usize| noted[at].history.iter().any(|(_, text)| text == "my secret");
    assert!(told(1));
    assert!(!told(2), "{:?}", noted[2].history);
    assert!(
        noted[2].history.iter().any(|(_, text)| text == "hi"),
        "the rest stays"
    );
}

#[tokio::test(start_paused = true)]
async fn who_never_wrote_has_no_model_to_set() {
    let house = House::open().await;
    let set = house
        .conversations
        .set_model(&pair("anna"), Some("other".to_owned()), super::house::WAIT)
        .await;
    assert_eq!(set.unwrap(), None);
    assert_eq!(house.store.version(&pair("anna")), 0);
}

#[tokio::test(start_paused = true)]
async fn a_model_is_set_whatever_another_process_does_meanwhile() {
    let house = House::open().await;
    house.says("anna", "hi").await;
    house.store.fail_next_commit(Fault::OvertakenCommit);
    let set = |model: &str| {
        let (conversations, model) = (house.conversations.clone(), Some(model.to_owned()));
        async move {
            conversations
                .set_model(&pair("anna"), model, super::house::WAIT)
                .await
        }
    };
    assert_eq!(set("other").await.unwrap(), Some(3));
    house.store.fail_next_commit(Fault::Unavailable);
    assert!(set("third").await.is_err());
    let (_, context) = house.conversations.context(&pair("anna")).await.unwrap().unwrap();
    assert_eq!(context.model.as_deref(), Some("other"));
}
