//! The integration tests, in one binary.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test, a panic with the error is the report; a passing one prints what it did"
)]

mod backup;
mod bad_input;
mod channels;
mod checker;
mod crowd;
mod dashboards;
mod dead_letters;
mod deliveries;
mod faults;
mod guardrails;
mod import;
mod kills;
mod load;
mod lost_answers;
mod model_crowd;
mod process;
mod races;
mod ractor_facts;
mod rates;
mod real_model;
mod redis_cache;
mod reload;
mod starting;
mod store_contract;
mod stories;
mod support;
mod written_behind;
