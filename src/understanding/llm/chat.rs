//! The seam to an endpoint for chat completions: a prompt and a schema go out, a JSON object comes back.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use crate::telemetry::metrics::LlmOutcome;
use crate::types::{BusinessId, Trace};

/// Who completes chats: the real client, or a script in tests.
#[async_trait]
pub trait Chat: Send + Sync + 'static {
    /// Asks once; retries, dialects, a second endpoint, bounds and budgets are this side's business.
    ///
    /// # Errors
    /// [`ChatFailure`], within `request.time_left` at the latest. Dropping the future gives the call up.
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ChatFailure>;
}

#[async_trait]
impl<C: Chat + ?Sized> Chat for Arc<C> {
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ChatFailure> {
        (**self).complete(request).await
    }
}

/// What is asked.
#[derive(Debug, Clone)]
pub struct ChatRequest<'a> {
    /// For whom: bounds and budgets are shared out by business.
    pub business: &'a BusinessId,
    /// Another model than the endpoint's usual one.
    pub model: Option<&'a str>,
    /// The prompt, in order.
    pub messages: Vec<ChatMessage>,
    /// What the answer must fit.
    pub schema: &'static AnswerSchema,
    /// Tokens that the answer may take.
    pub max_tokens: u32,
    /// When the answer is of no use any more, from now.
    pub time_left: Duration,
    /// The trace that it is asked in.
    pub trace: Option<Trace>,
}

/// One message of a prompt.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Who speaks in a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// We.
    System,
    /// The customer, quoted.
    User,
    /// The model.
    Assistant,
}

/// The schema of an answer: JSON Schema in the subset that strict structured output takes (every property required,
/// no additional ones).
#[derive(Debug)]
pub struct AnswerSchema {
    /// Its name, of letters and underscores.
    pub name: &'static str,
    /// The schema.
    pub json: Value,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatReply {
    /// The answer: an object; whether it fits the schema is for the asker to see.
    pub value: Value,
    /// The model, as the endpoint calls it.
    pub model: String,
    /// What it took.
    pub spent: Spent,
    /// The endpoint's id of the request.
    pub request_id: Option<String>,
}

/// Tokens of all attempts that were billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Sent.
    pub input_tokens: u64,
    /// Received.
    pub output_tokens: u64,
}

/// Why there is no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{why}")]
pub struct ChatFailure {
    /// How it is counted.
    pub outcome: LlmOutcome,
    /// What an operator should read; without message texts and secrets.
    pub why: String,
    /// What it took nevertheless.
    pub spent: Spent,
}
