use super::*;
use crate::outbound::committed::{ROW, answer, at, header, json as body, line, notice, row};
use crate::webhook::posted::account;

const ANSWER: &str = "https://discord.com/api/v10/webhooks/2/tok-en";

fn app() -> Account {
    account(Channel::Discord, &[], &[("bot_token", "b0t")])
}

/// The address of an interaction that began so many seconds before the reply was committed.
fn address(seconds_ago: i64) -> Value {
    let began = at() - SignedDuration::from_secs(seconds_ago);
    json!({"channel": "3", "interaction": {"application": "2", "token": "tok-en", "at": began}})
}

fn lines(account: &Account, row: &OutboxRow, now: Timestamp) -> Vec<String> {
    let calls = Discord.messages(account, row, now).unwrap();
    calls.iter().map(line).collect()
}

#[test]
fn an_answer_takes_the_place_of_our_later() {
    let row = row(Channel::Discord, &address(3), "When?", &["10:00"]);
    let calls = Discord.messages(&app(), &row, at()).unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(line(&calls[0]), format!("PATCH {ANSWER}/messages/@original"));
    assert!(calls[0].headers.is_empty());
    assert_eq!(
        body(&calls[0]),
        json!({
            "content": "When?",
            "allowed_mentions": {"parse": []},
            "components": [{"type": 1, "components": [
                {"type": 2, "style": 2, "label": "10:00", "custom_id": "0:10:00"},
            ]}],
        })
    );
}

#[test]
fn what_follows_an_answer_is_posted_after_it() {
    let text = "Nothing is free on that day. ".repeat(100);
    let mut long = row(Channel::Discord, &address(3), &text, &["10:00"]);
    let calls = Discord.messages(&app(), &long, at()).unwrap();
    assert_eq!(
        calls.iter().map(line).collect::<Vec<_>>(),
        [
            format!("PATCH {ANSWER}/messages/@original"),
            format!("POST {ANSWER}")
        ]
    );
    assert_eq!(body(&calls[0])["components"], json!([]));
    assert_eq!(body(&calls[1])["components"].as_array().unwrap().len(), 1);
    for call in &calls {
        assert!(body(call)["content"].as_str().unwrap().chars().count() <= 2_000);
    }
    // The second thing that a turn says, and what is said minutes later of its own accord.
    long.ordinal = 1;
    assert_eq!(lines(&app(), &long, at())[0], format!("POST {ANSWER}"));
    let reminder = row(Channel::Discord, &address(300), "See you soon.", &[]);
    assert_eq!(lines(&app(), &reminder, at()), [format!("POST {ANSWER}")]);
}

#[test]
fn when_the_token_is_dead_it_goes_to_the_channel_under_the_same_nonce_each_time() {
    let row = row(Channel::Discord, &address(3), "Booked.", &[]);
    let late = at() + SignedDuration::from_mins(15);
    let calls = Discord.messages(&app(), &row, late).unwrap();
    assert_eq!(
        line(&calls[0]),
        "POST https://discord.com/api/v10/channels/3/messages"
    );
    assert_eq!(header(&calls[0], "authorization"), Some("Bot b0t"));
    let sent = body(&calls[0]);
    assert_eq!(sent["enforce_nonce"], true);
    assert_eq!(sent["nonce"], nonce(ROW, 0));
    let again = Discord
        .messages(&app(), &row, late + SignedDuration::from_hours(1))
        .unwrap();
    assert_eq!(body(&again[0]), sent);
}

#[test]
fn nonces_are_short_and_each_piece_has_its_own() {
    let all: Vec<_> = [0, 1, 10, 999].map(|part| nonce(Uuid::max(), part)).into();
    assert!(all.iter().all(|nonce| nonce.len() <= 25), "{all:?}");
    assert_ne!(all[0], all[1]);
    assert_ne!(nonce(ROW, 0), nonce(Uuid::max(), 0));
}

