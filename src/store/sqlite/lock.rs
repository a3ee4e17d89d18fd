//! One process per database file.
//!
//! A second process would be correct, because the version in the database is the fence, but both would run actors
//! for the same conversations and pay for each other's work. The lock is the operating system's, so that a killed
//! process leaves none behind.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::store::{Error, Result};

/// How long a starting process waits for the one that is just leaving.
const WAIT: Duration = Duration::from_secs(2);

/// Held until dropped.
#[derive(Debug)]
pub(in crate::store) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Locks the file beside the database.
    pub(in crate::store) async fn of(database: &Path) -> Result<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|error| Error::Open(format!("cannot open {}: {error}", path.display())))?;
        let deadline = tokio::time::Instant::now() + WAIT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::Open(format!(
                        "{} is in use by another frontdesk process (it holds {}); stop that one, or set DATABASE_URL \
                         to another file",
                        database.display(),
                        path.display()
                    )));
                }
                Err(TryLockError::Error(error)) => {
                    return Err(Error::Open(format!("cannot lock {}: {error}", path.display())));
                }
            }
        }
    }
}
