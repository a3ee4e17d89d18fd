//! Whole conversations: ask for a visit, confirm it, call it off, confirm that. Four turns, a hold, a booking and a
//! cancellation each, by a customer who was never seen before.
//!
//! They are spread over copies of the demo business, and over its days, people and hours, so that nobody competes for
//! a slot: what is measured is the way of a booking and not the length of a queue.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::businesses;
use super::figures::figure;
use super::metric::metric;
use super::site::Site;
use super::wire::Connection;

const BUSINESSES: u64 = 200;
const CONNECTIONS: usize = 64;
const WARM_UP: Duration = Duration::from_secs(2);
const ROUND: Duration = Duration::from_secs(8);

/// Both work on all of them, from 10 to 5.
const STAFF: [&str; 2] = ["Mai", "Linh"];
const DAYS: [&str; 14] = [
    "November 20",
    "November 21",
    "November 25",
    "November 28",
    "December 2",
    "December 3",
    "December 4",
    "December 5",
    "December 9",
    "December 10",
    "December 11",
    "December 12",
    "December 16",
    "December 17",
];
const TIMES: [&str; 5] = ["10am", "11:30am", "1pm", "2:30pm", "3:45pm"];

#[derive(Default)]
struct Tally {
    /// Conversations that went the whole way, in time.
    whole: u64,
    booked: u64,
    errors: u64,
    first_error: Option<String>,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let frontdesk = site.frontdesk("bookings").await;
    businesses::open(frontdesk.address, BUSINESSES).await;
    let next = Arc::new(AtomicU64::new(0));
    let warm = talk(frontdesk.address, &next, WARM_UP).await;
    let tally = talk(frontdesk.address, &next, ROUND).await;
    let booked = metric(
        frontdesk.address,
        r#"frontdesk_appointments_total{event="confirmed"}"#,
    )
    .await;
    println!(
        "{} conversations of 4 turns in {} s; {} visits booked, by the server's own count {booked} with the warm-up",
        tally.whole,
        ROUND.as_secs(),
        tally.booked
    );
    let first_error = warm.first_error.or(tally.first_error);
    if let Some(error) = first_error {
        println!("bookings: ERRORS, the first: {error}");
    }
    figure(
        "booking_conversations_per_second",
        tally.whole as f64 / ROUND.as_secs_f64(),
        "/s",
    );
    warm.errors + tally.errors
}

async fn talk(server: SocketAddr, next: &Arc<AtomicU64>, lasts: Duration) -> Tally {
    let until = Instant::now() + lasts;
    let mut talking = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (next, mut connection) = (next.clone(), Connection::open(server).await.unwrap());
        talking.spawn(async move {
            let mut tally = Tally::default();
            while Instant::now() < until {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if let Err(error) = converse(&mut connection, number, &mut tally).await {
                    tally.errors += 1;
                    tally.first_error.get_or_insert(error);
                } else if Instant::now() <= until {
                    tally.whole += 1;
                }
            }
            tally
        });
    }
    talking
        .join_all()
        .await
        .into_iter()
        .fold(Tally::default(), |all, tally| Tally {
            whole: all.whole + tally.whole,
            booked: all.booked + tally.booked,
            errors: all.errors + tally.errors,
            first_error: all.first_error.or(tally.first_error),
        })
}

/// One customer. Every answer must be the one that leads on, or it is an error.
async fn converse(connection: &mut Connection, number: u64, tally: &mut Tally) -> Result<(), String> {
    let pick =
        |from: &[&'static str], stride: u64| from[(number / BUSINESSES / stride) as usize % from.len()];
    let wish = format!(
        "gel manicure with {} on {} at {}",
        pick(&STAFF, 1),
        pick(&DAYS, 2),
        pick(&TIMES, 2 * DAYS.len() as u64)
    );
    let (business, participant) = (
        businesses::business(number % BUSINESSES),
        format!("customer-{number}"),
    );
    let script = [
        (wish.as_str(), r#""state":"confirming""#),
        ("yes", r#""status":"confirmed""#),
        ("cancel my appointment", r#""kind":"cancel","state":"confirming""#),
        ("yes", r#""status":"cancelled""#),
    ];
    for (turn, (text, expected)) in script.into_iter().enumerate() {
        let response = connection
            .say(&business, &participant, text)
            .await
            .map_err(|error| error.to_string())?;
        if response.status != 200 || !response.says(expected) {
            return Err(format!("{text:?} was answered with {}", response.words()));
        }
        tally.booked += u64::from(turn == 1);
    }
    Ok(())
}
