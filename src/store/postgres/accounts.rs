//! Accounts at channels. Their secrets come sealed, and are nobody's business here.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row as _};

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::{AccountRow, Put, Result};
use crate::types::{AccountId, Channel};

#[async_trait]
impl Operation for AccountRow {
    type Output = Put;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Put>> {
        let business = sqlx::query("SELECT FROM businesses WHERE id = $1 FOR KEY SHARE")
            .bind(self.business.as_str())
            .fetch_optional(&mut *connection)
            .await?;
        if business.is_none() {
            return Ok(Ending::RollBack(Put::UnknownBusiness));
        }
        let put = sqlx::query(
            "INSERT INTO channel_accounts AS a
                 (channel, account, business_id, settings, secrets, problem, created_at, updated_at)
             VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8)
             ON CONFLICT (channel, account) DO UPDATE SET
                 settings = excluded.settings, secrets = excluded.secrets, problem = excluded.problem,
                 updated_at = excluded.updated_at
             WHERE a.business_id = excluded.business_id
             RETURNING a.xmax = 0 AS is_new",
        )
        .bind(self.channel.as_str())
        .bind(self.account.as_str())
        .bind(self.business.as_str())
        .bind(&self.settings)
        .bind(&self.secrets)
        .bind(&self.problem)
        .bind(time(self.created_at))
        .bind(time(self.updated_at))
        .fetch_optional(connection)
        .await?;
        Ok(match put {
            None => Ending::RollBack(Put::Taken),
            Some(row) if row.try_get("is_new")? => Ending::Commit(Put::Added),
            Some(_) => Ending::Commit(Put::Changed),
        })
    }
}

fn read(row: &PgRow) -> Result<AccountRow> {
    let cells = Cells::new(row, "channel_accounts", "account");
    Ok(AccountRow {
        channel: cells.parsed("channel")?,
        account: cells.parsed("account")?,
        business: cells.parsed("business_id")?,
        settings: cells.get("settings")?,
        secrets: cells.get("secrets")?,
        problem: cells.get("problem")?,
        created_at: cells.time("created_at")?,
        updated_at: cells.time("updated_at")?,
    })
}

/// One account.
pub(super) async fn one(
    readers: &Readers,
    channel: Channel,
    account: &AccountId,
) -> Result<Option<AccountRow>> {
    let row = sqlx::query(
        "SELECT channel, account, business_id, settings::text AS settings, secrets, problem, created_at, updated_at
         FROM channel_accounts WHERE channel = $1 AND account = $2",
    )
    .bind(channel.as_str())
    .bind(account.as_str())
    .read_optional(readers)
    .await?;
    row.as_ref().map(read).transpose()
}

/// Every account, by channel and name.
pub(super) async fn all(readers: &Readers) -> Result<Vec<AccountRow>> {
    let rows = sqlx::query(
        "SELECT channel, account, business_id, settings::text AS settings, secrets, problem, created_at, updated_at
         FROM channel_accounts ORDER BY channel COLLATE \"C\", account COLLATE \"C\"",
    )
    .read_all(readers)
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

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<bool>> {
        let removed = sqlx::query("DELETE FROM channel_accounts WHERE channel = $1 AND account = $2")
            .bind(self.channel.as_str())
            .bind(self.account.as_str())
            .execute(connection)
            .await?;
        Ok(Ending::Commit(removed.rows_affected() > 0))
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

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<()>> {
        sqlx::query(
            "UPDATE channel_accounts SET problem = $3, updated_at = $4 WHERE channel = $1 AND account = $2",
        )
        .bind(self.channel.as_str())
        .bind(self.account.as_str())
        .bind(&self.problem)
        .bind(time(self.now))
        .execute(connection)
        .await?;
        Ok(Ending::Commit(()))
    }
}
