#![expect(
    clippy::needless_pass_by_value,
    reason = "JSON is written where it is asked for"
)]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::webhook::meta::tests::{account, check_sample, mutated, parse, verify};

const HEADER: &str = "x-telegram-bot-api-secret-token";

fn bot() -> Account {
    account(
        Channel::Telegram,
        &[],
        &[
            ("bot_token", "1:a"),
            ("secret_token", "new-word"),
            ("secret_token", "old-word"),
        ],
    )
}

fn one(body: &Value) -> Happening {
    let mut happenings = parse(&Telegram, &bot(), body.to_string().as_bytes()).unwrap();
    assert_eq!(happenings.len(), 1, "an update is one event");
    happenings.remove(0)
}

fn message(content: Value) -> Value {
    let mut message = json!({
        "message_id": 7,
        "from": {"id": 11, "is_bot": false, "first_name": "Ana"},
        "chat": {"id": 11, "type": "private", "first_name": "Ana"},
        "date": 1795176000,
    });
    for (name, field) in content.as_object().unwrap() {
        message[name] = field.clone();
    }
    message
}

fn saying(message_id: &str, text: &str, attachments: Vec<Attachment>) -> Saying {
    Saying {
        message_id: message_id.to_owned(),
        aliases: vec!["11".to_owned()],
        text: text.to_owned(),
        attachments,
        sent_at: Some("2026-11-20T12:00:00Z".parse().unwrap()),
        address: r#"{"chat":11}"#.to_owned(),
    }
}

