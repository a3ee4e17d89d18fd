//! The language model as the settings want it.

use async_trait::async_trait;

use crate::api::health::{DependencyState, Probe};
use crate::config::understanding::{Llm, LlmEndpoint};
use crate::understanding::llm::client::{Client, Endpoint, Health, Settings};

/// How to ask the language model.
#[must_use]
pub fn settings(llm: &Llm) -> Settings {
    let endpoint = |endpoint: &LlmEndpoint| Endpoint {
        base_url: endpoint.base_url.clone(),
        api_key: endpoint.api_key.clone(),
        model: endpoint.model.clone(),
    };
    let many = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Settings {
        fallback: llm.fallback.as_ref().map(endpoint),
        call_timeout: llm.timeout,
        in_flight_max: many(llm.in_flight_max),
        in_flight_per_business_max: many(llm.in_flight_per_business_max),
        tokens_per_day: llm.tokens_per_day,
        tokens_per_business_per_day: llm.tokens_per_business_per_day,
        ..Settings::new(endpoint(&llm.primary))
    }
}

#[async_trait]
impl Probe for Client {
    async fn state(&self) -> DependencyState {
        match self.health() {
            Health::Well => DependencyState::Up,
            Health::Degraded => DependencyState::Degraded,
            Health::Down => DependencyState::Down,
            Health::Unknown => DependencyState::Unknown,
        }
    }
}
