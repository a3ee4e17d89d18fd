//! frontdesk: a booking-bot message processor.

pub mod booking;
pub mod clock;
pub mod ids;
pub mod types;
pub mod understanding;
