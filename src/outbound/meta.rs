//! What WhatsApp, Messenger and Instagram have in common on their way out: addresses, errors, the 24 hours, the Send API
//! of the latter two.
//!
//! Facts: Meta's "Error codes" of the WhatsApp platform and of the Graph API, "Send API", "Rate limiting".

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation as _;

use super::addressed;
use super::cut::{Longest, cut};
use super::wire::{Answer, Call, Judgement, Unsendable};
use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::webhook::meta::messaging::Address;

/// How long after a customer's last message Meta takes replies to it.
const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Whether the customer was heard in the last 24 hours.
pub(crate) fn window_open(row: &OutboxRow, now: Timestamp) -> bool {
    let reach = row.reach.as_ref();
    reach.is_some_and(|reach| now.duration_since(reach.heard_at) < WINDOW)
}

/// A setting that becomes a part of an address.
///
/// # Errors
/// When it is missing, or holds what would lead elsewhere.
pub(crate) fn segment<'a>(account: &'a Account, name: &str) -> Result<&'a str, Unsendable> {
    let value = account.setting(name);
    let value = value.ok_or_else(|| Unsendable(format!("the account has no {name}")))?;
    if segment_of(value) {
        Ok(value)
    } else {
        Err(Unsendable(format!("the account's {name} is not of its form")))
    }
}

/// Whether a text can be one part of a path and leads nowhere else.
pub(crate) fn segment_of(value: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    value.chars().all(fine) && !value.starts_with('.')
}

/// A POST of this JSON to the messages of `node`, with the account's token.
///
/// # Errors
/// When the account lacks a setting or its token.
pub(crate) fn post(account: &Account, base: &str, node: &str, body: &Value) -> Result<Call, Unsendable> {
    let base = addressed::base(account, base);
    let version = account.setting("api_version").unwrap_or("v23.0");
    if !segment_of(version) {
        return Err(Unsendable(
            "the account's api_version is not of its form".to_owned(),
        ));
    }
    let token = account.secrets.newest("access_token");
    let token = token.ok_or_else(|| Unsendable("the account has no access_token".to_owned()))?;
    Ok(Call {
        method: Method::POST,
        url: format!("{base}/{version}/{node}/messages").into(),
        headers: vec![("authorization", SecretString::from(format!("Bearer {token}")))],
        content_type: "application/json",
        body: body.to_string().into_bytes(),
    })
}

/// What ends a label that was cut.
const CUT: char = '…';

/// An option as the label of something that is tapped, of at most so many characters. Cut between what a reader sees as
/// characters.
pub(crate) fn label(option: &str, chars_max: usize) -> String {
    if option.chars().count() <= chars_max {
        return option.to_owned();
    }
    let mut label = String::new();
    let mut chars = 1;
    for grapheme in option.graphemes(true) {
        chars += grapheme.chars().count();
        if chars > chars_max {
            break;
        }
        label.push_str(grapheme);
    }
    label.truncate(label.trim_end().len());
    label.push(CUT);
    label
}

/// What somebody meant who tapped something with this label: what the label says, or all of it where the payload tells
/// what was cut off. A payload that says something else is not ours, and nobody has seen it.
pub(crate) fn tapped<'a>(label: &'a str, payload: Option<&'a str>) -> &'a str {
    let Some(payload) = payload else {
        return label;
    };
    let whole = label
        .strip_suffix(CUT)
        .is_some_and(|head| payload.starts_with(head));
    if whole || label.is_empty() { payload } else { label }
}

/// The labels of options, if they fit: each its own, none empty, none longer than `whole_max` bytes before it was cut.
pub(crate) fn labels(
    options: &[String],
    count_max: usize,
    chars_max: usize,
    whole_max: usize,
) -> Option<Vec<String>> {
    let fit = |option: &String| !option.trim().is_empty() && option.len() <= whole_max;
    if options.is_empty() || options.len() > count_max || !options.iter().all(fit) {
        return None;
    }
    let labels: Vec<String> = options.iter().map(|option| label(option, chars_max)).collect();
    let distinct = labels
        .iter()
        .enumerate()
        .all(|(at, label)| !labels[..at].contains(label));
    distinct.then_some(labels)
}

