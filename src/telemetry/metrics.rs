//! The closed set of metrics: names, labels, and one function for each thing that is counted.
//!
//! Rooms call the functions below and never write a metric's name. Labels are closed enums, never ids: a label that
//! grows with the number of customers would break every server that stores it, and tell who they are.

mod labels;
mod start;

use std::time::Duration;

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub(super) use start::start_at_zero;

pub use labels::{
    AppointmentEvent, CacheResult, CacheWrite, Connection, DecidedBy, Delivery, Engine, Fetched, Hook,
    Limited, LlmDropped, LlmOutcome, Scope, Shed, Stage, StoreError, Tier, TokenDirection, Told,
    TranscriptRows, TurnOutcome, Understood, Wording,
};

use crate::types::Channel;

/// A metric with its description.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What a person who meets it on a dashboard should know.
    pub about: &'static str,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// A histogram with its buckets.
pub(super) struct Buckets {
    pub(super) name: &'static str,
    pub(super) buckets: &'static [f64],
}

const CACHE_REQUESTS: &str = "frontdesk_cache_requests_total";
const CACHE_WRITES: &str = "frontdesk_cache_writes_total";
const CACHE_ENTRIES: &str = "frontdesk_cache_entries";
const CACHE_BYTES: &str = "frontdesk_cache_bytes";
const TURNS: &str = "frontdesk_turns_total";
const TURN_DURATION: &str = "frontdesk_turn_duration_seconds";
const ACTORS: &str = "frontdesk_actors";
const MAILBOX_WAITING: &str = "frontdesk_mailbox_waiting";
const COMMIT_BATCH: &str = "frontdesk_commit_batch_turns";
const COMMIT_DURATION: &str = "frontdesk_commit_duration_seconds";
const STORE_ERRORS: &str = "frontdesk_store_errors_total";
const STORE_RETRIES: &str = "frontdesk_store_retries_total";
const POOL: &str = "frontdesk_db_pool_connections";
const TRANSCRIPT_LAG_ROWS: &str = "frontdesk_transcript_lag_rows";
const TRANSCRIPT_LAG: &str = "frontdesk_transcript_lag_seconds";
const TRANSCRIPT_ROWS: &str = "frontdesk_transcript_rows_total";
const LLM_REQUESTS: &str = "frontdesk_llm_requests_total";
const LLM_TOKENS: &str = "frontdesk_llm_tokens_total";
const LLM_DURATION: &str = "frontdesk_llm_duration_seconds";
const LLM_RETRIES: &str = "frontdesk_llm_retries_total";
const LLM_IN_FLIGHT: &str = "frontdesk_llm_in_flight";
const LLM_WORDING: &str = "frontdesk_llm_wording_total";
const LLM_DROPPED: &str = "frontdesk_llm_dropped_total";
const UNDERSTANDING: &str = "frontdesk_understanding_total";
const HOOKS: &str = "frontdesk_webhook_requests_total";
const LIMITED: &str = "frontdesk_limited_total";
const LIMIT_DECISIONS: &str = "frontdesk_limit_decisions_total";
const SHED: &str = "frontdesk_shed_total";
const ATTACHMENTS: &str = "frontdesk_attachments_total";
const TOLD: &str = "frontdesk_webhook_events_total";
const INBOX_UNFINISHED: &str = "frontdesk_inbox_unfinished";
const INBOX_DUPLICATES: &str = "frontdesk_inbox_duplicates_total";
const OUTBOX_WAITING: &str = "frontdesk_outbox_waiting";
const OUTBOX_SENT: &str = "frontdesk_outbox_sent_total";
const APPOINTMENTS: &str = "frontdesk_appointments_total";
const SLOT_CONFLICTS: &str = "frontdesk_slot_conflicts_total";
const VIOLATIONS: &str = "frontdesk_invariant_violations_total";
pub(super) const RESIDENT_MEMORY: &str = "process_resident_memory_bytes";

