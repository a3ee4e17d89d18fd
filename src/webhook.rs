//! The channels' side in: verify, parse, accept, answer.
//!
//! A provider posts to `/webhooks/{channel}/{account}`. Who it is, is checked over the raw bytes before anything is read;
//! then the channel's own code says what happened ([`intake::Happening`]), in words that are the same for all channels.
//! Messages are durable in the inbox before the provider is answered, and then rung to their conversation.
//!
//! - [`intake`]: what a channel's code does, and the words that it speaks.
//! - [`signature`]: what is computed over raw bytes.
//! - [`surrogates`] and [`loose`]: JSON that is read as far as it can be.

pub mod instagram;
pub mod intake;
pub mod loose;
pub mod messenger;
pub mod meta;
pub mod signature;
pub mod surrogates;
pub mod telegram;
pub mod whatsapp;
