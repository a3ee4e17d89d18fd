//! The PostgreSQL database: one connection, one lock, and the books about what is copied already.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use secrecy::SecretString;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::Instant;
use uuid::Uuid;

use super::source::Identity;
use super::statements;
use super::tables::{TABLES, Table, named};
use super::values::{self, Row};
use super::{Error, Result};
use crate::store::checkup::{self, Schema};
use crate::store::errors::may_pass;
use crate::store::rules::as_stored;
use crate::store::{self, postgres};
use crate::types::BusinessId;

/// Held by the one import that may be at work on a database; the number is the date of its invention.
const LOCK: i64 = 20_261_128;
/// How long the connections of a server that has just been stopped may take to leave.
const LEAVING: Duration = Duration::from_secs(2);
/// How long the database may work on one statement of an import; the longest looks at a whole table.
const STATEMENT_LIMIT: &str = "600000";

/// The tables that hold no more than the demo business after a first start, with the column that names it.
const FURNITURE: [(&str, &str); 5] = [
    // In an order in which they can be emptied.
    ("resource_seats", "business_id"),
    ("resources", "business_id"),
    ("services", "business_id"),
    ("catalogue_versions", "business_id"),
    ("businesses", "id"),
];

/// The last row of a table that is copied, and how many of it are.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    pub(super) table: &'static Table,
    pub(super) key: Vec<serde_json::Value>,
    pub(super) rows: u64,
}

/// What the books say when an import opens.
pub(super) enum Books {
    /// Nothing is copied yet.
    Begun,
    /// An earlier run came so far.
    GoesOn(Cursor),
    /// Everything was copied, and compared.
    Finished(Timestamp),
}

/// An open database.
pub(super) struct Target {
    connection: PgConnection,
}

impl Target {
    /// Connects to a database at this version's schema; changes nothing.
    pub(super) async fn look(url: &SecretString, connect_timeout: Duration) -> Result<Self> {
        let condition = checkup::examine(url, connect_timeout).await?;
        if condition.schema != Schema::Current {
            return Err(Error::OldTarget);
        }
        let (connection, _) = connect(url, connect_timeout).await?;
        Ok(Self { connection })
    }

    /// Connects, sees that nobody else is at work there, and brings the schema up to date.
    pub(super) async fn open(url: &SecretString, connect_timeout: Duration) -> Result<Self> {
        checkup::reach(url, connect_timeout).await?;
        let (mut connection, options) = connect(url, connect_timeout).await?;
        refuse_others(&mut connection).await?;
        postgres::migrate(&options, connect_timeout).await?;
        Ok(Self { connection })
    }

    /// Opens the books for this file: begins them in a database that is empty but for `furniture`, the business that
    /// a first start stores, or says how far they are.
    pub(super) async fn begin(
        &mut self,
        identity: Identity,
        furniture: &BusinessId,
        now: Timestamp,
    ) -> Result<Books> {
        let books = sqlx::query(
            "SELECT source, batch, at_table, after_key, table_rows, finished_at FROM imports ORDER BY began_at LIMIT 1",
        )
        .fetch_optional(&mut self.connection)
        .await
        .map_err(store::Error::from)?;
        let Some(books) = books else {
            return self.begin_anew(identity, furniture, now).await;
        };
        let read = || -> Result<_, sqlx::Error> {
            Ok((
                books.try_get::<Uuid, _>("source")?,
                books.try_get::<i64, _>("batch")?,
                books.try_get::<Option<String>, _>("at_table")?,
                books.try_get::<Option<String>, _>("after_key")?,
                books.try_get::<i64, _>("table_rows")?,
                books.try_get::<Option<jiff_sqlx::Timestamp>, _>("finished_at")?,
            ))
        };
        let (source, batch, at_table, after_key, rows, finished_at) = read().map_err(store::Error::from)?;
        if source != identity.source {
            return Err(Error::OtherSource);
        }
        if batch != identity.batch {
            return Err(Error::Changed);
        }
        if let Some(at) = finished_at {
            return Ok(Books::Finished(at.to_jiff()));
        }
        let (Some(at_table), Some(after_key)) = (at_table, after_key) else {
            return Ok(Books::Begun);
        };
        let table = named(&at_table).ok_or(Error::Progress("imports"))?;
        let key = serde_json::from_str(&after_key).map_err(|_| Error::Progress(table.name))?;
        Ok(Books::GoesOn(Cursor {
            table,
            key,
            rows: rows.unsigned_abs(),
        }))
    }

