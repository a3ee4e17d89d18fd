//! Changes of appointments from outside a conversation: the API, operators, imports. The same rules, the same rows.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::appointments::{self, By, Happened, become_, has_expired, put};
use super::errors::is_taken;
use super::holds::{clear_the_way, stored};
use super::operation::Operation;
use super::rows::blob;
use super::writer::{release, savepoint, undo};
use crate::booking::appointment::{Appointment, Status};
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
        savepoint(connection).await?;
        let written = match clear_the_way(connection, &self.business, &new, by).await {
            Ok(()) => put(connection, &self.business, &new, Happened::Booked, by, key).await,
            Err(error) => Err(error),
        };
        settle(connection, written.map(|()| new)).await
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
        row: Appointment,
        to: &Appointment,
        by: By,
    ) -> Result<ChangeOutcome> {
        if !can_move(row.status) {
            return Ok(ChangeOutcome::NotAllowed(row));
        }
        let moved = moved(row, to);
        savepoint(connection).await?;
        let written = match clear_the_way(connection, &self.business, &moved, by).await {
            Ok(()) => put(connection, &self.business, &moved, Happened::Moved, by, None).await,
            Err(error) => Err(error),
        };
        settle(connection, written.map(|()| moved)).await
    }

    async fn set_status(
        &self,
        connection: &mut SqliteConnection,
        row: Appointment,
        status: Status,
        by: By,
    ) -> Result<ChangeOutcome> {
        let too_late = has_expired(&row, self.now) && status != Status::Expired;
        if too_late || !can_become(row.status, status) {
            return Ok(ChangeOutcome::NotAllowed(row));
        }
        let happened = Happened::Became(status);
        become_(connection, &self.business, row, status, happened, by)
            .await
            .map(ChangeOutcome::Done)
    }
}

/// Ends the savepoint: keeps what was written, or gives everything back when a seat is taken.
async fn settle(connection: &mut SqliteConnection, written: Result<Appointment>) -> Result<ChangeOutcome> {
    match written {
        Ok(appointment) => {
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

/// `row` with the time, the resources and the services of `to`.
pub(super) fn moved(row: Appointment, to: &Appointment) -> Appointment {
    let to = stored(to);
    Appointment {
        allocations: to.allocations,
        services: to.services,
        party_size: to.party_size,
        starts_at: to.starts_at,
        ends_at: to.ends_at,
        price_minor: to.price_minor,
        version: row.version + 1,
        ..row
    }
}

/// Whether a visit in this state can have another time.
pub(super) const fn can_move(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Confirmed)
}

/// The life of an appointment, as `booking::appointment` describes it.
const fn can_become(from: Status, to: Status) -> bool {
    use Status::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, Held, NoShow, Pending};
    match from {
        Held => matches!(to, Pending | Confirmed | Expired),
        Pending => matches!(to, Confirmed | Declined | Cancelled | Expired),
        Confirmed => matches!(to, CheckedIn | Cancelled | NoShow | Completed),
        CheckedIn => matches!(to, Completed),
        Completed | Cancelled | Declined | Expired | NoShow => false,
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
