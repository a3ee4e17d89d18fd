//! Whether a server that fails is asked at all.
//!
//! After some failures in a row nobody asks it any more, so that nobody waits for it. How it comes back is its user's
//! choice. Where a try costs nothing, one task tries the server from time to time ([`Breaker::heal`]), with all the
//! patience that callers cannot have: a caller is never the one who finds out. Where a try costs money, its user lets
//! one caller through after a while and closes the breaker when that went well.

use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

/// See the module.
pub(crate) struct Breaker {
    open: AtomicBool,
    failures: AtomicU32,
    failures_max: u32,
    opened: Notify,
}

impl Breaker {
    /// Closed: the server is taken to be well until it fails so often in a row.
    pub(crate) fn closed(failures_max: u32) -> Self {
        Self {
            open: AtomicBool::new(false),
            failures: AtomicU32::new(0),
            failures_max,
            opened: Notify::new(),
        }
    }

    /// Open: nothing is known of the server yet.
    pub(crate) fn open(failures_max: u32) -> Self {
        let breaker = Self::closed(failures_max);
        breaker.open.store(true, Ordering::Release);
        breaker
    }

    /// Whether the server is left alone.
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    pub(crate) fn succeeded(&self) {
        // Written only when it changes something: every request comes by here.
        if self.failures.load(Ordering::Relaxed) != 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a failure; `true` when it was the one too many.
    pub(crate) fn failed(&self) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
        failures >= self.failures_max && self.trip()
    }

    /// Opens it whatever was counted; `true` when it was closed before.
    pub(crate) fn trip(&self) -> bool {
        let was_closed = !self.open.swap(true, Ordering::AcqRel);
        if was_closed {
            self.opened.notify_one();
        }
        was_closed
    }

    /// The server is well.
    pub(crate) fn close(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.open.store(false, Ordering::Release);
    }

    /// Tries the server whenever it is left alone, at first at once and then after a `rest` each, until `try_it`
    /// says that it is well. Never returns.
    pub(crate) async fn heal<F: Future<Output = bool>>(&self, rest: Duration, mut try_it: impl FnMut() -> F) {
        loop {
            while self.is_open() {
                if try_it().await {
                    self.close();
                } else {
                    tokio::time::sleep(rest).await;
                }
            }
            self.opened.notified().await;
            tokio::time::sleep(rest).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::Mutex;

    use tokio::time::Instant;

    use super::*;

    const FAILURES_MAX: u32 = 5;
    const REST: Duration = Duration::from_secs(2);

    /// A breaker whose server is `well` or not, with the seconds at which it was tried.
    struct Patient {
        breaker: Arc<Breaker>,
        well: Arc<AtomicBool>,
        tried: Arc<Mutex<Vec<u64>>>,
    }

    fn patient(is_well: bool) -> Patient {
        let breaker = Arc::new(Breaker::open(FAILURES_MAX));
        let well = Arc::new(AtomicBool::new(is_well));
        let tried = Arc::<Mutex<Vec<u64>>>::default();
        let (healed, state, log, born) = (breaker.clone(), well.clone(), tried.clone(), Instant::now());
        tokio::spawn(async move {
            healed
                .heal(REST, || {
                    log.lock().unwrap().push(born.elapsed().as_secs());
                    std::future::ready(state.load(Ordering::Relaxed))
                })
                .await;
        });
        Patient { breaker, well, tried }
    }

    /// Fails as often as it takes.
    fn fail(breaker: &Breaker) {
        while !breaker.failed() {}
    }

    async fn pass(seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_asks_before_the_server_was_seen() {
        let patient = patient(true);
        assert!(patient.breaker.is_open());
        pass(1).await;
        assert!(!patient.breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_in_a_row_open_it() {
        let Patient { breaker, .. } = patient(true);
        pass(1).await;
        for _ in 0..3 {
            for _ in 1..FAILURES_MAX {
                assert!(!breaker.failed());
            }
            breaker.succeeded();
        }
        assert!(!breaker.is_open());
        let opened: Vec<bool> = (0..=FAILURES_MAX).map(|_| breaker.failed()).collect();
        assert_eq!(opened, [false, false, false, false, true, false], "it opens once");
        assert!(breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_success_does_not_close_it() {
        let Patient { breaker, well, .. } = patient(true);
        pass(1).await;
        well.store(false, Ordering::Relaxed);
        fail(&breaker);
        breaker.succeeded();
        assert!(breaker.is_open());
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_after_every_rest_until_it_is_well() {
        let Patient { breaker, well, tried } = patient(true);
        pass(1).await;
        well.store(false, Ordering::Relaxed);
        fail(&breaker);
        pass(5).await;
        assert_eq!(
            *tried.lock().unwrap(),
            [0, 3, 5],
            "once at the start, then after a rest each"
        );
        well.store(true, Ordering::Relaxed);
        pass(2).await;
        assert!(!breaker.is_open());
        pass(100).await;
        assert_eq!(*tried.lock().unwrap(), [0, 3, 5, 7], "a well server is not tried");
    }
}
