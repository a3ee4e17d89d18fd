//! Whether an endpoint is asked at all: the [`Breaker`], brought back by its callers.
//!
//! A try costs money and customers' time is short, so nobody tries an endpoint in the background. After a rest one
//! caller is let through; all others go on without the endpoint until that call has shown how it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::trouble::Trouble;
use crate::breaker::Breaker;

/// See the module.
pub(super) struct Gate {
    breaker: Breaker,
    rest: Duration,
    rest_when_misconfigured: Duration,
    /// It has answered once.
    was_well: AtomicBool,
    // Held to look and to change, never across an await.
    state: Mutex<State>,
}

struct State {
    /// When one caller is let through an open gate.
    until: Instant,
    /// Somebody is through, and has not said yet how it went.
    trying: bool,
    /// What somebody has to mend, said in the log already.
    said: Option<Trouble>,
}

/// Leave to make one call, whose end must be told. Dropped in silence it tells nothing.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    tries: bool,
}

impl Gate {
    pub(super) fn new(failures_max: u32, rest: Duration, rest_when_misconfigured: Duration) -> Self {
        Self {
            breaker: Breaker::closed(failures_max.max(1)),
            rest,
            rest_when_misconfigured,
            was_well: AtomicBool::new(false),
            state: Mutex::new(State {
                until: Instant::now(),
                trying: false,
                said: None,
            }),
        }
    }

    /// Leave to make a call, if there is any now.
    pub(super) fn enter(&self) -> Option<Pass<'_>> {
        let mut state = self.state();
        let tries = self.breaker.is_open();
        if tries {
            if !may_try(&state) {
                return None;
            }
            state.trying = true;
        }
        Some(Pass { gate: self, tries })
    }

    /// Whether [`Self::enter`] would give leave now.
    pub(super) fn lets_in(&self) -> bool {
        !self.breaker.is_open() || may_try(&self.state())
    }

    /// Whether the endpoint is taken to be well.
    pub(super) fn is_closed(&self) -> bool {
        !self.breaker.is_open()
    }

    /// Whether it has ever answered.
    pub(super) fn was_well(&self) -> bool {
        self.was_well.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn may_try(state: &State) -> bool {
    !state.trying && Instant::now() >= state.until
}

impl Pass<'_> {
    /// The endpoint answered, whatever it said. `true` when it was left alone before.
    pub(super) fn well(self) -> bool {
        let gate = self.gate;
        gate.was_well.store(true, Ordering::Relaxed);
        gate.breaker.succeeded();
        let mut state = gate.state();
        if self.tries {
            gate.breaker.close();
        }
        if gate.is_closed() {
            state.said = None;
        }
        self.tries
    }

    /// The endpoint failed. `true` when it is left alone from now on.
    pub(super) fn failed(self) -> bool {
        let gate = self.gate;
        let mut state = gate.state();
        let opens = gate.breaker.failed();
        if opens || self.tries {
            state.until = Instant::now() + gate.rest;
        }
        opens
    }

    /// The endpoint refuses until somebody mends it. `true` when that was not said before.
    pub(super) fn misconfigured(self, trouble: Trouble) -> bool {
        let gate = self.gate;
        let mut state = gate.state();
        gate.breaker.trip();
        state.until = Instant::now() + gate.rest_when_misconfigured;
        state.said.replace(trouble) != Some(trouble)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.tries {
            self.gate.state().trying = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(10);
    const LONG: Duration = Duration::from_secs(60);

    fn gate() -> Gate {
        Gate::new(3, REST, LONG)
    }

    fn open(gate: &Gate) {
        while !gate.enter().unwrap().failed() {}
    }

    #[tokio::test(start_paused = true)]
    async fn only_failures_in_a_row_shut_it() {
        let gate = gate();
        for _ in 0..5 {
            assert!(!gate.enter().unwrap().failed());
            assert!(!gate.enter().unwrap().failed());
            assert!(!gate.enter().unwrap().well());
        }
        open(&gate);
        assert!(gate.enter().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_rest_one_caller_finds_out_for_all() {
        let gate = gate();
        open(&gate);
        tokio::time::advance(REST).await;
        let first = gate.enter().unwrap();
        assert!(gate.enter().is_none(), "one is enough");
        first.failed();
        assert!(gate.enter().is_none(), "it rests again");
        tokio::time::advance(REST).await;
        assert!(gate.enter().unwrap().well(), "it is back");
        assert!(gate.enter().is_some() && gate.is_closed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_try_that_is_given_up_leaves_the_next_one_to_try() {
        let gate = gate();
        open(&gate);
        tokio::time::advance(REST).await;
        drop(gate.enter().unwrap());
        assert!(gate.lets_in());
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_has_to_mend_rests_longer_and_is_said_once() {
        let gate = gate();
        assert!(gate.enter().unwrap().misconfigured(Trouble::Key));
        tokio::time::advance(REST).await;
        assert!(gate.enter().is_none());
        tokio::time::advance(LONG).await;
        assert!(!gate.enter().unwrap().misconfigured(Trouble::Key), "said before");
        tokio::time::advance(LONG).await;
        gate.enter().unwrap().well();
        assert!(gate.enter().unwrap().misconfigured(Trouble::Key), "news again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_success_does_not_open_the_way() {
        let gate = gate();
        let early = gate.enter().unwrap();
        open(&gate);
        assert!(!early.well());
        assert!(!gate.is_closed());
    }
}
