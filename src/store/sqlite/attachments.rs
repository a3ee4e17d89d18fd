//! Files that came along with messages.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros};
use crate::store::{
    Attachment, AttachmentSettlement, ClaimedAttachment, MessageKey, Result, StoredAttachment,
};
use crate::types::ConversationId;

/// Records what has to be fetched.
pub(super) struct Attach {
    pub(super) attachments: Vec<Attachment>,
}

#[async_trait]
impl Operation for Attach {
    type Output = ();

    /// A message that was accepted before has its attachments recorded, or was to have none.
    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        let rows: Vec<_> = self
            .attachments
            .iter()
            .map(|one| {
                (
                    (
                        one.key.channel.as_str(),
                        &one.key.account,
                        one.key.message_id.as_str(),
                        one.place,
                    ),
                    (
                        one.business.as_str(),
                        hex(one.conversation.0),
                        &one.base,
                        &one.kind,
                    ),
                    (&one.provider_id, &one.url, &one.mime_type, &one.name, one.size),
                    micros(one.created_at),
                )
            })
            .collect();
        sqlx::query(
            "WITH given AS (
                 SELECT value ->> '$[0][0]' AS channel, value ->> '$[0][1]' AS account,
                        value ->> '$[0][2]' AS message_id, value AS v
                 FROM json_each($1))
             INSERT INTO attachments
                 (channel, account, message_id, place, business_id, conversation_id, base, kind, provider_id, url,
                  mime_type, name, size, due_at, created_at)
             SELECT channel, account, message_id, v ->> '$[0][3]', v ->> '$[1][0]', unhex(v ->> '$[1][1]'),
                    v ->> '$[1][2]', v ->> '$[1][3]', v ->> '$[2][0]', v ->> '$[2][1]', v ->> '$[2][2]',
                    v ->> '$[2][3]', v ->> '$[2][4]', v ->> '$[3]', v ->> '$[3]'
             FROM given g
             WHERE NOT EXISTS (
                 SELECT 1 FROM inbox i
                 WHERE i.channel = g.channel AND i.account = g.account AND i.message_id = g.message_id)
             ON CONFLICT DO NOTHING",
        )
        .bind(json(&rows)?)
        .execute(connection)
        .await?;
        Ok(())
    }

    fn bytes(&self) -> usize {
        1024 * self.attachments.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// Takes what is due. A lease that ran out makes it due again: its owner is presumed dead.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}

#[async_trait]
impl Operation for Claim {
    type Output = Vec<ClaimedAttachment>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<ClaimedAttachment>> {
        let rows = sqlx::query(
            "UPDATE attachments SET
                 state = CASE state WHEN 4 THEN 4 ELSE 1 END, attempts = attempts + 1, due_at = $2
             WHERE n IN (
                 SELECT n FROM attachments WHERE state IN (0, 1, 4) AND due_at <= $1 ORDER BY due_at, n LIMIT $3)
             RETURNING n, attempts, state = 4 AS erase, channel, account, message_id, place, business_id,
                 conversation_id, base, kind, provider_id, url, mime_type, name, size, created_at",
        )
        .bind(micros(self.now))
        .bind(micros(self.lease_until))
        .bind(i64::from(self.limit))
        .fetch_all(connection)
        .await?;
        let claimed: Result<Vec<_>> = rows
            .iter()
            .map(|row| claimed(&Cells::new(row, "attachments", "message_id")))
            .collect();
        let mut claimed = claimed?;
        // The order of RETURNING is not promised.
        claimed.sort_by_key(|claimed| claimed.n);
        Ok(claimed)
    }

    fn may_book(&self) -> bool {
        false
    }
}

fn claimed(cells: &Cells<'_>) -> Result<ClaimedAttachment> {
    let size: Option<i64> = cells.get("size")?;
    Ok(ClaimedAttachment {
        n: cells.get("n")?,
        attempts: cells.number("attempts")?,
        erase: cells.get("erase")?,
        attachment: Attachment {
            key: MessageKey {
                channel: cells.parsed("channel")?,
                account: cells.get("account")?,
                message_id: cells.parsed("message_id")?,
            },
            place: cells.number("place")?,
            business: cells.parsed("business_id")?,
            conversation: ConversationId(cells.id("conversation_id")?),
            base: cells.get("base")?,
            kind: cells.get("kind")?,
            provider_id: cells.get("provider_id")?,
            url: cells.get("url")?,
            mime_type: cells.get("mime_type")?,
            name: cells.get("name")?,
            size: size.and_then(|size| u64::try_from(size).ok()),
            created_at: cells.time("created_at")?,
        },
    })
}

/// Records what became of one claim, if it is still the last one.
pub(super) struct Settle {
    pub(super) n: i64,
    pub(super) attempts: u32,
    pub(super) settlement: AttachmentSettlement,
}

#[async_trait]
impl Operation for Settle {
    type Output = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool> {
        let query = match &self.settlement {
            AttachmentSettlement::Stored {
                location,
                sha256,
                bytes,
                mime_type,
            } => sqlx::query(
                "UPDATE attachments SET
                     state = 2, problem = NULL, location = $3, sha256 = $4, bytes = $5, mime_type = $6
                 WHERE n = $1 AND attempts = $2 AND state = 1",
            )
            .bind(self.n)
            .bind(i64::from(self.attempts))
            .bind(location)
            .bind(sha256)
            .bind(i64::try_from(*bytes).unwrap_or(i64::MAX))
            .bind(mime_type),
            AttachmentSettlement::Retry { at, problem } => sqlx::query(
                "UPDATE attachments SET state = CASE state WHEN 4 THEN 4 ELSE 0 END, due_at = $3, problem = $4
                 WHERE n = $1 AND attempts = $2 AND state IN (1, 4)",
            )
            .bind(self.n)
            .bind(i64::from(self.attempts))
            .bind(micros(*at))
            .bind(problem),
            AttachmentSettlement::GivenUp(problem) => sqlx::query(
                "UPDATE attachments SET state = 3, problem = $3 WHERE n = $1 AND attempts = $2 AND state = 1",
            )
            .bind(self.n)
            .bind(i64::from(self.attempts))
            .bind(problem),
            AttachmentSettlement::Erased => sqlx::query(
                "UPDATE attachments SET state = 3, location = NULL, sha256 = NULL, bytes = NULL,
                     problem = 'taken back by its sender'
                 WHERE n = $1 AND attempts = $2 AND state = 4",
            )
            .bind(self.n)
            .bind(i64::from(self.attempts)),
        };
        Ok(query.execute(connection).await?.rows_affected() > 0)
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// Those of these messages that are in the bucket.
pub(super) async fn of(
    readers: &SqlitePool,
    conversation: ConversationId,
    messages: &[&str],
) -> Result<Vec<StoredAttachment>> {
    let rows = sqlx::query(
        "SELECT channel, message_id, place, location FROM attachments
         WHERE conversation_id = $1 AND message_id IN (SELECT value FROM json_each($2)) AND state = 2
         ORDER BY n",
    )
    .bind(blob(conversation.0))
    .bind(json(messages)?)
    .fetch_all(readers)
    .await?;
    rows.iter()
        .map(|row| {
            let cells = Cells::new(row, "attachments", "message_id");
            Ok(StoredAttachment {
                channel: cells.parsed("channel")?,
                message_id: cells.get("message_id")?,
                place: cells.number("place")?,
                location: cells.get("location")?,
            })
        })
        .collect()
}

/// Has everything of a message deleted. What is in flight is left to finish first, so that nothing is stored after it
/// was deleted.
pub(super) async fn take_back(connection: &mut SqliteConnection, key: &MessageKey) -> Result<()> {
    sqlx::query(
        "UPDATE attachments SET
             state = 4, due_at = CASE state WHEN 1 THEN due_at ELSE 0 END, provider_id = NULL, url = NULL, name = NULL
         WHERE channel = $1 AND account = $2 AND message_id = $3",
    )
    .bind(key.channel.as_str())
    .bind(&key.account)
    .bind(key.message_id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
