//! SQLite, embedded: the default store.
//!
//! One file, one process (a lock beside the file sees to it), one task that writes ([`writer`]) and a small pool that
//! reads. WAL mode lets readers work while the writer commits; a reader sees what was committed before it began.
//!
//! - `open`, `lock`: how a database is opened.
//! - `writer`, `operation`: the commit pipeline.
//! - `turns`, `turn_rows`, `together`: what a turn writes.
//! - `appointments`, `desk`, `calendar`: what is booked. `desk` has the statements under the rules (`store::rules`).
//! - `inbox`, `outbox`, `conversations`, `transcript`, `waitlist`, `businesses`, `figures`: by noun.
//! - `channel`: the same for channels that have accounts, by noun in `accounts`, `identities`, `joining`, `deliveries`.
//! - `rows`: values of SQLite in our words.
//!
//! Lacks: several processes on one file, replication, and archiving of old sessions.

mod accounts;
mod appointments;
mod attachments;
mod businesses;
mod calendar;
mod channel;
mod conversations;
mod deliveries;
mod desk;
mod early;
mod figures;
mod identities;
mod inbox;
mod joining;
mod lock;
mod open;
mod operation;
mod outbox;
mod rows;
mod together;
mod transcript;
mod turn_rows;
mod turns;
mod waitlist;
mod writer;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use tokio::sync::{mpsc, watch};

pub(super) use self::lock::FileLock;
pub use self::open::Options;
pub(super) use self::open::common;
use self::operation::{Job, Operation};
use super::asked::Asked;
use super::rules::joining::HandOver;
use super::rules::{Expire, Hold, Requested};
use super::{
    Acceptance, AccountRow, AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome,
    CommitOutcome, Error, Figures, HoldOutcome, Inbound, InboxEntry, InboxQuery, InboxVerdict, MessageKey,
    Opened, OutboxRow, Receipt, Result, Session, Settlement, Standing, Store, Tell, TranscriptEntry,
    TurnCommit, Unfinished,
};
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::WaitlistEntry;
use crate::types::{AccountId, AppointmentId, BusinessId, Channel, ConversationId, Pair, ParticipantId};

/// How long a write waits for a place in the writer's queue.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);

/// The store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    /// The way to the writer; gone once the store is closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    readers: SqlitePool,
    /// Ends with the writer's task.
    ended: watch::Receiver<()>,
    _temporary: Option<open::Temporary>,
    #[cfg(test)]
    lose_commit_answers: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

impl SqliteStore {
    /// Opens the database, creates or migrates it, and starts its writer on the current tokio runtime.
    ///
    /// # Errors
    /// When the file is in use by another process, cannot be opened, or was written by a newer frontdesk.
    pub async fn open(options: &Options) -> Result<Self> {
        open::open(options).await
    }

    /// One account in a file that a running server may own: read beside it, and nothing is locked, made or migrated.
    ///
    /// # Errors
    /// When there is no such file, or no frontdesk's.
    pub async fn account_beside(
        file: &Path,
        channel: Channel,
        account: &AccountId,
    ) -> Result<Option<AccountRow>> {
        let options = common(file).read_only(true);
        let cannot_open = |error| Error::Open(format!("cannot open {}: {error}", file.display()));
        let pool = SqlitePool::connect_with(options).await.map_err(cannot_open)?;
        let found = accounts::one(&pool, channel, account).await;
        pool.close().await;
        found
    }

