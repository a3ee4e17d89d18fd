//! A look at the endpoints for a person: asks each once, with patience, and tells what somebody could mend.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::account::Account;
use super::attempt::Failure;
use super::budget::Budget;
use super::dialect::Rung;
use super::line::Line;
use super::settings::{Endpoint, OpenError, Settings};
use super::trouble::Trouble;
use crate::telemetry::metrics::{LlmEndpoint, LlmOutcome};
use crate::types::BusinessId;
use crate::understanding::llm::chat::{AnswerSchema, ChatMessage, ChatRequest, Role};

/// How long an endpoint may take: one that has to load its model first is slow once.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to list its models.
const LISTING_MAX: Duration = Duration::from_secs(5);
/// Names of models that are told when one is wrong.
const NAMED_MAX: usize = 5;

/// What was found at an endpoint.
#[derive(Debug, Clone)]
pub struct Examined {
    /// Where it is, without secrets.
    pub origin: String,
    /// The model that it was asked for.
    pub model: String,
    /// How it went.
    pub verdict: Verdict,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It answers.
    Well {
        /// How the shape of the answer is asked for.
        rung: Rung,
        /// How long the whole answer took.
        took: Duration,
        /// Some of the models that it lists, if the one that answered is not among them.
        others: Vec<String>,
    },
    /// Nobody answers there, or not in time.
    Unreachable(String),
    /// It refuses until somebody mends it.
    Trouble {
        /// What it is.
        trouble: Trouble,
        /// Some of the models that it has, if it lists them.
        models: Vec<String>,
    },
    /// It answers, and on no rung with JSON.
    NoJson(String),
    /// It fails otherwise.
    Failing(String),
}

static SCHEMA: LazyLock<AnswerSchema> = LazyLock::new(|| AnswerSchema {
    name: "report",
    json: json!({
        "type": "object",
        "properties": {"ready": {"type": "boolean"}},
        "required": ["ready"],
        "additionalProperties": false,
    }),
});

/// Asks `endpoint` a trifle, by the same rules as a message.
///
/// # Errors
/// When its address is none or its key cannot be sent.
pub async fn examine(endpoint: &Endpoint, settings: &Settings) -> Result<Examined, OpenError> {
    let patience = settings.call_timeout.max(PATIENCE);
    let settings = Settings {
        call_timeout: patience,
        attempt_timeout: None,
        ..settings.clone()
    };
    let line = Line::new(endpoint, LlmEndpoint::First, &settings)?;
    let business = BusinessId::new("doctor").map_err(|_| OpenError::Address(endpoint.origin()))?;
    let asked = ChatRequest {
        business: &business,
        model: None,
        messages: vec![
            ChatMessage {
                role: Role::System,
                content: "You report whether you are ready, as JSON.".to_owned(),
            },
            ChatMessage {
                role: Role::User,
                content: "Are you ready?".to_owned(),
            },
        ],
        schema: &SCHEMA,
        max_tokens: 200,
        time_left: patience,
        trace: None,
    };
    let unlimited = Budget::new(None, None);
    let mut account = Account::new(&unlimited, &business);
    let began = Instant::now();
    let answer = line
        .ask(&asked, &line.model, &settings, began + patience, &mut account)
        .await;
    let took = began.elapsed();
    let verdict = match answer {
        Ok(_) => Verdict::Well {
            rung: line.rung(&line.model),
            took,
            others: others(&line, settings.body_max).await.unwrap_or_default(),
        },
        Err(failure) => explain(&line, failure, settings.body_max).await,
    };
    Ok(Examined {
        origin: line.origin,
        model: line.model,
        verdict,
    })
}

async fn explain(line: &Line, failure: Failure, body_max: usize) -> Verdict {
    if !failure.reached {
        return Verdict::Unreachable(failure.why);
    }
    let trouble = failure.trouble;
    if matches!(
        trouble,
        Some(Trouble::Key | Trouble::Credit | Trouble::Moved | Trouble::Address)
    ) {
        return trouble.map_or(Verdict::Failing(failure.why), |trouble| Verdict::Trouble {
            trouble,
            models: Vec::new(),
        });
    }
    let others = others(line, body_max).await;
    if trouble == Some(Trouble::Model) || others.is_some() {
        return Verdict::Trouble {
            trouble: Trouble::Model,
            models: others.unwrap_or_default(),
        };
    }
    if failure.outcome == LlmOutcome::Invalid {
        return Verdict::NoJson(failure.why);
    }
    Verdict::Failing(failure.why)
}

/// Some of the models that are listed, if the one that is asked for is not among them.
async fn others(line: &Line, body_max: usize) -> Option<Vec<String>> {
    let listed = line.listed(body_max, Instant::now() + LISTING_MAX).await?;
    let is_other = !listed.is_empty() && !listed.contains(&line.model);
    is_other.then(|| listed.into_iter().take(NAMED_MAX).collect())
}
