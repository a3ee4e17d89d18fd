//! How the tasks that serve one lane share its queue.
//!
//! A statement costs a good part of a millisecond whatever it writes. A task that took every job the moment it came,
//! while another's large batch is in flight, would spend that on one job at a time, and the processor with it. So it
//! lets a fair share gather first. When nothing is in flight nobody waits.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, watch};

use crate::store::batch;

/// How long a batch may gather beside another, which may hang.
const GATHER_LIMIT: Duration = Duration::from_millis(10);

/// A lane's queue and what of it is in flight.
#[derive(Debug)]
pub(super) struct Shifts<J> {
    /// Locked by the one task that gathers. The others are at work, or wait for their turn to gather.
    queue: Arc<Mutex<mpsc::Receiver<J>>>,
    in_flight: watch::Sender<InFlight>,
}

#[derive(Debug, Clone, Copy, Default)]
struct InFlight {
    batches: usize,
    jobs: usize,
}

impl InFlight {
    /// As many as make a batch worth its statement: half of what one in flight carries.
    fn fair_share(self) -> usize {
        (self.jobs / self.batches.max(1)).div_ceil(2)
    }
}

impl<J> Clone for Shifts<J> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
            in_flight: self.in_flight.clone(),
        }
    }
}

impl<J> Shifts<J> {
    pub(super) fn new(queue: mpsc::Receiver<J>) -> Self {
        Self {
            queue: Arc::new(Mutex::new(queue)),
            in_flight: watch::Sender::default(),
        }
    }

    /// Waits for jobs and puts them into `jobs`, which is empty and keeps its room from batch to batch. It stays empty
    /// when every sender is gone and the queue is empty.
    pub(super) async fn gather(&self, jobs: &mut Vec<J>) {
        let mut queue = self.queue.lock().await;
        if queue.recv_many(jobs, batch::JOBS_MAX).await == 0 {
            return;
        }
        let mut in_flight = self.in_flight.subscribe();
        let enough = async {
            loop {
                if jobs.len() >= in_flight.borrow_and_update().fair_share() {
                    return;
                }
                let room = batch::JOBS_MAX - jobs.len();
                tokio::select! {
                    arrived = queue.recv_many(jobs, room) => if arrived == 0 { return },
                    // The sender is `self`'s.
                    _ = in_flight.changed() => {}
                }
            }
        };
        let _ = tokio::time::timeout(GATHER_LIMIT, enough).await;
    }

    /// Counts a batch as in flight until the answer is dropped.
    pub(super) fn begin(&self, jobs: usize) -> impl Drop {
        self.in_flight.send_modify(|all| {
            all.batches += 1;
            all.jobs += jobs;
        });
        Batch {
            in_flight: &self.in_flight,
            jobs,
        }
    }
}

/// A batch in flight.
struct Batch<'a> {
    in_flight: &'a watch::Sender<InFlight>,
    jobs: usize,
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.in_flight.send_modify(|all| {
            all.batches -= 1;
            all.jobs -= self.jobs;
        });
    }
}
