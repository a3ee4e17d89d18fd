//! Opening a database: how it is reached, brought up to date, and which tasks write to it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Row as _};
use tokio::sync::{mpsc, watch};

use super::arrivals::Accepting;
use super::handover::Handover;
use super::holds::Holding;
use super::link::Link;
use super::readers::{Read as _, Readers};
use super::shifts::Shifts;
use super::turns::Committing;
use super::{PostgresStore, Queues, lane, transaction};
use crate::store::{Error, Result, migrations};

/// Jobs that may wait in a queue; one more waits for a place, with a limit.
const QUEUE_MAX: usize = 1024;
/// Connections for what takes several statements, in no order.
const OPERATIONS: usize = 2;
/// Connections for what the lanes hand over, each in order.
const CAREFUL: usize = 2;

/// How to reach a database.
#[derive(Clone)]
pub struct Options {
    /// `postgres://user:password@host:port/name?sslmode=…`. The password stays secret.
    pub url: SecretString,
    /// Connections that only read.
    pub readers: u32,
    /// Connections that commit turns.
    pub committers: u32,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
    /// How long a read waits for a connection.
    pub acquire_timeout: Duration,
    /// How long the database works on a statement before it gives up.
    pub statement_timeout: Duration,
    /// How long the database waits for a lock before it gives up.
    pub lock_timeout: Duration,
}

impl Options {
    /// The database at `url`, with the usual numbers.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self::of(SecretString::from(url.into()))
    }

    pub(in crate::store) fn of(url: SecretString) -> Self {
        Self {
            url,
            readers: 8,
            committers: 2,
            connect_timeout: Duration::from_secs(5),
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
        }
    }
}

/// What every connection has in common.
pub(in crate::store) fn common(options: &Options) -> Result<PgConnectOptions> {
    let url: PgConnectOptions = options
        .url
        .expose_secret()
        .parse()
        // The error could repeat the password.
        .map_err(|_| Error::Open("the URL of the database cannot be read (DATABASE_URL)".to_owned()))?;
    Ok(url
        .application_name("frontdesk")
        .options([
            ("statement_timeout", millis(options.statement_timeout)),
            ("lock_timeout", millis(options.lock_timeout)),
            // Only a task that hangs between two statements can be in the way of others.
            ("idle_in_transaction_session_timeout", "5000".to_owned()),
        ])
        // Every statement is static, so that each is prepared once per connection.
        .statement_cache_capacity(256)
        .disable_statement_logging())
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

/// For connections that write batches. Every lookup is by key; a plan made while the tables were empty would scan
/// them, and stay when they are not.
fn writing(common: PgConnectOptions) -> PgConnectOptions {
    common.options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
    ])
}

pub(super) async fn open(options: &Options) -> Result<PostgresStore> {
    let common = common(options)?;
    let statement_limit = options.statement_timeout + options.lock_timeout + Duration::from_secs(1);
    // Readers never begin a transaction: each read is one statement.
    let pool = PgPoolOptions::new()
        .max_connections(options.readers)
        .acquire_timeout(options.acquire_timeout);
    let readers = Readers::new(pool, common.clone(), statement_limit);
    migrate(&common, options.connect_timeout).await?;
    check_that_it_is_whole(&readers).await?;

    let (alive, ended) = watch::channel(());
    let link = |options: PgConnectOptions| Link::new(options, CONNECT_LIMIT, statement_limit);
    let writing = writing(common.clone());
    let (operations, queue) = mpsc::channel(QUEUE_MAX);
    let queue = Arc::new(tokio::sync::Mutex::new(queue));
    for _ in 0..OPERATIONS {
        let work = transaction::serve(link(common.clone()), queue.clone());
        spawn(work, &alive);
    }
    let mut careful = Vec::with_capacity(CAREFUL);
    for _ in 0..CAREFUL {
        let (sender, queue) = mpsc::channel(QUEUE_MAX);
        careful.push(sender);
        let queue = Arc::new(tokio::sync::Mutex::new(queue));
        spawn(transaction::serve(link(common.clone()), queue), &alive);
    }
    let careful = Handover::new(careful);
    let (turns, queue) = mpsc::channel(QUEUE_MAX);
    let shifts = Shifts::new(queue);
    for _ in 0..options.committers.max(1) {
        let work = lane::serve(Committing, link(writing.clone()), shifts.clone(), careful.clone());
        spawn(work, &alive);
    }
    let (holds, queue) = mpsc::channel(QUEUE_MAX);
    spawn(
        lane::serve(
            Holding,
            link(writing.clone()),
            Shifts::new(queue),
            careful.clone(),
        ),
        &alive,
    );
    let (arrivals, queue) = mpsc::channel(QUEUE_MAX);
    spawn(
        lane::serve(Accepting, link(writing), Shifts::new(queue), careful),
        &alive,
    );
    transaction::count_from_zero();
    Ok(PostgresStore {
        queues: Mutex::new(Some(Queues {
            turns,
            holds,
            arrivals,
            operations,
        })),
        readers,
        ended,
    })
}

/// How long a writing task waits for a connection; it tries again.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Runs a task that nobody cancels; whoever closes the store waits for its end.
fn spawn(work: impl Future<Output = ()> + Send + 'static, alive: &watch::Sender<()>) {
    let alive = alive.clone();
    tokio::spawn(async move {
        work.await;
        drop(alive);
    });
}

/// Brings the database to this version's schema. Several processes may start at once: sqlx takes an advisory lock.
pub(in crate::store) async fn migrate(options: &PgConnectOptions, limit: Duration) -> Result<()> {
    // A migration may take longer than any statement of a running service.
    let options = options
        .clone()
        .options([("statement_timeout", "0"), ("lock_timeout", "60000")]);
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(limit)
        .connect_with(options)
        .await?;
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&pool)
        .await?;
    if version < SERVER_MIN {
        return Err(Error::Open(format!(
            "the database is PostgreSQL {}; frontdesk needs 15 or later",
            version / 10_000
        )));
    }
    migrations::migrator(&migrations::POSTGRES).run(&pool).await?;
    transaction::forget_writers(&pool).await?;
    pool.close().await;
    Ok(())
}

/// Half an installation must not be served: what is copied later would meet what was written meanwhile.
async fn check_that_it_is_whole(readers: &Readers) -> Result<()> {
    let unfinished = sqlx::query("SELECT EXISTS (SELECT 1 FROM imports WHERE finished_at IS NULL)")
        .read_one(readers)
        .await?;
    if unfinished.try_get(0)? {
        return Err(Error::Open(
            "an import into this database was begun and not finished; run `frontdesk import-sqlite FILE` again \
             until it says that all is equal, or use an empty database"
                .to_owned(),
        ));
    }
    Ok(())
}

/// PostgreSQL 15.
const SERVER_MIN: i32 = 150_000;
