//! Everybody at once: how long they wait for a slow model, how many calls are under way, and what it takes to remember
//! them all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use super::customers::{Customer, Heard, Model};
use super::desk::Desk;
use super::figures::{figure, permille};
use super::metric::metric;

pub(crate) const CROWD: usize = 500;
pub(crate) const THINKS: Duration = Duration::from_secs(2);
/// So many calls at once, that most of the crowd has to wait for others.
pub(crate) const BOUND: usize = 200;
const ROUNDS: usize = 3;
/// Rounds with a quick model before those that count. A conversation remembers its last messages up to a bound, so memory
/// grows until all of them remember so many: in 150 rounds it grew over the first 30 and stood still after.
const FILLING: usize = 40;
const THINKS_WHILE_FILLING: Duration = Duration::from_millis(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const MEBIBYTE: f64 = 1_048_576.0;

/// Answers with the number of errors.
pub(crate) async fn run() -> u64 {
    measure("queued", BOUND).await + measure("free", CROWD).await
}

async fn measure(name: &str, bound: usize) -> u64 {
    let model = Model::start(THINKS).await;
    let desk = Desk::open(&model.stub, "llm", bound).await;
    // The last of them begins when all before them are done.
    let queue = THINKS * u32::try_from(CROWD.div_ceil(bound) - 1).unwrap();
    println!(
        "{name}: {CROWD} conversations, at most {bound} calls of {THINKS:?} at once, so that the last waits {queue:?} for one"
    );
    let mut errors = 0;
    let resident = || metric(desk.address, "process_resident_memory_bytes");
    let before = resident().await;
    println!(
        "{:>8} {:>9} {:>9} {:>9} {:>9} {:>13}",
        "round", "p50 ms", "p95 ms", "p99 ms", "max ms", "memory MiB"
    );
    println!("{:>8} {:>54.1}", "before", before / MEBIBYTE);
    let (mut all, mut peaks) = (Heard::default(), Vec::new());
    model.stub.think(THINKS_WHILE_FILLING);
    for _ in 0..FILLING {
        errors += everybody(&desk, &model).await.complain("filling");
    }
    println!("{:>8} {:>54.1}", "filled", resident().await / MEBIBYTE);
    model.stub.think(THINKS);
    for round in 1..=ROUNDS {
        let over = Arc::new(AtomicBool::new(false));
        let looking = tokio::spawn({
            let (server, over) = (desk.address, over.clone());
            async move {
                let mut bytes = 0.0_f64;
                while !over.load(Ordering::Relaxed) {
                    bytes = bytes.max(metric(server, "process_resident_memory_bytes").await);
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                bytes
            }
        });
        let heard = everybody(&desk, &model).await;
        over.store(true, Ordering::Relaxed);
        let peak = looking.await.unwrap();
        let took = |of| permille(heard.turns.iter().map(|turn| turn.took), of);
        println!(
            "{round:>8} {:>9.0} {:>9.0} {:>9.0} {:>9.0} {:>13.1}",
            took(500),
            took(950),
            took(990),
            took(1_000),
            peak / MEBIBYTE
        );
        peaks.push(peak);
        all.add(heard);
    }
    println!("{:>8} {:>54.1}", "after", resident().await / MEBIBYTE);
    let took = |of| permille(all.turns.iter().map(|turn| turn.took), of);
    for (percentile, of) in [("p50", 500), ("p95", 950), ("p99", 990)] {
        figure(&format!("{name}_{percentile}"), took(of), "ms");
    }
    // What is over is the queue; of what is left there may be 1.3 times the model's time.
    let over_queue = (took(950) - queue.as_secs_f64() * 1_000.0) / (THINKS.as_secs_f64() * 1_000.0);
    figure(&format!("{name}_p95_less_queue"), over_queue, "x");
    figure(
        &format!("{name}_calls_at_once"),
        model.stub.most_at_once() as f64,
        "calls",
    );
    figure(
        &format!("{name}_memory_peak"),
        peaks.iter().copied().fold(0.0, f64::max) / MEBIBYTE,
        "MiB",
    );
    figure(
        &format!("{name}_memory_third_to_first"),
        peaks[ROUNDS - 1] / peaks[0],
        "x",
    );
    errors + all.complain(name)
}

/// Each says one thing, all at once.
pub(crate) async fn everybody(desk: &Desk, model: &Model) -> Heard {
    let mut crowd = Vec::with_capacity(CROWD);
    for _ in 0..CROWD {
        crowd.push(Customer::new(desk.address, model).await);
    }
    let mut waiting = JoinSet::new();
    for (participant, mut customer) in crowd.into_iter().enumerate() {
        waiting.spawn(async move { customer.say(participant).await });
    }
    let mut heard = Heard::default();
    while let Some(turn) = waiting.join_next().await {
        heard.note(turn.unwrap());
    }
    heard
}
