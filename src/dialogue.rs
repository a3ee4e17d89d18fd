//! What to say and do next: a pure function of the context, what was understood, the business and the time.

pub mod context;
pub mod goal;
pub mod outcome;

pub use context::Context;
pub use outcome::{Effect, Reply};