const fn metric(kind: Kind, name: &'static str, about: &'static str) -> Metric {
    Metric { name, about, kind }
}

/// Every metric of this process.
pub const ALL: [Metric; 38] = [
    metric(
        Kind::Counter,
        CACHE_REQUESTS,
        "Contexts asked of each tier, by what it answered",
    ),
    metric(
        Kind::Counter,
        CACHE_WRITES,
        "Contexts given to the shared cache, by what became of them",
    ),
    metric(Kind::Gauge, CACHE_ENTRIES, "Contexts that this process remembers"),
    metric(
        Kind::Gauge,
        CACHE_BYTES,
        "About the memory that the remembered contexts take",
    ),
    metric(Kind::Counter, TURNS, "Turns, by how they ended"),
    metric(
        Kind::Histogram,
        TURN_DURATION,
        "How long each stage of a turn took",
    ),
    metric(Kind::Gauge, ACTORS, "Live conversations in memory"),
    metric(Kind::Gauge, MAILBOX_WAITING, "Messages that wait for their turn"),
    metric(
        Kind::Histogram,
        COMMIT_BATCH,
        "Turns committed together in one transaction",
    ),
    metric(
        Kind::Histogram,
        COMMIT_DURATION,
        "How long a transaction of turns took",
    ),
    metric(
        Kind::Counter,
        STORE_ERRORS,
        "Failures of the database, by what they call for",
    ),
    metric(Kind::Counter, STORE_RETRIES, "Writes that were tried again"),
    metric(Kind::Gauge, POOL, "Connections to the database"),
    metric(
        Kind::Gauge,
        TRANSCRIPT_LAG_ROWS,
        "Rows of transcripts that wait to be written behind their turns",
    ),
    metric(
        Kind::Gauge,
        TRANSCRIPT_LAG,
        "How long the oldest of these rows has waited",
    ),
    metric(
        Kind::Counter,
        TRANSCRIPT_ROWS,
        "Rows of transcripts that were meant to be written behind their turns, by what became of them",
    ),
    metric(
        Kind::Counter,
        LLM_REQUESTS,
        "Calls of the language model, by how they ended",
    ),
    metric(
        Kind::Counter,
        LLM_TOKENS,
        "Tokens sent to and received from the language model",
    ),
    metric(
        Kind::Histogram,
        LLM_DURATION,
        "How long a call of the language model took",
    ),
    metric(
        Kind::Counter,
        LLM_RETRIES,
        "Calls of the language model that were made again after a failure",
    ),
    metric(
        Kind::Gauge,
        LLM_IN_FLIGHT,
        "Messages that the language model is working on",
    ),
    metric(
        Kind::Counter,
        LLM_WORDING,
        "Courtesies and common answers that the language model worded, by what became of its words",
    ),
    metric(
        Kind::Counter,
        LLM_DROPPED,
        "Acts that the language model proposed and that were left out, by reason",
    ),
    metric(
        Kind::Counter,
        UNDERSTANDING,
        "Messages, by who understood them and whether",
    ),
    metric(
        Kind::Counter,
        HOOKS,
        "Requests of providers, by what became of them",
    ),
    metric(
        Kind::Counter,
        LIMITED,
        "Messages and requests that came too often, by what of and what became of them",
    ),
    metric(
        Kind::Counter,
        LIMIT_DECISIONS,
        "Decisions about how often somebody comes, by whose counts made them",
    ),
    metric(
        Kind::Counter,
        SHED,
        "Messages and requests that were refused because too much was under way, by reason",
    ),
    metric(Kind::Counter, TOLD, "What providers told, by its kind"),
    metric(
        Kind::Counter,
        ATTACHMENTS,
        "Files that came along with messages, by what became of them",
    ),
    metric(
        Kind::Gauge,
        INBOX_UNFINISHED,
        "Messages accepted and not yet answered",
    ),
    metric(
        Kind::Counter,
        INBOX_DUPLICATES,
        "Messages that were delivered again and changed nothing",
    ),
    metric(
        Kind::Gauge,
        OUTBOX_WAITING,
        "Replies committed and not yet delivered",
    ),
    metric(
        Kind::Counter,
        OUTBOX_SENT,
        "Replies handed to a channel, by what it said",
    ),
    metric(Kind::Counter, APPOINTMENTS, "Events of appointments"),
    metric(
        Kind::Counter,
        SLOT_CONFLICTS,
        "Slots that somebody else had won meanwhile",
    ),
    metric(
        Kind::Counter,
        VIOLATIONS,
        "Broken invariants; any number above zero is a bug",
    ),
    metric(Kind::Gauge, RESIDENT_MEMORY, "Resident memory of this process"),
];

