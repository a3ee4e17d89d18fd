//! What callers hand to the writer, each with the way back to its caller.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use async_trait::async_trait;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use super::errors;
use super::holds::Hold;
use crate::store::{Acceptance, CommitOutcome, HoldOutcome, Inbound, Result, TurnCommit};

/// A write that is carried out on its own, inside a savepoint of the batch's transaction.
#[async_trait]
pub(super) trait Operation: Send + Sync + 'static {
    /// What its caller gets.
    type Output: Send + 'static;

    /// Does it. It may run more than once, when the batch is rolled back and tried again.
    async fn run(&self, connection: &mut SqliteConnection) -> Result<Self::Output>;

    /// Roughly how much it writes.
    fn bytes(&self) -> usize {
        512
    }
}

/// Something asked of the writer: the input, the answer once there is one, and who waits for it.
pub(super) struct Asked<I, O> {
    pub(super) input: I,
    pub(super) answer: Option<Result<O>>,
    caller: oneshot::Sender<Result<O>>,
}

impl<I, O> Asked<I, O> {
    pub(super) fn new(input: I) -> (Self, oneshot::Receiver<Result<O>>) {
        let (caller, answer) = oneshot::channel();
        let asked = Self {
            input,
            answer: None,
            caller,
        };
        (asked, answer)
    }

    fn reply(self, answer: Option<Result<O>>) {
        if let Some(answer) = answer {
            if let Err(error) = &answer {
                metrics::counter!("frontdesk_store_errors_total", "kind" => errors::kind(error)).increment(1);
            }
            // Nobody listens when the caller was cancelled; what was asked for is done all the same.
            let _ = self.caller.send(answer);
        }
    }
}

/// An [`Operation`] whose output the writer need not know.
#[async_trait]
pub(super) trait AnyOperation: Send {
    /// Runs it and keeps the answer. An error is returned as well when the whole batch must be tried again.
    async fn run(&mut self, connection: &mut SqliteConnection) -> Result<()>;
    fn refuse(&mut self, error: crate::store::Error);
    fn reply(self: Box<Self>);
    fn bytes(&self) -> usize;
}

#[async_trait]
impl<O: Operation> AnyOperation for Asked<O, O::Output> {
    async fn run(&mut self, connection: &mut SqliteConnection) -> Result<()> {
        self.answer = None;
        self.answer = Some(Ok(self.input.run(connection).await?));
        Ok(())
    }

    fn refuse(&mut self, error: crate::store::Error) {
        self.answer = Some(Err(error));
    }

    fn reply(mut self: Box<Self>) {
        let answer = self.answer.take();
        Asked::reply(*self, answer);
    }

    fn bytes(&self) -> usize {
        self.input.bytes()
    }
}

/// A turn to be committed.
pub(super) type Turn = Asked<TurnCommit, CommitOutcome>;
/// A slot to be promised.
pub(super) type Holding = Asked<Hold, HoldOutcome>;
/// Messages to be accepted.
pub(super) type Arrivals = Asked<Vec<Inbound>, Vec<Acceptance>>;

/// One entry of the writer's queue. Turns, holds and arrivals are written many at a time, the rest one by one.
pub(super) enum Job {
    Turn(Box<Turn>),
    Hold(Box<Holding>),
    Arrivals(Arrivals),
    Other(Box<dyn AnyOperation>),
}

impl Job {
    /// Roughly how much it writes; what bounds a batch is bytes.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Turn(turn) => {
                let turn = &turn.input;
                let said: usize = turn.transcript.iter().map(|entry| entry.text.len() + 256).sum();
                let heard: usize = turn.answered.iter().map(|message| message.text.len() + 256).sum();
                turn.context.json.len() + turn.answer.len() + said + heard + 256 * turn.outbox.len()
            }
            Self::Hold(_) => 1024,
            Self::Arrivals(arrivals) => arrivals
                .input
                .iter()
                .map(|message| message.text.len() + message.attachments.as_ref().map_or(0, String::len) + 256)
                .sum(),
            Self::Other(operation) => operation.bytes(),
        }
    }

    /// Hashes of what no two turns or holds of a batch may share: their conversation and the messages that they
    /// answer. If two hashes fall together by chance, one of them waits for the next batch.
    pub(super) fn touches(&self) -> Vec<u64> {
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let turn = match self {
            Self::Turn(turn) => turn,
            Self::Hold(hold) => return vec![hasher.hash_one(hold.input.pair.conversation())],
            Self::Arrivals(_) | Self::Other(_) => return Vec::new(),
        };
        let mut hashes = Vec::with_capacity(1 + turn.input.answered.len());
        hashes.push(hasher.hash_one(turn.input.pair.conversation()));
        for message in &turn.input.answered {
            let hash = hasher.hash_one(&message.key);
            // A turn may name a message twice; that is no conflict.
            if !hashes.contains(&hash) {
                hashes.push(hash);
            }
        }
        hashes
    }

    /// Answers with an error instead of what the batch made of it.
    pub(super) fn refuse(&mut self, error: crate::store::Error) {
        match self {
            Self::Turn(turn) => turn.answer = Some(Err(error)),
            Self::Hold(hold) => hold.answer = Some(Err(error)),
            Self::Arrivals(arrivals) => arrivals.answer = Some(Err(error)),
            Self::Other(operation) => operation.refuse(error),
        }
    }

    /// Tells the caller.
    pub(super) fn reply(self) {
        match self {
            Self::Turn(mut turn) => {
                let answer = turn.answer.take();
                turn.reply(answer);
            }
            Self::Hold(mut hold) => {
                let answer = hold.answer.take();
                hold.reply(answer);
            }
            Self::Arrivals(mut arrivals) => {
                let answer = arrivals.answer.take();
                arrivals.reply(answer);
            }
            Self::Other(operation) => operation.reply(),
        }
    }
}
