//! A program whose database is not there: it lives, says so, promises nothing, and can be stopped.

use std::net::TcpListener;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::process::{BUSINESS, Process, Site, eventually, get, http_within};

/// Much longer than a stop takes, and much shorter than the program would wait for anything.
const PROMPT: Duration = Duration::from_secs(5);

/// A server that nobody has started.
fn nowhere() -> String {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = gone.local_addr().unwrap().port();
    format!("postgres://ana:hush@127.0.0.1:{port}/desk")
}

async fn start_without_database() -> (Site, Process, String) {
    let mut site = Site::new();
    site.settings.push(("DATABASE_URL", nowhere()));
    let mut process = site.spawn();
    let url = process.listening().await;
    (site, process, url)
}

#[tokio::test]
async fn a_program_without_its_database_lives_and_takes_nothing() {
    let (site, process, url) = start_without_database().await;
    let health: Value = get(format!("{url}/health")).await.unwrap().json().await.unwrap();
    assert_eq!(health["status"], "alive");

    let ready = eventually("the database is known to be away", || async {
        let response = get(format!("{url}/ready")).await.unwrap();
        assert_eq!(response.status().as_u16(), 503);
        assert_eq!(response.headers()["retry-after"], "2");
        let ready: Value = response.json().await.unwrap();
        (ready["database"]["state"] == "down").then_some(ready)
    });
    assert_eq!(ready.await["status"], "starting");

    let begun = Instant::now();
    let message = json!({"business_id": BUSINESS, "participant_id": "anna", "text": "hi"});
    let client = http_within(PROMPT);
    let refused = client
        .post(format!("{url}/v1/messages"))
        .json(&message)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status().as_u16(), 503);
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    assert_eq!(refused.headers()["retry-after"], "2");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "/problems/unavailable");
    assert!(begun.elapsed() < PROMPT);

    let begun = Instant::now();
    process.stop().await;
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
    let log = site.log();
    assert!(
        log.contains("the database is not there") && log.contains("refused"),
        "{log}"
    );
    assert_eq!(log.matches("the database is not there").count(), 1, "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[tokio::test]
async fn a_signal_in_the_first_moment_is_obeyed_as_well() {
    let (_site, process, _) = start_without_database().await;
    let begun = Instant::now();
    process.stop().await;
    assert!(begun.elapsed() < PROMPT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_waiting_cannot_heal_ends_the_program_with_what_to_do() {
    // A server that speaks, and not PostgreSQL's language.
    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let speaks = tokio::spawn(async move {
        loop {
            let (mut stream, _) = other.accept().await.unwrap();
            let _ =
                tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let mut site = Site::new();
    let url = format!("postgres://ana:hush@127.0.0.1:{port}/desk");
    site.settings.push(("DATABASE_URL", url));
    let status = site.spawn().ended().await;
    speaks.abort();
    let log = site.log();
    assert_eq!(status.code(), Some(1), "{log}");
    assert!(
        log.contains("another program than PostgreSQL answers there"),
        "{log}"
    );
    assert!(!log.contains("hush"), "{log}");
}
