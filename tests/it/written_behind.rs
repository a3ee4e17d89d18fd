//! `FRONTDESK_TRANSCRIPT=behind`, with the real program: what is said can be read at once, a stop loses nothing, and a
//! kill loses rows of transcripts and nothing else.

use serde_json::{Value, json};

use super::checker::Database;
use super::process::{BUSINESS, Site, eventually, get, http};

fn site() -> Site {
    let mut site = Site::new();
    site.settings.push(("FRONTDESK_TRANSCRIPT", "behind".to_owned()));
    site
}

async fn say(url: &str, text: &str) -> Value {
    let body = json!({"business_id": BUSINESS, "participant_id": "anna", "text": text});
    let response = http()
        .post(format!("{url}/v1/messages"))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

/// The numbers of what can be read.
async fn numbers(url: &str) -> Vec<u64> {
    let page: Value = get(format!(
        "{url}/v1/businesses/{BUSINESS}/participants/anna/messages?limit=100"
    ))
    .await
    .unwrap()
    .json()
    .await
    .unwrap();
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|m| m["seq"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn what_is_said_can_be_read_at_once_and_is_there_after_a_stop() {
    let mut site = site();
    let (process, url) = site.start().await;
    for turn in 1..=20_u64 {
        say(&url, "do you have parking?").await;
        assert_eq!(numbers(&url).await, (1..=2 * turn).collect::<Vec<_>>());
    }
    let metrics = get(format!("{url}/metrics")).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("frontdesk_transcript_lag_rows "), "{metrics}");
    say(&url, "thanks").await;
    process.stop().await;
    let (process, url) = site.start().await;
    assert_eq!(numbers(&url).await, (1..=42).collect::<Vec<_>>());
    process.stop().await;
    let log = site.log();
    assert!(!log.contains("ERROR"), "{log}");
}

#[tokio::test]
async fn a_kill_loses_rows_of_the_transcript_and_nothing_else() {
    let mut site = site();
    let mut turns = 0_u64;
    for round in 0..4 {
        let (process, url) = site.start().await;
        let before = numbers(&url).await;
        for _ in 0..=round {
            let answer = say(&url, "do you have parking?").await;
            turns += 1;
            assert_eq!(answer["version"], turns, "no turn was lost");
        }
        let read = numbers(&url).await;
        assert_eq!(read.last(), Some(&(2 * turns)), "no number is used again");
        assert_eq!(
            read.len(),
            before.len() + 2 * (round + 1),
            "and none is read twice"
        );
        process.kill().await;
    }
    let (process, url) = site.start().await;
    say(&url, "thanks").await;
    let read = numbers(&url).await;
    assert_eq!(read.last(), Some(&(2 * turns + 2)));
    let database = Database::open(&site.database()).await;
    eventually("the database has caught up", || async {
        let rows = database.count("SELECT COUNT(*) FROM messages").await;
        (rows == i64::try_from(read.len()).unwrap()).then_some(())
    })
    .await;
    assert_eq!(
        database
            .count("SELECT COUNT(*) FROM inbox WHERE state <> 1")
            .await,
        0
    );
    assert_eq!(
        database.count("SELECT MAX(version) FROM conversations").await,
        i64::try_from(turns + 1).unwrap()
    );
    process.stop().await;
}
