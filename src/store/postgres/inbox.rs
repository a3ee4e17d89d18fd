//! inbox.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::rows::Cells;
use super::transaction::{Ending, Operation};
use crate::store::*;
use crate::types::*;
pub(super) struct ClaimUnfinished {
    pub(super) before: Timestamp,
    pub(super) limit: u32,
}
#[async_trait]
impl Operation for ClaimUnfinished {
    type Output = Unfinished;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<Unfinished>> {
        Err(Error::Closed("not written yet"))
    }
}
pub(super) async fn receipt(_: &PgPool, _: &MessageKey) -> Result<Option<Receipt>> {
    Err(Error::Closed("not written yet"))
}
pub(super) fn read(_: &Cells<'_>) -> Result<Inbound> {
    Err(Error::Closed("not written yet"))
}
