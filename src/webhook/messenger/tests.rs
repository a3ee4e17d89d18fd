#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is asked for"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::webhook::intake::{Attachment, Happening, Receipt, Saying};
use crate::webhook::meta::tests::{account, check_sample, mutated, parse, verify};

fn page() -> Account {
    account(
        Channel::Messenger,
        &[("page_id", "1000")],
        &[("app_secret", "secret")],
    )
}

fn wrapped(events: Value) -> Value {
    json!({"object": "page", "entry": [{"id": "1000", "time": 1795176000500_i64, "messaging": events}]})
}

/// An event of the customer 2000.
fn event(part: &str, content: Value) -> Value {
    json!({
        "sender": {"id": "2000"},
        "recipient": {"id": "1000"},
        "timestamp": 1795176000000_i64,
        part: content,
    })
}

fn happenings(events: Value) -> Vec<Happening> {
    parse(&Messenger, &page(), wrapped(events).to_string().as_bytes()).unwrap()
}

fn one(part: &str, content: Value) -> Happening {
    let mut happenings = happenings(json!([event(part, content)]));
    assert_eq!(happenings.len(), 1, "{happenings:?}");
    happenings.remove(0)
}

fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

fn saying(message_id: &str, text: &str, attachments: Vec<Attachment>) -> Happening {
    Happening::Said(Box::new(Saying {
        message_id: message_id.to_owned(),
        aliases: vec!["2000".to_owned()],
        text: text.to_owned(),
        attachments,
        sent_at: Some(noon()),
        address: r#"{"recipient":"2000"}"#.to_owned(),
    }))
}

fn receipt(of: ReceiptOf, status: DeliveryStatus) -> Happening {
    Happening::Receipt(Receipt {
        of,
        status,
        problem: None,
        at: Some(noon()),
    })
}

#[test]
fn texts_taps_and_edits_are_said() {
    assert_eq!(
        one("message", json!({"mid": "m_1", "text": "hi"})),
        saying("m_1", "hi", vec![])
    );
    assert_eq!(
        one(
            "message",
            json!({"mid": "m_1", "text": "Fri 20 Nov, 2:00 p…", "quick_reply": {"payload": "Fri 20 Nov, 2:00 pm with Mai"}})
        ),
        saying("m_1", "Fri 20 Nov, 2:00 pm with Mai", vec![])
    );
    assert_eq!(
        one(
            "message",
            json!({"mid": "m_1", "text": "3 pm", "quick_reply": {"payload": "slot:3"}})
        ),
        saying("m_1", "3 pm", vec![]),
        "a payload that is not ours is nothing that anybody said"
    );
    assert_eq!(
        one(
            "postback",
            json!({"mid": "m_2", "title": "Get started", "payload": "START"})
        ),
        saying("m_2", "Get started", vec![])
    );
    assert_eq!(
        one("postback", json!({"payload": "Book"})),
        saying("postback:2000:1795176000000", "Book", vec![])
    );
    for number in [json!(1), json!("1")] {
        assert_eq!(
            one(
                "message_edit",
                json!({"mid": "m_1", "text": "4 pm", "num_edit": number})
            ),
            saying("m_1:edit:1", "4 pm", vec![])
        );
    }
}

#[test]
fn ids_may_be_numbers_and_unknown_fields_are_passed_over() {
    let body = json!({"object": "page", "new": 1, "entry": [{"id": 1000, "messaging": [{
        "sender": {"id": 2000, "user_ref": null},
        "timestamp": "1795176000000",
        "message": {"mid": "m_1", "text": "hi", "nlp": {"entities": {}}, "attachments": null},
    }]}]});
    let happenings = parse(&Messenger, &page(), body.to_string().as_bytes()).unwrap();
    assert_eq!(happenings, [saying("m_1", "hi", vec![])]);
}