/// How Messenger and Instagram differ.
pub(super) struct SendApi {
    pub(super) name: &'static str,
    pub(super) longest: Longest,
    /// Whether an echo brings back what is put into `metadata`.
    pub(super) echoes: bool,
}

/// Quick replies of a message, and the characters of one.
const QUICK_REPLIES_MAX: usize = 13;
const QUICK_REPLY_CHARS_MAX: usize = 20;
/// The longest payload of one.
const PAYLOAD_MAX: usize = 1000;

impl SendApi {
    /// The bodies that say what the row says.
    pub(super) fn bodies(&self, row: &OutboxRow, now: Timestamp) -> Result<Vec<Value>, Unsendable> {
        let (reply, to) = addressed::reply::<Address>(row)?;
        if !window_open(row, now) {
            let name = self.name;
            return Err(Unsendable(format!(
                "the customer has been silent for 24 hours: {name} takes no message to them until they write again"
            )));
        }
        let pieces = cut(&reply.text, self.longest);
        let mut bodies: Vec<Value> = pieces
            .iter()
            .map(|piece| {
                json!({
                    "recipient": {"id": to.recipient},
                    "messaging_type": "RESPONSE",
                    "message": {"text": piece},
                })
            })
            .collect();
        let Some(last) = bodies.last_mut() else {
            return Ok(bodies);
        };
        if let Some(labels) = labels(
            &reply.options,
            QUICK_REPLIES_MAX,
            QUICK_REPLY_CHARS_MAX,
            PAYLOAD_MAX,
        ) {
            let quick_reply = |(label, option): (String, &String)| json!({"content_type": "text", "title": label, "payload": option});
            let all: Vec<Value> = labels.into_iter().zip(&reply.options).map(quick_reply).collect();
            last["message"]["quick_replies"] = all.into();
        }
        if self.echoes {
            let count = bodies.len();
            for (part, body) in bodies.iter_mut().enumerate() {
                body["message"]["metadata"] = row.tag(part, count).into();
            }
        }
        Ok(bodies)
    }
}

/// "Somebody is typing."
pub(super) fn typing(to: &str) -> Option<Value> {
    let to: Address = serde_json::from_str(to).ok()?;
    Some(json!({"recipient": {"id": to.recipient}, "sender_action": "typing_on"}))
}

/// What Meta says went wrong.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Problem {
    code: Option<Value>,
    error_subcode: Option<Value>,
    message: Option<String>,
    title: Option<String>,
    is_transient: Option<bool>,
    error_data: Option<Data>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Data {
    details: Option<String>,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Try again.
    Retry,
    /// Try again, and this customer's messages more slowly.
    SlowDown,
    /// Never this one.
    Never,
    /// Nothing of this account any more.
    Stop,
    /// Nobody has told us.
    Unknown,
}

