//! One endpoint: asked, asked again where that helps, asked otherwise where it must be, and left alone when it fails.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::account::Account;
use super::attempt::{Attempt, Failure, Next};
use super::dialect::{Dialect, Rung};
use super::exchange::{Answered, Asks, Heard, exchange};
use super::gate::{Gate, Pass};
use super::pauses::Pauses;
use super::settings::{Endpoint, OpenError, Settings};
use super::trouble::Trouble;
use super::wire;
use crate::telemetry::metrics::{self, LlmEndpoint, LlmOutcome};
use crate::telemetry::trace;
use crate::understanding::llm::chat::{ChatReply, ChatRequest};

/// Models of which something is remembered. More are a sign that names are made up; all is then learnt anew.
const MODELS_MAX: usize = 64;
/// How long a line to the endpoint may take to make.
const CONNECTING_MAX: Duration = Duration::from_secs(3);
/// How long a line that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(60);

/// See the module.
pub(super) struct Line {
    /// Where it is, as people may read it.
    pub(super) origin: String,
    /// Its usual model.
    pub(super) model: String,
    http: reqwest::Client,
    chat: Url,
    models: Url,
    key: Option<HeaderValue>,
    gate: Gate,
    place: LlmEndpoint,
    rest_when_misconfigured: Duration,
    /// Microseconds that an answer takes, as a moving average; 0 before the first.
    usual: AtomicU64,
    // Held to look and to note, never across an await.
    known: Mutex<HashMap<String, Known>>,
}

#[derive(Clone, Copy, Default)]
struct Known {
    dialect: Dialect,
    /// The endpoint said that it lacks the model, and is not asked for it before.
    missing_until: Option<Instant>,
}

impl Line {
    pub(super) fn new(
        endpoint: &Endpoint,
        place: LlmEndpoint,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let (chat, models) = (endpoint.url("chat/completions")?, endpoint.url("models")?);
        let key = match &endpoint.api_key {
            Some(key) => {
                let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                    .map_err(|_| OpenError::Key)?;
                value.set_sensitive(true);
                Some(value)
            }
            None => None,
        };
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECTING_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(settings.in_flight_max)
            .user_agent(concat!("frontdesk/", env!("CARGO_PKG_VERSION")));
        let told = |error: &dyn std::error::Error| OpenError::Client(error.to_string());
        if endpoint.is_here() {
            builder = builder.no_proxy();
        }
        let tls = crate::tls::client().map_err(|error| told(&error))?;
        builder = builder.tls_backend_preconfigured(tls);
        Ok(Self {
            origin: endpoint.origin(),
            model: endpoint.model.clone(),
            http: builder.build().map_err(|error| told(&error.without_url()))?,
            chat,
            models,
            key,
            place,
            gate: Gate::new(
                settings.failures_max,
                settings.rest,
                settings.rest_when_misconfigured,
            ),
            rest_when_misconfigured: settings.rest_when_misconfigured,
            usual: AtomicU64::new(0),
            known: Mutex::default(),
        })
    }

    /// Whether it would be asked for `model` now.
    pub(super) fn lets_in(&self, model: &str) -> bool {
        self.gate.lets_in() && !self.lacks(model)
    }

    /// How much time must be left for an attempt to be worth its tokens: what an answer usually takes, within limits.
    pub(super) fn needs(&self, settings: &Settings) -> Duration {
        let usual = Duration::from_micros(self.usual.load(Ordering::Relaxed));
        // An endpoint that was slow must be able to show that it is no longer.
        usual.min(settings.attempt_max() / 2).max(settings.attempt_min())
    }

    /// Whether it is taken to be well; `None` before its first answer or trouble.
    pub(super) fn is_well(&self) -> Option<bool> {
        if !self.gate.is_closed() || self.known(&self.model).missing_until.is_some() {
            return Some(false);
        }
        self.gate.was_well().then_some(true)
    }

    /// How `model` is asked, as far as it was learnt.
    pub(super) fn rung(&self, model: &str) -> Rung {
        self.known(model).dialect.rung
    }

