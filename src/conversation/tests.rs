//! The actors, in paused time and with fakes only: whatever can go wrong does so when a test says.

mod admission;
mod behind;
mod businesses;
mod caches;
mod cap;
mod fairness;
mod faults;
mod house;
mod joining;
mod leaving;
mod model;
mod once;
mod order;
mod poison;
mod stages;
pub(in crate::conversation) mod store;
