//! frontdesk: a booking-bot message processor.

pub mod api;
pub mod booking;
pub mod clock;
pub mod conversation;
pub mod dialogue;
pub mod ids;
pub mod outbound;
pub mod store;
pub mod types;
pub mod understanding;
