//! PostgreSQL: a placeholder with the shape of the store to come. It can be chosen and cannot be opened.

use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;

use super::{
    Acceptance, AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome, CommitOutcome,
    Error, Figures, HoldOutcome, Inbound, MessageKey, Opened, OutboxRow, Receipt, Result, Session,
    Settlement, Standing, Store, TranscriptEntry, TurnCommit, Unfinished,
};
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::WaitlistEntry;
use crate::types::{AppointmentId, BusinessId, ConversationId, Pair};

/// How to reach a database.
#[derive(Clone)]
pub struct Options {
    /// `postgres://user:password@host:port/name?sslmode=…`. The password stays secret.
    pub url: SecretString,
    /// Connections that only read.
    pub readers: u32,
    /// Connections that commit turns.
    pub committers: u32,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a read waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the database works on a statement before it gives up.
    pub statement_timeout: Duration,
    /// How long the database waits for a lock before it gives up.
    pub lock_timeout: Duration,
}

/// The store in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore(Infallible);

impl PostgresStore {
    /// Opens the database.
    ///
    /// # Errors
    /// Always: this is a placeholder.
    pub async fn open(_: &Options) -> Result<Self> {
        Err(Error::Open(
            "PostgreSQL is not supported yet by this version".to_owned(),
        ))
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn put_business(&self, _: &BusinessId, _: &str, _: Timestamp) -> Result<u64> {
        match self.0 {}
    }
    async fn business(&self, _: &BusinessId) -> Result<Option<(u64, String)>> {
        match self.0 {}
    }
    async fn businesses(&self) -> Result<Vec<BusinessId>> {
        match self.0 {}
    }
    async fn open(&self, _: &Pair, _: Option<Standing>) -> Result<Opened> {
        match self.0 {}
    }
    async fn commit(&self, _: TurnCommit) -> Result<CommitOutcome> {
        match self.0 {}
    }
    async fn hold(&self, _: &BusinessId, _: &Pair, _: Appointment, _: Timestamp) -> Result<HoldOutcome> {
        match self.0 {}
    }
    async fn accept(&self, _: Vec<Inbound>) -> Result<Vec<Acceptance>> {
        match self.0 {}
    }
    async fn receipt(&self, _: &MessageKey) -> Result<Option<Receipt>> {
        match self.0 {}
    }
    async fn claim_unfinished(&self, _: Timestamp, _: u32) -> Result<Unfinished> {
        match self.0 {}
    }
    async fn calendar_changes(&self, _: &BusinessId, _: u64, _: Timestamp) -> Result<CalendarChanges> {
        match self.0 {}
    }
    async fn change(&self, _: &BusinessId, _: Change, _: Timestamp) -> Result<ChangeOutcome> {
        match self.0 {}
    }
    async fn appointment(&self, _: &BusinessId, _: AppointmentId) -> Result<Option<Appointment>> {
        match self.0 {}
    }
    async fn appointments(&self, _: &BusinessId, _: &AppointmentQuery) -> Result<Vec<Appointment>> {
        match self.0 {}
    }
    async fn appointment_events(&self, _: &BusinessId, _: AppointmentId) -> Result<Vec<AppointmentEvent>> {
        match self.0 {}
    }
    async fn messages(&self, _: ConversationId, _: Option<u64>, _: u32) -> Result<Vec<TranscriptEntry>> {
        match self.0 {}
    }
    async fn sessions(&self, _: ConversationId, _: u32) -> Result<Vec<Session>> {
        match self.0 {}
    }
    async fn waiting(&self, _: &BusinessId, _: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
        match self.0 {}
    }
    async fn offers_run_out(&self, _: Timestamp, _: u32) -> Result<Vec<Pair>> {
        match self.0 {}
    }
    async fn outbox_claim(&self, _: Timestamp, _: Timestamp, _: u32) -> Result<Vec<OutboxRow>> {
        match self.0 {}
    }
    async fn outbox_settle(&self, _: Vec<(uuid::Uuid, Settlement)>) -> Result<()> {
        match self.0 {}
    }
    async fn expire_holds(&self, _: Timestamp) -> Result<Vec<BusinessId>> {
        match self.0 {}
    }
    async fn close_sessions(&self, _: Timestamp, _: Timestamp) -> Result<u64> {
        match self.0 {}
    }
    async fn figures(&self) -> Result<Figures> {
        match self.0 {}
    }
    async fn ping(&self) -> Result<()> {
        match self.0 {}
    }
    async fn close(&self) {
        match self.0 {}
    }
}
