//! The handshake, the signature and the envelope; and what the tests of Meta's channels stand on.

use axum::http::Method;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::types::{AccountId, BusinessId, Channel};
use crate::webhook::intake::Intake;
use crate::webhook::messenger::Messenger;

/// An account with these settings and secrets.
pub(crate) fn account(channel: Channel, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Account {
    let mut account = Account {
        channel,
        id: AccountId::new("front").unwrap(),
        business: BusinessId::new("demo-salon").unwrap(),
        settings: settings
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        secrets: crate::accounts::Secrets::default(),
        problem: None,
    };
    for (name, value) in secrets {
        account.secrets.add(name, value);
    }
    account
}

/// What a body says, whoever has sent it.
pub(crate) fn parse(
    intake: &dyn Intake,
    account: &Account,
    body: &[u8],
) -> Result<Vec<Happening>, Malformed> {
    let headers = HeaderMap::new();
    let request = Request {
        method: &Method::POST,
        url: "https://bot.example/webhooks",
        headers: &headers,
        body,
    };
    let parsed = intake.parse(&request, account)?;
    assert_eq!(parsed.answer, Answer::default(), "always 200, and empty");
    Ok(parsed.happenings)
}

/// Whether a request with this header and body is genuine.
pub(crate) fn verify(
    intake: &dyn Intake,
    account: &Account,
    header: (&'static str, &[u8]),
    body: &[u8],
) -> Result<(), Forged> {
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(header.1) {
        headers.insert(header.0, value);
    }
    let request = Request {
        method: &Method::POST,
        url: "https://bot.example/webhooks",
        headers: &headers,
        body,
    };
    intake.verify(&request, account, Timestamp::UNIX_EPOCH)
}

/// A request made up by the channel itself is genuine, and says what it was to say.
pub(crate) fn check_sample(intake: &dyn Intake, account: &Account) {
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
    let sample = intake
        .sample(account, "Hello \u{1f44b}", "sample-1", now)
        .unwrap();
    let request = Request {
        method: &Method::POST,
        url: "https://bot.example/webhooks",
        headers: &sample.headers,
        body: &sample.body,
    };
    assert_eq!(intake.verify(&request, account, now), Ok(()));
    let parsed = intake.parse(&request, account).unwrap();
    let [Happening::Said(saying)] = parsed.happenings.as_slice() else {
        panic!("{:?}", parsed.happenings);
    };
    assert_eq!(saying.text, "Hello \u{1f44b}");
    assert_eq!(saying.sent_at, Some(now));
    let again = intake
        .sample(account, "Hello \u{1f44b}", "sample-1", now)
        .unwrap();
    let again = parse(intake, account, &again.body).unwrap();
    assert_eq!(again, parsed.happenings, "the same id makes the same message");
    let other = intake.sample(account, "Hello", "sample-2", now).unwrap();
    let other = parse(intake, account, &other.body).unwrap();
    let [Happening::Said(other)] = other.as_slice() else {
        panic!("{other:?}");
    };
    assert_ne!(other.message_id, saying.message_id);
}

/// JSON with something in it changed: a value replaced by one of another kind, or gone.
pub(crate) fn mutated(json: Value) -> impl Strategy<Value = Value> {
    let kinds = prop_oneof![
        Just(Value::Null),
        Just(json!(true)),
        Just(json!(-1)),
        Just(json!(1.5e300)),
        Just(json!("")),
        Just(json!("\u{0}x")),
        Just(json!([])),
        Just(json!([[1]])),
        Just(json!({})),
        Just(json!({"id": {"id": []}})),
    ];
    (proptest::collection::vec((any::<proptest::sample::Index>(), kinds), 1..4)).prop_map(move |changes| {
        let mut json = json.clone();
        for (place, value) in changes {
            let mut pointers = Vec::new();
            walk(&json, String::new(), &mut pointers);
            if let Some(target) = json.pointer_mut(&pointers[place.index(pointers.len())]) {
                *target = value;
            }
        }
        json
    })
}

fn walk(json: &Value, at: String, pointers: &mut Vec<String>) {
    match json {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, format!("{at}/{index}"), pointers);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, format!("{at}/{name}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(at);
}

const HEADER: &str = "x-hub-signature-256";

fn page() -> Account {
    account(
        Channel::Messenger,
        &[("page_id", "1000")],
        &[
            ("app_secret", "secret"),
            ("app_secret", "older"),
            ("verify_token", "open sesame"),
        ],
    )
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

#[test]
fn the_challenge_is_given_back_to_who_knows_the_word() {
    let query = pairs(&[
        ("hub.mode", "subscribe"),
        ("hub.verify_token", "open sesame"),
        ("hub.challenge", "1158201444"),
    ]);
    let answer = handshake(&page(), &query).unwrap();
    assert_eq!(answer.status, axum::http::StatusCode::OK);
    assert_eq!(answer.content_type, Some("text/plain"));
    assert_eq!(answer.body, "1158201444");
    for missing in 0..3 {
        let mut query = query.clone();
        query.remove(missing);
        assert_eq!(handshake(&page(), &query), None, "without {missing}");
    }
    let refuse = |name: &str, value: &str| {
        let mut query = query.clone();
        for (key, old) in &mut query {
            if key == name {
                *old = value.to_owned();
            }
        }
        assert_eq!(handshake(&page(), &query), None, "{name}={value}");
    };
    refuse("hub.verify_token", "open sesam");
    refuse("hub.verify_token", "");
    refuse("hub.mode", "unsubscribe");
    refuse("hub.challenge", &"1".repeat(1001));
    let mut twice = query.clone();
    twice.extend(pairs(&[("hub.verify_token", "open sesame")]));
    assert_eq!(handshake(&page(), &twice), None);
    let nobody = account(Channel::Messenger, &[], &[("verify_token", "")]);
    let mut empty = query;
    empty[1].1.clear();
    assert_eq!(handshake(&nobody, &empty), None, "an empty word opens nothing");
}

#[test]
fn a_signature_over_these_bytes_with_any_of_the_secrets_is_believed() {
    let body = br#"{"text":"\u00e4 \/"}"#;
    // Computed here once more, from the definition.
    for secret in ["secret", "older"] {
        let mac = signature::hmac_sha256(secret.as_bytes(), &[body]);
        let header = format!("sha256={}", hex::encode(mac));
        assert_eq!(
            verify(&Messenger, &page(), (HEADER, header.as_bytes()), body),
            Ok(())
        );
    }
    // A vector that was published for the same scheme.
    let known = b"sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
    assert_eq!(verify(&Messenger, &page(), (HEADER, known), b"test"), Ok(()));
}

#[test]
fn a_signature_or_a_body_with_one_bit_flipped_is_not_believed() {
    let body = b"test";
    let header = b"sha256=0329a06b62cd16b33eb6792be8c60b158d89a2ee3a876fce9a881ebb488c0914";
    for bit in 0..header.len() * 8 {
        let mut flipped = header.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(
            verify(&Messenger, &page(), (HEADER, &flipped), body).is_err(),
            "bit {bit}"
        );
    }
    for bit in 0..body.len() * 8 {
        let mut flipped = body.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let verdict = verify(&Messenger, &page(), (HEADER, header), &flipped);
        assert_eq!(verdict, Err(Forged::Wrong), "bit {bit}");
    }
}

#[test]
fn what_is_no_signature_of_today_is_refused() {
    let sha1 = b"sha1=1aa349585ed7ecbd3b9c486a30067e395ca4b356";
    assert_eq!(
        verify(&Messenger, &page(), ("x-hub-signature", sha1), b"test"),
        Err(Forged::Missing)
    );
    assert_eq!(
        verify(&Messenger, &page(), (HEADER, sha1), b"test"),
        Err(Forged::Wrong)
    );
    assert_eq!(
        verify(&Messenger, &page(), (HEADER, b""), b"test"),
        Err(Forged::Wrong)
    );
    let keyless = account(Channel::Messenger, &[], &[("app_secret", "")]);
    // HMAC with an empty key is one that anybody can compute.
    let mac = format!("sha256={}", hex::encode(signature::hmac_sha256(b"", &[b"test"])));
    assert_eq!(
        verify(&Messenger, &keyless, (HEADER, mac.as_bytes()), b"test"),
        Err(Forged::NoSecret)
    );
}

#[test]
fn what_is_no_envelope_is_malformed_and_what_is_another_products_is_ignored() {
    let page = page();
    let parse = |body: &str| parse(&Messenger, &page, body.as_bytes());
    for body in [
        "",
        "[]",
        "{",
        "null",
        r#"{"object":"page"}"#,
        r#"{"object":"page","entry":{}}"#,
        "\u{feff}{}",
    ] {
        assert!(parse(body).is_err(), "{body}");
    }
    assert_eq!(
        parse(r#"{"object":"user","entry":[{"id":"1"}]}"#).unwrap(),
        [Happening::Ignored("other")]
    );
    assert_eq!(parse(r#"{"object":"page","entry":[]}"#).unwrap(), []);
}

#[test]
fn an_entry_that_cannot_be_read_spoils_no_other() {
    let body = br#"{"object":"page","entry":[7,{"id":"1000","messaging":[{"sender":{"id":2000},"message":{"mid":"m","text":"hi"}}]}]}"#;
    let happenings = parse(&Messenger, &page(), body).unwrap();
    assert!(matches!(happenings[0], Happening::Broken { .. }));
    assert!(matches!(happenings[1], Happening::Said(_)));
}

#[test]
fn a_body_that_is_nested_without_end_breaks_one_event_only() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        r#"{{"object":"page","entry":[{{"id":"1000","messaging":[{{"sender":{deep}}},{{"sender":{{"id":"2"}},"extra":{deep},"message":{{"mid":"m","text":"hi"}}}}]}}]}}"#
    );
    let happenings = parse(&Messenger, &page(), body.as_bytes()).unwrap();
    assert!(
        matches!(happenings[0], Happening::Broken { .. }),
        "{:?}",
        happenings[0]
    );
    assert!(matches!(happenings[1], Happening::Said(_)), "{:?}", happenings[1]);
}
