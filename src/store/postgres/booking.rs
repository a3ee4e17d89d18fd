//! The statements under the rules of booking.
//!
//! An operation has its transaction to itself, and has locked the calendars that it changes before it asks anything
//! (see `careful`). One that is refused is rolled back whole, so that its savepoints cost nothing.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::appointments;
use super::rows::{Cells, json, signed};
use super::turn_rows::time;
use crate::booking::appointment::Appointment;
use crate::dialogue::outcome::{Profile, WaitlistEntry};
use crate::store::outbox::Stored;
use crate::store::rules::{Desk, Met, Put, reason_name};
use crate::store::{OutboxRow, Result, TurnCommit, waitlist};
use crate::types::{AppointmentId, BusinessId, Pair};
use crate::understanding::act::HandoffReason;

/// Waits until nobody else changes these calendars, and keeps them until the transaction ends. In the order of their
/// names, as everybody does: so no two wait for each other crosswise.
pub(super) async fn lock_calendars(connection: &mut PgConnection, businesses: &[&BusinessId]) -> Result<()> {
    let mut names: Vec<&str> = businesses.iter().map(|business| business.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    // A calendar without a row is at version 0, and has nothing that could be locked yet.
    sqlx::query(
        "INSERT INTO calendars (business_id, version)
         SELECT business, 0 FROM unnest($1::text[]) WITH ORDINALITY AS b (business, place) ORDER BY place
         ON CONFLICT (business_id) DO UPDATE SET version = calendars.version",
    )
    .bind(names)
    .execute(connection)
    .await?;
    Ok(())
}

/// Dead holds on the seats `$2` to `$5` of the business `$1` at `$6`, but for `$7`.
macro_rules! dead_text {
    () => {
        "SELECT DISTINCT a.id
         FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
             AS w (resource, seat, blocked_from, blocked_until)
         JOIN allocations l
             ON l.business_id = $1 AND l.resource_id = w.resource AND l.seat = w.seat
            AND l.blocked && tstzrange(w.blocked_from, w.blocked_until)
            AND l.status IN ('held', 'pending', 'confirmed', 'checked_in')
         JOIN appointments a ON a.id = l.appointment_id
         WHERE a.status = 'held' AND a.hold_expires_at <= $6 AND a.id <> $7
         ORDER BY a.id"
    };
}

/// What an appointment occupies, as columns.
#[derive(Default)]
struct Seats<'a> {
    item: Vec<i64>,
    service: Vec<&'a str>,
    resource: Vec<&'a str>,
    seat: Vec<i64>,
    starts_at: Vec<jiff_sqlx::Timestamp>,
    ends_at: Vec<jiff_sqlx::Timestamp>,
    blocked_from: Vec<jiff_sqlx::Timestamp>,
    blocked_until: Vec<jiff_sqlx::Timestamp>,
}

impl<'a> Seats<'a> {
    fn of(appointment: &'a Appointment) -> Self {
        let mut seats = Self::default();
        for allocation in &appointment.allocations {
            seats.item.push(i64::from(allocation.item));
            seats.service.push(allocation.service.as_str());
            seats.resource.push(allocation.resource.as_str());
            seats.seat.push(i64::from(allocation.seat));
            seats.starts_at.push(time(allocation.starts_at));
            seats.ends_at.push(time(allocation.ends_at));
            seats.blocked_from.push(time(allocation.blocked_from));
            seats.blocked_until.push(time(allocation.blocked_until));
        }
        seats
    }
}