    async fn begin_anew(
        &mut self,
        identity: Identity,
        furniture: &BusinessId,
        now: Timestamp,
    ) -> Result<Books> {
        let mut transaction = self.connection.begin().await.map_err(store::Error::from)?;
        for table in &TABLES {
            let business = FURNITURE.iter().find(|(name, _)| *name == table.name);
            let occupied: bool = match business {
                Some((_, column)) => {
                    sqlx::query_scalar(statements::has_others(table, column))
                        .bind(furniture.as_str())
                        .fetch_one(&mut *transaction)
                        .await
                }
                None => {
                    sqlx::query_scalar(statements::has_any(table))
                        .fetch_one(&mut *transaction)
                        .await
                }
            }
            .map_err(store::Error::from)?;
            if occupied {
                return Err(Error::NotEmpty(table.name));
            }
        }
        // Somebody's own catalogue is no furniture.
        let edited: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM catalogue_versions WHERE version > 1)")
                .fetch_one(&mut *transaction)
                .await
                .map_err(store::Error::from)?;
        if edited {
            return Err(Error::NotEmpty("catalogue_versions"));
        }
        for (name, column) in FURNITURE {
            let table = named(name).ok_or(Error::Progress("imports"))?;
            sqlx::query(statements::remove(table, column))
                .bind(furniture.as_str())
                .execute(&mut *transaction)
                .await
                .map_err(store::Error::from)?;
        }
        sqlx::query("INSERT INTO imports (source, batch, began_at) VALUES ($1, $2, $3)")
            .bind(identity.source)
            .bind(identity.batch)
            .bind(as_stored(now).to_sqlx())
            .execute(&mut *transaction)
            .await
            .map_err(store::Error::from)?;
        transaction.commit().await.map_err(store::Error::from)?;
        Ok(Books::Begun)
    }

    /// Writes a batch together with the books.
    pub(super) async fn write(&mut self, identity: Identity, cursor: &Cursor, rows: &[Row]) -> Result<()> {
        let error = match self
            .try_to_write(Some((identity, cursor)), cursor.table, rows)
            .await
        {
            Ok(()) => return Ok(()),
            Err(error) => store::Error::from(error),
        };
        if may_pass(&error) {
            return Err(error.into());
        }
        // The data is at fault: the shortest beginning of the batch that is refused ends with the row to be named.
        let (mut taken, mut refused) = (0, rows.len());
        while refused - taken > 1 {
            let middle = usize::midpoint(taken, refused);
            let tried = self.try_to_write(None, cursor.table, &rows[..middle]).await;
            match tried.map_err(store::Error::from) {
                Ok(()) => taken = middle,
                Err(error) if may_pass(&error) => return Err(error.into()),
                Err(_) => refused = middle,
            }
        }
        Err(Error::Refused {
            table: cursor.table.name,
            row: rows
                .get(refused.saturating_sub(1))
                .map(|row| values::name_of(cursor.table, row))
                .unwrap_or_default(),
            problem: match &error {
                // Without its detail, which repeats what stands in the row.
                store::Error::Rejected(sqlx::Error::Database(error)) => error.message().to_owned(),
                error => error.to_string(),
            },
        })
    }

    /// Writes rows and books in one transaction; rows alone are only tried, and taken back.
    async fn try_to_write(
        &mut self,
        books: Option<(Identity, &Cursor)>,
        table: &Table,
        rows: &[Row],
    ) -> Result<(), sqlx::Error> {
        let mut transaction = self.connection.begin().await?;
        let written = values::bind(table, rows, sqlx::query(statements::insert(table)))
            .execute(&mut *transaction)
            .await;
        let Some((identity, cursor)) = books else {
            transaction.rollback().await?;
            return written.map(|_| ());
        };
        if let Err(error) = written {
            // A connection that broke cannot be told so; its transaction ends with it.
            let _ = transaction.rollback().await;
            return Err(error);
        }
        sqlx::query("UPDATE imports SET at_table = $2, after_key = $3, table_rows = $4 WHERE source = $1")
            .bind(identity.source)
            .bind(cursor.table.name)
            .bind(serde_json::Value::from(cursor.key.clone()).to_string())
            .bind(store::rows::signed(cursor.rows))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }

    /// New rows are numbered after the last number that the file has ever given out.
    pub(super) async fn number_on(&mut self, table: &Table, column: &str, last: i64) -> Result<()> {
        sqlx::query(statements::number_on(table, column))
            .bind(last)
            .execute(&mut self.connection)
            .await
            .map_err(store::Error::from)?;
        Ok(())
    }

    /// Has the planner look at what is there now.
    pub(super) async fn analyze(&mut self, table: &Table) -> Result<()> {
        sqlx::query(statements::analyze(table))
            .execute(&mut self.connection)
            .await
            .map_err(store::Error::from)?;
        Ok(())
    }

    /// Closes the books: from now on a server may open the database.
    pub(super) async fn finish(&mut self, identity: Identity, now: Timestamp) -> Result<()> {
        sqlx::query("UPDATE imports SET finished_at = $2 WHERE source = $1")
            .bind(identity.source)
            .bind(as_stored(now).to_sqlx())
            .execute(&mut self.connection)
            .await
            .map_err(store::Error::from)?;
        Ok(())
    }

    /// The number of rows, then a sum over each column.
    pub(super) async fn sums(&mut self, table: &Table) -> Result<Vec<i64>> {
        let row = sqlx::query(statements::postgres_sums(table))
            .fetch_one(&mut self.connection)
            .await
            .map_err(store::Error::from)?;
        let sums = (0..row.len())
            .map(|at| row.try_get(at))
            .collect::<Result<_, sqlx::Error>>();
        Ok(sums.map_err(store::Error::from)?)
    }

    /// The rows in which a column holds an id.
    pub(super) async fn rows_of(&mut self, table: &Table, column: &str, id: Uuid) -> Result<Vec<Row>> {
        let rows = sqlx::query(statements::postgres_rows_of(table, column))
            .bind(id)
            .fetch_all(&mut self.connection)
            .await
            .map_err(store::Error::from)?;
        let rows = rows
            .iter()
            .map(|row| values::of_postgres(table, row))
            .collect::<Result<_, _>>();
        Ok(rows?)
    }
}

