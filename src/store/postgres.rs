//! PostgreSQL: the store for production.
//!
//! Writes are grouped ([`lane`]): turns, holds and arrivals each have a queue, and whatever waits there is written by one
//! statement, on connections of their own in tasks that nobody cancels. What takes several statements, or needs a closer
//! look, is a [`transaction`] of its own. Reads go through a small pool.
//!
//! - `open`, `link`, `readers`: how a database is opened, how a writing task holds on to it, and how everybody reads.
//! - `lane`, `handover`, `transaction`: the commit pipeline.
//! - `turns`, `turn_rows`, `turn_changes`, `turn_statement`: committing many turns at once. `holds`, `arrivals`: the same
//!   for promised slots and for messages.
//! - `careful`: turns, holds and changes one by one. `booking`: the statements under their rules (`store::rules`).
//! - `appointments`, `calendar`, `inbox`, `outbox`, `conversations`, `transcript`, `waitlist`, `businesses`, `figures`: by
//!   noun. `rows`: values as PostgreSQL stores them.
//! - `channel`: the same for channels that have accounts, by noun in `accounts`, `identities`, `joining`, `deliveries`.
//!
//! Several processes may work on one database: what keeps them apart is the version of each conversation, and the
//! database's own constraints.

mod accounts;
mod appointments;
mod arrivals;
mod attachments;
mod booking;
mod businesses;
mod calendar;
mod careful;
mod channel;
mod conversations;
mod deliveries;
mod early;
mod figures;
mod handover;
mod holds;
mod identities;
mod inbox;
mod joining;
mod lane;
mod link;
mod open;
mod outbox;
mod readers;
mod rows;
mod shifts;
mod transaction;
mod transcript;
mod turn_changes;
mod turn_rows;
mod turn_statement;
mod turns;
mod waitlist;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

use self::lane::Job;
pub use self::open::Options;
pub(super) use self::open::{common, migrate};
use self::readers::Readers;
use self::transaction::{AnyOperation, Operation, Operations};
use super::asked::Asked;
use super::retry::read;
use super::rules::joining::HandOver;
use super::rules::{Expire, Hold, Requested};
use super::{
    Acceptance, AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome, CommitOutcome,
    Error, Figures, HoldOutcome, Inbound, InboxEntry, InboxQuery, InboxVerdict, MessageKey, Opened,
    OutboxRow, Receipt, Result, Session, Settlement, Standing, Store, Tell, TranscriptEntry, TurnCommit,
    Unfinished,
};
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::WaitlistEntry;
use crate::types::{AppointmentId, BusinessId, ConversationId, Pair, ParticipantId};

/// How long a write waits for a place in its queue.
const QUEUE_WAIT_MAX: Duration = Duration::from_secs(5);

/// The store in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    /// The ways to the writing tasks; gone once the store is closed.
    queues: Mutex<Option<Queues>>,
    readers: Readers,
    /// Ends with the last of the writing tasks.
    ended: watch::Receiver<()>,
}

#[derive(Debug, Clone)]
struct Queues {
    turns: mpsc::Sender<Job<turns::Committing>>,
    holds: mpsc::Sender<Job<holds::Holding>>,
    arrivals: mpsc::Sender<Job<arrivals::Accepting>>,
    operations: Operations,
}

impl PostgresStore {
    /// Connects, brings the database up to date, and starts the writing tasks on the current tokio runtime.
    ///
    /// # Errors
    /// When the database cannot be reached, is older than PostgreSQL 15, or was written by a newer frontdesk.
    pub async fn open(options: &Options) -> Result<Self> {
        open::open(options).await
    }

    fn lock(&self) -> MutexGuard<'_, Option<Queues>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.lock().is_none()
    }

    /// Hands a job to a queue and waits for its answer.
    async fn ask<I, O>(
        &self,
        queue: impl FnOnce(&Queues) -> &mpsc::Sender<Asked<I, O>>,
        input: I,
    ) -> Result<O> {
        let queue = self.lock().as_ref().map(|queues| queue(queues).clone());
        let (asked, answer) = Asked::new(input);
        enqueue(queue, asked).await?;
        answer.wait().await
    }

    /// Carries out an operation in a transaction of its own.
    async fn write<O: Operation>(&self, operation: O) -> Result<O::Output> {
        let queue = self.lock().as_ref().map(|queues| queues.operations.clone());
        let (asked, answer) = Asked::new(operation);
        enqueue(queue, Box::new(asked) as Box<dyn AnyOperation>).await?;
        answer.wait().await
    }

    fn measure_pool(&self) {
        let (idle, busy) = self.readers.idle_and_busy();
        metrics::gauge!("frontdesk_db_pool_connections", "state" => "idle").set(idle);
        metrics::gauge!("frontdesk_db_pool_connections", "state" => "busy").set(busy);
    }
}

