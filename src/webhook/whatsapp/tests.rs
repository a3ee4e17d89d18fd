#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is asked for"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::webhook::intake::{Attachment, Saying};
use crate::webhook::meta::tests::{check_sample, mutated, parse};
use crate::webhook::posted::account;

fn number() -> Account {
    account(
        Channel::Whatsapp,
        &[("phone_number_id", "106540352242922")],
        &[("app_secret", "secret")],
    )
}

fn changed(field: &str, value: Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [
        {"id": "4195", "changes": [{"field": field, "value": value}]}
    ]})
}

/// What is told of the number, beside its own id.
fn told(mut value: Value) -> Value {
    value["messaging_product"] = "whatsapp".into();
    value["metadata"] = json!({"display_phone_number": "15550783881", "phone_number_id": "106540352242922"});
    changed("messages", value)
}

fn happenings(body: &Value) -> Vec<Happening> {
    parse(&WhatsApp, &number(), body.to_string().as_bytes()).unwrap()
}

/// A message of somebody who is known by number and by id.
fn one(kind: &str, content: Value) -> Happening {
    let mut message =
        json!({"from": "16505551234", "id": "wamid.1", "timestamp": "1795176000", "type": kind});
    if !content.is_null() {
        message[kind] = content;
    }
    let contact =
        json!({"profile": {"name": "Ana"}, "wa_id": "16505551234", "user_id": "US.13491208655302741918"});
    let mut happenings = happenings(&told(json!({"contacts": [contact], "messages": [message]})));
    assert_eq!(happenings.len(), 1, "{happenings:?}");
    happenings.remove(0)
}

fn saying(text: &str, attachments: Vec<Attachment>) -> Happening {
    Happening::Said(Box::new(Saying {
        message_id: "wamid.1".to_owned(),
        aliases: vec!["US.13491208655302741918".to_owned(), "16505551234".to_owned()],
        text: text.to_owned(),
        attachments,
        sent_at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        address: r#"{"to":"16505551234","recipient":"US.13491208655302741918"}"#.to_owned(),
    }))
}

#[test]
fn texts_and_taps_are_said() {
    assert_eq!(one("text", json!({"body": "hi"})), saying("hi", vec![]));
    let tap = |id: &str, title: &str| json!({"button_reply": {"id": id, "title": title}});
    assert_eq!(one("interactive", tap("10:00", "10:00")), saying("10:00", vec![]));
    assert_eq!(
        one(
            "interactive",
            tap("Fri 20 Nov, 2:00 pm with Mai", "Fri 20 Nov, 2:00 pm…")
        ),
        saying("Fri 20 Nov, 2:00 pm with Mai", vec![]),
        "the id knows what was cut off"
    );
    assert_eq!(
        one("interactive", tap("cancel-button", "Cancel")),
        saying("Cancel", vec![]),
        "an id that is not ours is nothing that anybody said"
    );
    let row = json!({"list_reply": {"id": "Gel Manicure", "title": "Gel Manicure", "description": "60 min"}});
    assert_eq!(one("interactive", row), saying("Gel Manicure", vec![]));
    assert_eq!(
        one("button", json!({"payload": "P", "text": "Yes"})),
        saying("Yes", vec![])
    );
    assert_eq!(one("button", json!({"payload": "Yes"})), saying("Yes", vec![]));
}

