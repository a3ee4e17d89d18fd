//! A server that is told to stop (SIGTERM) under a steady load: whatever it has acknowledged is there after a restart.
//!
//! Each message has an id, and the customer writes down what came of it. When the server closes a connection, its
//! customer tries to come back, finds nobody, and goes. The next server is sent what got no answer under the same ids;
//! at the end the transcripts are read, page by page, as any program would.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::Deserialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::figures::{figure, median};
use super::load::{ANSWER, BUSINESS, Load, Pairs, QUESTION, participant};
use super::site::Site;
use super::top;
use super::wire::{Connection, Response};

const CUSTOMERS: u32 = 1_000;
const CONNECTIONS: u32 = 64;
const ROUNDS: usize = 3;
/// What the rate is half of.
const AT_TOP: Duration = Duration::from_secs(2);
/// How long everything goes well.
const STEADY: Duration = Duration::from_secs(3);
/// An answer that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(40);
/// Messages on a page of the transcript; the most that one may have.
const PAGE: usize = 200;

/// What came of messages, by their numbers.
#[derive(Default)]
struct Diary {
    acknowledged: Vec<u32>,
    unanswered: Vec<u32>,
    /// Answers that speak of a failure of the server (5xx).
    failures: u64,
    /// Whatever else is not the answer.
    errors: u64,
    first_error: Option<String>,
}

/// Answers with the number of errors.
pub(crate) async fn run(site: &Site) -> u64 {
    let mut frontdesk = site.frontdesk("stop").await;
    let server = frontdesk.address;
    let load = |pairs, lasts| Load {
        pairs,
        ..top::load(server, lasts)
    };
    let heard = load(Pairs::Each(0..CUSTOMERS), PATIENCE).run().await;
    let mut errors = top::complain("before", &heard);
    let heard = top::measure(
        site,
        "at top",
        &frontdesk,
        load(Pairs::AtRandom(CUSTOMERS), AT_TOP),
    )
    .await;
    errors += heard.errors;
    let half = heard.per_second() / 2.0;

    let (mut diary, mut stops) = (Diary::default(), Vec::new());
    let (mut unanswered, mut taken) = (Vec::new(), 0);
    let numbers = Arc::new(AtomicU32::new(0));
    for _ in 0..ROUNDS {
        let customers = gather(frontdesk.address, &numbers, half);
        tokio::time::sleep(STEADY).await;
        let took = frontdesk.stop().await;
        let mut of_round = Diary::default();
        for customer in customers.join_all().await {
            of_round.add(customer);
        }
        println!(
            "stopped in {:.0} ms: {} messages acknowledged, {} not answered",
            took.as_secs_f64() * 1_000.0,
            of_round.acknowledged.len(),
            of_round.unanswered.len()
        );
        frontdesk = site.frontdesk_again("stop", &[]);
        unanswered.push(of_round.unanswered.len() as f64);
        taken += say_again(frontdesk.address, &mut of_round).await;
        stops.push(took.as_secs_f64() * 1_000.0);
        diary.add(of_round);
    }
    let found = read(frontdesk.address).await;
    let times = |number: &u32| found.times.get(&message_id(*number)).copied().unwrap_or(0);
    let lost = diary
        .acknowledged
        .iter()
        .filter(|number| times(number) == 0)
        .count() as u64;
    let twice = found.times.values().filter(|times| **times > 1).count() as u64;
    if let Some(error) = &diary.first_error {
        println!("stop: ERRORS, the first: {error}");
    }
    println!(
        "{} messages acknowledged in all; of those that were not answered, {taken} were answered in their turn",
        diary.acknowledged.len()
    );
    figure("stop_took", median(stops.iter().copied()), "ms");
    figure(
        "stop_took_longest",
        stops.iter().copied().fold(0.0, f64::max),
        "ms",
    );
    figure("stop_per_second", half, "/s");
    figure("stop_unanswered", median(unanswered), "messages");
    figure("stop_lost", lost as f64, "messages");
    figure("stop_twice", twice as f64, "messages");
    figure("stop_without_reply", found.without_reply as f64, "conversations");
    figure("stop_failures", diary.failures as f64, "answers");
    errors + lost + twice + found.without_reply + diary.failures + diary.errors
}

