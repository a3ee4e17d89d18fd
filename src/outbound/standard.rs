//! Standard Webhooks: any platform of one's own, and a business's own systems.
//!
//! A reply goes out whole as `message.reply`, an event as it is. The row's id is the `webhook-id` of every try, by which
//! the receiver knows a repeated one; time and signature are new on each. The schema stands in
//! `docs/channels/standard.md`.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::addressed::reply;
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::{Content, OutboxRow};
use crate::types::Channel;
use crate::webhook::standard::{Address, sign, sign_with_key};

/// The side out of Standard Webhooks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Reply(Message<'a>),
    Notice(&'a Value),
}

#[derive(Serialize)]
struct Message<'a> {
    outbox_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<String>,
    participant_id: String,
    text: &'a str,
    options: &'a [String],
    seq: u64,
}

impl Wire for Standard {
    fn channel(&self) -> Channel {
        Channel::Standard
    }

    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let url = account
            .setting("url")
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
            .ok_or_else(|| Unsendable("the account has no url to send to".to_owned()))?;
        let body = match &row.content {
            Content::Notice(notice) => Body {
                kind: &notice.kind,
                timestamp: notice.timestamp,
                data: Data::Notice(&notice.data),
            },
            Content::Reply(_) => {
                let (reply, address) = reply::<Address>(row)?;
                Body {
                    kind: "message.reply",
                    timestamp: row.at,
                    data: Data::Reply(Message {
                        outbox_id: row.id,
                        conversation: address.conversation,
                        participant_id: address.participant,
                        text: &reply.text,
                        options: &reply.options,
                        seq: row.seq,
                    }),
                }
            }
        };
        let body =
            serde_json::to_vec(&body).map_err(|_| Unsendable("it cannot be written as JSON".to_owned()))?;
        let id = row.id.to_string();
        let timestamp = now.as_second().to_string();
        let mut signature = account
            .secrets
            .newest("secret")
            .and_then(|secret| sign(secret, &id, &timestamp, &body))
            .ok_or_else(|| Unsendable("the account has no secret in base64 to sign with".to_owned()))?;
        if let Some(key) = account.secrets.newest("signing_key") {
            let second = sign_with_key(key, &id, &timestamp, &body).ok_or_else(|| {
                Unsendable("the account's signing_key is no Ed25519 key in base64".to_owned())
            })?;
            signature = format!("{signature} {second}");
        }
        Ok(vec![Call {
            method: Method::POST,
            url: SecretString::from(url.to_owned()),
            headers: vec![
                ("webhook-id", SecretString::from(id)),
                ("webhook-timestamp", SecretString::from(timestamp)),
                ("webhook-signature", SecretString::from(signature)),
            ],
            content_type: "application/json",
            body,
        }])
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        let status = answer.status;
        let problem = format!("the platform answered with status {status}");
        match status {
            200..=299 => Judgement::Taken(None),
            // It says that it wants no more.
            410 => Judgement::AccountStopped(problem),
            // Whoever runs the platform may yet mend it: redirects and refusals too are tried again.
            _ => Judgement::Later {
                after: answer.retry_after,
                problem,
            },
        }
    }

    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::SendAgain
    }

    /// There is no rule: so much as a small system of one's own can take.
    fn pace(&self) -> Pace {
        Pace {
            per_second: 50.0,
            to_one: Duration::from_millis(50),
            burst: 20,
        }
    }
}

#[cfg(test)]
mod tests;
