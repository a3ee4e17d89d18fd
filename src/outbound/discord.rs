//! Discord: answers to interactions while their token lives, and messages in the channel.
//!
//! An interaction was answered with "later" at once; the first message takes the place of that, so that sending it again
//! changes nothing. A message in a channel has a nonce, by which Discord knows a repeated one for some minutes.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::addressed::{base, clipped, reply};
use super::cut::{Longest, cut};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;
use crate::webhook::discord::{Address, Interaction, custom_id};

const API: &str = "https://discord.com/api/v10";
const CONTENT_MAX: Longest = Longest::Chars(2_000);
const BUTTONS_PER_ROW: usize = 5;
const ROWS_MAX: usize = 5;
const LABEL_CHARS_MAX: usize = 80;
const CUSTOM_ID_CHARS_MAX: usize = 100;

/// How long an interaction's token is used: 15 minutes, less what a call and two clocks may be apart.
const TOKEN_LIVES: SignedDuration = SignedDuration::from_secs(15 * 60 - 30);

/// A reply that is committed later than this after an interaction is no answer to it but the next thing that is said,
/// which must not take the place of the answer.
const ANSWERS_WITHIN: SignedDuration = SignedDuration::from_mins(2);

/// How soon an answer that was faster than our "later" is sent again.
const OVERTAKEN: Duration = Duration::from_secs(2);

/// Discord's side out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discord;

impl Wire for Discord {
    fn channel(&self) -> Channel {
        Channel::Discord
    }

    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let (reply, address) = reply::<Address>(row)?;
        let way = Way::of(account, row, &address, now)?;
        let pieces = cut(&reply.text, CONTENT_MAX);
        let last = pieces.len().saturating_sub(1);
        let call = |(n, text): (usize, &str)| {
            let mut body = json!({"content": text, "allowed_mentions": {"parse": []}});
            // Always there: in place of a message with buttons comes one that may have none.
            body["components"] = if n == last {
                buttons(&reply.options)
            } else {
                json!([])
            };
            way.call(row.id, n, body)
        };
        Ok(pieces.into_iter().enumerate().map(call).collect())
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Body {
            id: Option<String>,
            code: Option<u64>,
            message: Option<String>,
            retry_after: Option<f64>,
        }
        let body: Body = serde_json::from_slice(answer.body).unwrap_or_default();
        let status = answer.status;
        let code = body.code.unwrap_or_default();
        let words = body
            .message
            .as_deref()
            .map_or("nothing", |words| clipped(words, 100));
        let problem = format!("Discord says {words} ({code}) with status {status}");
        match (status, code) {
            (200..=299, _) => Judgement::Taken(body.id),
            (429, _) => Judgement::Later {
                after: body
                    .retry_after
                    .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                    .or(answer.retry_after),
                problem,
            },
            // The token is known only once our "later" has arrived, which our reply may overtake. When it is dead, it
            // is tried until its time is over, and then the channel is.
            (404, 10_008 | 10_015) | (401, 50_027) => Judgement::Later {
                after: Some(OVERTAKEN),
                problem,
            },
            (500..=599, _) => Judgement::Later {
                after: answer.retry_after,
                problem,
            },
            (401, _) => Judgement::AccountStopped(problem),
            _ => Judgement::Refused(problem),
        }
    }

    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::SendAgain
    }

    /// Discord tells its limits with every answer; these stay below those that it usually has.
    fn pace(&self) -> Pace {
        Pace {
            per_second: 40.0,
            to_one: Duration::from_secs(1),
            burst: 5,
        }
    }

    /// Shows that somebody types, for 10 seconds. Needs the bot; to a command Discord itself shows as much.
    fn heard(&self, account: &Account, _message_id: &str, address: &str) -> Option<Call> {
        let address: Address = serde_json::from_str(address).ok()?;
        let channel = address.channel.filter(|channel| is_id(channel))?;
        Some(Call {
            method: Method::POST,
            url: SecretString::from(format!("{}/channels/{channel}/typing", base(account, API))),
            headers: vec![bot(account)?],
            content_type: "application/json",
            body: Vec::new(),
        })
    }
}

