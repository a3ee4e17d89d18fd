use axum::http::Method as Posting;
use serde_json::json;

use super::*;
use crate::outbound::committed::{ROW, answer, at, header, json as body, line, notice, row};
use crate::webhook::intake::{Intake as _, Request};
use crate::webhook::posted::{Posted, account};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// RFC 8032, section 7.1, test 1: the seed and its public key.
const SEED: &str = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC: &str = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

fn platform(secrets: &[(&str, &str)]) -> Account {
    let settings = [("url", "https://platform.example/hooks"), ("public_key", PUBLIC)];
    account(Channel::Standard, &settings, secrets)
}

fn address() -> Value {
    json!({"participant": "customer-9", "conversation": "c-4"})
}

/// The call as the platform receives it.
fn received(call: &Call) -> Posted {
    let mut posted = Posted::json(String::from_utf8(call.body.clone()).unwrap());
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        posted = posted.with(name, header(call, name).unwrap());
    }
    posted
}

fn believed(call: &Call, account: &Account, now: Timestamp) -> bool {
    let posted = received(call);
    let request = Request {
        method: &Posting::POST,
        ..posted.request()
    };
    crate::webhook::standard::Standard
        .verify(&request, account, now)
        .is_ok()
}

#[test]
fn a_reply_goes_out_whole() {
    let text = "A long answer. ".repeat(1_000);
    let row = row(Channel::Standard, &address(), &text, &["10:00", "10:30"]);
    let calls = Standard
        .messages(&platform(&[("secret", SECRET)]), &row, at())
        .unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(line(&calls[0]), "POST https://platform.example/hooks");
    assert_eq!(header(&calls[0], "webhook-id"), Some(ROW.to_string().as_str()));
    assert_eq!(
        body(&calls[0]),
        json!({
            "type": "message.reply",
            "timestamp": "2026-11-20T15:00:00Z",
            "data": {
                "outbox_id": ROW,
                "conversation": "c-4",
                "participant_id": "customer-9",
                "text": text,
                "options": ["10:00", "10:30"],
                "seq": 12,
            },
        })
    );
}

#[test]
fn an_event_goes_out_as_it_is_and_needs_no_address() {
    let mut row = notice(Channel::Standard);
    row.reach.as_mut().unwrap().address.clear();
    let calls = Standard
        .messages(&platform(&[("secret", SECRET)]), &row, at())
        .unwrap();
    assert_eq!(
        body(&calls[0]),
        json!({
            "type": "appointment.confirmed",
            "timestamp": "2026-11-20T15:00:00Z",
            "data": {"appointment_id": "a1"},
        })
    );
}

#[test]
fn a_second_try_has_the_same_id_and_body_and_a_new_time() {
    let row = row(Channel::Standard, &address(), "Booked.", &[]);
    let account = platform(&[("secret", SECRET)]);
    let later = at() + jiff::SignedDuration::from_hours(5);
    let first = Standard.messages(&account, &row, at()).unwrap();
    let second = Standard.messages(&account, &row, later).unwrap();
    assert_eq!(first[0].body, second[0].body);
    assert_eq!(header(&first[0], "webhook-id"), header(&second[0], "webhook-id"));
    assert!(believed(&first[0], &account, at()));
    assert!(!believed(&first[0], &account, later));
    assert!(believed(&second[0], &account, later));
}

#[test]
fn the_newest_secret_signs_and_the_key_too_if_there_is_one() {
    let row = row(Channel::Standard, &address(), "Booked.", &[]);
    let rotating = platform(&[
        ("secret", SECRET),
        ("secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
        ("signing_key", SEED),
    ]);
    let calls = Standard.messages(&rotating, &row, at()).unwrap();
    let signature = header(&calls[0], "webhook-signature").unwrap();
    assert!(
        signature.starts_with("v1,") && signature.contains(" v1a,"),
        "{signature}"
    );
    let newest = account(Channel::Standard, &[], &[("secret", SECRET)]);
    let key = account(Channel::Standard, &[("public_key", PUBLIC)], &[]);
    assert!(believed(&calls[0], &newest, at()));
    assert!(believed(&calls[0], &key, at()));
}

#[test]
fn without_address_secret_or_text_nothing_is_sent() {
    let row_to = |address: &Value, text: &str| row(Channel::Standard, address, text, &[]);
    let good = platform(&[("secret", SECRET)]);
    let nowhere = account(Channel::Standard, &[("url", "ftp://x")], &[("secret", SECRET)]);
    for (account, row) in [
        (&good, row_to(&json!({}), "Booked.")),
        (&good, row_to(&address(), "")),
        (&nowhere, row_to(&address(), "Booked.")),
        (&platform(&[]), row_to(&address(), "Booked.")),
        (&platform(&[("secret", "whsec_!")]), row_to(&address(), "Booked.")),
        (
            &platform(&[("secret", SECRET), ("signing_key", "whsk_AAAA")]),
            row_to(&address(), "Booked."),
        ),
    ] {
        assert!(Standard.messages(account, &row, at()).is_err(), "{row:?}");
    }
}

#[test]
fn answers_mean_what_the_table_says() {
    for status in [200, 201, 204] {
        assert_eq!(Standard.judge(&answer(status, "")), Judgement::Taken(None));
    }
    for status in [301, 400, 401, 404, 429, 500, 502, 504] {
        assert!(
            matches!(Standard.judge(&answer(status, "")), Judgement::Later { .. }),
            "{status}"
        );
    }
    assert!(matches!(
        Standard.judge(&answer(410, "")),
        Judgement::AccountStopped(_)
    ));
    let asked = Answer {
        retry_after: Some(Duration::from_secs(90)),
        ..answer(503, "")
    };
    assert!(
        matches!(Standard.judge(&asked), Judgement::Later { after: Some(after), .. } if after.as_secs() == 90)
    );
    assert_eq!(Standard.when_unknown(), WhenUnknown::SendAgain);
}
