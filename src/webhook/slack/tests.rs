use super::*;
use crate::webhook::posted::{Posted, account, flipped, survives};

/// From Slack's documentation ("Verifying requests from Slack"), which its libraries test with:
/// `slackapi/python-slack-sdk`, `tests/slack_sdk/signature/test_signature_verifier.py`.
const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
const DOCUMENTED: &str = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
const SIGNATURE: &str = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
const SIGNED_AT: i64 = 1_531_420_618;

fn workspace() -> Account {
    account(
        Channel::Slack,
        &[("app_id", "A1")],
        &[("signing_secret", SECRET), ("bot_token", "xoxb-1")],
    )
}

fn documented() -> Posted {
    Posted::form(DOCUMENTED)
        .with("x-slack-request-timestamp", "1531420618")
        .with("x-slack-signature", SIGNATURE)
}

fn verify_at(posted: &Posted, seconds: i64) -> Result<(), Forged> {
    let now = Timestamp::from_second(seconds).unwrap();
    Slack.verify(&posted.request(), &workspace(), now)
}

#[test]
fn the_documented_signature_fits_and_one_flipped_bit_is_too_much() {
    assert_eq!(verify_at(&documented(), SIGNED_AT), Ok(()));
    for flipped in flipped(&documented(), "x-slack-signature") {
        assert!(verify_at(&flipped, SIGNED_AT).is_err(), "{flipped:?}");
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
        assert_eq!(verify_at(&documented(), SIGNED_AT + away), expected, "{away}");
    }
    let other = documented().with("x-slack-request-timestamp", "1531420619");
    assert_eq!(verify_at(&other, SIGNED_AT), Err(Forged::Wrong));
    for timestamp in ["", "then", "-1531420618", "99999999999999999999"] {
        let posted = documented().with("x-slack-request-timestamp", timestamp);
        assert_eq!(verify_at(&posted, SIGNED_AT), Err(Forged::Missing), "{timestamp}");
    }
}

#[test]
fn the_old_secret_is_good_while_the_new_one_comes_and_none_is_none() {
    let now = Timestamp::from_second(SIGNED_AT).unwrap();
    let both = account(
        Channel::Slack,
        &[],
        &[("signing_secret", "new"), ("signing_secret", SECRET)],
    );
    assert_eq!(Slack.verify(&documented().request(), &both, now), Ok(()));
    let none = account(Channel::Slack, &[], &[]);
    assert_eq!(
        Slack.verify(&documented().request(), &none, now),
        Err(Forged::NoSecret)
    );
}

