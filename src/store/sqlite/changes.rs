//! Changes of appointments from outside a conversation: the API, operators, imports. The same rules, the same rows.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::appointments::{self, put};
use super::holds::clear_the_way;
use super::operation::Operation;
use super::rows::blob;
use super::writer::{release, savepoint, undo};
use crate::booking::appointment::{Appointment, EventKind, Status};
use crate::store::errors::is_taken;
use crate::store::rules::{By, stored};
use crate::store::{Change, ChangeOutcome, Result};
use crate::types::{AppointmentId, BusinessId};

/// A change that was asked for.
pub(super) struct Requested {
    pub(super) business: BusinessId,
    pub(super) change: Change,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Requested {
    type Output = ChangeOutcome;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<ChangeOutcome> {
        let by = |actor| By {
            actor,
            turn: None,
            at: self.now,
        };
        match &self.change {
            Change::Book {
                appointment,
                actor,
                idempotency_key,
            } => {
                self.book(connection, appointment, idempotency_key.as_deref(), by(*actor))
                    .await
            }
            Change::Move {
                to,
                expected_version,
                actor,
            } => match self.find(connection, to.id, *expected_version).await? {
                Ok(row) => self.move_(connection, row, to, by(*actor)).await,
                Err(refused) => Ok(refused),
            },
            Change::SetStatus {
                id,
                status,
                expected_version,
                actor,
            } => match self.find(connection, *id, *expected_version).await? {
                Ok(row) => self.set_status(connection, row, *status, by(*actor)).await,
                Err(refused) => Ok(refused),
            },
        }
    }
}

impl Requested {
    /// The row, or why it cannot be changed.
    async fn find(
        &self,
        connection: &mut SqliteConnection,
        id: AppointmentId,
        expected_version: Option<u64>,
    ) -> Result<std::result::Result<Appointment, ChangeOutcome>> {
        Ok(match appointments::load(connection, &self.business, id).await? {
            None => Err(ChangeOutcome::NotFound),
            Some(row) if expected_version.is_some_and(|expected| expected != row.version) => {
                Err(ChangeOutcome::VersionConflict(row))
            }
            Some(row) => Ok(row),
        })
    }

    async fn book(
        &self,
        connection: &mut SqliteConnection,
        appointment: &Appointment,
        key: Option<&str>,
        by: By,
    ) -> Result<ChangeOutcome> {
        // Two calls with one key stand in the writer's queue one behind the other: the second finds the first's row.
        if let Some(key) = key
            && let Some(done) = self.booked_under(connection, key).await?
        {
            return Ok(ChangeOutcome::Done(done));
        }
        if let Some(row) = appointments::load(connection, &self.business, appointment.id).await? {
            return Ok(if row.participant == appointment.participant {
                ChangeOutcome::Done(row)
            } else {
                ChangeOutcome::NotAllowed(row)
            });
        }
        let new = stored(appointment);
        self.place(connection, new, EventKind::Booked, by, key).await
    }

    async fn booked_under(
        &self,
        connection: &mut SqliteConnection,
        key: &str,
    ) -> Result<Option<Appointment>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            appointments::columns!(),
            " FROM appointments a WHERE a.business_id = $1 AND a.idempotency_key = $2"
        ))
        .bind(self.business.as_str())
        .bind(key)
        .fetch_optional(connection)
        .await?;
        row.as_ref().map(appointments::read).transpose()
    }

    async fn move_(
        &self,
        connection: &mut SqliteConnection,
        mut row: Appointment,
        to: &Appointment,
        by: By,
    ) -> Result<ChangeOutcome> {
        let Ok(kind) = row.move_to(&stored(to)) else {
            return Ok(ChangeOutcome::NotAllowed(row));
        };
        self.place(connection, row, kind, by, None).await
    }

    /// Writes an appointment on seats that it may not have had before, or gives everything back when one is taken.
    async fn place(
        &self,
        connection: &mut SqliteConnection,
        appointment: Appointment,
        kind: EventKind,
        by: By,
        key: Option<&str>,
    ) -> Result<ChangeOutcome> {
        savepoint(connection).await?;
        let written = match clear_the_way(connection, &self.business, &appointment, by).await {
            Ok(()) => put(connection, &self.business, &appointment, kind, by, key).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => {
                release(connection).await?;
                Ok(ChangeOutcome::Done(appointment))
            }
            Err(error) if is_taken(&error) => {
                undo(connection).await?;
                Ok(ChangeOutcome::Taken)
            }
            Err(error) => Err(error),
        }
    }

    async fn set_status(
        &self,
        connection: &mut SqliteConnection,
        mut row: Appointment,
        status: Status,
        by: By,
    ) -> Result<ChangeOutcome> {
        let Ok(kind) = row.become_status(status, by.at) else {
            return Ok(ChangeOutcome::NotAllowed(row));
        };
        put(connection, &self.business, &row, kind, by, None).await?;
        Ok(ChangeOutcome::Done(row))
    }
}

/// Whether an appointment of that id was ever written, in whatever business.
pub(super) async fn exists(connection: &mut SqliteConnection, id: AppointmentId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM appointments WHERE id = $1")
        .bind(blob(id.0))
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}
