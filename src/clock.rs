//! The only source of "now".
//!
//! Pure rooms get the time as an argument; the shell asks a [`Clock`]. `clippy.toml` forbids every other way,
//! so that a test, and an operator who sets `FRONTDESK_NOW`, can decide what day it is.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

/// Tells the time.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock, optionally shifted so that it started at a given instant and runs on from there.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    shift: SignedDuration,
}

impl SystemClock {
    /// The machine's own time.
    #[must_use]
    pub const fn real() -> Self {
        Self {
            shift: SignedDuration::ZERO,
        }
    }

    /// A clock that shows `start` now and runs on from there.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self {
            shift: start.duration_since(machine_time()),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = machine_time();
        // A shift that leaves jiff's range (years -9999 to 9999) is a nonsense setting; real time is the answer.
        now.checked_add(self.shift).unwrap_or(now)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock"
)]
fn machine_time() -> Timestamp {
    Timestamp::now()
}

/// A clock that stands still until it is moved. For tests and for replaying.
#[derive(Debug)]
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        Self(Mutex::new(now))
    }

    /// Moves the clock forward (or back, with a negative duration).
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.lock();
        *now = now.checked_add(by).unwrap_or(*now);
    }

    /// Sets the clock.
    pub fn set(&self, to: Timestamp) {
        *self.lock() = to;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Timestamp> {
        // A timestamp is whole whatever panicked while the lock was held.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.lock()
    }
}