impl Problem {
    fn number(value: Option<&Value>) -> Option<i64> {
        let value = value?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// What to do about it.
    pub(crate) fn class(&self) -> Class {
        let Some(code) = Self::number(self.code.as_ref()) else {
            return Class::Unknown;
        };
        // Codes of permissions are used for single customers, too: the 24 hours are over (2018278, 2018065, on Instagram
        // 2534022), or the customer has blocked the Page or is gone (1545041, 2018108).
        let customer = matches!(
            Self::number(self.error_subcode.as_ref()),
            Some(2_018_278 | 2_018_065 | 2_534_022 | 1_545_041 | 2_018_108)
        );
        match code {
            _ if self.is_transient == Some(true) => Class::Retry,
            // Unknown or short trouble of the API; too many calls; trouble inside.
            1 | 2 | 4 | 32 | 613 | 80_007 | 130_429 | 131_000 | 131_016 | 131_057 => Class::Retry,
            131_056 => Class::SlowDown,
            10 | 200..=299 if customer => Class::Never,
            // The token, permissions; locked; not paid; taken for spam.
            0 | 3 | 10 | 190 | 200..=299 | 368 | 131_031 | 131_042 | 131_048 => Class::Stop,
            // Ours is wrong; the customer is not there, or wants nothing; the 24 hours are over; the template is wrong.
            100 | 551 | 130_472 | 131_008 | 131_009 | 131_026 | 131_047 | 131_049..=131_051 => Class::Never,
            132_000..=132_016 => Class::Never,
            _ => Class::Unknown,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::number(self.code.as_ref()) {
            Some(code) => write!(f, "code {code}")?,
            None => f.write_str("no code")?,
        }
        if let Some(subcode) = Self::number(self.error_subcode.as_ref()) {
            write!(f, ", subcode {subcode}")?;
        }
        let details = self.error_data.as_ref().and_then(|data| data.details.as_ref());
        let words = self.message.as_ref().or(self.title.as_ref());
        for words in words.into_iter().chain(details) {
            write!(f, ": {}", shortened(words))?;
        }
        Ok(())
    }
}

/// A provider's words, on one line and not too many; without long numbers, which are those of people.
pub(super) fn shortened(words: &str) -> String {
    let mut short = String::new();
    let mut digits = 0;
    for c in words.chars().filter(|c| !c.is_control()).take(200) {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        match digits {
            0..NUMBER_DIGITS => short.push(c),
            NUMBER_DIGITS => {
                short.truncate(short.len() + 1 - NUMBER_DIGITS);
                short.push(CUT);
            }
            _ => {}
        }
    }
    short
}

/// A number of so many digits may be somebody's: codes have fewer.
const NUMBER_DIGITS: usize = 8;

#[derive(Deserialize)]
struct Body {
    error: Option<Problem>,
    message_id: Option<String>,
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
struct Message {
    id: Option<String>,
}

/// The least time between two messages to the same customer on WhatsApp, once the burst is spent.
pub(super) const PAIR_PAUSE: Duration = Duration::from_secs(6);

/// What an answer of the Graph API means. A 200 that cannot be read was given by whoever has taken the message.
pub(crate) fn judge(answer: &Answer<'_>) -> Judgement {
    let body: Option<Body> = serde_json::from_slice(answer.body).ok();
    let status = answer.status;
    let (error, id) = body.map_or((None, None), |body| {
        let first = body.messages.into_iter().flatten().next();
        (
            body.error,
            body.message_id.or(first.and_then(|message| message.id)),
        )
    });
    let after = answer.retry_after;
    let Some(error) = error else {
        let problem = format!("HTTP {status} without a reason");
        return match status {
            200..=299 => Judgement::Taken(id),
            // Whoever answers so does not know what became of it.
            504 => Judgement::Unknown(problem),
            408 | 425 | 429 | 500.. => Judgement::Later { after, problem },
            401 => Judgement::AccountStopped(problem),
            _ => Judgement::Refused(problem),
        };
    };
    let problem = format!("HTTP {status}, {error}");
    match error.class() {
        Class::Retry => Judgement::Later { after, problem },
        Class::SlowDown => Judgement::Later {
            after: after.or(Some(PAIR_PAUSE)),
            problem,
        },
        Class::Never => Judgement::Refused(problem),
        // Trouble of theirs can hit the check of the token, too.
        Class::Stop | Class::Unknown if status >= 500 || status == 429 => Judgement::Later { after, problem },
        Class::Stop => Judgement::AccountStopped(problem),
        Class::Unknown if status == 401 => Judgement::AccountStopped(problem),
        Class::Unknown => Judgement::Refused(problem),
    }
}

#[cfg(test)]
pub(crate) mod tests;
