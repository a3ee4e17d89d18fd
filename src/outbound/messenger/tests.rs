use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::outbound::meta::tests::{bodies, heard_before, noon, row, shown};
use crate::webhook::posted::account;

const TO: &str = r#"{"recipient":"2000"}"#;

fn page() -> Account {
    account(
        Channel::Messenger,
        &[("page_id", "1000")],
        &[("access_token", "new"), ("access_token", "old")],
    )
}

fn reply(text: &str, options: &[&str]) -> OutboxRow {
    row(Channel::Messenger, TO, text, options)
}

fn said(text: &str, options: &[&str]) -> Vec<Value> {
    bodies(Messenger.messages(&page(), &reply(text, options), noon()))
}

#[test]
fn a_text_is_sent_as_a_response_of_the_page() {
    let calls = Messenger
        .messages(&page(), &reply("Booked", &[]), noon())
        .unwrap();
    let (url, headers, body) = shown(&calls[0]);
    assert_eq!(url, "https://graph.facebook.com/v23.0/1000/messages");
    assert_eq!(headers, ["authorization: Bearer new"]);
    assert_eq!(
        body,
        json!({
            "recipient": {"id": "2000"},
            "messaging_type": "RESPONSE",
            "message": {"text": "Booked", "metadata": "00000000-0000-0000-0000-000000000007"},
        })
    );
}

#[test]
fn the_address_of_the_api_and_its_version_can_be_set() {
    let mut page = page();
    page.settings
        .insert("api_base".to_owned(), "http://stub:1/".to_owned());
    page.settings.insert("api_version".to_owned(), "v24.0".to_owned());
    let calls = Messenger.messages(&page, &reply("Booked", &[]), noon()).unwrap();
    assert_eq!(shown(&calls[0]).0, "http://stub:1/v24.0/1000/messages");
}

#[test]
fn options_are_quick_replies_with_the_whole_option_in_them() {
    let body = &said("When?", &["10:00", "Fri 20 Nov, 2:00 pm with Mai"])[0];
    assert_eq!(
        body["message"]["quick_replies"],
        json!([
            {"content_type": "text", "title": "10:00", "payload": "10:00"},
            {"content_type": "text", "title": "Fri 20 Nov, 2:00 pm…", "payload": "Fri 20 Nov, 2:00 pm with Mai"},
        ])
    );
    let many: Vec<String> = (1..=14).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(
        said("Which?", &many[..13])[0]["message"]["quick_replies"][12]["title"],
        "13"
    );
    assert!(said("Which?", &many)[0]["message"].get("quick_replies").is_none());
}

#[test]
fn a_long_text_is_cut_at_2000_characters_and_each_piece_is_known_by_its_place() {
    assert_eq!(said(&"é".repeat(2000), &[]).len(), 1);
    let bodies = said(&"é".repeat(2001), &["Yes"]);
    assert_eq!(bodies.len(), 2);
    assert_eq!(
        bodies[0]["message"]["metadata"],
        "00000000-0000-0000-0000-000000000007.0"
    );
    assert!(bodies[0]["message"].get("quick_replies").is_none());
    assert_eq!(bodies[1]["message"]["text"], "é");
    assert_eq!(
        bodies[1]["message"]["metadata"],
        "00000000-0000-0000-0000-000000000007"
    );
    assert!(bodies[1]["message"].get("quick_replies").is_some());
}

#[test]
fn what_cannot_be_sent_says_why() {
    let why = |account: &Account, row: &OutboxRow| {
        Messenger.messages(account, row, noon()).unwrap_err().to_string()
    };
    let silent = heard_before(reply("Booked", &[]), SignedDuration::from_hours(24));
    assert!(why(&page(), &silent).starts_with("the customer has been silent for 24 hours"));
    assert_eq!(why(&page(), &reply("  ", &[])), "the reply has no text");
    let elsewhere = row(Channel::Messenger, r#"{"chat":1}"#, "Booked", &[]);
    assert_eq!(
        why(&page(), &elsewhere),
        "the address has not the form that this channel writes"
    );
    let nowhere = OutboxRow {
        reach: None,
        ..reply("Booked", &[])
    };
    assert_eq!(why(&page(), &nowhere), "nobody knows where the reply goes");
    let bare = account(Channel::Messenger, &[("page_id", "1000")], &[]);
    assert_eq!(
        why(&bare, &reply("Booked", &[])),
        "the account has no access_token"
    );
    let none = account(Channel::Messenger, &[], &[("access_token", "new")]);
    assert_eq!(why(&none, &reply("Booked", &[])), "the account has no page_id");
    let odd = account(
        Channel::Messenger,
        &[("page_id", "../me")],
        &[("access_token", "new")],
    );
    assert_eq!(
        why(&odd, &reply("Booked", &[])),
        "the account's page_id is not of its form"
    );
}

#[test]
fn who_was_heard_sees_somebody_typing() {
    let call = Messenger.heard(&page(), "m_1", TO).unwrap();
    let (url, _, body) = shown(&call);
    assert_eq!(url, "https://graph.facebook.com/v23.0/1000/messages");
    assert_eq!(
        body,
        json!({"recipient": {"id": "2000"}, "sender_action": "typing_on"})
    );
    assert!(Messenger.heard(&page(), "m_1", "{}").is_none());
}

#[test]
fn an_unknown_outcome_is_settled_by_the_echo() {
    assert_eq!(Messenger.when_unknown(), WhenUnknown::AwaitReceipt);
    assert!(Messenger.pace().per_second <= 300.0);
}
