//! What to say and do next: a pure function of the context, what was understood, the business and the time.
//!
//! [`decide()`] is the door. It knows no clock, no store and no runtime: whole conversations are unit tests.
//!
//! - [`context`]: what an actor owns. [`goal`]: something the customer wants, with its slots.
//! - `said` folds a burst's acts; `answers` hears an option, a yes, a no; `apply` fills a goal's slots; `constraint` merges words about time.
//! - `book`, `existing`, `waitlist`, `enquire`, `safety`: what follows, by kind of goal.
//! - `find`, `offer`, `refuse`, `confirm`: what is free, what is shown of it, why the rest is not, and the yes.
//! - `draft` gathers what is said and done; [`wording`] and `speak` put it into words.
//! - [`outcome`]: replies and effects, as data for the shell.

pub mod claims;
pub mod context;
pub mod goal;
pub mod outcome;
pub mod view;
pub mod wording;

mod answers;
mod apply;
mod book;
mod confirm;
mod constraint;
mod decide;
mod draft;
mod enquire;
mod existing;
mod expiry;
mod find;
mod offer;
mod refuse;
mod resume;
mod safety;
mod said;
mod speak;
mod waitlist;

#[cfg(test)]
mod tests;

pub use context::Context;
pub use decide::decide;
pub use outcome::{Effect, Outcome, Reply};
pub use view::{Event, Heard, Input, View};
pub use waitlist::first_fit;
