//! WhatsApp, outbound, through Meta's Cloud API. Facts: `facebook/openapi`, business messaging API v23.0; Meta's WhatsApp
//! platform, "Typing indicators", "Throughput", "Send messages", "Interactive reply buttons", "Interactive lists".

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cut::{Longest, cut};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use super::{addressed, meta};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;
use crate::webhook::whatsapp::Address;

/// Sends as a business's number.
#[derive(Debug, Clone, Copy, Default)]
pub struct WhatsApp;

const BASE: &str = "https://graph.facebook.com";

/// The longest text, and the longest above buttons.
const TEXT_CHARS_MAX: usize = 4096;
const BODY_CHARS_MAX: usize = 1024;

/// Buttons of a message, their characters, and the longest id.
const BUTTONS_MAX: usize = 3;
const BUTTON_CHARS_MAX: usize = 20;
const BUTTON_ID_MAX: usize = 256;

/// The same of a list's rows, and what is said below a row's title.
const ROWS_MAX: usize = 10;
const ROW_CHARS_MAX: usize = 24;
const ROW_ID_MAX: usize = 200;
const ROW_DESCRIPTION_CHARS_MAX: usize = 72;

impl Wire for WhatsApp {
    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let number = meta::segment(account, "phone_number_id")?;
        let (reply, to) = addressed::reply::<Address>(row)?;
        let mut contents = if meta::window_open(row, now) {
            contents(account, &reply.text, &reply.options)
        } else {
            vec![template(account, row)?]
        };
        let count = contents.len();
        for (part, content) in contents.iter_mut().enumerate() {
            content["biz_opaque_callback_data"] = row.tag(part, count).into();
            content["messaging_product"] = "whatsapp".into();
            content["recipient_type"] = "individual".into();
            match (&to.to, &to.recipient) {
                (Some(number), _) => content["to"] = number.as_str().into(),
                (None, Some(user)) => content["recipient"] = user.as_str().into(),
                (None, None) => return Err(Unsendable("nobody knows where the reply goes".to_owned())),
            }
        }
        let call = |body| meta::post(account, BASE, number, body);
        contents.iter().map(call).collect()
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        meta::judge(answer)
    }

    /// The statuses bring our id back.
    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::AwaitReceipt
    }

    fn pace(&self) -> Pace {
        Pace {
            per_second: 80.0,
            to_one: meta::PAIR_PAUSE,
            burst: 45,
        }
    }

    /// Read, and typing until the reply or for 25 s: one call.
    fn heard(&self, account: &Account, message_id: &str, _address: &str) -> Option<Call> {
        // An id that was made up or shortened is not known there.
        if message_id.contains(':') {
            return None;
        }
        let number = meta::segment(account, "phone_number_id").ok()?;
        let body = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
            "typing_indicator": {"type": "text"},
        });
        meta::post(account, BASE, number, &body).ok()
    }
}

/// The messages that say it: texts, the last one with what can be tapped.
fn contents(account: &Account, text: &str, options: &[String]) -> Vec<Value> {
    let texts = |text: &str| -> Vec<Value> {
        let pieces = cut(text, Longest::Chars(TEXT_CHARS_MAX));
        let content = |piece: &&str| json!({"type": "text", "text": {"body": piece}});
        pieces.iter().map(content).collect()
    };
    // The text above buttons is shorter: what does not fit goes before it.
    let last = cut(text, Longest::Chars(BODY_CHARS_MAX))
        .pop()
        .unwrap_or_default();
    match interactive(account, last, options) {
        Some(interactive) => {
            let head = text.trim().strip_suffix(last).unwrap_or_default();
            let mut contents = texts(head);
            contents.push(json!({"type": "interactive", "interactive": interactive}));
            contents
        }
        None => texts(text),
    }
}

/// Options as buttons or as a list; nothing when they fit into neither.
fn interactive(account: &Account, body: &str, options: &[String]) -> Option<Value> {
    if body.is_empty() {
        return None;
    }
    let body = json!({ "text": body });
    if let Some(labels) = meta::labels(options, BUTTONS_MAX, BUTTON_CHARS_MAX, BUTTON_ID_MAX) {
        let button = |(label, option): (String, &String)| json!({"type": "reply", "reply": {"id": option, "title": label}});
        let buttons: Vec<Value> = labels.into_iter().zip(options).map(button).collect();
        return Some(json!({"type": "button", "body": body, "action": {"buttons": buttons}}));
    }
    let labels = meta::labels(options, ROWS_MAX, ROW_CHARS_MAX, ROW_ID_MAX)?;
    let row = |(label, option): (String, &String)| {
        let mut row = json!({"id": option, "title": label});
        if label != *option {
            row["description"] = meta::label(option, ROW_DESCRIPTION_CHARS_MAX).into();
        }
        row
    };
    let rows: Vec<Value> = labels.into_iter().zip(options).map(row).collect();
    // The options are numbered in the text: that much is understood in every language.
    let numbers = format!("1 – {}", options.len());
    let button = account.setting("list_button").unwrap_or(&numbers);
    let button = meta::label(button, BUTTON_CHARS_MAX);
    Some(json!({"type": "list", "body": body, "action": {"button": button, "sections": [{"rows": rows}]}}))
}

/// What may be said when the customer has been silent for 24 hours: what Meta has approved beforehand.
fn template(account: &Account, row: &OutboxRow) -> Result<Value, Unsendable> {
    let Some(name) = account.setting("template_name") else {
        return Err(Unsendable(
            "the customer has been silent for 24 hours: WhatsApp takes templates only, and the account has no \
             template_name"
                .to_owned(),
        ));
    };
    // A template is one message. It cannot stand for what is left of a text of which the beginning was said.
    if row.parts_sent > 0 {
        return Err(Unsendable(
            "the 24 hours ended after a part of it had been sent".to_owned(),
        ));
    }
    let language = account.setting("template_language").unwrap_or("en_US");
    Ok(json!({"type": "template", "template": {"name": name, "language": {"code": language}}}))
}

#[cfg(test)]
mod tests;
