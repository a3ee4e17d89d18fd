//! `frontdesk understand`: what the engine makes of a text. The same code path as in a conversation.

mod asking;

use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::lines::Lines;
use super::{DEMO, Failure, documents, quiet};
use crate::app;
use crate::booking::Catalogue;
use crate::clock::Clock;
use crate::config::{self, Settings};
use crate::types::BusinessId;
use crate::understanding::Lexicon;

/// What was asked for.
pub(super) struct Request {
    pub(super) business: String,
    pub(super) expecting: Option<String>,
    pub(super) jsonl: bool,
    /// Ask the language model.
    pub(super) llm: bool,
    /// Where its answers are written down.
    pub(super) record: Option<PathBuf>,
    pub(super) text: Option<String>,
}

pub(super) async fn run(
    request: Request,
    settings: impl Fn() -> Result<Settings, config::Error>,
    output: &mut impl Write,
) -> Result<(), Failure> {
    let catalogue = find(&request.business, &settings).await?;
    let lexicon = catalogue.as_ref().map(documents::lexicon);
    let lines = match request.text {
        Some(text) => Lines::of(std::io::Cursor::new(text.replace('\n', " "))),
        None => Lines::of(BufReader::new(std::io::stdin())),
    };
    if request.jsonl {
        jsonl(lines, lexicon.as_ref(), output).await?;
        return Ok(());
    }
    let zone = catalogue.as_ref().map(|catalogue| catalogue.time_zone.clone());
    let loaded = settings()?;
    let clock = loaded.system_clock();
    let now = clock.now().to_zoned(zone.unwrap_or(TimeZone::UTC)).datetime();
    if request.llm {
        let Some(catalogue) = &catalogue else {
            return Err(Failure::WrongUse(
                "--llm needs a business: the model is told what it offers".to_owned(),
            ));
        };
        let asking = asking::Asking {
            catalogue,
            now,
            expecting: request.expecting.as_deref(),
            record: request.record,
        };
        return asking::texts(asking, &loaded, lines, output).await;
    }
    texts(lines, lexicon.as_ref(), now, request.expecting.as_deref(), output).await?;
    Ok(())
}

async fn jsonl(mut lines: Lines, lexicon: Option<&Lexicon>, output: &mut impl Write) -> anyhow::Result<()> {
    while let Some(line) = lines.next().await.context("cannot read standard input")? {
        if !line.trim().is_empty() {
            writeln!(output, "{}", documents::understand(&line, lexicon)?)?;
            // Whoever asks line by line waits for each answer.
            output.flush()?;
        }
    }
    Ok(())
}

async fn texts(
    mut lines: Lines,
    lexicon: Option<&Lexicon>,
    now: DateTime,
    expecting: Option<&str>,
    output: &mut impl Write,
) -> anyhow::Result<()> {
    let mut number = 0_u64;
    while let Some(text) = lines.next().await.context("cannot read standard input")? {
        number += 1;
        let question = question(number, &text, now, expecting);
        let answer: Value = serde_json::from_str(&documents::understand(&question, lexicon)?)?;
        if let Some(problem) = answer.get("error").and_then(Value::as_str) {
            return Err(anyhow!("{problem}"));
        }
        writeln!(output, "{answer:#}")?;
    }
    Ok(())
}

fn question(number: u64, text: &str, now: DateTime, expecting: Option<&str>) -> String {
    let mut question =
        json!({"id": number, "text": text, "reference": now.strftime("%Y-%m-%dT%H:%M:%S").to_string()});
    if let Some(expecting) = expecting {
        question["expecting"] = expecting.into();
    }
    question.to_string()
}

/// The business that was named: none, the demo, a file, or one of the database.
async fn find(
    name: &str,
    settings: &impl Fn() -> Result<Settings, config::Error>,
) -> Result<Option<Catalogue>, Failure> {
    if name == "none" {
        return Ok(None);
    }
    if name == DEMO {
        return Ok(Some(documents::demo()?));
    }
    // An id has no dot and no slash, so a file that is meant as one is never taken for an id by accident.
    let path = Path::new(name);
    let Ok(id) = BusinessId::new(name) else {
        return Ok(Some(documents::read(path)?));
    };
    if path.is_file() {
        return Ok(Some(documents::read(path)?));
    }
    let settings = quiet(settings()?)?;
    let app = app::open(&settings).await?;
    let found = app.businesses.find(&id).await;
    app.close().await;
    let business = found
        .map_err(anyhow::Error::from)?
        .ok_or_else(|| anyhow!("there is no business `{id}` and no file of that name"))?;
    Ok(Some(business.catalogue.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_a_question_with_the_local_time() {
        let now = jiff::civil::date(2026, 11, 18).at(10, 0, 0, 0);
        let asked: Value = serde_json::from_str(&question(1, "\"yes\"", now, Some("confirm"))).unwrap();
        assert_eq!(
            asked,
            json!({"id": 1, "text": "\"yes\"", "reference": "2026-11-18T10:00:00", "expecting": "confirm"})
        );
    }
}
