//! The transcript, written behind: the least work on the way of a reply.
//!
//! [`Behind`] is a store around another. It takes the transcript out of each turn, commits the rest, and hands the
//! rows to a queue, from which a task writes many at a time. Context, appointments, inbox and outbox are where they
//! were: in the turn's transaction. A process that is killed loses the rows that wait, and nothing else.
//!
//! - A turn whose rows find no room in the queue takes them along into its transaction: an overload costs time, and no
//!   row.
//! - What waits is read as if it were written, in this process. Another process on the same database sees it a moment
//!   later.
//! - [`Behind::close`](Store::close) writes what waits, for a limited time, and only then closes the store beneath.

mod queue;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use self::queue::{Queue, Sink};
use super::{
    Acceptance, AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome, CommitOutcome,
    Error, Figures, HoldOutcome, Inbound, InboxEntry, InboxQuery, InboxVerdict, MessageKey, Opened,
    OutboxRow, Receipt, Result, Session, Settlement, Standing, Store, Tell, TranscriptEntry, TurnCommit,
    Unfinished,
};
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::WaitlistEntry;
use crate::telemetry::metrics::{self, TranscriptRows};
use crate::types::{AppointmentId, BusinessId, ConversationId, Pair, ParticipantId, TurnId};

/// How long closing waits for what is still to be written.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// A store that writes transcripts behind.
pub struct Behind {
    store: Arc<dyn Store>,
    queue: Arc<Queue>,
}

#[async_trait]
impl Sink for Arc<dyn Store> {
    async fn append(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        self.append_transcript(said).await
    }
}

impl Behind {
    /// Around `store`; its task runs on the current tokio runtime.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        let queue = Arc::new(Queue::new());
        tokio::spawn(Arc::clone(&queue).run(Arc::clone(&store)));
        Self { store, queue }
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        self.queue.end();
    }
}

/// Whether a turn whose commit got no answer was committed. Not known is no: under the numbers of a turn that was not,
/// the next one will speak.
async fn stands(store: &Arc<dyn Store>, pair: &Pair, turn: TurnId) -> bool {
    let opened = store.open(pair, None).await;
    opened.is_ok_and(|opened| opened.standing.is_some_and(|standing| standing.turn == turn))
}

#[async_trait]
impl Store for Behind {
    async fn commit(&self, mut turn: TurnCommit) -> Result<CommitOutcome> {
        if turn.transcript.is_empty() {
            return self.store.commit(turn).await;
        }
        let said = std::mem::take(&mut turn.transcript);
        let Some(room) = self.queue.take_room(said.len()) else {
            metrics::transcript_rows(TranscriptRows::WithTurn, said.len() as u64);
            turn.transcript = said;
            return self.store.commit(turn).await;
        };
        let (store, queue) = (Arc::clone(&self.store), Arc::clone(&self.queue));
        // In a task of its own: a caller who leaves after the commit must not take the transcript along.
        let committing = tokio::spawn(async move {
            let (pair, id) = (turn.pair.clone(), turn.turn);
            let outcome = store.commit(turn).await;
            let committed = match &outcome {
                Ok(outcome) => matches!(outcome, CommitOutcome::Committed { .. }),
                Err(Error::OutcomeUnknown(_)) => stands(&store, &pair, id).await,
                Err(_) => false,
            };
            if committed {
                queue.put(room, pair.conversation(), said);
            }
            outcome
        });
        match committing.await {
            Ok(outcome) => outcome,
            Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
            Err(_) => Err(Error::Closed("the process is stopping")),
        }
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>> {
        // First what waits: what is written meanwhile is found twice instead of not at all.
        let waiting = self.queue.waiting_of(conversation, before);
        let mut page = self.store.messages(conversation, before, limit).await?;
        if waiting.is_empty() {
            return Ok(page);
        }
        page.extend(waiting);
        // Stable: of two with one number, that of the database comes first and stays.
        page.sort_by_key(|entry| entry.seq);
        page.dedup_by_key(|entry| entry.seq);
        let surplus = page
            .len()
            .saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
        page.drain(..surplus);
        Ok(page)
    }

    async fn figures(&self) -> Result<Figures> {
        self.queue.measure();
        self.store.figures().await
    }

    async fn close(&self) {
        self.queue.drain(DRAIN_MAX).await;
        self.store.close().await;
    }

    // All else is as it was.

    async fn put_business(&self, business: &BusinessId, document: &str, now: Timestamp) -> Result<u64> {
        self.store.put_business(business, document, now).await
    }

    async fn business(&self, business: &BusinessId) -> Result<Option<(u64, String)>> {
        self.store.business(business).await
    }

    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        self.store.businesses().await
    }