async fn connect(url: &SecretString, connect_timeout: Duration) -> Result<(PgConnection, PgConnectOptions)> {
    let options = postgres::Options {
        connect_timeout,
        ..postgres::Options::of(url.clone())
    };
    let options = postgres::common(&options)?
        // Not the name by which servers are told.
        .application_name("frontdesk import")
        .options([("statement_timeout", STATEMENT_LIMIT)]);
    let connection = store::opening::in_time(connect_timeout, options.connect())
        .await
        .map_err(store::Error::from)?;
    Ok((connection, options))
}

/// One import at a time, and no server, which would not see what is copied beneath it. (One that starts later finds the
/// books open, and refuses.) Whoever was just killed or stopped may take a moment to leave.
async fn refuse_others(connection: &mut PgConnection) -> Result<()> {
    let deadline = Instant::now() + LEAVING;
    loop {
        let (alone, served): (bool, bool) = sqlx::query_as(
            "SELECT pg_try_advisory_lock($1), EXISTS (
                 SELECT 1 FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'frontdesk')",
        )
        .bind(LOCK)
        .fetch_one(&mut *connection)
        .await
        .map_err(store::Error::from)?;
        match (alone, served) {
            (true, false) => return Ok(()),
            _ if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(20)).await,
            (false, _) => return Err(Error::Busy),
            (true, true) => return Err(Error::Served),
        }
    }
}
