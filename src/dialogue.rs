//! What to say and do next: a pure function of the context, what was understood, the business and the time.

pub mod outcome;

pub use outcome::{Effect, Reply};
