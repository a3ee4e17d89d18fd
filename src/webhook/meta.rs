//! What WhatsApp, Messenger and Instagram have in common on their way in: the handshake, the signature, the envelope.
//!
//! Facts: Meta's "Webhooks from Meta, getting started". One POST carries up to 1,000 updates of 3 MB together. Nothing
//! signed tells the time, so that a repeated request is known by the ids in it only.
//!
//! - [`messaging`]: the events of Messenger and Instagram.

pub(crate) mod messaging;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;

use super::intake::{Answer, Forged, Happening, Malformed, Parsed, Request, Sample};
use super::loose::{self, Id, Parts};
use super::{json, signature};
use crate::accounts::{Account, Field};

/// The longest body: 3 MB by Meta's word, and some room.
pub(crate) const BODY_MAX: usize = 4 * 1024 * 1024;

/// The header with the signature. The older one with SHA-1 is not believed.
const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");

/// The secret that requests are signed with.
pub(crate) const APP_SECRET: Field = Field::secret(
    "app_secret",
    "The app's secret: App settings, Basic, App secret. Several are tried while one replaces another.",
);

/// The word that proves to Meta that the address is ours.
pub(crate) const VERIFY_TOKEN: Field = Field::secret(
    "verify_token",
    "A word of your own choice, pasted into Meta's form as \"Verify token\" beside the callback URL.",
);

/// The token to send with.
pub(crate) const ACCESS_TOKEN: Field = Field::secret(
    "access_token",
    "The token to send with: a long-lived one, of a system user where there is such a thing.",
);

/// Where the Graph API is.
pub(crate) const API_BASE: Field = Field::setting(
    "api_base",
    "Where the API is, without a slash at the end; Meta's own address unless you have a reason.",
)
.optional();

/// Which Graph API is spoken.
pub(crate) const API_VERSION: Field =
    Field::setting("api_version", "The API's version, v23.0 if not set.").optional();

/// Answers the handshake: the challenge, to whoever knows the verify token.
#[must_use]
pub(crate) fn handshake(account: &Account, query: &[(String, String)]) -> Option<Answer> {
    let value = |name: &str| {
        let mut values = query.iter().filter(|(key, _)| key == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.as_str())
    };
    let token = value("hub.verify_token")?;
    let known = account.secrets.all("verify_token").fold(false, |known, secret| {
        known | (!secret.is_empty() && signature::same(secret.as_bytes(), token.as_bytes()))
    });
    let challenge = value("hub.challenge").filter(|challenge| challenge.len() <= 1000)?;
    (known && value("hub.mode") == Some("subscribe"))
        .then(|| Answer::body("text/plain", challenge.as_bytes().to_vec()))
}

/// Whether one of the account's app secrets has signed these very bytes.
///
/// # Errors
/// When none has.
pub(crate) fn verify(request: &Request<'_>, account: &Account) -> Result<(), Forged> {
    let given = request.header(SIGNATURE.as_str()).ok_or(Forged::Missing)?;
    let mut result = Err(Forged::NoSecret);
    for secret in account
        .secrets
        .all("app_secret")
        .filter(|secret| !secret.is_empty())
    {
        // Every secret is tried, so that the time tells nothing of which one fits.
        let fits = signature::same(sign(secret, request.body).as_bytes(), given.as_bytes());
        result = match (fits, result) {
            (true, _) | (_, Ok(())) => Ok(()),
            (false, Err(_)) => Err(Forged::Wrong),
        };
    }
    result
}

fn sign(secret: &str, body: &[u8]) -> String {
    let mac = signature::hmac_sha256(secret.as_bytes(), &[body]);
    format!("sha256={}", hex::encode(mac))
}

/// A body signed with the account's newest app secret.
#[must_use]
pub(crate) fn signed(account: &Account, body: &serde_json::Value) -> Option<Sample> {
    let body = body.to_string().into_bytes();
    let signature = sign(account.secrets.newest("app_secret")?, &body);
    let mut headers = HeaderMap::new();
    headers.insert(SIGNATURE, HeaderValue::from_str(&signature).ok()?);
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    Some(Sample { headers, body })
}

#[derive(Deserialize)]
struct Envelope {
    object: Option<String>,
    entry: Parts,
}

/// What is told of one account of the business.
#[derive(Deserialize)]
pub(crate) struct Entry {
    /// The Page, the Instagram account or the WhatsApp business account.
    pub(crate) id: Option<Id>,
    /// What changed: [`Change`]s.
    pub(crate) changes: Parts,
    /// What was said to us; [`messaging`] reads it.
    pub(crate) messaging: Parts,
    /// What was said while another app owns the conversation.
    pub(crate) standby: Parts,
}

/// Something that changed.
#[derive(Deserialize)]
pub(crate) struct Change {
    /// What was subscribed to.
    pub(crate) field: Option<String>,
    /// What it is now; its form hangs on the field.
    pub(crate) value: Option<Box<serde_json::value::RawValue>>,
}

/// Reads the envelope, and has `each` say what an entry means. An app can be subscribed to more than one kind of
/// `object`; what is not of this one is ignored.
///
/// # Errors
/// When it is no envelope.
pub(crate) fn entries(
    body: &[u8],
    object: &str,
    each: impl FnMut(Entry, &mut Vec<Happening>) -> Result<(), Malformed>,
) -> Result<Parsed, Malformed> {
    let envelope: Envelope = json::whole(body)?;
    if envelope.object.as_deref() != Some(object) {
        return Ok(vec![Happening::Ignored("other")].into());
    }
    let mut happenings = Vec::new();
    let entries = loose::needed("entry", envelope.entry)?;
    loose::each("entry", Some(entries), &mut happenings, each);
    Ok(happenings.into())
}

#[cfg(test)]
pub(crate) mod tests;