#[test]
fn what_comes_along_is_described() {
    let file = |kind: &str| json!({"type": kind, "payload": {"url": "https://cdn.example/f"}});
    let seen = |kind| Attachment {
        kind,
        url: Some("https://cdn.example/f".to_owned()),
        ..Attachment::default()
    };
    for (theirs, ours) in [
        ("image", "image"),
        ("audio", "audio"),
        ("video", "video"),
        ("file", "document"),
        ("sticker", "sticker"),
        ("template", "other"),
        ("something-new", "other"),
    ] {
        assert_eq!(
            one("message", json!({"mid": "m", "attachments": [file(theirs)]})),
            saying("m", "", vec![seen(ours)])
        );
    }
    assert_eq!(
        one(
            "message",
            json!({"mid": "m", "attachments": [
                {"type": "image", "payload": {"url": "https://cdn.example/f", "sticker_id": 369239263222822_i64}},
                {"type": "location", "payload": {"title": "Here", "coordinates": {"lat": 10.5, "long": "106.7"}}},
            ]})
        ),
        saying(
            "m",
            "",
            vec![
                seen("sticker"),
                Attachment {
                    kind: "location",
                    name: Some("Here".to_owned()),
                    place: Some((10.5, 106.7)),
                    ..Attachment::default()
                }
            ]
        )
    );
    assert_eq!(
        one(
            "message",
            json!({"mid": "m", "text": "see https://a.example", "attachments": [file("fallback")]})
        ),
        saying("m", "see https://a.example", vec![]),
        "the preview of an address in the text is nothing that came along"
    );
    let odd = happenings(json!([event(
        "message",
        json!({"mid": "m", "text": "hi", "attachments": [5]})
    )]));
    assert!(matches!(odd[0], Happening::Broken { .. }));
    assert_eq!(odd[1], saying("m", "hi", vec![]), "the message stays");
}

#[test]
fn deliveries_and_reads_are_receipts() {
    let up_to = ReceiptOf::UpTo {
        user: "2000".to_owned(),
        time: "2026-11-20T11:59:00Z".parse().unwrap(),
    };
    assert_eq!(
        happenings(json!([event(
            "delivery",
            json!({"mids": ["m_3", "m_4"], "watermark": 1795175940000_i64})
        )])),
        [
            receipt(ReceiptOf::Provider("m_3".to_owned()), DeliveryStatus::Delivered),
            receipt(ReceiptOf::Provider("m_4".to_owned()), DeliveryStatus::Delivered),
            receipt(up_to.clone(), DeliveryStatus::Delivered),
        ]
    );
    assert_eq!(
        one("read", json!({"watermark": 1795175940000_i64})),
        receipt(up_to, DeliveryStatus::Read)
    );
    assert_eq!(one("read", json!({})), Happening::Ignored("other"));
}

#[test]
fn an_echo_of_ours_is_a_receipt_and_any_other_is_ignored() {
    let id = Uuid::from_u128(7);
    assert_eq!(
        one(
            "message",
            json!({"is_echo": true, "mid": "m_9", "text": "hi", "metadata": id.to_string()})
        ),
        receipt(
            ReceiptOf::Ours {
                id,
                provider_id: Some("m_9".to_owned())
            },
            DeliveryStatus::Sent
        )
    );
    assert_eq!(
        one(
            "message",
            json!({"is_echo": true, "mid": "m_9", "text": "hi", "metadata": "theirs"})
        ),
        Happening::Ignored("echo")
    );
    let from_the_page = json!([{
        "sender": {"id": "1000"}, "recipient": {"id": "2000"}, "message": {"mid": "m_9", "text": "hi"}
    }]);
    assert_eq!(
        happenings(from_the_page),
        [Happening::Ignored("echo")],
        "never answer ourselves"
    );
}

