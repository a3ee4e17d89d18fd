use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::webhook::posted::{Posted, account, flipped, survives};

const MESSAGE: &str = "MessageSid=SM1&SmsSid=SM1&AccountSid=AC1&From=%2B15551230001&To=%2B15550009999&Body=A+manicure%2C+please&NumMedia=0&NumSegments=1&SmsStatus=received&ApiVersion=2010-04-01";
const BUTTON: &str = "MessageSid=SM2&From=whatsapp%3A%2B15551230001&To=whatsapp%3A%2B15550009999&WaId=15551230001&ProfileName=Ana&Body=10%3A30&ButtonText=10%3A30&ButtonPayload=slot-2&NumMedia=0";
const MEDIA: &str = "MessageSid=MM3&From=%2B15551230001&To=%2B15550009999&Body=&NumMedia=2&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fm%2F0&MediaContentType0=image%2Fjpeg&MediaUrl1=https%3A%2F%2Fapi.twilio.com%2Fm%2F1&MediaContentType1=audio%2Fogg";
const PLACE: &str = "MessageSid=SM4&From=whatsapp%3A%2B15551230001&To=whatsapp%3A%2B15550009999&Latitude=40.7&Longitude=-74.0&Label=Home&NumMedia=0";
const STATUS: &str = "MessageSid=SM5&SmsSid=SM5&MessageStatus=undelivered&SmsStatus=undelivered&ErrorCode=30003&From=%2B15550009999&To=%2B15551230001";

const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

fn at_twilio() -> Account {
    account(
        Channel::Twilio,
        &[
            ("account_sid", "AC1"),
            ("webhook_url", "https://salon.example/webhooks/twilio/front"),
        ],
        &[("auth_token", "12345")],
    )
}

fn verify(posted: &Posted) -> Result<(), Forged> {
    Twilio.verify(&posted.request(), &at_twilio(), Timestamp::UNIX_EPOCH)
}

