//! What every channel keeps, one by one.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Row as _;

use super::cases::{CASES, Case, Hook, case};
use super::house::House;
use crate::process::Site;
use crate::support::postgres::Database;

/// Said, stored, answered at the provider, and the receipt recorded.
async fn goes_the_whole_way(case: &Case, site: Site) {
    let mut house = House::open(case, site).await;
    let channel = case.channel;

    house.says(42, 1, "do you have parking?").await;
    let lines = house.has_lines(42, 2).await;
    assert_eq!(lines[0]["text"], "do you have parking?", "{channel}");
    assert_eq!(lines[0]["channel"], channel);
    let sent = house.provider.gets(1).await;
    let text = (case.text)(&sent[0]);
    assert!(text.contains("parking"), "{channel}: {text}");
    assert_eq!(lines[1]["text"].as_str(), Some(text.as_str()), "{channel}");

    // The same again, also after a restart, changes nothing.
    let again = house.saying(42, 1, "do you have parking?");
    for _ in 0..3 {
        assert!(house.post(&again).await.is_success(), "{channel}");
    }
    house.has_rows("SELECT 1 FROM outbox WHERE state = 2", 1).await;
    house.stop().await;
    house.start().await;
    assert!(house.post(&again).await.is_success(), "{channel}");

    house.says(42, 2, "and how much is a pedicure?").await;
    let lines = house.has_lines(42, 4).await;
    assert_eq!(lines.len(), 4, "{channel}: {lines:?}");
    assert!(
        lines[3]["text"].as_str().unwrap().contains("$40"),
        "{channel}: {lines:?}"
    );
    let sent = house.provider.gets(2).await;
    assert_eq!(sent.len(), 2, "{channel}: {sent:?}");

    if let Some((status, receipt)) = case.receipt {
        house.has_rows("SELECT 1 FROM deliveries", 2).await;
        // Signs of attention are calls, too; the stub numbers all of them.
        let number = number_of(&house, 1).await;
        let hook = receipt(&sent[1], number, house.now());
        assert!(house.post(&hook).await.is_success(), "{channel}");
        let rows = house
            .rows("SELECT status FROM deliveries ORDER BY status_at")
            .await;
        let told: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(told.contains(&status.to_owned()), "{channel}: {told:?}");
    }
    house.stop().await;
}

