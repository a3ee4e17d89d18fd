//! Who may do what.
//!
//! There are two kinds of callers. *Operators* hold an API key and may do everything. *Visitors* of the web chat
//! hold a token that was given to them by `POST /web/session`, and may talk in the one conversation that it names.
//! Without configured keys everybody is an operator, which is why such a process listens on loopback only.
//!
//! A token is signed with a secret derived from an API key, so that it outlives a restart and is understood by
//! every replica without a setting of its own. The first key signs, any key verifies: putting a new key in front
//! of the old one keeps the chats of both alive, and removing a key ends the chats that it signed for.
//! Tokens that link participants are signed in the same way, with secrets of their own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::App;
use super::problem::{Kind, Problem};
use crate::types::{BusinessId, Pair, ParticipantId};

/// Every token begins with it; an API key should not.
const TOKEN_PREFIX: &str = "fdw1.";

/// How long a web chat stays open to its visitor.
const TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(24 * 180);

/// Every token that links participants begins with it.
const LINK_PREFIX: &str = "fdl1.";

/// How long a token that links participants can be brought back.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(15);

type Hash = [u8; 32];

/// The configured keys, as hashes: the keys themselves are not kept.
pub(super) struct Keys {
    keys: Vec<Hash>,
    // Secrets of tokens, in the order of the keys.
    signing: Vec<Hash>,
    // Those of tokens that link participants.
    linking: Vec<Hash>,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Caller {
    /// Holds an API key, or none is needed.
    Operator,
    /// Holds a token of the web chat, not yet compared with the conversation in question.
    Visitor(Arc<str>),
}

impl Keys {
    pub(super) fn new(keys: &[SecretString]) -> Self {
        let hash = |purpose: &str, key: &SecretString| -> Hash {
            Sha256::new()
                .chain_update(purpose)
                .chain_update(key.expose_secret())
                .finalize()
                .into()
        };
        Self {
            keys: keys.iter().map(|key| hash("", key)).collect(),
            signing: keys
                .iter()
                .map(|key| hash("frontdesk web chat token\u{1f}", key))
                .collect(),
            linking: keys
                .iter()
                .map(|key| hash("frontdesk link token\u{1f}", key))
                .collect(),
        }
    }

    pub(super) fn are_configured(&self) -> bool {
        !self.keys.is_empty()
    }

    /// A token that lets a visitor talk in this conversation; `None` when no token is needed.
    pub(super) fn token(&self, pair: &Pair, now: Timestamp) -> Option<String> {
        let secret = self.signing.first()?;
        let expires = now.checked_add(TOKEN_LIFE).unwrap_or(Timestamp::MAX).as_second();
        let code = hex(&mac(secret, pair, expires)?.finalize().into_bytes());
        Some(format!("{TOKEN_PREFIX}{expires}.{code}"))
    }

    /// A token that says who a participant is, and when it ends; `None` when there is no key to sign it with.
    pub(super) fn link_token(&self, pair: &Pair, now: Timestamp) -> Option<(String, Timestamp)> {
        let secret = self.linking.first()?;
        let ends = now.checked_add(LINK_LIFE).unwrap_or(Timestamp::MAX).as_second();
        let code = hex(&mac(secret, pair, ends)?.finalize().into_bytes());
        // A name may hold anything that can be printed, and a token shall survive being copied.
        let name = hex(pair.participant.as_str().as_bytes());
        let token = format!("{LINK_PREFIX}{ends}.{name}.{code}");
        Some((token, Timestamp::from_second(ends).ok()?))
    }

    /// The participant of a business whom a token was given for; `None` for what is no token of it, or has run out.
    pub(super) fn linked_by(
        &self,
        token: &str,
        business: &BusinessId,
        now: Timestamp,
    ) -> Option<(ParticipantId, Timestamp)> {
        let mut parts = token.trim().strip_prefix(LINK_PREFIX)?.splitn(3, '.');
        let ends = parts.next()?.parse::<i64>().ok()?;
        let name = String::from_utf8(unhex(parts.next()?)?).ok()?;
        let code = unhex(parts.next()?)?;
        let pair = Pair {
            business: business.clone(),
            participant: ParticipantId::new(name).ok()?,
        };
        let is_signed = self
            .linking
            .iter()
            .filter_map(|secret| mac(secret, &pair, ends))
            .any(|mac| mac.verify_slice(&code).is_ok());
        let ends_at = Timestamp::from_second(ends).ok()?;
        (is_signed && now < ends_at).then_some((pair.participant, ends_at))
    }

    fn is_key(&self, given: &str) -> bool {
        let given: Hash = Sha256::digest(given).into();
        // Every key is compared, so that the time says nothing about which one was near.
        let found = self
            .keys
            .iter()
            .fold(subtle::Choice::from(0), |found, key| found | key.ct_eq(&given));
        found.into()
    }

