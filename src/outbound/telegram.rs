//! Telegram, outbound. Facts: Telegram's Bot API 10.1, `sendMessage`, `answerCallbackQuery`, `sendChatAction`; the rates
//! are those of its page of questions and answers.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::cut::{Longest, cut};
use super::meta::{address, reply, shortened};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;
use crate::webhook::telegram::Address;

/// Sends as a bot.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telegram;

const TEXT_UTF16_MAX: usize = 4096;

/// The longest data of a button, in bytes.
const DATA_MAX: usize = 64;

/// The most buttons of a keyboard.
const BUTTONS_MAX: usize = 100;

impl Wire for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn messages(&self, account: &Account, row: &OutboxRow, _now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let (reply, reach) = reply(row)?;
        let to: Address = address(&reach.address)?;
        let pieces = cut(&reply.text, Longest::Utf16(TEXT_UTF16_MAX));
        let mut bodies: Vec<Value> = pieces
            .iter()
            .map(|piece| json!({"chat_id": to.chat, "text": piece}))
            .collect();
        let last = bodies.last_mut();
        let last = last.ok_or_else(|| Unsendable("there is nothing to say".to_owned()))?;
        if let Some(keyboard) = keyboard(&reply.options) {
            last["reply_markup"] = keyboard;
        }
        bodies
            .iter()
            .map(|body| call(account, "sendMessage", body))
            .collect()
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        judge(answer)
    }

    /// Nothing comes back that tells.
    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::Leave
    }

    fn pace(&self) -> Pace {
        Pace {
            per_second: 30.0,
            to_one: Duration::from_secs(1),
            burst: 1,
        }
    }

    /// A button that was tapped is told that it was, or it spins; to who has written we are typing.
    fn heard(&self, account: &Account, _message_id: &str, to: &str) -> Option<Call> {
        let to: Address = address(to).ok()?;
        let call = match to.callback {
            Some(callback) => call(
                account,
                "answerCallbackQuery",
                &json!({"callback_query_id": callback}),
            ),
            None => call(
                account,
                "sendChatAction",
                &json!({"chat_id": to.chat, "action": "typing"}),
            ),
        };
        call.ok()
    }
}

/// The token is a part of the address, as Telegram wants it.
fn call(account: &Account, method: &str, body: &Value) -> Result<Call, Unsendable> {
    let base = account.setting("api_base").unwrap_or("https://api.telegram.org");
    let token = account.secrets.newest("bot_token");
    let token = token.ok_or_else(|| Unsendable("the account has no bot_token".to_owned()))?;
    if !token
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-'))
    {
        return Err(Unsendable(
            "the account's bot_token is not of its form".to_owned(),
        ));
    }
    Ok(Call {
        method: Method::POST,
        url: format!("{}/bot{token}/{method}", base.trim_end_matches('/')).into(),
        headers: Vec::new(),
        content_type: "application/json",
        body: body.to_string().into_bytes(),
    })
}

/// One button below the other, each with the whole option on it.
fn keyboard(options: &[String]) -> Option<Value> {
    if options.is_empty() || options.len() > BUTTONS_MAX || options.iter().any(|o| o.trim().is_empty()) {
        return None;
    }
    let button = |(at, option): (usize, &String)| {
        // What does not fit, or would be taken for a place, is named by its place: the keyboard comes back with the tap.
        let data = if option.len() <= DATA_MAX && place(option).is_none() {
            option.clone()
        } else {
            format!("#{}", at + 1)
        };
        json!([{"text": option, "callback_data": data}])
    };
    let rows: Vec<Value> = options.iter().enumerate().map(button).collect();
    Some(json!({ "inline_keyboard": rows }))
}

/// The place, from 1, that a button's data names in its keyboard; `None` when the data is the option itself.
#[must_use]
pub fn place(data: &str) -> Option<usize> {
    let place: usize = data.strip_prefix('#')?.parse().ok()?;
    (1..=BUTTONS_MAX).contains(&place).then_some(place)
}

#[derive(Deserialize)]
struct Body {
    ok: Option<bool>,
    result: Option<Value>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

/// What an answer means. A 200 that cannot be read was given by whoever has taken the message.
fn judge(answer: &Answer<'_>) -> Judgement {
    let body: Option<Body> = serde_json::from_slice(answer.body).ok();
    let status = answer.status;
    let ok = body.as_ref().and_then(|body| body.ok);
    if (200..=299).contains(&status) && ok != Some(false) {
        return Judgement::Taken(body.and_then(|body| message_id(&body.result?)));
    }
    let reason = body.as_ref().and_then(|body| body.description.as_deref());
    let problem = match reason {
        Some(reason) => format!("HTTP {status}: {}", shortened(reason)),
        None => format!("HTTP {status} without a reason"),
    };
    let told = body.and_then(|body| body.parameters?.retry_after);
    let after = told.map(Duration::from_secs).or(answer.retry_after);
    match status {
        504 if ok.is_none() => Judgement::Unknown(problem),
        408 | 425 | 429 | 500.. => Judgement::Later { after, problem },
        // No bot has this token, any more or at all.
        401 | 404 => Judgement::AccountStopped(problem),
        // Blocked by the customer, who may be gone altogether; or ours is wrong.
        _ => Judgement::Refused(problem),
    }
}

/// The id under which the side in knows the message.
fn message_id(result: &Value) -> Option<String> {
    let chat = result["chat"]["id"].as_i64()?;
    let message = result["message_id"].as_i64()?;
    Some(format!("{chat}:{message}"))
}

#[cfg(test)]
mod tests;