#[test]
fn what_comes_along_is_described() {
    let media =
        json!({"id": 1003, "mime_type": "a/b", "sha256": "x", "url": "https://lookaside.example/?hash=x"});
    for kind in ["image", "audio", "video", "document", "sticker"] {
        let seen = Attachment {
            kind,
            id: Some("1003".to_owned()),
            mime_type: Some("a/b".to_owned()),
            ..Attachment::default()
        };
        assert_eq!(one(kind, media.clone()), saying("", vec![seen]));
    }
    let captioned = json!({"id": "9", "caption": "this one", "filename": "ref.pdf"});
    assert_eq!(
        one("document", captioned),
        saying(
            "this one",
            vec![Attachment {
                kind: "document",
                id: Some("9".to_owned()),
                name: Some("ref.pdf".to_owned()),
                ..Attachment::default()
            }]
        )
    );
    let place =
        json!({"latitude": 37.5, "longitude": "-122.25", "name": "Philz", "address": "101 Forest Ave"});
    assert_eq!(
        one("location", place),
        saying(
            "",
            vec![Attachment {
                kind: "location",
                name: Some("Philz".to_owned()),
                place: Some((37.5, -122.25)),
                ..Attachment::default()
            }]
        )
    );
    assert_eq!(
        one(
            "contacts",
            json!([{"name": {"formatted_name": "Ben B"}, "phones": [{"phone": "1"}]}])
        ),
        saying(
            "",
            vec![Attachment {
                kind: "contact",
                name: Some("Ben B".to_owned()),
                ..Attachment::default()
            }]
        )
    );
    let other = |id: Option<&str>, name: Option<&str>| Attachment {
        kind: "other",
        id: id.map(str::to_owned),
        name: name.map(str::to_owned),
        ..Attachment::default()
    };
    assert_eq!(
        one(
            "order",
            json!({"catalog_id": "7", "text": "for two", "product_items": [{}]})
        ),
        saying("for two", vec![other(Some("7"), Some("order"))])
    );
    assert_eq!(
        one("unsupported", json!({"type": "poll"})),
        saying("", vec![other(None, None)])
    );
}

#[test]
fn people_are_known_by_id_by_number_or_by_both() {
    let who = |message: Value, contacts: Value| {
        let mut message = message;
        message["id"] = "wamid.1".into();
        message["text"] = json!({"body": "hi"});
        match happenings(&told(json!({"contacts": contacts, "messages": [message]}))).remove(0) {
            Happening::Said(saying) => (saying.aliases.join(" "), saying.address),
            Happening::Broken { problem } => (problem, String::new()),
            other => panic!("{other:?}"),
        }
    };
    let by_number = r#"{"to":"1650"}"#.to_owned();
    let by_id = r#"{"recipient":"US.1"}"#.to_owned();
    let by_both = r#"{"to":"1650","recipient":"US.1"}"#.to_owned();
    let cases = [
        (json!({"from": "1650"}), json!([]), "1650", &by_number),
        (
            json!({"from": 1650}),
            json!([{"wa_id": "1650"}]),
            "1650",
            &by_number,
        ),
        (
            json!({"from_user_id": "US.1"}),
            json!([{"user_id": "US.1"}]),
            "US.1",
            &by_id,
        ),
        (
            json!({"from": "", "from_user_id": "US.1"}),
            json!(null),
            "US.1",
            &by_id,
        ),
        (
            json!({"from": "1650"}),
            json!([{"wa_id": "1650", "user_id": "US.1"}]),
            "US.1 1650",
            &by_both,
        ),
        (
            json!({"from_user_id": "US.1"}),
            json!([{"wa_id": "1650", "user_id": "US.1"}]),
            "US.1 1650",
            &by_both,
        ),
        (
            json!({}),
            json!([{"wa_id": "1650", "user_id": "US.1"}]),
            "US.1 1650",
            &by_both,
        ),
        // Somebody else's contact, two of them, and one that contradicts.
        (
            json!({"from": "1650"}),
            json!([{"wa_id": "1700", "user_id": "US.2"}]),
            "1650",
            &by_number,
        ),
        (
            json!({"from": "1650"}),
            json!([{"wa_id": "1700", "user_id": "US.2"}, {"wa_id": "1650", "user_id": "US.1"}]),
            "US.1 1650",
            &by_both,
        ),
        (
            json!({"from": "1650", "from_user_id": "US.1"}),
            json!([{"wa_id": "1650", "user_id": "US.2"}]),
            "US.1 1650",
            &by_both,
        ),
        // One that cannot be read.
        (
            json!({"from": "1650"}),
            json!([5, {"wa_id": []}]),
            "1650",
            &by_number,
        ),
    ];
    for (message, contacts, aliases, address) in cases {
        assert_eq!(
            who(message.clone(), contacts.clone()),
            (aliases.to_owned(), address.clone()),
            "{message} {contacts}"
        );
    }
    let nobody = who(json!({}), json!([{"wa_id": "1"}, {"wa_id": "2"}])).0;
    assert_eq!(nobody, "messages: from is missing");
}