#[test]
fn an_old_address_needs_a_channel_and_a_bot() {
    let without_bot = account(Channel::Discord, &[], &[]);
    let old = row(Channel::Discord, &address(3_600), "Booked.", &[]);
    assert!(Discord.messages(&without_bot, &old, at()).is_err());
    assert!(Discord.messages(&app(), &old, at()).is_ok());
    for odd in [
        json!({}),
        json!({"channel": "../users"}),
        json!({"channel": ""}),
        json!({"interaction": {"application": "2", "token": "a/../b", "at": at()}}),
        json!({"interaction": {"application": "x", "token": "ab", "at": at()}}),
    ] {
        let row = row(Channel::Discord, &odd, "Booked.", &[]);
        assert!(Discord.messages(&app(), &row, at()).is_err(), "{odd}");
    }
    assert!(Discord.messages(&app(), &notice(Channel::Discord), at()).is_err());
}

#[test]
fn there_are_at_most_five_rows_of_five_buttons_with_short_names() {
    let options: Vec<_> = (0..30).map(|n| format!("{n} {}", "x".repeat(150))).collect();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let row = row(Channel::Discord, &address(3), "Which?", &options);
    let body = body(&Discord.messages(&app(), &row, at()).unwrap()[0]);
    let rows = body["components"].as_array().unwrap();
    assert_eq!(rows.len(), 5);
    let mut ids = std::collections::BTreeSet::new();
    for button in rows.iter().flat_map(|row| row["components"].as_array().unwrap()) {
        assert_eq!(button["label"].as_str().unwrap().chars().count(), 80);
        assert_eq!(button["custom_id"].as_str().unwrap().chars().count(), 100);
        ids.insert(button["custom_id"].to_string());
    }
    assert_eq!(ids.len(), 25);
}

#[test]
fn a_customer_who_was_heard_sees_somebody_type() {
    let call = Discord.heard(&app(), "1", &address(0).to_string()).unwrap();
    assert_eq!(line(&call), "POST https://discord.com/api/v10/channels/3/typing");
    assert_eq!(header(&call, "authorization"), Some("Bot b0t"));
    let without_bot = account(Channel::Discord, &[], &[]);
    assert!(
        Discord
            .heard(&without_bot, "1", &address(0).to_string())
            .is_none()
    );
    assert!(Discord.heard(&app(), "1", "no address").is_none());
}

#[test]
fn answers_mean_what_the_table_says() {
    let judged = |status, code: u32| {
        let body = json!({"code": code, "message": "Some words"}).to_string();
        Discord.judge(&answer(status, &body))
    };
    assert_eq!(
        Discord.judge(&answer(200, r#"{"id": "334385199974967042"}"#)),
        Judgement::Taken(Some("334385199974967042".to_owned()))
    );
    let limited = r#"{"message": "You are being rate limited.", "retry_after": 64.57, "global": false}"#;
    assert_eq!(
        Discord.judge(&answer(429, limited)),
        Judgement::Later {
            after: Some(Duration::from_secs_f64(64.57)),
            problem: "Discord says You are being rate limited. (0) with status 429".to_owned(),
        }
    );
    for (status, code) in [(500, 0), (502, 0), (503, 0)] {
        assert!(
            matches!(judged(status, code), Judgement::Later { .. }),
            "{status}"
        );
    }
    // Faster than our own answer, or with a dead token: tried again, and in the end in the channel.
    for (status, code) in [(404, 10_008), (404, 10_015), (401, 50_027)] {
        assert!(
            matches!(judged(status, code), Judgement::Later { after: Some(_), .. }),
            "{status} {code}"
        );
    }
    assert!(matches!(judged(401, 0), Judgement::AccountStopped(_)));
    for (status, code) in [
        (403, 50_007),
        (404, 10_062),
        (404, 10_003),
        (403, 50_001),
        (400, 50_035),
    ] {
        assert!(
            matches!(judged(status, code), Judgement::Refused(_)),
            "{status} {code}"
        );
    }
    let odd_wait = r#"{"retry_after": -1.0}"#;
    assert!(matches!(
        Discord.judge(&answer(429, odd_wait)),
        Judgement::Later { after: None, .. }
    ));
    assert!(matches!(
        Discord.judge(&answer(404, "<html>")),
        Judgement::Refused(_)
    ));
    assert_eq!(Discord.when_unknown(), WhenUnknown::SendAgain);
}
