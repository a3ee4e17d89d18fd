use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::outbound::meta::tests::{answer, bodies, noon, row, shown};
use crate::webhook::meta::tests::{account, parse};

const TO: &str = r#"{"chat":11}"#;

fn bot() -> Account {
    account(
        Channel::Telegram,
        &[],
        &[("bot_token", "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw")],
    )
}

fn said(text: &str, options: &[&str]) -> Vec<Value> {
    bodies(Telegram.messages(&bot(), &row(Channel::Telegram, TO, text, options), noon()))
}

#[test]
fn a_text_is_sent_with_the_token_in_the_address_and_nowhere_else() {
    let calls = Telegram
        .messages(&bot(), &row(Channel::Telegram, TO, "Booked", &[]), noon())
        .unwrap();
    let (url, headers, body) = shown(&calls[0]);
    assert_eq!(
        url,
        "https://api.telegram.org/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/sendMessage"
    );
    assert!(headers.is_empty());
    assert_eq!(body, json!({"chat_id": 11, "text": "Booked"}));
    assert!(!format!("{:?}", calls[0]).contains("AAHdq"), "shown nowhere");
}

#[test]
fn options_are_a_keyboard_whose_taps_say_the_options() {
    let long = "Friday 20 November at 2:00 pm with Mai for a Gel Manicure and a Pedicure";
    let fits = "x".repeat(64);
    let options = ["10:00", long, &fits, "#1"];
    let body = said("When?", &options).remove(0);
    let keyboard = body["reply_markup"].clone();
    let data: Vec<&str> = (0..4)
        .map(|row| {
            keyboard["inline_keyboard"][row][0]["callback_data"]
                .as_str()
                .unwrap()
        })
        .collect();
    assert_eq!(data, ["10:00", "#2", &fits, "#4"]);
    for (data, option) in data.iter().zip(options) {
        let tap = json!({"update_id": 1, "callback_query": {"id": "9", "from": {"id": 11}, "data": data, "message": {
            "chat": {"id": 11, "type": "private"}, "reply_markup": keyboard,
        }}});
        let intake = crate::webhook::telegram::Telegram;
        let happenings = parse(&intake, &bot(), tap.to_string().as_bytes()).unwrap();
        let [crate::webhook::intake::Happening::Said(saying)] = happenings.as_slice() else {
            panic!("{happenings:?}");
        };
        assert_eq!(saying.text, option);
    }
}

#[test]
fn more_options_than_a_keyboard_takes_are_text() {
    let many: Vec<String> = (1..=101).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert!(said("Which?", &many[..100])[0].get("reply_markup").is_some());
    assert!(said("Which?", &many)[0].get("reply_markup").is_none());
    assert!(said("Which?", &["a", ""])[0].get("reply_markup").is_none());
}

#[test]
fn a_long_text_is_cut_at_4096_utf16_units_and_the_keyboard_goes_with_the_last() {
    assert_eq!(said(&"👍".repeat(2048), &[]).len(), 1);
    let bodies = said(&"👍".repeat(2049), &["Yes"]);
    assert_eq!(bodies.len(), 2);
    assert!(bodies[0].get("reply_markup").is_none());
    assert_eq!(bodies[1]["text"], "👍");
    assert!(bodies[1].get("reply_markup").is_some());
}

#[test]
fn what_cannot_be_sent_says_why() {
    let why = |account: &Account, address: &str, text: &str| {
        let row = row(Channel::Telegram, address, text, &[]);
        Telegram.messages(account, &row, noon()).unwrap_err().to_string()
    };
    assert_eq!(why(&bot(), TO, " \n"), "there is nothing to say");
    assert_eq!(
        why(&bot(), r#"{"recipient":"1"}"#, "x"),
        "the address is not one of this channel"
    );
    let bare = account(Channel::Telegram, &[], &[]);
    assert_eq!(why(&bare, TO, "x"), "the account has no bot_token");
    let odd = account(Channel::Telegram, &[], &[("bot_token", "1:a/../x")]);
    assert_eq!(why(&odd, TO, "x"), "the account's bot_token is not of its form");
}

#[test]
fn who_wrote_sees_somebody_typing_and_who_tapped_sees_it_taken() {
    let mut own = bot();
    own.settings
        .insert("api_base".to_owned(), "http://stub:1/".to_owned());
    let shown = |address: &str| shown(&Telegram.heard(&own, "11:7", address).unwrap());
    let (url, _, body) = shown(TO);
    assert!(
        url.starts_with("http://stub:1/bot110201543:") && url.ends_with("/sendChatAction"),
        "{url}"
    );
    assert_eq!(body, json!({"chat_id": 11, "action": "typing"}));
    let (url, _, body) = shown(r#"{"chat":11,"callback":"900"}"#);
    assert!(url.ends_with("/answerCallbackQuery"), "{url}");
    assert_eq!(body, json!({"callback_query_id": "900"}));
    assert!(Telegram.heard(&own, "11:7", "{}").is_none());
}

#[test]
fn an_answer_means_what_it_says() {
    let taken =
        r#"{"ok":true,"result":{"message_id":8,"chat":{"id":11,"type":"private"},"date":1,"text":"Booked"}}"#;
    assert_eq!(
        Telegram.judge(&answer(200, taken)),
        Judgement::Taken(Some("11:8".to_owned()))
    );
    for body in ["", "<html>", r#"{"ok":true}"#, r#"{"ok":true,"result":true}"#] {
        assert_eq!(
            Telegram.judge(&answer(200, body)),
            Judgement::Taken(None),
            "{body}"
        );
    }
    let wait = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#;
    assert_eq!(
        Telegram.judge(&answer(429, wait)),
        Judgement::Later {
            after: Some(Duration::from_secs(7)),
            problem: "HTTP 429: Too Many Requests: retry after 7".to_owned(),
        }
    );
    let no = r#"{"ok":false,"description":"words"}"#;
    for (status, expected) in [
        (400, Judgement::Refused("HTTP 400: words".to_owned())),
        (403, Judgement::Refused("HTTP 403: words".to_owned())),
        (401, Judgement::AccountStopped("HTTP 401: words".to_owned())),
        (404, Judgement::AccountStopped("HTTP 404: words".to_owned())),
        (200, Judgement::Refused("HTTP 200: words".to_owned())),
    ] {
        assert_eq!(Telegram.judge(&answer(status, no)), expected);
    }
    for status in [408, 429, 500, 502, 503] {
        assert!(
            matches!(Telegram.judge(&answer(status, "")), Judgement::Later { .. }),
            "{status}"
        );
    }
    assert!(matches!(
        Telegram.judge(&answer(504, "<html>")),
        Judgement::Unknown(_)
    ));
    assert!(matches!(
        Telegram.judge(&answer(504, no)),
        Judgement::Later { .. }
    ));
}

#[test]
fn the_pace_is_telegrams_and_an_unknown_outcome_is_left() {
    let pace = Telegram.pace();
    assert_eq!((pace.per_second, pace.to_one.as_secs()), (30.0, 1));
    assert_eq!(Telegram.when_unknown(), WhenUnknown::Leave);
}

proptest! {
    #[test]
    fn any_answer_is_judged_without_a_panic(status in any::<u16>(), body in any::<Vec<u8>>()) {
        let judgement = Telegram.judge(&Answer { status, retry_after: None, content_type: None, body: &body });
        prop_assert!(!matches!(judgement, Judgement::Taken(_)) || (200..300).contains(&status));
    }
}
