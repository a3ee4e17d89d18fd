use serde_json::json;

use super::*;
use crate::outbound::committed::{ROW, answer, at, header, line, notice, row};
use crate::webhook::posted::account;

fn at_twilio(more: &[(&str, &str)]) -> Account {
    let mut settings = vec![("account_sid", "AC1")];
    settings.extend_from_slice(more);
    account(Channel::Twilio, &settings, &[("auth_token", "12345")])
}

fn fields(call: &Call) -> Vec<(String, String)> {
    form_urlencoded::parse(&call.body).into_owned().collect()
}

fn field(call: &Call, name: &str) -> Option<String> {
    let found = fields(call).into_iter().find(|(field, _)| field == name);
    found.map(|(_, value)| value)
}

#[test]
fn a_reply_goes_back_the_way_that_the_message_came() {
    let address = json!({"to": "whatsapp:+15551230001", "from": "whatsapp:+15550009999"});
    let row = row(
        Channel::Twilio,
        &address,
        "1) 10:00\n2) 10:30",
        &["10:00", "10:30"],
    );
    let account = at_twilio(&[("webhook_url", "https://salon.example/webhooks/twilio/front")]);
    let calls = Twilio.messages(&account, &row, at()).unwrap();
    assert_eq!(calls.len(), 1);
    assert_eq!(
        line(&calls[0]),
        "POST https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    );
    assert_eq!(header(&calls[0], "authorization"), Some("Basic QUMxOjEyMzQ1"));
    assert_eq!(calls[0].content_type, "application/x-www-form-urlencoded");
    let callback = format!("https://salon.example/webhooks/twilio/front?outbox={ROW}");
    let expected = [
        ("To", "whatsapp:+15551230001"),
        ("From", "whatsapp:+15550009999"),
        ("Body", "1) 10:00\n2) 10:30"),
        ("StatusCallback", &callback),
    ];
    assert_eq!(
        fields(&calls[0]),
        expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
}

#[test]
fn a_messaging_service_sends_if_there_is_one_and_else_the_number_of_the_settings() {
    let to = json!({"to": "+15551230001"});
    let row = row(Channel::Twilio, &to, "Booked.", &[]);
    let service = at_twilio(&[("messaging_service_sid", "MG1")]);
    let calls = Twilio.messages(&service, &row, at()).unwrap();
    assert_eq!(field(&calls[0], "MessagingServiceSid").as_deref(), Some("MG1"));
    assert_eq!(field(&calls[0], "From"), None);
    assert_eq!(field(&calls[0], "StatusCallback"), None);
    let number = at_twilio(&[("from", "+1555"), ("api_base", "http://127.0.0.1:9/")]);
    let calls = Twilio.messages(&number, &row, at()).unwrap();
    assert_eq!(field(&calls[0], "From").as_deref(), Some("+1555"));
    assert!(line(&calls[0]).starts_with("POST http://127.0.0.1:9/2010-04-01/"));
    assert!(Twilio.messages(&at_twilio(&[]), &row, at()).is_err());
}

#[test]
fn a_long_text_goes_in_pieces_of_1600_characters() {
    let text = "Nothing is free on that day. ".repeat(100);
    let row = row(Channel::Twilio, &json!({"to": "+1", "from": "+2"}), &text, &[]);
    let calls = Twilio.messages(&at_twilio(&[]), &row, at()).unwrap();
    assert_eq!(calls.len(), 2);
    for call in &calls {
        let body = field(call, "Body").unwrap();
        assert!(body.chars().count() <= 1_600);
        assert!(body.ends_with("day."));
    }
}

#[test]
fn what_has_no_text_or_no_address_or_no_credentials_cannot_be_sent() {
    let to = json!({"to": "+1", "from": "+2"});
    let mut nowhere = row(Channel::Twilio, &to, "Booked.", &[]);
    nowhere.reach = None;
    for row in [
        row(Channel::Twilio, &to, " ", &[]),
        row(Channel::Twilio, &json!([]), "Booked.", &[]),
        notice(Channel::Twilio),
        nowhere,
    ] {
        assert!(Twilio.messages(&at_twilio(&[]), &row, at()).is_err(), "{row:?}");
    }
    let row = row(Channel::Twilio, &to, "Booked.", &[]);
    for account in [
        account(Channel::Twilio, &[], &[("auth_token", "1")]),
        account(Channel::Twilio, &[("account_sid", "AC1")], &[]),
        account(
            Channel::Twilio,
            &[("account_sid", "../x")],
            &[("auth_token", "1")],
        ),
    ] {
        assert!(Twilio.messages(&account, &row, at()).is_err(), "{account:?}");
    }
}

#[test]
fn answers_mean_what_the_table_says() {
    let told = |status, code: u32| {
        let body = format!(r#"{{"code": {code}, "message": "about +15551230001", "status": {status}}}"#);
        Twilio.judge(&answer(status, &body))
    };
    assert_eq!(
        Twilio.judge(&answer(
            201,
            r#"{"sid": "SM1", "status": "queued", "error_code": null}"#
        )),
        Judgement::Taken(Some("SM1".to_owned()))
    );
    for (status, code) in [
        (429, 20_429),
        (400, 30_001),
        (400, 63_018),
        (500, 20_500),
        (503, 20_503),
    ] {
        assert!(
            matches!(told(status, code), Judgement::Later { .. }),
            "{status} {code}"
        );
    }
    for code in [
        21_211, 21_610, 21_614, 30_003, 30_004, 30_005, 30_006, 63_016, 63_024,
    ] {
        assert!(matches!(told(400, code), Judgement::Refused(_)), "{code}");
    }
    assert!(matches!(told(401, 20_003), Judgement::AccountStopped(_)));
    assert!(matches!(told(403, 20_005), Judgement::AccountStopped(_)));
    assert!(matches!(
        Twilio.judge(&answer(502, "<html>")),
        Judgement::Unknown(_)
    ));
    assert!(matches!(Twilio.judge(&answer(504, "")), Judgement::Unknown(_)));
    assert!(matches!(
        Twilio.judge(&answer(404, "garbage")),
        Judgement::Refused(_)
    ));
    let waited = Twilio.judge(&Answer {
        retry_after: Some(Duration::from_secs(7)),
        ..answer(429, "")
    });
    assert!(matches!(waited, Judgement::Later { after: Some(after), .. } if after.as_secs() == 7));
}

#[test]
fn the_customers_number_is_not_repeated_in_a_problem() {
    let refused = Twilio.judge(&answer(
        400,
        r#"{"code": 21211, "message": "about +15551230001"}"#,
    ));
    assert_eq!(
        refused,
        Judgement::Refused("Twilio's error 21211 with status 400".to_owned())
    );
}
