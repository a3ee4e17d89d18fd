//! Promising slots: many at a time, with one statement.
//!
//! The statement places what is plain: a hold of one seat that meets nothing of its own (its own row, a dead hold in the
//! way, another hold of its goal). Whoever finds the seat occupied is told so at once; the rest goes through a transaction
//! of its own. `ON CONFLICT DO NOTHING` waits for nobody crosswise: of 96 who want one slot, one gets it and the others
//! hear "taken", without a deadlock.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff_sqlx::Timestamp;
use sqlx::Row as _;
use uuid::Uuid;

use super::lane::{Job, Lane};
use super::link::{Link, limited};
use super::rows::{json, signed};
use super::turn_rows::{PgQuery, time};
use crate::booking::appointment::Appointment;
use crate::store::HoldOutcome;
use crate::store::batch::{self, Batched};
use crate::store::rules::Hold;

/// Places holds.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Holding;

impl Batched for Job<Holding> {
    fn bytes(&self) -> usize {
        batch::BYTES_OF_HOLD
    }

    fn touches(&self) -> Vec<u64> {
        batch::touches_of_hold(&self.input.pair)
    }
}

/// The holds of a batch, as columns. Each has one seat.
#[derive(Default)]
struct Rows {
    id: Vec<Uuid>,
    business: Vec<String>,
    participant: Vec<String>,
    services: Vec<String>,
    party_size: Vec<i64>,
    starts_at: Vec<Timestamp>,
    ends_at: Vec<Timestamp>,
    price_minor: Vec<Option<i64>>,
    hold_expires_at: Vec<Option<Timestamp>>,
    goal: Vec<Option<Uuid>>,
    version: Vec<i64>,
    at: Vec<Timestamp>,
    item: Vec<i64>,
    service: Vec<String>,
    resource: Vec<String>,
    seat: Vec<i64>,
    seat_starts_at: Vec<Timestamp>,
    seat_ends_at: Vec<Timestamp>,
    blocked_from: Vec<Timestamp>,
    blocked_until: Vec<Timestamp>,
    after: Vec<String>,
}

impl Rows {
    fn push(&mut self, hold: &Hold, wanted: &Appointment) -> Result<(), sqlx::Error> {
        let [seat] = wanted.allocations.as_slice() else {
            return Ok(());
        };
        self.id.push(wanted.id.0);
        self.business.push(hold.pair.business.to_string());
        self.participant.push(wanted.participant.to_string());
        self.services.push(json(&wanted.services)?);
        self.party_size.push(i64::from(wanted.party_size));
        self.starts_at.push(time(wanted.starts_at));
        self.ends_at.push(time(wanted.ends_at));
        self.price_minor.push(wanted.price_minor.map(signed));
        self.hold_expires_at.push(wanted.hold_expires_at.map(time));
        self.goal.push(wanted.goal.map(|goal| goal.0));
        self.version.push(signed(wanted.version));
        self.at.push(time(hold.now));
        self.item.push(i64::from(seat.item));
        self.service.push(seat.service.to_string());
        self.resource.push(seat.resource.to_string());
        self.seat.push(i64::from(seat.seat));
        self.seat_starts_at.push(time(seat.starts_at));
        self.seat_ends_at.push(time(seat.ends_at));
        self.blocked_from.push(time(seat.blocked_from));
        self.blocked_until.push(time(seat.blocked_until));
        self.after.push(json(wanted)?);
        Ok(())
    }

    fn query(self) -> PgQuery {
        sqlx::query(TEXT)
            .bind(self.id)
            .bind(self.business)
            .bind(self.participant)
            .bind(self.services)
            .bind(self.party_size)
            .bind(self.starts_at)
            .bind(self.ends_at)
            .bind(self.price_minor)
            .bind(self.hold_expires_at)
            .bind(self.goal)
            .bind(self.version)
            .bind(self.at)
            .bind(self.item)
            .bind(self.service)
            .bind(self.resource)
            .bind(self.seat)
            .bind(self.seat_starts_at)
            .bind(self.seat_ends_at)
            .bind(self.blocked_from)
            .bind(self.blocked_until)
            .bind(self.after)
    }
}

