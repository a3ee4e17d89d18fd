//! A hundred people want the same hour, over HTTP, from the real program.
//!
//! `FRONTDESK_RACES` says how often (3 by default; 50 is the full proof).

use super::checker;
use super::load::{Client, Said, Sent};
use super::process::{Site, http, number};

const PEOPLE: usize = 100;

/// Words that no customer should read because somebody else was faster.
const BLUNT: [&str; 6] = [
    "error",
    "fail",
    "wrong",
    "sorry, something",
    "try again",
    "conflict",
];

#[tokio::test]
async fn a_hundred_people_want_one_hour_and_one_of_them_gets_it() {
    for round in 0..number("FRONTDESK_RACES", 3) {
        race(round).await;
    }
}

async fn race(round: u64) {
    let mut site = Site::new();
    let (process, url) = site.start().await;
    let http = http();

    let mut log: Vec<Sent> = Vec::new();
    for text in ["gel manicure with Linh on Friday at 2pm", "yes"] {
        let mut asking = tokio::task::JoinSet::new();
        for person in 0..PEOPLE {
            let (http, url) = (http.clone(), url.clone());
            asking.spawn(async move {
                let client = Client::new(format!("person-{person}"), http);
                client.say_once(&url, &format!("{round}-{text}"), text).await
            });
        }
        let answers = asking.join_all().await;
        for sent in &answers {
            let Some(Said::Answered(_)) = sent.said.first() else {
                panic!(
                    "round {round}: {} got no answer: {:?}\n{}",
                    sent.participant,
                    sent.said,
                    site.log()
                );
            };
        }
        log.extend(answers);
    }

    let (asked, confirmed) = log.split_at(PEOPLE);
    let read_back = asked
        .iter()
        .filter(|sent| sent.text_back().contains("Shall I book it?"))
        .count();
    assert_eq!(read_back, 1, "round {round}: how many were asked to confirm");
    let booked = confirmed
        .iter()
        .filter(|sent| {
            sent.text_back()
                .starts_with("Booked: Gel Manicure with Linh on Friday 20 November at 2:00 pm.")
        })
        .count();
    assert_eq!(booked, 1, "round {round}: how many read that it is booked");
    for sent in asked {
        let text = sent.text_back();
        assert!(
            text.contains("Shall I book it?") || (text.contains("Free instead") && text.contains("waitlist")),
            "round {round}: {text}"
        );
    }
    for sent in &log {
        let text = sent.text_back().to_lowercase();
        assert!(
            !BLUNT.iter().any(|word| text.contains(word)),
            "round {round}: {text}"
        );
    }

    process.stop().await;
    let database = checker::Database::open(&site.database()).await;
    database
        .check(&log, &site.now())
        .await
        .assert_none(&format!("round {round}"));
    let confirmed = database.confirmed_at("linh", "2026-11-20T14:00:00-05:00").await;
    assert_eq!(confirmed, 1, "round {round}: confirmed appointments of the hour");
    let log = site.log();
    assert!(!log.contains("ERROR"), "round {round}:\n{log}");
}