fn said(content: Value) -> Saying {
    match one(&json!({"update_id": 3, "message": message(content)})) {
        Happening::Said(saying) => *saying,
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_and_captions_are_said_under_the_chats_and_the_messages_number() {
    assert_eq!(said(json!({"text": "hi"})), saying("11:7", "hi", vec![]));
    assert_eq!(said(json!({"text": "hi", "message_id": "8"})).message_id, "11:8");
    let large = json!({"from": {"id": 4503599627370495_i64}, "chat": {"id": 4503599627370495_i64, "type": "private"}, "text": "hi"});
    let large = said(large);
    assert_eq!(large.aliases, ["4503599627370495"]);
    assert_eq!(large.address, r#"{"chat":4503599627370495}"#);
    let photo = json!({"caption": "like this", "photo": [{"file_id": "small"}, {"file_id": "large", "file_size": 9}]});
    let picture = Attachment {
        kind: "image",
        id: Some("large".to_owned()),
        size: Some(9),
        ..Attachment::default()
    };
    assert_eq!(said(photo), saying("11:7", "like this", vec![picture]));
}

#[test]
fn what_comes_along_is_described() {
    let file = json!({"file_id": "F", "file_unique_id": "U", "mime_type": "a/b", "file_name": "r", "file_size": "1024"});
    for (theirs, ours) in [
        ("document", "document"),
        ("animation", "video"),
        ("audio", "audio"),
        ("voice", "audio"),
        ("video", "video"),
        ("video_note", "video"),
        ("sticker", "sticker"),
    ] {
        let seen = Attachment {
            kind: ours,
            id: Some("F".to_owned()),
            mime_type: Some("a/b".to_owned()),
            name: Some("r".to_owned()),
            size: Some(1024),
            ..Attachment::default()
        };
        assert_eq!(said(json!({theirs: file})), saying("11:7", "", vec![seen]));
    }
    let place = |name: Option<&str>| Attachment {
        kind: "location",
        name: name.map(str::to_owned),
        place: Some((10.5, 106.75)),
        ..Attachment::default()
    };
    let here = json!({"latitude": 10.5, "longitude": 106.75});
    assert_eq!(
        said(json!({"location": here})),
        saying("11:7", "", vec![place(None)])
    );
    let venue = json!({"location": here, "venue": {"title": "Lotus", "location": here}});
    assert_eq!(said(venue), saying("11:7", "", vec![place(Some("Lotus"))]));
    let contact = Attachment {
        kind: "contact",
        name: Some("Ben B".to_owned()),
        ..Attachment::default()
    };
    let card = json!({"contact": {"phone_number": "1", "first_name": "Ben", "last_name": "B"}});
    assert_eq!(said(card), saying("11:7", "", vec![contact]));
    for kind in ["poll", "dice", "story"] {
        let other = Attachment {
            kind: "other",
            ..Attachment::default()
        };
        assert_eq!(said(json!({kind: {}})), saying("11:7", "", vec![other]));
    }
    let both = said(json!({"animation": file, "document": file}));
    assert_eq!(
        both.attachments.len(),
        1,
        "an animation is told twice and came once"
    );
}

#[test]
fn an_edit_is_a_message_of_its_own() {
    let edited = |update: Value, content: Value| {
        one(&json!({"update_id": update, "edited_message": message(content)}))
    };
    let edit = json!({"text": "4 pm", "edit_date": 1795176000});
    let expected = Happening::Said(Box::new(saying("11:7:edit:2", "4 pm", vec![])));
    assert_eq!(edited(json!(2), edit.clone()), expected);
    assert_eq!(
        edited(Value::Null, edit),
        Happening::Said(Box::new(saying("11:7:edit:1795176000", "4 pm", vec![])))
    );
    let moving = json!({"location": {"latitude": 1, "longitude": 2}, "edit_date": 1795176000});
    assert_eq!(
        edited(json!(2), moving),
        Happening::Ignored("other"),
        "somebody walks about"
    );
}

#[test]
fn a_tap_says_what_stands_on_the_button() {
    let tap = |data: &str, markup: Value| {
        let message =
            message(json!({"text": "Pick", "from": {"id": 99, "is_bot": true}, "reply_markup": markup}));
        let body = json!({"update_id": 3, "callback_query": {
            "id": "900", "from": {"id": 11, "is_bot": false}, "message": message, "chat_instance": "-5", "data": data,
        }});
        match one(&body) {
            Happening::Said(saying) => *saying,
            other => panic!("{other:?}"),
        }
    };
    let markup = json!({"inline_keyboard": [
        [{"text": "10:00", "callback_data": "10:00"}],
        [{"text": "A long one, which is why its place is told", "callback_data": "#2"}],
    ]});
    let tapped = tap("10:00", markup.clone());
    assert_eq!(
        tapped,
        Saying {
            sent_at: None,
            address: r#"{"callback":"900","chat":11}"#.to_owned(),
            ..saying("cb:900", "10:00", vec![])
        }
    );
    assert_eq!(
        tap("#2", markup.clone()).text,
        "A long one, which is why its place is told"
    );
    assert_eq!(
        tap("#3", markup).text,
        "3",
        "options have numbers in the text, too"
    );
    assert_eq!(tap("#2", Value::Null).text, "2");
    for data in ["#0", "#101", "#x", "#", "#-1"] {
        assert_eq!(tap(data, Value::Null).text, data);
    }
}

#[test]
fn what_is_not_for_us_is_ignored_on_purpose() {
    for (update, kind) in [
        (json!({"message_reaction": {}}), "reaction"),
        (json!({"message_reaction_count": {}}), "reaction"),
        (
            json!({"my_chat_member": {"new_chat_member": {"status": "kicked"}}}),
            "system",
        ),
        (json!({"chat_member": {}}), "system"),
        (
            json!({"deleted_business_messages": {"message_ids": [7]}}),
            "other",
        ),
        (json!({"business_message": {}}), "other"),
        (json!({"channel_post": {}}), "other"),
        (json!({"unheard_of": {}}), "other"),
        (
            json!({"message": message(json!({"chat": {"id": -5, "type": "group"}, "text": "hi"}))}),
            "other",
        ),
        (
            json!({"message": message(json!({"chat": {"id": -5, "type": "channel"}, "from": null}))}),
            "other",
        ),
        (
            json!({"message": message(json!({"from": {"id": 12, "is_bot": true}, "text": "hi"}))}),
            "bot",
        ),
        (
            json!({"message": message(json!({"pinned_message": {}}))}),
            "system",
        ),
        (
            json!({"callback_query": {"id": "1", "from": {"id": 11}, "inline_message_id": "i", "data": "x"}}),
            "other",
        ),
        (json!({}), "other"),
    ] {
        assert_eq!(one(&update), Happening::Ignored(kind), "{update}");
    }
}

#[test]
fn what_cannot_be_read_is_broken_and_says_where() {
    let problem = |update: Value| match one(&update) {
        Happening::Broken { problem } => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(problem(json!({"message": {}})), "chat is missing");
    assert_eq!(
        problem(json!({"message": message(json!({"from": null}))})),
        "from is missing"
    );
    assert_eq!(
        problem(json!({"message": message(json!({"message_id": null}))})),
        "message_id is missing"
    );
    let wrong = problem(json!({"message": message(json!({"text": {"secret": "words"}}))}));
    assert!(wrong.starts_with("message: text: not of the form"), "{wrong}");
    assert!(parse(&Telegram, &bot(), b"[1]").is_err());
    assert!(parse(&Telegram, &bot(), b"").is_err());
}

#[test]
fn half_an_emoji_costs_nobody_a_message() {
    let body = br#"{"message":{"message_id":7,"from":{"id":11},"chat":{"id":11,"type":"private"},"date":1795176000,"text":"ok \ud83d"}}"#;
    let happenings = parse(&Telegram, &bot(), body).unwrap();
    assert_eq!(
        happenings,
        [Happening::Said(Box::new(saying("11:7", "ok \u{fffd}", vec![])))]
    );
}

#[test]
fn the_word_is_asked_for() {
    let check = |word: &[u8]| verify(&Telegram, &bot(), (HEADER, word), b"{}");
    assert_eq!(check(b"new-word"), Ok(()));
    assert_eq!(check(b"old-word"), Ok(()));
    for word in ["", "new-wor", "new-word ", "New-word"] {
        assert_eq!(check(word.as_bytes()), Err(Forged::Wrong), "{word}");
    }
    for bit in 0..64 {
        let mut flipped = b"new-word".to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(check(&flipped).is_err(), "bit {bit}");
    }
    assert_eq!(
        verify(&Telegram, &bot(), ("x-other", b"new-word"), b"{}"),
        Err(Forged::Missing)
    );
    let wordless = account(Channel::Telegram, &[], &[("secret_token", "")]);
    assert_eq!(
        verify(&Telegram, &wordless, (HEADER, b""), b"{}"),
        Err(Forged::NoSecret)
    );
}

#[test]
fn a_sample_is_taken_for_genuine() {
    check_sample(&Telegram, &bot());
}

proptest! {
    #[test]
    fn any_bytes_are_parsed_and_checked_without_a_panic(body in any::<Vec<u8>>(), header in any::<Vec<u8>>()) {
        let _ = parse(&Telegram, &bot(), &body);
        prop_assert!(verify(&Telegram, &bot(), (HEADER, &header), &body).is_err());
    }

    #[test]
    fn changed_updates_make_no_panic(body in prop_oneof![
        mutated(json!({"update_id": 1, "message": message(json!({"text": "t", "photo": [{"file_id": "f"}], "venue": {}, "location": {"latitude": 1, "longitude": 2}}))})),
        mutated(json!({"update_id": 1, "callback_query": {"id": "1", "data": "#1", "from": {"id": 1}, "message": message(json!({"reply_markup": {"inline_keyboard": [[{"text": "x"}]]}}))}})),
    ]) {
        if let Ok(happenings) = parse(&Telegram, &bot(), body.to_string().as_bytes()) {
            prop_assert_eq!(happenings.len(), 1);
        }
    }
}
