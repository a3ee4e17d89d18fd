//! Holds the program still at a write, from outside of it: the database makes it wait.
//!
//! In PostgreSQL a trigger of the test waits for an advisory lock at the end of the transaction, so that the very write
//! that is meant is neither done nor undone until the test says so. SQLite's triggers cannot wait; there the test takes
//! the only write lock, or has a trigger leave a write out.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, SqliteConnection,
};

use crate::process::eventually;

/// A write of the program that a test can hold up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    /// A message is put into the inbox.
    Message,
    /// A turn is committed.
    Turn,
    /// A reply is claimed.
    Claim,
    /// A reply is marked as sent.
    Sent,
    /// A receipt moves a delivery forward.
    Receipt,
}

impl Write {
    /// The event, and which rows of it are meant.
    const fn event(self) -> (&'static str, &'static str) {
        match self {
            Self::Message => ("INSERT ON inbox", ""),
            Self::Turn => ("INSERT ON turns", ""),
            Self::Claim => ("UPDATE ON outbox", "WHEN (NEW.state = 1)"),
            Self::Sent => ("UPDATE ON outbox", "WHEN (NEW.state = 2)"),
            Self::Receipt => ("UPDATE ON deliveries", ""),
        }
    }

    const fn table(self) -> &'static str {
        match self {
            Self::Message => "inbox",
            Self::Turn => "turns",
            Self::Claim | Self::Sent => "outbox",
            Self::Receipt => "deliveries",
        }
    }
}

/// Whoever waits for the lock of a brake in this database.
const WAITING: &str = "
    SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted";

/// Holds up one kind of write in PostgreSQL.
pub(crate) struct Brake {
    connection: PgConnection,
    write: Write,
    /// The backends that wait.
    met: Vec<i32>,
}

impl Brake {
    /// From now on whoever makes this write waits before it is committed.
    pub(crate) async fn on(url: &str, write: Write) -> Self {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let (event, rows) = write.event();
        let trigger = format!(
            "CREATE OR REPLACE FUNCTION test_brake() RETURNS trigger LANGUAGE plpgsql
                 AS $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;
             CREATE CONSTRAINT TRIGGER test_brake AFTER {event} DEFERRABLE INITIALLY DEFERRED
                 FOR EACH ROW {rows} EXECUTE FUNCTION test_brake();
             SELECT pg_advisory_lock(1);"
        );
        connection.execute(AssertSqlSafe(trigger)).await.unwrap();
        Self {
            connection,
            write,
            met: Vec::new(),
        }
    }

    /// Waits until somebody is held up.
    pub(crate) async fn is_met(&mut self) {
        let connection = tokio::sync::Mutex::new(&mut self.connection);
        self.met = eventually("a write that is held up", || async {
            let waiting: Vec<i32> = sqlx::query_scalar(WAITING)
                .fetch_all(&mut **connection.lock().await)
                .await
                .unwrap();
            (!waiting.is_empty()).then_some(waiting)
        })
        .await;
    }

    /// The write is undone, whoever asked for it.
    pub(crate) async fn undo(mut self) {
        sqlx::query("SELECT pg_terminate_backend(pid) FROM unnest($1) AS met (pid)")
            .bind(&self.met)
            .execute(&mut self.connection)
            .await
            .unwrap();
        self.is_left().await;
        self.release().await;
    }

    /// The write is done, whether or not anybody is there to hear of it.
    pub(crate) async fn let_go(mut self) {
        let freed = "SELECT pg_advisory_unlock(1)";
        self.connection.execute(freed).await.unwrap();
        self.is_left().await;
        self.release().await;
    }

    /// Waits until nobody who was held up is at work any more.
    async fn is_left(&mut self) {
        let (connection, met) = (tokio::sync::Mutex::new(&mut self.connection), &self.met);
        eventually("the end of a write", || async {
            let busy: i64 = sqlx::query_scalar(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = ANY ($1) AND state = 'active'",
            )
            .bind(met)
            .fetch_one(&mut **connection.lock().await)
            .await
            .unwrap();
            (busy == 0).then_some(())
        })
        .await;
    }

    async fn release(mut self) {
        let drop = format!(
            "SELECT pg_advisory_unlock_all(); DROP TRIGGER test_brake ON {}",
            self.write.table()
        );
        self.connection.execute(AssertSqlSafe(drop)).await.unwrap();
        self.connection.close().await.unwrap();
    }
}

async fn sqlite(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file);
    options.connect().await.unwrap()
}

/// The write lock of an SQLite file: nobody else writes anything until it is dropped.
pub(crate) struct WriteLock(SqliteConnection);

impl WriteLock {
    pub(crate) async fn of(file: &Path) -> Self {
        let mut connection = sqlite(file).await;
        connection.execute("BEGIN IMMEDIATE").await.unwrap();
        Self(connection)
    }

    pub(crate) async fn release(mut self) {
        self.0.execute("ROLLBACK").await.unwrap();
        self.0.close().await.unwrap();
    }
}

/// No reply of an SQLite file is claimed until [`claims_again`].
pub(crate) async fn claims_nothing(file: &Path) {
    let trigger = "CREATE TRIGGER test_brake BEFORE UPDATE ON outbox WHEN NEW.state = 1
                   BEGIN SELECT RAISE(IGNORE); END";
    sqlite(file).await.execute(trigger).await.unwrap();
}

pub(crate) async fn claims_again(file: &Path) {
    sqlite(file)
        .await
        .execute("DROP TRIGGER test_brake")
        .await
        .unwrap();
}