/// Calendars first, in the order of their names: their rows are the locks of everything that books. Nobody else books
/// in these businesses until the statement ends, so that whoever finds a seat occupied finds it so for good. A calendar
/// without a row cannot be locked: the first hold of a business needs care, and makes it.
const TEXT: &str = "WITH h AS MATERIALIZED (
         SELECT *, tstzrange(blocked_from, blocked_until) AS blocked
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[],
                     $7::timestamptz[], $8::bigint[], $9::timestamptz[], $10::uuid[], $11::bigint[],
                     $12::timestamptz[], $13::bigint[], $14::text[], $15::text[], $16::bigint[], $17::timestamptz[],
                     $18::timestamptz[], $19::timestamptz[], $20::timestamptz[], $21::text[])
             AS h (id, business, participant, services, party_size, starts_at, ends_at, price_minor, hold_expires_at,
                   goal, version, at, item, service, resource, seat, seat_starts_at, seat_ends_at, blocked_from,
                   blocked_until, after)),
     calendar AS MATERIALIZED (
         SELECT business_id FROM calendars WHERE business_id = ANY($2) ORDER BY business_id FOR NO KEY UPDATE),
     met AS MATERIALIZED (
         SELECT h.id,
                NOT EXISTS (SELECT 1 FROM calendar WHERE calendar.business_id = h.business)
                OR EXISTS (SELECT 1 FROM appointments a WHERE a.id = h.id)
                OR EXISTS (
                    SELECT 1 FROM allocations l JOIN appointments a ON a.id = l.appointment_id
                    WHERE l.business_id = h.business AND l.resource_id = h.resource AND l.seat = h.seat
                      AND l.blocked && h.blocked AND l.status IN ('held', 'pending', 'confirmed', 'checked_in')
                      AND a.status = 'held' AND a.hold_expires_at <= h.at)
                OR EXISTS (
                    SELECT 1 FROM appointments a
                    WHERE a.business_id = h.business AND a.participant_id = h.participant AND a.goal_id = h.goal
                      AND a.status = 'held' AND a.id <> h.id) AS something
         FROM h),
     won AS MATERIALIZED (
         INSERT INTO allocations
             (appointment_id, business_id, item, service_id, resource_id, seat, starts_at, ends_at, blocked, status)
         SELECT h.id, h.business, h.item, h.service, h.resource, h.seat, h.seat_starts_at, h.seat_ends_at, h.blocked,
                'held'
         FROM h JOIN met ON met.id = h.id
         WHERE NOT met.something
         ON CONFLICT ON CONSTRAINT no_double_booking DO NOTHING
         RETURNING appointment_id AS id, business_id),
     -- Whoever gets nothing changes nothing: the calendar's version grows with what is placed.
     grown AS MATERIALIZED (
         INSERT INTO calendars (business_id, version) SELECT DISTINCT business_id, 1 FROM won
         ON CONFLICT (business_id) DO UPDATE SET version = calendars.version + 1
         RETURNING business_id, version),
     placed AS (
         INSERT INTO appointments
             (id, business_id, participant_id, status, services, party_size, starts_at, ends_at, price_minor,
              hold_expires_at, goal_id, version, calendar_version, created_at, updated_at)
         SELECT h.id, h.business, h.participant, 'held', h.services, h.party_size, h.starts_at, h.ends_at,
                h.price_minor, h.hold_expires_at, h.goal, h.version, grown.version, h.at, h.at
         FROM h JOIN won ON won.id = h.id JOIN grown ON grown.business_id = h.business),
     event AS (
         INSERT INTO appointment_events (appointment_id, seq, kind, actor, at, after)
         SELECT h.id, 1, 'held', 'bot', h.at, h.after FROM h JOIN won ON won.id = h.id)
     SELECT met.id, met.something, won.id IS NOT NULL FROM met LEFT JOIN won ON won.id = met.id";

#[async_trait]
impl Lane for Holding {
    type Input = Hold;
    type Output = HoldOutcome;

    async fn write(
        &mut self,
        link: &mut Link,
        batch: &[&Hold],
    ) -> Result<Vec<Option<HoldOutcome>>, sqlx::Error> {
        let mut rows = Rows::default();
        let mut wanted = Vec::with_capacity(batch.len());
        for hold in batch {
            let appointment = hold.wanted();
            rows.push(hold, &appointment)?;
            wanted.push(appointment);
        }
        let mut outcomes: HashMap<Uuid, HoldOutcome> = HashMap::new();
        if !rows.id.is_empty() {
            let limit = link.statement_limit();
            let connection = link.get().await?;
            for row in limited(limit, rows.query().fetch_all(connection)).await? {
                let (id, met_something, is_placed): (Uuid, bool, bool) =
                    (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
                if is_placed {
                    if let Some(wanted) = wanted.iter().find(|wanted| wanted.id.0 == id) {
                        outcomes.insert(id, HoldOutcome::Held(wanted.clone()));
                    }
                } else if !met_something {
                    outcomes.insert(id, HoldOutcome::Taken);
                }
            }
        }
        Ok(wanted
            .iter()
            .map(|wanted| outcomes.remove(&wanted.id.0))
            .collect())
    }

    /// A hold is idempotent by its id: placed again it meets itself, which is dealt with exactly.
    async fn find_out(
        &mut self,
        link: &mut Link,
        _: &[&Hold],
    ) -> Result<Option<Vec<Option<HoldOutcome>>>, sqlx::Error> {
        link.get().await?;
        Ok(None)
    }
}
