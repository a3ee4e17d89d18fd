//! What every channel's side in must keep to, whatever bytes come: it neither panics nor believes what is not signed,
//! and what it makes of a body is within the bounds that its callers rely on.
//!
//! An input is a byte that chooses the channel, a line with the signature, a line with the query, and the body.

#![no_main]

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderValue, Method};
use frontdesk::accounts::{Account, Secrets};
use frontdesk::types::{AccountId, BusinessId};
use frontdesk::webhook::discord::Discord;
use frontdesk::webhook::instagram::Instagram;
use frontdesk::webhook::intake::{Happening, Intake, Request};
use frontdesk::webhook::messenger::Messenger;
use frontdesk::webhook::slack::Slack;
use frontdesk::webhook::standard::Standard;
use frontdesk::webhook::telegram::Telegram;
use frontdesk::webhook::twilio::Twilio;
use frontdesk::webhook::whatsapp::WhatsApp;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

/// Each channel, with the headers that it reads its signature from.
const INTAKES: [(&dyn Intake, &[&str]); 8] = [
    (&WhatsApp, &["x-hub-signature-256"]),
    (&Messenger, &["x-hub-signature-256"]),
    (&Instagram, &["x-hub-signature-256"]),
    (&Telegram, &["x-telegram-bot-api-secret-token"]),
    (&Twilio, &["x-twilio-signature", "content-type"]),
    (
        &Slack,
        &["x-slack-request-timestamp", "x-slack-signature", "content-type"],
    ),
    (&Discord, &["x-signature-timestamp", "x-signature-ed25519"]),
    (
        &Standard,
        &["webhook-id", "webhook-timestamp", "webhook-signature"],
    ),
];

fuzz_target!(|data: &[u8]| {
    if let Some((choice, data)) = data.split_first() {
        let (intake, signature) = INTAKES[usize::from(*choice) % INTAKES.len()];
        drive(intake, signature, data);
    }
});

/// Long enough that nobody comes upon them by chance.
const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// The public key of RFC 8032's first test.
const PUBLIC_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

/// A time at which the timestamps of most seeds are fresh.
const NOW: i64 = 1_763_600_000;

/// The kinds of what is ignored: labels of metrics.
const IGNORED: [&str; 6] = ["reaction", "echo", "standby", "system", "bot", "other"];

/// Feeds one input to a channel that reads its signature from these headers.
fn drive(intake: &dyn Intake, signature: &[&'static str], data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n');
    let (Some(signed), Some(query), Some(body)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    let account = account(intake);
    let mut headers = HeaderMap::new();
    // Where there are several, they stand apart by blanks.
    let mut values = signed.splitn(signature.len(), |byte| *byte == b' ');
    for name in signature {
        let value = values.next().unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(*name, value);
        }
    }
    let query = String::from_utf8_lossy(query);
    let url = format!("https://desk.example.com/webhooks/x/front?{query}");
    let request = Request {
        method: &Method::POST,
        url: &url,
        headers: &headers,
        body,
    };
    let now = Timestamp::from_second(NOW).expect("a time");
    assert!(
        intake.verify(&request, &account, now).is_err(),
        "nobody here knows a secret"
    );
    let asked: Vec<(String, String)> = query
        .split('&')
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    assert!(
        intake.handshake(&account, &asked).is_none(),
        "nor the word of the handshake"
    );
    let Ok(parsed) = intake.parse(&request, &account) else {
        return;
    };
    for happening in &parsed.happenings {
        check(happening);
    }
    let again = intake.parse(&request, &account).expect("the same bytes");
    assert_eq!(parsed, again, "the same bytes say the same");
}

fn check(happening: &Happening) {
    match happening {
        Happening::Said(saying) => {
            assert!(saying.aliases.len() <= 4, "{} names", saying.aliases.len());
            assert!(saying.message_id.chars().count() <= 128, "the id of a message");
            assert!(
                saying.address.len() <= 2_000,
                "an address of {} bytes",
                saying.address.len()
            );
            let address = serde_json::from_str::<serde_json::Value>(&saying.address);
            assert!(address.is_ok(), "an address that is no JSON");
            serde_json::to_string(&saying.attachments).expect("attachments are plain data");
        }
        Happening::Known { aliases } | Happening::Staff { aliases, .. } => assert!(aliases.len() <= 4),
        Happening::Ignored(kind) => assert!(IGNORED.contains(kind), "{kind}"),
        Happening::Unsaid { message_id } => assert!(message_id.chars().count() <= 128),
        Happening::Receipt(_) | Happening::Stopped { .. } | Happening::Broken { .. } => {}
    }
}

fn account(intake: &dyn Intake) -> Account {
    let mut secrets = Secrets::default();
    let mut settings = BTreeMap::new();
    for field in intake.fields() {
        if field.secret {
            secrets.add(field.name, SECRET);
        } else if field.name == "public_key" {
            settings.insert(field.name.to_owned(), PUBLIC_KEY.to_owned());
        }
    }
    Account {
        channel: intake.channel(),
        id: AccountId::new("front").expect("a name"),
        business: BusinessId::new("demo-salon").expect("a name"),
        settings,
        secrets,
        problem: None,
    }
}
