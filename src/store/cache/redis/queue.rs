//! What waits to be written to Redis, and the one task that writes it.
//!
//! Putting is on the way of every reply, so it only leaves a note here. The queue is bounded, and what finds no place
//! is dropped and counted: the next turn of that conversation brings a newer context anyway. A newer context takes the
//! place of an older one that still waits, so a busy conversation is written once for each round trip and not once for
//! each turn.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::entry::Written;
use crate::breaker::Breaker;
use crate::telemetry::metrics::{self, CacheWrite, Tier};
use crate::types::ConversationId;

/// Conversations that may wait.
const WAITING_MAX: usize = 4096;
/// Conversations that one round trip writes: some 200 KB, a matter of a millisecond for the server, so that readers
/// on the same connection do not feel it.
const BATCH_MAX: usize = 128;

/// What shall be done with a conversation's entry, in one step.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub conversation: ConversationId,
    /// Whatever stands there is wrong, even if it is newer.
    pub forget: bool,
    pub put: Option<Written>,
}

/// See the module.
pub(super) struct Queue {
    // Held for a few map operations, never across an await.
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<ConversationId>,
    jobs: HashMap<ConversationId, Job>,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            bell: Notify::new(),
        }
    }

    /// Leaves a context to be written.
    pub(super) fn put(&self, conversation: ConversationId, written: Written) {
        let mut waiting = self.lock();
        if let Some(job) = waiting.jobs.get_mut(&conversation) {
            // Either of the two is not written, and that is how it is counted.
            let superseded = job.put.is_some();
            if job
                .put
                .as_ref()
                .is_none_or(|kept| kept.standing.version <= written.standing.version)
            {
                job.put = Some(written);
            }
            drop(waiting);
            if superseded {
                metrics::cache_written(Tier::Shared, CacheWrite::Superseded, 1);
            }
            return;
        }
        let job = Job {
            conversation,
            forget: false,
            put: Some(written),
        };
        if !self.push(waiting, job) {
            metrics::cache_written(Tier::Shared, CacheWrite::Dropped, 1);
        }
    }

    /// Leaves word that what is remembered, and what waits to be, is wrong.
    pub(super) fn forget(&self, conversation: ConversationId) {
        let mut waiting = self.lock();
        if let Some(job) = waiting.jobs.get_mut(&conversation) {
            job.forget = true;
            if job.put.take().is_some() {
                metrics::cache_written(Tier::Shared, CacheWrite::Superseded, 1);
            }
            return;
        }
        // One that finds no place stays where it is: a miss until it runs out.
        self.push(
            waiting,
            Job {
                conversation,
                forget: true,
                put: None,
            },
        );
    }

    fn push(&self, mut waiting: MutexGuard<'_, Waiting>, job: Job) -> bool {
        if waiting.is_closed || waiting.order.len() >= WAITING_MAX {
            return false;
        }
        let was_empty = waiting.order.is_empty();
        waiting.order.push_back(job.conversation);
        waiting.jobs.insert(job.conversation, job);
        drop(waiting);
        if was_empty {
            self.bell.notify_one();
        }
        true
    }

    /// Takes nothing more; what waits is still given out.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.bell.notify_one();
    }

    /// The oldest jobs, as soon as there are any; `None` when the queue is closed and empty.
    async fn next(&self) -> Option<Vec<Job>> {
        loop {
            {
                let mut waiting = self.lock();
                let count = waiting.order.len().min(BATCH_MAX);
                if count > 0 {
                    let Waiting { order, jobs, .. } = &mut *waiting;
                    return Some(order.drain(..count).filter_map(|id| jobs.remove(&id)).collect());
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.bell.notified().await;
        }
    }

    /// Writes with `write` what waits, until the queue is closed and empty. While the breaker is open what waits is
    /// given up: it would be old when it is written.
    pub(super) async fn serve<F>(&self, breaker: &Breaker, write: impl Fn(Vec<Job>) -> F)
    where
        F: Future<Output = Tally>,
    {
        while let Some(jobs) = self.next().await {
            let puts = jobs.iter().filter(|job| job.put.is_some()).count() as u64;
            let tally = if breaker.is_open() {
                Tally::default()
            } else {
                write(jobs).await
            };
            for (result, count) in [
                (CacheWrite::Stored, tally.stored),
                (CacheWrite::Stale, tally.stale),
                (CacheWrite::Error, tally.failed),
                (
                    CacheWrite::Skipped,
                    puts.saturating_sub(tally.stored + tally.stale + tally.failed),
                ),
            ] {
                metrics::cache_written(Tier::Shared, result, count);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What became of the contexts of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub stored: u64,
    /// Something newer stood there.
    pub stale: u64,
    pub failed: u64,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
    use uuid::Uuid;

    use super::*;
    use crate::store::Standing;
    use crate::types::TurnId;

    fn id(number: u128) -> ConversationId {
        ConversationId(Uuid::from_u128(number))
    }

    fn at(version: u64) -> Written {
        Written {
            standing: Standing {
                version,
                turn: TurnId(Uuid::nil()),
            },
            json: "{}".into(),
        }
    }

    /// Each job as (conversation, forget, version).
    async fn batch(queue: &Queue) -> Option<Vec<(u128, bool, Option<u64>)>> {
        let jobs = queue.next().await?;
        let seen = |job: Job| {
            let version = job.put.map(|put| put.standing.version);
            (job.conversation.0.as_u128(), job.forget, version)
        };
        Some(jobs.into_iter().map(seen).collect())
    }

    fn counted(handle: &PrometheusHandle, result: &str) -> u64 {
        let prefix = format!("frontdesk_cache_writes_total{{tier=\"shared\",result=\"{result}\"}} ");
        let text = handle.render();
        let line = text.lines().find_map(|line| line.strip_prefix(&prefix));
        line.map_or(0, |number| number.parse().unwrap())
    }

    #[tokio::test]
    async fn the_newest_of_a_conversation_is_written_once_and_in_its_place() {
        let queue = Queue::new();
        queue.put(id(1), at(1));
        queue.put(id(2), at(5));
        queue.put(id(1), at(3));
        queue.put(id(1), at(2));
        assert_eq!(
            batch(&queue).await.unwrap(),
            [(1, false, Some(3)), (2, false, Some(5))]
        );
    }

    #[tokio::test]
    async fn forgetting_overtakes_what_waits_and_not_what_comes_after() {
        let queue = Queue::new();
        queue.put(id(1), at(7));
        queue.forget(id(1));
        queue.forget(id(2));
        queue.put(id(3), at(9));
        queue.forget(id(3));
        queue.put(id(3), at(4));
        assert_eq!(
            batch(&queue).await.unwrap(),
            [(1, true, None), (2, true, None), (3, true, Some(4))]
        );
    }

    #[tokio::test]
    async fn a_full_queue_drops_what_comes_and_still_renews_what_waits() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let _here = ::metrics::set_default_local_recorder(&recorder);
        let queue = Queue::new();
        for number in 0..WAITING_MAX as u128 {
            queue.put(id(number), at(1));
        }
        queue.put(id(99_999), at(1));
        queue.put(id(0), at(2));
        assert_eq!(
            (counted(&handle, "dropped"), counted(&handle, "superseded")),
            (1, 1)
        );
        let first = batch(&queue).await.unwrap();
        assert_eq!((first.len(), first[0]), (BATCH_MAX, (0, false, Some(2))));
        queue.put(id(99_999), at(1));
        assert_eq!(counted(&handle, "dropped"), 1, "there is room again");
    }

    #[tokio::test]
    async fn a_closed_queue_gives_out_what_waits_and_ends() {
        let queue = Queue::new();
        queue.put(id(1), at(1));
        queue.close();
        queue.put(id(2), at(1));
        assert_eq!(batch(&queue).await.unwrap(), [(1, false, Some(1))]);
        assert!(batch(&queue).await.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_batch_is_written_the_next_one_gathers() {
        let queue = Arc::new(Queue::new());
        let breaker = Breaker::closed(5);
        let batches = Arc::<Mutex<Vec<usize>>>::default();
        let (served, log) = (queue.clone(), batches.clone());
        let writer = tokio::spawn(async move {
            let write = |jobs: Vec<Job>| {
                log.lock().unwrap().push(jobs.len());
                async {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    Tally::default()
                }
            };
            served.serve(&breaker, write).await;
        });
        for turn in 1..=30 {
            queue.put(id(1), at(turn));
            queue.put(id(1_000 + u128::from(turn)), at(1));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        queue.close();
        writer.await.unwrap();
        let batches = batches.lock().unwrap();
        assert!(batches.len() <= 5, "{batches:?}");
        assert_eq!(
            batches[1..batches.len() - 1].iter().max(),
            Some(&11),
            "ten others and one hot one: {batches:?}"
        );
    }

    #[tokio::test]
    async fn what_waits_when_the_breaker_opens_is_given_up() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let _here = ::metrics::set_default_local_recorder(&recorder);
        let queue = Queue::new();
        queue.put(id(1), at(1));
        queue.forget(id(2));
        queue.close();
        let write = |_| async { panic!("nobody writes") };
        queue.serve(&Breaker::open(5), write).await;
        assert_eq!(counted(&handle, "skipped"), 1);
    }
}
