//! The integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, a panic with the error is the report"
)]

mod ractor_facts;
mod store_contract;
mod stories;
mod support;
