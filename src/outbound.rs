//! From the outbox to the channels: replies leave here, and only after their turn is committed.

use async_trait::async_trait;

use crate::store::OutboxRow;
use crate::types::Channel;

/// Delivers replies through one channel.
#[async_trait]
pub trait Sender: Send + Sync + 'static {
    /// The channel that it serves.
    fn channel(&self) -> Channel;
    /// Hands one reply over. The row's id is the idempotency key: a second call with the same id must not make a
    /// second message.
    async fn send(&self, row: &OutboxRow) -> Sent;
}

/// What became of a reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// The channel has it.
    Delivered,
    /// Not now; it is worth trying again.
    Later,
    /// Never: the channel refuses it, with its reason.
    Refused(String),
}
