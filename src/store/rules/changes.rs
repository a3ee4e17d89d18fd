//! Changes of appointments from outside a conversation: the API, operators, imports. The same rules, the same rows.

use jiff::Timestamp;

use super::holds::clear_the_way;
use super::{By, Desk, Put, stored};
use crate::booking::appointment::{Appointment, EventKind, Status};
use crate::store::errors::is_taken;
use crate::store::{Change, ChangeOutcome, Result, Tell};
use crate::types::{AppointmentId, BusinessId};

/// A change that was asked for.
pub(in crate::store) struct Requested {
    pub(in crate::store) business: BusinessId,
    pub(in crate::store) change: Change,
    pub(in crate::store) tell: Tell,
    pub(in crate::store) now: Timestamp,
}

impl Requested {
    /// Changes the appointment. Anything but "done" has written nothing.
    pub(in crate::store) async fn carry_out(&self, desk: &mut dyn Desk) -> Result<ChangeOutcome> {
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
                self.book(desk, appointment, idempotency_key.as_deref(), by(*actor))
                    .await
            }
            Change::Move {
                to,
                expected_version,
                actor,
            } => match self.find(desk, to.id, *expected_version).await? {
                Ok(row) => self.move_(desk, row, to, by(*actor)).await,
                Err(refused) => Ok(refused),
            },
            Change::SetStatus {
                id,
                status,
                expected_version,
                actor,
            } => match self.find(desk, *id, *expected_version).await? {
                Ok(row) => self.set_status(desk, row, *status, by(*actor)).await,
                Err(refused) => Ok(refused),
            },
        }
    }

    /// The row, or why it cannot be changed.
    async fn find(
        &self,
        desk: &mut dyn Desk,
        id: AppointmentId,
        expected_version: Option<u64>,
    ) -> Result<std::result::Result<Appointment, ChangeOutcome>> {
        Ok(match desk.load(&self.business, id).await? {
            None => Err(ChangeOutcome::NotFound),
            Some(row) if expected_version.is_some_and(|expected| expected != row.version) => {
                Err(ChangeOutcome::VersionConflict(row))
            }
            Some(row) => Ok(row),
        })
    }

    async fn book(
        &self,
        desk: &mut dyn Desk,
        appointment: &Appointment,
        key: Option<&str>,
        by: By,
    ) -> Result<ChangeOutcome> {
        // Two calls with one key come one behind the other: the second finds the first's row.
        if let Some(key) = key
            && let Some(done) = desk.booked_under(&self.business, key).await?
        {
            return Ok(ChangeOutcome::Done(done));
        }
        if let Some(row) = desk.load(&self.business, appointment.id).await? {
            return Ok(if row.participant == appointment.participant {
                ChangeOutcome::Done(row)
            } else {
                ChangeOutcome::NotAllowed(row)
            });
        }
        let new = stored(appointment);
        self.place(desk, new, EventKind::Booked, by, key).await
    }

    async fn move_(
        &self,
        desk: &mut dyn Desk,
        mut row: Appointment,
        to: &Appointment,
        by: By,
    ) -> Result<ChangeOutcome> {
        let Ok(kind) = row.move_to(&stored(to)) else {
            return Ok(ChangeOutcome::NotAllowed(row));
        };
        self.place(desk, row, kind, by, None).await
    }

    /// Writes an appointment on seats that it may not have had before, or gives everything back when one is taken.
    async fn place(
        &self,
        desk: &mut dyn Desk,
        appointment: Appointment,
        kind: EventKind,
        by: By,
        key: Option<&str>,
    ) -> Result<ChangeOutcome> {
        desk.savepoint().await?;
        let written = match clear_the_way(desk, &self.business, &appointment, by.at).await {
            Ok(()) => desk.put(self.put(&appointment, kind, by, key)).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => {
                desk.release().await?;
                self.tell(desk, &appointment, kind).await?;
                Ok(ChangeOutcome::Done(appointment))
            }
            Err(error) if is_taken(&error) => {
                desk.undo().await?;
                Ok(ChangeOutcome::Taken)
            }
            Err(error) => Err(error),
        }
    }

    async fn set_status(
        &self,
        desk: &mut dyn Desk,
        mut row: Appointment,
        status: Status,
        by: By,
    ) -> Result<ChangeOutcome> {
        let Ok(kind) = row.become_status(status, by.at) else {
            return Ok(ChangeOutcome::NotAllowed(row));
        };
        desk.put(self.put(&row, kind, by, None)).await?;
        self.tell(desk, &row, kind).await?;
        Ok(ChangeOutcome::Done(row))
    }

    async fn tell(&self, desk: &mut dyn Desk, appointment: &Appointment, kind: EventKind) -> Result<()> {
        for row in self.tell.rows(appointment, kind) {
            desk.post(&row).await?;
        }
        Ok(())
    }

    const fn put<'a>(
        &'a self,
        appointment: &'a Appointment,
        kind: EventKind,
        by: By,
        idempotency_key: Option<&'a str>,
    ) -> Put<'a> {
        Put {
            business: &self.business,
            appointment,
            kind,
            by,
            idempotency_key,
        }
    }
}
