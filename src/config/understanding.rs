//! `[understanding]` and `[llm]`: who turns text into acts.

use std::time::Duration;

use secrecy::SecretString;

use super::values::{FromSetting, Values, choice};

/// The settings of understanding.
#[derive(Debug, Clone, Default)]
pub struct Understanding {
    /// `FRONTDESK_UNDERSTANDING`, default `auto`.
    pub engine: Engine,
    /// The language model; none unless `LLM_BASE_URL` and `LLM_MODEL` are set, or with `rules`.
    pub llm: Option<Llm>,
}

/// Who understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// The rules engine, and a language model where it is unsure, if one is configured.
    #[default]
    Auto,
    /// A language model for every message; the rules engine when it fails.
    Llm,
    /// The rules engine alone.
    Rules,
}

choice!(Engine, "auto, llm or rules", "auto" => Self::Auto, "llm" => Self::Llm, "rules" => Self::Rules);

/// The language model.
#[derive(Debug, Clone)]
pub struct Llm {
    /// `LLM_BASE_URL`, `LLM_API_KEY`, `LLM_MODEL`.
    pub primary: LlmEndpoint,
    /// `LLM_FALLBACK_BASE_URL` and so on: asked when the first one fails. The key and the model are the first one's
    /// unless they are given.
    pub fallback: Option<LlmEndpoint>,
    /// `LLM_TIMEOUT_MS`: a call, retries included. Default 8 s.
    pub timeout: Duration,
    /// `LLM_IN_FLIGHT_MAX`: calls at once. Default 64.
    pub in_flight_max: u64,
    /// Calls at once for one business. Default 16.
    pub in_flight_per_business_max: u64,
    /// `LLM_TOKENS_PER_DAY`: what all may spend; unlimited when absent.
    pub tokens_per_day: Option<u64>,
    /// `LLM_TOKENS_PER_BUSINESS_PER_DAY`.
    pub tokens_per_business_per_day: Option<u64>,
    /// `LLM_WORDING`: whether courtesies and common answers may be said in the model's words, within the claim check.
    /// Default yes.
    pub wording: bool,
    /// `LLM_VARIANTS`: the arms of a comparison; none by default.
    pub variants: Vec<Variant>,
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct LlmEndpoint {
    /// With its `/v1`, without a slash at the end.
    pub base_url: String,
    /// Sent as a bearer token.
    pub api_key: Option<SecretString>,
    /// The model.
    pub model: String,
}

/// An arm of a comparison, as `NAME=MODEL:WEIGHT` or `NAME=MODEL/PROMPT:WEIGHT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// Its name in the transcript.
    pub name: String,
    /// The model.
    pub model: String,
    /// The kind of prompt; the usual one when absent.
    pub prompt: Option<String>,
    /// Its share, against the sum of all.
    pub weight: u32,
}

impl FromSetting for Variant {
    const SHAPE: &'static str = "NAME=MODEL:WEIGHT, for example small=gpt-5-mini:50; NAME=MODEL#PROMPT:WEIGHT for \
                                 another prompt (standard or brief)";

    fn from_text(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('=')?;
        let (model, weight) = rest.rsplit_once(':')?;
        let (model, prompt) = match model.rsplit_once('#') {
            Some((model, prompt)) => (model, Some(prompt.trim().to_owned())),
            None => (model, None),
        };
        let variant = Self {
            name: name.trim().to_owned(),
            model: model.trim().to_owned(),
            prompt,
            weight: weight.trim().parse().ok()?,
        };
        let is_whole = !variant.name.is_empty() && !variant.model.is_empty() && variant.weight > 0;
        let knows_prompt = variant
            .prompt
            .as_deref()
            .is_none_or(|prompt| matches!(prompt, "standard" | "brief"));
        (is_whole && knows_prompt).then_some(variant)
    }
}

