//! Receipts that are faster than whoever sent the message: kept until the message is known.
//!
//! Such a receipt is a delivery of no reply (the nil id) under the provider's name. The write that learns the name finds
//! it there and makes it the reply's own. One is kept only while something of its account is in flight, because
//! providers also tell of messages that other programs sent.

use sqlx::SqliteConnection;
use uuid::Uuid;

use super::rows::{blob, micros};
use crate::store::rules::deliveries::{DEAD, UNDELIVERABLE};
use crate::store::{DeliveryReceipt, Result};

/// Keeps a receipt for a message that nobody knows yet, and forgets those that nobody came for within an hour.
pub(super) async fn keep(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    provider_id: &str,
) -> Result<()> {
    sqlx::query(
        "DELETE FROM deliveries
         WHERE outbox_id = zeroblob(16) AND said_at < CAST(unixepoch('subsec') * 1000000 AS INTEGER) - 3600000000;

         INSERT INTO deliveries
             (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at, problem)
         SELECT zeroblob(16), 0, $1, $2, zeroblob(16), $3, CAST(unixepoch('subsec') * 1000000 AS INTEGER), $4, $5, $6
         WHERE EXISTS (SELECT 1 FROM outbox WHERE state = 1 AND channel = $1 AND account = $2 AND account <> '')
         ON CONFLICT DO NOTHING",
    )
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .bind(provider_id)
    .bind(receipt.status.as_str())
    .bind(micros(receipt.at))
    .bind(&receipt.problem)
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes what was kept under this name the delivery of a part of a reply, the next one where none is
/// named, and gives the reply up if that failed.
pub(super) async fn adopt(
    connection: &mut SqliteConnection,
    id: Uuid,
    part: Option<u32>,
    provider_id: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox SET state = $4, problem = COALESCE(d.problem, $5), unknown = 0
         FROM deliveries d
         WHERE outbox.id = $1 AND outbox.account <> '' AND outbox.state <> $4
           AND d.channel = outbox.channel AND d.account = outbox.account AND d.provider_id = $3
           AND d.outbox_id = zeroblob(16) AND d.status = 'failed';

         UPDATE deliveries SET outbox_id = o.id, part = COALESCE($2, o.parts_sent), conversation_id = o.conversation_id, said_at = o.created_at
         FROM outbox o
         WHERE o.id = $1 AND o.account <> '' AND deliveries.channel = o.channel AND deliveries.account = o.account
           AND deliveries.provider_id = $3 AND deliveries.outbox_id = zeroblob(16)",
    )
    .bind(blob(id))
    .bind(part.map(i64::from))
    .bind(provider_id)
    .bind(DEAD)
    .bind(UNDELIVERABLE)
    .execute(connection)
    .await?;
    Ok(())
}
