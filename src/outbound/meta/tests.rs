//! Errors and labels; and what the tests of the wires stand on.

use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;
use crate::store::Content;
use crate::types::{AccountId, BusinessId, Channel, Pair, ParticipantId};

pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// A reply to somebody at this address who was heard an hour before noon.
pub(crate) fn row(channel: Channel, address: &str, text: &str, options: &[&str]) -> OutboxRow {
    OutboxRow {
        id: uuid::Uuid::from_u128(7),
        pair: Pair {
            business: BusinessId::new("demo-salon").unwrap(),
            participant: ParticipantId::new("ana").unwrap(),
        },
        version: 1,
        ordinal: 0,
        seq: 2,
        channel,
        reach: Some(Reach {
            account: AccountId::new("front").unwrap(),
            address: address.to_owned(),
            heard_at: noon() - SignedDuration::from_hours(1),
        }),
        content: Content::Reply(Reply {
            text: text.to_owned(),
            options: options.iter().map(|option| (*option).to_owned()).collect(),
        }),
        sent: false,
        attempts: 0,
        parts_sent: 0,
        unknown: false,
        at: noon(),
    }
}

/// The same, to somebody who was heard so long before noon.
pub(crate) fn heard_before(mut row: OutboxRow, ago: SignedDuration) -> OutboxRow {
    if let Some(reach) = &mut row.reach {
        reach.heard_at = noon() - ago;
    }
    row
}

/// Where a call goes, with which headers, and what it says.
pub(crate) fn shown(call: &Call) -> (String, Vec<String>, Value) {
    assert_eq!(call.method, Method::POST);
    assert_eq!(call.content_type, "application/json");
    let header = |(name, value): &(&str, SecretString)| format!("{name}: {}", value.expose_secret());
    (
        call.url.expose_secret().to_owned(),
        call.headers.iter().map(header).collect(),
        serde_json::from_slice(&call.body).unwrap(),
    )
}

/// What the calls say.
pub(crate) fn bodies(calls: Result<Vec<Call>, Unsendable>) -> Vec<Value> {
    calls.unwrap().iter().map(|call| shown(call).2).collect()
}

pub(crate) fn answer(status: u16, body: &str) -> Answer<'_> {
    Answer {
        status,
        retry_after: None,
        content_type: Some("application/json"),
        body: body.as_bytes(),
    }
}

fn later(judgement: &Judgement) -> bool {
    matches!(judgement, Judgement::Later { .. })
}

#[test]
fn every_error_has_its_class() {
    let class = |code: i64, subcode: Option<i64>| {
        let json = json!({"code": code, "error_subcode": subcode});
        serde_json::from_value::<Problem>(json).unwrap().class()
    };
    for code in [1, 2, 4, 32, 613, 80_007, 130_429, 131_000, 131_016, 131_057] {
        assert_eq!(class(code, None), Class::Retry, "{code}");
    }
    assert_eq!(class(131_056, None), Class::SlowDown);
    for code in [
        100, 551, 130_472, 131_008, 131_009, 131_026, 131_047, 131_049, 131_050, 131_051, 132_000, 132_001,
        132_016,
    ] {
        assert_eq!(class(code, None), Class::Never, "{code}");
    }
    for code in [0, 3, 10, 190, 200, 210, 299, 368, 131_031, 131_042, 131_048] {
        assert_eq!(class(code, None), Class::Stop, "{code}");
    }
    for (code, subcode) in [
        (10, 2_018_278),
        (10, 2_018_065),
        (10, 2_534_022),
        (200, 1_545_041),
        (200, 2_018_108),
    ] {
        assert_eq!(
            class(code, Some(subcode)),
            Class::Never,
            "one customer's trouble stops no account"
        );
    }
    assert_eq!(class(190, Some(463)), Class::Stop);
    assert_eq!(class(131_017, None), Class::Unknown);
    let text: Problem = serde_json::from_value(json!({"code": "190"})).unwrap();
    assert_eq!(text.class(), Class::Stop);
    let short: Problem = serde_json::from_value(json!({"code": 100, "is_transient": true})).unwrap();
    assert_eq!(short.class(), Class::Retry);
}

