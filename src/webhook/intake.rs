//! What a channel's code does with what comes in: say whether it is genuine, and what it says.
//!
//! Both are pure: the shell reads the body, keeps the time limits, and carries out what is found.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::accounts::{Account, Field};
use crate::store::{DeliveryStatus, ReceiptOf};
use crate::types::Channel;

/// A channel's side in. One file per channel; nobody else knows what a provider's bytes mean.
pub trait Intake: Send + Sync + 'static {
    /// The channel.
    fn channel(&self) -> Channel;

    /// The settings and secrets of its accounts, those for sending included.
    fn fields(&self) -> &'static [Field];

    /// The longest body, in bytes.
    fn body_max(&self) -> usize {
        1024 * 1024
    }

    /// The answer to a GET by which the provider makes sure that the address is ours; `None` when it is to be refused.
    fn handshake(&self, _account: &Account, _query: &[(String, String)]) -> Option<Answer> {
        None
    }

    /// Whether the request comes from who knows the account's secrets. Every secret is tried, in constant time; nothing
    /// of the body is believed before.
    ///
    /// # Errors
    /// When it is not genuine, or too old to be believed.
    fn verify(&self, request: &Request<'_>, account: &Account, now: Timestamp) -> Result<(), Forged>;

    /// What a genuine request says. An inner event that cannot be read is one [`Happening::Broken`] and spoils no other;
    /// what is not known is [`Happening::Ignored`].
    ///
    /// # Errors
    /// When the body as a whole is not what the channel sends.
    fn parse(&self, request: &Request<'_>, account: &Account) -> Result<Parsed, Malformed>;

    /// A signed request as the provider would send it, with one text message, to try an account's whole way with.
    fn sample(&self, account: &Account, text: &str, message_id: &str, now: Timestamp) -> Option<Sample>;
}

/// A request as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a Method,
    /// The public address that was asked, with its query: the configured one, never the `Host` header's.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The raw bytes.
    pub body: &'a [u8],
}

impl Request<'_> {
    /// A header's text; `None` when it is missing, not text, or there more than once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().ok()?;
        values.next().is_none().then_some(value)
    }
}

/// It is not genuine. Whoever sent it learns no more than that; the reason is for the log and holds nothing of theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// There is no signature, or it has not the form of one.
    #[error("the signature is missing or has no meaning")]
    Missing,
    /// It was made with another secret, or over other bytes.
    #[error("the signature does not fit")]
    Wrong,
    /// It was signed too long ago, or in the future.
    #[error("it was signed at another time")]
    Stale,
    /// The account lacks the secret that is needed to tell.
    #[error("the account has no secret to check it with")]
    NoSecret,
}

/// The body is not what the channel sends. The text says where it is wrong, and holds nothing of what people wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub String);

/// What a request says.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// What happened, in the order in which it is told.
    pub happenings: Vec<Happening>,
    /// What the provider is answered once all of it is safe.
    pub answer: Answer,
}

impl From<Vec<Happening>> for Parsed {
    fn from(happenings: Vec<Happening>) -> Self {
        Self {
            happenings,
            answer: Answer::default(),
        }
    }
}

/// An answer to a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body's type, if there is a body.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            status: StatusCode::OK,
            content_type: None,
            body: Bytes::new(),
        }
    }
}

impl Answer {
    /// A body with its type.
    #[must_use]
    pub fn body(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            content_type: Some(content_type),
            body: body.into(),
            ..Self::default()
        }
    }
}

/// Something that happened at a channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// Somebody wrote, tapped or sent something to the business, or edited what they wrote: an edit is a message of its
    /// own, under an id of its own, that comes later than what it changes.
    Said(Box<Saying>),
    /// Somebody took a message back.
    Unsaid {
        /// The message's id, as [`Saying::message_id`] gave it.
        message_id: String,
    },
    /// Somebody goes by all of these names, the most lasting first: they changed their number, say. There is nothing to
    /// answer.
    Known {
        /// What the channel calls them; at least two.
        aliases: Vec<String>,
    },
    /// A person of the business has written to a customer, past us.
    Staff {
        /// What the channel calls the customer.
        aliases: Vec<String>,
        /// When, by the provider's clock.
        at: Option<Timestamp>,
    },
    /// What became of a message that we sent.
    Receipt(Receipt),
    /// The provider tells that the account cannot be used any more.
    Stopped {
        /// Why.
        problem: String,
    },
    /// Nothing for us to do, on purpose. The kind is one of a few fixed words (a label of metrics): `reaction`, `echo`,
    /// `standby`, `system`, `bot`, `other`.
    Ignored(&'static str),
    /// It could not be read. The problem says where, and holds nothing of what people wrote.
    Broken {
        /// What is wrong.
        problem: String,
    },
}

/// Something that somebody said.
#[derive(Debug, Clone, PartialEq)]
pub struct Saying {
    /// The provider's id, unique within the account for as long as it may be delivered again; a long one as
    /// [`short_id`] makes it.
    pub message_id: String,
    /// What the channel calls the sender, the most lasting name first.
    pub aliases: Vec<String>,
    /// The words; the label of what was tapped. Empty for a picture without a caption.
    pub text: String,
    /// What came along.
    pub attachments: Vec<Attachment>,
    /// When the provider says it was sent.
    pub sent_at: Option<Timestamp>,
    /// Where the reply goes: JSON that only the channel's own side out reads. At most 2,000 bytes, without a secret of
    /// the account.
    pub address: String,
}

/// A provider's id of a message as it is kept: itself, or what is computed from it where it is too long for a
/// [`MessageId`](crate::types::MessageId) (Instagram's have 170 characters and more).
#[must_use]
pub fn short_id(id: &str) -> String {
    if id.chars().count() <= ID_CHARS_MAX {
        return id.to_owned();
    }
    format!("sha256:{}", hex::encode(Sha256::digest(id.as_bytes())))
}

/// The longest id that is kept as it is.
const ID_CHARS_MAX: usize = 128;

/// Something that came along with a message. It is described here and fetched later, if at all.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Attachment {
    /// `image`, `audio`, `video`, `document`, `sticker`, `location`, `contact` or `other`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The provider's id of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where the file can be fetched; never an address that holds a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The file's type, as the provider says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// The file's name, as the sender gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The file's length in bytes, as the provider says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// A place, as latitude and longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<(f64, f64)>,
}

/// What became of a message that we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Which.
    pub of: ReceiptOf,
    /// What became of it.
    pub status: DeliveryStatus,
    /// Why it failed: the provider's code and words, if any.
    pub problem: Option<String>,
    /// When, by the provider's clock, if it says.
    pub at: Option<Timestamp>,
}

/// A request made up by ourselves.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::MessageId;

    #[test]
    fn an_id_of_any_length_becomes_one_that_can_be_kept_and_no_other_has_it() {
        for length in [1, 127, 128, 129, 400] {
            let id = "ä".repeat(length);
            assert!(MessageId::new(short_id(&id)).is_ok(), "{length}");
            assert_eq!(short_id(&id) == id, length <= 128, "{length}");
            assert_ne!(short_id(&id), short_id(&format!("{id}a")));
        }
    }
}