    fn admits(&self, token: &str, pair: &Pair, now: Timestamp) -> bool {
        let Some((expires, code)) = token
            .strip_prefix(TOKEN_PREFIX)
            .and_then(|rest| rest.split_once('.'))
        else {
            return false;
        };
        let (Ok(expires), Some(code)) = (expires.parse::<i64>(), unhex(code)) else {
            return false;
        };
        // `verify_slice` compares in constant time.
        let signed = self
            .signing
            .iter()
            .filter_map(|secret| mac(secret, pair, expires))
            .any(|mac| mac.verify_slice(&code).is_ok());
        signed && now.as_second() < expires
    }

    /// Who sent these headers.
    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        if !self.are_configured() {
            return Ok(Caller::Operator);
        }
        let Some(given) = credential(headers) else {
            return Err(unauthorized(
                "send an API key as Authorization: Bearer or X-Api-Key",
            ));
        };
        if self.is_key(given) {
            Ok(Caller::Operator)
        } else if given.starts_with(TOKEN_PREFIX) {
            Ok(Caller::Visitor(given.into()))
        } else {
            Err(unauthorized("the API key is not known"))
        }
    }
}

impl Caller {
    /// Whether the caller may talk in this conversation.
    pub(super) fn may_speak_for(&self, pair: &Pair, app: &App) -> Result<(), Problem> {
        match self {
            Self::Operator => Ok(()),
            Self::Visitor(token) if app.keys.admits(token, pair, app.clock.now()) => Ok(()),
            Self::Visitor(_) => Err(unauthorized(
                "the token is not for this conversation, or has run out",
            )),
        }
    }
}

