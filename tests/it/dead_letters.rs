//! A message that was given up, in the hands of an operator: the real program, from the shell.

use frontdesk::store::sqlite::{Options, SqliteStore};
use frontdesk::store::{Inbound, InboxState, MessageKey, Store};
use frontdesk::types::{BusinessId, Channel, MessageId, ParticipantId};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::checker::Database;
use super::process::{BUSINESS, Site, eventually, get, http};

const TEXT: &str = "do you have parking?";

fn letter(participant: &str, message_id: &str, received_at: Timestamp) -> Inbound {
    Inbound {
        key: MessageKey {
            channel: Channel::Api,
            account: format!("{BUSINESS}/{participant}"),
            message_id: MessageId::new(message_id).unwrap(),
        },
        business: BusinessId::new(BUSINESS).unwrap(),
        participant: ParticipantId::new(participant).unwrap(),
        text: TEXT.to_owned(),
        attachments: None,
        address: None,
        sent_at: None,
        received_at,
        trace: None,
    }
}

/// What four processes leave that were killed by a message, each while it worked on it.
async fn give_up(site: &Site, letters: &[Inbound]) {
    let store = SqliteStore::open(&Options::file(site.database())).await.unwrap();
    store.accept(letters.to_vec()).await.unwrap();
    loop {
        store.claim_unfinished(Timestamp::MAX, 100).await.unwrap();
        let figures = store.figures().await.unwrap();
        if figures.inbox_dead == letters.len() as u64 {
            break;
        }
    }
    store.close().await;
}

async fn state_of(site: &Site, letter: &Inbound) -> InboxState {
    let store = SqliteStore::open(&Options::file(site.database())).await.unwrap();
    let receipt = store.receipt(&letter.key).await.unwrap().unwrap();
    store.close().await;
    receipt.state
}

/// What the program says to these arguments: its exit code, and both of its outputs.
async fn says(site: &Site, arguments: &[&str]) -> (Option<i32>, String, String) {
    let said = site.run(arguments).await;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (said.status.code(), text(said.stdout), text(said.stderr))
}

async fn post(url: &str, participant: &str, message_id: &str) -> (u16, Value) {
    let body = json!({
        "business_id": BUSINESS, "participant_id": participant, "text": TEXT, "message_id": message_id,
    });
    let response = http()
        .post(format!("{url}/v1/messages"))
        .json(&body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_dead_letter_is_found_retried_and_answered() {
    let mut site = Site::new();
    let now = site.now().timestamp();
    let letters = [
        letter("anna", "m1", now),
        letter("ben", "m1", now),
        letter("ben", "m2", now),
    ];
    let (process, _) = site.start().await;
    process.stop().await;
    give_up(&site, &letters).await;

    let (code, shown, _) = says(&site, &["inbox", "list"]).await;
    assert_eq!(code, Some(0));
    assert!(shown.contains("api/demo-salon/anna/m1"), "{shown}");
    let given_up = |line: &&str| line.split_whitespace().take(2).eq(["dead", "4"]);
    assert_eq!(shown.lines().filter(given_up).count(), 3, "{shown}");
    assert!(
        !shown.contains(TEXT),
        "what a customer wrote is shown to who asks for it"
    );
    let (_, shown, _) = says(&site, &["inbox", "list", "--text", "--limit", "1"]).await;
    assert!(shown.contains(TEXT) && shown.contains("and more"), "{shown}");
    let (_, shown, _) = says(&site, &["inbox", "list", "--state", "pending"]).await;
    assert_eq!(shown, "no such messages\n");

    // Started as it is, the program leaves dead letters alone; and while it runs, the file is its own.
    let (process, _) = site.start().await;
    let (code, _, says_why) = says(&site, &["inbox", "retry", "--all"]).await;
    assert_eq!(code, Some(1));
    assert!(
        says_why.contains("stop it, do this, and start it again"),
        "{says_why}"
    );
    process.stop().await;
    assert_eq!(state_of(&site, &letters[0]).await, InboxState::Dead);

    let (code, _, why) = says(&site, &["inbox", "retry", "m2", "m1"]).await;
    assert_eq!(code, Some(1));
    assert!(
        why.contains("api/demo-salon/anna/m1") && why.contains("api/demo-salon/ben/m1"),
        "{why}"
    );
    assert_eq!(
        state_of(&site, &letters[2]).await,
        InboxState::Dead,
        "nothing is done unless all is clear"
    );
    let (code, shown, _) = says(&site, &["inbox", "retry", "m2", "api/demo-salon/anna/m1"]).await;
    assert_eq!(code, Some(0));
    assert!(shown.starts_with("2 messages are pending again"), "{shown}");
    let (_, shown, _) = says(&site, &["inbox", "list", "--json", "--state", "pending"]).await;
    let lines: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert_eq!(
        (&lines[0]["state"], &lines[0]["attempts"]),
        (&json!("pending"), &json!(0))
    );
    assert_eq!(lines[0]["message"], "api/demo-salon/anna/m1");
    assert!(lines[0].get("text").is_none());

    let (process, url) = site.start().await;
    let database = Database::open(&site.database()).await;
    eventually("what was retried is answered", || async {
        let answered = database.count("SELECT COUNT(*) FROM inbox WHERE state = 1").await;
        (answered == 2).then_some(())
    })
    .await;
    let (status, answer) = post(&url, "anna", "m1").await;
    assert_eq!((status, &answer["duplicate"]), (200, &json!(true)));
    let said = answer["replies"][0]["text"].as_str().unwrap();
    assert!(said.contains("parking"), "{said}");
    let stats: Value = get(format!("{url}/v1/stats"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(stats["database"]["inbox_dead"], 1);
    process.stop().await;
    assert!(!site.log().contains(TEXT));
}

#[tokio::test]
async fn a_dropped_letter_is_a_duplicate_for_ever_and_never_answered() {
    let mut site = Site::new();
    let now = site.now().timestamp();
    let letters = [letter("anna", "m1", now), letter("ben", "m2", now)];
    let (process, _) = site.start().await;
    process.stop().await;
    give_up(&site, &letters).await;

    let (code, _, why) = says(&site, &["inbox", "drop", "m1"]).await;
    assert_eq!(code, Some(2));
    assert!(
        why.contains("1 message for ever") && why.contains("--yes"),
        "{why}"
    );
    assert_eq!(state_of(&site, &letters[0]).await, InboxState::Dead);
    let (code, shown, _) = says(&site, &["inbox", "drop", "m1", "--yes"]).await;
    assert_eq!((code, shown.as_str()), (Some(0), "1 message dropped\n"));
    let (code, _, why) = says(&site, &["inbox", "retry", "m1"]).await;
    assert_eq!(code, Some(1));
    assert!(why.contains("no dead letter `m1`"), "{why}");
    let (code, shown, _) = says(&site, &["inbox", "drop", "--all", "--yes"]).await;
    assert_eq!((code, shown.as_str()), (Some(0), "1 message dropped\n"));
    let (_, shown, _) = says(&site, &["inbox", "list"]).await;
    assert_eq!(shown, "no such messages\n");

    let (process, url) = site.start().await;
    let (status, answer) = post(&url, "anna", "m1").await;
    assert_eq!(status, 202, "it was accepted once, and is no news: {answer}");
    let (status, _) = post(&url, "anna", "m2").await;
    assert_eq!(status, 200, "another one is answered");
    process.stop().await;
    for letter in &letters {
        assert_eq!(state_of(&site, letter).await, InboxState::Dropped);
    }
}
