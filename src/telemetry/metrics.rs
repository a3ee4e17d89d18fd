//! The closed set of metrics: names, labels, and one function for each thing that is counted.
//!
//! Rooms call the functions below and never write a metric's name. Labels are closed enums, never ids: a label that
//! grows with the number of customers would break every server that stores it, and tell who they are.

mod buckets;
mod keys;
mod labels;
mod llm;
mod start;

use std::time::Duration;

use ::metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};

pub(super) use buckets::HISTOGRAMS;
pub(super) use start::start_at_zero;

pub use labels::{
    AppointmentEvent, CacheResult, CacheWrite, Connection, DecidedBy, Delivery, Engine, Fetched, Hook,
    HttpStatus, Limited, LlmDropped, LlmEndpoint, LlmOutcome, Scope, Shed, Stage, StoreError, Tier,
    TokenDirection, Told, TranscriptRows, TurnOutcome, Understood, Wording,
};
pub use llm::{
    llm_called, llm_dropped, llm_left_alone, llm_retried, llm_skipped, llm_tokens, llm_worded, llm_works_on,
};

use self::keys::Keys;
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

const CACHE_REQUESTS: &str = "frontdesk_cache_requests_total";
const CACHE_WRITES: &str = "frontdesk_cache_writes_total";
const CACHE_ENTRIES: &str = "frontdesk_cache_entries";
const CACHE_BYTES: &str = "frontdesk_cache_bytes";
const MESSAGES_ANSWERED: &str = "frontdesk_messages_answered_total";
const TURNS: &str = "frontdesk_turns_total";
const TURN_DURATION: &str = "frontdesk_turn_duration_seconds";
const ACTORS: &str = "frontdesk_actors";
const MAILBOX_WAITING: &str = "frontdesk_mailbox_waiting";
const COMMIT_BATCH: &str = "frontdesk_commit_batch_turns";
const COMMIT_DURATION: &str = "frontdesk_commit_duration_seconds";
const STORE_ERRORS: &str = "frontdesk_store_errors_total";
const STORE_RETRIES: &str = "frontdesk_store_retries_total";
const STORE_READS: &str = "frontdesk_store_reads_total";
const STORE_WRITES: &str = "frontdesk_store_writes_total";
const POOL: &str = "frontdesk_db_pool_connections";
const TRANSCRIPT_LAG_ROWS: &str = "frontdesk_transcript_lag_rows";
const TRANSCRIPT_LAG: &str = "frontdesk_transcript_lag_seconds";
const TRANSCRIPT_ROWS: &str = "frontdesk_transcript_rows_total";
const LLM_REQUESTS: &str = "frontdesk_llm_requests_total";
const LLM_TOKENS: &str = "frontdesk_llm_tokens_total";
const LLM_DURATION: &str = "frontdesk_llm_duration_seconds";
const LLM_RETRIES: &str = "frontdesk_llm_retries_total";
const LLM_IN_FLIGHT: &str = "frontdesk_llm_in_flight";
const LLM_LEFT_ALONE: &str = "frontdesk_llm_left_alone";
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
const INBOX_OLDEST: &str = "frontdesk_inbox_oldest_seconds";
const INBOX_DEAD: &str = "frontdesk_inbox_dead";
const INBOX_DUPLICATES: &str = "frontdesk_inbox_duplicates_total";
const OUTBOX_WAITING: &str = "frontdesk_outbox_waiting";
const OUTBOX_OLDEST: &str = "frontdesk_outbox_oldest_seconds";
const OUTBOX_SENT: &str = "frontdesk_outbox_sent_total";
const HTTP_RESPONSES: &str = "frontdesk_http_responses_total";
const EVENT_STREAMS: &str = "frontdesk_event_streams";
const APPOINTMENTS: &str = "frontdesk_appointments_total";
const SLOT_CONFLICTS: &str = "frontdesk_slot_conflicts_total";
const VIOLATIONS: &str = "frontdesk_invariant_violations_total";
pub(super) const RESIDENT_MEMORY: &str = "process_resident_memory_bytes";
pub(super) const START_TIME: &str = "process_start_time_seconds";

const fn metric(kind: Kind, name: &'static str, about: &'static str) -> Metric {
    Metric { name, about, kind }
}

