//! Counts for health and statistics.

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use crate::store::{Figures, Result};

/// A count that stays cheap however much there is, because it is asked for every few seconds: exact up to 10 000, and
/// beyond that what the last (auto)analyze or vacuum of `$relation` found, which is mostly within a tenth of the truth.
///
/// Rows come in the order of an index, so that it is the index which is counted: without that, a plan made while much
/// waited would look through the whole table when nothing does.
macro_rules! count {
    ($rows:literal, $relation:literal) => {
        concat!(
            "(SELECT CASE WHEN counted.n < 10000 THEN counted.n
                          ELSE GREATEST(counted.n, (SELECT reltuples::bigint FROM pg_class WHERE oid = '",
            $relation,
            "'::regclass)) END
              FROM (SELECT COUNT(*) AS n FROM (SELECT FROM ",
            $rows,
            " LIMIT 10000) few) counted)"
        )
    };
}

/// What is there now. Numbers below 10 000 are exact; see `count!`.
pub(super) async fn count(readers: &Readers) -> Result<Figures> {
    let row = sqlx::query(concat!(
        "SELECT ",
        count!("conversations", "conversations"),
        " AS conversations, ",
        count!(
            "sessions WHERE ended_at IS NULL ORDER BY conversation_id",
            "sessions_open"
        ),
        " AS sessions_open, ",
        count!(
            "inbox WHERE state = 0 ORDER BY conversation_id, n",
            "inbox_pending"
        ),
        " AS inbox_unfinished, ",
        "(SELECT MIN(received_at) FROM inbox WHERE state = 0) AS inbox_oldest, ",
        count!(
            "inbox WHERE state = 2 AND dropped_at IS NULL ORDER BY received_at",
            "inbox_dead"
        ),
        " AS inbox_dead, ",
        count!(
            "outbox WHERE state IN (0, 1) ORDER BY due_at",
            "outbox_unsent_due"
        ),
        " AS outbox_waiting, ",
        "(SELECT MIN(created_at) FROM (SELECT created_at FROM outbox WHERE state IN (0, 1)
                                       ORDER BY due_at LIMIT 10000) first) AS outbox_oldest, ",
        count!(
            "appointments WHERE status IN ('held', 'pending', 'confirmed', 'checked_in') \
             ORDER BY business_id, ends_at",
            "appointments_live"
        ),
        " AS appointments_live",
    ))
    .read_one(readers)
    .await?;
    let cells = Cells::new(&row, "figures", "conversations");
    Ok(Figures {
        conversations: cells.number("conversations")?,
        sessions_open: cells.number("sessions_open")?,
        inbox_unfinished: cells.number("inbox_unfinished")?,
        inbox_oldest: cells.time_if_any("inbox_oldest")?,
        inbox_dead: cells.number("inbox_dead")?,
        outbox_waiting: cells.number("outbox_waiting")?,
        outbox_oldest: cells.time_if_any("outbox_oldest")?,
        appointments_live: cells.number("appointments_live")?,
    })
}
