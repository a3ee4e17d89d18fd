//! A store in memory that fails on demand and counts what it is asked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::booking::appointment::{Appointment, Status};
use crate::dialogue::Effect;
use crate::dialogue::context::Session;
use crate::dialogue::outcome::WaitlistEntry;
use crate::store::{
    Acceptance, AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome, CommitOutcome,
    EffectRefusal, Error, Figures, HoldOutcome, Inbound, InboxEntry, InboxQuery, InboxState, InboxVerdict,
    MessageKey, Opened, OutboxRow, Receipt, Result, Settlement, Standing, Store, StoredContext, Tell,
    TranscriptEntry, TurnCommit, Unfinished,
};
use crate::types::{AppointmentId, BusinessId, ConversationId, Pair, ParticipantId, TurnId};

/// What goes wrong with the next call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// The database cannot be reached.
    Unavailable,
    /// Another process has committed a turn of this conversation meanwhile.
    OvertakenCommit,
    /// It is carried out, and nobody hears of it.
    Unheard,
    /// It is not carried out, and nobody hears of it.
    Lost,
    /// It is carried out when the test lets it.
    Stall,
    /// A mistake of ours.
    Panic,
}

/// A version that somebody else made.
pub(super) fn standing_at(version: u64) -> Standing {
    Standing {
        version,
        turn: TurnId(uuid::Uuid::from_u128(u128::from(version))),
    }
}

/// What stands in the inbox.
struct Row {
    message: Inbound,
    state: InboxState,
    answer: Option<String>,
    attempts: u32,
}

#[derive(Default)]
struct Rows {
    documents: HashMap<BusinessId, String>,
    conversations: HashMap<ConversationId, (Standing, StoredContext)>,
    inbox: BTreeMap<MessageKey, Row>,
    transcripts: HashMap<ConversationId, Vec<TranscriptEntry>>,
    sessions: HashMap<ConversationId, Vec<Session>>,
    appointments: BTreeMap<AppointmentId, Appointment>,
    /// Grows with every change of an appointment; the calendar is always told whole.
    calendar: u64,
    /// The texts that each committed turn answered.
    turns: Vec<Vec<String>>,
}

pub(in crate::conversation) struct FakeStore {
    rows: Mutex<Rows>,
    calls: Mutex<Vec<&'static str>>,
    /// How long each commit takes, one after the other.
    pace: tokio::sync::Mutex<Duration>,
    on_open: Mutex<VecDeque<Fault>>,
    on_commit: Mutex<VecDeque<Fault>>,
    /// Holds that somebody else wins first.
    holds_lost: Mutex<u32>,
    /// Commits that stall wait here.
    gate: Semaphore,
}

impl Default for FakeStore {
    fn default() -> Self {
        Self {
            rows: Mutex::default(),
            pace: tokio::sync::Mutex::default(),
            calls: Mutex::default(),
            on_open: Mutex::default(),
            on_commit: Mutex::default(),
            holds_lost: Mutex::default(),
            gate: Semaphore::new(0),
        }
    }
}

