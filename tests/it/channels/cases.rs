//! Each channel as its provider speaks: what a customer's message looks like, how it is signed, where the reply goes,
//! and how a receipt comes back. Written from the providers' own pages, and knowing nothing of our code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use super::stub::Called;

/// How providers reach the test's frontdesk, as far as they know.
pub(crate) const PUBLIC_URL: &str = "https://desk.example.com";

/// The seed of the key that Discord signs with here.
const DISCORD_SEED: [u8; 32] = [7; 32];

/// A message of a customer.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    /// A number, because that is what most providers call people.
    pub who: u64,
    /// A number that makes the message's id.
    pub id: u64,
    pub text: &'a str,
    /// Unix seconds.
    pub at: i64,
}

/// A request of a provider.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hook {
    pub query: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// A channel.
pub(crate) struct Case {
    pub channel: &'static str,
    /// Settings of the account; `api_base` (or `url`) is the stub's and comes with them.
    pub settings: &'static [(&'static str, &'static str)],
    pub secrets: &'static [(&'static str, &'static str)],
    /// The setting that says where the provider is.
    pub base: &'static str,
    pub says: fn(&Said<'_>) -> Hook,
    /// The text of a reply as the provider got it.
    pub text: fn(&Called) -> String,
    /// The receipt that the provider gives for a reply it got as its n-th call, and what it tells.
    pub receipt: Option<ReceiptOf>,
}

type ReceiptOf = (&'static str, fn(&Called, u64, i64) -> Hook);

impl Case {
    /// The id of the participant that a customer becomes.
    pub(crate) fn participant(&self, account: &str, who: u64) -> String {
        let name = match self.channel {
            "whatsapp" => format!("US.{who}"),
            "twilio" => format!("+1555{who:07}"),
            "slack" => format!("U{who}"),
            _ => who.to_string(),
        };
        format!("{}:{account}:{name}", self.channel)
    }
}

pub(crate) static CASES: [Case; 8] = [
    Case {
        channel: "whatsapp",
        settings: &[("phone_number_id", "1060")],
        secrets: &[
            ("app_secret", "meta-app-secret"),
            ("verify_token", "verify"),
            ("access_token", "token"),
        ],
        base: "api_base",
        says: |said| {
            let user = format!("1555{:07}", said.who);
            meta(&json!({
                "object": "whatsapp_business_account",
                "entry": [{"id": "2090", "changes": [{"field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {"display_phone_number": "15550000000", "phone_number_id": "1060"},
                    "contacts": [{"profile": {"name": "Ana"}, "wa_id": user, "user_id": format!("US.{}", said.who)}],
                    "messages": [{
                        "from": user, "from_user_id": format!("US.{}", said.who), "id": format!("wamid.IN{}", said.id),
                        "timestamp": said.at.to_string(), "type": "text", "text": {"body": said.text},
                    }],
                }}]}],
            }))
        },
        text: |call| {
            assert_eq!(call.path, "/v23.0/1060/messages");
            assert_eq!(call.header("authorization"), Some("Bearer token"));
            let body = call.json();
            let text = body["text"]["body"]
                .as_str()
                .or(body["interactive"]["body"]["text"].as_str());
            text.unwrap_or_default().to_owned()
        },
        receipt: Some(("delivered", |call, number, at| {
            let ours = call.json()["biz_opaque_callback_data"].clone();
            meta(&json!({
                "object": "whatsapp_business_account",
                "entry": [{"id": "2090", "changes": [{"field": "messages", "value": {
                    "messaging_product": "whatsapp",
                    "metadata": {"display_phone_number": "15550000000", "phone_number_id": "1060"},
                    "statuses": [{
                        "id": format!("wamid.{number}"), "status": "delivered", "timestamp": at.to_string(),
                        "recipient_id": "15550000042", "biz_opaque_callback_data": ours,
                    }],
                }}]}],
            }))
        })),
    },
    Case {
        channel: "messenger",
        settings: &[("page_id", "700")],
        secrets: &[
            ("app_secret", "meta-app-secret"),
            ("verify_token", "verify"),
            ("access_token", "token"),
        ],
        base: "api_base",
        says: |said| {
            meta(
                &json!({"object": "page", "entry": [{"id": "700", "time": said.at * 1000, "messaging": [{
                    "sender": {"id": said.who.to_string()}, "recipient": {"id": "700"}, "timestamp": said.at * 1000,
                    "message": {"mid": format!("m_in{}", said.id), "text": said.text},
                }]}]}),
            )
        },
        text: |call| {
            assert!(call.path.starts_with("/v23.0/700/messages"), "{}", call.path);
            call.json()["message"]["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        },
        receipt: Some(("read", |call, _, at| {
            let who = call.json()["recipient"]["id"].clone();
            meta(
                &json!({"object": "page", "entry": [{"id": "700", "time": at * 1000, "messaging": [{
                    "sender": {"id": who}, "recipient": {"id": "700"}, "timestamp": at * 1000,
                    "read": {"watermark": (at + 60) * 1000},
                }]}]}),
            )
        })),
    },
    Case {
        channel: "instagram",
        settings: &[("instagram_id", "800")],
        secrets: &[
            ("app_secret", "meta-app-secret"),
            ("verify_token", "verify"),
            ("access_token", "token"),
        ],
        base: "api_base",
        says: |said| {
            meta(
                &json!({"object": "instagram", "entry": [{"id": "800", "time": said.at * 1000, "messaging": [{
                    "sender": {"id": said.who.to_string()}, "recipient": {"id": "800"}, "timestamp": said.at * 1000,
                    "message": {"mid": format!("ig_in{}", said.id), "text": said.text},
                }]}]}),
            )
        },
        text: |call| {
            call.json()["message"]["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        },
        receipt: Some(("read", |call, number, at| {
            let who = call.json()["recipient"]["id"].clone();
            meta(
                &json!({"object": "instagram", "entry": [{"id": "800", "time": at * 1000, "messaging": [{
                    "sender": {"id": who}, "recipient": {"id": "800"}, "timestamp": at * 1000,
                    "read": {"mid": format!("m_{number}")},
                }]}]}),
            )
        })),
    },
    Case {
        channel: "telegram",
        settings: &[],
        secrets: &[("bot_token", "123:abc"), ("secret_token", "telegram-word")],
        base: "api_base",
        says: |said| {
            Hook {
            headers: vec![("x-telegram-bot-api-secret-token", "telegram-word".to_owned()), JSON()],
            body: json!({"update_id": 9_000 + said.id, "message": {
                "message_id": said.id, "from": {"id": said.who, "is_bot": false, "first_name": "Ana"},
                "chat": {"id": said.who, "first_name": "Ana", "type": "private"}, "date": said.at, "text": said.text,
            }})
            .to_string()
            .into_bytes(),
            ..Hook::default()
        }
        },
        text: |call| {
            assert_eq!(call.path, "/bot123:abc/sendMessage");
            call.json()["text"].as_str().unwrap_or_default().to_owned()
        },
        receipt: None,
    },
    Case {
        channel: "twilio",
        settings: &[("account_sid", "AC1")],
        secrets: &[("auth_token", "twilio-token")],
        base: "api_base",
        says: |said| {
            twilio(
                "",
                &[
                    ("AccountSid", "AC1"),
                    ("Body", said.text),
                    ("From", &format!("+1555{:07}", said.who)),
                    ("MessageSid", &format!("SMIN{:028}", said.id)),
                    ("NumMedia", "0"),
                    ("NumSegments", "1"),
                    ("To", "+15550000000"),
                ],
            )
        },
        text: |call| {
            assert_eq!(call.path, "/2010-04-01/Accounts/AC1/Messages.json");
            let login = STANDARD.encode("AC1:twilio-token");
            assert_eq!(
                call.header("authorization"),
                Some(format!("Basic {login}").as_str())
            );
            call.form("Body").unwrap_or_default()
        },
        receipt: Some(("delivered", |call, number, _| {
            let callback = call.form("StatusCallback").expect("an address for receipts");
            let query = callback.split_once('?').map_or("", |(_, query)| query);
            let sid = format!("SM{number:032}");
            twilio(
                query,
                &[
                    ("AccountSid", "AC1"),
                    ("MessageSid", &sid),
                    ("MessageStatus", "delivered"),
                ],
            )
        })),
    },
    Case {
        channel: "slack",
        settings: &[("app_id", "A1")],
        secrets: &[("signing_secret", "slack-secret"), ("bot_token", "xoxb-1")],
        base: "api_base",
        says: |said| {
            let body = json!({
                "type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event_id": format!("Ev{}", said.id),
                "event_time": said.at, "authorizations": [{"user_id": "UBOT", "is_bot": true}],
                "event": {
                    "type": "message", "channel": format!("D{}", said.who), "channel_type": "im",
                    "user": format!("U{}", said.who), "text": said.text, "ts": format!("{}.{:06}", said.at, said.id),
                },
            })
            .to_string();
            let signed = format!("v0:{}:{body}", said.at);
            let signature = format!("v0={}", hex::encode(sha256("slack-secret", signed.as_bytes())));
            Hook {
                headers: vec![
                    ("x-slack-request-timestamp", said.at.to_string()),
                    ("x-slack-signature", signature),
                    JSON(),
                ],
                body: body.into_bytes(),
                ..Hook::default()
            }
        },
        text: |call| {
            assert_eq!(call.path, "/chat.postMessage");
            assert_eq!(call.header("authorization"), Some("Bearer xoxb-1"));
            call.json()["text"].as_str().unwrap_or_default().to_owned()
        },
        receipt: None,
    },
    Case {
        channel: "discord",
        settings: &[("application_id", "5")],
        secrets: &[("bot_token", "discord-token")],
        base: "api_base",
        says: |said| {
            let body = json!({
                "id": (770_000 + said.id).to_string(), "application_id": "5", "type": 2, "version": 1,
                "token": format!("interaction-{}", said.id), "channel_id": format!("33{}", said.who),
                "user": {"id": said.who.to_string(), "username": "ana"},
                "data": {"id": "1", "name": "book", "options": [{"name": "message", "type": 3, "value": said.text}]},
            })
            .to_string();
            let signed = format!("{}{body}", said.at);
            let key = Ed25519KeyPair::from_seed_unchecked(&DISCORD_SEED).unwrap();
            Hook {
                headers: vec![
                    ("x-signature-timestamp", said.at.to_string()),
                    ("x-signature-ed25519", hex::encode(key.sign(signed.as_bytes()))),
                    JSON(),
                ],
                body: body.into_bytes(),
                ..Hook::default()
            }
        },
        text: |call| call.json()["content"].as_str().unwrap_or_default().to_owned(),
        receipt: None,
    },
    Case {
        channel: "standard",
        settings: &[("events", "all")],
        secrets: &[("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
        base: "url",
        says: |said| {
            standard(
                said.at,
                &format!("msg_{}", said.id),
                &json!({
                    "type": "message.received", "timestamp": "2026-11-18T15:00:00Z",
                    "data": {"message_id": format!("std-{}", said.id), "participant_id": said.who.to_string(), "text": said.text},
                }),
            )
        },
        text: |call| {
            let body = call.json();
            assert_eq!(body["type"], "message.reply");
            assert_eq!(call.header("webhook-id"), body["data"]["outbox_id"].as_str());
            body["data"]["text"].as_str().unwrap_or_default().to_owned()
        },
        receipt: Some(("read", |call, number, at| {
            let outbox_id = call.json()["data"]["outbox_id"].clone();
            standard(
                at,
                &format!("msg_receipt_{number}"),
                &json!({
                    "type": "message.read", "timestamp": "2026-11-18T15:00:00Z", "data": {"outbox_id": outbox_id},
                }),
            )
        })),
    },
];

pub(crate) fn case(channel: &str) -> &'static Case {
    CASES.iter().find(|case| case.channel == channel).unwrap()
}

#[expect(non_snake_case, reason = "it stands among constants")]
fn JSON() -> (&'static str, String) {
    ("content-type", "application/json".to_owned())
}

/// The public key that Discord's developers' page shows, for the account.
pub(crate) fn discord_public_key() -> String {
    use ring::signature::KeyPair as _;
    let key = Ed25519KeyPair::from_seed_unchecked(&DISCORD_SEED).unwrap();
    hex::encode(key.public_key().as_ref())
}

fn sha256(key: &str, bytes: &[u8]) -> Vec<u8> {
    sha256_of(key.as_bytes(), bytes)
}

fn sha256_of(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(bytes);
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn meta(body: &Value) -> Hook {
    let body = body.to_string();
    let signature = format!(
        "sha256={}",
        hex::encode(sha256("meta-app-secret", body.as_bytes()))
    );
    Hook {
        headers: vec![("x-hub-signature-256", signature), JSON()],
        body: body.into_bytes(),
        ..Hook::default()
    }
}

/// Twilio signs the address and the sorted fields.
fn twilio(query: &str, fields: &[(&str, &str)]) -> Hook {
    let question = if query.is_empty() { "" } else { "?" };
    let mut signed = format!("{PUBLIC_URL}/webhooks/twilio/salon{question}{query}");
    let mut sorted = fields.to_vec();
    sorted.sort_unstable();
    for (name, value) in sorted {
        signed += name;
        signed += value;
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(b"twilio-token").unwrap();
    mac.update(signed.as_bytes());
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    Hook {
        query: query.to_owned(),
        headers: vec![
            ("x-twilio-signature", STANDARD.encode(mac.finalize().into_bytes())),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ],
        body: body.into_bytes(),
    }
}

fn standard(at: i64, id: &str, body: &Value) -> Hook {
    let body = body.to_string();
    let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let signature = sha256_of(&secret, format!("{id}.{at}.{body}").as_bytes());
    Hook {
        headers: vec![
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(signature))),
            JSON(),
        ],
        body: body.into_bytes(),
        ..Hook::default()
    }
}
