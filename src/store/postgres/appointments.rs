//! Rows of appointments: reading them.

use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::turn_rows::{PgQuery, time};
use crate::booking::appointment::{Appointment, Status};
use crate::booking::visit::Allocation;
use crate::store::{AppointmentEvent, AppointmentQuery, Result};
use crate::types::{AppointmentId, BusinessId, GoalId, ParticipantId, ResourceId, ServiceId, TurnId};

/// The columns of an appointment, with its allocations as a JSON array in the order that they were given, times as
/// microseconds since 1970.
macro_rules! columns {
    () => {
        "a.id, a.participant_id, a.status, a.services, a.party_size, a.starts_at, a.ends_at, a.price_minor, \
         a.hold_expires_at, a.goal_id, a.version, \
         (SELECT COALESCE(json_agg(json_build_array( \
                     l.item, l.service_id, l.resource_id, l.seat, \
                     (extract(epoch FROM l.starts_at) * 1000000)::bigint, \
                     (extract(epoch FROM l.ends_at) * 1000000)::bigint, \
                     (extract(epoch FROM lower(l.blocked)) * 1000000)::bigint, \
                     (extract(epoch FROM upper(l.blocked)) * 1000000)::bigint) ORDER BY l.id), '[]')::text \
            FROM allocations l WHERE l.appointment_id = a.id) AS allocations"
    };
}
pub(super) use columns;

type StoredAllocation = (u32, ServiceId, ResourceId, u32, i64, i64, i64, i64);

/// Reads a row with the [`columns`].
pub(super) fn read(row: &PgRow) -> Result<Appointment> {
    let cells = Cells::new(row, "appointments", "id");
    let stored: Vec<StoredAllocation> = cells.json("allocations")?;
    let mut allocations = Vec::with_capacity(stored.len());
    for (item, service, resource, seat, starts_at, ends_at, blocked_from, blocked_until) in stored {
        let at = |micros| Timestamp::from_microsecond(micros).map_err(|e| cells.corrupt("allocations", &e));
        allocations.push(Allocation {
            item,
            service,
            resource,
            seat,
            starts_at: at(starts_at)?,
            ends_at: at(ends_at)?,
            blocked_from: at(blocked_from)?,
            blocked_until: at(blocked_until)?,
        });
    }
    let price: Option<i64> = cells.get("price_minor")?;
    Ok(Appointment {
        id: AppointmentId(cells.id("id")?),
        participant: cells.parsed::<ParticipantId>("participant_id")?,
        status: cells.parsed("status")?,
        allocations,
        services: cells.json("services")?,
        party_size: cells.number("party_size")?,
        starts_at: cells.time("starts_at")?,
        ends_at: cells.time("ends_at")?,
        price_minor: price
            .map(u64::try_from)
            .transpose()
            .map_err(|e| cells.corrupt("price_minor", &e))?,
        hold_expires_at: cells.time_if_any("hold_expires_at")?,
        goal: cells.id_if_any("goal_id")?.map(GoalId),
        version: cells.number("version")?,
    })
}

fn one(business: &BusinessId, id: AppointmentId) -> PgQuery {
    sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM appointments a WHERE a.id = $1 AND a.business_id = $2"
    ))
    .bind(id.0)
    .bind(business.as_str().to_owned())
}

/// One appointment, as a transaction sees it.
pub(super) async fn load(
    connection: &mut PgConnection,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Option<Appointment>> {
    let row = one(business, id).fetch_optional(connection).await?;
    row.as_ref().map(read).transpose()
}

/// One appointment.
pub(super) async fn find(
    readers: &Readers,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Option<Appointment>> {
    let row = one(business, id).read_optional(readers).await?;
    row.as_ref().map(read).transpose()
}

/// The earliest time that PostgreSQL knows is in 4714 BC; everything that it stores is later.
fn known(time: Timestamp) -> Timestamp {
    time.max(Timestamp::constant(-210_000_000_000, 0))
}

/// A page of a business's appointments by (start, id).
pub(super) async fn list(
    readers: &Readers,
    business: &BusinessId,
    query: &AppointmentQuery,
) -> Result<Vec<Appointment>> {
    // Ends after $2: no visit is longer than 31 days, which makes it a range of starts. In hours: days would be those
    // of a time zone.
    macro_rules! page {
        ($participant:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM appointments a WHERE a.business_id = $1 ",
                $participant,
                " AND a.starts_at > COALESCE($2::timestamptz, '-infinity') - interval '744 hours'
                  AND a.ends_at > COALESCE($2::timestamptz, '-infinity')
                  AND a.starts_at < COALESCE($3::timestamptz, 'infinity')
                  AND (cardinality($4::text[]) = 0 OR a.status = ANY ($4::text[]))
                  AND (a.starts_at, a.id) > (COALESCE($5::timestamptz, '-infinity'),
                                             COALESCE($6::uuid, '00000000-0000-0000-0000-000000000000'))
                  ORDER BY a.starts_at, a.id LIMIT $7"
            )
        };
    }
    let statuses: Vec<_> = query.statuses.iter().copied().map(Status::as_str).collect();
    // Two texts, so that each has the index that fits, whatever the plan was made for.
    let text = match query.participant {
        Some(_) => page!("AND a.participant_id = $8"),
        None => page!(""),
    };
    let mut page = sqlx::query(text)
        .bind(business.as_str())
        .bind(query.from.map(|from| time(known(from))))
        .bind(query.until.map(|until| time(known(until))))
        .bind(statuses)
        .bind(query.after.map(|(start, _)| time(known(start))))
        .bind(query.after.map(|(_, id)| id.0))
        .bind(i64::from(query.limit));
    if let Some(participant) = &query.participant {
        page = page.bind(participant.as_str());
    }
    page.read_all(readers).await?.iter().map(read).collect()
}

/// What happened to an appointment, in order.
pub(super) async fn events(
    readers: &Readers,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Vec<AppointmentEvent>> {
    let rows = sqlx::query(
        "SELECT e.appointment_id, e.seq, e.kind, e.actor, e.turn_id, e.at, e.after
         FROM appointments a JOIN appointment_events e ON e.appointment_id = a.id
         WHERE a.id = $1 AND a.business_id = $2
         ORDER BY e.seq",
    )
    .bind(id.0)
    .bind(business.as_str())
    .read_all(readers)
    .await?;
    let event = |row: &PgRow| {
        let cells = Cells::new(row, "appointment_events", "appointment_id");
        Ok(AppointmentEvent {
            seq: cells.number("seq")?,
            kind: cells.parsed("kind")?,
            actor: cells.parsed("actor")?,
            turn: cells.id_if_any("turn_id")?.map(TurnId),
            at: cells.time("at")?,
            after: cells.json("after")?,
        })
    };
    rows.iter().map(event).collect()
}
