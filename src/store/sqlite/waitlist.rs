//! Somebody waiting for a slot. An entry is written by its own conversation only, so that the conversation's version
//! is its fence too.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::rows::{Cells, blob, json, micros};
use crate::dialogue::outcome::WaitlistEntry;
use crate::store::Result;
use crate::store::waitlist::{name, state};
use crate::types::{BusinessId, Pair, WaitlistId};

/// Writes an entry as it is now.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    pair: &Pair,
    entry: &WaitlistEntry,
    at: Timestamp,
) -> Result<()> {
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
    .bind(blob(entry.id.0))
    .bind(pair.business.as_str())
    .bind(pair.participant.as_str())
    .bind(json(&entry.wish)?)
    .bind(json(&entry.when)?)
    .bind(name(entry.state))
    .bind(entry.offer.as_ref().map(json).transpose()?)
    .bind(entry.offer.as_ref().map(|offer| micros(offer.expires_at)))
    .bind(micros(entry.since))
    .bind(json(&entry.passed)?)
    .bind(micros(at))
    .execute(connection)
    .await?;
    Ok(())
}

fn pair(cells: &Cells<'_>) -> Result<Pair> {
    Ok(Pair {
        business: cells.parsed("business_id")?,
        participant: cells.parsed("participant_id")?,
    })
}

/// Entries that wait, those waiting longest first.
pub(super) async fn waiting(
    readers: &SqlitePool,
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
    .fetch_all(readers)
    .await?;
    let entry = |row: &SqliteRow| {
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
pub(super) async fn offers_run_out(readers: &SqlitePool, now: Timestamp, limit: u32) -> Result<Vec<Pair>> {
    let rows = sqlx::query(
        "SELECT business_id, participant_id, MIN(id) AS id
         FROM waitlist_entries WHERE state = 'offered' AND offer_expires_at <= $1
         GROUP BY business_id, participant_id
         ORDER BY MIN(offer_expires_at), business_id, participant_id LIMIT $2",
    )
    .bind(micros(now))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows.iter()
        .map(|row| pair(&Cells::new(row, "waitlist_entries", "id")))
        .collect()
}
