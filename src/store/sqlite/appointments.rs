//! Rows of appointments: reading them, and the one function that writes them.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::rows::{Cells, blob, json, micros, signed};
use super::writer::undo;
use crate::booking::appointment::{Appointment, Status};
use crate::booking::visit::Allocation;
use crate::store::errors::may_pass;
use crate::store::rules::Put;
use crate::store::{AppointmentEvent, AppointmentQuery, Result};
use crate::types::{AppointmentId, BusinessId, GoalId, ParticipantId, ResourceId, ServiceId, TurnId};

/// The columns of an appointment, with its allocations as a JSON array in the order that they were given.
macro_rules! columns {
    () => {
        "a.id, a.participant_id, a.status, a.services, a.party_size, a.starts_at, a.ends_at, a.price_minor, \
         a.hold_expires_at, a.goal_id, a.version, \
         (SELECT json_group_array(json_array(l.item, l.service_id, l.resource_id, l.seat, l.starts_at, l.ends_at, \
                                             l.blocked_from, l.blocked_until) ORDER BY l.id) \
            FROM allocations l WHERE l.appointment_id = a.id) AS allocations"
    };
}
pub(super) use columns;

type StoredAllocation = (u32, ServiceId, ResourceId, u32, i64, i64, i64, i64);

/// Reads a row with the [`columns`].
pub(super) fn read(row: &SqliteRow) -> Result<Appointment> {
    let cells = Cells::new(row, "appointments", "id");
    let stored: Vec<StoredAllocation> = cells.json("allocations")?;
    let mut allocations = Vec::with_capacity(stored.len());
    for (item, service, resource, seat, starts_at, ends_at, blocked_from, blocked_until) in stored {
        let time = |micros| Timestamp::from_microsecond(micros).map_err(|e| cells.corrupt("allocations", &e));
        allocations.push(Allocation {
            item,
            service,
            resource,
            seat,
            starts_at: time(starts_at)?,
            ends_at: time(ends_at)?,
            blocked_from: time(blocked_from)?,
            blocked_until: time(blocked_until)?,
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

/// One appointment.
pub(super) async fn load(
    connection: &mut SqliteConnection,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Option<Appointment>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM appointments a WHERE a.id = $1 AND a.business_id = $2"
    ))
    .bind(blob(id.0))
    .bind(business.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(read).transpose()
}

/// The statements of [`put`], in one text: each text is one hop to the connection's thread.
macro_rules! put_text {
    () => {
        "INSERT INTO calendars (business_id, version) VALUES ($2, 1)
          ON CONFLICT (business_id) DO UPDATE SET version = version + 1;

          -- The participant, the key and the time of creation never change.
          INSERT INTO appointments
              (id, business_id, participant_id, status, services, party_size, starts_at, ends_at, price_minor,
               hold_expires_at, goal_id, version, calendar_version, idempotency_key, created_at, updated_at)
          VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                  (SELECT version FROM calendars WHERE business_id = $2), $13, $14, $14)
          ON CONFLICT (id) DO UPDATE SET
              status = excluded.status, services = excluded.services, party_size = excluded.party_size,
              starts_at = excluded.starts_at, ends_at = excluded.ends_at, price_minor = excluded.price_minor,
              hold_expires_at = excluded.hold_expires_at, goal_id = excluded.goal_id, version = excluded.version,
              calendar_version = excluded.calendar_version, updated_at = excluded.updated_at;

          -- Old seats are given up before new ones are taken, so that a visit can move onto itself. If a new one is
          -- occupied, the caller's savepoint gives the old ones back.
          DELETE FROM allocations WHERE appointment_id = $1;
          INSERT INTO allocations
              (appointment_id, business_id, item, service_id, resource_id, seat, starts_at, ends_at,
               blocked_from, blocked_until, status)
          SELECT $1, $2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                 value ->> 6, value ->> 7, $4
          FROM json_each($15);

          INSERT INTO appointment_events (appointment_id, seq, kind, actor, turn_id, at, after)
          SELECT $1, COALESCE(MAX(seq), 0) + 1, $16, $17, $18, $14, $19
          FROM appointment_events WHERE appointment_id = $1"
    };
}

/// Writes an appointment as it is now: the row, its allocations, an event, and the next version of the calendar.
///
/// Fails as "taken" (`errors::is_taken`) when a trigger finds one of its seats occupied; some of the
/// statements have run by then, so that callers stand in a savepoint.
pub(super) async fn put(connection: &mut SqliteConnection, put: Put<'_>) -> Result<()> {
    put_with(connection, put_text!(), put).await
}

/// As [`put`], for callers that write nothing else: it brings its own savepoint, and leaves nothing when the seat is
/// taken. Sent apart, the two statements were two of the three hops of the commonest effect of a turn.
pub(super) async fn put_alone(connection: &mut SqliteConnection, put: Put<'_>) -> Result<()> {
    const TEXT: &str = concat!("SAVEPOINT operation; ", put_text!(), "; RELEASE operation");
    let put = put_with(&mut *connection, TEXT, put).await;
    if let Err(error) = &put
        && !may_pass(error)
    {
        undo(connection).await?;
    }
    put
}

async fn put_with(connection: &mut SqliteConnection, text: &'static str, put: Put<'_>) -> Result<()> {
    let Put {
        business,
        appointment,
        kind,
        by,
        idempotency_key,
    } = put;
    let allocations: Vec<_> = appointment
        .allocations
        .iter()
        .map(|a| {
            (
                a.item,
                &a.service,
                &a.resource,
                a.seat,
                micros(a.starts_at),
                micros(a.ends_at),
                micros(a.blocked_from),
                micros(a.blocked_until),
            )
        })
        .collect();
    sqlx::query(text)
        .bind(blob(appointment.id.0))
        .bind(business.as_str())
        .bind(appointment.participant.as_str())
        .bind(appointment.status.as_str())
        .bind(json(&appointment.services)?)
        .bind(i64::from(appointment.party_size))
        .bind(micros(appointment.starts_at))
        .bind(micros(appointment.ends_at))
        .bind(appointment.price_minor.map(signed))
        .bind(appointment.hold_expires_at.map(micros))
        .bind(appointment.goal.map(|goal| blob(goal.0)))
        .bind(signed(appointment.version))
        .bind(idempotency_key)
        .bind(micros(by.at))
        .bind(json(&allocations)?)
        .bind(kind.as_str())
        .bind(by.actor.as_str())
        .bind(by.turn.map(|turn| blob(turn.0)))
        .bind(json(appointment)?)
        .execute(connection)
        .await?;
    Ok(())
}

/// A page of a business's appointments by (start, id).
pub(super) async fn list(
    readers: &SqlitePool,
    business: &BusinessId,
    query: &AppointmentQuery,
) -> Result<Vec<Appointment>> {
    // Ends after $2: no visit is longer than 31 days, which makes it a range of starts.
    macro_rules! page {
        ($participant:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM appointments a WHERE a.business_id = $1 ",
                $participant,
                " AND a.starts_at > COALESCE($2, -9000000000000000000) - 2678400000000
                  AND a.ends_at > COALESCE($2, -9223372036854775808)
                  AND a.starts_at < COALESCE($3, 9223372036854775807)
                  AND ($4 = '[]' OR a.status IN (SELECT value FROM json_each($4)))
                  AND (a.starts_at, a.id) > (COALESCE($5, -9223372036854775808), COALESCE($6, x''))
                  ORDER BY a.starts_at, a.id LIMIT $7"
            )
        };
    }
    let statuses: Vec<_> = query.statuses.iter().copied().map(Status::as_str).collect();
    let text = match query.participant {
        Some(_) => page!("AND a.participant_id = $8"),
        None => page!(""),
    };
    let mut page = sqlx::query(text)
        .bind(business.as_str())
        .bind(query.from.map(micros))
        .bind(query.until.map(micros))
        .bind(json(&statuses)?)
        .bind(query.after.map(|(start, _)| micros(start)))
        .bind(query.after.map(|(_, id)| blob(id.0)))
        .bind(i64::from(query.limit));
    if let Some(participant) = &query.participant {
        page = page.bind(participant.as_str().to_owned());
    }
    page.fetch_all(readers).await?.iter().map(read).collect()
}

/// What happened to an appointment, in order.
pub(super) async fn events(
    readers: &SqlitePool,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Vec<AppointmentEvent>> {
    let rows = sqlx::query(
        "SELECT e.appointment_id, e.seq, e.kind, e.actor, e.turn_id, e.at, e.after
         FROM appointments a JOIN appointment_events e ON e.appointment_id = a.id
         WHERE a.id = $1 AND a.business_id = $2
         ORDER BY e.seq",
    )
    .bind(blob(id.0))
    .bind(business.as_str())
    .fetch_all(readers)
    .await?;
    let event = |row: &SqliteRow| {
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