impl Diary {
    fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.unanswered.extend(other.unanswered);
        self.failures += other.failures;
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    fn hear(&mut self, number: u32, response: &Response<'_>) {
        match response.status {
            200 if response.says(ANSWER) => self.acknowledged.push(number),
            // It is safe, and is answered later.
            202 => self.acknowledged.push(number),
            500.. => {
                self.failures += 1;
                self.first_error.get_or_insert_with(|| response.words());
            }
            _ => {
                self.errors += 1;
                self.first_error.get_or_insert_with(|| response.words());
            }
        }
    }
}

/// Customers who write at an even rate, together, until there is nobody to write to.
fn gather(server: SocketAddr, numbers: &Arc<AtomicU32>, rate: f64) -> JoinSet<Diary> {
    let each = Duration::from_secs_f64(f64::from(CONNECTIONS) / rate);
    let begun = Instant::now();
    let mut customers = JoinSet::new();
    for place in 0..CONNECTIONS {
        let (numbers, first) = (numbers.clone(), begun + each * place / CONNECTIONS);
        customers.spawn(write(server, numbers, first, each));
    }
    customers
}

async fn write(server: SocketAddr, numbers: Arc<AtomicU32>, mut due: Instant, each: Duration) -> Diary {
    let mut diary = Diary::default();
    let mut connection = Connection::open(server).await.unwrap();
    loop {
        tokio::time::sleep_until(due).await;
        due += each;
        if !connection.is_open() {
            // As any client does that keeps connections.
            match Connection::open(server).await {
                Ok(again) => connection = again,
                Err(_) => return diary,
            }
        }
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let is_over = match tokio::time::timeout(PATIENCE, say(&mut connection, number)).await {
            Ok(Ok(response)) => {
                diary.hear(number, &response);
                response.is_last()
            }
            Ok(Err(_)) | Err(_) => {
                diary.unanswered.push(number);
                true
            }
        };
        if is_over {
            match Connection::open(server).await {
                Ok(again) => connection = again,
                Err(_) => return diary,
            }
        }
    }
}

async fn say(connection: &mut Connection, number: u32) -> std::io::Result<Response<'_>> {
    let (who, id) = (participant(number % CUSTOMERS), message_id(number));
    let message = format!(
        r#"{{"business_id":"{BUSINESS}","participant_id":"{who}","text":"{QUESTION}","message_id":"{id}"}}"#
    );
    connection.post("/v1/messages", "", &message).await
}

fn message_id(number: u32) -> String {
    format!("message-{number:07}")
}

/// Sends what got no answer once more. Answers with how many of these were answered before, unheard.
async fn say_again(server: SocketAddr, diary: &mut Diary) -> u64 {
    let mut connection = Connection::open(server).await.unwrap();
    let mut taken = 0;
    for number in std::mem::take(&mut diary.unanswered) {
        let response = say(&mut connection, number).await.unwrap();
        taken += u64::from(response.says(r#""duplicate":true"#));
        diary.hear(number, &response);
    }
    taken
}

/// A page of a transcript.
#[derive(Deserialize)]
struct Page {
    messages: Vec<Entry>,
    before: Option<u64>,
}

#[derive(Deserialize)]
struct Entry {
    direction: String,
    message_id: String,
}

/// What the transcripts say.
#[derive(Default)]
struct Found {
    /// How often each message stands there.
    times: HashMap<String, u32>,
    /// Conversations in which the customer has the last word.
    without_reply: u64,
}

async fn read(server: SocketAddr) -> Found {
    let mut connection = Connection::open(server).await.unwrap();
    let mut found = Found::default();
    for customer in 0..CUSTOMERS {
        let path = format!(
            "/v1/businesses/{BUSINESS}/participants/{}/messages?limit={PAGE}",
            participant(customer)
        );
        let (mut before, mut is_newest) = (String::new(), true);
        loop {
            let response = connection.get(&format!("{path}{before}")).await.unwrap();
            assert_eq!(response.status, 200, "{}", response.words());
            let page: Page = serde_json::from_slice(response.body).unwrap();
            let is_from_customer = |entry: &Entry| entry.direction == "inbound";
            let last_is_theirs = page.messages.last().is_some_and(is_from_customer);
            found.without_reply += u64::from(is_newest && last_is_theirs);
            is_newest = false;
            for entry in page.messages.into_iter().filter(is_from_customer) {
                *found.times.entry(entry.message_id).or_default() += 1;
            }
            let Some(earlier) = page.before else { break };
            before = format!("&before={earlier}");
        }
    }
    found
}
