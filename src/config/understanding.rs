//! `[understanding]` and `[llm]`: who turns text into acts.

use secrecy::SecretString;

use super::values::{Values, choice};

/// The settings of understanding.
#[derive(Debug, Clone, Default)]
pub struct Understanding {
    /// `FRONTDESK_UNDERSTANDING`, default `auto`.
    pub engine: Engine,
    /// `LLM_BASE_URL` with its `/v1`: recognised and warned about.
    pub llm_base_url: Option<String>,
    /// `LLM_API_KEY`.
    pub llm_api_key: Option<SecretString>,
    /// `LLM_MODEL`.
    pub llm_model: Option<String>,
}

/// Who understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// A language model when one is configured and supported, else the rules engine.
    #[default]
    Auto,
    /// A language model, or no start.
    Llm,
    /// The rules engine.
    Rules,
}

choice!(Engine, "auto or rules", "auto" => Self::Auto, "llm" => Self::Llm, "rules" => Self::Rules);

impl Understanding {
    pub(super) fn read(values: &mut Values) -> Self {
        let understanding = Self {
            engine: values.take("understanding.engine", &["FRONTDESK_UNDERSTANDING"], Engine::Auto),
            llm_base_url: values.take_optional("llm.base_url", &["LLM_BASE_URL"]),
            llm_api_key: values.take_optional("llm.api_key", &["LLM_API_KEY"]),
            llm_model: values.take_optional("llm.model", &["LLM_MODEL"]),
        };
        understanding.validate(values);
        understanding
    }

    fn validate(&self, values: &mut Values) {
        if self.engine == Engine::Llm {
            values.refuse(
                "understanding.engine",
                "a language model is not supported yet by this version; write rules or auto",
            );
        }
        if let Some(url) = &self.llm_base_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            values.refuse(
                "llm.base_url",
                "write the endpoint with its scheme and its /v1, for example https://llm.example.com/v1",
            );
        }
    }

    pub(super) fn warnings(&self, warnings: &mut Vec<String>) {
        let configured =
            self.llm_base_url.is_some() || self.llm_api_key.is_some() || self.llm_model.is_some();
        if configured && self.engine == Engine::Auto {
            warnings.push(
                "LLM_BASE_URL, LLM_API_KEY and LLM_MODEL are not supported yet by this version: the rules engine understands alone"
                    .to_owned(),
            );
        }
    }
}
