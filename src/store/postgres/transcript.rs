//! transcript.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::transaction::{Ending, Operation};
use crate::store::*;
use crate::types::*;
pub(super) async fn page(
    _: &PgPool,
    _: ConversationId,
    _: Option<u64>,
    _: u32,
) -> Result<Vec<TranscriptEntry>> {
    Err(Error::Closed("not written yet"))
}
pub(super) async fn sessions(_: &PgPool, _: ConversationId, _: u32) -> Result<Vec<Session>> {
    Err(Error::Closed("not written yet"))
}
pub(super) struct CloseSessions {
    pub(super) idle_since: Timestamp,
    pub(super) now: Timestamp,
}
#[async_trait]
impl Operation for CloseSessions {
    type Output = u64;
    async fn run(&self, _: &mut PgConnection) -> Result<Ending<u64>> {
        Err(Error::Closed("not written yet"))
    }
}
