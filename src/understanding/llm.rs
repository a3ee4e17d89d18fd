//! A language model as an ear: it proposes acts, and nothing else.
//!
//! The rules engine hears every message first. Where it is unsure, a model behind an OpenAI-compatible endpoint is
//! asked for the same closed acts; code checks each against the message, the catalogue and the open question, and
//! resolves every date and time itself. When the model is slow, broken, too dear or wrong, the rules' answer stands,
//! and the customer sees no error.

pub mod chat;
pub mod client;
mod grounding;
pub mod merge;
pub mod prompt;
pub mod proposal;
mod quoted;
pub mod replay;
pub mod variants;
mod with_model;
mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use chat::{Chat, ChatFailure, ChatReply, ChatRequest};
pub use prompt::PromptKind;
pub use variants::{Variant, Variants};
pub use with_model::{Mode, Options, WithModel};

use crate::telemetry::metrics::LlmOutcome;

/// What asking a model came to, for the transcript and the session's totals.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUse {
    /// The model, as the endpoint calls it; as it was asked for when it did not answer.
    pub model: String,
    /// The version of the prompt.
    pub prompt: &'static str,
    /// The arm of a comparison that the participant is in, if one runs.
    pub variant: Option<String>,
    /// How it ended.
    pub outcome: LlmOutcome,
    /// Tokens sent, of all attempts that were billed.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// How long the call took, retries and waiting for a place included.
    pub took: Duration,
    /// The endpoint's id of the request, to ask its operator about.
    pub request_id: Option<String>,
    /// What the model would say where only courtesy or a common answer is called for. Never said unchecked.
    pub wording: Option<String>,
}
