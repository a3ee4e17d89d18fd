//! The channels' side in: verify, parse, accept, answer.
//!
//! A provider posts to `/webhooks/{channel}/{account}`. Who it is, is checked over the raw bytes before anything is read;
//! then the channel's own code says what happened ([`intake::Happening`]), in words that are the same for all channels.
//! Messages are durable in the inbox before the provider is answered, and then rung to their conversation.
//!
//! - [`route`]: the address, and what a provider is answered.
//! - [`intake`]: what a channel's code does, and the words that it speaks. [`signature`]: what is computed over raw bytes.
//! - `accept`: what happened becomes safe, and is handed over; `kept`: what came too often, a little later.
//! - The others are one channel each; `json` reads for all of them, `loose` event by event, and `surrogates` mends what
//!   cannot be read. `meta` is what three of them have in common.

mod accept;
pub mod discord;
mod files;
pub mod instagram;
pub mod intake;
mod json;
mod kept;
mod loose;
pub mod messenger;
pub(crate) mod meta;
#[cfg(test)]
pub(crate) mod posted;
pub mod route;
pub mod signature;
pub mod slack;
pub mod standard;
mod surrogates;
pub mod telegram;
pub mod twilio;
pub mod whatsapp;

pub use accept::Heard;
