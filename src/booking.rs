//! What is offered, what is free, and why the rest is not. Pure: no clock, no store, no runtime.
//!
//! - [`catalogue`]: services, resources, hours, policies of a business, read from a document and checked.
//! - [`document`]: that document, and everything that can be wrong with it.
//! - [`money`]: prices in minor units.
//! - [`hours`]: local opening hours mapped to instants, with gaps and doubles of the local clock.
//! - [`visit`]: what somebody wants, and the plan that would serve it.
//! - [`calendar`]: who occupies what, in memory.
//! - [`availability`]: free starts, and the reason for each refused one.
//! - [`appointment`]: the life of an appointment and its events.
//!
//! Invariant I5 (no seat is allocated twice) is kept by the store; this room proposes, and says why not.

pub mod appointment;
pub mod availability;
pub mod calendar;
pub mod catalogue;
pub mod document;
pub mod hours;
pub mod money;
pub mod visit;

pub use appointment::{Appointment, Status};
pub use availability::{Availability, Reason, Refusal};
pub use calendar::Calendar;
pub use catalogue::Catalogue;
pub use document::{Document, Mistakes};
pub use visit::{Plan, Wish};
