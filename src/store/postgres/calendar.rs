//! calendar.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::transaction::{Ending, Operation};
use crate::store::*;
use crate::types::*;
pub(super) async fn changes(_: &PgPool, _: &BusinessId, _: u64, _: Timestamp) -> Result<CalendarChanges> {
    Err(Error::Closed("not written yet"))
}
