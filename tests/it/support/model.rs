//! A language model that a test speaks for.

use std::sync::Mutex;

use async_trait::async_trait;
use frontdesk::telemetry::metrics::LlmOutcome;
use frontdesk::understanding::llm::{Chat, ChatFailure, ChatReply, ChatRequest, chat};
use serde_json::{Value, json};
use tokio::sync::Notify;

/// What the model does when it is asked.
#[derive(Debug, Clone)]
pub(crate) enum Script {
    /// It answers.
    Answers(Value),
    /// It never does.
    Hangs,
    /// Its endpoint reports an error.
    Fails,
}

impl Script {
    /// It proposes nothing.
    pub(crate) fn nothing() -> Self {
        Self::Answers(json!({"acts": [], "say": null}))
    }
}

/// The model. It does the same for every call until it is told something else.
#[derive(Debug)]
pub(crate) struct Scripted {
    script: Mutex<Script>,
    /// The next call is not answered, but given up by whoever made it.
    held: Mutex<bool>,
    asked: Notify,
}

impl Scripted {
    pub(crate) fn new() -> Self {
        Self {
            script: Mutex::new(Script::nothing()),
            held: Mutex::new(false),
            asked: Notify::new(),
        }
    }

    pub(crate) fn does(&self, script: Script) {
        *self.script.lock().unwrap() = script;
    }

    /// The next call stays open; later ones are answered.
    pub(crate) fn hold_the_next_call(&self) {
        *self.held.lock().unwrap() = true;
    }

    /// Waits until that call is made.
    pub(crate) async fn is_asked(&self) {
        self.asked.notified().await;
    }
}

#[async_trait]
impl Chat for Scripted {
    async fn complete(&self, _: ChatRequest<'_>) -> Result<ChatReply, ChatFailure> {
        let held = std::mem::take(&mut *self.held.lock().unwrap());
        if held {
            self.asked.notify_one();
            return std::future::pending().await;
        }
        let script = self.script.lock().unwrap().clone();
        let spent = chat::Spent {
            input_tokens: 400,
            output_tokens: 20,
        };
        match script {
            Script::Answers(value) => Ok(ChatReply {
                value,
                model: "scripted".to_owned(),
                spent,
                request_id: None,
            }),
            Script::Hangs => std::future::pending().await,
            Script::Fails => Err(ChatFailure {
                outcome: LlmOutcome::Error,
                why: "as the test says".to_owned(),
                spent: chat::Spent::default(),
            }),
        }
    }
}
