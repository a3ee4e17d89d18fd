//! What comes in: messages, each recorded once by its key, and what became of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::types::{BusinessId, Channel, MessageId, Pair, ParticipantId, Trace};

/// What names a message for ever: the same key is the same message, however often it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// The channel that it came through.
    pub channel: Channel,
    /// The account at the channel. Where clients choose message ids themselves (API, web chat), every pair is an
    /// account of its own: `business/participant`.
    pub account: String,
    /// The id that the sender's side gave it.
    pub message_id: MessageId,
}

/// A message as it came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// Its key.
    pub key: MessageKey,
    /// Whose conversation it belongs to: business and participant.
    pub business: BusinessId,
    /// The writer.
    pub participant: ParticipantId,
    /// The text, normalised: valid Unicode without U+0000.
    pub text: String,
    /// Attachments as the channel described them (a JSON array).
    pub attachments: Option<String>,
    /// Where the reply goes at the channel, as JSON that only the channel's own code writes and reads. Absent where
    /// the channel has no accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// When the sender's side says it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it reached us.
    pub received_at: Timestamp,
    /// The trace that brought it. Not part of the message: it is not stored, so that whoever finds the message in the
    /// inbox knows of none, and a message that comes again in another one is the same message.
    #[serde(skip)]
    pub trace: Option<Trace>,
}

impl Inbound {
    /// The pair whose conversation it belongs to.
    #[must_use]
    pub fn pair(&self) -> Pair {
        Pair {
            business: self.business.clone(),
            participant: self.participant.clone(),
        }
    }
}

/// What became of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// Recorded; it is durable now.
    New,
    /// Recorded before; nothing was changed.
    Duplicate,
}

/// What is known of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The text as recorded.
    pub text: String,
    /// Where it stands.
    pub state: InboxState,
    /// The answer that its turn gave; absent until then.
    pub answer: Option<String>,
}

/// States of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxState {
    /// Accepted, not answered.
    Pending,
    /// Answered.
    Done,
    /// Given up after 4 attempts; visible to operators.
    Dead,
    /// Dead, and given up for ever by an operator. It stays recorded, so that delivered again it is a duplicate, and
    /// no turn can answer it any more.
    Dropped,
}

/// A message without an answer, as operators see it.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxEntry {
    /// The message, text included: show that only to who asks for it.
    pub message: Inbound,
    /// Where it stands.
    pub state: Unanswered,
    /// How often a sweep has tried it.
    pub attempts: u32,
}

/// The states of an accepted message that operators look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unanswered {
    /// It waits for its turn.
    Pending,
    /// It was given up and not dropped.
    Dead,
}

/// Which messages an operator wants to see.
#[derive(Debug, Clone, Default)]
pub struct InboxQuery {
    /// Of this business only.
    pub business: Option<BusinessId>,
    /// In this state only.
    pub state: Option<Unanswered>,
    /// Those that follow this one in the order of the list: when it was received, and its key.
    pub after: Option<(Timestamp, MessageKey)>,
    /// At most so many.
    pub limit: u32,
}

/// What an operator decides about a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxVerdict {
    /// It is pending again, and as if it had never been tried: the next sweep finds it by its state.
    Retry,
    /// It is given up for ever.
    Drop {
        /// When that was decided.
        at: Timestamp,
    },
}

/// What a sweep of the inbox found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Pairs whose actor should be rung.
    pub pairs: Vec<Pair>,
    /// How many messages have just become dead letters.
    pub dead: u64,
}
