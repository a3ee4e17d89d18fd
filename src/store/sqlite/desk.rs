//! The statements under the rules of booking.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::rows::{Cells, blob, json, micros, signed};
use super::{appointments, waitlist, writer};
use crate::booking::appointment::Appointment;
use crate::booking::visit::Allocation;
use crate::dialogue::outcome::{Profile, WaitlistEntry};
use crate::store::outbox::Stored;
use crate::store::rules::{Desk, Met, Put, reason_name};
use crate::store::{OutboxRow, Result, TurnCommit};
use crate::types::{AppointmentId, BusinessId, Pair};
use crate::understanding::act::HandoffReason;

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

/// The seats of an appointment, for `dead_text!`.
fn seats(wanted: &Appointment) -> Result<String> {
    let seat = |allocation: &Allocation| {
        (
            allocation.resource.to_string(),
            allocation.seat,
            micros(allocation.blocked_from),
            micros(allocation.blocked_until),
        )
    };
    json(&wanted.allocations.iter().map(seat).collect::<Vec<_>>())
}

#[async_trait]
impl Desk for SqliteConnection {
    async fn load(&mut self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>> {
        appointments::load(self, business, id).await
    }

    async fn exists(&mut self, id: AppointmentId) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM appointments WHERE id = $1")
            .bind(blob(id.0))
            .fetch_optional(self)
            .await?;
        Ok(row.is_some())
    }

    async fn booked_under(&mut self, business: &BusinessId, key: &str) -> Result<Option<Appointment>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            appointments::columns!(),
            " FROM appointments a WHERE a.business_id = $1 AND a.idempotency_key = $2"
        ))
        .bind(business.as_str())
        .bind(key)
        .fetch_optional(self)
        .await?;
        row.as_ref().map(appointments::read).transpose()
    }

    /// Three questions in one text, because each text is a hop to the connection's thread and back; usually all three
    /// answers are "nothing".
    async fn met(&mut self, pair: &Pair, wanted: &Appointment, now: Timestamp) -> Result<Met> {
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
        .bind(seats(wanted)?)
        .bind(micros(now))
        .bind(blob(wanted.id.0))
        .bind(pair.participant.as_str())
        .bind(wanted.goal.map(|goal| blob(goal.0)))
        .fetch_all(self)
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

    async fn dead_on_seats(
        &mut self,
        business: &BusinessId,
        wanted: &Appointment,
        now: Timestamp,
    ) -> Result<Vec<AppointmentId>> {
        let dead = sqlx::query(concat!("SELECT DISTINCT ", dead_text!()))
            .bind(business.as_str())
            .bind(seats(wanted)?)
            .bind(micros(now))
            .bind(blob(wanted.id.0))
            .fetch_all(self)
            .await?;
        let id = |row| Ok(AppointmentId(Cells::new(row, "allocations", "id").id("id")?));
        dead.iter().map(id).collect()
    }

    async fn nothing_became_of(&mut self, id: AppointmentId) -> Result<bool> {
        let more = sqlx::query(
            "SELECT 1 FROM appointment_events
             WHERE appointment_id = $1 AND kind NOT IN ('held', 'released', 'expired') LIMIT 1",
        )
        .bind(blob(id.0))
        .fetch_optional(self)
        .await?;
        Ok(more.is_none())
    }

    async fn run_out(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(BusinessId, AppointmentId)>> {
        let dead = sqlx::query(
            "SELECT id, business_id FROM appointments
             WHERE status = 'held' AND hold_expires_at <= $1
             ORDER BY hold_expires_at LIMIT $2",
        )
        .bind(micros(now))
        .bind(limit)
        .fetch_all(self)
        .await?;
        let hold = |row| {
            let cells = Cells::new(row, "appointments", "id");
            Ok((cells.parsed("business_id")?, AppointmentId(cells.id("id")?)))
        };
        dead.iter().map(hold).collect()
    }

    async fn put(&mut self, put: Put<'_>) -> Result<()> {
        appointments::put(self, put).await
    }

    async fn put_alone(&mut self, put: Put<'_>) -> Result<()> {
        appointments::put_alone(self, put).await
    }

    async fn post(&mut self, row: &OutboxRow) -> Result<()> {
        let reach = row.reach.as_ref();
        sqlx::query(
            "INSERT INTO outbox
                 (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, due_at,
                  created_at, account, address, heard_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)",
        )
        .bind(blob(row.id))
        .bind(blob(row.pair.conversation().0))
        .bind(row.pair.business.as_str())
        .bind(row.pair.participant.as_str())
        .bind(signed(row.version))
        .bind(i64::from(row.ordinal))
        .bind(signed(row.seq))
        .bind(row.channel.as_str())
        .bind(json(&Stored::from(row))?)
        .bind(micros(row.at))
        .bind(reach.map_or("", |reach| reach.account.as_str()))
        .bind(reach.map(|reach| reach.address.as_str()))
        .bind(reach.map(|reach| micros(reach.heard_at)))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn put_entry(&mut self, pair: &Pair, entry: &WaitlistEntry, at: Timestamp) -> Result<()> {
        waitlist::put(self, pair, entry, at).await
    }

    async fn hand_off(&mut self, turn: &TurnCommit, reason: HandoffReason) -> Result<()> {
        sqlx::query(
            "INSERT INTO handoffs (business_id, participant_id, conversation_id, turn_id, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(turn.pair.business.as_str())
        .bind(turn.pair.participant.as_str())
        .bind(blob(turn.pair.conversation().0))
        .bind(blob(turn.turn.0))
        .bind(reason_name(reason))
        .bind(micros(turn.at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn contact(&mut self, turn: &TurnCommit, allowed: bool) -> Result<()> {
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, contact_allowed, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (business_id, participant_id) DO UPDATE SET
                 contact_allowed = excluded.contact_allowed, updated_at = excluded.updated_at",
        )
        .bind(turn.pair.business.as_str())
        .bind(turn.pair.participant.as_str())
        .bind(allowed)
        .bind(micros(turn.at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn profile(&mut self, turn: &TurnCommit, profile: &Profile) -> Result<()> {
        sqlx::query(
            "INSERT INTO participants (business_id, participant_id, name, phone, email, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $6)
             ON CONFLICT (business_id, participant_id) DO UPDATE SET
                 name = excluded.name, phone = excluded.phone, email = excluded.email,
                 updated_at = excluded.updated_at",
        )
        .bind(turn.pair.business.as_str())
        .bind(turn.pair.participant.as_str())
        .bind(&profile.name)
        .bind(&profile.phone)
        .bind(&profile.email)
        .bind(micros(turn.at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn savepoint(&mut self) -> Result<()> {
        writer::savepoint(self).await
    }

    async fn release(&mut self) -> Result<()> {
        writer::release(self).await
    }

    async fn undo(&mut self) -> Result<()> {
        writer::undo(self).await
    }
}
