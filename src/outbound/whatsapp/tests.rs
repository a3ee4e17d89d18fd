use jiff::SignedDuration;
use serde_json::{Value, json};

use super::*;
use crate::outbound::committed::answer;
use crate::outbound::meta::tests::{bodies, heard_before, noon, row, shown};
use crate::webhook::posted::account;

const TO: &str = r#"{"to":"16505551234","recipient":"US.1"}"#;
const ID: &str = "00000000-0000-0000-0000-000000000007";

fn number() -> Account {
    account(
        Channel::Whatsapp,
        &[("phone_number_id", "106540352242922")],
        &[("access_token", "token")],
    )
}

fn reply(text: &str, options: &[&str]) -> OutboxRow {
    row(Channel::Whatsapp, TO, text, options)
}

fn said(text: &str, options: &[&str]) -> Vec<Value> {
    bodies(WhatsApp.messages(&number(), &reply(text, options), noon()))
}

#[test]
fn a_text_carries_our_id() {
    let calls = WhatsApp
        .messages(&number(), &reply("Booked", &[]), noon())
        .unwrap();
    let (url, headers, body) = shown(&calls[0]);
    assert_eq!(url, "https://graph.facebook.com/v23.0/106540352242922/messages");
    assert_eq!(headers, ["authorization: Bearer token"]);
    assert_eq!(
        body,
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "16505551234",
            "type": "text",
            "text": {"body": "Booked"},
            "biz_opaque_callback_data": ID,
        })
    );
}

#[test]
fn who_has_no_number_is_named_by_their_id() {
    let row = row(Channel::Whatsapp, r#"{"recipient":"US.1"}"#, "Booked", &[]);
    let body = &bodies(WhatsApp.messages(&number(), &row, noon()))[0];
    assert_eq!(body["recipient"], "US.1");
    assert!(body.get("to").is_none());
}

#[test]
fn up_to_three_options_are_buttons_that_know_the_whole_option() {
    let bodies = said("When?", &["10:00", "Fri 20 Nov, 2:00 pm with Mai", "Another day"]);
    assert_eq!(bodies.len(), 1);
    assert_eq!(bodies[0]["type"], "interactive");
    assert_eq!(
        bodies[0]["interactive"],
        json!({
            "type": "button",
            "body": {"text": "When?"},
            "action": {"buttons": [
                {"type": "reply", "reply": {"id": "10:00", "title": "10:00"}},
                {"type": "reply", "reply": {"id": "Fri 20 Nov, 2:00 pm with Mai", "title": "Fri 20 Nov, 2:00 pm…"}},
                {"type": "reply", "reply": {"id": "Another day", "title": "Another day"}},
            ]},
        })
    );
    assert_eq!(bodies[0]["biz_opaque_callback_data"], ID);
}

#[test]
fn up_to_ten_options_are_a_list_and_more_are_text() {
    let many: Vec<String> = (1..=11).map(|number| format!("Number {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let list = &said("Which?", &many[..10])[0]["interactive"];
    assert_eq!(list["type"], "list");
    assert_eq!(list["action"]["button"], "1 – 10");
    assert_eq!(
        list["action"]["sections"][0]["rows"][9],
        json!({"id": "Number 10", "title": "Number 10"})
    );
    let text = &said("Which?", &many)[0];
    assert_eq!(text["type"], "text");
    assert_eq!(text["text"]["body"], "Which?");
}

#[test]
fn a_row_whose_title_was_cut_says_all_of_it_below() {
    let options = ["a", "b", "c", "Saturday 21 November, 2:00 pm with Mai"];
    let mut number = number();
    number
        .settings
        .insert("list_button".to_owned(), "Choose".to_owned());
    let list =
        &bodies(WhatsApp.messages(&number, &reply("Which?", &options), noon()))[0]["interactive"]["action"];
    assert_eq!(list["button"], "Choose");
    assert_eq!(
        list["sections"][0]["rows"][3],
        json!({
            "id": "Saturday 21 November, 2:00 pm with Mai",
            "title": "Saturday 21 November, 2…",
            "description": "Saturday 21 November, 2:00 pm with Mai",
        })
    );
}

#[test]
fn buttons_that_would_look_alike_become_a_list_or_nothing() {
    let alike = ["Fri 20 Nov, 2:00 pm, Mai", "Fri 20 Nov, 2:00 pm, Lin"];
    assert_eq!(said("Which?", &alike)[0]["interactive"]["type"], "list");
    let more = [
        "Fri 20 November, 2:00 pm with Mai",
        "Fri 20 November, 2:00 pm with Linh",
    ];
    assert_eq!(said("Which?", &more)[0]["type"], "text");
    assert_eq!(said("Which?", &[&"x".repeat(257)])[0]["type"], "text");
    assert_eq!(
        said("Which?", &[&"x".repeat(256)])[0]["interactive"]["type"],
        "button"
    );
}

#[test]
fn what_does_not_fit_above_the_buttons_goes_before_them() {
    let at = "x".repeat(1024);
    assert_eq!(said(&at, &["Yes"]).len(), 1);
    let bodies = said(&format!("{at} tail"), &["Yes"]);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["text"]["body"], at);
    assert_eq!(
        bodies[0]["biz_opaque_callback_data"],
        format!("{ID}.0"),
        "the last one tells of all"
    );
    assert_eq!(bodies[1]["interactive"]["body"]["text"], "tail");
    assert_eq!(bodies[1]["biz_opaque_callback_data"], ID);
    // Five bodies' worth of text goes as one text of four, and the rest above the buttons.
    let long = [
        "x".repeat(1000),
        "y".repeat(1000),
        "z".repeat(1000),
        "u".repeat(1000),
        "v".repeat(1000),
    ]
    .join("\n");
    let bodies = said(&long, &["Yes"]);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0]["text"]["body"].as_str().unwrap().len(), 4003);
    assert_eq!(bodies[1]["interactive"]["body"]["text"], "v".repeat(1000));
}

