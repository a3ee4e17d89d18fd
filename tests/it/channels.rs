//! Channels from end to end: the real program, requests as providers send them with signatures as providers make them,
//! and a stub where the provider's API would be.

mod attachments;
mod brakes;
mod cases;
mod contract;
mod faults;
mod fixtures;
mod hostile;
mod house;
mod kills;
mod limits;
mod linking;
mod order;
#[cfg(feature = "otel")]
mod otel;
mod staff;
mod steps;
mod stub;
mod traces;
