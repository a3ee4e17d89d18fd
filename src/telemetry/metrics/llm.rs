//! What is counted of language models.

use std::time::Duration;

use ::metrics::{counter, gauge, histogram};

use super::{
    LLM_DROPPED, LLM_DURATION, LLM_IN_FLIGHT, LLM_LEFT_ALONE, LLM_REQUESTS, LLM_RETRIES, LLM_TOKENS,
    LLM_WORDING, LlmDropped, LlmEndpoint, LlmOutcome, TokenDirection, Wording,
};

/// A call of the language model ended.
pub fn llm_called(outcome: LlmOutcome, took: Duration) {
    counter!(LLM_REQUESTS, "outcome" => outcome.as_str()).increment(1);
    histogram!(LLM_DURATION).record(took);
}

/// The language model was not called where it would have been.
pub fn llm_skipped() {
    counter!(LLM_REQUESTS, "outcome" => LlmOutcome::Skipped.as_str()).increment(1);
}

/// A call of the language model is made again.
pub fn llm_retried() {
    counter!(LLM_RETRIES).increment(1);
}

/// An endpoint of the language model is asked again, or not any more.
pub fn llm_left_alone(endpoint: LlmEndpoint, is_left_alone: bool) {
    gauge!(LLM_LEFT_ALONE, "endpoint" => endpoint.as_str()).set(if is_left_alone { 1.0 } else { 0.0 });
}

/// The language model works on so many messages.
pub fn llm_works_on(messages: u32) {
    gauge!(LLM_IN_FLIGHT).set(f64::from(messages));
}

/// The language model read or wrote so many tokens.
pub fn llm_tokens(direction: TokenDirection, tokens: u64) {
    counter!(LLM_TOKENS, "direction" => direction.as_str()).increment(tokens);
}

/// A courtesy or a common answer was to be said in the model's words.
pub fn llm_worded(result: Wording) {
    counter!(LLM_WORDING, "result" => result.as_str()).increment(1);
}

/// So many acts that the language model proposed were left out.
pub fn llm_dropped(reason: LlmDropped, acts: u64) {
    counter!(LLM_DROPPED, "reason" => reason.as_str()).increment(acts);
}
