//! Rows of appointments: reading them.

use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool};

use super::rows::Cells;
use crate::booking::appointment::Appointment;
use crate::booking::visit::Allocation;
use crate::store::{AppointmentEvent, AppointmentQuery, Error, Result};
use crate::types::{AppointmentId, BusinessId, GoalId, ParticipantId, ResourceId, ServiceId};

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
    executor: impl PgExecutor<'_>,
    business: &BusinessId,
    id: AppointmentId,
) -> Result<Option<Appointment>> {
    let row = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM appointments a WHERE a.id = $1 AND a.business_id = $2"
    ))
    .bind(id.0)
    .bind(business.as_str())
    .fetch_optional(executor)
    .await?;
    row.as_ref().map(read).transpose()
}

/// A page of a business's appointments by (start, id).
pub(super) async fn list(_: &PgPool, _: &BusinessId, _: &AppointmentQuery) -> Result<Vec<Appointment>> {
    Err(Error::Closed("not written yet"))
}

/// What happened to an appointment, in order.
pub(super) async fn events(_: &PgPool, _: &BusinessId, _: AppointmentId) -> Result<Vec<AppointmentEvent>> {
    Err(Error::Closed("not written yet"))
}
