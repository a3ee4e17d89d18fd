//! The language model: durable turns over HTTP on SQLite, with a stub for the endpoint that takes a set time.
//!
//! Every message costs one call, and every answer is checked to be what the model understood; a wrong one, or a message
//! that was asked for twice, is an error, and an error fails the bench. The stub tells how long each call took, so that
//! what frontdesk adds is known turn by turn. The bench ends the servers that it starts with itself.
//!
//! ```text
//! cargo bench --bench llm                    everything, two minutes
//! cargo bench --bench llm -- overhead        only these parts: crowd beside overhead
//! TMPDIR=/on/the/disk cargo bench --bench llm
//! ```
//!
//! The customers and the stub share the machine with the server, and their work counts as the server's.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is the result"
)]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "llm/beside.rs"]
mod beside;
#[path = "production/businesses.rs"]
mod businesses;
#[path = "llm/crowd.rs"]
mod crowd;
#[path = "llm/customers.rs"]
mod customers;
#[path = "llm/desk.rs"]
mod desk;
#[path = "production/figures.rs"]
mod figures;
#[path = "production/flush.rs"]
mod flush;
#[path = "production/leash.rs"]
#[expect(dead_code, reason = "the other bench waits for more")]
mod leash;
#[path = "production/metric.rs"]
mod metric;
#[path = "llm/overhead.rs"]
mod overhead;
#[path = "production/processor.rs"]
mod processor;
#[path = "llm/stub.rs"]
mod stub;
#[path = "production/wire.rs"]
#[expect(dead_code, reason = "the other bench reads more of an answer")]
mod wire;

use std::process::ExitCode;

const PARTS: [&str; 3] = ["crowd", "beside", "overhead"];

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` runs every bench without that flag; there is nothing to test here.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    arguments.retain(|argument| !argument.starts_with("--"));
    if let Some(unknown) = arguments.iter().find(|part| !PARTS.contains(&part.as_str())) {
        eprintln!("there is no part {unknown}; the parts are {}", PARTS.join(" "));
        return ExitCode::FAILURE;
    }
    let parts: Vec<&str> = PARTS
        .into_iter()
        .filter(|part| arguments.is_empty() || arguments.iter().any(|argument| argument == part))
        .collect();
    // An interrupt ends the servers and removes their folders, too.
    tokio::select! {
        code = measure(&parts) => code,
        _ = tokio::signal::ctrl_c() => ExitCode::from(130),
    }
}

async fn measure(parts: &[&str]) -> ExitCode {
    let mut errors = 0;
    for part in parts {
        println!("\n{part}");
        errors += match *part {
            "crowd" => crowd::run().await,
            "beside" => beside::run().await,
            _ => overhead::run().await,
        };
    }
    figures::figure("errors", errors as f64, "answers");
    if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
