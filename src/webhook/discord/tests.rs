use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;
use crate::webhook::intake::Attachment;
use crate::webhook::posted::{Posted, account, flipped, survives};

/// The seed of RFC 8032, section 7.1, test 1. Discord publishes no vector; this is its form with that key.
const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";

/// An id made at 2025-11-20T15:00:00Z.
const ID: &str = "1441080646041600000";
const MADE_AT: &str = "2025-11-20T15:00:00Z";

fn key() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&hex::decode(SEED).unwrap()).unwrap()
}

fn app() -> Account {
    let public = hex::encode(key().public_key().as_ref());
    account(Channel::Discord, &[("public_key", &public)], &[])
}

fn signed(body: &Value, seconds: i64) -> Posted {
    let body = body.to_string();
    let signature = key().sign(format!("{seconds}{body}").as_bytes());
    Posted::json(body)
        .with("x-signature-timestamp", &seconds.to_string())
        .with("x-signature-ed25519", &hex::encode(signature))
}

const NOW: i64 = 1_763_650_800;

fn verify(posted: &Posted, account: &Account) -> Result<(), Forged> {
    Discord.verify(&posted.request(), account, Timestamp::from_second(NOW).unwrap())
}

#[test]
fn what_discord_signs_fits_and_one_flipped_bit_is_too_much() {
    let posted = signed(&json!({"type": 1}), NOW);
    assert_eq!(verify(&posted, &app()), Ok(()));
    for flipped in flipped(&posted, "x-signature-ed25519") {
        assert!(verify(&flipped, &app()).is_err(), "{flipped:?}");
    }
    let other_time = posted.with("x-signature-timestamp", &(NOW + 1).to_string());
    assert_eq!(verify(&other_time, &app()), Err(Forged::Wrong));
}

#[test]
fn a_ping_of_now_with_the_key_of_the_rfc_has_the_signature_that_is_known() {
    // Computed with another library (pyca/cryptography) for 1700000000 and this body.
    let body =
        r#"{"id":"787053080478613555","token":"ThisIsATokenFromDiscordThatIsVeryLong","type":1,"version":1}"#;
    let posted = Posted::json(body)
        .with("x-signature-timestamp", "1700000000")
        .with(
            "x-signature-ed25519",
            "f0bd878adcef1f6d475c9644421905bd02b5de38e0d3ecfc6f58a711962c69cc\
             c8dd7c9db312f9bdf08b1e1b8182e27a844da728c5e0dbb5507bf9931c1ed80b",
        );
    let then = Timestamp::from_second(1_700_000_000).unwrap();
    assert_eq!(Discord.verify(&posted.request(), &app(), then), Ok(()));
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
            verify(&signed(&json!({"type": 1}), NOW + away), &app()),
            expected,
            "{away}"
        );
    }
}

#[test]
fn signatures_and_keys_that_are_none_are_refused() {
    let good = signed(&json!({"type": 1}), NOW);
    for written in ["", "example invalid signature", "00"] {
        let posted = good.clone().with("x-signature-ed25519", written);
        assert_eq!(verify(&posted, &app()), Err(Forged::Missing), "{written}");
    }
    for timestamp in ["", "now", "-1", "99999999999999999999"] {
        let posted = good.clone().with("x-signature-timestamp", timestamp);
        assert_eq!(verify(&posted, &app()), Err(Forged::Missing), "{timestamp}");
    }
    let nobody = account(Channel::Discord, &[], &[]);
    assert_eq!(verify(&good, &nobody), Err(Forged::Wrong));
    let odd = account(Channel::Discord, &[("public_key", "no hex")], &[]);
    assert_eq!(verify(&good, &odd), Err(Forged::NoSecret));
    let short = account(Channel::Discord, &[("public_key", "00")], &[]);
    assert_eq!(verify(&good, &short), Err(Forged::Wrong));
}

fn parsed(body: &Value) -> Parsed {
    Discord
        .parse(&Posted::json(body.to_string()).request(), &app())
        .unwrap()
}

fn answer(body: &Value) -> Value {
    serde_json::from_slice(&parsed(body).answer.body).unwrap()
}

fn happening(body: &Value) -> Happening {
    Posted::json(body.to_string()).happening(&Discord, &app())
}

fn saying(body: &Value) -> Saying {
    Posted::json(body.to_string()).saying(&Discord, &app())
}

fn interaction(kind: u8, data: &Value) -> Value {
    json!({
        "id": ID,
        "application_id": "2",
        "type": kind,
        "token": "aW50ZXJhY3Rpb24",
        "version": 1,
        "guild_id": "9",
        "channel_id": "3",
        "member": {"user": {"id": "4", "username": "ana"}},
        "data": data,
    })
}

fn option(kind: u8, name: &str, value: &Value) -> Value {
    json!({"type": kind, "name": name, "value": value})
}