#[test]
fn what_is_not_for_us_is_ignored_on_purpose() {
    assert_eq!(
        one("reaction", json!({"mid": "m", "emoji": "👍"})),
        Happening::Ignored("reaction")
    );
    for part in [
        "optin",
        "referral",
        "pass_thread_control",
        "account_linking",
        "unheard_of",
    ] {
        assert_eq!(one(part, json!({})), Happening::Ignored("system"));
    }
    assert_eq!(one("message", json!({"mid": "m"})), Happening::Ignored("other"));
    let standby = json!({"object": "page", "entry": [{"id": "1000", "standby": [
        {"sender": {"id": "1"}, "message": {"mid": "m", "text": "hi"}}, {}
    ]}]});
    let standby = parse(&Messenger, &page(), standby.to_string().as_bytes()).unwrap();
    assert_eq!(
        standby,
        [Happening::Ignored("standby"), Happening::Ignored("standby")]
    );
    let others = json!({"object": "page", "entry": [{"id": "1001", "messaging": [
        event("message", json!({"mid": "m", "text": "hi"}))
    ]}]});
    let others = parse(&Messenger, &page(), others.to_string().as_bytes()).unwrap();
    assert_eq!(others, [Happening::Ignored("other")]);
}

#[test]
fn one_event_that_cannot_be_read_spoils_no_other() {
    let all = happenings(json!([
        event("message", json!({"mid": {}, "text": "secret words"})),
        event("message", json!({"text": "without an id"})),
        {"message": {"mid": "m", "text": "from nobody"}},
        event("message_edit", json!({"mid": "m", "text": "x"})),
        event("message", json!({"mid": "m_1", "text": "hi"})),
    ]));
    let problems: Vec<&str> = all
        .iter()
        .filter_map(|happening| match happening {
            Happening::Broken { problem } => Some(problem.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(problems.len(), 4, "{all:?}");
    assert!(problems.iter().all(|problem| !problem.contains("secret words")));
    assert_eq!(problems[1], "messaging: message.mid is missing");
    assert_eq!(problems[2], "messaging: sender.id is missing");
    assert_eq!(all[4], saying("m_1", "hi", vec![]));
}

#[test]
fn half_an_emoji_costs_nobody_a_message() {
    let body = br#"{"object":"page","entry":[{"id":"1000","messaging":[
        {"sender":{"id":"2000"},"timestamp":1795176000000,"message":{"mid":"m_1","text":"ok \ud83d"}},
        {"sender":{"id":"2000"},"timestamp":1795176000000,"message":{"mid":"m_2","text":"nul \u0000"}}]}]}"#;
    assert_eq!(
        parse(&Messenger, &page(), body).unwrap(),
        [
            saying("m_1", "ok \u{fffd}", vec![]),
            saying("m_2", "nul \0", vec![])
        ]
    );
}

#[test]
fn a_sample_is_taken_for_genuine() {
    check_sample(&Messenger, &page());
}

fn full() -> Value {
    wrapped(json!([
        event(
            "message",
            json!({"mid": "m", "text": "t", "quick_reply": {"payload": "p"}, "attachments": [
            {"type": "location", "payload": {"url": "u", "coordinates": {"lat": 1, "long": 2}}}], "is_echo": false})
        ),
        event("message_edit", json!({"mid": "m", "text": "t", "num_edit": 1})),
        event("postback", json!({"mid": "m", "title": "t", "payload": "p"})),
        event("delivery", json!({"mids": ["m"], "watermark": 1})),
        event("read", json!({"mid": "m", "watermark": 1})),
    ]))
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_and_checked_without_a_panic(body in any::<Vec<u8>>(), header in any::<Vec<u8>>()) {
        let _ = parse(&Messenger, &page(), &body);
        prop_assert!(verify(&Messenger, &page(), ("x-hub-signature-256", &header), &body).is_err());
    }

    #[test]
    fn changed_events_are_told_one_by_one(body in mutated(full())) {
        let text = body.to_string();
        if let Ok(happenings) = parse(&Messenger, &page(), text.as_bytes()) {
            for happening in happenings {
                if let Happening::Said(saying) = happening {
                    prop_assert!(!saying.aliases.is_empty() && saying.address.len() <= 2000);
                    prop_assert!(saying.message_id.chars().count() <= 128);
                }
            }
        }
    }

    #[test]
    fn a_body_that_is_cut_short_is_no_body(at in any::<proptest::sample::Index>()) {
        let text = full().to_string();
        let cut = &text.as_bytes()[..at.index(text.len())];
        prop_assert!(parse(&Messenger, &page(), cut).is_err());
    }
}