async fn enqueue<J>(queue: Option<mpsc::Sender<J>>, job: J) -> Result<()> {
    let Some(queue) = queue else {
        return Err(Error::Closed("it is closing"));
    };
    match tokio::time::timeout(QUEUE_WAIT_MAX, queue.send(job)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Error::Closed("its writer has stopped")),
        Err(_) => Err(Error::Closed("its queue is full")),
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn put_business(&self, business: &BusinessId, document: &str, now: Timestamp) -> Result<u64> {
        self.write(businesses::Put {
            business: business.clone(),
            document: document.to_owned(),
            now,
        })
        .await
    }

    async fn business(&self, business: &BusinessId) -> Result<Option<(u64, String)>> {
        read(|| businesses::latest(&self.readers, business)).await
    }

    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        read(|| businesses::all(&self.readers)).await
    }

    async fn open(&self, pair: &Pair, known: Option<Standing>) -> Result<Opened> {
        read(|| conversations::open(&self.readers, pair, known)).await
    }

    async fn hand_over(&self, from: &Pair) -> Result<Option<ParticipantId>> {
        self.write(HandOver { from: from.clone() }).await
    }

    async fn commit(&self, turn: TurnCommit) -> Result<CommitOutcome> {
        self.ask(|queues| &queues.turns, turn).await
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
        let hold = Hold {
            pair: pair.clone(),
            appointment,
            now,
        };
        self.ask(|queues| &queues.holds, hold).await
    }

    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        self.ask(|queues| &queues.arrivals, messages).await
    }

    async fn receipt(&self, key: &MessageKey) -> Result<Option<Receipt>> {
        read(|| inbox::receipt(&self.readers, key)).await
    }

    async fn claim_unfinished(&self, before: Timestamp, limit: u32) -> Result<Unfinished> {
        self.write(inbox::ClaimUnfinished { before, limit }).await
    }

    async fn inbox_list(&self, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
        read(|| inbox::list(&self.readers, query)).await
    }

    async fn inbox_settle(&self, keys: &[MessageKey], verdict: InboxVerdict) -> Result<u64> {
        if keys.is_empty() {
            return Ok(0);
        }
        let keys = keys.to_vec();
        self.write(inbox::SettleDead { keys, verdict }).await
    }

    async fn calendar_changes(
        &self,
        business: &BusinessId,
        since: u64,
        from: Timestamp,
    ) -> Result<CalendarChanges> {
        read(|| calendar::changes(&self.readers, business, since, from)).await
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
        read(|| appointments::find(&self.readers, business, id)).await
    }

    async fn appointments(
        &self,
        business: &BusinessId,
        query: &AppointmentQuery,
    ) -> Result<Vec<Appointment>> {
        read(|| appointments::list(&self.readers, business, query)).await
    }

    async fn appointment_events(
        &self,
        business: &BusinessId,
        id: AppointmentId,
    ) -> Result<Vec<AppointmentEvent>> {
        read(|| appointments::events(&self.readers, business, id)).await
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>> {
        read(|| transcript::page(&self.readers, conversation, before, limit)).await
    }

    async fn append_transcript(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        if said.is_empty() {
            return Ok(());
        }
        let said = said
            .iter()
            .map(|(conversation, entry)| (*conversation, (*entry).clone()))
            .collect();
        self.write(transcript::Append { said }).await
    }

    async fn sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>> {
        read(|| transcript::sessions(&self.readers, conversation, limit)).await
    }

    async fn waiting(&self, business: &BusinessId, limit: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        read(|| waitlist::waiting(&self.readers, business, limit)).await
    }

    async fn offers_run_out(&self, now: Timestamp, limit: u32) -> Result<Vec<Pair>> {
        read(|| waitlist::offers_run_out(&self.readers, now, limit)).await
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
        read(|| figures::count(&self.readers)).await
    }

    async fn ping(&self) -> Result<()> {
        self.measure_pool();
        self.readers.ping().await?;
        if self.is_closed() {
            return Err(Error::Closed("it is closing"));
        }
        Ok(())
    }

    async fn close(&self) {
        // Without senders the writing tasks finish what is queued and end.
        drop(self.lock().take());
        let mut ended = self.ended.clone();
        // An error here is the end of the tasks that this waits for.
        while ended.changed().await.is_ok() {}
        self.readers.close().await;
    }
}