#[test]
fn both_pings_are_answered_each_in_its_way() {
    assert_eq!(
        answer(&json!({"type": 1, "token": "t", "id": "1"})),
        json!({"type": 1})
    );
    assert_eq!(parsed(&json!({"type": 1})).happenings, []);
    assert_eq!(
        parsed(&json!({"type": 1})).answer.content_type,
        Some("application/json")
    );
    for event in [
        json!({"version": 1, "application_id": "2", "type": 0}),
        json!({"version": 1, "application_id": "2", "type": 1, "event": {"type": "APPLICATION_AUTHORIZED"}}),
    ] {
        let parsed = parsed(&event);
        assert_eq!(parsed.answer.status, StatusCode::NO_CONTENT);
        assert!(parsed.answer.body.is_empty());
        assert_eq!(parsed.happenings, [Happening::Ignored("system")]);
    }
}

#[test]
fn a_command_says_who_and_what_and_where_to_answer() {
    let body = interaction(
        2,
        &json!({"id": "1", "name": "ask", "type": 1, "options": [option(3, "message", &json!("a manicure, please"))]}),
    );
    assert_eq!(
        saying(&body),
        Saying {
            message_id: ID.to_owned(),
            aliases: vec!["4".to_owned()],
            text: "a manicure, please".to_owned(),
            attachments: vec![],
            sent_at: Some(MADE_AT.parse().unwrap()),
            address: r#"{"channel":"3","interaction":{"application":"2","token":"aW50ZXJhY3Rpb24","at":"2025-11-20T15:00:00Z"}}"#
                .to_owned(),
        }
    );
    assert_eq!(answer(&body), json!({"type": 5}));
}

#[test]
fn the_words_of_a_command_are_all_that_was_typed_for_it() {
    let text =
        |options: Value| saying(&interaction(2, &json!({"name": "book-now", "options": options}))).text;
    assert_eq!(
        text(json!([
            option(3, "service", &json!("Gel Manicure")),
            option(3, "when", &json!("tomorrow")),
            option(4, "people", &json!(2)),
            option(5, "soon", &json!(true)),
        ])),
        "Gel Manicure tomorrow 2"
    );
    assert_eq!(
        text(json!([
            option(3, "service", &json!("x")),
            option(3, "message", &json!("only this"))
        ])),
        "only this"
    );
    let nested = json!([{"type": 2, "name": "an", "options": [
        {"type": 1, "name": "appointment", "options": [option(3, "when", &json!("at ten"))]},
    ]}]);
    assert_eq!(text(nested), "at ten");
    assert_eq!(text(json!([{"type": 1, "name": "today"}])), "book now today");
    assert_eq!(text(json!([])), "book now");
    assert_eq!(text(json!(null)), "book now");
}

#[test]
fn a_file_comes_along() {
    let data = json!({
        "name": "show",
        "options": [option(11, "picture", &json!("77"))],
        "resolved": {"attachments": {"77": {
            "id": "77", "filename": "a.png", "content_type": "image/png", "size": 17, "url": "https://cdn.example/a.png",
        }}},
    });
    let saying = saying(&interaction(2, &data));
    assert_eq!(saying.text, "");
    assert_eq!(
        saying.attachments,
        [Attachment {
            kind: "image",
            id: Some("77".to_owned()),
            url: Some("https://cdn.example/a.png".to_owned()),
            mime_type: Some("image/png".to_owned()),
            name: Some("a.png".to_owned()),
            size: Some(17),
            place: None,
        }]
    );
}

#[test]
fn a_button_is_its_option_or_else_its_label() {
    let text = |id: &str| {
        let mut body = interaction(3, &json!({"custom_id": id, "component_type": 2}));
        body["message"] = json!({"components": [{"type": 1, "components": [
            {"type": 2, "label": "A label", "custom_id": "slot:3"},
        ]}]});
        assert_eq!(answer(&body), json!({"type": 6}));
        saying(&body).text
    };
    assert_eq!(text(&custom_id(1, "10:30")), "10:30");
    assert_eq!(text("slot:3"), "A label");
    assert_eq!(text("unknown"), "unknown");
    assert_eq!(text("12:"), "12:");
}

#[test]
fn what_was_chosen_from_a_menu_is_its_label() {
    let mut body = interaction(
        3,
        &json!({"custom_id": "m", "component_type": 3, "values": ["a", "b"]}),
    );
    body["message"] = json!({"components": [{"type": 1, "components": [
        {"type": 3, "custom_id": "m", "options": [{"label": "Apple", "value": "a"}]},
    ]}]});
    assert_eq!(saying(&body).text, "Apple, b");
    // A message that cannot be read hides no tap.
    body["message"] = json!({"components": "odd"});
    assert_eq!(saying(&body).text, "a, b");
}

