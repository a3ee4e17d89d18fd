//! From the outbox to the channels: replies leave here, and only after their turn is committed.
//!
//! The outbox in the store is the queue; nothing owed lives only in memory. [`Dispatcher`] claims rows under a
//! lease, hands them to the channel's [`Sender`], and records what became of them. A process that dies between
//! sending and recording sends again under the same id (I4), which is why a sender's first duty is to make the
//! second call with the same id harmless.
//!
//! - [`hub`]: who listens live, per conversation.
//! - [`web`]: the web chat's sender, which is the hub.
//! - [`wire`]: what the code of a channel with accounts does, and the words that it speaks.
//! - [`fetch`]: how each channel is asked for the files that come along with messages.
//! - [`dispatcher`]: claim, send, settle.
//! - [`provider`]: sends through a provider; `exchange` makes its calls, `pace` says when.
//! - [`cut`]: long texts in pieces that a channel takes.
//! - The others are one channel each; `meta` is what three of them have in common.

mod addressed;
#[cfg(test)]
pub(crate) mod committed;
pub mod cut;
pub mod discord;
pub mod dispatcher;
mod exchange;
pub mod fetch;
pub mod hub;
pub mod instagram;
pub mod messenger;
pub(crate) mod meta;
mod pace;
pub mod provider;
pub mod slack;
pub mod standard;
pub mod telegram;
pub mod twilio;
pub mod web;
pub mod whatsapp;
pub mod wire;

pub use dispatcher::{Dispatcher, Waker};
pub use hub::{Event, Hub};
pub use provider::Provider;
pub use web::WebSender;

use async_trait::async_trait;
use jiff::SignedDuration;

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
    /// The channel has it, under this id of its own if it gave one.
    Delivered(Option<String>),
    /// Not now; it is worth trying again, on schedule or after the time that the channel asks for.
    Later {
        /// What the channel asks to wait.
        after: Option<SignedDuration>,
        /// Why not now, without a word of the text.
        problem: String,
    },
    /// It was not tried, because the account has its hands full: the try does not count.
    Postponed(SignedDuration),
    /// Nobody knows whether the channel has it. So long a receipt is waited for; then it is sent again.
    Unknown(SignedDuration),
    /// Never: the channel refuses it, with its reason.
    Refused(String),
}
