//! What channels were given, and what they tell of it.
//!
//! The outbox says whether a reply has to be sent; `deliveries` says what the channel calls it and whether it arrived.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::early;
use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros};
use crate::store::rules::deliveries::{DEAD, IN_FLIGHT, SENT, UNDELIVERABLE, behind};
use crate::store::{Attempt, DeliveryReceipt, DeliveryStatus, ReceiptOf, Result};
use crate::types::{BusinessId, Pair, ParticipantId};

/// Records that the channel has a part of a reply, counted from 0.
pub(super) struct PartSent {
    pub(super) id: Uuid,
    pub(super) part: u32,
    pub(super) provider_id: Option<String>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for PartSent {
    type Output = ();

    /// The delivery is recorded even if the row is settled by now: receipts will name it.
    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "UPDATE outbox SET parts_sent = MAX(parts_sent, $2 + 1) WHERE id = $1 AND state IN (0, 1);

             INSERT INTO deliveries
                 (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
             SELECT id, $2, channel, account, conversation_id, $3, created_at, 'sent', $4
             FROM outbox WHERE id = $1 AND account <> ''
             ON CONFLICT DO NOTHING",
        )
        .bind(blob(self.id))
        .bind(i64::from(self.part))
        .bind(&self.provider_id)
        .bind(micros(self.now))
        .execute(&mut *connection)
        .await?;
        match &self.provider_id {
            Some(provider_id) => early::adopt(connection, self.id, Some(self.part), provider_id).await,
            None => Ok(()),
        }
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// Records what channels tell.
pub(super) struct Told {
    pub(super) receipts: Vec<DeliveryReceipt>,
}

#[async_trait]
impl Operation for Told {
    type Output = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64> {
        let mut found = 0;
        for receipt in &self.receipts {
            found += match &receipt.of {
                ReceiptOf::Provider(provider_id) => named(connection, receipt, provider_id).await?,
                ReceiptOf::Ours { id, provider_id } => {
                    ours(connection, receipt, *id, provider_id.as_deref()).await?
                }
                ReceiptOf::Part {
                    id,
                    part,
                    provider_id,
                } => part_of_ours(connection, receipt, *id, *part, provider_id.as_deref()).await?,
                ReceiptOf::UpTo { user, time } => up_to(connection, receipt, user, *time).await?,
            };
        }
        Ok(found)
    }

    fn bytes(&self) -> usize {
        256 * self.receipts.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// A message by the provider's id. What is told too early is kept.
async fn named(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    provider_id: &str,
) -> Result<u64> {
    let found = called(connection, receipt, provider_id).await?;
    if found.is_empty() {
        early::keep(connection, receipt, provider_id).await?;
    }
    move_forward(connection, receipt, &found).await
}

async fn called(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    provider_id: &str,
) -> Result<Vec<SqliteRow>> {
    let found = sqlx::query(
        "SELECT n, outbox_id FROM deliveries WHERE channel = $1 AND account = $2 AND provider_id = $3",
    )
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .bind(provider_id)
    .fetch_all(connection)
    .await?;
    Ok(found)
}

/// Moves a message of ours forward that is known by the provider's id already, and answers whether it is.
async fn known(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    provider_id: &str,
) -> Result<bool> {
    let found = called(connection, receipt, provider_id).await?;
    let Some(row) = found.first() else {
        return Ok(false);
    };
    // One that came too early belongs to nobody yet.
    if Cells::new(row, "deliveries", "outbox_id")
        .id("outbox_id")?
        .is_nil()
    {
        return Ok(false);
    }
    move_forward(connection, receipt, &found).await?;
    Ok(true)
}

/// Moves deliveries forward, and gives up the rows of those that failed. Answers how many there were.
async fn move_forward(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    found: &[SqliteRow],
) -> Result<u64> {
    let mut numbers: Vec<i64> = Vec::with_capacity(found.len());
    let mut rows: Vec<String> = Vec::with_capacity(found.len());
    for row in found {
        let cells = Cells::new(row, "deliveries", "outbox_id");
        numbers.push(cells.get("n")?);
        rows.push(hex(cells.id("outbox_id")?));
    }
    if receipt.status == DeliveryStatus::Failed && !rows.is_empty() {
        sqlx::query(
            "UPDATE outbox SET state = $2, problem = $3, unknown = 0
             WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND account <> '' AND state <> $2",
        )
        .bind(json(&rows)?)
        .bind(DEAD)
        .bind(receipt.problem.as_deref().unwrap_or(UNDELIVERABLE))
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query(
        "UPDATE deliveries SET status = $2, status_at = $3, problem = COALESCE($4, problem)
         WHERE n IN (SELECT value FROM json_each($1)) AND status IN (SELECT value FROM json_each($5))",
    )
    .bind(json(&numbers)?)
    .bind(receipt.status.as_str())
    .bind(micros(receipt.at))
    .bind(&receipt.problem)
    .bind(json(&behind(receipt.status))?)
    .execute(connection)
    .await?;
    Ok(numbers.len() as u64)
}

/// A message by our own id. One whose outcome was not known is settled by it.
async fn ours(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    id: Uuid,
    provider_id: Option<&str>,
) -> Result<u64> {
    let row = sqlx::query(
        "SELECT id, state, unknown FROM outbox WHERE id = $1 AND account <> '' AND channel = $2 AND account = $3",
    )
    .bind(blob(id))
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(0) };
    // One part of it may be known already; then it is that part which is spoken of.
    if let Some(provider_id) = provider_id
        && known(connection, receipt, provider_id).await?
    {
        return Ok(1);
    }
    let cells = Cells::new(&row, "outbox", "id");
    let state: i16 = cells.number("state")?;
    if state == IN_FLIGHT || (state != SENT && cells.get("unknown")?) {
        settle(connection, receipt, id).await?;
    }
    sqlx::query(
        "INSERT INTO deliveries
             (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
         SELECT id, parts_sent, channel, account, conversation_id, $2, created_at, 'sent', $3
         FROM outbox
         WHERE id = $1 AND account <> ''
           AND ($2 IS NOT NULL OR NOT EXISTS (SELECT 1 FROM deliveries WHERE outbox_id = $1))
         ON CONFLICT DO NOTHING",
    )
    .bind(blob(id))
    .bind(provider_id)
    .bind(micros(receipt.at))
    .execute(&mut *connection)
    .await?;
    if let Some(provider_id) = provider_id {
        early::adopt(connection, id, None, provider_id).await?;
    }
    let told_of = sqlx::query(
        "SELECT n, outbox_id FROM deliveries WHERE outbox_id = $1 AND ($2 IS NULL OR provider_id = $2)",
    )
    .bind(blob(id))
    .bind(provider_id)
    .fetch_all(&mut *connection)
    .await?;
    move_forward(connection, receipt, &told_of).await?;
    Ok(1)
}

/// A part of a reply, but not the last, by our own id. It is there and not sent again; where nobody knew whether it was,
/// those that follow it are due.
async fn part_of_ours(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    id: Uuid,
    part: u32,
    provider_id: Option<&str>,
) -> Result<u64> {
    let row = sqlx::query(
        "SELECT id FROM outbox WHERE id = $1 AND account <> '' AND channel = $2 AND account = $3",
    )
    .bind(blob(id))
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    if row.is_none() {
        return Ok(0);
    }
    sqlx::query(
        "UPDATE outbox SET
             due_at = CASE WHEN state = 0 AND unknown = 1 THEN MIN(due_at, $3) ELSE due_at END,
             unknown = CASE state WHEN 0 THEN 0 ELSE unknown END,
             parts_sent = $2 + 1
         WHERE id = $1 AND account <> '' AND state IN (0, 1) AND parts_sent <= $2",
    )
    .bind(blob(id))
    .bind(i64::from(part))
    .bind(micros(receipt.at))
    .execute(&mut *connection)
    .await?;
    if let Some(provider_id) = provider_id
        && known(connection, receipt, provider_id).await?
    {
        return Ok(1);
    }
    sqlx::query(
        "INSERT INTO deliveries
             (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
         SELECT id, $2, channel, account, conversation_id, $3, created_at, 'sent', $4
         FROM outbox
         WHERE id = $1 AND account <> ''
           AND ($3 IS NOT NULL OR NOT EXISTS (SELECT 1 FROM deliveries WHERE outbox_id = $1 AND part = $2))
         ON CONFLICT DO NOTHING",
    )
    .bind(blob(id))
    .bind(i64::from(part))
    .bind(provider_id)
    .bind(micros(receipt.at))
    .execute(&mut *connection)
    .await?;
    if let Some(provider_id) = provider_id {
        early::adopt(connection, id, Some(part), provider_id).await?;
    }
    let told_of = sqlx::query(
        "SELECT n, outbox_id FROM deliveries WHERE outbox_id = $1 AND part = $2 AND ($3 IS NULL OR provider_id = $3)",
    )
    .bind(blob(id))
    .bind(i64::from(part))
    .bind(provider_id)
    .fetch_all(&mut *connection)
    .await?;
    move_forward(connection, receipt, &told_of).await?;
    Ok(1)
}

/// Takes a row for sent; if that failed, it is given up right after. Whoever has it in flight will find it settled, so
/// that the try is recorded here.
async fn settle(connection: &mut SqliteConnection, receipt: &DeliveryReceipt, id: Uuid) -> Result<()> {
    let result = match receipt.status {
        DeliveryStatus::Failed => "dead",
        _ => "sent",
    };
    sqlx::query(
        "INSERT INTO delivery_attempts (outbox_id, number, at, result, problem)
         SELECT o.id, COALESCE((SELECT MAX(a.number) FROM delivery_attempts a WHERE a.outbox_id = o.id), 0) + 1, $2,
                $3, $4
         FROM outbox o WHERE o.id = $1 AND o.state = 1 AND o.account <> '';

         UPDATE outbox SET state = $5, unknown = 0, problem = NULL WHERE id = $1 AND account <> ''",
    )
    .bind(blob(id))
    .bind(micros(receipt.at))
    .bind(result)
    .bind(&receipt.problem)
    .bind(SENT)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the account sent to a customer up to a time. It is the time at which a reply was committed that counts: by the
/// provider's clock it was sent a moment later, and our own record of that is later still.
async fn up_to(
    connection: &mut SqliteConnection,
    receipt: &DeliveryReceipt,
    user: &str,
    until: Timestamp,
) -> Result<u64> {
    // Whoever they were taken for: what was said to somebody who turned out to be them was said to them.
    let known = sqlx::query(
        "SELECT p.business_id, p.participant_id
         FROM identities i
         CROSS JOIN participants p
             ON p.business_id = i.business_id
            AND (p.participant_id = i.participant_id OR p.joined_into = i.participant_id)
         WHERE i.channel = $1 AND i.account = $2 AND i.user_id = $3",
    )
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .bind(user)
    .fetch_all(&mut *connection)
    .await?;
    let mut conversations = Vec::with_capacity(known.len());
    for row in &known {
        let cells = Cells::new(row, "participants", "participant_id");
        let pair = Pair {
            business: cells.parsed::<BusinessId>("business_id")?,
            participant: cells.parsed::<ParticipantId>("participant_id")?,
        };
        conversations.push(hex(pair.conversation().0));
    }
    let told_of = sqlx::query(
        "SELECT n, outbox_id FROM deliveries
         WHERE conversation_id IN (SELECT unhex(value) FROM json_each($1))
           AND status IN ('sent', 'delivered') AND status IN (SELECT value FROM json_each($2))
           AND channel = $3 AND account = $4 AND said_at <= $5",
    )
    .bind(json(&conversations)?)
    .bind(json(&behind(receipt.status))?)
    .bind(receipt.channel.as_str())
    .bind(receipt.account.as_str())
    .bind(micros(until))
    .fetch_all(&mut *connection)
    .await?;
    move_forward(connection, receipt, &told_of).await
}

/// The tries to deliver a row, in order.
pub(super) async fn attempts(readers: &SqlitePool, id: Uuid) -> Result<Vec<Attempt>> {
    let rows = sqlx::query(
        "SELECT outbox_id, number, at, result, problem FROM delivery_attempts WHERE outbox_id = $1 ORDER BY number",
    )
    .bind(blob(id))
    .fetch_all(readers)
    .await?;
    let attempt = |row| {
        let cells = Cells::new(row, "delivery_attempts", "outbox_id");
        Ok(Attempt {
            number: cells.number("number")?,
            at: cells.time("at")?,
            result: cells.get("result")?,
            problem: cells.get("problem")?,
        })
    };
    rows.iter().map(attempt).collect()
}
