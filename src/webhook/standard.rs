//! Standard Webhooks: any platform of one's own.
//!
//! The body is `{type, timestamp, data}`; its schema stands in `docs/channels/standard.md`. Signatures are `v1`
//! (HMAC-SHA256, secrets `whsec_…`) and `v1a` (Ed25519, public keys `whpk_…`) over `id.timestamp.body`; of several
//! signatures, secrets and keys one match is enough, so that any of them can be replaced while messages come in.
//! Source: standard-webhooks/standard-webhooks, `spec/standard-webhooks.md`.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::Ed25519KeyPair;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::intake::{
    Attachment, Forged, Happening, Intake, Malformed, Parsed, Receipt, Request, Sample, Saying, short_id,
};
use super::json;
use super::signature::{ed25519_fits, hmac_sha256, same};
use crate::accounts::{Account, Field};
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::types::Channel;

/// How far from our clock a signature's time may be.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The most signatures of one request that are looked at; each costs a computation.
const SIGNATURES_MAX: usize = 16;

/// Where a reply goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) participant: String,
    /// What the platform calls the conversation, given back as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) conversation: Option<String>,
}

/// The side in of Standard Webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

const FIELDS: [Field; 6] = [
    Field::secret(
        "secret",
        "the secret that both sides sign with (whsec_ and 24 to 64 bytes in base64)",
    ),
    Field::setting(
        "url",
        "where replies and events are sent; without one, nothing is",
    )
    .optional(),
    Field::setting(
        "events",
        "the events that are sent to url: `all`, or kinds with commas between, such as `appointment.*`",
    )
    .optional(),
    Field::setting(
        "public_key",
        "the platform's Ed25519 public key (whpk_…), if it signs with v1a; several with spaces between",
    )
    .optional(),
    Field::setting(
        "media_hosts",
        "the hosts that files may be fetched from, with commas between; `*.example.com` for all below one",
    )
    .optional(),
    Field::secret(
        "signing_key",
        "our Ed25519 key (whsk_ and its 32 bytes of seed in base64), if the platform wants v1a too",
    )
    .optional(),
];

impl Intake for Standard {
    fn channel(&self) -> Channel {
        Channel::Standard
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn verify(&self, request: &Request<'_>, account: &Account, now: Timestamp) -> Result<(), Forged> {
        let header = |name| request.header(name).ok_or(Forged::Missing);
        let id = header("webhook-id")?;
        let timestamp = header("webhook-timestamp")?;
        let signatures = header("webhook-signature")?;
        // A point in the id would let its bytes become the timestamp's.
        if id.is_empty() || id.contains('.') || !timestamp.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Forged::Missing);
        }
        let signed_at = timestamp.parse().map_err(|_| Forged::Missing)?;
        let signed_at = Timestamp::from_second(signed_at).map_err(|_| Forged::Missing)?;
        if now.duration_since(signed_at).abs() > TOLERANCE {
            return Err(Forged::Stale);
        }
        let expected: Vec<_> = account
            .secrets
            .all("secret")
            .filter_map(|secret| sign(secret, id, timestamp, request.body))
            .collect();
        let keys: Vec<_> = account
            .setting("public_key")
            .into_iter()
            .flat_map(str::split_whitespace)
            .filter_map(|key| STANDARD.decode(key.strip_prefix("whpk_").unwrap_or(key)).ok())
            .collect();
        if expected.is_empty() && keys.is_empty() {
            return Err(Forged::NoSecret);
        }
        let mut fits = false;
        for given in signatures.split(' ').take(SIGNATURES_MAX) {
            if given.starts_with("v1,") {
                fits |= expected
                    .iter()
                    .fold(false, |fits, one| fits | same(one.as_bytes(), given.as_bytes()));
            } else if let Some(signature) = given.strip_prefix("v1a,")
                && let Ok(signature) = STANDARD.decode(signature)
            {
                let message = signed_bytes(id, timestamp, request.body);
                fits |= keys.iter().any(|key| ed25519_fits(key, &message, &signature));
            }
        }
        if fits { Ok(()) } else { Err(Forged::Wrong) }
    }

    fn parse(&self, request: &Request<'_>, _account: &Account) -> Result<Parsed, Malformed> {
        let body: Body = json::whole(request.body)?;
        let Some(kind) = body.kind else {
            return Err(Malformed("the body has no type".to_owned()));
        };
        let read = match kind.as_str() {
            "message.received" => said(body.data, body.timestamp.as_deref(), request.header("webhook-id")),
            "message.delivered" => told(body.data, body.timestamp.as_deref(), DeliveryStatus::Delivered),
            "message.read" => told(body.data, body.timestamp.as_deref(), DeliveryStatus::Read),
            "message.failed" => told(body.data, body.timestamp.as_deref(), DeliveryStatus::Failed),
            _ => Ok(Happening::Ignored("other")),
        };
        Ok(vec![read.unwrap_or_else(|problem| Happening::Broken { problem })].into())
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        let body = json!({
            "type": "message.received",
            "timestamp": now,
            "data": {"message_id": message_id, "participant_id": "frontdesk-test", "text": text},
        })
        .to_string()
        .into_bytes();
        let id = message_id.replace('.', "-");
        let timestamp = now.as_second().to_string();
        let signature = sign(account.secrets.newest("secret")?, &id, &timestamp, &body)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("webhook-id", HeaderValue::from_str(&id).ok()?);
        headers.insert("webhook-timestamp", HeaderValue::from_str(&timestamp).ok()?);
        headers.insert("webhook-signature", HeaderValue::from_str(&signature).ok()?);
        Some(Sample { headers, body })
    }
}

