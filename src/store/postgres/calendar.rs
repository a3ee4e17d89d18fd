//! What changed in a business's calendar.

use jiff::Timestamp;

use super::appointments::{self, columns};
use super::readers::{Read as _, Readers};
use super::rows::{Cells, signed};
use super::turn_rows::time;
use crate::store::{CalendarChanges, Result};
use crate::types::BusinessId;

/// The appointments changed after version `since`; from 0, the live ones that end after `from`.
///
/// One statement, so that version and appointments are of one snapshot: a change between two reads would be
/// counted as seen and never be shown. And whoever changes an appointment holds the calendar's row until it commits,
/// so that versions become visible in their order.
pub(super) async fn changes(
    readers: &Readers,
    business: &BusinessId,
    since: u64,
    from: Timestamp,
) -> Result<CalendarChanges> {
    let rows = if since == 0 {
        sqlx::query(concat!(
            "SELECT c.business_id, c.version AS calendar, ",
            columns!(),
            " FROM calendars c LEFT JOIN appointments a
                  ON a.business_id = c.business_id AND a.ends_at > $2
                 AND a.status IN ('held', 'pending', 'confirmed', 'checked_in')
              WHERE c.business_id = $1"
        ))
        .bind(business.as_str())
        .bind(time(from))
        .read_all(readers)
        .await?
    } else {
        sqlx::query(concat!(
            "SELECT c.business_id, c.version AS calendar, ",
            columns!(),
            " FROM calendars c LEFT JOIN appointments a
                  ON a.business_id = c.business_id AND a.calendar_version > $2
              WHERE c.business_id = $1
              ORDER BY a.calendar_version"
        ))
        .bind(business.as_str())
        .bind(signed(since))
        .read_all(readers)
        .await?
    };
    let mut changes = CalendarChanges::default();
    for row in &rows {
        let cells = Cells::new(row, "calendars", "business_id");
        changes.version = cells.number("calendar")?;
        // A calendar without changes is one row without an appointment.
        if cells.id_if_any("id")?.is_some() {
            changes.appointments.push(appointments::read(row)?);
        }
    }
    Ok(changes)
}