/// Who calls, unless their address has had too much of it: of wrong keys, and of what a visitor does. A visitor's token
/// is given to anybody, so that it vouches for nobody; who holds a key is never limited by an address.
async fn admitted(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Result<Caller, Problem> {
    let caller = app.keys.caller(headers);
    if !matches!(caller, Ok(Caller::Operator)) {
        app.rates.stranger(extensions, headers).await?;
    }
    caller
}

/// Lets in who asks for what needs no key, unless their address has had too much of it.
pub(super) async fn admit_stranger(
    app: &App,
    extensions: &Extensions,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let has_key = app.keys.are_configured() && matches!(app.keys.caller(headers), Ok(Caller::Operator));
    if !has_key {
        app.rates.stranger(extensions, headers).await?;
    }
    Ok(())
}

/// Lets operators through.
pub(super) async fn operators_only(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    match admitted(&app, &parts.extensions, &parts.headers).await {
        Ok(Caller::Operator) => next.run(Request::from_parts(parts, body)).await,
        Ok(Caller::Visitor(_)) => Problem::new(
            Kind::Forbidden,
            "a web chat's token allows only its own conversation",
        )
        .into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Lets operators and visitors through; the handler checks which conversation it is about.
pub(super) async fn visitors_too(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    match admitted(&app, &parts.extensions, &parts.headers).await {
        Ok(caller) => {
            parts.extensions.insert(caller);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    }
}

fn credential(headers: &HeaderMap) -> Option<&str> {
    let bearer = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, key)| key.trim());
    bearer.or_else(|| headers.get("x-api-key").and_then(|value| value.to_str().ok()))
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(Kind::Unauthorized, detail)
}

fn mac(secret: &Hash, pair: &Pair, expires: i64) -> Option<Hmac<Sha256>> {
    // HMAC takes a secret of any length, so this is always `Some`; a missing one would merely verify nothing.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    // No name can hold U+001F, so no two conversations share a text.
    mac.update(format!("{}\u{1f}{}\u{1f}{expires}", pair.business, pair.participant).as_bytes());
    Some(mac)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(business: &str, participant: &str) -> Pair {
        Pair {
            business: BusinessId::new(business).unwrap(),
            participant: ParticipantId::new(participant).unwrap(),
        }
    }

    fn keys(keys: &[&str]) -> Keys {
        Keys::new(
            &keys
                .iter()
                .map(|&key| SecretString::from(key))
                .collect::<Vec<_>>(),
        )
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_token_opens_its_own_conversation_and_no_other() {
        let keys = keys(&["secret"]);
        let token = keys.token(&pair("salon", "web-1"), NOW).unwrap();
        assert!(keys.admits(&token, &pair("salon", "web-1"), NOW));
        assert!(!keys.admits(&token, &pair("salon", "web-2"), NOW));
        assert!(!keys.admits(&token, &pair("spa", "web-1"), NOW));
    }

    #[test]
    fn a_token_ends_and_its_end_cannot_be_put_off() {
        let keys = keys(&["secret"]);
        let pair = pair("salon", "web-1");
        let token = keys.token(&pair, NOW).unwrap();
        let end = NOW.checked_add(TOKEN_LIFE).unwrap();
        assert!(!keys.admits(&token, &pair, end));
        let (_, code) = token.rsplit_once('.').unwrap();
        let forged = format!("{TOKEN_PREFIX}{}.{code}", end.as_second() + 1);
        assert!(!keys.admits(&forged, &pair, NOW));
    }

    #[test]
    fn a_new_first_key_keeps_old_tokens_and_removing_a_key_ends_them() {
        let pair = pair("salon", "web-1");
        let token = keys(&["old"]).token(&pair, NOW).unwrap();
        assert!(keys(&["new", "old"]).admits(&token, &pair, NOW));
        assert!(!keys(&["new"]).admits(&token, &pair, NOW));
    }

    #[test]
    fn what_is_no_token_is_refused_without_a_fuss() {
        let keys = keys(&["secret"]);
        for text in [
            "",
            "fdw1.",
            "fdw1.x.y",
            "fdw1.9999999999.zz",
            "fdw1.9999999999.é",
            "fdw1.1.0",
        ] {
            assert!(!keys.admits(text, &pair("salon", "web-1"), NOW), "{text}");
        }
    }

    #[test]
    fn a_link_token_names_its_participant_to_its_business_for_a_while() {
        let keys = keys(&["secret"]);
        let (salon, spa) = (BusinessId::new("salon").unwrap(), BusinessId::new("spa").unwrap());
        let ana = pair("salon", "whatsapp:main:Ana é.1");
        let (token, ends) = keys.link_token(&ana, NOW).unwrap();
        assert_eq!(ends, NOW.checked_add(LINK_LIFE).unwrap());
        let hers = Some((ana.participant.clone(), ends));
        assert_eq!(keys.linked_by(&token, &salon, NOW), hers);
        assert_eq!(keys.linked_by(&token, &spa, NOW), None);
        assert_eq!(keys.linked_by(&token, &salon, ends), None);
        let other = token.replace(&hex(ana.participant.as_str().as_bytes()), &hex(b"ben"));
        assert_eq!(keys.linked_by(&other, &salon, NOW), None);
        let later = token.replace(&ends.as_second().to_string(), "9999999999");
        assert_eq!(keys.linked_by(&later, &salon, NOW), None);
    }

    #[test]
    fn a_link_token_and_a_chats_token_do_not_stand_for_each_other() {
        let keys = keys(&["secret"]);
        let ana = pair("salon", "ana");
        let (link, _) = keys.link_token(&ana, NOW).unwrap();
        let chat = keys.token(&ana, NOW).unwrap();
        let (_, code) = link.rsplit_once('.').unwrap();
        assert!(!keys.admits(&link, &ana, NOW));
        assert!(!keys.admits(&format!("{TOKEN_PREFIX}900.{code}"), &ana, NOW));
        assert_eq!(keys.linked_by(&chat, &ana.business, NOW), None);
        let (ends, code) = chat.strip_prefix(TOKEN_PREFIX).unwrap().split_once('.').unwrap();
        let forged = format!("{LINK_PREFIX}{ends}.{}.{code}", hex(b"ana"));
        assert_eq!(keys.linked_by(&forged, &ana.business, NOW), None);
        for text in [
            "",
            "fdl1.",
            "fdl1.1.2",
            "fdl1.x.616e61.00",
            "fdl1.9999999999.ff.00",
        ] {
            assert_eq!(keys.linked_by(text, &ana.business, NOW), None, "{text}");
        }
    }

    #[test]
    fn without_keys_everybody_is_an_operator_and_no_token_is_needed() {
        let none = keys(&[]);
        assert_eq!(none.caller(&HeaderMap::new()).unwrap(), Caller::Operator);
        assert_eq!(none.token(&pair("salon", "web-1"), NOW), None);
    }

    #[test]
    fn a_key_is_taken_from_either_header() {
        let keys = keys(&["one", "two"]);
        let caller = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            keys.caller(&headers).ok()
        };
        assert_eq!(caller("authorization", "Bearer two"), Some(Caller::Operator));
        assert_eq!(caller("authorization", "bearer one"), Some(Caller::Operator));
        assert_eq!(caller("x-api-key", "one"), Some(Caller::Operator));
        assert_eq!(caller("x-api-key", "three"), None);
        assert_eq!(caller("authorization", "Basic one"), None);
        assert!(matches!(
            caller("authorization", "Bearer fdw1.1.00"),
            Some(Caller::Visitor(_))
        ));
    }
}
