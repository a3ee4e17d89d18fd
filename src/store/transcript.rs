//! What was said, in both directions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::types::{Channel, SessionId, TurnId};

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
}

/// One message of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptEntry {
    /// Counts the conversation's messages from 1, without gaps.
    pub seq: u64,
    /// The session that it belongs to.
    pub session: SessionId,
    /// Which way it went.
    pub direction: Direction,
    /// Who speaks: `customer`, `bot`, or `operator`.
    pub role: String,
    /// The sender's id (inbound) or the outbox row's (outbound).
    pub message_id: String,
    /// The text.
    pub text: String,
    /// What could be tapped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Attachments as the channel described them (a JSON array).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<String>,
    /// When it was sent (inbound: by the sender's word, else when received).
    pub at: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// The turn that it belongs to.
    pub turn: TurnId,
    /// Who understood it (inbound): `rules` or a model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How long the turn took until it was decided, in milliseconds.
    pub latency_ms: u32,
}
