//! What was said, in both directions.

use jiff::Timestamp;
use serde::de::IgnoredAny;
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
    /// The model that was asked about it (inbound), whether its answer was of use or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Box<Asked>>,
}

impl TranscriptEntry {
    /// Tokens that were spent on it, in both directions.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.asked.as_ref().map_or(0, |asked| asked.tokens())
    }
}

/// What asking a model about a message came to, so that two models or prompts can be compared from the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AskedModel)]
pub struct Asked {
    /// The model, as the endpoint calls it; as it was asked for when it did not answer.
    pub model: String,
    /// The version of the prompt.
    pub prompt: String,
    /// The arm of a comparison that the participant is in, if one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// How it ended, as the metric names it: `ok`, `timeout`, and so on.
    pub outcome: String,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// How long the model was waited for, in milliseconds.
    pub latency_ms: u64,
    /// The endpoint's id of the request, to ask its operator about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Asked {
    /// Tokens in both directions.
    #[must_use]
    pub const fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}

/// What the column `metadata` of a message may hold. What is no account of a model was put there by somebody else, and
/// is left alone.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Metadata {
    Asked(Box<Asked>),
    Foreign(IgnoredAny),
}

impl Metadata {
    pub(super) fn asked(self) -> Option<Box<Asked>> {
        match self {
            Self::Asked(asked) => Some(asked),
            Self::Foreign(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_noted_about_a_message_is_left_alone() {
        let read = |json: &str| serde_json::from_str::<Metadata>(json).unwrap().asked();
        for foreign in ["{}", r#"{"z": 1, "a": "ü"}"#, "[]", "null", r#"{"model": 7}"#] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
        let ours = read(
            r#"{"model": "m", "prompt": "7", "outcome": "ok", "input_tokens": 2, "output_tokens": 1, "latency_ms": 9,
                "noted by somebody": true}"#,
        );
        assert_eq!(ours.unwrap().tokens(), 3);
    }
}
