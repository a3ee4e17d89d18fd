//! Receipts that are faster than whoever sent the message: kept until the message is known.
//!
//! Such a receipt is a delivery of no reply (the nil id) under the provider's name. The write that learns the name finds
//! it there and makes it the reply's own. One is kept only while something of its account is in flight, because
//! providers also tell of messages that other programs sent.
//!
//! The name is unique, so that whoever comes second learns of the first: a receipt that could not be kept looks the
//! message up again, and a delivery that could not be recorded adopts.

use sqlx::PgConnection;
use uuid::Uuid;

use super::turn_rows::time;
use crate::store::rules::deliveries::{DEAD, UNDELIVERABLE};
use crate::store::{DeliveryReceipt, Result};

/// Keeps a receipt for a message that nobody knows yet, and forgets those that nobody came for within an hour. Answers
/// whether it was left out: then somebody may have recorded the name meanwhile.
pub(super) async fn keep(
    connection: &mut PgConnection,
    receipt: &DeliveryReceipt,
    provider_id: &str,
) -> Result<bool> {
    sqlx::query(
        "DELETE FROM deliveries WHERE outbox_id = $1 AND said_at < clock_timestamp() - interval '1 hour'",
    )
    .bind(Uuid::nil())
    .execute(&mut *connection)
    .await?;
    let left_out = sqlx::query(
        "WITH awaited AS MATERIALIZED (
             SELECT 1 FROM outbox WHERE state = 1 AND channel = $2 AND account = $3 AND account <> '' LIMIT 1),
         kept AS (
             INSERT INTO deliveries
                 (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at, problem)
             SELECT $1, 0, $2, $3, $1, $4, clock_timestamp(), $5, $6, $7 FROM awaited
             ON CONFLICT DO NOTHING RETURNING n)
         SELECT 1 WHERE NOT EXISTS (SELECT FROM kept)",
    )
    .bind(Uuid::nil())
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .bind(provider_id)
    .bind(receipt.status.as_str())
    .bind(time(receipt.at))
    .bind(&receipt.problem)
    .fetch_optional(connection)
    .await?;
    Ok(left_out.is_some())
}

/// Makes what was kept under this name the delivery of a part of a reply, the next one where none is
/// named, and gives the reply up if that failed.
pub(super) async fn adopt(
    connection: &mut PgConnection,
    id: Uuid,
    part: Option<u32>,
    provider_id: &str,
) -> Result<()> {
    sqlx::query(
        "UPDATE outbox o SET state = $3, problem = COALESCE(d.problem, $4), unknown = false
         FROM deliveries d
         WHERE o.id = $1 AND o.account <> '' AND o.state <> $3
           AND d.channel = o.channel AND d.account = o.account AND d.provider_id = $2
           AND d.outbox_id = $5 AND d.status = 'failed'",
    )
    .bind(id)
    .bind(provider_id)
    .bind(DEAD)
    .bind(UNDELIVERABLE)
    .bind(Uuid::nil())
    .execute(&mut *connection)
    .await?;
    sqlx::query(
        "UPDATE deliveries d
         SET outbox_id = o.id, part = COALESCE($2, o.parts_sent), conversation_id = o.conversation_id, said_at = o.created_at
         FROM outbox o
         WHERE o.id = $1 AND o.account <> '' AND d.channel = o.channel AND d.account = o.account
           AND d.provider_id = $3 AND d.outbox_id = $4",
    )
    .bind(id)
    .bind(part.map(i64::from))
    .bind(provider_id)
    .bind(Uuid::nil())
    .execute(connection)
    .await?;
    Ok(())
}