    async fn open(&self, pair: &Pair, known: Option<Standing>) -> Result<Opened> {
        self.store.open(pair, known).await
    }

    async fn hand_over(&self, from: &Pair) -> Result<Option<ParticipantId>> {
        self.store.hand_over(from).await
    }

    async fn hold(
        &self,
        business: &BusinessId,
        pair: &Pair,
        appointment: Appointment,
        now: Timestamp,
    ) -> Result<HoldOutcome> {
        self.store.hold(business, pair, appointment, now).await
    }

    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        self.store.accept(messages).await
    }

    async fn receipt(&self, key: &MessageKey) -> Result<Option<Receipt>> {
        self.store.receipt(key).await
    }

    async fn claim_unfinished(&self, before: Timestamp, limit: u32) -> Result<Unfinished> {
        self.store.claim_unfinished(before, limit).await
    }

    async fn inbox_list(&self, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
        self.store.inbox_list(query).await
    }

    async fn inbox_settle(&self, keys: &[MessageKey], verdict: InboxVerdict) -> Result<u64> {
        self.store.inbox_settle(keys, verdict).await
    }

    async fn calendar_changes(
        &self,
        business: &BusinessId,
        since: u64,
        from: Timestamp,
    ) -> Result<CalendarChanges> {
        self.store.calendar_changes(business, since, from).await
    }

    async fn change_and_tell(
        &self,
        business: &BusinessId,
        change: Change,
        tell: Tell,
        now: Timestamp,
    ) -> Result<ChangeOutcome> {
        self.store.change_and_tell(business, change, tell, now).await
    }

    async fn appointment(&self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>> {
        self.store.appointment(business, id).await
    }

    async fn appointments(
        &self,
        business: &BusinessId,
        query: &AppointmentQuery,
    ) -> Result<Vec<Appointment>> {
        self.store.appointments(business, query).await
    }

    async fn appointment_events(
        &self,
        business: &BusinessId,
        id: AppointmentId,
    ) -> Result<Vec<AppointmentEvent>> {
        self.store.appointment_events(business, id).await
    }

    async fn append_transcript(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        self.store.append_transcript(said).await
    }

    async fn sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>> {
        self.store.sessions(conversation, limit).await
    }

    async fn waiting(&self, business: &BusinessId, limit: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        self.store.waiting(business, limit).await
    }

    async fn offers_run_out(&self, now: Timestamp, limit: u32) -> Result<Vec<Pair>> {
        self.store.offers_run_out(now, limit).await
    }

    async fn outbox_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>> {
        self.store.outbox_claim(now, lease_until, limit).await
    }

    async fn outbox_settle(&self, settled: Vec<(uuid::Uuid, Settlement)>) -> Result<()> {
        self.store.outbox_settle(settled).await
    }

    async fn expire_holds(&self, now: Timestamp) -> Result<Vec<BusinessId>> {
        self.store.expire_holds(now).await
    }

    async fn close_sessions(&self, idle_since: Timestamp, now: Timestamp) -> Result<u64> {
        self.store.close_sessions(idle_since, now).await
    }

    async fn ping(&self) -> Result<()> {
        self.store.ping().await
    }
}
