//! `[store]`: where the truth is kept.

use std::path::PathBuf;
use std::time::Duration;

pub use super::database::Database;
use super::values::{Values, choice};

/// The settings of the durable store.
#[derive(Debug, Clone)]
pub struct Store {
    /// `DATABASE_URL`, default `sqlite://frontdesk.db`.
    pub database: Database,
    /// Connections that read. Default 4 for SQLite, which has exactly one that writes, and 8 for PostgreSQL.
    pub readers: u32,
    /// Connections of PostgreSQL that commit turns, 1 to 8. Default 2.
    pub committers: u32,
    /// How long making a connection to PostgreSQL may take. Default 5 s.
    pub connect_timeout: Duration,
    /// How long a read waits for one of the connections. Default 2 s.
    pub acquire_timeout: Duration,
    /// How long PostgreSQL works on a statement before it gives up. Default 5 s.
    pub statement_timeout: Duration,
    /// How long PostgreSQL waits for a lock before it gives up; at most the statement's time. Default 2 s.
    pub lock_timeout: Duration,
    /// `FRONTDESK_TRANSCRIPT`, default `with_turn`.
    pub transcript: Transcript,
}

/// When the transcript becomes durable. Context, appointments, inbox and outbox always are with the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transcript {
    /// In the transaction of the turn.
    WithTurn,
    /// Shortly after it, many turns at a time. A process that is killed loses what waits: usually what was said in the
    /// last fraction of a second, and 10,000 rows at most. See [`crate::store::behind`].
    Behind,
}

choice!(Transcript, "with_turn or behind", "with_turn" => Self::WithTurn, "behind" => Self::Behind);

/// The file is on this machine: more connections than processors would only wait for each other.
const SQLITE_READERS: u32 = 4;
/// A read spends most of its time on the way.
const POSTGRES_READERS: u32 = 8;

impl Default for Store {
    fn default() -> Self {
        Self {
            database: Database::Sqlite {
                path: PathBuf::from("frontdesk.db"),
            },
            readers: SQLITE_READERS,
            committers: 2,
            connect_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            transcript: Transcript::WithTurn,
        }
    }
}

impl Store {
    pub(super) fn read(values: &mut Values) -> Self {
        let default = Self::default();
        let database = read_database(values).unwrap_or(default.database);
        let readers = match database {
            Database::Sqlite { .. } => SQLITE_READERS,
            Database::Postgres { .. } => POSTGRES_READERS,
        };
        let store = Self {
            readers: read_number(values, "store.readers", readers, 64),
            committers: read_number(values, "store.committers", default.committers, 8),
            connect_timeout: read_time(values, "store.connect_timeout_ms", default.connect_timeout),
            acquire_timeout: read_time(values, "store.acquire_timeout_ms", default.acquire_timeout),
            statement_timeout: read_time(values, "store.statement_timeout_ms", default.statement_timeout),
            lock_timeout: read_time(values, "store.lock_timeout_ms", default.lock_timeout),
            database,
            transcript: values.take("store.transcript", &["FRONTDESK_TRANSCRIPT"], default.transcript),
        };
        store.validate(values);
        store
    }

    fn validate(&self, values: &mut Values) {
        if self.lock_timeout > self.statement_timeout {
            values.refuse(
                "store.lock_timeout_ms",
                format!(
                    "a statement that waits for a lock would end first; write at most store.statement_timeout_ms, \
                     which is {}",
                    self.statement_timeout.as_millis()
                ),
            );
        }
    }

    /// The file of an embedded database.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&std::path::Path> {
        match &self.database {
            Database::Sqlite { path } => Some(path),
            Database::Postgres { .. } => None,
        }
    }
}

fn read_database(values: &mut Values) -> Option<Database> {
    let text: String = values.take_optional("store.database_url", &["DATABASE_URL"])?;
    let database = Database::parse(&text);
    database
        .map_err(|says| values.refuse("store.database_url", says))
        .ok()
}

fn read_number(values: &mut Values, key: &'static str, default: u32, max: u32) -> u32 {
    let number = values.take(key, &[], u64::from(default));
    values.bound(key, number, 1, u64::from(max));
    u32::try_from(number).unwrap_or(default)
}

/// A wait in milliseconds: long enough to be meant, and short enough to end before anybody has given up on it.
fn read_time(values: &mut Values, key: &'static str, default: Duration) -> Duration {
    let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
    let millis = values.take(key, &[], default);
    values.bound(key, millis, 50, 60_000);
    Duration::from_millis(millis)
}

/// The part of a URL after its scheme without `user:password@` and without a query, which may hold a password too.
pub(super) fn without_credentials(rest: &str) -> &str {
    let rest = rest.split('?').next().unwrap_or_default();
    rest.rsplit_once('@').map_or(rest, |(_, host)| host)
}
