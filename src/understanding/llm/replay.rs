//! What a model answered, written down and played again.
//!
//! A line of a recording is a JSON object with the hash of the prompt and the answer. It holds no message: the prompt
//! is made anew from the conversation, and found again by its hash. An answer is valid only for the very prompt, so a
//! changed prompt asks for a new recording.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::chat::{Chat, ChatFailure, ChatReply, ChatRequest, Spent};
use super::prompt;
use crate::telemetry::metrics::LlmOutcome;

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The hash of the prompt, as of [`hash`].
    pub prompt: String,
    /// The version of the prompts that it was made with.
    pub version: String,
    /// The model, as the endpoint called it.
    pub model: String,
    /// The answer.
    pub answer: Value,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
}

/// A recording that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the recording cannot be read: {why}; record it anew")]
pub struct Unreadable {
    line: usize,
    why: serde_json::Error,
}

/// The hash of what is asked: the model that was asked for, and every message with its role.
#[must_use]
pub fn hash(request: &ChatRequest<'_>) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        // With its length before it, no text can continue another.
        digest.update((text.len() as u64).to_be_bytes());
        digest.update(text.as_bytes());
    };
    add(request.model.unwrap_or_default());
    add(request.schema.name);
    for message in &request.messages {
        add(match message.role {
            super::chat::Role::System => "system",
            super::chat::Role::User => "user",
            super::chat::Role::Assistant => "assistant",
        });
        add(&message.content);
    }
    let digest = digest.finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Writes down what another one answers.
pub struct Recorder<C> {
    chat: C,
    // Held for one line, and never across an await.
    out: Mutex<Box<dyn Write + Send>>,
}

impl<C> Recorder<C> {
    /// Records the answers of `chat` into `out`, a line each.
    pub fn new(chat: C, out: impl Write + Send + 'static) -> Self {
        Self {
            chat,
            out: Mutex::new(Box::new(out)),
        }
    }

    fn write(&self, recording: &Recording) -> std::io::Result<()> {
        let mut line = serde_json::to_string(recording)?;
        line.push('\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(line.as_bytes())?;
        out.flush()
    }
}

#[async_trait]
impl<C: Chat> Chat for Recorder<C> {
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ChatFailure> {
        let prompt = hash(&request);
        let reply = self.chat.complete(request).await?;
        let recording = Recording {
            prompt,
            version: prompt::VERSION.to_owned(),
            model: reply.model.clone(),
            answer: reply.value.clone(),
            input_tokens: reply.spent.input_tokens,
            output_tokens: reply.spent.output_tokens,
        };
        // A recording with a hole in it would fail later, and far from here.
        self.write(&recording).map_err(|problem| ChatFailure {
            outcome: LlmOutcome::Error,
            why: format!("the answer cannot be recorded: {problem}"),
            spent: reply.spent,
        })?;
        Ok(reply)
    }
}

/// Answers from a recording.
#[derive(Debug, Default)]
pub struct Replay {
    answers: HashMap<String, Recording>,
}

impl Replay {
    /// Reads a recording: JSON lines; of several answers to one prompt the last counts.
    ///
    /// # Errors
    /// [`Unreadable`] names the first line that is no recording.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let mut answers = HashMap::new();
        for (place, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let recording: Recording =
                serde_json::from_str(line).map_err(|why| Unreadable { line: place + 1, why })?;
            answers.insert(recording.prompt.clone(), recording);
        }
        Ok(Self { answers })
    }
}

#[async_trait]
impl Chat for Replay {
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ChatFailure> {
        let prompt = hash(&request);
        let Some(recording) = self.answers.get(&prompt) else {
            return Err(ChatFailure {
                outcome: LlmOutcome::Skipped,
                why: format!(
                    "no answer is recorded for the prompt {prompt} (version {}); record it anew",
                    prompt::VERSION
                ),
                spent: Spent::default(),
            });
        };
        Ok(ChatReply {
            value: recording.answer.clone(),
            model: recording.model.clone(),
            spent: Spent {
                input_tokens: recording.input_tokens,
                output_tokens: recording.output_tokens,
            },
            request_id: None,
        })
    }
}
