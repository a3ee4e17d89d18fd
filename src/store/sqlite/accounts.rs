//! Accounts at channels. Their secrets come sealed, and are nobody's business here.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::operation::Operation;
use super::rows::{Cells, micros};
use crate::store::{AccountRow, Put, Result};
use crate::types::{AccountId, BusinessId, Channel};

#[async_trait]
impl Operation for AccountRow {
    type Output = Put;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Put> {
        let row = sqlx::query(
            "SELECT b.id, a.business_id AS owner
             FROM businesses b LEFT JOIN channel_accounts a ON a.channel = $2 AND a.account = $3
             WHERE b.id = $1",
        )
        .bind(self.business.as_str())
        .bind(self.channel.as_str())
        .bind(self.account.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else {
            return Ok(Put::UnknownBusiness);
        };
        let owner: Option<&str> = Cells::new(&row, "channel_accounts", "id").get("owner")?;
        let put = match owner {
            None => Put::Added,
            Some(owner) if owner == self.business.as_str() => Put::Changed,
            Some(_) => return Ok(Put::Taken),
        };
        sqlx::query(
            "INSERT INTO channel_accounts
                 (channel, account, business_id, settings, secrets, problem, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (channel, account) DO UPDATE SET
                 settings = excluded.settings, secrets = excluded.secrets, problem = excluded.problem,
                 updated_at = excluded.updated_at",
        )
        .bind(self.channel.as_str())
        .bind(self.account.as_str())
        .bind(self.business.as_str())
        .bind(&self.settings)
        .bind(&self.secrets)
        .bind(&self.problem)
        .bind(micros(self.created_at))
        .bind(micros(self.updated_at))
        .execute(connection)
        .await?;
        Ok(put)
    }

    fn bytes(&self) -> usize {
        512 + self.settings.len() + self.secrets.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

fn read(row: &SqliteRow) -> Result<AccountRow> {
    let cells = Cells::new(row, "channel_accounts", "account");
    Ok(AccountRow {
        channel: cells.parsed("channel")?,
        account: cells.parsed("account")?,
        business: cells.parsed::<BusinessId>("business_id")?,
        settings: cells.get("settings")?,
        secrets: cells.get("secrets")?,
        problem: cells.get("problem")?,
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
    })
}

/// One account.
pub(super) async fn one(
    readers: &SqlitePool,
    channel: Channel,
    account: &AccountId,
) -> Result<Option<AccountRow>> {
    let row = sqlx::query(
        "SELECT channel, account, business_id, settings, secrets, problem, created_at, updated_at
         FROM channel_accounts WHERE channel = $1 AND account = $2",
    )
    .bind(channel.as_str())
    .bind(account.as_str())
    .fetch_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Every account, by channel and name.
pub(super) async fn all(readers: &SqlitePool) -> Result<Vec<AccountRow>> {
    let rows = sqlx::query(
        "SELECT channel, account, business_id, settings, secrets, problem, created_at, updated_at
         FROM channel_accounts ORDER BY channel, account",
    )
    .fetch_all(readers)
    .await?;
    rows.iter().map(read).collect()
}

/// Forgets an account.
pub(super) struct Remove {
    pub(super) channel: Channel,
    pub(super) account: AccountId,
}

#[async_trait]
impl Operation for Remove {
    type Output = bool;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<bool> {
        let removed = sqlx::query("DELETE FROM channel_accounts WHERE channel = $1 AND account = $2")
            .bind(self.channel.as_str())
            .bind(self.account.as_str())
            .execute(connection)
            .await?;
        Ok(removed.rows_affected() > 0)
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// Stops an account, or has it go on.
pub(super) struct Stop {
    pub(super) channel: Channel,
    pub(super) account: AccountId,
    pub(super) problem: Option<String>,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Stop {
    type Output = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        sqlx::query(
            "UPDATE channel_accounts SET problem = $3, updated_at = $4 WHERE channel = $1 AND account = $2",
        )
        .bind(self.channel.as_str())
        .bind(self.account.as_str())
        .bind(&self.problem)
        .bind(micros(self.now))
        .execute(connection)
        .await?;
        Ok(())
    }

    fn may_book(&self) -> bool {
        false
    }
}
