//! Twilio: SMS, and WhatsApp through Twilio.
//!
//! Twilio makes a second message of a second request, so a send of unknown fate waits for its status, which comes to
//! our webhook with the row's id in the address. Nothing can be tapped: options are numbered in the text.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;

use super::addressed::{base, reply};
use super::cut::{Longest, cut};
use super::wire::{Answer, Call, Judgement, Pace, Unsendable, WhenUnknown, Wire};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;
use crate::webhook::twilio::{Address, OUTBOX};

/// The longest body of a message.
const BODY_MAX: Longest = Longest::Chars(1_600);

/// Twilio's side out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Twilio;

impl Wire for Twilio {
    fn channel(&self) -> Channel {
        Channel::Twilio
    }

    fn messages(&self, account: &Account, row: &OutboxRow, _now: Timestamp) -> Result<Vec<Call>, Unsendable> {
        let (reply, address) = reply::<Address>(row)?;
        let sid = account
            .setting("account_sid")
            .filter(|sid| sid.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or_else(|| Unsendable("the account has no account_sid".to_owned()))?;
        let token = account
            .secrets
            .newest("auth_token")
            .ok_or_else(|| Unsendable("the account has no auth_token".to_owned()))?;
        let sender = if let Some(service) = account.setting("messaging_service_sid") {
            ("MessagingServiceSid", service)
        } else {
            let from = address.from.as_deref().or(account.setting("from"));
            let from = from.ok_or_else(|| Unsendable("the account has no number to send from".to_owned()))?;
            ("From", from)
        };
        // Twilio refuses a message with an address that it cannot reach, as one is that nobody has configured.
        let reachable = |url: &&str| url.starts_with("https://");
        let told_at = account.setting("webhook_url").filter(reachable).map(|url| {
            let joint = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joint}{OUTBOX}=")
        });
        let url = format!(
            "{}/2010-04-01/Accounts/{sid}/Messages.json",
            base(account, "https://api.twilio.com")
        );
        let authorization = format!("Basic {}", STANDARD.encode(format!("{sid}:{token}")));
        let texts = cut(&reply.text, BODY_MAX);
        let count = texts.len();
        let call = |(part, text): (usize, &str)| {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("To", &address.to);
            form.append_pair(sender.0, sender.1);
            form.append_pair("Body", text);
            if let Some(url) = &told_at {
                form.append_pair("StatusCallback", &format!("{url}{}", row.tag(part, count)));
            }
            Call {
                method: Method::POST,
                url: SecretString::from(url.clone()),
                headers: vec![("authorization", SecretString::from(authorization.clone()))],
                content_type: "application/x-www-form-urlencoded",
                body: form.finish().into_bytes(),
            }
        };
        Ok(texts.into_iter().enumerate().map(call).collect())
    }

    fn judge(&self, answer: &Answer<'_>) -> Judgement {
        /// What is read of Twilio's answers. Their `message` is not: it may hold the customer's number.
        #[derive(Deserialize, Default)]
        #[serde(default)]
        struct Body {
            sid: Option<String>,
            code: Option<u32>,
        }
        let body: Body = serde_json::from_slice(answer.body).unwrap_or_default();
        let status = answer.status;
        let problem = match body.code {
            Some(code) => format!("Twilio's error {code} with status {status}"),
            None => format!("Twilio answered with status {status}"),
        };
        let later = |problem| Judgement::Later {
            after: answer.retry_after,
            problem,
        };
        match (status, body.code) {
            (200..=299, _) => Judgement::Taken(body.sid),
            // Not now: too many requests, the queue is full, the rate of WhatsApp is reached.
            (429, _) | (_, Some(20_429 | 30_001 | 63_018)) => later(problem),
            // A gateway that got no answer in time cannot tell whether the message was made.
            (502 | 504, _) => Judgement::Unknown(problem),
            (500..=599, _) => later(problem),
            // The credentials are wrong, or the account is suspended.
            (401, _) | (_, Some(20_003 | 20_005 | 30_002)) => Judgement::AccountStopped(problem),
            _ => Judgement::Refused(problem),
        }
    }

    fn when_unknown(&self) -> WhenUnknown {
        WhenUnknown::AwaitReceipt
    }

    /// WhatsApp's usual rate. A plain number for SMS takes fewer, and queues the rest for up to 4 hours.
    fn pace(&self) -> Pace {
        Pace {
            per_second: 10.0,
            to_one: Duration::from_secs(1),
            burst: 5,
        }
    }
}

#[cfg(test)]
mod tests;