#[test]
fn an_edit_is_said_under_its_own_id_and_what_is_revoked_is_unsaid() {
    let edit = json!({"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "4 pm"}, "context": {"id": "x"}}});
    assert_eq!(one("edit", edit), saying("4 pm", vec![]));
    let edit = json!({"original_message_id": "wamid.0", "message": {"type": "image", "image": {"id": "5", "caption": "new"}}});
    let picture = Attachment {
        kind: "image",
        id: Some("5".to_owned()),
        ..Attachment::default()
    };
    assert_eq!(one("edit", edit), saying("new", vec![picture]));
    assert_eq!(
        one("revoke", json!({"original_message_id": "wamid.0"})),
        Happening::Unsaid {
            message_id: "wamid.0".to_owned()
        }
    );
    assert!(matches!(one("revoke", json!({})), Happening::Broken { .. }));
    assert!(matches!(one("edit", json!({})), Happening::Broken { .. }));
}

#[test]
fn a_change_of_number_names_both_numbers() {
    let news = |system: Value, ids: Value| {
        let mut message = json!({"type": "system", "id": "wamid.1", "system": system});
        for (name, id) in ids.as_object().unwrap() {
            message[name] = id.clone();
        }
        happenings(&told(json!({"messages": [message]}))).remove(0)
    };
    let known = |aliases: &[&str]| Happening::Known {
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
    };
    assert_eq!(
        news(
            json!({"type": "user_changed_number", "wa_id": "1219"}),
            json!({"from": "1650"})
        ),
        known(&["1219", "1650"])
    );
    assert_eq!(
        news(
            json!({"type": "user_changed_number", "wa_id": "1219", "user_id": "US.2"}),
            json!({"from": "1650", "from_user_id": "US.1"})
        ),
        known(&["US.2", "US.1", "1219", "1650"])
    );
    for (system, ids) in [
        (
            json!({"type": "customer_identity_changed"}),
            json!({"from": "1650", "from_user_id": "US.1"}),
        ),
        (
            json!({"type": "user_changed_number", "wa_id": "1650"}),
            json!({"from": "1650"}),
        ),
        (json!({"type": "user_changed_number", "wa_id": "1650"}), json!({})),
    ] {
        assert_eq!(news(system, ids), Happening::Ignored("system"));
    }
}

#[test]
fn statuses_are_receipts() {
    let became = |status: Value| {
        let mut status = status;
        status["timestamp"] = "1795176000".into();
        let mut happenings = happenings(&told(json!({"statuses": [status]})));
        assert_eq!(happenings.len(), 1, "{happenings:?}");
        happenings.remove(0)
    };
    let receipt = |of: ReceiptOf, status: DeliveryStatus, problem: Option<&str>| {
        Happening::Receipt(Receipt {
            of,
            status,
            problem: problem.map(str::to_owned),
            at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        })
    };
    let theirs = || ReceiptOf::Provider("wamid.9".to_owned());
    for (name, status) in [
        ("sent", DeliveryStatus::Sent),
        ("delivered", DeliveryStatus::Delivered),
        ("read", DeliveryStatus::Read),
        ("played", DeliveryStatus::Read),
    ] {
        let told =
            json!({"id": "wamid.9", "status": name, "pricing": {}, "biz_opaque_callback_data": "some data"});
        assert_eq!(became(told), receipt(theirs(), status, None));
    }
    let id = Uuid::from_u128(9);
    let ours = ReceiptOf::Ours {
        id,
        provider_id: Some("wamid.9".to_owned()),
    };
    assert_eq!(
        became(json!({"id": "wamid.9", "status": "sent", "biz_opaque_callback_data": id.to_string()})),
        receipt(ours, DeliveryStatus::Sent, None)
    );
    let part = ReceiptOf::Part {
        id,
        part: 1,
        provider_id: Some("wamid.9".to_owned()),
    };
    assert_eq!(
        became(json!({"id": "wamid.9", "status": "sent", "biz_opaque_callback_data": format!("{id}.1")})),
        receipt(part, DeliveryStatus::Sent, None)
    );
    let error =
        json!({"code": 131026, "title": "Message undeliverable", "error_data": {"details": "No such user"}});
    assert_eq!(
        became(json!({"id": "wamid.9", "status": "failed", "errors": [error]})),
        receipt(
            theirs(),
            DeliveryStatus::Failed,
            Some("code 131026: Message undeliverable: No such user")
        )
    );
    assert_eq!(
        became(json!({"id": "wamid.9", "status": "warned"})),
        Happening::Ignored("other")
    );
    assert_eq!(
        became(json!({"id": "wamid.9", "status": "read", "recipient_type": "group"})),
        Happening::Ignored("other")
    );
    assert!(matches!(
        became(json!({"status": "sent"})),
        Happening::Broken { .. }
    ));
}

#[test]
fn an_error_that_ends_the_account_stops_it() {
    let locked = json!({"code": "131031", "message": "Account has been locked"});
    let stopped = Happening::Stopped {
        problem: "code 131031: Account has been locked".to_owned(),
    };
    let failed = json!({"statuses": [{"id": "wamid.9", "status": "failed", "errors": [locked]}]});
    let happenings_of_status = happenings(&told(failed));
    assert!(matches!(happenings_of_status[0], Happening::Receipt(_)));
    assert_eq!(happenings_of_status[1], stopped);
    assert_eq!(happenings(&told(json!({"errors": [locked]}))), [stopped]);
    assert_eq!(
        happenings(&told(json!({"errors": [{"code": 131000}]}))),
        [Happening::Ignored("system")]
    );
}

#[test]
fn what_is_not_for_us_is_ignored_on_purpose() {
    assert_eq!(
        one("reaction", json!({"message_id": "m", "emoji": "👍"})),
        Happening::Ignored("reaction")
    );
    assert_eq!(
        one("reaction", json!({"message_id": "m"})),
        Happening::Ignored("reaction")
    );
    assert_eq!(one("request_welcome", Value::Null), Happening::Ignored("system"));
    assert_eq!(one("interactive", Value::Null), Happening::Ignored("other"));
    assert_eq!(one("unsupported", Value::Null), Happening::Ignored("other"));
    assert_eq!(
        one("unheard_of", json!({"body": "x"})),
        Happening::Ignored("other")
    );
    for (field, kind) in [
        ("standby", "standby"),
        ("account_update", "system"),
        ("unheard_of", "system"),
    ] {
        assert_eq!(
            happenings(&changed(field, json!("anything"))),
            [Happening::Ignored(kind)]
        );
    }
    let group = json!({"messages": [{"from": "1", "group_id": "g", "id": "m", "text": {"body": "hi"}}]});
    assert_eq!(happenings(&told(group)), [Happening::Ignored("other")]);
    let others = json!({"metadata": {"phone_number_id": 7}, "messages": [{"from": "1", "id": "m", "text": {"body": "hi"}}]});
    assert_eq!(
        happenings(&changed("messages", others)),
        [Happening::Ignored("other")]
    );
}

#[test]
fn one_event_that_cannot_be_read_spoils_no_other() {
    let good = |id: &str| json!({"from": "1", "id": id, "text": {"body": "hi"}});
    let body = told(json!({"messages": [
        good("a"), {"from": "1", "id": "b", "text": "secret words"}, {"from": "1", "text": {"body": "x"}}, good("c"),
    ], "errors": [5, {"message": 5}], "statuses": [5, {"id": "wamid.9", "status": "read"}]}));
    let all = happenings(&body);
    let kinds: String = all
        .iter()
        .map(|happening| match happening {
            Happening::Said(_) => 's',
            Happening::Broken { problem } => {
                assert!(!problem.contains("secret"), "{problem}");
                'b'
            }
            Happening::Receipt(_) => 'r',
            _ => '?',
        })
        .collect();
    assert_eq!(kinds, "sbbsbr", "{all:?}");
}

#[test]
fn an_edit_of_an_edit_of_an_edit_ends_somewhere() {
    let depth = 2000;
    let edits = format!("{}{}", r#"{"edit":{"message":"#.repeat(depth), "}}".repeat(depth));
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"messages","value":{{"messages":[{}]}}}}]}}]}}"#,
        edits.replacen("\"message\":}", "\"message\":null}", 1)
    );
    let happenings = parse(&WhatsApp, &number(), body.as_bytes()).unwrap();
    assert!(
        matches!(happenings[0], Happening::Broken { .. }),
        "{happenings:?}"
    );
}

