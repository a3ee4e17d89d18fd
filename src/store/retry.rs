//! How often and how fast anything at the database is tried again.
//!
//! Only what may pass is (a lock, a full disk, a database that is away); the rest is said at once. Pauses double up to
//! a cap, with full jitter (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so that many
//! who failed together do not come back together. The total stays well inside a turn's wait.

use std::future::Future;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::errors::may_pass;
use super::{Error, Result};

/// Tries of a write, the first included: about 3 s of pauses at most.
const WRITES: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(20))
    .with_max_delay(Duration::from_secs(1))
    .with_factor(2.0)
    .with_max_times(7);
/// Tries of a read: somebody is waiting, and can ask again.
const READS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(20))
    .with_max_delay(Duration::from_millis(200))
    .with_factor(2.0)
    .with_max_times(4);
/// Tries to open a database that is not there yet, without an end of their own: a few in the first second, then one
/// every 5 s on average, so that a server that comes back is not met by everybody at once.
const STARTS: ExponentialBuilder = ExponentialBuilder::new()
    .with_min_delay(Duration::from_millis(200))
    .with_max_delay(Duration::from_secs(10))
    .with_factor(2.0)
    .without_max_times();
/// After this much time nothing is tried again, however long each try took: a turn waits 30 s at most.
const TOTAL_MAX: Duration = Duration::from_secs(8);

/// The pauses that are left to something that failed.
pub(super) struct Pauses {
    backoff: ExponentialBackoff,
    until: Option<Instant>,
}

impl Pauses {
    /// For a write.
    pub(super) fn of_a_write() -> Self {
        Self::new(&WRITES, Some(TOTAL_MAX))
    }

    /// For a start, which may take `patience`, or as long as it takes.
    pub(super) fn of_a_start(patience: Option<Duration>) -> Self {
        Self::new(&STARTS, patience)
    }

    fn new(builder: &ExponentialBuilder, total: Option<Duration>) -> Self {
        Self {
            backoff: builder.build(),
            until: total.map(|total| Instant::now() + total),
        }
    }

    /// Waits before the next try and counts it; `false` when there shall be none.
    pub(super) async fn wait(&mut self) -> bool {
        let Some(pause) = self.backoff.next() else {
            return false;
        };
        let pause = pause.mul_f64(fastrand::f64());
        if self.until.is_some_and(|until| Instant::now() + pause > until) {
            return false;
        }
        metrics::counter!("frontdesk_store_retries_total").increment(1);
        tokio::time::sleep(pause).await;
        true
    }
}

/// Reads, again if need be. `read` must change nothing.
pub(super) async fn read<T, F>(mut read: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let mut pauses = Pauses::new(&READS, Some(TOTAL_MAX));
    loop {
        match read().await {
            Err(error) if may_pass(&error) && !is_closed(&error) && pauses.wait().await => {}
            ended => return ended,
        }
    }
}

/// A pool that was closed stays closed.
fn is_closed(error: &Error) -> bool {
    matches!(error, Error::Unavailable(sqlx::Error::PoolClosed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> Error {
        Error::Unavailable(sqlx::Error::PoolTimedOut)
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_again_and_the_rest_is_said_at_once() {
        let mut tries = 0;
        let read_at_last = read(|| {
            tries += 1;
            let result = if tries < 3 { Err(away()) } else { Ok(tries) };
            async { result }
        });
        assert_eq!(read_at_last.await.unwrap(), 3);

        let mut tries = 0;
        let broken = read(|| {
            tries += 1;
            async { Err::<(), _>(Error::Rejected(sqlx::Error::RowNotFound)) }
        });
        assert!(matches!(broken.await, Err(Error::Rejected(_))));
        assert_eq!(tries, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_end_in_number_and_in_time() {
        let (begun, mut pauses, mut tries) = (Instant::now(), Pauses::of_a_write(), 1);
        while pauses.wait().await {
            tries += 1;
        }
        assert_eq!(tries, 8);
        assert!(begun.elapsed() < Duration::from_secs(4));

        let mut pauses = Pauses::of_a_write();
        tokio::time::advance(TOTAL_MAX).await;
        assert!(!pauses.wait().await, "slow tries count");
    }
}
