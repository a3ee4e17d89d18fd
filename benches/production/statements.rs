//! What a message costs the database: the statements that PostgreSQL itself has counted.
//!
//! Needs `pg_stat_statements` in a cluster of its own, since it must be loaded at the start and stock settings do not.
//! So this is a short run apart from those that measure speed.

use std::time::Duration;

use sqlx::Row as _;

use super::figures::figure;
use super::metric::metric;
use super::site::Site;
use super::top;

/// What the server is started with.
pub(crate) const EXTRA: [&str; 2] = ["-c", "shared_preload_libraries=pg_stat_statements"];
const ROUND: Duration = Duration::from_secs(5);
/// Kinds of statements that are shown.
const SHOWN: usize = 6;

#[derive(Default)]
struct Executed {
    reads: f64,
    writes: f64,
    /// `BEGIN`, `COMMIT`, `SET` and the like: no rows, but a way there and back.
    others: f64,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("statements").await;
    let mut admin = site.cluster.connect("postgres").await;
    sqlx::query("CREATE EXTENSION pg_stat_statements")
        .execute(&mut admin)
        .await
        .unwrap();
    // From here on every actor lives.
    let mut errors = top::touch_all(frontdesk.address).await;
    sqlx::query("SELECT pg_stat_statements_reset()")
        .execute(&mut admin)
        .await
        .unwrap();
    let batches = [
        metric(frontdesk.address, "frontdesk_commit_batch_turns_sum").await,
        metric(frontdesk.address, "frontdesk_commit_batch_turns_count").await,
    ];
    let heard = top::measure(site, "frontdesk", &frontdesk, top::load(frontdesk.address, ROUND)).await;
    errors += heard.errors;
    let turns = metric(frontdesk.address, "frontdesk_commit_batch_turns_sum").await - batches[0];
    let commits = metric(frontdesk.address, "frontdesk_commit_batch_turns_count").await - batches[1];

    let rows = sqlx::query(
        "SELECT query, calls::float8 FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
         WHERE d.datname = 'statements' ORDER BY calls DESC",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let messages = heard.samples.len() as f64;
    let mut executed = Executed::default();
    println!("{:>12} {:>12}   statement", "calls", "per message");
    for (number, row) in rows.iter().enumerate() {
        let (query, calls): (&str, f64) = (row.get(0), row.get(1));
        let kind = match kind_of(query) {
            Kind::Read => &mut executed.reads,
            Kind::Write => &mut executed.writes,
            Kind::Other => &mut executed.others,
        };
        *kind += calls;
        if number < SHOWN {
            let words: Vec<&str> = without_comments(query).collect();
            let line: String = words.join(" ").chars().take(90).collect();
            println!("{calls:>12} {:>12.4}   {line}", calls / messages);
        }
    }
    figure("reads_per_message", executed.reads / messages, "/message");
    figure("writes_per_message", executed.writes / messages, "/message");
    figure(
        "other_statements_per_message",
        executed.others / messages,
        "/message",
    );
    figure("turns_per_commit", turns / commits, "turns");
    errors
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Read,
    Write,
    Other,
}

/// A statement that writes anything, in a `WITH` too, is a write; `FOR UPDATE` alone writes nothing.
fn kind_of(query: &str) -> Kind {
    let mut first = None;
    let mut before = String::new();
    for word in without_comments(query) {
        let word = word.trim_matches(|c: char| !c.is_alphabetic()).to_lowercase();
        let writes = match word.as_str() {
            "insert" | "delete" | "copy" => true,
            // FOR UPDATE, FOR NO KEY UPDATE, DO UPDATE (whose INSERT came before).
            "update" => !matches!(before.as_str(), "for" | "key"),
            _ => false,
        };
        if writes {
            return Kind::Write;
        }
        first.get_or_insert_with(|| word.clone());
        before = word;
    }
    match first.as_deref() {
        Some("select" | "with" | "values") => Kind::Read,
        _ => Kind::Other,
    }
}

fn without_comments(query: &str) -> impl Iterator<Item = &str> {
    query
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .flat_map(str::split_whitespace)
}
