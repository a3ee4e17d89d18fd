//! The language model as the settings want it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;

use crate::api::health::{DependencyState, Probe};
use crate::config::Settings as Config;
use crate::config::understanding::{self as config, Engine, Llm, LlmEndpoint};
use crate::conversation::Limits;
use crate::understanding::Understanding;
use crate::understanding::llm::client::{Client, Endpoint, Health, Settings};
use crate::understanding::llm::{Mode, Options, PromptKind, Variant, Variants, WithModel};
use crate::understanding::rules::Rules;

/// Who understands, and the client of the language model, if one is asked.
type Ear = (Arc<dyn Understanding>, Option<Arc<Client>>);

/// The rules engine, with a language model beside it where one is configured.
pub(super) fn ear(settings: &Config) -> anyhow::Result<Ear> {
    let Some(llm) = &settings.understanding.llm else {
        return Ok((Arc::new(Rules::new()), None));
    };
    let client = Client::new(self::settings(llm)).context("the language model cannot be asked")?;
    let client = Arc::new(client);
    let ear = WithModel::new(client.clone(), options(llm, settings.understanding.engine));
    Ok((Arc::new(ear), Some(client)))
}

/// How the model's answers are used.
#[must_use]
pub fn options(llm: &Llm, engine: Engine) -> Options {
    let arm = |variant: &config::Variant| Variant {
        name: variant.name.clone(),
        model: Some(variant.model.clone()),
        prompt: match variant.prompt.as_deref() {
            Some("brief") => Some(PromptKind::Brief),
            Some(_) => Some(PromptKind::Standard),
            None => None,
        },
        weight: variant.weight,
    };
    Options {
        mode: match engine {
            Engine::Llm => Mode::Always,
            Engine::Auto | Engine::Rules => Mode::Auto,
        },
        model: llm.primary.model.clone(),
        variants: Variants {
            experiment: "variants".to_owned(),
            arms: llm.variants.iter().map(arm).collect(),
        },
        wording: llm.wording,
        ..Options::default()
    }
}

/// How long a turn may take to be understood: a call, and a little for what is around it.
pub(super) fn time_for_understanding(settings: &Config) -> Duration {
    let around = Duration::from_secs(2);
    let llm = settings.understanding.llm.as_ref();
    llm.map_or(Limits::default().understanding, |llm| llm.timeout + around)
}

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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn options_with(more: &[(&str, &str)]) -> Options {
        let endpoint = [
            ("LLM_BASE_URL", "http://localhost:8080/v1"),
            ("LLM_MODEL", "small"),
        ];
        let environment = endpoint
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let settings = Config::parse(Path::new("frontdesk.toml"), "", environment).unwrap();
        let llm = settings.understanding.llm.as_ref().unwrap();
        options(llm, settings.understanding.engine)
    }

    #[test]
    fn the_model_may_word_courtesies_unless_the_settings_forbid_it() {
        assert!(options_with(&[]).wording);
        assert!(!options_with(&[("LLM_WORDING", "false")]).wording);
    }

    #[test]
    fn the_engine_says_when_the_model_is_asked() {
        let mode = |engine| options_with(&[("FRONTDESK_UNDERSTANDING", engine)]).mode;
        assert_eq!((mode("auto"), mode("llm")), (Mode::Auto, Mode::Always));
    }
}