    /// Asks for one answer, until `until` at the latest.
    pub(super) async fn ask(
        &self,
        asked: &ChatRequest<'_>,
        model: &str,
        settings: &Settings,
        until: Instant,
        account: &mut Account<'_>,
    ) -> Result<ChatReply, Failure> {
        if self.lacks(model) {
            return Err(Failure::trouble(Trouble::Model, LlmOutcome::Skipped, 404));
        }
        let needs = self.needs(settings);
        let mut pauses = Pauses::new(settings, needs, until);
        let mut dialect = self.known(model).dialect;
        let mut mended = false;
        let mut repair = None;
        let mut failed = None;
        loop {
            let skipped = |why| Failure::unreached(LlmOutcome::Skipped, why);
            let Some(pass) = self.gate.enter() else {
                return Err(failed.unwrap_or_else(|| skipped("the endpoint fails and is left alone")));
            };
            let given = until
                .saturating_duration_since(Instant::now())
                .min(settings.attempt_max());
            if given < needs {
                return Err(failed.unwrap_or_else(|| skipped("too little time is left")));
            }
            let body = wire::request(asked, model, dialect, repair.as_ref())
                .map_err(|error| Failure::new(LlmOutcome::Error, error.to_string()))?;
            let call = account.begin(body.len());
            let begins = Instant::now();
            let ends = begins + given;
            let asks = Asks {
                body: Some(body),
                trace: trace::onward(asked.trace),
            };
            let heard = exchange(
                &self.http,
                &self.chat,
                self.key.as_ref(),
                asks,
                settings.body_max,
                ends,
            )
            .await;
            // A call that was given less than half the usual time says little about the endpoint.
            let fair = given * 2 >= settings.attempt_max();
            let attempt = Attempt {
                line: self,
                asked,
                model,
                dialect,
                mended,
            };
            let next = attempt.judge(heard, pass, call, fair);
            metrics::llm_left_alone(self.place, !self.gate.is_closed());
            match next {
                Next::Done(reply) => {
                    self.took(begins.elapsed());
                    return Ok(reply);
                }
                Next::Fail(failure) => return Err(failure),
                Next::Otherwise(otherwise, to_mend) => {
                    mended |= to_mend.is_some();
                    (dialect, repair) = (otherwise, to_mend);
                    failed = Some(Failure::new(
                        LlmOutcome::Invalid,
                        "there was no time for another attempt",
                    ));
                }
                Next::Later(asks, failure) => {
                    if !self.gate.lets_in() || !pauses.wait(asks).await {
                        return Err(failure);
                    }
                    failed = Some(failure);
                }
            }
        }
    }

    /// The models that it lists; `None` when it does not.
    pub(super) async fn listed(&self, body_max: usize, until: Instant) -> Option<Vec<String>> {
        let heard = exchange(
            &self.http,
            &self.models,
            self.key.as_ref(),
            Asks::default(),
            body_max,
            until,
        )
        .await;
        let Heard::Answered(Answered {
            status: 200, body, ..
        }) = heard
        else {
            return None;
        };
        let json: serde_json::Value = serde_json::from_str(&body).ok()?;
        let models = json["data"].as_array()?.iter();
        Some(
            models
                .filter_map(|model| model["id"].as_str().map(str::to_owned))
                .collect(),
        )
    }

    fn took(&self, time: Duration) {
        let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let average = |before: u64| match before {
            0 => time,
            // An eighth of it is new.
            before => before - before / 8 + time / 8,
        };
        let updated = |before| Some(average(before));
        // Never refuses.
        let _ = self
            .usual
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, updated);
    }

    fn lacks(&self, model: &str) -> bool {
        let until = self.known(model).missing_until;
        until.is_some_and(|until| Instant::now() < until)
    }

    fn known(&self, model: &str) -> Known {
        self.all_known().get(model).copied().unwrap_or_default()
    }

    fn note(&self, model: &str, note: impl FnOnce(&mut Known)) {
        let mut all = self.all_known();
        if !all.contains_key(model) && all.len() >= MODELS_MAX {
            all.clear();
        }
        note(all.entry(model.to_owned()).or_default());
    }

    fn all_known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers how `model` is to be asked.
    pub(super) fn learn(&self, model: &str, dialect: Dialect) {
        let known = self.known(model);
        let before = known.dialect;
        if before == dialect && known.missing_until.is_none() {
            return;
        }
        self.note(model, |known| {
            *known = Known {
                dialect,
                missing_until: None,
            }
        });
        if before.rung != dialect.rung {
            let rung = dialect.rung.as_str();
            tracing::info!(endpoint = %self.origin, model, "the language model takes no {}; asking by {rung}", before.rung.as_str());
        }
    }

    /// Whether `rung` has worked for `model`, for anybody.
    pub(super) fn is_proven(&self, model: &str, rung: Rung) -> bool {
        let Dialect {
            rung: known, proven, ..
        } = self.known(model).dialect;
        proven && known == rung
    }

    /// Remembers that `model` answered to this, unless somebody has found a surer way meanwhile.
    pub(super) fn worked(&self, model: &str, dialect: Dialect) {
        let known = self.known(model).dialect;
        if !known.proven || dialect.rung <= known.rung {
            self.learn(model, dialect);
        }
    }

    pub(super) fn answered(&self, pass: Pass<'_>) {
        if pass.well() {
            tracing::info!(endpoint = %self.origin, "the language model answers again");
        }
    }

    pub(super) fn failed(&self, pass: Pass<'_>, failure: &Failure) {
        if pass.failed() {
            tracing::warn!(endpoint = %self.origin, error = %failure.why, "the language model fails and is left alone for a while");
        }
    }

    pub(super) fn misconfigured(&self, pass: Pass<'_>, trouble: Trouble, failure: &Failure) {
        if pass.misconfigured(trouble) {
            tracing::error!(endpoint = %self.origin, "the language model cannot be used: {}; frontdesk doctor tells which setting", failure.why);
        }
    }

    /// The endpoint lives and lacks one model; it may be asked for others.
    pub(super) fn missing(&self, model: &str, failure: &Failure) {
        let mut is_news = false;
        self.note(model, |known| {
            is_news = known.missing_until.is_none();
            known.missing_until = Some(Instant::now() + self.rest_when_misconfigured);
        });
        if is_news {
            tracing::error!(endpoint = %self.origin, model, "the language model cannot be used: {}; frontdesk doctor tells which setting", failure.why);
        }
    }

    /// Whether it has ever answered, so that its key and address are right.
    pub(super) fn has_answered(&self) -> bool {
        self.gate.was_well()
    }
}
