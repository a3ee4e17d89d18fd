//! Values as PostgreSQL stores them.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::store::rows::{self, Stored};
pub(super) use crate::store::rows::{json, signed};

/// A row that knows its table.
pub(super) type Cells<'r> = rows::Cells<'r, PgRow>;

impl Stored for PgRow {
    fn id(&self, column: &str) -> Result<Option<Uuid>, sqlx::Error> {
        self.try_get(column)
    }

    fn time(&self, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
        let stored: Option<jiff_sqlx::Timestamp> = self.try_get(column)?;
        Ok(stored.map(jiff_sqlx::Timestamp::to_jiff))
    }

    fn name(&self, key: &str) -> String {
        match self.try_get::<Option<Uuid>, _>(key) {
            Ok(id) => id.map(|id| id.to_string()).unwrap_or_default(),
            Err(_) => self.try_get(key).unwrap_or_default(),
        }
    }
}
