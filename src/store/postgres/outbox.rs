//! outbox.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::transaction::{Ending, Operation};
use crate::store::*;
use crate::types::*;
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}
#[async_trait]
impl Operation for Claim {
    type Output = Vec<OutboxRow>;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<Vec<OutboxRow>>> {
        Err(Error::Closed("not written yet"))
    }
}
pub(super) struct Settle {
    pub(super) settled: Vec<(uuid::Uuid, Settlement)>,
}
#[async_trait]
impl Operation for Settle {
    type Output = ();
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<()>> {
        Err(Error::Closed("not written yet"))
    }
}
