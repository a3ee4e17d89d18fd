//! What has to be delivered, and what became of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::dialogue::outcome::Reply;
use crate::types::{AccountId, BusinessId, Channel, Pair, Reach, Trace, TurnId};

/// Something that is committed and has to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Computed from turn and ordinal: a reply is sent again only under the same id (I4).
    pub id: Uuid,
    /// Whose conversation.
    pub pair: Pair,
    /// The version that its turn made.
    pub version: u64,
    /// Its place among what the turn sends.
    pub ordinal: u32,
    /// Its number in the transcript; 0 for what does not stand there.
    pub seq: u64,
    /// Where it goes.
    pub channel: Channel,
    /// Which account sends it, and to whom; absent where the channel has no accounts. The address of a notice is
    /// empty: its account knows where it goes.
    pub reach: Option<Reach>,
    /// What it says.
    pub content: Content,
    /// What it comes of.
    pub origin: Origin,
    /// `true` when the caller of a synchronous API gets it in its answer: stored as sent.
    pub sent: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// How many of the messages that it was cut into the channel has: they are not sent again.
    pub parts_sent: u32,
    /// Whether an earlier try ended without it being known whether the channel has it.
    pub unknown: bool,
    /// When it was committed.
    pub at: Timestamp,
}

impl OutboxRow {
    /// What a provider is given to name one of `count` messages of this row by, in what it tells of it: the row's id for
    /// the last one, because whoever hears of that knows that all of them are there, and `ID.PART` for those before it.
    #[must_use]
    pub fn tag(&self, part: usize, count: usize) -> String {
        if part + 1 >= count {
            self.id.to_string()
        } else {
            format!("{}.{part}", self.id)
        }
    }
}

/// What a row comes of, for whoever watches how it is delivered. It stands with the content, is no part of what is
/// sent, and nothing is decided by it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<TurnId>,
    /// The trace that the turn belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// Content and origin as they are stored: one JSON object.
#[derive(Serialize)]
pub(super) struct Stored<'a> {
    #[serde(flatten)]
    pub(super) content: &'a Content,
    #[serde(flatten)]
    pub(super) origin: Origin,
}

impl<'a> From<&'a OutboxRow> for Stored<'a> {
    fn from(row: &'a OutboxRow) -> Self {
        Self {
            content: &row.content,
            origin: row.origin,
        }
    }
}

/// What is delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// For a business's own systems.
    Notice(Notice),
    /// For a customer.
    Reply(Reply),
}

impl Content {
    /// The reply, if it is one.
    #[must_use]
    pub const fn reply(&self) -> Option<&Reply> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::Notice(_) => None,
        }
    }
}

impl From<Reply> for Content {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// Something that happened, told to a business's own systems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its kind, for example `appointment.confirmed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What it is about.
    pub data: serde_json::Value,
}

/// What became of a claimed row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The channel has it, the last part under this id of its own if it gave one.
    Sent(Option<String>),
    /// Not yet: try again at that time. `problem` says why, without a word of the text.
    Retry {
        /// When.
        at: Timestamp,
        /// Why not now.
        problem: Option<String>,
    },
    /// It was not tried, because its account has its hands full. The try is not counted.
    Postponed(Timestamp),
    /// Nobody knows whether the channel has it. Until then a receipt may tell; after that it is due again, if it is to
    /// be sent again at all.
    Unknown {
        /// When.
        at: Timestamp,
    },
    /// Given up.
    Dead(String),
}

/// What a channel tells of a message that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryReceipt {
    /// The channel.
    pub channel: Channel,
    /// The account that sent it.
    pub account: AccountId,
    /// Which message.
    pub of: ReceiptOf,
    /// What it tells.
    pub status: DeliveryStatus,
    /// Why it failed, if it did.
    pub problem: Option<String>,
    /// When, by the provider's clock.
    pub at: Timestamp,
}

