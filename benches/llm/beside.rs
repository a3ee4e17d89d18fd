//! Beside a crowd that waits for the model: whoever says what the rules are sure of is answered at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::businesses::business;
use super::crowd::{BOUND, CROWD, everybody};
use super::customers::{ANSWER, Model};
use super::desk::{BUSINESSES, Desk};
use super::figures::{figure, permille};
use super::wire::Connection;
use super::{crowd, customers};

const QUESTION: &str = "do you have parking?";
const CONNECTIONS: usize = 8;
/// Between two questions on a connection: these are people, and no race.
const PAUSE: Duration = Duration::from_millis(20);

/// Answers with the number of errors.
pub(crate) async fn run() -> u64 {
    let model = Model::start(crowd::THINKS).await;
    let desk = Desk::open(&model.stub, "auto", BOUND).await;
    let over = Arc::new(AtomicBool::new(false));
    let mut asking = JoinSet::new();
    for number in 0..CONNECTIONS {
        let connection = Connection::open(desk.address).await.unwrap();
        asking.spawn(ask(connection, number as u64, over.clone()));
    }
    let heard = everybody(&desk, &model).await;
    over.store(true, Ordering::Relaxed);
    let (mut waits, mut errors) = (Vec::new(), heard.complain("the crowd"));
    for (answered, wrong) in asking.join_all().await {
        waits.extend(answered);
        errors += wrong;
    }
    println!(
        "{} questions that the rules are sure of, while {CROWD} waited for the model up to {:.0} ms",
        waits.len(),
        permille(heard.turns.iter().map(|turn: &customers::Turn| turn.took), 1_000)
    );
    for (percentile, of) in [("p50", 500), ("p99", 990), ("max", 1_000)] {
        figure(
            &format!("beside_{percentile}"),
            permille(waits.iter().copied(), of),
            "ms",
        );
    }
    errors
}

/// Asks until it is over. Answers with the waits, and with the number of wrong answers.
async fn ask(mut connection: Connection, number: u64, over: Arc<AtomicBool>) -> (Vec<Duration>, u64) {
    let (mut waits, mut errors) = (Vec::new(), 0);
    let (business, participant) = (business(number % BUSINESSES), format!("beside-{number}"));
    while !over.load(Ordering::Relaxed) {
        let begun = Instant::now();
        let response = connection.say(&business, &participant, QUESTION).await.unwrap();
        if response.status == 200 && response.says(ANSWER) {
            waits.push(begun.elapsed());
        } else {
            println!("beside the crowd: {}", response.words());
            errors += 1;
        }
        tokio::time::sleep(PAUSE).await;
    }
    (waits, errors)
}
