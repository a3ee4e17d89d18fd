//! Between rows and values, for both databases: errors that name the cell.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::{Decode, Row, Type};
use uuid::Uuid;

use super::{Error, Result};

/// A count as stored. Counts above 2^63 do not occur.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// JSON of something that has no reason to fail: our own types, without maps of odd keys.
pub(super) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// What each database stores in a way of its own.
pub(super) trait Stored: Row {
    /// An id, or nothing.
    fn id(&self, column: &str) -> Result<Option<Uuid>, sqlx::Error>;
    /// A time, or nothing.
    fn time(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error>;
    /// What tells the row apart, for a message.
    fn name(&self, key: &str) -> String;
}

/// A row that knows its table, so that a cell which cannot be read is named.
pub(super) struct Cells<'r, R> {
    row: &'r R,
    table: &'static str,
    key: &'static str,
}

impl<'r, R: Stored> Cells<'r, R>
where
    &'static str: sqlx::ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    &'r str: Decode<'r, R::Database> + Type<R::Database>,
{
    /// Reads `row` of `table`, whose rows are told apart by the column `key`.
    pub(super) const fn new(row: &'r R, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    /// The error for a cell that cannot be read.
    pub(super) fn corrupt(&self, column: &'static str, problem: &impl ToString) -> Error {
        Error::Corrupt {
            table: self.table,
            column,
            id: self.row.name(self.key),
            problem: problem.to_string(),
        }
    }

    fn there<T>(&self, column: &'static str, value: Result<Option<T>, sqlx::Error>) -> Result<T> {
        value
            .map_err(|e| self.corrupt(column, &e))?
            .ok_or_else(|| self.corrupt(column, &"nothing is there"))
    }

    pub(super) fn get<T: Decode<'r, R::Database> + Type<R::Database>>(
        &self,
        column: &'static str,
    ) -> Result<T> {
        self.row.try_get(column).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn id(&self, column: &'static str) -> Result<Uuid> {
        self.there(column, self.row.id(column))
    }

    pub(super) fn id_if_any(&self, column: &'static str) -> Result<Option<Uuid>> {
        self.row.id(column).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp> {
        self.there(column, self.row.time(column))
    }

    pub(super) fn time_if_any(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.row.time(column).map_err(|e| self.corrupt(column, &e))
    }

    pub(super) fn number<T: TryFrom<i64, Error: ToString>>(&self, column: &'static str) -> Result<T> {
        T::try_from(self.get::<i64>(column)?).map_err(|e| self.corrupt(column, &e))
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

    pub(super) fn json_if_any<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>>
    where
        Option<&'r str>: Decode<'r, R::Database> + Type<R::Database>,
    {
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
