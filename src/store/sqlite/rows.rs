//! Values as SQLite stores them: times as microseconds since 1970, ids as 16 bytes.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::store::rows::Stored;
pub(super) use crate::store::rows::signed;
use crate::store::{Result, rows};

/// A row that knows its table.
pub(super) type Cells<'r> = rows::Cells<'r, SqliteRow>;

/// A time as stored.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// An id as stored.
pub(super) fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// An id as it stands in JSON, from which `unhex` makes what is stored.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// JSON of our own types.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    Ok(rows::json(value)?)
}

impl Stored for SqliteRow {
    fn id(&self, column: &str) -> Result<Option<Uuid>, sqlx::Error> {
        let bytes: Option<&[u8]> = self.try_get(column)?;
        bytes
            .map(|bytes| Uuid::from_slice(bytes).map_err(|error| sqlx::Error::Decode(error.into())))
            .transpose()
    }

    fn time(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        let stored: Option<i64> = self.try_get(column)?;
        stored
            .map(|stored| {
                Timestamp::from_microsecond(stored).map_err(|error| sqlx::Error::Decode(error.into()))
            })
            .transpose()
    }

    fn name(&self, key: &str) -> String {
        self.try_get_unchecked::<Vec<u8>, _>(key)
            .map(|bytes| match Uuid::from_slice(&bytes) {
                Ok(id) => id.to_string(),
                Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
            })
            .unwrap_or_default()
    }
}