/// The example of Twilio's documentation ("Webhooks security"), which its libraries test with: `twilio/twilio-python`,
/// `tests/unit/test_request_validator.py`.
fn documented() -> Posted {
    Posted::form(
        "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=%2B18005551212&Caller=%2B14158675309",
    )
    .at(URL)
    .with("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
}

#[test]
fn the_documented_signature_fits() {
    assert_eq!(verify(&documented()), Ok(()));
    // A fragment with wishes about retries is not signed.
    assert_eq!(verify(&documented().at(&format!("{URL}#rc=3&rp=all"))), Ok(()));
}

#[test]
fn the_port_may_be_signed_or_not() {
    // The same source: signed with :443, with :80, and with a port of its own.
    for (url, signature) in [
        (URL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (
            "https://mycompany.com:443/myapp.php?foo=1&bar=2",
            "kvajT1Ptam85bY51eRf/AJRuM3w=",
        ),
        (
            "https://mycompany.com:443/myapp.php?foo=1&bar=2",
            "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
        ),
        (
            "http://mycompany.com/myapp.php?foo=1&bar=2",
            "0ZXoZLH/DfblKGATFgpif+LLRf4=",
        ),
        (
            "http://mycompany.com:1234/myapp.php?foo=1&bar=2",
            "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=",
        ),
    ] {
        let posted = documented().at(url).with("x-twilio-signature", signature);
        assert_eq!(verify(&posted), Ok(()), "{url} {signature}");
    }
}

#[test]
fn each_pair_of_key_and_value_counts_once_in_order() {
    let posted = Posted::form("Digits=5678&Sid=CA123&Digits=1234&SidAccount=AC123&Digits=1234")
        .at(URL)
        .with("x-twilio-signature", "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    assert_eq!(verify(&posted), Ok(()));
}

#[test]
fn a_body_that_is_no_form_is_signed_by_its_hash() {
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let body = r#"{"property": "value", "boolean": true}"#;
    let posted = Posted::json(body)
        .at(&format!("{URL}&bodySHA256={hash}"))
        .with("x-twilio-signature", "a9nBmqA0ju/hNViExpshrM61xv4=");
    assert_eq!(verify(&posted), Ok(()));
    for flipped in flipped(&posted, "x-twilio-signature") {
        assert!(verify(&flipped).is_err(), "{flipped:?}");
    }
    // Without the hash nothing is said about the body.
    assert_eq!(verify(&posted.clone().at(URL)), Err(Forged::Missing));
    assert_eq!(
        posted.happening(&Twilio, &at_twilio()),
        Happening::Ignored("other")
    );
}

#[test]
fn one_flipped_bit_of_signature_or_form_is_too_much() {
    let posted = documented();
    let fields =
        |body: &[u8]| -> BTreeSet<(String, String)> { form_urlencoded::parse(body).into_owned().collect() };
    let same_fields = |other: &Posted| {
        // `%2b` is `%2B`: the fields are signed and not how they are written.
        other.body != posted.body && fields(&other.body) == fields(&posted.body)
    };
    let mut tried = 0;
    for flipped in flipped(&posted, "x-twilio-signature").filter(|other| !same_fields(other)) {
        assert!(verify(&flipped).is_err(), "{flipped:?}");
        tried += 1;
    }
    assert!(tried > 700, "{tried}");
    let without = Posted::form("CallSid=CA1").at(URL);
    assert_eq!(verify(&without), Err(Forged::Missing));
    let nobody = account(Channel::Twilio, &[], &[]);
    assert_eq!(
        Twilio.verify(&posted.request(), &nobody, Timestamp::UNIX_EPOCH),
        Err(Forged::NoSecret)
    );
}

#[test]
fn the_old_token_is_good_while_the_new_one_comes() {
    let both = account(
        Channel::Twilio,
        &[],
        &[("auth_token", "new"), ("auth_token", "12345")],
    );
    assert_eq!(
        Twilio.verify(&documented().request(), &both, Timestamp::UNIX_EPOCH),
        Ok(())
    );
}

#[test]
fn a_text_message_says_who_and_what_and_where_to_answer() {
    let saying = Posted::form(MESSAGE).saying(&Twilio, &at_twilio());
    assert_eq!(
        saying,
        Saying {
            message_id: "SM1".to_owned(),
            aliases: vec!["+15551230001".to_owned()],
            text: "A manicure, please".to_owned(),
            attachments: vec![],
            sent_at: None,
            address: r#"{"to":"+15551230001","from":"+15550009999"}"#.to_owned(),
        }
    );
}

#[test]
fn the_answer_is_an_empty_response() {
    let posted = Posted::form(MESSAGE);
    let answer = Twilio.parse(&posted.request(), &at_twilio()).unwrap().answer;
    assert_eq!(answer, Answer::body("text/xml", "<Response/>"));
}

#[test]
fn a_button_of_whatsapp_is_its_label_and_both_names_are_known() {
    let saying = Posted::form(BUTTON).saying(&Twilio, &at_twilio());
    assert_eq!(saying.text, "10:30");
    assert_eq!(saying.aliases, ["whatsapp:+15551230001", "15551230001"]);
}

#[test]
fn stop_is_passed_on() {
    let saying =
        Posted::form("MessageSid=SM1&From=%2B1555&Body=STOP&OptOutType=STOP").saying(&Twilio, &at_twilio());
    assert_eq!(saying.text, "STOP");
}

#[test]
fn files_and_places_come_along() {
    let saying = Posted::form(MEDIA).saying(&Twilio, &at_twilio());
    assert_eq!(saying.text, "");
    let kinds: Vec<_> = saying.attachments.iter().map(|file| file.kind).collect();
    assert_eq!(kinds, ["image", "audio"]);
    assert_eq!(
        saying.attachments[1].url.as_deref(),
        Some("https://api.twilio.com/m/1")
    );
    let saying = Posted::form(PLACE).saying(&Twilio, &at_twilio());
    assert_eq!(saying.attachments[0].place, Some((40.7, -74.0)));
    assert_eq!(saying.attachments[0].name.as_deref(), Some("Home"));
}

#[test]
fn a_status_names_our_row_when_the_address_does_and_else_their_message() {
    let id = Uuid::from_u128(7);
    let url = format!("https://salon.example/webhooks/twilio/front?outbox={id}");
    let receipt = |url: &str, status: &str| {
        let body = STATUS.replace("undelivered", status);
        Posted::form(body).at(url).happening(&Twilio, &at_twilio())
    };
    assert_eq!(
        receipt(&url, "undelivered"),
        Happening::Receipt(Receipt {
            of: ReceiptOf::Ours {
                id,
                provider_id: Some("SM5".to_owned())
            },
            status: DeliveryStatus::Failed,
            problem: Some("Twilio's error 30003".to_owned()),
            at: None,
        })
    );
    for (status, known) in [
        ("queued", DeliveryStatus::Sent),
        ("sent", DeliveryStatus::Sent),
        ("delivered", DeliveryStatus::Delivered),
        ("read", DeliveryStatus::Read),
        ("failed", DeliveryStatus::Failed),
    ] {
        let Happening::Receipt(receipt) = receipt("https://salon.example/webhooks/twilio/front", status)
        else {
            panic!("{status} is no receipt");
        };
        assert_eq!(receipt.of, ReceiptOf::Provider("SM5".to_owned()));
        assert_eq!(receipt.status, known, "{status}");
        assert_eq!(receipt.problem.is_some(), known == DeliveryStatus::Failed);
    }
    assert_eq!(receipt(&url, "something-new"), Happening::Ignored("other"));
}

#[test]
fn what_lacks_its_names_is_broken_and_what_says_nothing_is_ignored() {
    let happening = |body: &str| Posted::form(body).happening(&Twilio, &at_twilio());
    assert!(matches!(happening("From=%2B1&Body=hi"), Happening::Broken { .. }));
    assert!(matches!(
        happening("MessageSid=SM1&Body=hi"),
        Happening::Broken { .. }
    ));
    assert!(matches!(
        happening("MessageStatus=sent"),
        Happening::Broken { .. }
    ));
    assert_eq!(happening("MessageSid=SM1&From=%2B1"), Happening::Ignored("other"));
}

#[test]
fn the_sample_is_a_message_that_is_believed() {
    let account = at_twilio();
    let sample = Twilio
        .sample(
            &account,
            "hello, is anybody there?",
            "test-1",
            Timestamp::UNIX_EPOCH,
        )
        .unwrap();
    let posted = Posted {
        url: account.setting("webhook_url").unwrap().to_owned(),
        headers: sample.headers,
        body: sample.body,
    };
    assert_eq!(verify(&posted), Ok(()));
    let saying = posted.saying(&Twilio, &account);
    assert_eq!(saying.text, "hello, is anybody there?");
    assert_eq!(saying.message_id, "test-1");
}

#[test]
fn whatever_comes_is_survived() {
    let payloads: Vec<_> = [MESSAGE, BUTTON, MEDIA, PLACE, STATUS]
        .into_iter()
        .map(Posted::form)
        .chain([documented(), Posted::json("{}")])
        .collect();
    survives(&Twilio, &at_twilio(), &payloads, "x-twilio-signature");
}

#[test]
fn ports_are_found_in_any_address() {
    let other = |url: &str| with_and_without_port(url).pop().unwrap();
    assert_eq!(other("https://a.b/c:1"), "https://a.b:443/c:1");
    assert_eq!(other("http://a.b?x=1"), "http://a.b:80?x=1");
    assert_eq!(other("https://[::1]/c"), "https://[::1]:443/c");
    assert_eq!(other("https://[::1]:8443/c"), "https://[::1]/c");
    assert_eq!(other("nowhere"), "nowhere");
}
