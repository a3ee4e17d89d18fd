//! The client of an OpenAI-compatible endpoint: everything between "ask the model" and "there is none today".
//!
//! - `wire`, `answer`, `dialect`: what is sent and read, and which of the dialects an endpoint speaks.
//! - `exchange`: one request, within a time and a number of bytes.
//! - `attempt`: what each fault means; `pauses`: when it is tried again; `trouble`: what only a person can mend.
//! - `line`: one endpoint, with what was learnt of it; `gate`: whether it is asked at all.
//! - `places`, `budget`, `account`: how many at the same time, how much a day, and what it came to.
//! - `examine`: the same wire, for `frontdesk doctor`.
//!
//! Every answer has one deadline, which waiting, retries and the second endpoint share; at the deadline there is a
//! [`ChatFailure`], and nothing goes on behind it. Dropping the future ends the call and frees its place. Texts, keys
//! and bodies are in no log and no error.

mod account;
mod answer;
mod attempt;
mod budget;
mod dialect;
mod examine;
mod exchange;
mod gate;
mod line;
mod pauses;
mod places;
mod settings;
mod trouble;
mod wire;

use async_trait::async_trait;
use tokio::time::{Instant, timeout_at};

use self::account::Account;
use self::attempt::Failure;
use self::budget::Budget;
use self::line::Line;
use self::places::Places;
use super::chat::{Chat, ChatFailure, ChatReply, ChatRequest, Spent};
use crate::telemetry::metrics::{self, LlmEndpoint, LlmOutcome};

pub use self::dialect::Rung;
pub use self::examine::{Examined, Verdict, examine};
pub use self::settings::{Endpoint, OpenError, Settings};
pub use self::trouble::Trouble;

/// The part of the time that is left which the first endpoint may use when a second one could answer instead.
const FIRST_SHARE: f64 = 0.625;

/// See the module. One for a process, behind an `Arc`: what is learnt and counted is shared.
pub struct Client {
    /// In the order in which they are asked.
    lines: Vec<Line>,
    places: Places,
    budget: Budget,
    settings: Settings,
}

/// How the endpoints are doing, as far as calls have shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// The first one answers.
    Well,
    /// The first one is left alone, and a second one may answer.
    Degraded,
    /// All are left alone.
    Down,
    /// None was asked yet.
    Unknown,
}

impl Client {
    /// Makes a client; connects to nobody.
    ///
    /// # Errors
    /// When an address is none, or a key cannot be sent.
    pub fn new(settings: Settings) -> Result<Self, OpenError> {
        let endpoints = [Some(&settings.primary), settings.fallback.as_ref()];
        let lines = endpoints
            .into_iter()
            .flatten()
            .zip(LlmEndpoint::ALL)
            .map(|(endpoint, place)| Line::new(endpoint, *place, &settings))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            lines,
            places: Places::new(settings.in_flight_max, settings.in_flight_per_business_max),
            budget: Budget::new(settings.tokens_per_day, settings.tokens_per_business_per_day),
            settings,
        })
    }

    /// How the endpoints are doing. Asks nobody and waits for nothing.
    #[must_use]
    pub fn health(&self) -> Health {
        let mut lines = self.lines.iter().map(Line::is_well);
        match lines.next().flatten() {
            Some(true) => Health::Well,
            None => Health::Unknown,
            Some(false) if lines.any(|well| well != Some(false)) => Health::Degraded,
            Some(false) => Health::Down,
        }
    }

    /// The endpoints that may be asked now, each with the model to ask for.
    fn open_lines<'a>(&'a self, asked: &ChatRequest<'a>) -> Vec<(&'a Line, &'a str)> {
        let with_model = |(i, line): (usize, &'a Line)| {
            // Another endpoint has other models.
            let model = asked.model.filter(|_| i == 0).unwrap_or(&line.model);
            (line, model)
        };
        let lines = self.lines.iter().enumerate().map(with_model);
        lines.filter(|(line, model)| line.lets_in(model)).collect()
    }

    async fn ask(
        &self,
        asked: &ChatRequest<'_>,
        until: Instant,
        account: &mut Account<'_>,
    ) -> Result<ChatReply, Failure> {
        let skipped = |why: &str| Err(Failure::unreached(LlmOutcome::Skipped, why));
        let is_spent = || self.budget.spent_by(asked.business);
        if let Some(why) = is_spent() {
            return skipped(why);
        }
        let needs = self
            .open_lines(asked)
            .iter()
            .map(|(line, _)| line.needs(&self.settings))
            .min();
        let Some(needs) = needs else {
            return skipped("every endpoint fails and is left alone");
        };
        // Whoever gets a place later has no use for it.
        let begins_by = until.checked_sub(needs).unwrap_or(until);
        let Ok(Some(_place)) = timeout_at(begins_by, self.places.enter(asked.business)).await else {
            return skipped("too many calls are in flight");
        };
        // Whoever went before may have spent it.
        if let Some(why) = is_spent() {
            return skipped(why);
        }
        let lines = self.open_lines(asked);
        let mut failed: Option<Failure> = None;
        for (i, (line, model)) in lines.iter().enumerate() {
            let is_last = i + 1 == lines.len();
            let ends = if is_last {
                until
            } else {
                let left = until.saturating_duration_since(Instant::now());
                Instant::now() + left.mul_f64(FIRST_SHARE)
            };
            // Large, and one of many in flight.
            let asking = Box::pin(line.ask(asked, model, &self.settings, ends, account));
            match asking.await {
                Ok(reply) => return Ok(reply),
                Err(failure) => {
                    tracing::debug!(endpoint = %line.origin, outcome = failure.outcome.as_str(), error = %failure.why, "no answer from the language model");
                    // That a second one was not asked says less than how the first one failed.
                    if failed.is_none() || failure.outcome != LlmOutcome::Skipped {
                        failed = Some(failure);
                    }
                }
            }
        }
        match failed {
            Some(failure) => Err(failure),
            None => skipped("every endpoint fails and is left alone"),
        }
    }
}

#[async_trait]
impl Chat for Client {
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ChatFailure> {
        let until = Instant::now() + request.time_left.min(self.settings.call_timeout);
        let mut account = Account::new(&self.budget, request.business);
        let answer = self.ask(&request, until, &mut account).await;
        let spent: Spent = account.spent;
        if account.calls == 0 {
            metrics::llm_skipped();
        }
        answer
            .map(|reply| ChatReply { spent, ..reply })
            .map_err(|failure| ChatFailure {
                outcome: failure.outcome,
                why: failure.why,
                spent,
            })
    }
}

#[cfg(test)]
mod tests;
