//! The messages of a turn, understood in their order; each sees what was said before it.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::commit::{Draft, Given};
use super::history;
use super::joining::Patience;
use super::load::Loaded;
use super::turn::Waiting;
use super::{Business, Services, scene, stages};
use crate::dialogue::Heard;
use crate::store::{Asked, Inbound};
use crate::telemetry::metrics::{self, Engine, LlmOutcome, Stage};
use crate::types::{Language, Pair};
use crate::understanding::act::SmallTalk;
use crate::understanding::scene::Speaker;
use crate::understanding::{self, Act, Intent, ModelUse, Understood};

/// Characters of each name that is kept of a model's use; endpoints choose them.
const NAME_CHARS_MAX: usize = 200;

/// The engine that needs no model.
const RULES: &str = "rules";

/// How a turn may think.
pub(super) struct Thinking {
    /// For how long.
    pub patience: Patience,
    /// Rung when a newer message wants to join; `None` for a turn that ends as it began.
    pub newer: Option<Arc<Notify>>,
}

/// What a message was understood to be, for a turn that begins again.
pub(super) struct Kept {
    /// The version of the conversation that it was said in.
    version: u64,
    understood: Understood,
}

/// A newer message wants to join, and nothing is decided yet.
pub(super) struct GivenUp;

/// Understands the messages of a turn.
pub(super) async fn understand(
    services: &Services,
    pair: &Pair,
    business: &Business,
    loaded: &mut Loaded,
    messages: &mut [Waiting],
    thinking: &Thinking,
) -> Result<Draft, GivenUp> {
    // What was said before each message, for whoever wants to know.
    let mut said = if services.understanding.needs_scene() {
        Some(history::recall(services, pair, loaded).await)
    } else {
        None
    };
    let version = loaded.version();
    let context = &loaded.context;
    let options = context.option_labels();
    let expecting = context.question.as_ref().map(|q| q.expecting);
    // What was understood before the turn began again holds as long as the same was said before it.
    let mut is_same_so_far = true;
    let mut language = context.language.unwrap_or(business.lexicon.language);
    for waiting in &mut *messages {
        let inbound = &waiting.inbound;
        is_same_so_far &= matches!(&waiting.kept, Some(kept) if kept.version == version);
        if !is_same_so_far {
            let at = inbound.sent_at.unwrap_or(inbound.received_at);
            let now = business.catalogue.time_zone.to_datetime(at);
            let channel = inbound.key.channel;
            let patience = &thinking.patience;
            let of_account = services.listeners.model(channel, &inbound.key.account);
            let model = of_account.as_deref();
            let scene = said.as_ref().map(|said| {
                let at = scene::At {
                    channel,
                    model,
                    trace: inbound.trace,
                };
                scene::of(pair, at, business, context, said.lines(), now, patience)
            });
            if let Some(understood) = without_words(inbound, language) {
                waiting.kept = Some(Box::new(Kept { version, understood }));
                continue;
            }
            let understanding = services.understanding.understand(understanding::Heard {
                text: &inbound.text,
                now,
                expecting,
                options: &options,
                language,
                lexicon: &business.lexicon,
                scene: scene.as_ref(),
            });
            let understood = match &thinking.newer {
                None => understanding.await,
                Some(newer) => tokio::select! {
                    // An answer that is there is not given up.
                    biased;
                    understood = understanding => understood,
                    () = newer.notified() => return Err(GivenUp),
                },
            };
            waiting.kept = Some(Box::new(Kept { version, understood }));
        }
        language = waiting
            .kept
            .as_ref()
            .map_or(language, |kept| kept.understood.language);
        said = said.map(|said| said.and([history::line(Speaker::Customer, &inbound.text)]));
    }
    stages::took(Stage::Understand, thinking.patience.begun.elapsed());
    Ok(draft(messages, thinking.patience.begun))
}

/// What somebody says who sends a picture or a recording without a word: nothing that could be understood, and nothing
/// that was misunderstood.
fn without_words(inbound: &Inbound, language: Language) -> Option<Understood> {
    let is_mute = inbound.text.trim().is_empty() && inbound.attachments.is_some();
    is_mute.then(|| Understood {
        acts: vec![Act::SmallTalk {
            kind: SmallTalk::File,
        }],
        intent: Intent::Other,
        language,
        engine: "rules".into(),
        model: None,
    })
}

