//! From the outbox to the channels: replies leave here, and only after their turn is committed.
//!
//! The outbox in the store is the queue; nothing owed lives only in memory. [`Dispatcher`] claims rows under a
//! lease, hands them to the channel's [`Sender`], and records what became of them. A process that dies between
//! sending and recording sends again under the same id (I4), which is why a sender's first duty is to make the
//! second call with the same id harmless.
//!
//! - [`hub`]: who listens live, per conversation.
//! - [`web`]: the web chat's sender, which is the hub.
//! - [`dispatcher`]: claim, send, settle.

pub mod dispatcher;
pub mod hub;
pub mod web;

pub use dispatcher::{Dispatcher, Waker};
pub use hub::{Event, Hub};
pub use web::WebSender;

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
