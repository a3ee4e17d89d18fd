//! What callers hand to the writer, each with the way back to its caller.

use async_trait::async_trait;
use sqlx::SqliteConnection;

use crate::store::asked::Asked;
use crate::store::batch::{self, Batched};
use crate::store::rules::{Expire, Hold, Requested};
use crate::store::{Acceptance, ChangeOutcome, CommitOutcome, HoldOutcome, Inbound, Result, TurnCommit};
use crate::types::BusinessId;

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

    /// Whether it may change appointments, so that what its batch asked about them is out of date.
    fn may_book(&self) -> bool {
        true
    }

    /// Whether it changes what its batch asked about turns, so that it must have a batch of its own.
    fn is_alone(&self) -> bool {
        false
    }
}

#[async_trait]
impl Operation for Requested {
    type Output = ChangeOutcome;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<ChangeOutcome> {
        self.carry_out(connection).await
    }
}

#[async_trait]
impl Operation for Expire {
    type Output = Vec<BusinessId>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<BusinessId>> {
        self.carry_out(connection).await
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
    fn may_book(&self) -> bool;
    fn is_alone(&self) -> bool;
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

    fn reply(self: Box<Self>) {
        Asked::reply(*self);
    }

    fn bytes(&self) -> usize {
        self.input.bytes()
    }

    fn may_book(&self) -> bool {
        self.input.may_book()
    }

    fn is_alone(&self) -> bool {
        self.input.is_alone()
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

impl Batched for Job {
    fn bytes(&self) -> usize {
        match self {
            Self::Turn(turn) => batch::bytes_of_turn(&turn.input),
            Self::Hold(_) => batch::BYTES_OF_HOLD,
            Self::Arrivals(arrivals) => batch::bytes_of_messages(&arrivals.input),
            Self::Other(operation) => operation.bytes(),
        }
    }

    fn touches(&self) -> Vec<u64> {
        match self {
            Self::Turn(turn) => batch::touches_of_turn(&turn.input),
            Self::Hold(hold) => batch::touches_of_hold(&hold.input.pair),
            Self::Arrivals(_) | Self::Other(_) => Vec::new(),
        }
    }

    fn is_alone(&self) -> bool {
        matches!(self, Self::Other(operation) if operation.is_alone())
    }
}

impl Job {
    /// Fails it, whatever it is.
    pub(super) fn refuse(&mut self, error: crate::store::Error) {
        match self {
            Self::Turn(turn) => turn.answer = Some(Err(error)),
            Self::Hold(hold) => hold.answer = Some(Err(error)),
            Self::Arrivals(arrivals) => arrivals.answer = Some(Err(error)),
            Self::Other(operation) => operation.refuse(error),
        }
    }

    pub(super) fn reply(self) {
        match self {
            Self::Turn(turn) => turn.reply(),
            Self::Hold(hold) => hold.reply(),
            Self::Arrivals(arrivals) => arrivals.reply(),
            Self::Other(operation) => operation.reply(),
        }
    }
}
