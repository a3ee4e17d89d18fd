use super::*;
use crate::outbound::committed::{ROW, answer, at, header, json as body, line, notice, row};
use crate::webhook::posted::account;

fn workspace() -> Account {
    account(Channel::Slack, &[], &[("bot_token", "xoxb-1")])
}

fn calls(text: &str, options: &[&str]) -> Vec<Call> {
    let row = row(Channel::Slack, &json!({"channel": "D1"}), text, options);
    Slack.messages(&workspace(), &row, at()).unwrap()
}

#[test]
fn a_reply_is_posted_where_it_was_asked() {
    let address = json!({"channel": "C1", "thread_ts": "1763650700.000100"});
    let row = row(Channel::Slack, &address, "Booked <now> & done.", &[]);
    let calls = Slack.messages(&workspace(), &row, at()).unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(line(&calls[0]), "POST https://slack.com/api/chat.postMessage");
    assert_eq!(header(&calls[0], "authorization"), Some("Bearer xoxb-1"));
    assert_eq!(
        body(&calls[0]),
        json!({
            "channel": "C1",
            "thread_ts": "1763650700.000100",
            "text": "Booked &lt;now&gt; &amp; done.",
            "metadata": {"event_type": "frontdesk_reply", "event_payload": {"outbox_id": ROW, "part": 0}},
        })
    );
}

#[test]
fn options_are_buttons_that_say_themselves() {
    let long = "x".repeat(100);
    let calls = calls("When?", &["10:00", &long]);
    assert_eq!(
        body(&calls[0])["blocks"],
        json!([
            {"type": "section", "text": {"type": "mrkdwn", "text": "When?", "verbatim": true}},
            {"type": "actions", "elements": [
                {"type": "button", "action_id": "option-0", "value": "10:00",
                 "text": {"type": "plain_text", "text": "10:00"}},
                {"type": "button", "action_id": "option-1", "value": long,
                 "text": {"type": "plain_text", "text": "x".repeat(75)}},
            ]},
        ])
    );
}

#[test]
fn there_are_at_most_five_buttons_in_a_row_and_25_in_all() {
    let options: Vec<_> = (0..30).map(|n| n.to_string()).collect();
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let body = body(&calls("Which?", &options)[0]);
    let rows: Vec<_> = body["blocks"].as_array().unwrap()[1..]
        .iter()
        .map(|row| row["elements"].as_array().unwrap().len())
        .collect();
    assert_eq!(rows, [5, 5, 5, 5, 5]);
}

#[test]
fn a_long_text_goes_in_pieces_and_the_last_has_the_buttons() {
    let text = "Nothing is free on that day. ".repeat(200);
    let calls = calls(&text, &["10:00"]);
    assert_eq!(calls.len(), 2);
    let bodies: Vec<_> = calls.iter().map(body).collect();
    assert!(bodies[0].get("blocks").is_none());
    for body in &bodies {
        assert!(body["text"].as_str().unwrap().chars().count() <= 4_000);
    }
    assert!(bodies[1]["blocks"].is_array());
}

#[test]
fn sections_stay_short_enough_even_when_all_of_them_must_be_escaped() {
    let calls = calls(&"&".repeat(3_500), &["10:00"]);
    let body = body(&calls[0]);
    let mut written = String::new();
    for section in body["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|b| b["type"] == "section")
    {
        let text = section["text"]["text"].as_str().unwrap();
        assert!(text.chars().count() <= SECTION_CHARS_MAX);
        written.push_str(text);
    }
    assert_eq!(written, "&amp;".repeat(3_500));
}

#[test]
fn what_has_no_token_or_is_no_reply_cannot_be_sent() {
    let row = row(Channel::Slack, &json!({"channel": "D1"}), "Booked.", &[]);
    let without = account(Channel::Slack, &[], &[]);
    assert!(Slack.messages(&without, &row, at()).is_err());
    assert!(
        Slack
            .messages(&workspace(), &notice(Channel::Slack), at())
            .is_err()
    );
}

#[test]
fn answers_mean_what_the_table_says() {
    let judged = |status, error: &str| {
        let body = json!({"ok": false, "error": error}).to_string();
        Slack.judge(&answer(status, &body))
    };
    assert_eq!(
        Slack.judge(&answer(200, r#"{"ok":true,"channel":"D1","ts":"1.000000"}"#)),
        Judgement::Taken(Some("D1:1.000000".to_owned()))
    );
    for error in ["ratelimited", "internal_error", "service_unavailable"] {
        assert!(matches!(judged(200, error), Judgement::Later { .. }), "{error}");
    }
    for error in ["invalid_auth", "token_revoked", "account_inactive"] {
        assert!(
            matches!(judged(200, error), Judgement::AccountStopped(_)),
            "{error}"
        );
    }
    for error in [
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "msg_too_long",
        "no_text",
        "something_new",
    ] {
        assert!(matches!(judged(200, error), Judgement::Refused(_)), "{error}");
    }
    assert_eq!(
        judged(200, "no_text"),
        Judgement::Refused("Slack says no_text".to_owned())
    );
    assert!(matches!(judged(503, "whatever"), Judgement::Later { .. }));
}

#[test]
fn answers_that_are_no_json_mean_what_their_status_says() {
    let judged = |status| Slack.judge(&answer(status, "<html>"));
    for status in [200, 502, 504] {
        assert!(matches!(judged(status), Judgement::Unknown(_)), "{status}");
    }
    for status in [429, 500, 503] {
        assert!(matches!(judged(status), Judgement::Later { .. }), "{status}");
    }
    assert!(matches!(judged(401), Judgement::AccountStopped(_)));
    assert!(matches!(judged(404), Judgement::Refused(_)));
    let asked = Answer {
        retry_after: Some(Duration::from_secs(30)),
        ..answer(429, "")
    };
    assert!(
        matches!(Slack.judge(&asked), Judgement::Later { after: Some(after), .. } if after.as_secs() == 30)
    );
    assert_eq!(Slack.when_unknown(), WhenUnknown::Leave);
}
