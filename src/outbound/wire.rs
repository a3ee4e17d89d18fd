//! What a channel's code does with what goes out: put it into requests, and say what an answer means.
//!
//! Both are pure: the shell keeps the order, the time limits and the pace, and records what came of it.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;

use crate::accounts::Account;
use crate::store::OutboxRow;
use crate::types::Channel;

/// A channel's side out. One file per channel; nobody else knows what a provider wants to be sent.
pub trait Wire: Send + Sync + 'static {
    /// The channel.
    fn channel(&self) -> Channel;

    /// A row as the messages that the channel takes, in order: cut where the channel's limits are, on borders of
    /// sentences and never inside a character. The same row makes the same messages each time, but for `now`.
    ///
    /// # Errors
    /// When it can never be sent.
    fn messages(&self, account: &Account, row: &OutboxRow, now: Timestamp) -> Result<Vec<Call>, Unsendable>;

    /// What an answer to one of these messages means.
    fn judge(&self, answer: &Answer<'_>) -> Judgement;

    /// What to do about a message when nobody knows whether the provider has it.
    fn when_unknown(&self) -> WhenUnknown;

    /// How fast an account may send when its settings do not say otherwise.
    fn pace(&self) -> Pace;

    /// Shows whoever wrote that they were heard: read marks, and that somebody is typing. Absent where there is no such
    /// thing. It may fail, and nobody minds.
    fn heard(&self, _account: &Account, _message_id: &str, _address: &str) -> Option<Call> {
        None
    }
}

/// A request to a provider.
#[derive(Debug)]
pub struct Call {
    /// `POST`, `PUT` or `PATCH`.
    pub method: reqwest::Method,
    /// The address. It may hold a secret (Telegram's does), so it is shown nowhere.
    pub url: SecretString,
    /// Headers with their values, which may be secret.
    pub headers: Vec<(&'static str, SecretString)>,
    /// The body's type.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer to a call.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// The status.
    pub status: u16,
    /// What the provider asks to wait, by its `Retry-After` header.
    pub retry_after: Option<Duration>,
    /// The body's type.
    pub content_type: Option<&'a str>,
    /// The body, at most 64 KiB of it.
    pub body: &'a [u8],
}

/// What an answer means. Problems name the provider's code and words, never the text or a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The provider has it, under this id of its own if it gave one.
    Taken(Option<String>),
    /// Not now: try again on schedule, or after the time that the provider asks for.
    Later {
        /// What the provider asks to wait.
        after: Option<Duration>,
        /// Why.
        problem: String,
    },
    /// Nobody knows whether the provider has it.
    Unknown(String),
    /// Never this one.
    Refused(String),
    /// Never this one, and no other of this account until an operator has seen to it.
    AccountStopped(String),
}

/// It can never be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unsendable(pub String);

/// What to do about a message when nobody knows whether the provider has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenUnknown {
    /// Send it again: the provider tells a repeated one by its id.
    SendAgain,
    /// Wait for a receipt, which names it, and send it again when there is none.
    AwaitReceipt,
    /// Leave it: said twice is worse than a message that an operator must look at.
    Leave,
}

/// How fast an account may send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Messages a second of the whole account.
    pub per_second: f64,
    /// Time between two messages to the same customer, once `burst` are spent.
    pub to_one: Duration,
    /// Messages to the same customer that may go at once.
    pub burst: u32,
}