/// A turn by hand: it goes on from what is committed, and says one thing under this number's successor.
pub(super) fn turn_after(store: &FakeStore, pair: &Pair, last_seq: u64) -> TurnCommit {
    let rows = lock(&store.rows);
    let id = pair.conversation();
    let (standing, context) = rows.conversations[&id].clone();
    let mut entry = rows.transcripts[&id][0].clone();
    entry.seq = last_seq + 1;
    TurnCommit {
        turn: TurnId(uuid::Uuid::from_u128(77)),
        pair: pair.clone(),
        expected_version: standing.version,
        at: Timestamp::UNIX_EPOCH,
        context,
        sessions: Vec::new(),
        transcript: vec![entry],
        answered: Vec::new(),
        answer: String::new(),
        effects: Vec::new(),
        outbox: Vec::new(),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap()
}

fn unavailable() -> Error {
    Error::Unavailable(sqlx::Error::PoolTimedOut)
}

impl FakeStore {
    pub(super) fn fail_next_open(&self, fault: Fault) {
        lock(&self.on_open).push_back(fault);
    }

    /// Commits take so long from now on, one after the other.
    pub(super) async fn commits_take(&self, each: Duration) {
        *self.pace.lock().await = each;
    }

    pub(super) fn fail_next_commit(&self, fault: Fault) {
        lock(&self.on_commit).push_back(fault);
    }

    pub(super) fn lose_next_hold(&self) {
        *lock(&self.holds_lost) += 1;
    }

    /// Lets a stalled commit go on.
    pub(super) fn release(&self) {
        self.gate.add_permits(1);
    }

    /// How often it was asked for something.
    pub(super) fn calls(&self, name: &str) -> usize {
        lock(&self.calls).iter().filter(|call| **call == name).count()
    }

    /// Everything it was asked, in order; forgotten with the asking.
    pub(super) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut lock(&self.calls))
    }

    /// The texts that each committed turn answered, in order.
    pub(super) fn turns(&self) -> Vec<Vec<String>> {
        lock(&self.rows).turns.clone()
    }

    pub(super) fn version(&self, pair: &Pair) -> u64 {
        lock(&self.rows)
            .conversations
            .get(&pair.conversation())
            .map_or(0, |(standing, _)| standing.version)
    }

    /// What a failover does: the store is at another version than it was.
    pub(super) fn set_version(&self, pair: &Pair, to: u64) {
        if let Some((standing, _)) = lock(&self.rows).conversations.get_mut(&pair.conversation()) {
            *standing = standing_at(to);
        }
    }

    /// What a deployment that was taken back leaves: a context that this version cannot read.
    pub(super) fn spoil_context(&self, pair: &Pair) {
        if let Some((_, context)) = lock(&self.rows).conversations.get_mut(&pair.conversation()) {
            context.schema = 9_999;
        }
    }

    /// What a process leaves that was killed while its transcripts were behind.
    pub(super) fn lose_transcript(&self, pair: &Pair) {
        lock(&self.rows).transcripts.remove(&pair.conversation());
    }

    pub(super) fn transcript_numbers(&self, pair: &Pair) -> Vec<u64> {
        let rows = lock(&self.rows);
        let transcript = rows.transcripts.get(&pair.conversation());
        transcript.into_iter().flatten().map(|entry| entry.seq).collect()
    }

    pub(super) fn transcript(&self, pair: &Pair) -> Vec<TranscriptEntry> {
        let rows = lock(&self.rows);
        rows.transcripts
            .get(&pair.conversation())
            .cloned()
            .unwrap_or_default()
    }

    /// A message loses its text, as when its sender takes it back.
    pub(super) fn take_back(&self, pair: &Pair, text: &str) {
        let mut rows = lock(&self.rows);
        let said = rows.transcripts.get_mut(&pair.conversation());
        for entry in said.into_iter().flatten().filter(|entry| entry.text == text) {
            entry.text.clear();
        }
    }

    pub(super) fn state_of(&self, key: &MessageKey) -> Option<InboxState> {
        lock(&self.rows).inbox.get(key).map(|row| row.state)
    }

    pub(super) fn appointments_with(&self, status: Status) -> Vec<Appointment> {
        let rows = lock(&self.rows);
        rows.appointments
            .values()
            .filter(|a| a.status == status)
            .cloned()
            .collect()
    }

    fn called(&self, name: &'static str) {
        lock(&self.calls).push(name);
    }
}

impl Rows {
    fn commit(&mut self, turn: &TurnCommit) -> CommitOutcome {
        let id = turn.pair.conversation();
        let committed = self
            .conversations
            .get(&id)
            .map_or(0, |(standing, _)| standing.version);
        if committed != turn.expected_version {
            return CommitOutcome::VersionConflict { committed };
        }
        let is_done = |m: &&Inbound| {
            self.inbox
                .get(&m.key)
                .is_some_and(|row| row.state == InboxState::Done)
        };
        let done: Vec<MessageKey> = turn
            .answered
            .iter()
            .filter(is_done)
            .map(|m| m.key.clone())
            .collect();
        if !done.is_empty() {
            return CommitOutcome::AlreadyAnswered(done);
        }
        if let Some(effect) = turn.effects.iter().position(|effect| !self.carry_out(effect)) {
            return CommitOutcome::EffectRefused {
                effect,
                refusal: EffectRefusal::Changed,
            };
        }
        let version = committed + 1;
        let standing = Standing {
            version,
            turn: turn.turn,
        };
        self.conversations.insert(id, (standing, turn.context.clone()));
        self.transcripts
            .entry(id)
            .or_default()
            .extend(turn.transcript.iter().cloned());
        let sessions = self.sessions.entry(id).or_default();
        sessions.retain(|kept| turn.sessions.iter().all(|session| session.id != kept.id));
        sessions.extend(turn.sessions.iter().cloned());
        for message in &turn.answered {
            let row = self.inbox.entry(message.key.clone()).or_insert_with(|| Row {
                message: message.clone(),
                state: InboxState::Pending,
                answer: None,
                attempts: 0,
            });
            row.state = InboxState::Done;
            row.answer = Some(turn.answer.clone());
        }
        self.turns
            .push(turn.answered.iter().map(|m| m.text.clone()).collect());
        CommitOutcome::Committed {
            version,
            appointments: Vec::new(),
        }
    }

