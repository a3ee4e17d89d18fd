//! Instagram's direct messages, inbound. Facts: Meta's Instagram platform, "Webhooks"; the events are those of Messenger.
//!
//! Apps with Instagram login are signed with the Instagram app's secret and not with the Meta app's. Both can be given as
//! `app_secret`: all are tried.

use jiff::Timestamp;
use serde_json::json;

use super::intake::{Answer, Forged, Intake, Malformed, Parsed, Request, Sample};
use super::meta::{self, messaging};
use crate::accounts::{Account, Field};
use crate::types::Channel;

/// Professional accounts that people write to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instagram;

const FIELDS: [Field; 7] = [
    Field::setting(
        "instagram_id",
        "The professional account's id, as Meta shows it beside the account when its token is made.",
    ),
    Field::setting(
        "page_id",
        "The id of the Facebook Page, where the account is linked to one and the token is the Page's.",
    )
    .optional(),
    meta::APP_SECRET,
    meta::VERIFY_TOKEN,
    meta::ACCESS_TOKEN,
    meta::API_BASE,
    meta::API_VERSION,
];

impl Intake for Instagram {
    fn channel(&self) -> Channel {
        Channel::Instagram
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
        let own = account.setting("instagram_id");
        meta::entries(request.body, "instagram", |entry, out| {
            messaging::entry(entry, own, out);
            Ok(())
        })
    }

    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample> {
        let own = account.setting("instagram_id")?;
        let time = now.as_millisecond();
        let event = json!({
            "sender": {"id": "1"},
            "recipient": {"id": own},
            "timestamp": time,
            "message": {"mid": message_id, "text": text},
        });
        meta::signed(
            account,
            &json!({"object": "instagram", "entry": [{"id": own, "time": time, "messaging": [event]}]}),
        )
    }
}

#[cfg(test)]
mod tests;