/// What the turn goes on from.
fn draft(messages: &mut [Waiting], begun: Instant) -> Draft {
    let mut draft = Draft {
        heard: Vec::with_capacity(messages.len()),
        given: Vec::with_capacity(messages.len()),
        begun,
    };
    for waiting in messages {
        // Every message has been understood above.
        let Some(kept) = waiting.kept.take() else { continue };
        let Understood {
            acts,
            language,
            engine,
            model,
            ..
        } = kept.understood;
        for (engine, result) in verdicts(&acts, &engine, model.as_deref()) {
            metrics::understood(engine, result);
        }
        let inbound = waiting.inbound.clone();
        let asked = model.as_deref().map(|model| Box::new(asked(model)));
        draft.heard.push(Heard {
            id: inbound.key.message_id.clone(),
            channel: inbound.key.channel,
            text: inbound.text.clone(),
            acts,
            language: Some(language),
            wording: model.and_then(|model| model.wording),
        });
        draft.given.push(Given {
            inbound,
            engine,
            asked,
        });
    }
    draft
}

/// Who understood a message, and whether a model failed at it first.
fn verdicts(acts: &[Act], engine: &str, model: Option<&ModelUse>) -> Vec<(Engine, metrics::Understood)> {
    let by = if engine == RULES {
        Engine::Rules
    } else {
        Engine::Llm
    };
    let is_clear = acts.iter().any(|act| *act != Act::Unclear);
    let result = if is_clear {
        metrics::Understood::Understood
    } else {
        metrics::Understood::Unclear
    };
    let mut verdicts = vec![(by, result)];
    if by == Engine::Rules && model.is_some_and(|model| model.outcome != LlmOutcome::Ok) {
        verdicts.push((Engine::Llm, metrics::Understood::Failed));
    }
    verdicts
}

/// The account of a model's use.
fn asked(model: &ModelUse) -> Asked {
    Asked {
        model: name(&model.model),
        prompt: name(model.prompt),
        variant: model.variant.as_deref().map(name),
        outcome: model.outcome.as_str().to_owned(),
        input_tokens: model.input_tokens,
        output_tokens: model.output_tokens,
        latency_ms: u64::try_from(model.took.as_millis()).unwrap_or(u64::MAX),
        request_id: model.request_id.as_deref().map(name),
    }
}

/// A name that somebody else chose, as it may be stored: not every database takes every character.
fn name(text: &str) -> String {
    let printable = text.chars().filter(|c| !c.is_control());
    printable.take(NAME_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn used(outcome: LlmOutcome) -> ModelUse {
        ModelUse {
            model: "a\u{0}b".to_owned(),
            prompt: "7",
            variant: None,
            outcome,
            input_tokens: u64::MAX,
            output_tokens: 1,
            took: Duration::MAX,
            request_id: Some("r".repeat(10_000)),
            wording: None,
        }
    }

    #[test]
    fn what_an_endpoint_calls_things_is_cut_and_made_printable() {
        let asked = asked(&used(LlmOutcome::RateLimited));
        assert_eq!(
            (asked.model.as_str(), asked.outcome.as_str()),
            ("ab", "rate_limited")
        );
        assert_eq!(asked.request_id.as_deref().map(str::len), Some(200));
        assert_eq!((asked.tokens(), asked.latency_ms), (u64::MAX, u64::MAX));
    }

    #[test]
    fn whoever_understood_is_counted_and_a_model_that_failed_too() {
        use crate::telemetry::metrics::Understood::{Failed, Unclear, Understood};
        let (ok, late) = (used(LlmOutcome::Ok), used(LlmOutcome::Timeout));
        let yes = [Act::Confirm];
        for (acts, engine, model, expected) in [
            (&yes[..], RULES, None, vec![(Engine::Rules, Understood)]),
            (&[Act::Unclear], RULES, None, vec![(Engine::Rules, Unclear)]),
            (&yes, "small-model", Some(&ok), vec![(Engine::Llm, Understood)]),
            (&yes, RULES, Some(&ok), vec![(Engine::Rules, Understood)]),
            (
                &yes,
                RULES,
                Some(&late),
                vec![(Engine::Rules, Understood), (Engine::Llm, Failed)],
            ),
        ] {
            assert_eq!(verdicts(acts, engine, model), expected);
        }
    }
}
