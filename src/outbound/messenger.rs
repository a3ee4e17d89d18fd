//! Facebook Messenger, outbound. Facts: Meta's Messenger platform, "Send API", "Quick replies", "Sender actions", "Rate
//! limiting".

use std::time::Duration;

use jiff::Timestamp;

use super::cut::Longest;
use super::meta::{self, SendApi};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;

/// Sends as a Page.
#[derive(Debug, Clone, Copy, Default)]
pub struct Messenger;

const BASE: &str = "https://graph.facebook.com";

const API: SendApi = SendApi {
    name: "Messenger",
    longest: Longest::Chars(2000),
    echoes: true,
};

impl Wire for Messenger {
    fn channel(&self) -> Channel {
        Channel::Messenger
    }

    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let page = meta::segment(account, "page_id")?;
        let bodies = API.bodies(row, now)?;
        let call = |body| meta::post(account, BASE, page, body);
        bodies.iter().map(call).collect()
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        meta::judge(answer)
    }

    /// The echo tells, if the Page is subscribed to echoes.
    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::AwaitReceipt
    }

    /// 300 a second would be taken; above 40 the Page's inbox does not show them any more.
    fn pace(&self) -> Pace {
        Pace {
            per_second: 40.0,
            to_one: Duration::ZERO,
            burst: 1,
        }
    }

    fn heard(&self, account: &Account, _message_id: &str, address: &str) -> Option<Call> {
        let page = meta::segment(account, "page_id").ok()?;
        meta::post(account, BASE, page, &meta::typing(address)?).ok()
    }
}

#[cfg(test)]
mod tests;
