//! Rows as turns commit them, for the tests of the channels.

use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use uuid::Uuid;

use super::wire::{Answer, Call};
use crate::dialogue::outcome::Reply;
use crate::store::{Content, Notice, Origin, OutboxRow};
use crate::types::{AccountId, BusinessId, Channel, Pair, ParticipantId, Reach};

pub(crate) const ROW: Uuid = Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001);

pub(crate) fn at() -> Timestamp {
    "2026-11-20T15:00:00Z".parse().unwrap()
}

pub(crate) fn row(channel: Channel, address: &Value, text: &str, options: &[&str]) -> OutboxRow {
    let reply = Reply {
        text: text.to_owned(),
        options: options.iter().map(|option| (*option).to_owned()).collect(),
    };
    OutboxRow {
        id: ROW,
        pair: Pair {
            business: BusinessId::new("demo-salon").unwrap(),
            participant: ParticipantId::new("ana").unwrap(),
        },
        version: 3,
        ordinal: 0,
        seq: 12,
        channel,
        reach: Some(Reach {
            account: AccountId::new("front").unwrap(),
            address: address.to_string(),
            heard_at: at(),
        }),
        content: Content::Reply(reply),
        origin: Origin::default(),
        sent: false,
        attempts: 0,
        parts_sent: 0,
        unknown: false,
        at: at(),
    }
}

pub(crate) fn notice(channel: Channel) -> OutboxRow {
    OutboxRow {
        content: Content::Notice(Notice {
            kind: "appointment.confirmed".to_owned(),
            timestamp: at(),
            data: serde_json::json!({"appointment_id": "a1"}),
        }),
        ..row(channel, &serde_json::json!({}), "", &[])
    }
}

/// A call, to be looked at: method, address, and what of headers and body tests ask for.
pub(crate) fn line(call: &Call) -> String {
    format!("{} {}", call.method, call.url.expose_secret())
}

pub(crate) fn header<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    let found = call.headers.iter().find(|(header, _)| *header == name);
    found.map(|(_, value)| value.expose_secret())
}

pub(crate) fn json(call: &Call) -> Value {
    serde_json::from_slice(&call.body).unwrap()
}

pub(crate) fn answer(status: u16, body: &str) -> Answer<'_> {
    Answer {
        status,
        retry_after: None,
        content_type: Some("application/json"),
        body: body.as_bytes(),
    }
}
