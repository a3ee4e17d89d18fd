//! What a lane hands over to a transaction of its own, in the order in which it was asked.
//!
//! A caller that gives up does not take its job back. If its conversation's next job overtook it, the older one would
//! have the last word: a hold that nobody waits for any more would end the one that took its place. So jobs of one
//! conversation go to one task, and as long as one of them is on its way, the next goes the same way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;

use super::transaction::{AnyOperation, Writer};
use crate::store::Error;
use crate::store::batch::Batched;

/// The way from the lanes to the tasks that take care.
#[derive(Clone)]
pub(super) struct Handover {
    /// Each is served by one task.
    queues: Arc<[Sender<Box<dyn AnyOperation>>]>,
    under_way: UnderWay,
}

impl Handover {
    pub(super) fn new(queues: Vec<Sender<Box<dyn AnyOperation>>>) -> Self {
        Self {
            queues: queues.into(),
            under_way: UnderWay::default(),
        }
    }

    /// Whether something that touches the same is on its way. Mostly nothing is, and nothing need be hashed.
    pub(super) fn is_under_way(&self, job: &impl Batched) -> bool {
        let under_way = self.under_way.lock();
        !under_way.is_empty() && job.touches().iter().any(|hash| under_way.contains_key(hash))
    }

    /// Hands over, or refuses when too much is waiting. The first of `touches` is what it is kept in order by.
    pub(super) fn hand_over(&self, operation: Box<dyn AnyOperation>, touches: Vec<u64>) {
        let task = touches.first().copied().unwrap_or(0) % self.queues.len().max(1) as u64;
        let Some(queue) = usize::try_from(task).ok().and_then(|task| self.queues.get(task)) else {
            return;
        };
        let handed = Box::new(Handed {
            operation,
            ticket: self.under_way.ticket(touches),
        });
        if let Err(TrySendError::Full(mut handed) | TrySendError::Closed(mut handed)) = queue.try_send(handed)
        {
            handed.refuse(Error::Closed("its queue is full"));
            handed.reply();
        }
    }
}

/// What is on its way: how many jobs touch a hash.
#[derive(Clone, Default)]
struct UnderWay(Arc<Mutex<HashMap<u64, usize>>>);

impl UnderWay {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ticket(&self, touches: Vec<u64>) -> Ticket {
        let mut under_way = self.lock();
        for hash in &touches {
            *under_way.entry(*hash).or_default() += 1;
        }
        Ticket {
            touches,
            under_way: self.clone(),
        }
    }
}

/// Counts as long as it lives.
struct Ticket {
    touches: Vec<u64>,
    under_way: UnderWay,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut under_way = self.under_way.lock();
        for hash in &self.touches {
            if let Some(jobs) = under_way.get_mut(hash) {
                *jobs -= 1;
                if *jobs == 0 {
                    under_way.remove(hash);
                }
            }
        }
    }
}

struct Handed {
    operation: Box<dyn AnyOperation>,
    ticket: Ticket,
}

#[async_trait]
impl AnyOperation for Handed {
    async fn carry_out(&mut self, writer: &mut Writer) {
        self.operation.carry_out(writer).await;
    }

    fn reply(self: Box<Self>) {
        // First, so that what its caller asks next takes the usual way.
        drop(self.ticket);
        self.operation.reply();
    }

    fn refuse(&mut self, error: Error) {
        self.operation.refuse(error);
    }
}
