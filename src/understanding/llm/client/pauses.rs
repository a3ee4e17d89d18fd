//! When a call that failed is made again.
//!
//! Pauses double, with full jitter (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>), so
//! that many who failed together do not come back together. What the endpoint asks for is added; more than one may
//! wait, or more than there is time for, means that there is no further attempt.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::settings::Settings;
use crate::telemetry::metrics;

/// The longest pause that is taken unasked.
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// The pauses that are left.
pub(super) struct Pauses {
    backoff: ExponentialBackoff,
    asked_max: Duration,
    needs: Duration,
    until: Instant,
}

impl Pauses {
    /// The pauses before `until`, at an endpoint that `needs` so long for an answer.
    pub(super) fn new(settings: &Settings, needs: Duration, until: Instant) -> Self {
        let tries_again = settings.attempts_max.saturating_sub(1);
        let backoff = ExponentialBuilder::new()
            .with_min_delay(settings.retry_pause)
            .with_max_delay(PAUSE_MAX.max(settings.retry_pause))
            .with_factor(2.0)
            .with_max_times(usize::try_from(tries_again).unwrap_or(usize::MAX));
        Self {
            backoff: backoff.build(),
            asked_max: settings.retry_after_max,
            needs,
            until,
        }
    }

    /// Waits before the next attempt and counts it; `false` when there shall be none.
    pub(super) async fn wait(&mut self, asked: Option<Duration>) -> bool {
        let Some(pause) = self.next(asked) else {
            return false;
        };
        tokio::time::sleep(pause).await;
        metrics::llm_retried();
        true
    }

    fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        let asked = asked.unwrap_or_default();
        if asked > self.asked_max {
            return None;
        }
        let pause = asked + self.backoff.next()?.mul_f64(fastrand::f64());
        (Instant::now() + pause + self.needs <= self.until).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understanding::llm::client::settings::Endpoint;

    fn settings() -> Settings {
        Settings::new(Endpoint {
            base_url: String::new(),
            api_key: None,
            model: String::new(),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_end_in_number_and_in_time() {
        let settings = settings();
        let needs = Duration::from_secs(1);
        let mut pauses = Pauses::new(&settings, needs, Instant::now() + Duration::from_secs(60));
        assert!(pauses.wait(None).await && pauses.wait(None).await);
        assert!(!pauses.wait(None).await, "three attempts have two pauses");
        let soon = Instant::now() + needs / 2;
        assert!(
            !Pauses::new(&settings, needs, soon).wait(None).await,
            "too late for one more"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn the_endpoint_is_given_the_pause_that_it_asks_for_or_left_alone() {
        let settings = settings();
        let pauses = || {
            Pauses::new(
                &settings,
                Duration::ZERO,
                Instant::now() + Duration::from_secs(60),
            )
        };
        let began = Instant::now();
        assert!(pauses().wait(Some(Duration::from_secs(2))).await);
        assert!(began.elapsed() >= Duration::from_secs(2));
        let began = Instant::now();
        assert!(!pauses().wait(Some(Duration::from_secs(3))).await);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
