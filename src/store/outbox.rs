//! What has to be delivered.

use jiff::Timestamp;

use crate::dialogue::outcome::Reply;
use crate::types::{Channel, Pair};

/// A reply that is committed and has to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Computed from turn and ordinal: a reply is sent again only under the same id (I4).
    pub id: uuid::Uuid,
    /// Whose conversation.
    pub pair: Pair,
    /// The version that its turn made.
    pub version: u64,
    /// Its place among the replies of the turn.
    pub ordinal: u32,
    /// Its number in the transcript.
    pub seq: u64,
    /// Where it goes.
    pub channel: Channel,
    /// What it says.
    pub reply: Reply,
    /// `true` when the caller of a synchronous API gets it in its answer: stored as sent.
    pub sent: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was committed.
    pub at: Timestamp,
}

/// What became of a claimed reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The channel has it.
    Sent,
    /// Not yet: try again at that time.
    Retry(Timestamp),
    /// Given up.
    Dead(String),
}
