//! The client against a stub that misbehaves as told, over real sockets and with short limits.

mod dialects;
mod faults;
mod limits;
mod stub;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde_json::{Value, json};
use tokio::time::Instant;

use self::stub::{Asked, Does, Stub};
use super::*;
use crate::types::BusinessId;
use crate::understanding::llm::chat::{AnswerSchema, ChatMessage, Role};

/// The time that an answer may take here.
const CALL: Duration = Duration::from_secs(1);
/// What a busy machine may take longer.
const GRACE: Duration = Duration::from_millis(500);

static SCHEMA: LazyLock<AnswerSchema> = LazyLock::new(|| AnswerSchema {
    name: "understood",
    json: json!({
        "type": "object",
        "properties": {"acts": {"type": "array", "items": {"type": "string"}}},
        "required": ["acts"],
        "additionalProperties": false,
    }),
});

fn business(name: &str) -> BusinessId {
    BusinessId::new(name).unwrap()
}

fn question(business: &BusinessId) -> ChatRequest<'_> {
    let says = |role, content: &str| ChatMessage {
        role,
        content: content.to_owned(),
    };
    ChatRequest {
        business,
        model: None,
        messages: vec![
            says(Role::System, "You hear what customers want."),
            says(Role::User, "a haircut on friday, call me at 555-0100"),
        ],
        schema: &SCHEMA,
        max_tokens: 300,
        time_left: Duration::from_secs(20),
        trace: None,
    }
}

fn endpoint(stub: &Stub) -> Endpoint {
    Endpoint {
        base_url: stub.url.clone(),
        api_key: Some("sk-hush".into()),
        model: "small".to_owned(),
    }
}

/// As usual, in a tenth of the time.
fn settings(stub: &Stub) -> Settings {
    Settings {
        call_timeout: CALL,
        attempt_min: Duration::from_millis(20),
        retry_pause: Duration::from_millis(4),
        retry_after_max: Duration::from_millis(200),
        rest: Duration::from_millis(300),
        ..Settings::new(endpoint(stub))
    }
}

/// Metrics of this test alone.
struct Counts {
    handle: PrometheusHandle,
    _here: ::metrics::LocalRecorderGuard<'static>,
}

impl Counts {
    fn begin() -> Self {
        // As long as the process, because the guard borrows it.
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        Self {
            handle: recorder.handle(),
            _here: ::metrics::set_default_local_recorder(recorder),
        }
    }

    fn get(&self, series: &str) -> u64 {
        let text = self.handle.render();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// The outcomes that were counted, with how often.
    fn outcomes(&self) -> Vec<(&'static str, u64)> {
        let each = LlmOutcome::ALL.iter().map(|outcome| {
            let name = outcome.as_str();
            (
                name,
                self.get(&format!("frontdesk_llm_requests_total{{outcome=\"{name}\"}}")),
            )
        });
        each.filter(|(_, count)| *count > 0).collect()
    }

    fn retries(&self) -> u64 {
        self.get("frontdesk_llm_retries_total")
    }

    fn in_flight(&self) -> u64 {
        self.get("frontdesk_llm_in_flight")
    }
}

/// A client in front of a stub.
struct Desk {
    stub: Stub,
    client: Arc<Client>,
    counts: Counts,
}

impl Desk {
    async fn new(does: impl Fn(usize, &Asked) -> Does + Send + Sync + 'static) -> Self {
        Self::with(does, |_| {}).await
    }

    async fn with(
        does: impl Fn(usize, &Asked) -> Does + Send + Sync + 'static,
        change: impl FnOnce(&mut Settings),
    ) -> Self {
        let counts = Counts::begin();
        let stub = Stub::start(does).await;
        let mut settings = settings(&stub);
        change(&mut settings);
        Self {
            client: Arc::new(Client::new(settings).unwrap()),
            stub,
            counts,
        }
    }

    /// Asks, and sees that there is an end in time.
    async fn ask(&self) -> Result<ChatReply, ChatFailure> {
        let salon = business("salon");
        let began = Instant::now();
        let answer = self.client.complete(question(&salon)).await;
        let took = began.elapsed();
        assert!(took < CALL + GRACE, "took {took:?}");
        answer
    }

    /// Asks for the value, or how there is none.
    async fn hears(&self) -> Result<Value, LlmOutcome> {
        let answer = self.ask().await;
        answer.map(|reply| reply.value).map_err(|failure| failure.outcome)
    }
}

/// A good value.
fn acts() -> Value {
    json!({"acts": ["start"]})
}

/// A completion with a message, and usage of 100 and 10 tokens.
fn completion(message: &Value) -> Does {
    Does::says(
        200,
        &json!({
            "id": "x",
            "model": "small-2026",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
        })
        .to_string(),
    )
}

/// A completion whose message is a text.
fn says(content: &str) -> Does {
    completion(&json!({"role": "assistant", "content": content}))
}

/// A good answer.
fn good() -> Does {
    says(&acts().to_string())
}

/// A refusal as OpenAI words it.
fn refuses(status: u16, message: &str) -> Does {
    Does::says(
        status,
        &json!({"error": {"message": message, "code": null}}).to_string(),
    )
}