#[test]
fn the_challenge_is_given_back() {
    let posted = Posted::json(r#"{"type":"url_verification","challenge":"3eZbrw","token":"old"}"#);
    let parsed = Slack.parse(&posted.request(), &workspace()).unwrap();
    assert_eq!(
        parsed,
        Parsed {
            happenings: vec![],
            answer: Answer::body("text/plain; charset=utf-8", "3eZbrw"),
        }
    );
}

fn event(event: &Value) -> Posted {
    let body = json!({
        "type": "event_callback",
        "team_id": "T1",
        "api_app_id": "A1",
        "event_id": "Ev1",
        "event_time": 1_763_650_800,
        "authorizations": [{"team_id": "T1", "user_id": "UAPP", "is_bot": true}],
        "event": event,
    });
    Posted::json(body.to_string())
}

fn happening(one: &Value) -> Happening {
    event(one).happening(&Slack, &workspace())
}

fn direct(text: &str) -> Value {
    json!({
        "type": "message",
        "channel": "D1",
        "channel_type": "im",
        "user": "UANA",
        "text": text,
        "ts": "1763650800.001200",
        "client_msg_id": "c1",
    })
}

/// That event with some of its fields otherwise.
fn but(mut event: Value, changes: Value) -> Value {
    let changes: serde_json::Map<String, Value> = serde_json::from_value(changes).unwrap();
    event.as_object_mut().unwrap().extend(changes);
    event
}

#[test]
fn a_direct_message_says_who_and_what_and_where_to_answer() {
    assert_eq!(
        event(&direct("a manicure &amp; polish")).saying(&Slack, &workspace()),
        Saying {
            message_id: "D1:1763650800.001200".to_owned(),
            aliases: vec!["UANA".to_owned()],
            text: "a manicure & polish".to_owned(),
            attachments: vec![],
            sent_at: Some("2025-11-20T15:00:00.0012Z".parse().unwrap()),
            address: r#"{"channel":"D1"}"#.to_owned(),
        }
    );
}

#[test]
fn a_thread_is_answered_in_the_thread() {
    let saying =
        event(&but(direct("hi"), json!({"thread_ts": "1763650700.000100"}))).saying(&Slack, &workspace());
    assert_eq!(
        saying.address,
        r#"{"channel":"D1","thread_ts":"1763650700.000100"}"#
    );
}

#[test]
fn files_come_along() {
    let file = json!({
        "id": "F1", "name": "nails.png", "mimetype": "image/png", "size": 17,
        "url_private_download": "https://files.slack.com/F1/download",
    });
    let shared = but(direct(""), json!({"subtype": "file_share", "files": [file]}));
    let saying = event(&shared).saying(&Slack, &workspace());
    assert_eq!(saying.attachments.len(), 1);
    assert_eq!(saying.attachments[0].kind, "image");
    assert_eq!(saying.attachments[0].size, Some(17));
}

#[test]
fn in_a_channel_only_what_mentions_the_app_is_for_us() {
    let in_channel = |text: &str| but(direct(text), json!({"channel": "C1", "channel_type": "channel"}));
    assert_eq!(happening(&in_channel("hi all")), Happening::Ignored("other"));
    assert_eq!(happening(&in_channel("hi <@UMAI>")), Happening::Ignored("other"));
    let saying = event(&in_channel("<@UAPP> a manicure")).saying(&Slack, &workspace());
    assert_eq!(saying.text, "a manicure");
}

#[test]
fn a_mention_and_its_message_are_one() {
    let message = but(
        direct("<@UAPP> hi"),
        json!({"channel": "C1", "channel_type": "channel"}),
    );
    let mention = but(
        message.clone(),
        json!({"type": "app_mention", "channel_type": null}),
    );
    assert_eq!(
        event(&message).saying(&Slack, &workspace()),
        event(&mention).saying(&Slack, &workspace())
    );
    // Slack does not always say who the app is; a mention begins with it.
    let body = json!({"type": "event_callback", "event": mention});
    let saying = Posted::json(body.to_string()).saying(&Slack, &workspace());
    assert_eq!(saying.text, "hi");
}

#[test]
fn what_bots_write_is_ignored_and_our_own_first() {
    for changes in [
        json!({"bot_id": "B1"}),
        json!({"subtype": "bot_message"}),
        json!({"user": "UAPP"}),
    ] {
        assert_eq!(happening(&but(direct("hi"), changes)), Happening::Ignored("bot"));
    }
}

fn changed(before: &str, after: &str) -> Value {
    json!({
        "type": "message",
        "subtype": "message_changed",
        "channel": "D1",
        "channel_type": "im",
        "ts": "1763650900.000300",
        "event_ts": "1763650900.000300",
        "message": {
            "type": "message", "user": "UANA", "text": after, "ts": "1763650800.001200",
            "edited": {"user": "UANA", "ts": "1763650899.000000"},
        },
        "previous_message": {"type": "message", "user": "UANA", "text": before, "ts": "1763650800.001200"},
    })
}

#[test]
fn an_edit_is_a_message_of_its_own_that_comes_later() {
    let saying = event(&changed("at ten", "at eleven")).saying(&Slack, &workspace());
    assert_eq!(saying.message_id, "D1:1763650800.001200:1763650899.000000");
    assert_eq!(saying.text, "at eleven");
    assert_eq!(saying.sent_at, Some("2025-11-20T15:01:39Z".parse().unwrap()));
    // A link got its picture: nobody said anything.
    assert_eq!(
        happening(&changed("at ten", "at ten")),
        Happening::Ignored("other")
    );
    let mut ours = changed("at ten", "at eleven");
    ours["message"]["bot_id"] = json!("B1");
    assert_eq!(happening(&ours), Happening::Ignored("bot"));
}

#[test]
fn a_deleted_post_is_taken_back_under_the_name_that_it_had() {
    let deleted = json!({
        "type": "message",
        "subtype": "message_deleted",
        "channel": "D1",
        "channel_type": "im",
        "deleted_ts": "1763650800.001200",
        "ts": "1763650900.000300",
        "previous_message": {"user": "UANA", "text": "hi", "ts": "1763650800.001200"},
    });
    let unsaid = Happening::Unsaid {
        message_id: "D1:1763650800.001200".to_owned(),
    };
    assert_eq!(happening(&deleted), unsaid);
    let mut tombstone = changed("hi", "This message was deleted.");
    tombstone["message"]["subtype"] = json!("tombstone");
    assert_eq!(happening(&tombstone), unsaid);
    let ours = but(
        deleted,
        json!({"previous_message": {"bot_id": "B1", "ts": "1763650800.001200"}}),
    );
    assert_eq!(happening(&ours), Happening::Ignored("bot"));
}

#[test]
fn without_app_or_token_the_account_is_stopped() {
    for stopping in [
        json!({"type": "app_uninstalled"}),
        json!({"type": "tokens_revoked", "tokens": {"bot": ["UAPP"]}}),
        json!({"type": "tokens_revoked"}),
    ] {
        assert!(
            matches!(happening(&stopping), Happening::Stopped { .. }),
            "{stopping}"
        );
    }
    let of_a_user = json!({"type": "tokens_revoked", "tokens": {"oauth": ["UANA"], "bot": []}});
    assert_eq!(happening(&of_a_user), Happening::Ignored("system"));
}

#[test]
fn the_rest_is_ignored_on_purpose() {
    for (one, kind) in [
        (json!({"type": "reaction_added", "item": {}}), "reaction"),
        (
            json!({"type": "channel_created", "channel": {"id": "C1"}}),
            "other",
        ),
        (
            but(direct("joined"), json!({"subtype": "channel_join"})),
            "system",
        ),
        (json!(null), "other"),
        (json!("text"), "other"),
    ] {
        assert_eq!(happening(&one), Happening::Ignored(kind), "{one}");
    }
    let limited = Posted::json(r#"{"type":"app_rate_limited","api_app_id":"A1"}"#);
    assert_eq!(
        limited.happening(&Slack, &workspace()),
        Happening::Ignored("system")
    );
    let other_app = r#"{"type":"event_callback","api_app_id":"A2","event":{"type":"app_uninstalled"}}"#;
    assert_eq!(
        Posted::json(other_app).happening(&Slack, &workspace()),
        Happening::Ignored("other")
    );
}

#[test]
fn half_events_are_broken_without_a_word_of_the_text() {
    for one in [
        json!({"type": "message", "channel_type": "im", "user": "U1", "text": "my secret", "ts": "1.000000"}),
        json!({"type": "message", "channel_type": "im", "channel": "D1", "text": "my secret", "ts": "1.000000"}),
        json!({"type": "message", "channel_type": "im", "channel": "D1", "user": "U1", "text": "my secret"}),
        json!({"type": "message", "channel": "D1", "channel_type": "im", "files": "my secret"}),
        json!({"type": "message", "subtype": "message_changed", "channel": "D1"}),
        json!({"type": "message", "subtype": "message_deleted", "channel": "D1"}),
    ] {
        let Happening::Broken { problem } = happening(&one) else {
            panic!("{one} is not broken");
        };
        assert!(!problem.contains("secret"), "{problem}");
    }
    for body in ["", "{}", "[]", "\"my secret\"", "{\"type\":\"url_verification\"}"] {
        assert!(
            Slack.parse(&Posted::json(body).request(), &workspace()).is_err(),
            "{body}"
        );
    }
    for body in ["", "a=b", "payload=my+secret", "command=%2Fx"] {
        assert!(
            Slack.parse(&Posted::form(body).request(), &workspace()).is_err(),
            "{body}"
        );
    }
}

fn tap(action: &Value) -> Posted {
    let payload = json!({
        "type": "block_actions",
        "api_app_id": "A1",
        "user": {"id": "UANA"},
        "channel": {"id": "D1"},
        "container": {"channel_id": "D1", "thread_ts": "1763650700.000100"},
        "trigger_id": "1.2.3",
        "actions": [action],
    });
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    Posted::form(body)
}

#[test]
fn a_tapped_button_is_its_whole_option() {
    let action = json!({
        "type": "button", "action_id": "option-1", "action_ts": "1763650801.500000",
        "text": {"type": "plain_text", "text": "10:30 with …"}, "value": "10:30 with Mai",
    });
    assert_eq!(
        tap(&action).saying(&Slack, &workspace()),
        Saying {
            message_id: "D1:1763650801.500000:UANA:option-1".to_owned(),
            aliases: vec!["UANA".to_owned()],
            text: "10:30 with Mai".to_owned(),
            attachments: vec![],
            sent_at: Some("2025-11-20T15:00:01.5Z".parse().unwrap()),
            address: r#"{"channel":"D1","thread_ts":"1763650700.000100"}"#.to_owned(),
        }
    );
}

#[test]
fn what_was_picked_from_a_menu_is_its_label() {
    let picked = |action: Value| {
        tap(&but(action, json!({"action_ts": "1763650801.500000"})))
            .saying(&Slack, &workspace())
            .text
    };
    assert_eq!(
        picked(json!({"selected_option": {"text": {"text": "Apple"}, "value": "fruit|apple"}})),
        "Apple"
    );
    assert_eq!(picked(json!({"selected_date": "2026-11-20"})), "2026-11-20");
    assert_eq!(picked(json!({"selected_time": "10:30"})), "10:30");
    let nothing = tap(&json!({"action_id": "a"})).happening(&Slack, &workspace());
    assert_eq!(nothing, Happening::Ignored("other"));
    let no_time = tap(&json!({"value": "a"})).happening(&Slack, &workspace());
    assert!(matches!(no_time, Happening::Broken { .. }));
    let view = Posted::form("payload=%7B%22type%22%3A%22view_submission%22%7D");
    assert_eq!(view.happening(&Slack, &workspace()), Happening::Ignored("other"));
}

#[test]
fn a_slash_command_is_answered_in_direct_messages() {
    let command = |text: &str| {
        Posted::form(format!(
            "api_app_id=A1&team_id=T1&channel_id=C9&user_id=UANA&command=%2Fbook-now&text={text}&trigger_id=1.2.abc"
        ))
        .saying(&Slack, &workspace())
    };
    let saying = command("a+manicure");
    assert_eq!(saying.message_id, "1.2.abc");
    assert_eq!(saying.text, "a manicure");
    assert_eq!(saying.address, r#"{"channel":"UANA"}"#);
    assert_eq!(command("").text, "book now");
    let check = Posted::form("ssl_check=1&token=x");
    assert_eq!(
        check.happening(&Slack, &workspace()),
        Happening::Ignored("system")
    );
}

#[test]
fn the_sample_is_a_message_that_is_believed() {
    let now = Timestamp::from_second(SIGNED_AT).unwrap();
    let sample = Slack.sample(&workspace(), "5 < 6?", "test-1", now).unwrap();
    let posted = Posted {
        url: String::new(),
        headers: sample.headers,
        body: sample.body,
    };
    assert_eq!(verify_at(&posted, SIGNED_AT), Ok(()));
    let saying = posted.saying(&Slack, &workspace());
    assert_eq!(saying.text, "5 < 6?");
    assert_eq!(saying.message_id, "DFRONTDESK:test-1");
    assert_eq!(saying.sent_at, Some(now));
}

#[test]
fn whatever_comes_is_survived() {
    let payloads = [
        documented(),
        event(&direct("<@U1|a> hi &lt;")),
        event(&changed("a", "b")),
        tap(&json!({"value": "a", "action_ts": "1763650801.500000"})),
        Posted::json(r#"{"type":"url_verification","challenge":"3eZbrw"}"#),
    ];
    survives(&Slack, &workspace(), &payloads, "x-slack-signature");
    survives(&Slack, &workspace(), &payloads, "x-slack-request-timestamp");
}