#[test]
fn a_long_text_is_cut_at_4096_characters() {
    assert_eq!(said(&"é".repeat(4096), &[]).len(), 1);
    let bodies = said(&"é".repeat(4097), &[]);
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[1]["text"]["body"], "é");
}

#[test]
fn after_24_hours_of_silence_there_are_templates_only() {
    let silent = heard_before(reply("Booked", &["Yes"]), SignedDuration::from_hours(24));
    let why = WhatsApp
        .messages(&number(), &silent, noon())
        .unwrap_err()
        .to_string();
    assert!(why.contains("template_name"), "{why}");
    let mut number = number();
    number
        .settings
        .insert("template_name".to_owned(), "we_have_news".to_owned());
    let body = |number: &Account| bodies(WhatsApp.messages(number, &silent, noon())).remove(0);
    assert_eq!(
        body(&number),
        json!({
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "16505551234",
            "type": "template",
            "template": {"name": "we_have_news", "language": {"code": "en_US"}},
            "biz_opaque_callback_data": ID,
        })
    );
    number
        .settings
        .insert("template_language".to_owned(), "vi".to_owned());
    assert_eq!(body(&number)["template"]["language"]["code"], "vi");
    let begun = OutboxRow {
        parts_sent: 1,
        ..silent
    };
    assert!(WhatsApp.messages(&number, &begun, noon()).is_err());
}

#[test]
fn who_was_heard_sees_it_read_and_somebody_typing() {
    let call = WhatsApp.heard(&number(), "wamid.1", TO).unwrap();
    assert_eq!(
        shown(&call).2,
        json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": "wamid.1",
            "typing_indicator": {"type": "text"},
        })
    );
    assert!(WhatsApp.heard(&number(), "sha256:00", TO).is_none());
}

#[test]
fn an_unknown_outcome_is_settled_by_a_status_and_the_pace_is_metas() {
    assert_eq!(WhatsApp.when_unknown(), WhenUnknown::AwaitReceipt);
    let pace = WhatsApp.pace();
    assert_eq!(
        (pace.per_second, pace.to_one.as_secs(), pace.burst),
        (80.0, 6, 45)
    );
    let closed = r#"{"error":{"message":"(#131047) Re-engagement message","code":131047,"error_data":{"details":"More than 24 hours"}}}"#;
    assert_eq!(
        WhatsApp.judge(&answer(400, closed)),
        Judgement::Refused(
            "HTTP 400, code 131047: (#131047) Re-engagement message: More than 24 hours".to_owned()
        )
    );
}

#[test]
fn the_same_row_makes_the_same_messages() {
    let text = "One. Two. ".repeat(700);
    assert_eq!(said(&text, &["Yes", "No"]), said(&text, &["Yes", "No"]));
}