/// The signature `v1,…` with this secret; `None` when the secret is none.
pub(crate) fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
    let key = STANDARD
        .decode(secret.strip_prefix("whsec_").unwrap_or(secret))
        .ok()?;
    // An empty key is everybody's.
    if key.is_empty() {
        return None;
    }
    let mac = hmac_sha256(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    Some(format!("v1,{}", STANDARD.encode(mac)))
}

/// The signature `v1a,…` with this key: its seed, or its seed and public key as other libraries keep them.
pub(crate) fn sign_with_key(key: &str, id: &str, timestamp: &str, body: &[u8]) -> Option<String> {
    let key = STANDARD.decode(key.strip_prefix("whsk_").unwrap_or(key)).ok()?;
    let pair = match key.len() {
        32 => Ed25519KeyPair::from_seed_unchecked(&key),
        64 => Ed25519KeyPair::from_seed_and_public_key(&key[..32], &key[32..]),
        _ => return None,
    };
    let signature = pair.ok()?.sign(&signed_bytes(id, timestamp, body));
    Some(format!("v1a,{}", STANDARD.encode(signature)))
}

fn signed_bytes(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type", default, deserialize_with = "json::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    timestamp: Option<String>,
    #[serde(default)]
    data: Value,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default, deserialize_with = "json::text")]
    message_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    participant_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    conversation: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    text: Option<String>,
    #[serde(default, deserialize_with = "json::list")]
    attachments: Vec<File>,
    #[serde(default, deserialize_with = "json::text")]
    sent_at: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "type", default, deserialize_with = "json::text")]
    kind: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    url: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    mime_type: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "json::number")]
    size: Option<i64>,
    #[serde(default)]
    place: Option<(f64, f64)>,
}

impl From<File> for Attachment {
    fn from(file: File) -> Self {
        const KINDS: [&str; 7] = [
            "image", "audio", "video", "document", "sticker", "location", "contact",
        ];
        let named = file.kind.as_deref();
        let kind = KINDS.iter().find(|kind| Some(**kind) == named).copied();
        Self {
            kind: kind.unwrap_or_else(|| json::kind_of(file.mime_type.as_deref())),
            id: file.id,
            url: file.url,
            mime_type: file.mime_type,
            name: file.name,
            size: file.size.and_then(|size| u64::try_from(size).ok()),
            place: file.place,
        }
    }
}

/// Somebody's message.
fn said(data: Value, timestamp: Option<&str>, webhook_id: Option<&str>) -> Result<Happening, String> {
    let message: Message = json::part(data).map_err(|problem| format!("data: {problem}"))?;
    let not_empty = |text: Option<String>| text.filter(|text| !text.is_empty());
    let participant = not_empty(message.participant_id).ok_or("data has no participant_id")?;
    let message_id = not_empty(message.message_id)
        .or_else(|| webhook_id.map(ToOwned::to_owned))
        .ok_or("data has no message_id")?;
    let address = json::address(&Address {
        participant: participant.clone(),
        conversation: not_empty(message.conversation),
    })?;
    let text = message.text.unwrap_or_default();
    let attachments: Vec<Attachment> = message.attachments.into_iter().map(Into::into).collect();
    if text.trim().is_empty() && attachments.is_empty() {
        return Err("data has neither text nor attachments".to_owned());
    }
    Ok(Happening::Said(Box::new(Saying {
        message_id: short_id(&message_id),
        aliases: vec![participant],
        text,
        attachments,
        sent_at: time(message.sent_at.as_deref()).or_else(|| time(timestamp)),
        address,
    })))
}

#[derive(Deserialize)]
struct Told {
    #[serde(default, deserialize_with = "json::text")]
    outbox_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    message_id: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    at: Option<String>,
    #[serde(default, deserialize_with = "json::text")]
    code: Option<String>,
}

/// What became of a message that we sent.
fn told(data: Value, timestamp: Option<&str>, status: DeliveryStatus) -> Result<Happening, String> {
    let told: Told = json::part(data).map_err(|problem| format!("data: {problem}"))?;
    let id = told
        .outbox_id
        .and_then(|id| Uuid::try_parse(&id).ok())
        .ok_or("data has no outbox_id of ours")?;
    let code = told.code.filter(|code| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        code.len() <= 64 && code.chars().all(plain)
    });
    let problem = (status == DeliveryStatus::Failed).then(|| {
        code.map_or_else(
            || "the platform does not say why".to_owned(),
            |code| format!("the platform's error {code}"),
        )
    });
    Ok(Happening::Receipt(Receipt {
        of: ReceiptOf::Ours {
            id,
            provider_id: told.message_id,
        },
        status,
        problem,
        at: time(told.at.as_deref()).or_else(|| time(timestamp)),
    }))
}

/// A time as RFC 3339 or in seconds since 1970.
fn time(text: Option<&str>) -> Option<Timestamp> {
    let text = text?;
    let seconds = || Timestamp::from_second(text.parse().ok()?).ok();
    text.parse().ok().or_else(seconds)
}

#[cfg(test)]
mod tests;
