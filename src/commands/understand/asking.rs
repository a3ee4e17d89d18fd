//! `frontdesk understand --llm`: what the language model makes of a text, and what of it is believed.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::super::Failure;
use super::super::documents;
use super::super::lines::Lines;
use crate::app::model;
use crate::booking::Catalogue;
use crate::config::Settings;
use crate::config::understanding::Engine;
use crate::types::{Channel, Pair, ParticipantId};
use crate::understanding::llm::client::Client;
use crate::understanding::llm::replay::Recorder;
use crate::understanding::llm::{Chat, WithModel};
use crate::understanding::scene::CommonAnswer;
use crate::understanding::{Expecting, Heard, Scene, Understanding, Understood};

/// What is asked about each text.
pub(super) struct Asking<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) now: DateTime,
    pub(super) expecting: Option<&'a str>,
    pub(super) record: Option<PathBuf>,
}

/// Asks about every line, as the first message of a conversation.
pub(super) async fn texts(
    asking: Asking<'_>,
    settings: &Settings,
    mut lines: Lines,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let Some(llm) = &settings.understanding.llm else {
        return Err(Failure::WrongUse(
            "--llm needs LLM_BASE_URL and LLM_MODEL, and FRONTDESK_UNDERSTANDING other than rules".to_owned(),
        ));
    };
    let expecting = asking.expecting.map(expecting).transpose()?;
    let client = Client::new(model::settings(llm)).context("the language model cannot be asked")?;
    let chat: Arc<dyn Chat> = match &asking.record {
        Some(path) => Arc::new(Recorder::new(client, appended(path)?)),
        None => Arc::new(client),
    };
    let ear = WithModel::new(chat, model::options(llm, Engine::Llm));
    let catalogue = asking.catalogue;
    let lexicon = documents::lexicon(catalogue);
    let pair = Pair {
        business: catalogue.id.clone(),
        participant: ParticipantId::new("terminal").map_err(anyhow::Error::from)?,
    };
    let answers = catalogue.faq.iter().map(|faq| CommonAnswer {
        key: &faq.key,
        answer: &faq.answer,
    });
    let scene = Scene {
        pair: &pair,
        channel: Channel::Terminal,
        business_name: &catalogue.name,
        time_zone: catalogue.time_zone.iana_name().unwrap_or("UTC"),
        goals: Vec::new(),
        question: None,
        history: &[],
        answers: answers.collect(),
        model: catalogue.understanding.model_for(Channel::Terminal),
        time_left: llm.timeout,
        trace: None,
    };
    while let Some(text) = lines.next().await.context("cannot read standard input")? {
        let heard = Heard {
            text: &text,
            now: asking.now,
            expecting,
            options: &[],
            language: catalogue.language(),
            lexicon: &lexicon,
            scene: Some(&scene),
        };
        let understood = ear.understand(heard).await;
        writeln!(output, "{:#}", told(&understood)).context("cannot write the answer")?;
    }
    Ok(())
}

fn expecting(name: &str) -> Result<Expecting, Failure> {
    serde_json::from_value(Value::from(name))
        .map_err(|problem| Failure::Failed(anyhow!("--expecting {name}: {problem}")))
}

/// A file that later runs add to.
fn appended(path: &Path) -> anyhow::Result<std::fs::File> {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.with_context(|| format!("cannot write {}", path.display()))
}

fn told(understood: &Understood) -> Value {
    let model = understood.model.as_ref().map(|used| {
        json!({
            "model": used.model,
            "prompt": used.prompt,
            "variant": used.variant,
            "outcome": used.outcome.as_str(),
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "took_ms": u64::try_from(used.took.as_millis()).unwrap_or(u64::MAX),
            "request_id": used.request_id,
            "wording": used.wording,
        })
    });
    json!({
        "intent": understood.intent,
        "acts": understood.acts,
        "engine": understood.engine,
        "model": model,
    })
}
