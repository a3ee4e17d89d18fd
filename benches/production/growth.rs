//! Growth: what a thousand customers who write notice of the conversations that are stored beside theirs.
//!
//! Two servers on one PostgreSQL, each with a database of its own: one keeps a thousand conversations, the other one
//! more and more. The same thousand write to either, by turns, so that what changes on the machine changes for both.

use std::time::Duration;

use sqlx::Connection as _;

use super::figures::{figure, median};
use super::load::{Heard, Load, Pace, Pairs};
use super::metric::metric;
use super::site::{Server, Site};
use super::top;

/// Who writes while it is measured.
const WRITERS: u32 = 1_000;
const SIZES: [u32; 4] = [1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(3);
const MEBIBYTE: f64 = 1_048_576.0;

/// What was measured at one size.
struct Row {
    stored: u32,
    per_second: f64,
    ratio: f64,
    memory: f64,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let small = site.frontdesk("growth_small").await;
    let mut errors = touch(&small, WRITERS).await;
    let mut large = site.frontdesk("growth").await;
    let mut rows: Vec<Row> = Vec::new();
    for stored in SIZES {
        errors += touch(&large, stored).await;
        settle(site).await;
        // A process that has not seen the others: what it holds is what these thousand need.
        drop(large);
        large = site.frontdesk_again("growth", &[]);
        errors += touch(&large, WRITERS).await;
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            alone.push(top::measure(site, "1000", &small, load(&small)).await);
            beside.push(top::measure(site, &stored.to_string(), &large, load(&large)).await);
        }
        errors += alone.iter().chain(&beside).map(|heard| heard.errors).sum::<u64>();
        let ratios = beside
            .iter()
            .zip(&alone)
            .map(|(beside, alone)| beside.per_second() / alone.per_second());
        rows.push(Row {
            stored,
            per_second: median(beside.iter().map(Heard::per_second)),
            ratio: median(ratios),
            memory: metric(large.address, "process_resident_memory_bytes").await / MEBIBYTE,
        });
    }
    println!(
        "{:>13} {:>12} {:>22} {:>11}",
        "stored", "turns/s", "to 1,000 beside it", "memory MiB"
    );
    for row in &rows {
        println!(
            "{:>13} {:>12.0} {:>22.2} {:>11.0}",
            row.stored, row.per_second, row.ratio, row.memory
        );
    }
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return errors;
    };
    figure("growth_per_second", last.per_second, "/s");
    figure("growth_throughput_percent", 100.0 * last.ratio, "%");
    figure("growth_memory_percent", 100.0 * last.memory / first.memory, "%");
    // What the first of so many conversations costs that nobody has asked for in a long time.
    let any = Load {
        pairs: Pairs::AtRandom(last.stored),
        ..load(&large)
    };
    let cold = top::measure(site, "any", &large, any).await;
    figure("growth_any_per_second", cold.per_second(), "/s");
    errors + cold.errors
}

fn load(server: &Server) -> Load {
    Load {
        pairs: Pairs::AtRandom(WRITERS),
        pace: Pace::AsAnswered(ROUND),
        ..top::load(server.address, ROUND)
    }
}

/// Each of so many writes once.
async fn touch(server: &Server, conversations: u32) -> u64 {
    let all = Load {
        pairs: Pairs::Each(0..conversations),
        ..top::load(server.address, Duration::from_secs(900))
    };
    top::complain("writing once", &all.run().await)
}

/// What PostgreSQL still has to do after so many rows it does now, and not while it is measured.
async fn settle(site: &Site) {
    if super::site::is_embedded() {
        return;
    }
    let mut connection = site.cluster.connect("growth").await;
    for statement in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}
