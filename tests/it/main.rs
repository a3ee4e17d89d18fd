//! The integration tests, in one binary.

mod store_contract;
mod stories;
mod support;
