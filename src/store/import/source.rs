//! The SQLite file: locked like a server would, read and never written.

use std::path::Path;

use futures_util::stream::BoxStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions as _, Row as _};
use uuid::Uuid;

use super::statements;
use super::tables::{Kind, Table};
use super::values::{self, Row, Value};
use super::{Error, Result};
use crate::store::checkup::{Schema, stands};
use crate::store::sqlite::{FileLock, common};

/// What tells an installation, at one state of it, from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// The installation, also when its file was copied or has another name.
    pub(super) source: Uuid,
    /// How often it was written to.
    pub(super) batch: i64,
}

/// An open file.
pub(super) struct Source {
    connection: SqliteConnection,
    pub(super) identity: Identity,
    /// Nobody else opens it meanwhile.
    _lock: FileLock,
}

impl Source {
    /// Opens the file, which must be at this version's schema.
    pub(super) async fn open(file: &Path) -> Result<Self> {
        let shown = || file.display().to_string();
        // Before the lock, which would leave its own file beside nothing.
        if !file.is_file() {
            return Err(Error::NoFile(shown()));
        }
        let lock = FileLock::of(file)
            .await
            .map_err(|error| Error::InUse(error.to_string()))?;
        let strange = |error: sqlx::Error| Error::NotOurs(shown(), error.to_string());
        let mut connection = common(file).read_only(true).connect().await.map_err(strange)?;
        // One look at everything, whoever else has the file open without asking for the lock.
        sqlx::query("BEGIN")
            .execute(&mut connection)
            .await
            .map_err(strange)?;
        let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(&mut connection)
            .await
            .map_err(strange)?;
        match stands(&applied) {
            Schema::Current => {}
            Schema::Fresh | Schema::Behind(_) => return Err(Error::OldFile(shown())),
            Schema::Newer => return Err(Error::NewFile(shown())),
        }
        let identity = identify(&mut connection).await.map_err(strange)?;
        Ok(Self {
            connection,
            identity,
            _lock: lock,
        })
    }

    /// The rows after this key, or all of them, in order.
    pub(super) fn rows_after<'a>(
        &'a mut self,
        table: &'static Table,
        key: Option<&[serde_json::Value]>,
    ) -> Result<BoxStream<'a, Result<Row>>> {
        let mut query = sqlx::query(statements::rows_after(table, key.is_some()));
        for (name, part) in table.key.iter().zip(key.unwrap_or_default()) {
            let kind = table
                .columns
                .iter()
                .find(|column| column.0 == *name)
                .map(|column| column.1);
            query = match (kind, part) {
                (Some(Kind::Number), serde_json::Value::Number(number)) => query.bind(number.as_i64()),
                (Some(Kind::Text), serde_json::Value::String(text)) => query.bind(text.clone()),
                (Some(Kind::Id), serde_json::Value::String(text)) => match Uuid::parse_str(text) {
                    Ok(id) => query.bind(id.as_bytes().to_vec()),
                    Err(_) => return Err(Error::Progress(table.name)),
                },
                _ => return Err(Error::Progress(table.name)),
            };
        }
        let rows = query.fetch(&mut self.connection);
        Ok(rows
            .map(move |row| Ok(values::of_sqlite(table, &read(row)?)?))
            .boxed())
    }

    pub(super) async fn count(&mut self, table: &Table) -> Result<u64> {
        let count: i64 = sqlx::query_scalar(statements::count(table))
            .fetch_one(&mut self.connection)
            .await
            .map_err(crate::store::Error::from)?;
        Ok(count.unsigned_abs())
    }

    /// The greatest number that was ever given out in a table, even if its row is gone.
    pub(super) async fn last_number(&mut self, table: &Table) -> Result<i64> {
        let last: Option<i64> = sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = ?")
            .bind(table.name)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(crate::store::Error::from)?;
        Ok(last.unwrap_or(0))
    }

    /// The number of rows, then a sum over each column.
    pub(super) async fn sums(&mut self, table: &Table) -> Result<Vec<i64>> {
        let row = read(
            sqlx::query(statements::sqlite_sums(table))
                .fetch_one(&mut self.connection)
                .await,
        )?;
        let sums = (0..row.len())
            .map(|at| row.try_get(at))
            .collect::<Result<_, sqlx::Error>>();
        Ok(sums.map_err(crate::store::Error::from)?)
    }

    /// Conversations at random.
    pub(super) async fn some_conversations(&mut self, limit: u32) -> Result<Vec<Uuid>> {
        let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM conversations ORDER BY RANDOM() LIMIT ?")
            .bind(limit)
            .fetch_all(&mut self.connection)
            .await
            .map_err(crate::store::Error::from)?;
        Ok(ids.iter().filter_map(|id| Uuid::from_slice(id).ok()).collect())
    }

    /// The rows in which a column holds an id.
    pub(super) async fn rows_of(
        &mut self,
        table: &'static Table,
        column: &str,
        id: Uuid,
    ) -> Result<Vec<Row>> {
        sqlx::query(statements::sqlite_rows_of(table, column))
            .bind(id.as_bytes().to_vec())
            .fetch(&mut self.connection)
            .map(|row| Ok(values::of_sqlite(table, &read(row)?)?))
            .try_collect()
            .await
    }
}

/// How much of a batch a row takes, in bytes.
pub(super) fn size(row: &[Value]) -> usize {
    row.iter().map(Value::size).sum()
}

fn read(row: Result<SqliteRow, sqlx::Error>) -> Result<SqliteRow, crate::store::Error> {
    row.map_err(crate::store::Error::from)
}

/// When and how fast the file was created tells it apart: nobody writes that by hand, and no two were made in the same
/// nanosecond.
async fn identify(connection: &mut SqliteConnection) -> Result<Identity, sqlx::Error> {
    let born: String = sqlx::query_scalar(
        "SELECT installed_on || ' ' || execution_time FROM _sqlx_migrations ORDER BY version LIMIT 1",
    )
    .fetch_one(&mut *connection)
    .await?;
    let batch = sqlx::query_scalar("SELECT batch FROM writer WHERE id = 1")
        .fetch_one(connection)
        .await?;
    Ok(Identity {
        source: Uuid::new_v5(&Uuid::NAMESPACE_OID, born.as_bytes()),
        batch,
    })
}