#[test]
fn what_is_taken_has_its_id_if_one_is_told() {
    let taken = |status, body: &str| judge(&answer(status, body));
    let id = |id: &str| Judgement::Taken(Some(id.to_owned()));
    assert_eq!(
        taken(
            200,
            r#"{"messaging_product":"whatsapp","contacts":[{"input":"1","wa_id":"1"}],"messages":[{"id":"wamid.9"}]}"#
        ),
        id("wamid.9")
    );
    assert_eq!(
        taken(200, r#"{"recipient_id":"2000","message_id":"m_out_1"}"#),
        id("m_out_1")
    );
    for body in [
        "",
        "<html>",
        "{",
        r#"{"success":true}"#,
        r#"{"messages":5}"#,
        "[]",
    ] {
        assert_eq!(taken(200, body), Judgement::Taken(None), "{body}");
    }
}

#[test]
fn an_answer_means_what_its_code_says_and_its_status_where_it_says_nothing() {
    let error = |code: i64| format!(r#"{{"error":{{"message":"words","code":{code}}}}}"#);
    let judged = |status, body: &str| judge(&answer(status, body));
    assert!(later(&judged(400, &error(131_000))));
    assert!(
        later(&judged(500, &error(190))),
        "trouble of theirs can hit the token's check"
    );
    assert!(later(&judged(503, &error(77))));
    assert!(later(&judged(429, &error(77))));
    assert_eq!(
        judged(400, &error(131_047)),
        Judgement::Refused("HTTP 400, code 131047: words".to_owned())
    );
    assert_eq!(
        judged(401, &error(190)),
        Judgement::AccountStopped("HTTP 401, code 190: words".to_owned())
    );
    assert!(matches!(judged(401, &error(77)), Judgement::AccountStopped(_)));
    assert!(matches!(judged(400, &error(77)), Judgement::Refused(_)));
    assert!(
        matches!(judged(200, &error(131_026)), Judgement::Refused(_)),
        "an error is one at any status"
    );
    for status in [408, 425, 429, 500, 502, 503, 599] {
        assert!(later(&judged(status, "<html>")), "{status}");
    }
    assert!(matches!(judged(504, "<html>"), Judgement::Unknown(_)));
    assert!(matches!(judged(401, ""), Judgement::AccountStopped(_)));
    for status in [302, 400, 403, 404, 418] {
        assert!(matches!(judged(status, ""), Judgement::Refused(_)), "{status}");
    }
}

#[test]
fn what_the_provider_asks_to_wait_is_told() {
    let judged = |code: i64, retry_after: Option<u64>| {
        let body = format!(r#"{{"error":{{"code":{code}}}}}"#);
        match judge(&Answer {
            retry_after: retry_after.map(Duration::from_secs),
            ..answer(400, &body)
        }) {
            Judgement::Later { after, .. } => after,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(judged(4, Some(30)), Some(Duration::from_secs(30)));
    assert_eq!(judged(4, None), None);
    assert_eq!(judged(131_056, None), Some(PAIR_PAUSE));
    assert_eq!(judged(131_056, Some(30)), Some(Duration::from_secs(30)));
}

#[test]
fn a_problem_is_one_short_line() {
    let problem: Problem = serde_json::from_value(json!({
        "code": 131_047,
        "error_subcode": 5,
        "message": format!("a\nb{}", "x".repeat(1000)),
        "error_data": {"details": "more"},
    }))
    .unwrap();
    let text = problem.to_string();
    assert!(text.starts_with("code 131047, subcode 5: abxxx"), "{text}");
    assert!(text.ends_with("x: more") && text.len() < 300, "{text}");
    assert_eq!(Problem::default().to_string(), "no code");
}

#[test]
fn a_label_that_was_cut_stands_for_the_whole_option() {
    for (option, shown) in [
        ("10:00", "10:00"),
        ("exactly twenty chars", "exactly twenty chars"),
        ("Fri 20 Nov, 2:00 pm with Mai", "Fri 20 Nov, 2:00 pm…"),
        ("Thứ Sáu 20 tháng 11 với Mai", "Thứ Sáu 20 tháng 11…"),
        ("👩‍👩‍👧‍👧👩‍👩‍👧‍👧👩‍👩‍👧‍👧👩‍👩‍👧‍👧", "👩‍👩‍👧‍👧👩‍👩‍👧‍👧…"),
    ] {
        let label = label(option, 20);
        assert_eq!(label, shown);
        assert_eq!(tapped(&label, Some(option)), option);
    }
    assert_eq!(tapped("Yes", Some("YES_17")), "Yes");
    assert_eq!(tapped("Yes…", Some("NO_17")), "Yes…");
    assert_eq!(tapped("", Some("Book")), "Book");
    assert_eq!(tapped("Yes", None), "Yes");
}

#[test]
fn options_that_cannot_be_told_apart_are_not_shown() {
    let fit = |options: &[&str]| {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        labels(&options, 3, 5, 10)
    };
    assert_eq!(
        fit(&["one", "three too"]),
        Some(vec!["one".to_owned(), "thre…".to_owned()])
    );
    assert_eq!(fit(&["three one", "three two"]), None, "both would be thre…");
    assert_eq!(fit(&["one", "one"]), None);
    assert_eq!(fit(&[]), None);
    assert_eq!(fit(&["a", "b", "c", "d"]), None);
    assert_eq!(fit(&["a", " "]), None);
    assert_eq!(fit(&["eleven byte"]), None);
}

#[test]
fn the_window_is_open_for_24_hours_and_no_longer() {
    let reach = |ago| {
        let row = heard_before(row(Channel::Messenger, "", "", &[]), ago);
        row.reach.unwrap()
    };
    assert!(window_open(&reach(SignedDuration::from_secs(86_399)), noon()));
    assert!(!window_open(&reach(SignedDuration::from_secs(86_400)), noon()));
    assert!(
        window_open(&reach(SignedDuration::from_secs(-5)), noon()),
        "their clock is ahead of ours"
    );
}

proptest! {
    #[test]
    fn any_label_leads_back_to_its_option(option in "\\PC{1,60}", max in 1_usize..30) {
        let label = label(&option, max);
        prop_assert!(label.chars().count() <= max.max(1));
        prop_assert_eq!(tapped(&label, Some(&option)), option.as_str());
    }

    #[test]
    fn any_answer_is_judged_without_a_panic(status in any::<u16>(), body in any::<Vec<u8>>(), code in any::<i64>()) {
        let error = format!(r#"{{"error":{{"code":{code}}}}}"#);
        for body in [body.as_slice(), error.as_bytes()] {
            let judgement = judge(&Answer { status, retry_after: None, content_type: None, body });
            prop_assert!(!matches!(judgement, Judgement::Taken(_)) || (200..300).contains(&status));
        }
    }
}
