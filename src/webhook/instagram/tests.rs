#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is asked for"
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::webhook::intake::{Happening, Receipt};
use crate::webhook::meta::tests::{account, check_sample, mutated, parse, verify};

fn own() -> Account {
    account(
        Channel::Instagram,
        &[("instagram_id", "17841400000000000")],
        &[
            ("app_secret", "the Instagram app's"),
            ("app_secret", "the Meta app's"),
        ],
    )
}

fn event(part: &str, content: Value) -> Value {
    json!({
        "sender": {"id": "5001"},
        "recipient": {"id": "17841400000000000"},
        "timestamp": 1795176000000_i64,
        part: content,
    })
}

fn wrapped(events: Value) -> Value {
    json!({"object": "instagram", "entry": [{"id": "17841400000000000", "time": 1795176000500_i64, "messaging": events}]})
}

fn happenings(body: &Value) -> Vec<Happening> {
    parse(&Instagram, &own(), body.to_string().as_bytes()).unwrap()
}

fn one(part: &str, content: Value) -> Happening {
    let mut happenings = happenings(&wrapped(json!([event(part, content)])));
    assert_eq!(happenings.len(), 1, "{happenings:?}");
    happenings.remove(0)
}

fn text(happening: &Happening) -> (&str, &str, Vec<&str>) {
    let Happening::Said(saying) = happening else {
        panic!("{happening:?}");
    };
    assert_eq!(saying.aliases, ["5001"]);
    assert_eq!(saying.address, r#"{"recipient":"5001"}"#);
    let kinds = saying
        .attachments
        .iter()
        .map(|attachment| attachment.kind)
        .collect();
    (&saying.message_id, &saying.text, kinds)
}

#[test]
fn texts_and_what_comes_along_are_said() {
    let said = one(
        "message",
        json!({"mid": "mid.1", "text": "hi", "reply_to": {"story": {"id": "1", "url": "u"}}}),
    );
    assert_eq!(text(&said), ("mid.1", "hi", vec![]));
    for kind in ["share", "story_mention", "ig_reel"] {
        let said = one(
            "message",
            json!({"mid": "mid.1", "attachments": [{"type": kind, "payload": {"url": "u"}}]}),
        );
        assert_eq!(text(&said), ("mid.1", "", vec!["other"]));
    }
    let said = one("message", json!({"mid": "mid.1", "is_unsupported": true}));
    assert_eq!(text(&said), ("mid.1", "", vec!["other"]));
    let said = one(
        "postback",
        json!({"mid": "mid.2", "title": "Prices", "payload": "PRICES"}),
    );
    assert_eq!(text(&said), ("mid.2", "Prices", vec![]));
}

#[test]
fn what_is_taken_back_goes_with_its_edits() {
    let long = "aWdfZAG1f".repeat(20);
    let said = one("message", json!({"mid": long, "text": "hi"}));
    let (id, _, _) = text(&said);
    assert!(
        id.starts_with("sha256:"),
        "an id of 180 characters is kept as what is computed from it"
    );
    let unsaid = happenings(&wrapped(json!([event(
        "message",
        json!({"mid": long, "is_deleted": true})
    )])));
    assert_eq!(unsaid.len(), 6);
    assert_eq!(
        unsaid[0],
        Happening::Unsaid {
            message_id: id.to_owned()
        }
    );
    let edit = one("message_edit", json!({"mid": long, "text": "ho", "num_edit": 5}));
    let (id, _, _) = text(&edit);
    assert_eq!(
        unsaid[5],
        Happening::Unsaid {
            message_id: id.to_owned()
        }
    );
}

#[test]
fn reads_name_single_messages() {
    assert_eq!(
        one("read", json!({"mid": "mid.7"})),
        Happening::Receipt(Receipt {
            of: ReceiptOf::Provider("mid.7".to_owned()),
            status: DeliveryStatus::Read,
            problem: None,
            at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        })
    );
}

#[test]
fn our_own_words_come_back_among_the_messages_and_are_ignored() {
    let echo = one(
        "message",
        json!({"mid": "mid.1", "text": "Booked", "is_echo": true}),
    );
    assert_eq!(echo, Happening::Ignored("echo"));
}

#[test]
fn what_is_not_for_us_is_ignored_on_purpose() {
    assert_eq!(
        one("reaction", json!({"mid": "m", "action": "react"})),
        Happening::Ignored("reaction")
    );
    assert_eq!(one("referral", json!({})), Happening::Ignored("system"));
    let comment = json!({"object": "instagram", "entry": [{"id": "17841400000000000", "changes": [
        {"field": "comments", "value": {"id": "1", "text": "nice"}},
        {"field": "standby", "value": {}},
    ]}]});
    assert_eq!(
        happenings(&comment),
        [Happening::Ignored("other"), Happening::Ignored("standby")]
    );
    let others = json!({"object": "instagram", "entry": [{"id": "1", "messaging": [{}, {}]}]});
    assert_eq!(happenings(&others), [Happening::Ignored("other")]);
}

#[test]
fn a_message_that_is_wrapped_as_a_change_is_a_message() {
    let body = json!({"object": "instagram", "entry": [{"id": "17841400000000000", "changes": [
        {"field": "messages", "value": event("message", json!({"mid": "mid.1", "text": "hi"}))},
    ]}]});
    assert_eq!(text(&happenings(&body)[0]), ("mid.1", "hi", vec![]));
}

#[test]
fn either_apps_secret_signs() {
    for secret in ["the Instagram app's", "the Meta app's"] {
        let mac = crate::webhook::signature::hmac_sha256(secret.as_bytes(), &[b"{}"]);
        let header = format!("sha256={}", hex::encode(mac));
        let header = ("x-hub-signature-256", header.as_bytes());
        assert_eq!(verify(&Instagram, &own(), header, b"{}"), Ok(()));
        assert_eq!(verify(&Instagram, &own(), header, b"{ }"), Err(Forged::Wrong));
    }
}

#[test]
fn a_sample_is_taken_for_genuine() {
    check_sample(&Instagram, &own());
}

proptest! {
    #[test]
    fn changed_events_make_no_panic(body in mutated(wrapped(json!([
        event("message", json!({"mid": "m", "text": "t", "is_deleted": false, "attachments": [{"type": "share"}]})),
        event("read", json!({"mid": "m"})),
    ])))) {
        let _ = parse(&Instagram, &own(), body.to_string().as_bytes());
    }
}
