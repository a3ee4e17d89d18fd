//! Files that came along with messages.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
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
    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<()>> {
        let all = &self.attachments;
        let size = |one: &Attachment| one.size.and_then(|size| i64::try_from(size).ok());
        sqlx::query(
            "INSERT INTO attachments
                 (channel, account, message_id, place, business_id, conversation_id, base, kind, provider_id, url,
                  mime_type, name, size, due_at, created_at)
             SELECT g.channel, g.account, g.message_id, g.place, g.business, g.conversation, g.base, g.kind,
                    g.provider_id, g.url, g.mime_type, g.name, g.size, g.at, g.at
             FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::text[],
                         $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[],
                         $14::timestamptz[])
                 AS g (channel, account, message_id, place, business, conversation, base, kind, provider_id, url,
                       mime_type, name, size, at)
             WHERE NOT EXISTS (
                 SELECT FROM inbox i
                 WHERE i.channel = g.channel AND i.account = g.account AND i.message_id = g.message_id)
             ON CONFLICT DO NOTHING",
        )
        .bind(all.iter().map(|one| one.key.channel.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.key.account.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.key.message_id.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| i64::from(one.place)).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.business.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.conversation.0).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.base.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.provider_id.as_deref()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.url.as_deref()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.mime_type.as_deref()).collect::<Vec<_>>())
        .bind(all.iter().map(|one| one.name.as_deref()).collect::<Vec<_>>())
        .bind(all.iter().map(size).collect::<Vec<_>>())
        .bind(all.iter().map(|one| time(one.created_at)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
        Ok(Ending::Commit(()))
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

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Vec<ClaimedAttachment>>> {
        let rows = sqlx::query(
            "WITH due AS MATERIALIZED (
                 SELECT n FROM attachments WHERE state IN (0, 1, 4) AND due_at <= $1
                 ORDER BY due_at, n LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
             UPDATE attachments a SET
                 state = CASE a.state WHEN 4 THEN 4 ELSE 1 END, attempts = a.attempts + 1, due_at = $2
             FROM due WHERE a.n = due.n AND a.state IN (0, 1, 4)
             RETURNING a.n, a.attempts, a.state = 4 AS erase, a.channel, a.account, a.message_id, a.place,
                 a.business_id, a.conversation_id, a.base, a.kind, a.provider_id, a.url, a.mime_type, a.name, a.size,
                 a.created_at",
        )
        .bind(time(self.now))
        .bind(time(self.lease_until))
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
        Ok(Ending::Commit(claimed))
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

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<bool>> {
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
            .bind(time(*at))
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
        let recorded = query.execute(connection).await?.rows_affected() > 0;
        Ok(Ending::Commit(recorded))
    }
}

/// Those of these messages that are in the bucket.
pub(super) async fn of(
    readers: &Readers,
    conversation: ConversationId,
    messages: &[&str],
) -> Result<Vec<StoredAttachment>> {
    let rows = sqlx::query(
        "SELECT channel, message_id, place, location FROM attachments
         WHERE conversation_id = $1 AND message_id = ANY ($2::text[]) AND state = 2
         ORDER BY n",
    )
    .bind(conversation.0)
    .bind(messages.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>())
    .read_all(readers)
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
pub(super) async fn take_back(connection: &mut PgConnection, key: &MessageKey) -> Result<()> {
    sqlx::query(
        "UPDATE attachments SET
             state = 4, due_at = CASE state WHEN 1 THEN due_at ELSE 'epoch' END, provider_id = NULL, url = NULL, name = NULL
         WHERE channel = $1 AND account = $2 AND message_id = $3",
    )
    .bind(key.channel.as_str())
    .bind(&key.account)
    .bind(key.message_id.as_str())
    .execute(connection)
    .await?;
    Ok(())
}