/// How a receipt names what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptOf {
    /// By the id that the provider gave it.
    Provider(String),
    /// By our own id, which the provider gives back; the provider's id comes along when it is told.
    Ours {
        /// The outbox row's id.
        id: Uuid,
        /// The provider's id.
        provider_id: Option<String>,
    },
    /// One of the messages that our row was cut into, but not the last: by our own id and its place.
    Part {
        /// The outbox row's id.
        id: Uuid,
        /// Which, from 0.
        part: u32,
        /// The provider's id.
        provider_id: Option<String>,
    },
    /// Everything that the account sent to this customer up to a time.
    UpTo {
        /// The customer's id at the channel, as it stands in `identities`.
        user: String,
        /// The time, by the provider's clock.
        time: Timestamp,
    },
}

impl ReceiptOf {
    /// What a receipt is about that gives back an [`OutboxRow::tag`]; `None` when it is none of ours.
    #[must_use]
    pub fn tagged(tag: &str, provider_id: Option<String>) -> Option<Self> {
        let Some((id, part)) = tag.split_once('.') else {
            let id = Uuid::try_parse(tag).ok()?;
            return Some(Self::Ours { id, provider_id });
        };
        Some(Self::Part {
            id: Uuid::try_parse(id).ok()?,
            part: part.parse().ok().filter(|part| *part < PARTS_MAX)?,
            provider_id,
        })
    }
}

/// More messages than any reply is cut into.
const PARTS_MAX: u32 = 10_000;

/// What is known of a message at its channel. It only moves forward: a late `Delivered` does not undo `Read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// The provider has it.
    Sent,
    /// The customer's device has it.
    Delivered,
    /// It was read.
    Read,
    /// The provider took it and could not deliver it.
    Failed,
}

impl DeliveryStatus {
    /// Every status, in the order in which they follow each other.
    pub const ALL: [Self; 4] = [Self::Sent, Self::Delivered, Self::Read, Self::Failed];

    /// The name in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
        }
    }
}

/// A row of the outbox, as operators see it.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// The row, text included: show that only to who asks for it.
    pub row: OutboxRow,
    /// Where it stands.
    pub state: OutboxState,
    /// When it is due, or until when it is in flight.
    pub due_at: Timestamp,
    /// What went wrong last.
    pub problem: Option<String>,
}

/// Where a row of the outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutboxState {
    /// Waits for its next try.
    Waiting,
    /// A process has claimed it.
    InFlight,
    /// The channel has it.
    Sent,
    /// Given up.
    Dead,
}

/// Which rows an operator wants to see, oldest first.
#[derive(Debug, Clone, Default)]
pub struct OutboxQuery {
    /// This one only.
    pub id: Option<Uuid>,
    /// Of this business only.
    pub business: Option<BusinessId>,
    /// In this state only; sent ones are shown only when they are asked for.
    pub state: Option<OutboxState>,
    /// Those that follow this one in the order of the list: when it was committed, and its id.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: u32,
}

/// What an operator decides about a row that waits or was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxVerdict {
    /// It is due now, and as if it had never been tried.
    Retry,
    /// It is given up for ever.
    Drop,
}

/// One try to deliver something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u32,
    /// When it ended.
    pub at: Timestamp,
    /// What became of it: `sent`, `retry`, `unknown` or `dead`.
    pub result: String,
    /// What went wrong.
    pub problem: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_that_comes_back_names_its_message() {
        let id = Uuid::from_u128(7);
        let ours = |tag: &str| ReceiptOf::tagged(tag, None);
        let provider_id = None;
        assert_eq!(ours(&id.to_string()), Some(ReceiptOf::Ours { id, provider_id }));
        let part = |part| ReceiptOf::Part {
            id,
            part,
            provider_id: None,
        };
        assert_eq!(ours(&format!("{id}.0")), Some(part(0)));
        assert_eq!(ours(&format!("{id}.12")), Some(part(12)));
        for theirs in [
            "",
            "hello",
            "7.0",
            &format!("{id}."),
            &format!("{id}.-1"),
            &format!("{id}.99999"),
        ] {
            assert_eq!(ours(theirs), None, "{theirs}");
        }
    }
}