    async fn enqueue(&self, job: Job) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(queue) = queue else {
            return Err(Error::Closed("it is closing"));
        };
        match tokio::time::timeout(QUEUE_WAIT_MAX, queue.send(job)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Error::Closed("its writer has stopped")),
            Err(_) => Err(Error::Closed("its queue is full")),
        }
    }

    /// Hands an operation to the writer and waits for its answer.
    async fn write<O: Operation>(&self, operation: O) -> Result<O::Output> {
        let (asked, answer) = Asked::new(operation);
        self.enqueue(Job::Other(Box::new(asked))).await?;
        answer.wait().await
    }

    fn measure_pool(&self) {
        let idle = u32::try_from(self.readers.num_idle()).unwrap_or(u32::MAX);
        let busy = self.readers.size().saturating_sub(idle);
        metrics::gauge!("frontdesk_db_pool_connections", "state" => "idle").set(idle);
        metrics::gauge!("frontdesk_db_pool_connections", "state" => "busy").set(busy);
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn put_business(&self, business: &BusinessId, document: &str, now: Timestamp) -> Result<u64> {
        self.write(businesses::Put {
            business: business.clone(),
            document: document.to_owned(),
            now,
        })
        .await
    }

    async fn business(&self, business: &BusinessId) -> Result<Option<(u64, String)>> {
        businesses::latest(&self.readers, business).await
    }

    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        businesses::all(&self.readers).await
    }

    async fn open(&self, pair: &Pair, known: Option<Standing>) -> Result<Opened> {
        conversations::open(&self.readers, pair, known).await
    }

    async fn hand_over(&self, from: &Pair) -> Result<Option<ParticipantId>> {
        self.write(HandOver { from: from.clone() }).await
    }

    async fn commit(&self, turn: TurnCommit) -> Result<CommitOutcome> {
        let (asked, answer) = Asked::new(turn);
        self.enqueue(Job::Turn(Box::new(asked))).await?;
        answer.wait().await
    }

    async fn hold(
        &self,
        business: &BusinessId,
        pair: &Pair,
        appointment: Appointment,
        now: Timestamp,
    ) -> Result<HoldOutcome> {
        debug_assert_eq!(
            *business, pair.business,
            "a hold is for a customer of that business"
        );
        let (asked, answer) = Asked::new(Hold {
            pair: pair.clone(),
            appointment,
            now,
        });
        self.enqueue(Job::Hold(Box::new(asked))).await?;
        answer.wait().await
    }

    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let (asked, answer) = Asked::new(messages);
        self.enqueue(Job::Arrivals(asked)).await?;
        answer.wait().await
    }

    async fn receipt(&self, key: &MessageKey) -> Result<Option<Receipt>> {
        inbox::receipt(&self.readers, key).await
    }

    async fn claim_unfinished(&self, before: Timestamp, limit: u32) -> Result<Unfinished> {
        self.write(inbox::ClaimUnfinished { before, limit }).await
    }

    async fn inbox_list(&self, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
        inbox::list(&self.readers, query).await
    }

    async fn inbox_settle(&self, keys: &[MessageKey], verdict: InboxVerdict) -> Result<u64> {
        if keys.is_empty() {
            return Ok(0);
        }
        self.write(inbox::SettleDead::new(keys, verdict)?).await
    }

    async fn calendar_changes(
        &self,
        business: &BusinessId,
        since: u64,
        from: Timestamp,
    ) -> Result<CalendarChanges> {
        calendar::changes(&self.readers, business, since, from).await
    }

    async fn change_and_tell(
        &self,
        business: &BusinessId,
        change: Change,
        tell: Tell,
        now: Timestamp,
    ) -> Result<ChangeOutcome> {
        self.write(Requested {
            business: business.clone(),
            change,
            tell,
            now,
        })
        .await
    }

    async fn appointment(&self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>> {
        let mut connection = self.readers.acquire().await?;
        appointments::load(&mut connection, business, id).await
    }

    async fn appointments(
        &self,
        business: &BusinessId,
        query: &AppointmentQuery,
    ) -> Result<Vec<Appointment>> {
        appointments::list(&self.readers, business, query).await
    }

    async fn appointment_events(
        &self,
        business: &BusinessId,
        id: AppointmentId,
    ) -> Result<Vec<AppointmentEvent>> {
        appointments::events(&self.readers, business, id).await
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>> {
        transcript::page(&self.readers, conversation, before, limit).await
    }

    async fn append_transcript(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        if said.is_empty() {
            return Ok(());
        }
        self.write(transcript::Append::new(said)?).await
    }

    async fn sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>> {
        transcript::sessions(&self.readers, conversation, limit).await
    }

    async fn waiting(&self, business: &BusinessId, limit: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        waitlist::waiting(&self.readers, business, limit).await
    }

    async fn offers_run_out(&self, now: Timestamp, limit: u32) -> Result<Vec<Pair>> {
        waitlist::offers_run_out(&self.readers, now, limit).await
    }

    async fn outbox_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>> {
        self.write(outbox::Claim {
            now,
            lease_until,
            limit,
        })
        .await
    }

    async fn outbox_settle(&self, settled: Vec<(uuid::Uuid, Settlement)>) -> Result<()> {
        if settled.is_empty() {
            return Ok(());
        }
        self.write(outbox::Settle { settled }).await
    }

    async fn expire_holds(&self, now: Timestamp) -> Result<Vec<BusinessId>> {
        self.write(Expire { now }).await
    }

    async fn close_sessions(&self, idle_since: Timestamp, now: Timestamp) -> Result<u64> {
        self.write(transcript::CloseSessions { idle_since, now }).await
    }

    async fn figures(&self) -> Result<Figures> {
        self.measure_pool();
        figures::count(&self.readers).await
    }

    async fn ping(&self) -> Result<()> {
        self.measure_pool();
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        let closed = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_none();
        if closed || self.ended.has_changed().is_err() {
            return Err(Error::Closed("its writer has stopped"));
        }
        Ok(())
    }

    async fn close(&self) {
        // Readers first: the last connection to close moves the WAL into the file, which only one that may write can
        // do. Otherwise whoever copies the file of a stopped process would copy it without its latest turns.
        self.readers.close().await;
        // Without a sender the writer finishes what is queued and ends.
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let mut ended = self.ended.clone();
        // An error here is the end of the task that this waits for.
        while ended.changed().await.is_ok() {}
    }
}

#[cfg(test)]
mod tests;
