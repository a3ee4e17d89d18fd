//! Durable turns over HTTP on SQLite (`synchronous=FULL`), against one transaction per message on the same file.
//!
//! The server is the real program in a process of its own, with its usual settings. Customers hold keep-alive
//! connections and real conversations: they greet, ask, choose, confirm, move and cancel. A turn counts when its
//! answer is there, which is after its commit is on the disk. Rounds of both sides alternate, and each pair of
//! rounds gives one ratio, so that a disk or a neighbour that is slow for a while slows both.
//!
//! Client and server share the machine. Read the ratio and not the speed.
//!
//! ```text
//! cargo bench --bench turn
//! ```

#![expect(clippy::print_stdout, reason = "the table is the result")]
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "turn/client.rs"]
mod client;
#[path = "turn/connection.rs"]
mod connection;
#[path = "turn/script.rs"]
mod script;
#[path = "turn/server.rs"]
mod server;
#[path = "turn/yardstick.rs"]
mod yardstick;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use client::Connection;
use script::Tally;
use server::Server;
use yardstick::Yardstick;

/// How long a round lasts.
const ROUND: Duration = Duration::from_millis(2_000);
/// Pairs of rounds for the figures, and for the lines that only inform.
const PAIRS: usize = 7;
const PAIRS_FOR_INFORMATION: usize = 3;

#[tokio::main]
async fn main() {
    // `cargo bench -- NAME` and `cargo test --benches` run every bench; this one has one thing to do and no name.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let server = Server::start().await;
    let customers = Arc::new(AtomicU64::new(0));
    // Warm: caches, prepared statements, and rows to learn the usual lengths from.
    let warm = talk(&server, 16, &customers, ROUND).await;
    let lengths = yardstick::lengths(server.file()).await;
    let plain = Arc::new(Yardstick::open(server.file(), lengths).await);
    let names = Arc::new(AtomicU64::new(0));
    write(&plain, 16, &names, ROUND / 4).await;

    println!(
        "contexts of {} bytes, answers of {} bytes on average",
        lengths.context, lengths.answer
    );
    println!(
        "{:>11} {:>12} {:>12} {:>6} {:>9} {:>9} {:>9} {:>9}",
        "connections", "one by one", "over HTTP", "ratio", "p50 ms", "p95 ms", "p99 ms", "max ms"
    );
    let mut all = warm;
    for (connections, pairs) in [
        (1, PAIRS_FOR_INFORMATION),
        (16, PAIRS),
        (64, PAIRS_FOR_INFORMATION),
    ] {
        let measured = measure(&server, &plain, connections, pairs, &customers, &names, &mut all).await;
        measured.show();
        if connections == 16 {
            println!("figure: turn_http_ratio {:.2} x", measured.ratio);
            println!("figure: turn_http_p50 {:.2} ms", measured.percentile(50));
            println!("figure: turn_http_p99 {:.2} ms", measured.percentile(99));
            println!("figure: turn_http_rate {:.0} /s", measured.rate);
        }
    }
    println!(
        "{} turns in {} conversations: {} visits booked, {} moved, {} cancelled",
        all.latencies_us.len(),
        customers.load(Ordering::Relaxed),
        all.booked,
        all.moved,
        all.cancelled
    );
    assert!(
        all.booked > 0 && all.cancelled > 0,
        "nobody booked: the scripts no longer fit the dialogue"
    );
    if let Ok(plain) = Arc::try_unwrap(plain).map_err(drop) {
        plain.close().await;
    }
    server.stop();
}

struct Measured {
    connections: usize,
    one_by_one: f64,
    rate: f64,
    ratio: f64,
    /// Sorted.
    latencies_us: Vec<u32>,
}

impl Measured {
    fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies_us.len() * percent / 100).min(self.latencies_us.len() - 1);
        f64::from(self.latencies_us[at]) / 1_000.0
    }

    fn show(&self) {
        println!(
            "{:>11} {:>10.0}/s {:>10.0}/s {:>6.2} {:>9.2} {:>9.2} {:>9.2} {:>9.2}",
            self.connections,
            self.one_by_one,
            self.rate,
            self.ratio,
            self.percentile(50),
            self.percentile(95),
            self.percentile(99),
            self.percentile(100)
        );
    }
}

/// Alternates rounds of both; the figures are medians over the pairs.
async fn measure(
    server: &Server,
    plain: &Arc<Yardstick>,
    connections: usize,
    pairs: usize,
    customers: &Arc<AtomicU64>,
    names: &Arc<AtomicU64>,
    all: &mut Tally,
) -> Measured {
    let (mut slow, mut fast, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut latencies_us = Vec::new();
    for _ in 0..pairs {
        let one_by_one = per_second(write(plain, connections, names, ROUND).await);
        let tally = talk(server, connections, customers, ROUND).await;
        let over_http = per_second(tally.latencies_us.len() as u64);
        slow.push(one_by_one);
        fast.push(over_http);
        ratios.push(over_http / one_by_one);
        latencies_us.extend_from_slice(&tally.latencies_us);
        all.add(tally);
    }
    latencies_us.sort_unstable();
    Measured {
        connections,
        one_by_one: median(slow),
        rate: median(fast),
        ratio: median(ratios),
        latencies_us,
    }
}

fn per_second(turns: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a count of some thousands")]
    let turns = turns as f64;
    turns / ROUND.as_secs_f64()
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Customers on `connections` connections, one after the other on each.
async fn talk(server: &Server, connections: usize, customers: &Arc<AtomicU64>, round: Duration) -> Tally {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(server.address()).await.unwrap());
    }
    let until = Instant::now() + round;
    let mut talking = JoinSet::new();
    for mut connection in open {
        let customers = customers.clone();
        talking.spawn(async move {
            let mut tally = Tally::default();
            while Instant::now() < until {
                let number = customers.fetch_add(1, Ordering::Relaxed);
                script::converse(&mut connection, number, until, &mut tally).await;
            }
            tally
        });
    }
    let mut all = Tally::default();
    for tally in talking.join_all().await {
        all.add(tally);
    }
    all
}

/// The same number of tasks, each writing one transaction after the other.
async fn write(plain: &Arc<Yardstick>, tasks: usize, names: &Arc<AtomicU64>, round: Duration) -> u64 {
    let until = Instant::now() + round;
    let mut writing = JoinSet::new();
    for _ in 0..tasks {
        let (plain, names) = (plain.clone(), names.clone());
        writing.spawn(async move { plain.converse(&names, until).await });
    }
    writing.join_all().await.into_iter().sum()
}
