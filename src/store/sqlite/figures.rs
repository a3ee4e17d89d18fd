//! Counts for health and statistics.

use sqlx::SqlitePool;

use super::rows::Cells;
use crate::store::{Figures, Result};

pub(super) async fn count(readers: &SqlitePool) -> Result<Figures> {
    let row = sqlx::query(
        "SELECT (SELECT COUNT(*) FROM conversations)                      AS conversations,
                (SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL)    AS sessions_open,
                (SELECT COUNT(*) FROM inbox WHERE state = 0)              AS inbox_unfinished,
                (SELECT MIN(received_at) FROM inbox WHERE state = 0)      AS inbox_oldest,
                (SELECT COUNT(*) FROM inbox WHERE state = 2 AND dropped_at IS NULL) AS inbox_dead,
                (SELECT COUNT(*) FROM outbox WHERE state IN (0, 1))       AS outbox_waiting,
                (SELECT MIN(created_at) FROM (SELECT created_at FROM outbox WHERE state IN (0, 1)
                                              ORDER BY due_at LIMIT 10000)) AS outbox_oldest,
                (SELECT COUNT(*) FROM appointments
                 WHERE status IN ('held', 'pending', 'confirmed', 'checked_in')) AS appointments_live",
    )
    .fetch_one(readers)
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
