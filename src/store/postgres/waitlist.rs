//! Somebody waiting for a slot. An entry is written by its own conversation only, so that the conversation's version
//! is its fence too.

use jiff::Timestamp;
use sqlx::postgres::PgRow;

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::turn_rows::time;
use crate::dialogue::outcome::WaitlistEntry;
use crate::store::Result;
use crate::store::waitlist::state;
use crate::types::{BusinessId, Pair, WaitlistId};

fn pair(cells: &Cells<'_>) -> Result<Pair> {
    Ok(Pair {
        business: cells.parsed("business_id")?,
        participant: cells.parsed("participant_id")?,
    })
}

/// Entries that wait, those waiting longest first.
pub(super) async fn waiting(
    readers: &Readers,
    business: &BusinessId,
    limit: u32,
) -> Result<Vec<(Pair, WaitlistEntry)>> {
    let rows = sqlx::query(
        "SELECT id, business_id, participant_id, wish, wanted, state, offer, since, passed
         FROM waitlist_entries WHERE business_id = $1 AND state = 'waiting'
         ORDER BY since, id LIMIT $2",
    )
    .bind(business.as_str())
    .bind(i64::from(limit))
    .read_all(readers)
    .await?;
    let entry = |row: &PgRow| {
        let cells = Cells::new(row, "waitlist_entries", "id");
        let entry = WaitlistEntry {
            id: WaitlistId(cells.id("id")?),
            wish: cells.json("wish")?,
            when: cells.json("wanted")?,
            state: cells.one_of("state", state)?,
            offer: cells.json_if_any("offer")?,
            since: cells.time("since")?,
            passed: cells.json("passed")?,
        };
        Ok((pair(&cells)?, entry))
    };
    rows.iter().map(entry).collect()
}

/// Pairs with an offer that ran out at or before `now`, each once, the longest overdue first.
pub(super) async fn offers_run_out(readers: &Readers, now: Timestamp, limit: u32) -> Result<Vec<Pair>> {
    let rows = sqlx::query(
        "SELECT business_id, participant_id, MIN(id::text) AS id
         FROM waitlist_entries WHERE state = 'offered' AND offer_expires_at <= $1
         GROUP BY business_id, participant_id
         ORDER BY MIN(offer_expires_at), business_id, participant_id LIMIT $2",
    )
    .bind(time(now))
    .bind(i64::from(limit))
    .read_all(readers)
    .await?;
    rows.iter()
        .map(|row| pair(&Cells::new(row, "waitlist_entries", "id")))
        .collect()
}
