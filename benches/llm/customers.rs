//! The customers' side: they say what only the model understands, and check that it was the model who did.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::businesses::business;
use super::desk::BUSINESSES;
use super::stub::{Stub, vague};
use super::wire::Connection;

/// What the right answer says.
pub(crate) const ANSWER: &str = "a garage at 106 Mott Street";

/// A message that was answered as it should be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// As its customer saw it.
    pub(crate) took: Duration,
    /// What the model took of it.
    pub(crate) model: Duration,
}

impl Turn {
    pub(crate) fn overhead(self) -> Duration {
        self.took.saturating_sub(self.model)
    }
}

/// What came of a round.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) turns: Vec<Turn>,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
}

impl Heard {
    pub(crate) fn note(&mut self, turn: Result<Turn, String>) {
        match turn {
            Ok(turn) => self.turns.push(turn),
            Err(error) => {
                self.errors += 1;
                self.first_error.get_or_insert(error);
            }
        }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.turns.extend(other.turns);
        self.errors += other.errors;
        self.first_error = self.first_error.take().or(other.first_error);
    }

    /// Prints what went wrong, and answers with how often.
    pub(crate) fn complain(&self, what: &str) -> u64 {
        if let Some(error) = &self.first_error {
            println!("{what}: {} ERRORS, the first: {error}", self.errors);
        }
        self.errors
    }
}

/// The model, and how many messages it was sent.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) stub: Arc<Stub>,
    next: Arc<AtomicU32>,
}

impl Model {
    pub(crate) async fn start(thinks: Duration) -> Self {
        Self {
            stub: Arc::new(Stub::start(thinks).await),
            next: Arc::default(),
        }
    }
}

/// Somebody with a line of their own.
pub(crate) struct Customer {
    connection: Connection,
    model: Model,
}

impl Customer {
    pub(crate) async fn new(server: SocketAddr, model: &Model) -> Self {
        Self {
            connection: Connection::open(server).await.unwrap(),
            model: model.clone(),
        }
    }

    /// Says it as this participant, and waits for the answer.
    pub(crate) async fn say(&mut self, participant: usize) -> Result<Turn, String> {
        let number = self.model.next.fetch_add(1, Ordering::Relaxed);
        let business = business(participant as u64 % BUSINESSES);
        let name = format!("customer-{participant:04}");
        let text = vague(number);
        let begun = Instant::now();
        let response = self
            .connection
            .say(&business, &name, &text)
            .await
            .map_err(|error| error.to_string())?;
        let took = begun.elapsed();
        if response.status != 200 || !response.says(ANSWER) {
            return Err(response.words());
        }
        match self.model.stub.calls_for(number)[..] {
            [model] => Ok(Turn { took, model }),
            ref calls => Err(format!("{} calls for one message", calls.len())),
        }
    }
}
