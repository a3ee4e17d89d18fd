//! Facebook Messenger, inbound. Facts: Meta's Messenger platform, "Webhooks" and the reference of its events.

use jiff::Timestamp;
use serde_json::json;

use super::intake::{Answer, Forged, Intake, Malformed, Parsed, Request, Sample};
use super::meta::{self, messaging};
use crate::accounts::{Account, Field};
use crate::types::Channel;

/// Pages that people write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messenger;

const FIELDS: [Field; 6] = [
    Field::setting("page_id", "The Page's id: Page, About, Page transparency."),
    meta::APP_SECRET,
    meta::VERIFY_TOKEN,
    meta::ACCESS_TOKEN,
    meta::API_BASE,
    meta::API_VERSION,
];

impl Intake for Messenger {
    fn channel(&self) -> Channel {
        Channel::Messenger
    }

    fn fields(&self) -> &'static [Field] {
        &FIELDS
    }

    fn body_max(&self) -> usize {
        meta::BODY_MAX
    }

    fn handshake(&self, account: &Account, query: &[(String, String)]) -> Option<Answer> {
        meta::handshake(account, query)
    }

    fn verify(&self, request: &Request<'_>, account: &Account, _now: Timestamp) -> Result<(), Forged> {
        meta::verify(request, account)
    }

    fn parse(&self, request: &Request<'_>, account: &Account) -> Result<Parsed, Malformed> {
        let own = account.setting("page_id");
        meta::entries(request.body, "page", |entry, out| {
            messaging::entry(entry, own, out);
            Ok(())
        })
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        let page = account.setting("page_id")?;
        let time = now.as_millisecond();
        let event = json!({
            "sender": {"id": "1"},
            "recipient": {"id": page},
            "timestamp": time,
            "message": {"mid": message_id, "text": text},
        });
        meta::signed(
            account,
            &json!({"object": "page", "entry": [{"id": page, "time": time, "messaging": [event]}]}),
        )
    }
}

#[cfg(test)]
mod tests;