/// The number that the stub gave the n-th message.
async fn number_of(house: &House<'_>, place: usize) -> u64 {
    let rows = house
        .rows("SELECT provider_id FROM deliveries ORDER BY said_at")
        .await;
    let id: Option<String> = rows[place].get(0);
    let digits: String = id
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

macro_rules! whole_way {
    ($($name:ident: $channel:literal),+ $(,)?) => { $(
        #[tokio::test]
        async fn $name() {
            goes_the_whole_way(case($channel), Site::new()).await;
        }
    )+ };
}

whole_way! {
    whatsapp_goes_the_whole_way: "whatsapp",
    messenger_goes_the_whole_way: "messenger",
    instagram_goes_the_whole_way: "instagram",
    telegram_goes_the_whole_way: "telegram",
    twilio_goes_the_whole_way: "twilio",
    slack_goes_the_whole_way: "slack",
    discord_goes_the_whole_way: "discord",
    standard_goes_the_whole_way: "standard",
}

#[tokio::test]
async fn every_channel_goes_the_whole_way_on_postgresql() {
    for case in &CASES {
        let database = Database::new().await;
        goes_the_whole_way(case, Site::on(&database.url())).await;
    }
}

/// The command that tries an account works beside the server, whatever the database is.
#[tokio::test]
async fn an_account_is_tried_beside_the_running_server() {
    let database = Database::new().await;
    for site in [Site::new(), Site::on(&database.url())] {
        let mut house = House::open(case("standard"), site).await;
        let to = format!("{}/webhooks/standard/salon", house.url());
        let tried = house
            .site
            .run(&["channel", "test", "standard", "salon", "--to", &to])
            .await;
        let said = String::from_utf8_lossy(&tried.stdout).into_owned();
        assert!(
            tried.status.success() && said.contains("took the message (200)"),
            "{tried:?}"
        );
        let sent = house.provider.gets(1).await;
        assert_eq!(sent[0].json()["type"], "message.reply");
        let unknown = house
            .site
            .run(&["channel", "test", "standard", "saloon", "--to", &to])
            .await;
        let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
        assert!(
            !unknown.status.success() && said.contains("no account standard/saloon"),
            "{said}"
        );
        house.stop().await;
    }
}

/// A flipped bit anywhere in the body, or a wrong account, is refused with 401 and nothing else.
#[tokio::test]
async fn what_is_forged_is_refused_and_tells_nothing() {
    for case in &CASES {
        let mut house = House::open(case, Site::new()).await;
        let genuine = house.saying(42, 1, "do you have parking?");
        for at in 0..genuine.body.len() {
            // Telegram signs nothing: its word is in a header.
            if case.channel == "telegram" {
                break;
            }
            let mut forged = genuine.clone();
            forged.body[at] ^= 1;
            assert_eq!(
                house.post(&forged).await.as_u16(),
                401,
                "{} byte {at}",
                case.channel
            );
        }
        let mut without = genuine.clone();
        without.headers.clear();
        assert_eq!(house.post(&without).await.as_u16(), 401, "{}", case.channel);
        assert!(
            house.rows("SELECT 1 FROM inbox").await.is_empty(),
            "{}",
            case.channel
        );
        house.stop().await;
    }
}

/// A hundred at once are one message, one turn, one row, one send.
#[tokio::test]
async fn the_same_message_a_hundred_times_at_once_is_one() {
    for channel in ["whatsapp", "telegram"] {
        let mut house = House::open(case(channel), Site::new()).await;
        let hook = house.saying(42, 1, "do you have parking?");
        let posts = (0..100).map(|_| house.post(&hook));
        for status in futures_util::future::join_all(posts).await {
            assert!(
                status.is_success() || status.as_u16() == 429,
                "{channel}: {status}"
            );
        }
        house.provider.gets(1).await;
        house.has_rows("SELECT 1 FROM outbox WHERE state = 2", 1).await;
        house.stop().await;
        house.start().await;
        assert!(house.post(&hook).await.is_success());
        assert_eq!(house.has_lines(42, 2).await.len(), 2, "{channel}");
        for (sql, count) in [
            ("SELECT 1 FROM turns", 1),
            ("SELECT 1 FROM outbox", 1),
            ("SELECT 1 FROM inbox", 1),
        ] {
            assert_eq!(house.rows(sql).await.len(), count, "{channel}: {sql}");
        }
        assert_eq!(house.provider.sends().len(), 1, "{channel}");
        house.stop().await;
    }
}

/// A person's quick three messages get one answer.
#[tokio::test]
async fn a_burst_is_answered_once() {
    let mut house = House::open(case("telegram"), Site::new()).await;
    for (id, text) in (1..).zip(["hi", "do you have parking?", "and how much is a pedicure?"]) {
        house.says(42, id, text).await;
    }
    let sent = house.provider.gets(1).await;
    let text = (house.case.text)(&sent[0]);
    assert!(text.contains("parking") && text.contains("$40"), "{text}");
    assert_eq!(house.has_lines(42, 4).await.len(), 4);
    assert!(!house.provider.attention().is_empty());
    house.stop().await;
}

/// A voice message says nothing that could be understood. It is answered kindly, and what was asked is asked again.
#[tokio::test]
async fn a_voice_message_is_answered_and_the_goal_goes_on() {
    let mut house = House::open(case("telegram"), Site::new()).await;
    house.says(42, 1, "gel manicure with Linh on Friday").await;
    house.provider.gets(1).await;
    let words = house.saying(42, 2, "@@@");
    let body = String::from_utf8(words.body.clone()).unwrap();
    let voice = body.replace(
        "\"text\":\"@@@\"",
        "\"voice\":{\"file_id\":\"F1\",\"duration\":3}",
    );
    assert_ne!(voice, body);
    let hook = Hook {
        body: voice.into_bytes(),
        ..words
    };
    assert!(house.post(&hook).await.is_success());
    let sent = house.provider.gets(2).await;
    let text = (house.case.text)(&sent[1]);
    assert!(
        text.contains("listen to recordings") && text.contains('?'),
        "{text}"
    );
    house.says(42, 3, "2pm").await;
    let sent = house.provider.gets(3).await;
    let text = (house.case.text)(&sent[2]);
    assert!(text.contains("Linh") && text.contains("2:00 pm"), "{text}");
    house.stop().await;
}

/// What the business's own systems are told comes through the outbox, in order, and holds up no customer.
#[tokio::test]
async fn a_booking_is_told_to_the_businesss_own_system() {
    let mut house = House::open(case("standard"), Site::new()).await;
    house
        .says(42, 1, "gel manicure with Linh on Friday at 2pm, I'm Anna")
        .await;
    house.provider.gets(1).await;
    house.says(42, 2, "yes").await;
    let sent = house.provider.gets(3).await;
    let kinds: Vec<String> = sent
        .iter()
        .map(|call| call.json()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| *kind == "appointment.confirmed")
            .count(),
        1,
        "{kinds:?}"
    );
    let told = sent
        .iter()
        .find(|call| call.json()["type"] == "appointment.confirmed")
        .unwrap()
        .json();
    assert_eq!(told["data"]["appointment"]["service"], "gel-manicure");
    assert_eq!(
        told["data"]["appointment"]["starts_at"],
        "2026-11-20T14:00:00-05:00"
    );
    house.stop().await;
}

/// What is changed through the API is told, too, with the change itself.
#[tokio::test]
async fn a_booking_through_the_api_is_told_and_so_is_its_end() {
    let mut house = House::open(case("standard"), Site::new()).await;
    let booking = json!({
        "participant_id": "standard:salon:42", "services": ["gel-manicure"], "staff": "linh",
        "starts_at": "2026-11-20T14:00:00-05:00",
    });
    let booked = house.asks(Method::POST, "appointments", &booking).await;
    let id = booked["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{booked}"))
        .to_owned();
    let sent = house.provider.gets(1).await;
    assert_eq!(sent[0].json()["type"], "appointment.confirmed");
    assert_eq!(sent[0].json()["data"]["appointment"]["id"], id.as_str());

    house
        .asks(Method::DELETE, &format!("appointments/{id}"), &Value::Null)
        .await;
    let sent = house.provider.gets(2).await;
    assert_eq!(sent[1].json()["type"], "appointment.cancelled");
    assert_eq!(sent[1].json()["data"]["participant_id"], "standard:salon:42");
    house.stop().await;
}
