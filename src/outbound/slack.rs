//! Slack: `chat.postMessage`.
//!
//! Slack answers with status 200 to almost everything, and says in the body whether it was done. It makes a second post
//! of a second request and tells of none, so that a send of unknown fate is left for an operator to look at.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};

use super::addressed::{base, clipped, reply};
use super::cut::{Longest, cut};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;
use crate::webhook::slack::{Address, escaped};

/// The longest text; Slack itself splits longer ones.
const TEXT_CHARS_MAX: usize = 4_000;
/// The longest text of a section, as it is written.
const SECTION_CHARS_MAX: usize = 3_000;
/// A character that must be written otherwise takes at most so many.
const ESCAPED_CHARS_MAX: usize = "&amp;".len();
const BUTTONS_MAX: usize = 25;
const BUTTONS_PER_ROW: usize = 5;
const LABEL_CHARS_MAX: usize = 75;
const VALUE_CHARS_MAX: usize = 2_000;

/// Slack's side out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slack;

impl Wire for Slack {
    fn channel(&self) -> Channel {
        Channel::Slack
    }

    fn messages(&self, account: &Account, row: &OutboxRow, _now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let (reply, address) = reply::<Address>(row)?;
        let token = account
            .secrets
            .newest("bot_token")
            .ok_or_else(|| Unsendable("the account has no bot_token".to_owned()))?;
        let url = format!("{}/chat.postMessage", base(account, "https://slack.com/api"));
        let pieces = cut(&reply.text, Longest::Chars(TEXT_CHARS_MAX));
        let last = pieces.len().saturating_sub(1);
        let call = |(n, text): (usize, &str)| {
            let mut body = json!({
                "channel": address.channel,
                "text": escaped(text),
                // So that an operator can find out whether a send of unknown fate arrived.
                "metadata": {"event_type": "frontdesk_reply", "event_payload": {"outbox_id": row.id, "part": n}},
            });
            if let Some(thread) = &address.thread_ts {
                body["thread_ts"] = json!(thread);
            }
            if n == last && !reply.options.is_empty() {
                body["blocks"] = blocks(text, &reply.options);
            }
            Call {
                method: Method::POST,
                url: SecretString::from(url.clone()),
                headers: vec![("authorization", SecretString::from(format!("Bearer {token}")))],
                content_type: "application/json; charset=utf-8",
                body: body.to_string().into_bytes(),
            }
        };
        Ok(pieces.into_iter().enumerate().map(call).collect())
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        #[derive(Deserialize)]
        struct Body {
            ok: bool,
            #[serde(default)]
            error: Option<String>,
            #[serde(default)]
            channel: Option<String>,
            #[serde(default)]
            ts: Option<String>,
        }
        let later = |problem| Judgement::Later {
            after: answer.retry_after,
            problem,
        };
        let status = answer.status;
        let body = serde_json::from_slice::<Body>(answer.body).ok();
        let Some(body) = body else {
            let problem = format!("Slack answered with status {status} and no JSON");
            return match status {
                // A gateway that got no answer in time cannot tell whether it was posted; neither can this one.
                200..=299 | 502 | 504 => Judgement::Unknown(problem),
                429 | 500..=599 => later(problem),
                401 => Judgement::AccountStopped(problem),
                _ => Judgement::Refused(problem),
            };
        };
        if body.ok {
            let post = body.channel.zip(body.ts);
            return Judgement::Taken(post.map(|(channel, ts)| format!("{channel}:{ts}")));
        }
        let error = body
            .error
            .as_deref()
            .map_or("nothing", |error| clipped(error, 100));
        let problem = format!("Slack says {error}");
        if matches!(status, 429 | 500 | 503) {
            return later(problem);
        }
        match error {
            "ratelimited"
            | "rate_limited"
            | "internal_error"
            | "service_unavailable"
            | "fatal_error"
            | "request_timeout" => later(problem),
            // The app is not installed any more, or may not do what it must.
            "invalid_auth"
            | "not_authed"
            | "token_revoked"
            | "token_expired"
            | "account_inactive"
            | "missing_scope"
            | "not_allowed_token_type"
            | "org_login_required"
            | "team_access_not_granted"
            | "ekm_access_denied" => Judgement::AccountStopped(problem),
            _ => Judgement::Refused(problem),
        }
    }

    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::Leave
    }

    /// One message a second to a channel, with short bursts.
    fn pace(&self) -> Pace {
        Pace {
            per_second: 5.0,
            to_one: Duration::from_secs(1),
            burst: 3,
        }
    }
}

/// The text and, below it, the options as buttons. With blocks, Slack shows the message's own text only in notices.
fn blocks(text: &str, options: &[String]) -> Value {
    // Seldom is there anything to escape; then the pieces are short enough for the worst.
    let fits = |longest: usize| {
        let pieces = cut(text, Longest::Chars(longest));
        let pieces: Vec<_> = pieces.into_iter().map(escaped).collect();
        let fit = pieces
            .iter()
            .all(|piece| piece.chars().count() <= SECTION_CHARS_MAX);
        fit.then_some(pieces)
    };
    let sections = fits(SECTION_CHARS_MAX)
        .or_else(|| fits(SECTION_CHARS_MAX / ESCAPED_CHARS_MAX))
        .unwrap_or_default();
    let mut blocks: Vec<_> = sections
        .into_iter()
        .map(|text| json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}}))
        .collect();
    let options: Vec<_> = options
        .iter()
        .filter(|option| !option.trim().is_empty())
        .take(BUTTONS_MAX)
        .enumerate()
        .collect();
    for row in options.chunks(BUTTONS_PER_ROW) {
        let elements: Vec<_> = row
            .iter()
            .map(|(n, option)| {
                json!({
                    "type": "button",
                    "action_id": format!("option-{n}"),
                    "text": {"type": "plain_text", "text": clipped(option, LABEL_CHARS_MAX)},
                    "value": clipped(option, VALUE_CHARS_MAX),
                })
            })
            .collect();
        blocks.push(json!({"type": "actions", "elements": elements}));
    }
    Value::Array(blocks)
}

#[cfg(test)]
mod tests;
