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

use super::appointments::{self, put};
use super::operation::Operation;
use super::rows::{Cells, blob, json, micros};
use super::writer::{release, savepoint, undo};
use crate::booking::appointment::{Appointment, EventKind, Refused, Status};
use crate::booking::visit::Allocation;
use crate::store::errors::{is_taken, may_pass};
use crate::store::rules::{By, Hold};
use crate::store::{Actor, HoldOutcome, Result};
use crate::types::{AppointmentId, BusinessId, Pair};

/// Holds ended by one sweep; the next sweep takes the rest.
const EXPIRED_MAX: i64 = 500;

/// Dead holds on the seats `$2` of the business `$1` at `$3`, but for `$4`.
macro_rules! dead_text {
    () => {
        "l.appointment_id AS id
         FROM json_each($2) e
         CROSS JOIN allocations l
             ON l.business_id = $1 AND l.resource_id = e.value ->> 0 AND l.seat = e.value ->> 1
            AND l.status IN ('held', 'pending', 'confirmed', 'checked_in')
            AND l.blocked_from > (e.value ->> 2) - 2678400000000
            AND l.blocked_from < e.value ->> 3 AND l.blocked_until > e.value ->> 2
         CROSS JOIN appointments a ON a.id = l.appointment_id
         WHERE a.status = 'held' AND a.hold_expires_at <= $3 AND a.id <> $4"
    };
}

impl Hold {
    /// Places it with care: it may meet itself, dead holds, and others of its goal. Leaves nothing when it fails.
    pub(super) async fn run(&self, connection: &mut SqliteConnection) -> Result<HoldOutcome> {
        let business = &self.pair.business;
        let mut wanted = self.wanted();
        let met = met(connection, &self.pair, &wanted, self.now).await?;
        if let Some(row) = met.own {
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
        let by = By {
            actor: Actor::Bot,
            turn: None,
            at: self.now,
        };
        let placed = if met.dead.is_empty() && met.others.is_empty() {
            appointments::put_alone(connection, business, &wanted, EventKind::Held, by).await
        } else {
            savepoint(connection).await?;
            let placed = self.place(connection, &wanted, &met.dead, &met.others, by).await;
            match &placed {
                Ok(()) => release(connection).await?,
                Err(error) if may_pass(error) => {}
                Err(_) => undo(connection).await?,
            }
            placed
        };
        match placed {
            Ok(()) => Ok(HoldOutcome::Held(wanted)),
            // The goal's earlier hold stays when the new slot is not to be had.
            Err(error) if is_taken(&error) => Ok(HoldOutcome::Taken),
            Err(error) => Err(error),
        }
    }
}

impl Hold {
    /// Ends what is in the way, and places the hold.
    async fn place(
        &self,
        connection: &mut SqliteConnection,
        wanted: &Appointment,
        dead: &[AppointmentId],
        others: &[AppointmentId],
        by: By,
    ) -> Result<()> {
        let business = &self.pair.business;
        for id in dead {
            end(connection, business, *id, Appointment::expire, by).await?;
        }
        for id in others {
            end(connection, business, *id, Appointment::release, by).await?;
        }
        put(connection, business, wanted, EventKind::Held, by, None).await
    }
}

/// What a hold meets when it is placed.
#[derive(Default)]
struct Met {
    /// The row of its own id.
    own: Option<Appointment>,
    /// Dead holds on its seats.
    dead: Vec<AppointmentId>,
    /// Other holds of its goal, which holds one slot at a time.
    others: Vec<AppointmentId>,
}

/// Three questions in one text, because each text is a hop to the connection's thread and back; usually all three
/// answers are "nothing".
async fn met(
    connection: &mut SqliteConnection,
    pair: &Pair,
    wanted: &Appointment,
    now: Timestamp,
) -> Result<Met> {
    let seats: Vec<_> = wanted.allocations.iter().map(seat).collect();
    let rows = sqlx::query(concat!(
        "SELECT 0 AS question, ",
        appointments::columns!(),
        " FROM appointments a WHERE a.id = $4 AND a.business_id = $1;",
        "SELECT DISTINCT 1 AS question, ",
        dead_text!(),
        ";
         SELECT 2 AS question, id FROM appointments
         WHERE business_id = $1 AND participant_id = $5 AND goal_id = $6 AND status = 'held' AND id <> $4",
    ))
    .bind(pair.business.as_str())
    .bind(json(&seats)?)
    .bind(micros(now))
    .bind(blob(wanted.id.0))
    .bind(pair.participant.as_str())
    .bind(wanted.goal.map(|goal| blob(goal.0)))
    .fetch_all(connection)
    .await?;
    let mut met = Met::default();
    for row in &rows {
        let cells = Cells::new(row, "appointments", "id");
        match cells.get::<i64>("question")? {
            0 => met.own = Some(appointments::read(row)?),
            1 => met.dead.push(AppointmentId(cells.id("id")?)),
            _ => met.others.push(AppointmentId(cells.id("id")?)),
        }
    }
    Ok(met)
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
    let dead = sqlx::query(concat!("SELECT DISTINCT ", dead_text!()))
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
        let id = AppointmentId(Cells::new(&row, "allocations", "id").id("id")?);
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