#[test]
fn a_form_is_a_line_for_each_field() {
    let data = json!({"custom_id": "form", "components": [
        {"type": 1, "components": [{"type": 4, "custom_id": "service", "value": "a manicure"}]},
        {"type": 18, "component": {"type": 4, "custom_id": "when", "value": " tomorrow "}},
        {"type": 18, "component": {"type": 4, "custom_id": "empty", "value": ""}},
    ]});
    let body = interaction(5, &data);
    assert_eq!(saying(&body).text, "a manicure\ntomorrow");
    assert_eq!(answer(&body), json!({"type": 5}));
}

#[test]
fn an_id_that_was_made_at_another_time_gives_way_to_the_signatures_time() {
    let body = interaction(2, &json!({"name": "hi"}));
    let signed_at = |seconds| signed(&body, seconds).saying(&Discord, &app()).sent_at.unwrap();
    assert_eq!(signed_at(NOW + 3), MADE_AT.parse().unwrap());
    let later = NOW + 3_600;
    assert_eq!(signed_at(later), Timestamp::from_second(later).unwrap());
}

#[test]
fn in_direct_messages_the_user_stands_alone() {
    let mut body = interaction(2, &json!({"name": "hi"}));
    body["member"] = json!(null);
    body["user"] = json!({"id": "5"});
    assert_eq!(saying(&body).aliases, ["5"]);
    body["user"] = json!({"id": "5", "bot": true});
    assert_eq!(happening(&body), Happening::Ignored("bot"));
}

#[test]
fn what_nobody_will_answer_is_said_to_be_so_at_once() {
    let suggestions = interaction(4, &json!({"name": "ask"}));
    assert_eq!(happening(&suggestions), Happening::Ignored("other"));
    assert_eq!(answer(&suggestions), json!({"type": 8, "data": {"choices": []}}));
    let on_a_message = interaction(2, &json!({"name": "Book this", "type": 3, "target_id": "7"}));
    assert_eq!(happening(&on_a_message), Happening::Ignored("other"));
    assert_eq!(answer(&on_a_message)["type"], 4);
    assert_eq!(answer(&on_a_message)["data"]["flags"], 64);
    for (locale, beginning) in [
        ("es-419", "Lo siento"),
        ("vi", "Xin lỗi"),
        ("pl", "Sorry"),
        ("", "Sorry"),
    ] {
        let mut theirs = on_a_message.clone();
        theirs["locale"] = json!(locale);
        let content = answer(&theirs)["data"]["content"].clone();
        assert!(
            content.as_str().unwrap().starts_with(beginning),
            "{locale}: {content}"
        );
    }
    let mut nobodys = interaction(2, &json!({"name": "ask"}));
    nobodys["member"] = json!(null);
    assert_eq!(happening(&nobodys), Happening::Ignored("other"));
    assert_eq!(answer(&nobodys)["type"], 4);
    let later_kind = interaction(77, &json!({}));
    assert_eq!(happening(&later_kind), Happening::Ignored("other"));
}

#[test]
fn half_interactions_are_broken_without_a_word_of_the_text() {
    let good = interaction(
        2,
        &json!({"name": "ask", "options": [option(3, "message", &json!("my secret"))]}),
    );
    let without = |name: &str| {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let mut nowhere = without("channel_id");
    nowhere.as_object_mut().unwrap().remove("token");
    for body in [
        without("id"),
        nowhere,
        interaction(2, &json!("my secret")),
        interaction(2, &json!({"options": "my secret"})),
        interaction(3, &json!({"my secret": 1})),
    ] {
        let Happening::Broken { problem } = happening(&body) else {
            panic!("{body} is not broken");
        };
        assert!(!problem.contains("secret"), "{problem}");
        assert_eq!(answer(&body)["type"], 4);
    }
    // Without the token it can still be answered in the channel, and the other way round.
    assert_eq!(saying(&without("token")).address, r#"{"channel":"3"}"#);
    assert!(
        saying(&without("channel_id"))
            .address
            .starts_with(r#"{"interaction""#)
    );
    for body in ["", "{}", "[]", "\"my secret\"", "{\"type\":\"ping\"}"] {
        assert!(
            Discord.parse(&Posted::json(body).request(), &app()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn there_is_no_sample_without_discords_key() {
    assert!(Discord.sample(&app(), "hi", "1", Timestamp::UNIX_EPOCH).is_none());
}

#[test]
fn whatever_comes_is_survived() {
    let mut component = interaction(3, &json!({"custom_id": "m", "values": ["a"]}));
    component["message"] =
        json!({"components": [{"components": [{"custom_id": "m", "options": [{"value": "a"}]}]}]});
    let payloads = [
        signed(&json!({"type": 1}), NOW),
        signed(
            &interaction(
                2,
                &json!({"name": "a", "options": [option(3, "message", &json!("hi"))]}),
            ),
            NOW,
        ),
        signed(&component, NOW),
        signed(
            &interaction(
                5,
                &json!({"components": [{"component": {"type": 4, "value": "a"}}]}),
            ),
            NOW,
        ),
    ];
    survives(&Discord, &app(), &payloads, "x-signature-ed25519");
    survives(&Discord, &app(), &payloads, "x-signature-timestamp");
}
