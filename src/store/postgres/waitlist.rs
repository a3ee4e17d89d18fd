//! waitlist.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::transaction::{Ending, Operation};
use crate::dialogue::outcome::WaitlistEntry;
use crate::store::*;
use crate::types::*;
pub(super) async fn waiting(_: &PgPool, _: &BusinessId, _: u32) -> Result<Vec<(Pair, WaitlistEntry)>> {
    Err(Error::Closed("not written yet"))
}
pub(super) async fn offers_run_out(_: &PgPool, _: Timestamp, _: u32) -> Result<Vec<Pair>> {
    Err(Error::Closed("not written yet"))
}