#[async_trait]
impl Desk for PgConnection {
    async fn load(&mut self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>> {
        appointments::load(self, business, id).await
    }

    async fn exists(&mut self, id: AppointmentId) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM appointments WHERE id = $1")
            .bind(id.0)
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

    /// All in one row; usually all that it holds is "nothing".
    async fn met(&mut self, pair: &Pair, wanted: &Appointment, now: Timestamp) -> Result<Met> {
        let seats = Seats::of(wanted);
        let row = sqlx::query(concat!(
            "SELECT ",
            appointments::columns!(),
            ", ARRAY(",
            dead_text!(),
            ") AS dead,
             ARRAY(
                 SELECT o.id FROM appointments o
                 WHERE o.business_id = $1 AND o.participant_id = $8 AND o.goal_id = $9 AND o.status = 'held'
                   AND o.id <> $7
                 ORDER BY o.id) AS others
             FROM (SELECT 1) one LEFT JOIN appointments a ON a.id = $7 AND a.business_id = $1"
        ))
        .bind(pair.business.as_str())
        .bind(seats.resource)
        .bind(seats.seat)
        .bind(seats.blocked_from)
        .bind(seats.blocked_until)
        .bind(time(now))
        .bind(wanted.id.0)
        .bind(pair.participant.as_str())
        .bind(wanted.goal.map(|goal| goal.0))
        .fetch_one(self)
        .await?;
        let cells = Cells::new(&row, "appointments", "id");
        let ids = |column| -> Result<Vec<AppointmentId>> {
            let ids: Vec<Uuid> = cells.get(column)?;
            Ok(ids.into_iter().map(AppointmentId).collect())
        };
        Ok(Met {
            own: match cells.id_if_any("id")? {
                Some(_) => Some(appointments::read(&row)?),
                None => None,
            },
            dead: ids("dead")?,
            others: ids("others")?,
        })
    }

    async fn dead_on_seats(
        &mut self,
        business: &BusinessId,
        wanted: &Appointment,
        now: Timestamp,
    ) -> Result<Vec<AppointmentId>> {
        let seats = Seats::of(wanted);
        let dead = sqlx::query(dead_text!())
            .bind(business.as_str())
            .bind(seats.resource)
            .bind(seats.seat)
            .bind(seats.blocked_from)
            .bind(seats.blocked_until)
            .bind(time(now))
            .bind(wanted.id.0)
            .fetch_all(self)
            .await?;
        let id = |row| Ok(AppointmentId(Cells::new(row, "appointments", "id").id("id")?));
        dead.iter().map(id).collect()
    }

    async fn nothing_became_of(&mut self, id: AppointmentId) -> Result<bool> {
        let more = sqlx::query(
            "SELECT 1 FROM appointment_events
             WHERE appointment_id = $1 AND kind NOT IN ('held', 'released', 'expired') LIMIT 1",
        )
        .bind(id.0)
        .fetch_optional(self)
        .await?;
        Ok(more.is_none())
    }

    /// Looks twice: which calendars it is about, and, once they are locked, which holds are dead still.
    async fn run_out(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(BusinessId, AppointmentId)>> {
        let rows = sqlx::query(
            "SELECT DISTINCT business_id FROM (
                 SELECT business_id FROM appointments
                 WHERE status = 'held' AND hold_expires_at <= $1
                 ORDER BY hold_expires_at LIMIT $2) dead",
        )
        .bind(time(now))
        .bind(limit)
        .fetch_all(&mut *self)
        .await?;
        let business = |row| Cells::new(row, "appointments", "business_id").parsed("business_id");
        let businesses = rows.iter().map(business).collect::<Result<Vec<BusinessId>>>()?;
        let businesses: Vec<&BusinessId> = businesses.iter().collect();
        lock_calendars(self, &businesses).await?;

        let names: Vec<&str> = businesses.iter().map(|business| business.as_str()).collect();
        let dead = sqlx::query(
            "SELECT id, business_id FROM appointments
             WHERE status = 'held' AND hold_expires_at <= $1 AND business_id = ANY($3)
             ORDER BY hold_expires_at LIMIT $2",
        )
        .bind(time(now))
        .bind(limit)
        .bind(names)
        .fetch_all(self)
        .await?;
        let hold = |row| {
            let cells = Cells::new(row, "appointments", "id");
            Ok((cells.parsed("business_id")?, AppointmentId(cells.id("id")?)))
        };
        dead.iter().map(hold).collect()
    }

    /// One statement. Old seats are given up before new ones are taken, so that a visit can move onto itself: that is
    /// what the new ones wait for `gone` for. The participant, the key and the time of creation never change.
    async fn put(&mut self, put: Put<'_>) -> Result<()> {
        let appointment = put.appointment;
        let seats = Seats::of(appointment);
        sqlx::query(
            "WITH calendar AS (
                 INSERT INTO calendars (business_id, version) VALUES ($2, 1)
                 ON CONFLICT (business_id) DO UPDATE SET version = calendars.version + 1
                 RETURNING version),
             appointment AS (
                 INSERT INTO appointments
                     (id, business_id, participant_id, status, services, party_size, starts_at, ends_at, price_minor,
                      hold_expires_at, goal_id, version, calendar_version, idempotency_key, created_at, updated_at)
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, calendar.version, $13, $14, $14
                 FROM calendar
                 ON CONFLICT (id) DO UPDATE SET
                     status = excluded.status, services = excluded.services, party_size = excluded.party_size,
                     starts_at = excluded.starts_at, ends_at = excluded.ends_at, price_minor = excluded.price_minor,
                     hold_expires_at = excluded.hold_expires_at, goal_id = excluded.goal_id,
                     version = excluded.version, calendar_version = excluded.calendar_version,
                     updated_at = excluded.updated_at),
             gone AS (DELETE FROM allocations WHERE appointment_id = $1 RETURNING id),
             seat AS (
                 INSERT INTO allocations
                     (appointment_id, business_id, item, service_id, resource_id, seat, starts_at, ends_at, blocked,
                      status)
                 SELECT $1, $2, s.item, s.service, s.resource, s.seat, s.starts_at, s.ends_at,
                        tstzrange(s.blocked_from, s.blocked_until), $4
                 FROM (SELECT COUNT(*) FROM gone) given_up (seats)
                 CROSS JOIN unnest($15::bigint[], $16::text[], $17::text[], $18::bigint[], $19::timestamptz[],
                                   $20::timestamptz[], $21::timestamptz[], $22::timestamptz[])
                     WITH ORDINALITY
                     AS s (item, service, resource, seat, starts_at, ends_at, blocked_from, blocked_until, place)
                 WHERE given_up.seats >= 0
                 ORDER BY s.place)
             INSERT INTO appointment_events (appointment_id, seq, kind, actor, turn_id, at, after)
             SELECT $1, COALESCE(MAX(seq), 0) + 1, $23, $24, $25, $14, $26
             FROM appointment_events WHERE appointment_id = $1",
        )
        .bind(appointment.id.0)
        .bind(put.business.as_str())
        .bind(appointment.participant.as_str())
        .bind(appointment.status.as_str())
        .bind(json(&appointment.services)?)
        .bind(i64::from(appointment.party_size))
        .bind(time(appointment.starts_at))
        .bind(time(appointment.ends_at))
        .bind(appointment.price_minor.map(signed))
        .bind(appointment.hold_expires_at.map(time))
        .bind(appointment.goal.map(|goal| goal.0))
        .bind(signed(appointment.version))
        .bind(put.idempotency_key)
        .bind(time(put.by.at))
        .bind(seats.item)
        .bind(seats.service)
        .bind(seats.resource)
        .bind(seats.seat)
        .bind(seats.starts_at)
        .bind(seats.ends_at)
        .bind(seats.blocked_from)
        .bind(seats.blocked_until)
        .bind(put.kind.as_str())
        .bind(put.by.actor.as_str())
        .bind(put.by.turn.map(|turn| turn.0))
        .bind(json(appointment)?)
        .execute(self)
        .await?;
        Ok(())
    }

