//! Production: durable turns over HTTP on PostgreSQL and Redis, beside a bare echo and the ordinary way, in one run.
//!
//! The work of a request: `POST /v1/messages`, one of 10,000 pairs at random, a question from the FAQ, answered only
//! after the commit. PostgreSQL runs with stock settings on the same machine; the bench starts it, Redis and every
//! server itself, and ends them with itself. Every answer is checked; a wrong one is an error, and an error fails the
//! bench.
//!
//! ```text
//! cargo bench --bench production                    everything, some minutes
//! cargo bench --bench production -- top hot         only these parts, of those in PARTS
//! TMPDIR=/on/the/disk cargo bench --bench production
//! FRONTDESK_BENCH_DATABASE=sqlite …                 the product on SQLite, to try the bench
//! FRONTDESK_STORE__…=… …                            a setting of the product, to see what it changes
//! ```
//!
//! Read the ratios: both sides of each were measured by turns, on one machine, under one load.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the table is the result"
)]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "production/answer.rs"]
mod answer;
#[path = "production/bookings.rs"]
mod bookings;
#[path = "production/businesses.rs"]
mod businesses;
#[path = "production/cluster.rs"]
mod cluster;
#[path = "production/cold.rs"]
mod cold;
#[path = "production/echo.rs"]
mod echo;
#[path = "production/fair.rs"]
mod fair;
#[path = "production/figures.rs"]
mod figures;
#[path = "production/flush.rs"]
mod flush;
#[path = "production/growth.rs"]
mod growth;
#[path = "production/hot.rs"]
mod hot;
#[path = "production/leash.rs"]
mod leash;
#[path = "llm/stub.rs"]
#[expect(dead_code, reason = "the other bench asks what each call took")]
mod llm_stub;
#[path = "production/load.rs"]
mod load;
#[path = "production/memory.rs"]
mod memory;
#[path = "production/metric.rs"]
mod metric;
#[path = "production/ordinary.rs"]
mod ordinary;
#[path = "production/overload.rs"]
mod overload;
#[path = "production/processor.rs"]
mod processor;
#[path = "production/site.rs"]
mod site;
#[path = "production/statements.rs"]
mod statements;
#[path = "production/stop.rs"]
mod stop;
#[path = "production/storm.rs"]
mod storm;
#[path = "production/tiers.rs"]
mod tiers;
#[path = "production/top.rs"]
mod top;
#[path = "production/webhooks.rs"]
mod webhooks;
#[path = "production/wire.rs"]
mod wire;

use std::process::ExitCode;

use site::Site;
use tokio::runtime::Runtime;

/// What this program is asked by itself to be instead of the bench.
mod role {
    /// `as-echo TEXT`
    pub(crate) const ECHO: &str = "as-echo";
    /// `as-yardstick URL`
    pub(crate) const YARDSTICK: &str = "as-yardstick";
}

const PARTS: [&str; 12] = [
    "top",
    "hot",
    "fair",
    "overload",
    "growth",
    "bookings",
    "webhooks",
    "cold",
    "storm",
    "stop",
    "statements",
    "memory",
];

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_bench = arguments.iter().any(|argument| argument == "--bench");
    arguments.retain(|argument| !argument.starts_with("--"));
    let runtime = Runtime::new().unwrap();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [role::ECHO, text] => runtime.block_on(echo::serve(text.to_owned())),
        [role::YARDSTICK, url] => runtime.block_on(ordinary::serve(url)),
        // `cargo test --benches` runs every bench without that flag; there is nothing to test here.
        _ if !is_bench => {}
        [] => return measure_or_be_interrupted(&runtime, &PARTS),
        ref parts => {
            if let Some(unknown) = parts.iter().find(|part| !PARTS.contains(part)) {
                give_up(&format!(
                    "there is no part {unknown}; the parts are {}",
                    PARTS.join(" ")
                ));
            }
            return measure_or_be_interrupted(&runtime, parts);
        }
    }
    ExitCode::SUCCESS
}

/// An interrupt ends the servers and removes their folder, too. After a kill the processes end, and the folder stays.
fn measure_or_be_interrupted(runtime: &Runtime, parts: &[&str]) -> ExitCode {
    let ended = runtime.block_on(async {
        tokio::select! {
            code = measure(parts) => Some(code),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    // Threads of the load may still run; they find nobody to ask.
    ended.unwrap_or_else(|| std::process::exit(130))
}

async fn measure(parts: &[&str]) -> ExitCode {
    let mut errors = 0;
    let plain: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| *part != "statements")
        .collect();
    if !plain.is_empty() {
        let site = Site::open(&[]).await;
        describe(&site).await;
        for part in plain {
            println!("\n{part}");
            errors += match part {
                "top" => top::run(&site).await,
                "hot" => hot::run(&site).await,
                "fair" => fair::run(&site).await,
                "overload" => overload::run(&site).await,
                "growth" => growth::run(&site).await,
                "bookings" => bookings::run(&site).await,
                "webhooks" => webhooks::run(&site).await,
                "cold" => cold::run(&site).await,
                "storm" => storm::run(&site).await,
                "stop" => stop::run(&site).await,
                _ => memory::run(&site).await,
            };
        }
    }
    if parts.contains(&"statements") {
        println!("\nstatements");
        if site::is_embedded() {
            println!("left out: SQLite does not count statements");
        } else {
            errors += statements::run(&Site::open(&statements::EXTRA).await).await;
        }
    }
    figures::figure("errors", errors as f64, "answers");
    if errors == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What was measured, and on what.
async fn describe(site: &Site) {
    println!("PostgreSQL {}, stock settings", site.cluster.version().await);
    let flush = flush::measure(site.folder());
    println!("a flush in {} takes {flush:.2} ms", site.folder().display());
    if flush < 0.02 {
        println!("this is no disk, so that nothing is durable: set TMPDIR to a folder on one");
    }
    if site::is_embedded() {
        println!("the product runs on SQLite: these are not the figures of production");
    }
    for (name, value) in site::settings_to_try() {
        println!("the product runs with {name}={value}");
    }
}

/// Ends with 1 and a word on what to do.
fn give_up(why: &str) -> ! {
    eprintln!("{why}");
    std::process::exit(1)
}
