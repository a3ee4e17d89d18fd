//! careful.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::transaction::{Ending, Operation};
use crate::store::rules::Hold;
use crate::store::*;
use crate::types::*;
pub(super) struct Requested {
    pub(super) business: BusinessId,
    pub(super) change: Change,
    pub(super) now: Timestamp,
}
#[async_trait]
impl Operation for Requested {
    type Output = ChangeOutcome;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<ChangeOutcome>> {
        Err(Error::Closed("not written yet"))
    }
}
pub(super) struct Expire {
    pub(super) now: Timestamp,
}
#[async_trait]
impl Operation for Expire {
    type Output = Vec<BusinessId>;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<Vec<BusinessId>>> {
        Err(Error::Closed("not written yet"))
    }
}

#[async_trait]
impl Operation for TurnCommit {
    type Output = CommitOutcome;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<CommitOutcome>> {
        Err(Error::Closed("not written yet"))
    }
}
#[async_trait]
impl Operation for Hold {
    type Output = HoldOutcome;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<HoldOutcome>> {
        Err(Error::Closed("not written yet"))
    }
}