const SECONDS: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

pub(super) const HISTOGRAMS: [Buckets; 4] = [
    Buckets {
        name: TURN_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: COMMIT_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: LLM_DURATION,
        buckets: SECONDS,
    },
    Buckets {
        name: COMMIT_BATCH,
        buckets: &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
    },
];

/// Tells the recorder what every metric means.
pub(super) fn describe() {
    for Metric { name, about, kind } in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, about),
            Kind::Gauge => describe_gauge!(name, about),
            Kind::Histogram => describe_histogram!(name, about),
        }
    }
}

/// A tier was asked for a context.
pub fn cache_asked(tier: Tier, result: CacheResult) {
    counter!(CACHE_REQUESTS, "tier" => tier.as_str(), "result" => result.as_str()).increment(1);
}

/// So many contexts were given to a cache. The shared one is counted; the process's own keeps what it is given.
pub fn cache_written(tier: Tier, result: CacheWrite, contexts: u64) {
    counter!(CACHE_WRITES, "tier" => tier.as_str(), "result" => result.as_str()).increment(contexts);
}

/// The process's cache holds so many contexts, which take about so much memory.
pub fn cache_holds(entries: u64, bytes: u64) {
    set(CACHE_ENTRIES, entries);
    set(CACHE_BYTES, bytes);
}

/// A turn ended.
pub fn turn_ended(outcome: TurnOutcome) {
    counter!(TURNS, "outcome" => outcome.as_str()).increment(1);
}

/// A stage of a turn took so long.
pub fn turn_took(stage: Stage, took: Duration) {
    histogram!(TURN_DURATION, "stage" => stage.as_str()).record(took);
}

/// So many actors live, and so many messages wait for them.
pub fn conversations_are(actors: u64, waiting: u64) {
    set(ACTORS, actors);
    set(MAILBOX_WAITING, waiting);
}

/// A transaction committed so many turns and took so long.
pub fn batch_committed(turns: u32, took: Duration) {
    histogram!(COMMIT_BATCH).record(f64::from(turns));
    histogram!(COMMIT_DURATION).record(took);
}

/// The store failed.
pub fn store_failed(kind: StoreError) {
    counter!(STORE_ERRORS, "kind" => kind.as_str()).increment(1);
}

/// A write was tried again.
pub fn store_retried() {
    counter!(STORE_RETRIES).increment(1);
}

/// So many connections are free and busy.
pub fn pool_is(idle: u32, busy: u32) {
    gauge!(POOL, "state" => Connection::Idle.as_str()).set(f64::from(idle));
    gauge!(POOL, "state" => Connection::Busy.as_str()).set(f64::from(busy));
}

/// So many rows of transcripts wait to be written, the oldest for so long.
pub fn transcript_lags(rows: u64, oldest: Duration) {
    set(TRANSCRIPT_LAG_ROWS, rows);
    gauge!(TRANSCRIPT_LAG).set(oldest.as_secs_f64());
}

/// So many rows of transcripts were written, or not.
pub fn transcript_rows(result: TranscriptRows, rows: u64) {
    counter!(TRANSCRIPT_ROWS, "result" => result.as_str()).increment(rows);
}

