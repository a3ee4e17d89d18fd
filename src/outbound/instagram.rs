//! Instagram's direct messages, outbound. Facts: Meta's Instagram platform, "Messaging API".
//!
//! Two hosts and two kinds of tokens: an account with Instagram login sends as itself, one that is linked to a Page sends
//! as the Page.

use std::time::Duration;

use jiff::Timestamp;

use super::cut::Longest;
use super::meta::{self, SendApi};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;

/// Sends as a professional account.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instagram;

/// The limit is one of bytes, not of characters.
const API: SendApi = SendApi {
    name: "Instagram",
    longest: Longest::Bytes(1000),
    echoes: false,
};

/// Where the account sends, and as whom.
fn door(account: &Account) -> Result<(&'static str, &str), Unsendable> {
    match account.setting("page_id") {
        Some(_) => Ok(("https://graph.facebook.com", meta::segment(account, "page_id")?)),
        None => Ok((
            "https://graph.instagram.com",
            meta::segment(account, "instagram_id")?,
        )),
    }
}

impl Wire for Instagram {
    fn channel(&self) -> Channel {
        Channel::Instagram
    }

    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let (base, node) = door(account)?;
        let bodies = API.bodies(row, now)?;
        let call = |body| meta::post(account, base, node, body);
        bodies.iter().map(call).collect()
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        meta::judge(answer)
    }

    /// Nothing that comes back names our id.
    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::Leave
    }

    fn pace(&self) -> Pace {
        Pace {
            per_second: 300.0,
            to_one: Duration::ZERO,
            burst: 1,
        }
    }

    fn heard(&self, account: &Account, _message_id: &str, address: &str) -> Option<Call> {
        let (base, node) = door(account).ok()?;
        meta::post(account, base, node, &meta::typing(address)?).ok()
    }
}

#[cfg(test)]
mod tests;
