//! frontdesk: a booking-bot message processor.
//!
//! The way of a message through the rooms: the API and the web chat hand it to [`conversation`], which owns the pair;
//! [`understanding`] turns text into acts; [`dialogue`] decides, asking [`booking`] what is free; [`store`] commits
//! context, appointments and replies together; [`outbound`] delivers. [`attachments`] fetches what came along.
//! Around them stand [`config`], [`telemetry`], [`tls`], [`lifecycle`] and [`invariants`]; [`app`] and [`commands`] are
//! the only ones who know everybody. [`rates`] says how often somebody may come in, and [`shares`] how much
//! of what is bounded one business may have.

pub mod accounts;
pub mod api;
pub mod app;
pub mod attachments;
pub mod booking;
mod breaker;
pub mod clock;
pub mod commands;
pub mod config;
pub mod conversation;
pub mod dialogue;
pub mod ids;
pub mod invariants;
pub mod lifecycle;
pub mod outbound;
pub mod rates;
pub mod shares;
pub mod store;
pub mod telemetry;
mod text;
pub mod tls;
pub mod types;
pub mod understanding;
pub mod webhook;
