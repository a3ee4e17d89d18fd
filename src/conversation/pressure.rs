//! How long a message that comes now would wait: what waits, divided by how fast it has lately become less.
//!
//! Asked before a message is let in, so that what would be answered too late is refused at once, while the rest is still
//! answered in time: a line that only grows helps nobody. Little's law needs no measure of what is slow, be it the
//! processor, the disk or a model.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Below so many waiting messages nothing is estimated: the figures would be chance.
const WAITING_MIN: usize = 256;

/// Into so many steps the time is divided that is looked back at: as long as a message may have to wait.
const STEPS: usize = 16;

/// See the module.
#[derive(Debug)]
pub(super) struct Pressure {
    longest: Duration,
    // Held to count, never across an await.
    done: Mutex<Done>,
}

#[derive(Debug)]
struct Done {
    step: Duration,
    /// What was done in each step since the line was last short, the latest last.
    steps: VecDeque<u32>,
    /// When the latest step began.
    since: Instant,
}

impl Pressure {
    /// A message may have to wait so long.
    pub(super) fn new(longest: Duration) -> Self {
        let step = (longest / 16).max(Duration::from_millis(1));
        Self {
            longest,
            done: Mutex::new(Done {
                step,
                steps: VecDeque::from([0]),
                since: Instant::now(),
            }),
        }
    }

    /// A message waits no more.
    pub(super) fn one_less(&self) {
        let mut done = self.lock();
        done.catch_up(Instant::now());
        if let Some(latest) = done.steps.back_mut() {
            *latest = latest.saturating_add(1);
        }
    }

    /// How long it would be better to stay away for one who would find so many waiting; nothing when it is soon their
    /// turn.
    pub(super) fn stay_away(&self, waiting: usize) -> Option<Duration> {
        let now = Instant::now();
        let mut done = self.lock();
        if waiting < WAITING_MIN {
            // How fast a short line was says nothing about a long one.
            done.steps.clear();
            done.steps.push_back(0);
            done.since = now;
            return None;
        }
        done.catch_up(now);
        let whole = u32::try_from(done.steps.len()).unwrap_or(1) - 1;
        let looked = done.step * whole + now.saturating_duration_since(done.since);
        let less = done.steps.iter().sum::<u32>();
        drop(done);
        if looked < self.longest / 2 {
            // Too early to tell: those who write in bursts are waited for, and a model takes its time.
            return None;
        }
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        let wait = looked.saturating_mul(waiting) / less.max(1);
        let beyond = wait.checked_sub(self.longest)?;
        Some(beyond.min(self.longest))
    }

    fn lock(&self) -> MutexGuard<'_, Done> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Done {
    fn catch_up(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.since);
        let steps = passed.as_micros() / self.step.as_micros().max(1);
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        for _ in 0..(steps as usize).min(STEPS) {
            self.steps.push_back(0);
        }
        while self.steps.len() > STEPS {
            self.steps.pop_front();
        }
        self.since += self.step.saturating_mul(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(10);

    /// So many a second are answered for so many seconds, while `waiting` wait.
    async fn answers(pressure: &Pressure, waiting: usize, each_second: u32, seconds: u32) {
        for _ in 0..seconds * 4 {
            for _ in 0..each_second / 4 {
                pressure.one_less();
            }
            // Somebody comes and looks.
            let _ = pressure.stay_away(waiting);
            tokio::time::advance(Duration::from_millis(250)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_for_too_long_is_told_to_stay_away() {
        let pressure = Pressure::new(LONGEST);
        answers(&pressure, 300, 100, 12).await;
        for (waiting, is_away) in [(300, false), (800, false), (1_300, true), (9_000, true)] {
            assert_eq!(pressure.stay_away(waiting).is_some(), is_away, "{waiting}");
        }
        // Faster, and the same line is soon over.
        answers(&pressure, 9_000, 1_000, 12).await;
        assert_eq!(pressure.stay_away(8_000), None);
        assert!(pressure.stay_away(15_000).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_line_is_never_too_long_and_one_that_stands_still_is() {
        let pressure = Pressure::new(LONGEST);
        answers(&pressure, WAITING_MIN, 0, 6).await;
        let away = pressure.stay_away(WAITING_MIN).unwrap();
        assert!(away <= LONGEST, "{away:?}");
        assert_eq!(pressure.stay_away(WAITING_MIN - 1), None);
    }

    #[tokio::test(start_paused = true)]
    async fn many_who_come_at_once_after_a_rest_are_not_sent_away_for_want_of_figures() {
        let pressure = Pressure::new(LONGEST);
        assert_eq!(pressure.stay_away(5_000), None);
        answers(&pressure, 3, 1_000, 3).await;
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(pressure.stay_away(10), None);
        for second in 0..4 {
            assert_eq!(pressure.stay_away(5_000), None, "after {second} s");
            answers(&pressure, 5_000, 0, 1).await;
        }
    }
}