impl Understanding {
    pub(super) fn read(values: &mut Values) -> Self {
        let engine = values.take("understanding.engine", &["FRONTDESK_UNDERSTANDING"], Engine::Auto);
        let llm = read_llm(values);
        if engine == Engine::Llm && llm.is_none() {
            values.refuse(
                "understanding.engine",
                "llm needs LLM_BASE_URL and LLM_MODEL; write auto to use the rules engine without them",
            );
        }
        Self {
            engine,
            llm: llm.filter(|_| engine != Engine::Rules),
        }
    }
}

fn read_llm(values: &mut Values) -> Option<Llm> {
    let base_url: Option<String> = values.take_optional("llm.base_url", &["LLM_BASE_URL"]);
    let api_key: Option<SecretString> = values.take_optional("llm.api_key", &["LLM_API_KEY"]);
    let model: Option<String> = values.take_optional("llm.model", &["LLM_MODEL"]);
    let fallback_url: Option<String> =
        values.take_optional("llm.fallback_base_url", &["LLM_FALLBACK_BASE_URL"]);
    let fallback_key: Option<SecretString> =
        values.take_optional("llm.fallback_api_key", &["LLM_FALLBACK_API_KEY"]);
    let fallback_model: Option<String> = values.take_optional("llm.fallback_model", &["LLM_FALLBACK_MODEL"]);
    let timeout_ms = values.take("llm.timeout_ms", &["LLM_TIMEOUT_MS"], 8_000_u64);
    values.bound("llm.timeout_ms", timeout_ms, 100, 120_000);
    let in_flight_max = values.take("llm.in_flight_max", &["LLM_IN_FLIGHT_MAX"], 64_u64);
    values.bound("llm.in_flight_max", in_flight_max, 1, 10_000);
    let in_flight_per_business_max = values.take("llm.in_flight_per_business_max", &[], 16_u64);
    values.bound(
        "llm.in_flight_per_business_max",
        in_flight_per_business_max,
        1,
        10_000,
    );
    let tokens_per_day = values.take_optional("llm.tokens_per_day", &["LLM_TOKENS_PER_DAY"]);
    let tokens_per_business_per_day = values.take_optional(
        "llm.tokens_per_business_per_day",
        &["LLM_TOKENS_PER_BUSINESS_PER_DAY"],
    );
    let wording = values.take("llm.wording", &["LLM_WORDING"], true);
    let variants = values.take_list("llm.variants", &["LLM_VARIANTS"]);

    for (key, url) in [
        ("llm.base_url", &base_url),
        ("llm.fallback_base_url", &fallback_url),
    ] {
        if url.as_ref().is_some_and(|url| !is_endpoint(url)) {
            values.refuse(
                key,
                "write the endpoint with its scheme and its /v1, for example https://llm.example.com/v1",
            );
        }
    }
    let (base_url, model) = match (base_url, model) {
        (Some(base_url), Some(model)) => (base_url, model),
        (Some(_), None) => {
            values.refuse("llm.model", "LLM_BASE_URL is set, so name the model: LLM_MODEL");
            return None;
        }
        (None, Some(_)) => {
            values.refuse(
                "llm.base_url",
                "LLM_MODEL is set, so say where it is: LLM_BASE_URL",
            );
            return None;
        }
        (None, None) => {
            if api_key.is_some() || fallback_url.is_some() {
                values.refuse("llm.base_url", "LLM_BASE_URL and LLM_MODEL are missing beside it");
            }
            return None;
        }
    };
    let endpoint = |base_url: String, api_key: Option<SecretString>, model: String| LlmEndpoint {
        base_url: base_url.trim_end_matches('/').to_owned(),
        api_key,
        model,
    };
    Some(Llm {
        fallback: fallback_url.map(|url| {
            // A key is never sent to another host than the one that it was given for.
            endpoint(url, fallback_key, fallback_model.unwrap_or_else(|| model.clone()))
        }),
        primary: endpoint(base_url, api_key, model),
        timeout: Duration::from_millis(timeout_ms),
        in_flight_max,
        in_flight_per_business_max,
        tokens_per_day,
        tokens_per_business_per_day,
        wording,
        variants,
    })
}

fn is_endpoint(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.starts_with('/') && !rest.is_empty() && !rest.contains('@'))
}