    /// `false` when it cannot be carried out any more.
    fn carry_out(&mut self, effect: &Effect) -> bool {
        let (id, status) = match effect {
            Effect::Confirm { appointment, .. } => (appointment.id, Status::Confirmed),
            Effect::Cancel { appointment } => (appointment.id, Status::Cancelled),
            Effect::Release { appointment } => (*appointment, Status::Expired),
            Effect::Book { appointment } => {
                self.appointments.insert(appointment.id, appointment.clone());
                self.calendar += 1;
                return true;
            }
            _ => return true,
        };
        let Some(row) = self.appointments.get_mut(&id) else {
            return matches!(effect, Effect::Release { .. });
        };
        row.status = status;
        row.version += 1;
        row.hold_expires_at = None;
        self.calendar += 1;
        true
    }
}

#[async_trait]
impl Store for FakeStore {
    async fn put_business(&self, business: &BusinessId, document: &str, _: Timestamp) -> Result<u64> {
        lock(&self.rows)
            .documents
            .insert(business.clone(), document.to_owned());
        Ok(1)
    }

    async fn business(&self, business: &BusinessId) -> Result<Option<(u64, String)>> {
        self.called("business");
        // The answer comes from elsewhere, so that others run meanwhile.
        tokio::task::yield_now().await;
        let document = lock(&self.rows).documents.get(business).cloned();
        Ok(document.map(|document| (1, document)))
    }

    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        Ok(lock(&self.rows).documents.keys().cloned().collect())
    }

    async fn open(&self, pair: &Pair, known: Option<Standing>) -> Result<Opened> {
        self.called("open");
        let fault = lock(&self.on_open).pop_front();
        assert_ne!(fault, Some(Fault::Panic), "opening breaks");
        if fault.is_some() {
            return Err(unavailable());
        }
        let rows = lock(&self.rows);
        let (standing, context) = rows
            .conversations
            .get(&pair.conversation())
            .map_or((None, None), |(standing, context)| {
                (Some(*standing), Some(context.clone()))
            });
        let pending = rows
            .inbox
            .values()
            .filter(|row| row.state == InboxState::Pending && row.message.pair() == *pair)
            .map(|row| row.message.clone())
            .collect();
        Ok(Opened {
            standing,
            context: context.filter(|_| known != standing),
            pending,
            joined_into: None,
        })
    }

    /// Nobody turns out to be somebody else here.
    async fn hand_over(&self, _: &Pair) -> Result<Option<ParticipantId>> {
        Ok(None)
    }

    async fn commit(&self, turn: TurnCommit) -> Result<CommitOutcome> {
        self.called("commit");
        {
            let pace = self.pace.lock().await;
            if !pace.is_zero() {
                tokio::time::sleep(*pace).await;
            }
        }
        let fault = lock(&self.on_commit).pop_front();
        match fault {
            Some(Fault::Unavailable) => return Err(unavailable()),
            Some(Fault::Stall) => self.gate.acquire().await.unwrap().forget(),
            Some(Fault::OvertakenCommit) => {
                let mut rows = lock(&self.rows);
                let (standing, _) = rows
                    .conversations
                    .entry(turn.pair.conversation())
                    .or_insert_with(|| (standing_at(0), turn.context.clone()));
                *standing = standing_at(standing.version + 1);
            }
            Some(Fault::Unheard) => {
                lock(&self.rows).commit(&turn);
                return Err(Error::OutcomeUnknown(sqlx::Error::PoolTimedOut));
            }
            Some(Fault::Lost) => return Err(Error::OutcomeUnknown(sqlx::Error::PoolTimedOut)),
            Some(Fault::Panic) => panic!("committing breaks"),
            None => {}
        }
        Ok(lock(&self.rows).commit(&turn))
    }

    async fn hold(
        &self,
        _: &BusinessId,
        _: &Pair,
        appointment: Appointment,
        _: Timestamp,
    ) -> Result<HoldOutcome> {
        self.called("hold");
        let mut lost = lock(&self.holds_lost);
        let mut rows = lock(&self.rows);
        rows.calendar += 1;
        if *lost > 0 {
            *lost -= 1;
            // Whoever was faster has it.
            let theirs = Appointment {
                id: AppointmentId(uuid::Uuid::from_u128(u128::from(rows.calendar))),
                participant: ParticipantId::new("somebody else").unwrap(),
                status: Status::Confirmed,
                hold_expires_at: None,
                ..appointment
            };
            rows.appointments.insert(theirs.id, theirs);
            return Ok(HoldOutcome::Taken);
        }
        rows.appointments.insert(appointment.id, appointment.clone());
        Ok(HoldOutcome::Held(appointment))
    }

    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        self.called("accept");
        let mut rows = lock(&self.rows);
        let mut one = |message: Inbound| {
            if rows.inbox.contains_key(&message.key) {
                return Acceptance::Duplicate;
            }
            let key = message.key.clone();
            let row = Row {
                message,
                state: InboxState::Pending,
                answer: None,
                attempts: 0,
            };
            rows.inbox.insert(key, row);
            Acceptance::New
        };
        Ok(messages.into_iter().map(&mut one).collect())
    }

    async fn receipt(&self, key: &MessageKey) -> Result<Option<Receipt>> {
        self.called("receipt");
        Ok(lock(&self.rows).inbox.get(key).map(|row| Receipt {
            text: row.message.text.clone(),
            state: row.state,
            answer: row.answer.clone(),
        }))
    }

    async fn claim_unfinished(&self, before: Timestamp, _: u32) -> Result<Unfinished> {
        let mut found = Unfinished::default();
        for row in lock(&self.rows).inbox.values_mut() {
            if row.state != InboxState::Pending || row.message.received_at >= before {
                continue;
            }
            if row.attempts >= 4 {
                row.state = InboxState::Dead;
                found.dead += 1;
            } else {
                row.attempts += 1;
                found.pairs.push(row.message.pair());
            }
        }
        found.pairs.dedup();
        Ok(found)
    }

    async fn calendar_changes(&self, _: &BusinessId, _: u64, _: Timestamp) -> Result<CalendarChanges> {
        self.called("calendar_changes");
        let rows = lock(&self.rows);
        Ok(CalendarChanges {
            version: rows.calendar,
            appointments: rows.appointments.values().cloned().collect(),
        })
    }

    async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>> {
        self.called("messages");
        let rows = lock(&self.rows);
        let mut page = rows.transcripts.get(&conversation).cloned().unwrap_or_default();
        page.retain(|entry| before.is_none_or(|before| entry.seq < before));
        page.drain(..page.len().saturating_sub(limit as usize));
        Ok(page)
    }

    async fn append_transcript(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()> {
        let mut rows = lock(&self.rows);
        for (conversation, entry) in said {
            let transcript = rows.transcripts.entry(*conversation).or_default();
            if transcript.iter().all(|known| known.seq != entry.seq) {
                transcript.push((*entry).clone());
            }
        }
        Ok(())
    }

    async fn sessions(&self, conversation: ConversationId, _: u32) -> Result<Vec<Session>> {
        let rows = lock(&self.rows);
        let sessions = rows.sessions.get(&conversation);
        Ok(sessions.into_iter().flatten().cloned().collect())
    }

    async fn expire_holds(&self, _: Timestamp) -> Result<Vec<BusinessId>> {
        Ok(Vec::new())
    }

    async fn offers_run_out(&self, _: Timestamp, _: u32) -> Result<Vec<Pair>> {
        Ok(Vec::new())
    }

    async fn waiting(&self, _: &BusinessId, _: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        Ok(Vec::new())
    }

    async fn close_sessions(&self, _: Timestamp, _: Timestamp) -> Result<u64> {
        Ok(0)
    }

    // What conversations never ask for.

    async fn change_and_tell(
        &self,
        _: &BusinessId,
        _: Change,
        _: Tell,
        _: Timestamp,
    ) -> Result<ChangeOutcome> {
        Err(unavailable())
    }
    async fn inbox_list(&self, _: &InboxQuery) -> Result<Vec<InboxEntry>> {
        Err(unavailable())
    }
    async fn inbox_settle(&self, _: &[MessageKey], _: InboxVerdict) -> Result<u64> {
        Err(unavailable())
    }
    async fn appointment(&self, _: &BusinessId, _: AppointmentId) -> Result<Option<Appointment>> {
        Err(unavailable())
    }
    async fn appointments(&self, _: &BusinessId, _: &AppointmentQuery) -> Result<Vec<Appointment>> {
        Err(unavailable())
    }
    async fn appointment_events(&self, _: &BusinessId, _: AppointmentId) -> Result<Vec<AppointmentEvent>> {
        Err(unavailable())
    }
    async fn outbox_claim(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<OutboxRow>> {
        Err(unavailable())
    }
    async fn outbox_settle(&self, _: Vec<(uuid::Uuid, Settlement)>) -> Result<()> {
        Err(unavailable())
    }
    async fn figures(&self) -> Result<Figures> {
        Err(unavailable())
    }
    async fn ping(&self) -> Result<()> {
        Ok(())
    }
    async fn close(&self) {}
}