    async fn put_alone(&mut self, put: Put<'_>) -> Result<()> {
        self.put(put).await
    }

    async fn post(&mut self, row: &OutboxRow) -> Result<()> {
        let reach = row.reach.as_ref();
        sqlx::query(
            "INSERT INTO outbox
                 (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, due_at,
                  created_at, account, address, heard_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)",
        )
        .bind(row.id)
        .bind(row.pair.conversation().0)
        .bind(row.pair.business.as_str())
        .bind(row.pair.participant.as_str())
        .bind(signed(row.version))
        .bind(i64::from(row.ordinal))
        .bind(signed(row.seq))
        .bind(row.channel.as_str())
        .bind(json(&Stored::from(row))?)
        .bind(time(row.at))
        .bind(reach.map_or("", |reach| reach.account.as_str()))
        .bind(reach.map(|reach| reach.address.as_str()))
        .bind(reach.map(|reach| time(reach.heard_at)))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn put_entry(&mut self, pair: &Pair, entry: &WaitlistEntry, at: Timestamp) -> Result<()> {
        sqlx::query(
            "INSERT INTO waitlist_entries
                 (id, business_id, participant_id, wish, wanted, state, offer, offer_expires_at, since, passed,
                  updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (id) DO UPDATE SET
                 wish = excluded.wish, wanted = excluded.wanted, state = excluded.state, offer = excluded.offer,
                 offer_expires_at = excluded.offer_expires_at, since = excluded.since,
                 passed = excluded.passed, updated_at = excluded.updated_at",
        )
        .bind(entry.id.0)
        .bind(pair.business.as_str())
        .bind(pair.participant.as_str())
        .bind(json(&entry.wish)?)
        .bind(json(&entry.when)?)
        .bind(waitlist::name(entry.state))
        .bind(entry.offer.as_ref().map(json).transpose()?)
        .bind(entry.offer.as_ref().map(|offer| time(offer.expires_at)))
        .bind(time(entry.since))
        .bind(json(&entry.passed)?)
        .bind(time(at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn hand_off(&mut self, turn: &TurnCommit, reason: HandoffReason) -> Result<()> {
        sqlx::query(
            "INSERT INTO handoffs (business_id, participant_id, conversation_id, turn_id, reason, at)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(turn.pair.business.as_str())
        .bind(turn.pair.participant.as_str())
        .bind(turn.pair.conversation().0)
        .bind(turn.turn.0)
        .bind(reason_name(reason))
        .bind(time(turn.at))
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
        .bind(time(turn.at))
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
        .bind(time(turn.at))
        .execute(self)
        .await?;
        Ok(())
    }

    async fn savepoint(&mut self) -> Result<()> {
        Ok(())
    }

    async fn release(&mut self) -> Result<()> {
        Ok(())
    }

    async fn undo(&mut self) -> Result<()> {
        Ok(())
    }
}