/// Every metric of this process.
pub const ALL: &[Metric] = &[
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
    metric(
        Kind::Counter,
        MESSAGES_ANSWERED,
        "Messages answered by a turn that is committed",
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
    metric(Kind::Counter, STORE_READS, "Questions put to the database"),
    metric(
        Kind::Counter,
        STORE_WRITES,
        "Transactions that changed the database, each for a whole batch",
    ),
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
        Kind::Gauge,
        LLM_LEFT_ALONE,
        "1 while an endpoint of the language model fails and is not asked",
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
        Kind::Gauge,
        INBOX_OLDEST,
        "How long the oldest of these messages has waited",
    ),
    metric(
        Kind::Gauge,
        INBOX_DEAD,
        "Messages given up, which an operator should look at",
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
        Kind::Gauge,
        OUTBOX_OLDEST,
        "How long the oldest of these replies has waited",
    ),
    metric(
        Kind::Counter,
        OUTBOX_SENT,
        "Replies handed to a channel, by what it said",
    ),
    metric(
        Kind::Counter,
        HTTP_RESPONSES,
        "Answers to requests, by the class of their status",
    ),
    metric(Kind::Gauge, EVENT_STREAMS, "Pages that listen for replies"),
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
    metric(
        Kind::Gauge,
        START_TIME,
        "When this process began, in seconds since 1970",
    ),
];

/// Tells the recorder what every metric means.
pub(super) fn describe() {
    for &Metric { name, about, kind } in ALL {
        match kind {
            Kind::Counter => describe_counter!(name, about),
            Kind::Gauge => describe_gauge!(name, about),
            Kind::Histogram => describe_histogram!(name, about),
        }
    }
}

/// A tier was asked for a context.
pub fn cache_asked(tier: Tier, result: CacheResult) {
    static KEYS: Keys = keys::of_two!(CACHE_REQUESTS, "tier" => Tier, "result" => CacheResult);
    let of_tier = CacheResult::ALL.len() * tier as usize;
    keys::counter(&KEYS[of_tier + result as usize]).increment(1);
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

/// A turn that answers so many messages is committed.
pub fn messages_answered(messages: usize) {
    counter!(MESSAGES_ANSWERED).increment(messages as u64);
}

/// A turn ended.
pub fn turn_ended(outcome: TurnOutcome) {
    static KEYS: Keys = keys::of_one!(TURNS, "outcome" => TurnOutcome);
    keys::counter(&KEYS[outcome as usize]).increment(1);
}

/// A stage of a turn took so long.
pub fn turn_took(stage: Stage, took: Duration) {
    static KEYS: Keys = keys::of_one!(TURN_DURATION, "stage" => Stage);
    keys::histogram(&KEYS[stage as usize]).record(took);
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

/// A question is put to the database.
pub fn store_read() {
    counter!(STORE_READS).increment(1);
}

/// A transaction changed the database.
pub fn store_wrote() {
    counter!(STORE_WRITES).increment(1);
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

/// A message went through an engine.
pub fn understood(engine: Engine, result: Understood) {
    static KEYS: Keys = keys::of_two!(UNDERSTANDING, "engine" => Engine, "result" => Understood);
    let of_engine = Understood::ALL.len() * engine as usize;
    keys::counter(&KEYS[of_engine + result as usize]).increment(1);
}

/// So many messages are accepted and not answered, the oldest for so long, and so many were given up.
pub fn inbox_is(unfinished: u64, oldest: Duration, dead: u64) {
    set(INBOX_UNFINISHED, unfinished);
    gauge!(INBOX_OLDEST).set(oldest.as_secs_f64());
    set(INBOX_DEAD, dead);
}

/// So many replies are committed and not delivered, the oldest for so long.
pub fn outbox_is(waiting: u64, oldest: Duration) {
    set(OUTBOX_WAITING, waiting);
    gauge!(OUTBOX_OLDEST).set(oldest.as_secs_f64());
}

/// A request was answered.
pub fn answered(status: HttpStatus) {
    static KEYS: Keys = keys::of_one!(HTTP_RESPONSES, "status" => HttpStatus);
    keys::counter(&KEYS[status as usize]).increment(1);
}

/// So many pages listen for replies.
pub fn event_streams_are(streams: usize) {
    set(EVENT_STREAMS, streams as u64);
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
    static KEYS: Keys = keys::of_one!(SHED, "reason" => Shed);
    keys::counter(&KEYS[reason as usize]).increment(1);
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
