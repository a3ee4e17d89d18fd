//! Opening a database: where it is, how its file is treated, and the order of the steps.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::{mpsc, watch};

use super::SqliteStore;
use super::lock::FileLock;
use super::writer::Writer;
use crate::store::{Error, Result, migrations};
use crate::telemetry::metrics;

/// Writes that may wait for the writer; one more waits for a place, with a limit.
const QUEUE_MAX: usize = 1024;

/// How to open a store.
#[derive(Debug, Clone)]
pub struct Options {
    /// `sqlite://path`, `sqlite:path`, a bare path, or `sqlite::memory:` for a file that leaves with the store.
    pub url: String,
    /// Connections that only read.
    pub readers: u32,
}

impl Options {
    /// The database at `url`, with the usual number of readers.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
        }
    }

    /// The database in a file.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::new(path.as_ref().to_string_lossy())
    }
}

/// A folder that leaves with the store; stands in for memory, where readers could not see the writer's work.
#[derive(Debug)]
pub(super) struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let base = std::env::temp_dir();
        loop {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let folder = base.join(format!("frontdesk-{}-{number}", std::process::id()));
            match std::fs::create_dir(&folder) {
                Ok(()) => return Ok(Self(folder)),
                // Left behind by a killed process that had the same number.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Error::Open(format!(
                        "cannot create {}: {error}",
                        folder.display()
                    )));
                }
            }
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nobody needs it any more; what cannot be removed is the temporary folder's business.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn file_of(url: &str) -> Result<(PathBuf, Option<Temporary>)> {
    let path = url
        .strip_prefix("sqlite://")
        .or_else(|| url.strip_prefix("sqlite:"))
        .unwrap_or(url);
    if path == ":memory:" {
        let folder = Temporary::new()?;
        return Ok((folder.0.join("frontdesk.db"), Some(folder)));
    }
    if path.is_empty() || url.contains("://") && !url.starts_with("sqlite://") {
        return Err(Error::Open(format!(
            "\"{url}\" names no SQLite file; write for example sqlite://frontdesk.db"
        )));
    }
    Ok((PathBuf::from(path), None))
}

/// Makes the file of a new database readable for nobody but its owner: it holds what customers wrote. SQLite gives
/// `-wal` and `-shm` the permissions of their database; an existing file keeps those that somebody gave it.
fn create(path: &Path) -> std::io::Result<()> {
    let mut new = std::fs::File::options();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    match new.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// What every connection has in common.
pub(in crate::store) fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        // Only a backup tool or a person with `sqlite3` can be in the way.
        .busy_timeout(Duration::from_secs(2))
        // Every statement is static, so that each is prepared once per connection.
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

pub(super) async fn open(options: &Options) -> Result<SqliteStore> {
    let (path, temporary) = file_of(&options.url)?;
    // First of all: two processes must not migrate at once either.
    let lock = FileLock::of(&path).await?;
    let cannot_open = |error: sqlx::Error| Error::Open(format!("cannot open {}: {error}", path.display()));
    create(&path).map_err(|error| cannot_open(error.into()))?;

    let writing = common(&path)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: a commit is on the disk before anybody hears of it. NORMAL would lose the last ones in a power cut.
        .synchronous(SqliteSynchronous::Full)
        // Fewer, larger checkpoints: a page that many batches touch is moved once.
        .pragma("wal_autocheckpoint", "8000")
        .pragma("journal_size_limit", "67108864")
        .pragma("cache_size", "-32768")
        // Keeps the journals of statements in memory too: a statement that writes many rows saves each page that it
        // touches, and past 64 KB that would be a file. Halves the system calls of a batch.
        .pragma("temp_store", "MEMORY");

    let migrating = SqlitePoolOptions::new()
        .max_connections(1)
        .connect_with(writing.clone())
        .await
        .map_err(cannot_open)?;
    // The file's lock is held, so that nobody else migrates. A pool, because a future that migrates a bare connection is
    // not `Send`.
    migrations::migrator(&migrations::SQLITE).run(&migrating).await?;
    migrating.close().await;

    let (alive, ended) = watch::channel(());
    let (queue, jobs) = mpsc::channel(QUEUE_MAX);
    let writer = Writer::connect(writing, lock, jobs, alive)
        .await
        .map_err(cannot_open)?;
    let readers: SqlitePool = SqlitePoolOptions::new()
        .min_connections(0)
        .max_connections(options.readers.max(1))
        .acquire_timeout(Duration::from_secs(10))
        // The file is local: asking each connection whether it lives costs more than the reads themselves.
        .test_before_acquire(false)
        // Whoever takes one of them asks something: the first time that it is lent, and each time after that.
        .after_connect(|_, _| {
            metrics::store_read();
            Box::pin(std::future::ready(Ok(())))
        })
        .before_acquire(|_, _| {
            metrics::store_read();
            Box::pin(std::future::ready(Ok(true)))
        })
        .connect_lazy_with(common(&path).read_only(true));

    #[cfg(test)]
    let lose_commit_answers = std::sync::Arc::clone(&writer.lose_commit_answers);
    tokio::spawn(writer.run());
    Ok(SqliteStore {
        queue: std::sync::Mutex::new(Some(queue)),
        readers,
        ended,
        _temporary: temporary,
        #[cfg(test)]
        lose_commit_answers,
    })
}
