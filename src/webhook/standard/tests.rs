use super::*;
use crate::webhook::posted::{Posted, account, flipped, survives};

/// From the tests of the reference libraries (standard-webhooks/standard-webhooks, `libraries/go/webhook_test.go` and
/// `libraries/rust/src/lib.rs`).
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const OTHER: &str = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
/// From `svix/svix-webhooks`, `server/svix-server/src/worker.rs`.
const PUBLIC: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const ASYMMETRIC: &str =
    "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

const SIGNED_AT: i64 = 1_614_265_330;

fn signed(signature: &str) -> Posted {
    Posted::json(r#"{"test": 2432232314}"#)
        .with("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
        .with("webhook-timestamp", "1614265330")
        .with("webhook-signature", signature)
}

fn with_secret() -> Account {
    account(Channel::Standard, &[], &[("secret", SECRET)])
}

fn with_key() -> Account {
    account(Channel::Standard, &[("public_key", PUBLIC)], &[])
}

fn verify_at(posted: &Posted, account: &Account, seconds: i64) -> Result<(), Forged> {
    let now = Timestamp::from_second(seconds).unwrap();
    Standard.verify(&posted.request(), account, now)
}

fn verify(posted: &Posted, account: &Account) -> Result<(), Forged> {
    verify_at(posted, account, SIGNED_AT)
}

#[test]
fn the_vectors_of_the_libraries_fit() {
    assert_eq!(verify(&signed(GOOD), &with_secret()), Ok(()));
    assert_eq!(verify(&signed(ASYMMETRIC), &with_key()), Ok(()));
    let rust = Posted::json(r#"{"email":"test@example.com","username":"test_user"}"#)
        .with("webhook-id", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk")
        .with("webhook-timestamp", "1649367553")
        .with(
            "webhook-signature",
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        );
    let its = account(
        Channel::Standard,
        &[],
        &[("secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")],
    );
    assert_eq!(verify_at(&rust, &its, 1_649_367_553), Ok(()));
}

#[test]
fn one_flipped_bit_of_signature_or_body_is_too_much() {
    for (posted, account) in [(signed(GOOD), with_secret()), (signed(ASYMMETRIC), with_key())] {
        for flipped in flipped(&posted, "webhook-signature") {
            assert!(verify(&flipped, &account).is_err(), "{flipped:?}");
        }
    }
}

#[test]
fn of_several_signatures_one_is_enough() {
    let rotation = format!("{OTHER} v2,{} {GOOD} {OTHER}", &OTHER[3..]);
    assert_eq!(verify(&signed(&rotation), &with_secret()), Ok(()));
    for wrong in [OTHER, "v1,", "v1", "", "v2,abc", &GOOD[3..]] {
        assert_eq!(
            verify(&signed(wrong), &with_secret()),
            Err(Forged::Wrong),
            "{wrong}"
        );
    }
    // They are not looked at without end.
    let many = format!("{}{GOOD}", format!("{OTHER} ").repeat(SIGNATURES_MAX));
    assert_eq!(verify(&signed(&many), &with_secret()), Err(Forged::Wrong));
}

#[test]
fn of_several_secrets_and_keys_one_is_enough() {
    let secrets = account(
        Channel::Standard,
        &[],
        &[
            ("secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
            ("secret", SECRET),
        ],
    );
    assert_eq!(verify(&signed(GOOD), &secrets), Ok(()));
    let keys = format!("whpk_AAAA {PUBLIC}");
    let keys = account(Channel::Standard, &[("public_key", &keys)], &[]);
    assert_eq!(verify(&signed(ASYMMETRIC), &keys), Ok(()));
    for nothing in [
        account(Channel::Standard, &[], &[]),
        account(Channel::Standard, &[], &[("secret", "whsec_")]),
        account(Channel::Standard, &[], &[("secret", "no base64!")]),
    ] {
        assert_eq!(verify(&signed(GOOD), &nothing), Err(Forged::NoSecret));
    }
}

#[test]
fn five_minutes_either_way_are_believed() {
    for (away, expected) in [
        (-301, Err(Forged::Stale)),
        (-300, Ok(())),
        (300, Ok(())),
        (301, Err(Forged::Stale)),
    ] {
        assert_eq!(
            verify_at(&signed(GOOD), &with_secret(), SIGNED_AT + away),
            expected,
            "{away}"
        );
    }
}

#[test]
fn headers_that_have_not_the_form_are_not_believed() {
    let mut without = signed(GOOD);
    without.headers.remove("webhook-id");
    let mut twice = signed(GOOD);
    twice
        .headers
        .append("webhook-signature", HeaderValue::from_static(GOOD));
    for posted in [
        without,
        twice,
        signed(GOOD).with("webhook-id", ""),
        // The same bytes would be signed, with the border between id and time elsewhere.
        signed(GOOD).with("webhook-id", "msg.1614265330"),
        signed(GOOD).with("webhook-timestamp", "now"),
        signed(GOOD).with("webhook-timestamp", "-1614265330"),
        signed(GOOD).with("webhook-timestamp", "99999999999999999999"),
    ] {
        assert_eq!(
            verify(&posted, &with_secret()),
            Err(Forged::Missing),
            "{posted:?}"
        );
    }
}

fn received(data: &Value) -> Posted {
    let body = json!({"type": "message.received", "timestamp": "2026-11-20T15:00:00Z", "data": data});
    Posted::json(body.to_string()).with("webhook-id", "msg_1")
}

#[test]
fn a_message_says_who_and_what_and_where_to_answer() {
    let data = json!({
        "message_id": "m-17",
        "participant_id": "customer-9",
        "conversation": "c-4",
        "text": "A manicure, please",
        "attachments": [{"type": "image", "url": "https://cdn.example/1", "mime_type": "image/png", "size": 17}],
        "sent_at": "2026-11-20T14:59:58Z",
        "something_new": [1, 2],
    });
    assert_eq!(
        received(&data).saying(&Standard, &with_secret()),
        Saying {
            message_id: "m-17".to_owned(),
            aliases: vec!["customer-9".to_owned()],
            text: "A manicure, please".to_owned(),
            attachments: vec![Attachment {
                kind: "image",
                url: Some("https://cdn.example/1".to_owned()),
                mime_type: Some("image/png".to_owned()),
                size: Some(17),
                ..Attachment::default()
            }],
            sent_at: Some("2026-11-20T14:59:58Z".parse().unwrap()),
            address: r#"{"participant":"customer-9","conversation":"c-4"}"#.to_owned(),
        }
    );
}

#[test]
fn the_webhooks_id_and_time_stand_in_for_the_messages() {
    let saying = received(&json!({"participant_id": 9, "text": "hi"})).saying(&Standard, &with_secret());
    assert_eq!(saying.message_id, "msg_1");
    assert_eq!(saying.aliases, ["9"]);
    assert_eq!(saying.sent_at, Some("2026-11-20T15:00:00Z".parse().unwrap()));
    assert_eq!(saying.address, r#"{"participant":"9"}"#);
}

#[test]
fn what_became_of_our_messages_is_a_receipt() {
    let id = Uuid::from_u128(7);
    for (kind, status, problem) in [
        ("message.delivered", DeliveryStatus::Delivered, None),
        ("message.read", DeliveryStatus::Read, None),
        (
            "message.failed",
            DeliveryStatus::Failed,
            Some("the platform's error blocked".to_owned()),
        ),
    ] {
        let data = json!({"outbox_id": id, "message_id": "p-1", "code": "blocked"});
        let body = json!({"type": kind, "timestamp": 1_763_650_800, "data": data});
        assert_eq!(
            Posted::json(body.to_string()).happening(&Standard, &with_secret()),
            Happening::Receipt(Receipt {
                of: ReceiptOf::Ours {
                    id,
                    provider_id: Some("p-1".to_owned())
                },
                status,
                problem,
                at: Some(Timestamp::from_second(1_763_650_800).unwrap()),
            })
        );
    }
}

#[test]
fn other_types_are_ignored_and_half_messages_are_broken() {
    let happening = |body: &Value| Posted::json(body.to_string()).happening(&Standard, &with_secret());
    assert_eq!(
        happening(&json!({"type": "contact.created", "data": {"id": "1"}})),
        Happening::Ignored("other")
    );
    for body in [
        json!({"type": "message.received"}),
        json!({"type": "message.received", "data": {"text": "my secret"}}),
        json!({"type": "message.received", "data": {"participant_id": "1", "message_id": "2"}}),
        json!({"type": "message.received", "data": {"participant_id": "1", "text": "my secret"}}),
        json!({"type": "message.received", "data": {"participant_id": "1", "message_id": "2", "text": "t", "attachments": "my secret"}}),
        json!({"type": "message.received", "data": {"participant_id": "1", "message_id": "2", "text": "t", "conversation": "c".repeat(3000)}}),
        json!({"type": "message.read", "data": {"outbox_id": "my secret"}}),
    ] {
        let Happening::Broken { problem } = happening(&body) else {
            panic!("{body} is not broken");
        };
        assert!(!problem.contains("secret"), "{problem}");
    }
    for body in ["", "[]", "{}", "null", "{\"type\":1", "\u{0}"] {
        let posted = Posted::json(body);
        assert!(
            Standard.parse(&posted.request(), &with_secret()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn the_sample_is_a_message_that_is_believed() {
    let now = Timestamp::from_second(SIGNED_AT).unwrap();
    let sample = Standard
        .sample(&with_secret(), "anybody there?", "test.1", now)
        .unwrap();
    let posted = Posted {
        url: String::new(),
        headers: sample.headers,
        body: sample.body,
    };
    assert_eq!(verify(&posted, &with_secret()), Ok(()));
    let saying = posted.saying(&Standard, &with_secret());
    assert_eq!(
        (saying.text.as_str(), saying.message_id.as_str()),
        ("anybody there?", "test.1")
    );
    assert!(Standard.sample(&with_key(), "t", "1", now).is_none());
}

#[test]
fn our_own_ed25519_signature_fits_the_key_that_belongs_to_it() {
    // RFC 8032, section 7.1, test 1.
    let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap();
    let public = hex::decode("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a").unwrap();
    let account = account(
        Channel::Standard,
        &[("public_key", &format!("whpk_{}", STANDARD.encode(&public)))],
        &[],
    );
    let body = br#"{"test": 2432232314}"#;
    let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    for key in [seed.clone(), [seed.clone(), public.clone()].concat()] {
        let key = format!("whsk_{}", STANDARD.encode(&key));
        let signature = sign_with_key(&key, id, "1614265330", body).unwrap();
        assert_eq!(verify(&signed(&signature), &account), Ok(()));
    }
    let mixed = [public.clone(), seed].concat();
    assert_eq!(sign_with_key(&STANDARD.encode(mixed), id, "1", body), None);
    assert_eq!(sign_with_key("whsk_AAAA", id, "1", body), None);
}

#[test]
fn whatever_comes_is_survived() {
    let payloads = [
        signed(GOOD),
        signed(ASYMMETRIC),
        received(
            &json!({"message_id": "1", "participant_id": "2", "text": "hi", "attachments": [{"place": [1.0, 2.0]}]}),
        ),
        Posted::json(json!({"type": "message.read", "data": {"outbox_id": Uuid::nil()}}).to_string()),
    ];
    survives(&Standard, &with_secret(), &payloads, "webhook-signature");
    survives(&Standard, &with_key(), &payloads, "webhook-timestamp");
}
