use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::outbound::meta::tests::{answer, bodies, heard_before, noon, row, shown};
use crate::webhook::meta::tests::account;

const TO: &str = r#"{"recipient":"5001"}"#;

fn own() -> Account {
    account(
        Channel::Instagram,
        &[("instagram_id", "17841400000000000")],
        &[("access_token", "token")],
    )
}

fn said(text: &str, options: &[&str]) -> Vec<Value> {
    bodies(Instagram.messages(&own(), &row(Channel::Instagram, TO, text, options), noon()))
}

#[test]
fn an_account_sends_as_itself_or_as_its_page() {
    let row = row(Channel::Instagram, TO, "Booked", &[]);
    let calls = Instagram.messages(&own(), &row, noon()).unwrap();
    let (url, headers, body) = shown(&calls[0]);
    assert_eq!(
        url,
        "https://graph.instagram.com/v23.0/17841400000000000/messages"
    );
    assert_eq!(headers, ["authorization: Bearer token"]);
    assert_eq!(
        body,
        json!({"recipient": {"id": "5001"}, "messaging_type": "RESPONSE", "message": {"text": "Booked"}})
    );
    let mut linked = own();
    linked.settings.insert("page_id".to_owned(), "1000".to_owned());
    let calls = Instagram.messages(&linked, &row, noon()).unwrap();
    assert_eq!(
        shown(&calls[0]).0,
        "https://graph.facebook.com/v23.0/1000/messages"
    );
}

#[test]
fn a_long_text_is_cut_at_1000_bytes_and_never_inside_a_character() {
    assert_eq!(said(&"é".repeat(500), &[]).len(), 1);
    let bodies = said(&"é".repeat(501), &["Yes", "No"]);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["message"]["text"].as_str().unwrap().len(), 1000);
    assert!(bodies[0]["message"].get("quick_replies").is_none());
    assert_eq!(bodies[1]["message"]["text"], "é");
    assert_eq!(bodies[1]["message"]["quick_replies"][1]["payload"], "No");
    let flags = said(&"🇻🇳".repeat(126), &[]);
    assert_eq!(flags[0]["message"]["text"].as_str().unwrap().len(), 1000);
    assert_eq!(flags[1]["message"]["text"], "🇻🇳");
}

#[test]
fn nobody_is_written_to_after_24_hours_of_silence() {
    let silent = heard_before(
        row(Channel::Instagram, TO, "Booked", &[]),
        SignedDuration::from_hours(25),
    );
    let why = Instagram
        .messages(&own(), &silent, noon())
        .unwrap_err()
        .to_string();
    assert!(why.contains("Instagram takes no message"), "{why}");
}

#[test]
fn who_was_heard_sees_somebody_typing_and_an_unknown_outcome_is_left() {
    let call = Instagram.heard(&own(), "mid.1", TO).unwrap();
    assert_eq!(
        shown(&call).2,
        json!({"recipient": {"id": "5001"}, "sender_action": "typing_on"})
    );
    assert_eq!(Instagram.when_unknown(), WhenUnknown::Leave);
    assert!(Instagram.pace().per_second <= 300.0);
}

#[test]
fn the_24_hours_may_be_over_by_their_clock_only() {
    let body = r#"{"error":{"message":"sent outside of allowed window","type":"IGApiException","code":10,"error_subcode":2534022}}"#;
    assert!(
        matches!(Instagram.judge(&answer(403, body)), Judgement::Refused(_)),
        "the account goes on"
    );
}
