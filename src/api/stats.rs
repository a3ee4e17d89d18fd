//! Figures: `/metrics` for Prometheus, `/v1/stats` for people and programs that read JSON.
//!
//! Both show the same registry. Gauges that nobody updates on their own (what waits, what lives) are read when
//! somebody looks, so that they cost nothing in between.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::problem::Problem;
use crate::conversation::Load;
use crate::store::Figures;
use crate::telemetry::metrics as telemetry;

mod exposition;

use exposition::Samples;

/// How long the database may take to count.
const LIMIT: Duration = Duration::from_secs(2);

/// The figures of this process.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stats {
    /// Actors and messages that wait for one.
    load: Load,
    /// Open event streams.
    event_streams: usize,
    /// What the database counts; `null` when it does not answer.
    database: Option<Figures>,
    /// Requests for a context by tier: `local`, `shared`, `durable`.
    cache: BTreeMap<String, CacheTier>,
    /// Contexts that this process remembers beside its live conversations.
    cache_entries: u64,
    /// About the memory that they take, in bytes.
    cache_bytes: u64,
    /// Contexts given to the shared cache, by what became of them.
    cache_writes: BTreeMap<String, u64>,
    /// Messages answered by a turn that is committed.
    messages_answered: u64,
    /// Questions put to the database.
    store_reads: u64,
    /// Transactions that changed it, each for a whole batch.
    store_writes: u64,
    /// Turns by outcome.
    turns: BTreeMap<String, u64>,
    /// Messages understood, by `engine/result`.
    understanding: BTreeMap<String, u64>,
    /// Requests to a language model by outcome.
    llm_requests: BTreeMap<String, u64>,
    /// Replies handed to channels, by `channel/result`.
    outbox_sent: BTreeMap<String, u64>,
    /// Connections of the database pool by state.
    pool: BTreeMap<String, u64>,
    /// What came too often, by `scope/result`.
    limited: BTreeMap<String, u64>,
    /// What was refused because too much was under way, by reason.
    shed: BTreeMap<String, u64>,
    /// Bookings that met a slot that was taken meanwhile.
    slot_conflicts: u64,
    /// Broken invariants, by number; anything but 0 is a bug.
    invariant_violations: BTreeMap<String, u64>,
    /// Memory that the process holds, in bytes.
    resident_memory_bytes: u64,
}

/// How often a tier of the cache had what was asked for.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct CacheTier {
    /// It had it.
    hits: u64,
    /// It had not.
    misses: u64,
    /// It failed.
    errors: u64,
    /// It was not asked.
    skipped: u64,
    /// Hits per request that was answered; `null` before the first.
    hit_ratio: Option<f64>,
}

/// Read the figures as JSON
#[utoipa::path(
    get, path = "/v1/stats", tag = "operations", operation_id = "stats",
    responses((status = 200, description = "The same figures as `/metrics`", body = Stats))
)]
pub(super) async fn stats(State(app): State<App>) -> Result<Json<Stats>, Problem> {
    let database = refresh(&app).await;
    let samples = Samples::parse(&app.metrics.render());
    let by = |metric: &str, labels: &[&str]| samples.by(metric, labels);
    Ok(Json(Stats {
        load: app.conversations.load(),
        event_streams: app.hub.listeners(),
        database,
        cache: cache(&samples),
        cache_entries: samples.sum("frontdesk_cache_entries"),
        cache_bytes: samples.sum("frontdesk_cache_bytes"),
        cache_writes: by("frontdesk_cache_writes_total", &["result"]),
        messages_answered: samples.sum("frontdesk_messages_answered_total"),
        store_reads: samples.sum("frontdesk_store_reads_total"),
        store_writes: samples.sum("frontdesk_store_writes_total"),
        turns: by("frontdesk_turns_total", &["outcome"]),
        understanding: by("frontdesk_understanding_total", &["engine", "result"]),
        llm_requests: by("frontdesk_llm_requests_total", &["outcome"]),
        outbox_sent: by("frontdesk_outbox_sent_total", &["channel", "result"]),
        pool: by("frontdesk_db_pool_connections", &["state"]),
        limited: by("frontdesk_limited_total", &["scope", "result"]),
        shed: by("frontdesk_shed_total", &["reason"]),
        slot_conflicts: samples.sum("frontdesk_slot_conflicts_total"),
        invariant_violations: by("frontdesk_invariant_violations_total", &["invariant"]),
        resident_memory_bytes: samples.sum("process_resident_memory_bytes"),
    }))
}

/// Read the figures for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "operations", operation_id = "metrics",
    responses((status = 200, description = "Prometheus text format", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(app): State<App>) -> Response {
    refresh(&app).await;
    let content_type = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, app.metrics.render()).into_response()
}

/// Sets the gauges that are read and not counted.
async fn refresh(app: &App) -> Option<Figures> {
    let load = app.conversations.load();
    telemetry::conversations_are(load.actors, load.waiting);
    telemetry::event_streams_are(app.hub.listeners());
    let remembered = app.conversations.remembered();
    telemetry::cache_holds(remembered.entries, remembered.bytes);
    // What cannot be counted keeps its last value; `/ready` says that the database is away.
    let figures = tokio::time::timeout(LIMIT, app.store.figures())
        .await
        .ok()?
        .ok()?;
    figures.measure(app.clock.now());
    Some(figures)
}

fn cache(samples: &Samples) -> BTreeMap<String, CacheTier> {
    let mut tiers: BTreeMap<String, CacheTier> = BTreeMap::new();
    for tier in ["local", "shared", "durable"] {
        tiers.insert(tier.to_owned(), CacheTier::default());
    }
    for (labels, value) in samples.by("frontdesk_cache_requests_total", &["tier", "result"]) {
        let Some((tier, result)) = labels.split_once('/') else {
            continue;
        };
        let tier = tiers.entry(tier.to_owned()).or_default();
        match result {
            "hit" => tier.hits += value,
            "miss" => tier.misses += value,
            "error" => tier.errors += value,
            _ => tier.skipped += value,
        }
    }
    for tier in tiers.values_mut() {
        let answered = tier.hits + tier.misses;
        tier.hit_ratio = (answered > 0).then(|| ratio(tier.hits, answered));
    }
    tiers
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio is a float; counts beyond 2^52 do not occur"
)]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}
