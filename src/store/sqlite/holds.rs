//! Promised slots: placing, ending, and sweeping them.
//!
//! A hold's id is computed from the turn that asks for it, so that a turn which runs again meets its own hold:
//!
//! - The hold stands and is for the same slot: it is the answer.
//! - It stands for another slot (the turn decided differently this time): it moves there.
//! - It has ended, and nothing ever became of it (only `held`, `released` and `expired` among its events): the turn
//!   was never committed, so it is placed anew under the next version. This is the one way back from a terminal
//!   state; a confirmation that was read back from the earlier promise is refused by the version.
//! - Anything else (it was confirmed, or used for a move) belongs to a turn that is committed: "taken".

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::appointments::{self, By, put};
use super::errors::is_taken;
use super::operation::Operation;
use super::rows::{Cells, as_stored, blob, json, micros};
use super::writer::{release, savepoint, undo};
use crate::booking::appointment::{Appointment, EventKind, Refused, Status};
use crate::booking::visit::Allocation;
use crate::store::{Actor, HoldOutcome, Result};
use crate::types::{AppointmentId, BusinessId, Pair};

/// Holds ended by one sweep; the next sweep takes the rest.
const EXPIRED_MAX: i64 = 500;

/// Promises a slot.
pub(super) struct Hold {
    pub(super) pair: Pair,
    pub(super) appointment: Appointment,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Hold {
    type Output = HoldOutcome;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<HoldOutcome> {
        let business = &self.pair.business;
        let mut wanted = stored(&self.appointment);
        wanted.participant = self.pair.participant.clone();
        wanted.status = Status::Held;
        // A hold without an end would block for ever; one that ends now is the nearest to what was asked for.
        wanted.hold_expires_at.get_or_insert(as_stored(self.now));

        if let Some(row) = appointments::load(connection, business, wanted.id).await? {
            if row.participant != self.pair.participant {
                return Ok(HoldOutcome::Taken);
            }
            if row.status.is_live() && !row.has_expired(self.now) {
                if same_slot(&row, &wanted) {
                    return Ok(HoldOutcome::Held(row));
                }
                if row.status != Status::Held {
                    return Ok(HoldOutcome::Taken);
                }
            } else if !nothing_became_of(connection, wanted.id).await? {
                return Ok(HoldOutcome::Taken);
            }
            wanted.version = row.version + 1;
        }
        savepoint(connection).await?;
        match self.place(connection, &wanted).await {
            Ok(()) => {
                release(connection).await?;
                Ok(HoldOutcome::Held(wanted))
            }
            // The goal's earlier hold stays when the new slot is not to be had.
            Err(error) if is_taken(&error) => {
                undo(connection).await?;
                Ok(HoldOutcome::Taken)
            }
            Err(error) => Err(error),
        }
    }
}

impl Hold {
    async fn place(&self, connection: &mut SqliteConnection, wanted: &Appointment) -> Result<()> {
        let by = By {
            actor: Actor::Bot,
            turn: None,
            at: self.now,
        };
        clear_the_way(connection, &self.pair.business, wanted, by).await?;
        release_others_of_goal(connection, &self.pair, wanted, by).await?;
        put(connection, &self.pair.business, wanted, EventKind::Held, by, None).await
    }
}

/// An appointment with its times as they will be read back.
pub(super) fn stored(appointment: &Appointment) -> Appointment {
    let mut appointment = appointment.clone();
    let shorten = |time: &mut Timestamp| *time = as_stored(*time);
    shorten(&mut appointment.starts_at);
    shorten(&mut appointment.ends_at);
    if let Some(until) = &mut appointment.hold_expires_at {
        shorten(until);
    }
    for allocation in &mut appointment.allocations {
        shorten(&mut allocation.starts_at);
        shorten(&mut allocation.ends_at);
        shorten(&mut allocation.blocked_from);
        shorten(&mut allocation.blocked_until);
    }
    appointment
}

fn same_slot(a: &Appointment, b: &Appointment) -> bool {
    a.starts_at == b.starts_at && a.ends_at == b.ends_at && a.allocations == b.allocations
}

async fn nothing_became_of(connection: &mut SqliteConnection, id: AppointmentId) -> Result<bool> {
    let more = sqlx::query(
        "SELECT 1 FROM appointment_events
         WHERE appointment_id = $1 AND kind NOT IN ('held', 'released', 'expired') LIMIT 1",
    )
    .bind(blob(id.0))
    .fetch_optional(connection)
    .await?;
    Ok(more.is_none())
}

/// Ends dead holds on the seats that `wanted` needs. A hold that ran out blocks until somebody ends it, because the
/// triggers know no clock; so whoever wants the seat does it first, in the same transaction.
pub(super) async fn clear_the_way(
    connection: &mut SqliteConnection,
    business: &BusinessId,
    wanted: &Appointment,
    by: By,
) -> Result<()> {
    let seats: Vec<_> = wanted.allocations.iter().map(seat).collect();
    let dead = sqlx::query(
        "SELECT DISTINCT l.appointment_id
         FROM json_each($2) e
         CROSS JOIN allocations l
             ON l.business_id = $1 AND l.resource_id = e.value ->> 0 AND l.seat = e.value ->> 1
            AND l.status IN ('held', 'pending', 'confirmed', 'checked_in')
            AND l.blocked_from > (e.value ->> 2) - 2678400000000
            AND l.blocked_from < e.value ->> 3 AND l.blocked_until > e.value ->> 2
         CROSS JOIN appointments a ON a.id = l.appointment_id
         WHERE a.status = 'held' AND a.hold_expires_at <= $3 AND a.id <> $4",
    )
    .bind(business.as_str())
    .bind(json(&seats)?)
    .bind(micros(by.at))
    .bind(blob(wanted.id.0))
    .fetch_all(&mut *connection)
    .await?;
    let by = By {
        actor: Actor::Bot,
        turn: None,
        ..by
    };
    for row in dead {
        let id = AppointmentId(Cells::new(&row, "allocations", "appointment_id").id("appointment_id")?);
        end(connection, business, id, Appointment::expire, by).await?;
    }
    Ok(())
}

fn seat(allocation: &Allocation) -> (&str, u32, i64, i64) {
    (
        allocation.resource.as_str(),
        allocation.seat,
        micros(allocation.blocked_from),
        micros(allocation.blocked_until),
    )
}

/// A goal holds one slot at a time.
async fn release_others_of_goal(
    connection: &mut SqliteConnection,
    pair: &Pair,
    wanted: &Appointment,
    by: By,
) -> Result<()> {
    let Some(goal) = wanted.goal else {
        return Ok(());
    };
    let others = sqlx::query(
        "SELECT id FROM appointments
         WHERE business_id = $1 AND participant_id = $2 AND goal_id = $3 AND status = 'held' AND id <> $4",
    )
    .bind(pair.business.as_str())
    .bind(pair.participant.as_str())
    .bind(blob(goal.0))
    .bind(blob(wanted.id.0))
    .fetch_all(&mut *connection)
    .await?;
    for row in others {
        let id = AppointmentId(Cells::new(&row, "appointments", "id").id("id")?);
        end(connection, &pair.business, id, Appointment::release, by).await?;
    }
    Ok(())
}

/// Ends a hold, if it still is one.
async fn end(
    connection: &mut SqliteConnection,
    business: &BusinessId,
    id: AppointmentId,
    ending: fn(&mut Appointment) -> std::result::Result<EventKind, Refused>,
    by: By,
) -> Result<()> {
    let hold = appointments::load(connection, business, id).await?;
    if let Some(mut hold) = hold.filter(|hold| hold.status == Status::Held)
        && let Ok(kind) = ending(&mut hold)
    {
        put(connection, business, &hold, kind, by, None).await?;
    }
    Ok(())
}

/// Ends the holds that ran out.
pub(super) struct Expire {
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Expire {
    type Output = Vec<BusinessId>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<BusinessId>> {
        let by = By {
            actor: Actor::Bot,
            turn: None,
            at: self.now,
        };
        let dead = sqlx::query(
            "SELECT id, business_id FROM appointments
             WHERE status = 'held' AND hold_expires_at <= $1
             ORDER BY hold_expires_at LIMIT $2",
        )
        .bind(micros(self.now))
        .bind(EXPIRED_MAX)
        .fetch_all(&mut *connection)
        .await?;
        let mut businesses = std::collections::BTreeSet::new();
        for row in dead {
            let cells = Cells::new(&row, "appointments", "id");
            let business: BusinessId = cells.parsed("business_id")?;
            end(
                connection,
                &business,
                AppointmentId(cells.id("id")?),
                Appointment::expire,
                by,
            )
            .await?;
            businesses.insert(business);
        }
        Ok(businesses.into_iter().collect())
    }
}
