//! What frontdesk adds to a model's time, from the customer's side: HTTP, the message kept, the prompt, the call's way
//! there and back, deciding, the commit.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::customers::{Customer, Heard, Model};
use super::desk::Desk;
use super::figures::{figure, permille};
use super::{flush, processor};

const THINKS: Duration = Duration::from_millis(50);
const CONNECTIONS: [usize; 3] = [1, 16, 64];
const ROUND: Duration = Duration::from_secs(20);
const WARM_UP: Duration = Duration::from_secs(2);
const TURNS_MAX: usize = 5_000;
/// Conversations of a connection, by turns. No other connection writes in them, so that no turn has to begin again.
const OWN: usize = 50;

/// Answers with the number of errors.
pub(crate) async fn run() -> u64 {
    let model = Model::start(THINKS).await;
    let desk = Desk::open(&model.stub, "llm", 1_000).await;
    println!(
        "a flush in {} takes {:.2} ms",
        desk.folder().display(),
        flush::measure(desk.folder())
    );
    println!(
        "{:>11} {:>6} {:>9} {:>9} {:>9} {:>9}   processor ms a turn",
        "connections", "turns", "p50 ms", "p95 ms", "p99 ms", "max ms"
    );
    let mut errors = 0;
    for connections in CONNECTIONS {
        errors += talk(&desk, &model, connections, WARM_UP)
            .await
            .complain("warming up");
        let before = processor::used(desk.pid());
        let heard = talk(&desk, &model, connections, ROUND).await;
        let used = processor::used(desk.pid()).saturating_sub(before);
        errors += heard.complain("measuring");
        let over = |of| permille(heard.turns.iter().map(|turn| turn.overhead()), of);
        println!(
            "{connections:>11} {:>6} {:>9.2} {:>9.2} {:>9.2} {:>9.2}   {:.2}",
            heard.turns.len(),
            over(500),
            over(950),
            over(990),
            over(1_000),
            used.as_secs_f64() * 1_000.0 / heard.turns.len() as f64
        );
        figure(&format!("overhead_{connections}_p50"), over(500), "ms");
        figure(&format!("overhead_{connections}_p99"), over(990), "ms");
    }
    errors
}

/// A closed loop on each connection, for so long or so many turns in all.
async fn talk(desk: &Desk, model: &Model, connections: usize, lasts: Duration) -> Heard {
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Customer::new(desk.address, model).await);
    }
    let until = Instant::now() + lasts;
    let mut talking = JoinSet::new();
    for (number, mut customer) in open.into_iter().enumerate() {
        talking.spawn(async move {
            let mut heard = Heard::default();
            for turn in 0..TURNS_MAX / connections {
                if Instant::now() >= until {
                    break;
                }
                heard.note(customer.say(number * OWN + turn % OWN).await);
            }
            heard
        });
    }
    let mut all = Heard::default();
    for heard in talking.join_all().await {
        all.add(heard);
    }
    all
}