#[test]
fn a_sample_is_taken_for_genuine() {
    check_sample(&WhatsApp, &number());
}

fn full() -> Value {
    told(json!({
        "contacts": [{"wa_id": "1650", "user_id": "US.1"}],
        "messages": [
            {"from": "1650", "id": "a", "timestamp": "1", "type": "text", "text": {"body": "hi"}},
            {"from": "1650", "id": "b", "interactive": {"button_reply": {"id": "x", "title": "x"}}},
            {"from": "1650", "id": "c", "image": {"id": "1", "caption": "c"}},
            {"from": "1650", "id": "d", "edit": {"message": {"text": {"body": "hi"}}}},
            {"from": "1650", "id": "e", "system": {"wa_id": "1700", "user_id": "US.2"}},
            {"from": "1650", "id": "f", "location": {"latitude": 1, "longitude": 2}},
            {"from": "1650", "id": "g", "revoke": {"original_message_id": "a"}},
        ],
        "statuses": [{"id": "z", "status": "failed", "errors": [{"code": 131026, "error_data": {"details": "d"}}]}],
        "errors": [{"code": 1}],
    }))
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_without_a_panic(body in any::<Vec<u8>>()) {
        let _ = parse(&WhatsApp, &number(), &body);
    }

    #[test]
    fn changed_events_are_told_one_by_one(body in mutated(full())) {
        if let Ok(happenings) = parse(&WhatsApp, &number(), body.to_string().as_bytes()) {
            for happening in happenings {
                match happening {
                    Happening::Said(saying) => {
                        prop_assert!((1..=4).contains(&saying.aliases.len()) && saying.address.len() <= 2000);
                    }
                    Happening::Known { aliases } => prop_assert!((2..=4).contains(&aliases.len())),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn a_body_with_bytes_changed_makes_no_panic(changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)) {
        let mut body = full().to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let _ = parse(&WhatsApp, &number(), &body);
    }
}

#[test]
fn staff_who_write_in_the_phones_app_are_noticed() {
    let echo = |to: Value| {
        let echoes = json!({
            "metadata": {"phone_number_id": "106540352242922"},
            "message_echoes": [{"from": "15550001111", "id": "wamid.1", "timestamp": "1795190400", "type": "text", "text": {"body": "hi"}, "to": to}],
        });
        happenings(&changed("smb_message_echoes", echoes))
    };
    let noticed = Happening::Staff {
        aliases: vec!["12025550100".to_owned()],
        at: Some(Timestamp::from_second(1_795_190_400).unwrap()),
    };
    assert_eq!(echo(json!("12025550100")), [noticed]);
    assert_eq!(echo(Value::Null), [Happening::Ignored("echo")]);
}