/// A call of the language model ended.
pub fn llm_called(outcome: LlmOutcome, took: Duration) {
    counter!(LLM_REQUESTS, "outcome" => outcome.as_str()).increment(1);
    histogram!(LLM_DURATION).record(took);
}

/// The language model was not called where it would have been.
pub fn llm_skipped() {
    counter!(LLM_REQUESTS, "outcome" => LlmOutcome::Skipped.as_str()).increment(1);
}

/// A call of the language model is made again.
pub fn llm_retried() {
    counter!(LLM_RETRIES).increment(1);
}

/// The language model works on so many messages.
pub fn llm_works_on(messages: u32) {
    gauge!(LLM_IN_FLIGHT).set(f64::from(messages));
}

/// The language model read or wrote so many tokens.
pub fn llm_tokens(direction: TokenDirection, tokens: u64) {
    counter!(LLM_TOKENS, "direction" => direction.as_str()).increment(tokens);
}

/// A courtesy or a common answer was to be said in the model's words.
pub fn llm_worded(result: Wording) {
    counter!(LLM_WORDING, "result" => result.as_str()).increment(1);
}

/// So many acts that the language model proposed were left out.
pub fn llm_dropped(reason: LlmDropped, acts: u64) {
    counter!(LLM_DROPPED, "reason" => reason.as_str()).increment(acts);
}

/// A message went through an engine.
pub fn understood(engine: Engine, result: Understood) {
    counter!(UNDERSTANDING, "engine" => engine.as_str(), "result" => result.as_str()).increment(1);
}

/// So many messages are accepted and not answered, and so many replies not delivered.
pub fn queues_are(inbox_unfinished: u64, outbox_waiting: u64) {
    set(INBOX_UNFINISHED, inbox_unfinished);
    set(OUTBOX_WAITING, outbox_waiting);
}

/// A provider's request was answered.
pub fn hook_answered(channel: Channel, result: Hook) {
    counter!(HOOKS, "channel" => channel.as_str(), "result" => result.as_str()).increment(1);
}

/// Something came too often.
pub fn limited(scope: Scope, result: Limited) {
    counter!(LIMITED, "scope" => scope.as_str(), "result" => result.as_str()).increment(1);
}

/// It was decided whether something comes too often.
pub fn limit_decided(by: DecidedBy) {
    counter!(LIMIT_DECISIONS, "by" => by.as_str()).increment(1);
}

/// Something was refused because too much is under way.
pub fn shed(reason: Shed) {
    counter!(SHED, "reason" => reason.as_str()).increment(1);
}

/// A provider told something.
pub fn told(channel: Channel, kind: Told) {
    counter!(TOLD, "channel" => channel.as_str(), "kind" => kind.as_str()).increment(1);
}

/// A file that came along with a message was fetched, or was not.
pub fn attachment(channel: Channel, result: Fetched) {
    counter!(ATTACHMENTS, "channel" => channel.as_str(), "result" => result.as_str()).increment(1);
}

/// A message was delivered again.
pub fn inbox_duplicate(channel: Channel) {
    counter!(INBOX_DUPLICATES, "channel" => channel.as_str()).increment(1);
}

/// A reply was handed to a channel.
pub fn outbox_sent(channel: Channel, result: Delivery) {
    counter!(OUTBOX_SENT, "channel" => channel.as_str(), "result" => result.as_str()).increment(1);
}

/// Something happened to an appointment, and is committed.
pub fn appointment(event: AppointmentEvent) {
    counter!(APPOINTMENTS, "event" => event.as_str()).increment(1);
}

/// Somebody else had won a slot meanwhile.
pub fn slot_conflict() {
    counter!(SLOT_CONFLICTS).increment(1);
}

pub(crate) fn invariant_violated(id: &'static str) {
    counter!(VIOLATIONS, "invariant" => id).increment(1);
}

fn set(name: &'static str, value: u64) {
    // A gauge is a float, exact up to 2^53.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    gauge!(name).set(value as f64);
}
