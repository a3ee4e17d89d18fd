//! The ear with a model behind the rules.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use super::ModelUse;
use super::chat::{Chat, ChatFailure, ChatReply, ChatRequest, Spent};
use super::merge::{Merged, is_sure, merge};
use super::prompt::{PromptKind, prompt};
use super::proposal::{SCHEMA, parse};
use super::variants::Variants;
use super::words::is_wary_of;
use crate::telemetry::metrics::{self, LlmOutcome};
use crate::understanding::act::Topic;
use crate::understanding::rules::{Analysis, Rules, salient};
use crate::understanding::{Act, Heard, Scene, Understanding, Understood};

/// Tokens that an answer may take: a dozen acts with their quotations.
const ANSWER_TOKENS_MAX: u32 = 600;

/// The endpoint's side keeps to the time left; this much later, it is not waited for any longer.
const GRACE: Duration = Duration::from_millis(250);

/// When the model is asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Where the rules are unsure.
    #[default]
    Auto,
    /// For every message.
    Always,
}

/// How a model is used.
#[derive(Debug, Clone)]
pub struct Options {
    /// When it is asked.
    pub mode: Mode,
    /// The endpoint's usual model, for the record of calls that were not answered.
    pub model: String,
    /// The usual prompt.
    pub prompt: PromptKind,
    /// What is compared, if anything.
    pub variants: Variants,
    /// Whether courtesies and common answers may be said in its words, as far as they claim nothing.
    pub wording: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            model: String::new(),
            prompt: PromptKind::default(),
            variants: Variants::default(),
            wording: true,
        }
    }
}

/// The rules engine, with a model asked where it helps.
pub struct WithModel {
    rules: Rules,
    chat: Arc<dyn Chat>,
    options: Options,
}

impl WithModel {
    /// An ear that asks through `chat`.
    #[must_use]
    pub fn new(chat: Arc<dyn Chat>, options: Options) -> Self {
        Self {
            rules: Rules::new(),
            chat,
            options,
        }
    }

    async fn ask(&self, heard: &Heard<'_>, scene: &Scene<'_>, rules: Analysis) -> Understood {
        let rules = rules.understood;
        let options = &self.options;
        let arm = options.variants.of(scene.pair);
        let kind = arm.and_then(|arm| arm.prompt).unwrap_or(options.prompt);
        let model = scene.model.or_else(|| arm.and_then(|arm| arm.model.as_deref()));
        let request = ChatRequest {
            business: &scene.pair.business,
            model,
            messages: prompt(kind, heard, scene, &rules),
            schema: LazyLock::force(&SCHEMA),
            max_tokens: ANSWER_TOKENS_MAX,
            time_left: scene.time_left,
            trace: scene.trace,
        };
        let asked_at = Instant::now();
        let answer = timeout(scene.time_left.saturating_add(GRACE), self.chat.complete(request))
            .await
            .unwrap_or_else(|_| Err(late()));
        let mut used = ModelUse {
            model: model.unwrap_or(&options.model).to_owned(),
            prompt: kind.version(),
            variant: arm.map(|arm| arm.name.clone()),
            outcome: LlmOutcome::Ok,
            input_tokens: 0,
            output_tokens: 0,
            took: asked_at.elapsed(),
            request_id: None,
            wording: None,
        };
        let merged = match answer {
            Ok(reply) => {
                let merged = taken(&mut used, reply, heard, &rules);
                used.wording = used.wording.filter(|_| options.wording);
                merged
            }
            Err(failure) => {
                used.outcome = failure.outcome;
                spent(&mut used, failure.spent);
                None
            }
        };
        understood(rules, merged, used)
    }
}

#[async_trait]
impl Understanding for WithModel {
    fn needs_scene(&self) -> bool {
        true
    }

    async fn understand(&self, heard: Heard<'_>) -> Understood {
        let rules = self.rules.analyse(heard);
        let heard = Heard {
            language: rules.understood.language,
            ..heard
        };
        match heard.scene {
            Some(scene) if self.options.mode == Mode::Always || !is_sure(&rules, &heard) => {
                self.ask(&heard, scene, rules).await
            }
            _ => rules.understood,
        }
    }
}

fn late() -> ChatFailure {
    ChatFailure {
        outcome: LlmOutcome::Timeout,
        why: "the model was not waited for any longer".to_owned(),
        spent: Spent::default(),
    }
}

fn spent(used: &mut ModelUse, spent: Spent) {
    used.input_tokens = spent.input_tokens;
    used.output_tokens = spent.output_tokens;
}

/// Takes an answer over: what it cost, and what of it survives.
fn taken(used: &mut ModelUse, reply: ChatReply, heard: &Heard<'_>, rules: &Understood) -> Option<Merged> {
    spent(used, reply.spent);
    used.model = reply.model;
    used.request_id = reply.request_id;
    let Some(proposal) = parse(&reply.value, heard) else {
        used.outcome = LlmOutcome::Invalid;
        return None;
    };
    let merged = merge(&rules.acts, &proposal.acts, heard);
    for reason in proposal.dropped.iter().chain(&merged.dropped) {
        metrics::llm_dropped(*reason, 1);
    }
    used.wording = proposal
        .say
        .filter(|_| is_courtesy(&merged.acts) && !is_wary_of(heard.text));
    Some(merged)
}

fn understood(rules: Understood, merged: Option<Merged>, used: ModelUse) -> Understood {
    let model = Some(Box::new(used));
    match merged {
        // A yes that was doubted is gone, though nothing of the model's came in its place.
        Some(merged) if merged.of_model > 0 || merged.acts != rules.acts => {
            let by_model = merged.of_model > 0;
            let name = model.as_ref().map(|used| used.model.clone()).unwrap_or_default();
            Understood {
                intent: salient(&merged.acts, false),
                language: rules.language,
                engine: if by_model { name.into() } else { rules.engine },
                acts: merged.acts,
                model,
            }
        }
        _ => Understood { model, ..rules },
    }
}

/// Whether there is nothing to do but to be polite, or to give one of the business's own answers.
fn is_courtesy(acts: &[Act]) -> bool {
    acts.iter().all(|act| match act {
        Act::SmallTalk { .. } => true,
        Act::Ask { topic } => matches!(
            topic,
            Topic::Faq { .. }
                | Topic::Location
                | Topic::Parking
                | Topic::Payment
                | Topic::Policy
                | Topic::Help
                | Topic::AreYouABot
        ),
        _ => false,
    })
}