/// How a reply goes.
enum Way {
    /// As the answer to an interaction: the first message in place of our "later", if it is the first that is said.
    Answer { url: String, first: bool },
    /// As messages in a channel.
    Channel {
        url: String,
        authorization: (&'static str, SecretString),
    },
}

impl Way {
    fn of(account: &Account, row: &OutboxRow, address: &Address, now: Timestamp) -> Result<Self, Unsendable> {
        let api = base(account, API);
        let alive = |one: &&Interaction| {
            now.duration_since(one.at) < TOKEN_LIVES && is_id(&one.application) && is_token(&one.token)
        };
        if let Some(one) = address.interaction.as_ref().filter(alive) {
            return Ok(Self::Answer {
                url: format!("{api}/webhooks/{}/{}", one.application, one.token),
                first: row.ordinal == 0 && row.at.duration_since(one.at) < ANSWERS_WITHIN,
            });
        }
        let channel = address.channel.as_deref().filter(|channel| is_id(channel));
        match (channel, bot(account)) {
            (Some(channel), Some(authorization)) => Ok(Self::Channel {
                url: format!("{api}/channels/{channel}/messages"),
                authorization,
            }),
            (None, _) => Err(Unsendable(
                "the interaction is over, and nobody knows in which channel it was".to_owned(),
            )),
            (_, None) => Err(Unsendable(
                "the interaction is over, and the account has no bot_token".to_owned(),
            )),
        }
    }

    fn call(&self, row: Uuid, part: usize, mut body: Value) -> Call {
        let (method, url, headers) = match self {
            Self::Answer { url, first: true } if part == 0 => {
                (Method::PATCH, format!("{url}/messages/@original"), Vec::new())
            }
            Self::Answer { url, .. } => (Method::POST, url.clone(), Vec::new()),
            Self::Channel { url, authorization } => {
                body["nonce"] = json!(nonce(row, part));
                body["enforce_nonce"] = json!(true);
                (Method::POST, url.clone(), vec![authorization.clone()])
            }
        };
        Call {
            method,
            url: SecretString::from(url),
            headers,
            content_type: "application/json",
            body: body.to_string().into_bytes(),
        }
    }
}

fn bot(account: &Account) -> Option<(&'static str, SecretString)> {
    let token = account.secrets.newest("bot_token")?;
    Some(("authorization", SecretString::from(format!("Bot {token}"))))
}

/// The same for the same message on every try: 22 characters of the row's id, and its place among the pieces.
fn nonce(row: Uuid, part: usize) -> String {
    format!("{}{}", URL_SAFE_NO_PAD.encode(row.as_bytes()), part.min(999))
}

/// Whether it may stand in a path as an id.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether it may stand in a path as a token.
fn is_token(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'=' | b'~');
    !text.is_empty() && text.bytes().all(plain) && !matches!(text, "." | "..")
}

/// Rows of buttons, one for each option.
fn buttons(options: &[String]) -> Value {
    let options: Vec<_> = options
        .iter()
        .filter(|option| !option.trim().is_empty())
        .take(BUTTONS_PER_ROW * ROWS_MAX)
        .enumerate()
        .collect();
    options
        .chunks(BUTTONS_PER_ROW)
        .map(|row| {
            let row: Vec<_> = row
                .iter()
                .map(|(n, option)| {
                    json!({
                        "type": 2,
                        "style": 2,
                        "label": clipped(option, LABEL_CHARS_MAX),
                        "custom_id": clipped(&custom_id(*n, option), CUSTOM_ID_CHARS_MAX),
                    })
                })
                .collect();
            json!({"type": 1, "components": row})
        })
        .collect()
}

#[cfg(test)]
mod tests;
