//! Between rows and values: times as microseconds since 1970, ids as 16 bytes, and errors that name the cell.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row as _, Sqlite, Type};
use uuid::Uuid;

use crate::store::{Error, Result};

/// A time as stored.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// The time that a stored one comes back as: what is finer than a microsecond is cut off.
pub(super) fn as_stored(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(micros(time)).unwrap_or(time)
}

/// A count as stored. Counts above 2^63 do not occur.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An id as stored.
pub(super) fn blob(id: Uuid) -> Vec<u8> {
    id.as_bytes().to_vec()
}

/// An id as it stands in JSON, from which `unhex` makes what is stored.
pub(super) fn hex(id: Uuid) -> String {
    id.simple().to_string()
}

/// JSON of something that has no reason to fail: our own types, without maps of odd keys.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Rejected(sqlx::Error::Encode(error.into())))
}

/// A row that knows its table, so that a cell which cannot be read is named.
pub(super) struct Cells<'r> {
    row: &'r SqliteRow,
    table: &'static str,
    key: &'static str,
}

impl<'r> Cells<'r> {
    /// Reads `row` of `table`, whose rows are told apart by the column `key`.
    pub(super) const fn new(row: &'r SqliteRow, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// The error for a cell that cannot be read.
    pub(super) fn corrupt(&self, column: &'static str, problem: &impl ToString) -> Error {
        let id = self
            .row
            .try_get_unchecked::<Vec<u8>, _>(self.key)
            .map(|bytes| match Uuid::from_slice(&bytes) {
                Ok(id) => id.to_string(),
                Err(_) => String::from_utf8_lossy(&bytes).into_owned(),
            })
            .unwrap_or_default();
        Error::Corrupt {
            table: self.table,
            column,
            id,
            problem: problem.to_string(),
        }
    }

    pub(super) fn get<T: Decode<'r, Sqlite> + Type<Sqlite>>(&self, column: &'static str) -> Result<T> {
        self.row.try_get(column).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn id(&self, column: &'static str) -> Result<Uuid> {
        let bytes: &[u8] = self.get(column)?;
        Uuid::from_slice(bytes).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn id_if_any(&self, column: &'static str) -> Result<Option<Uuid>> {
        let bytes: Option<&[u8]> = self.get(column)?;
        bytes
            .map(|bytes| Uuid::from_slice(bytes).map_err(|e| self.corrupt(column, &e)))
            .transpose()
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        let stored: i64 = self.get(column)?;
        Timestamp::from_microsecond(stored).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn time_if_any(&self, column: &'static str) -> Result<Option<Timestamp>> {
        let stored: Option<i64> = self.get(column)?;
        stored
            .map(|stored| Timestamp::from_microsecond(stored).map_err(|e| self.corrupt(column, &e)))
            .transpose()
    }

    pub(super) fn number<T: TryFrom<i64, Error: ToString>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.get(column)?).map_err(|e| self.corrupt(column, &e))
    }

    /// A name or another text with a form of its own.
    pub(super) fn parsed<T: std::str::FromStr<Err: ToString>>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        text.parse().map_err(|e: T::Err| self.corrupt(column, &e))
    }

    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        serde_json::from_str(text).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn json_if_any<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| serde_json::from_str(text).map_err(|e| self.corrupt(column, &e)))
            .transpose()
    }

    /// A value of a closed set, stored as its name.
    pub(super) fn one_of<T>(&self, column: &'static str, parse: fn(&str) -> Option<T>) -> Result<T> {
        let text: &str = self.get(column)?;
        parse(text).ok_or_else(|| self.corrupt(column, &format!("\"{text}\" is unknown")))
    }
}
