//! How many turns of one business are worked on at once, while others want to be worked on too.
//!
//! Whoever is alone passes freely: batches of commits are the larger the more come at once. As soon as another business
//! has turns, or had one lately, each passes so many at a time and no more; the rest wait in a line of their own. So what
//! a turn finds before it (in the commit pipeline, at the readers, in the run queue of the processor) is a few turns of
//! each other business, however many that one has waiting. What waits for a model waits before it comes here.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::types::BusinessId;

/// How long a business that has passed counts as one that wants to.
const LATELY: Duration = Duration::from_secs(5);

/// See the module. Cheap to clone; clones are one.
#[derive(Clone)]
pub(super) struct Turnstile(Arc<Inner>);

struct Inner {
    each_max: usize,
    // Held to count, never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those who are within, or wait to be.
    lines: HashMap<BusinessId, Line>,
    /// Who came last, and the last other one before.
    latest: Option<(BusinessId, Instant)>,
    before: Option<Instant>,
}

#[derive(Default)]
struct Line {
    within: usize,
    waiting: VecDeque<oneshot::Sender<Pass>>,
}

/// Leave to work on a turn, as long as it lives.
pub(super) struct Pass {
    turnstile: Turnstile,
    business: BusinessId,
}

impl Turnstile {
    /// Where others want to pass too, so many of each at once.
    pub(super) fn new(each_max: usize) -> Self {
        Self(Arc::new(Inner {
            each_max: each_max.max(1),
            state: Mutex::default(),
        }))
    }

    /// Waits for leave to work on a turn of this business. Dropping the future leaves the line.
    pub(super) async fn enter(&self, business: &BusinessId) -> Option<Pass> {
        let leave = {
            let mut state = self.lock();
            state.saw(business, Instant::now());
            let may_pass = state.may_pass(business, self.0.each_max);
            let line = state.lines.entry(business.clone()).or_default();
            if may_pass && line.waiting.is_empty() {
                line.within += 1;
                return Some(self.pass(business));
            }
            let (sender, leave) = oneshot::channel();
            line.waiting.push_back(sender);
            leave
        };
        // The sender stands in the line until it gives leave.
        leave.await.ok()
    }

    fn pass(&self, business: &BusinessId) -> Pass {
        Pass {
            turnstile: self.clone(),
            business: business.clone(),
        }
    }

    /// One of a business leaves; those who may pass now are given leave.
    fn left(&self, business: &BusinessId) {
        let mut given = Vec::new();
        {
            let mut state = self.lock();
            if let Some(line) = state.lines.get_mut(business) {
                line.within -= 1;
            }
            while state.may_pass(business, self.0.each_max) {
                let Some(line) = state.lines.get_mut(business) else {
                    break;
                };
                let Some(next) = line.waiting.pop_front() else {
                    break;
                };
                line.within += 1;
                given.push(next);
            }
            let is_empty = |line: &Line| line.within == 0 && line.waiting.is_empty();
            if state.lines.get(business).is_some_and(is_empty) {
                state.lines.remove(business);
            }
        }
        for next in given {
            // Whoever has gone meanwhile gives the pass back by dropping it, which lets the next one in.
            let _ = next.send(self.pass(business));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn saw(&mut self, business: &BusinessId, now: Instant) {
        match &mut self.latest {
            Some((latest, at)) if latest == business => *at = now,
            Some((latest, at)) => {
                self.before = Some(*at);
                (*latest, *at) = (business.clone(), now);
            }
            None => self.latest = Some((business.clone(), now)),
        }
    }

    fn may_pass(&self, business: &BusinessId, each_max: usize) -> bool {
        let line = self.lines.get(business);
        line.is_none_or(|line| line.within < each_max) || self.is_alone(business)
    }

    /// Whether nobody else is here, or was lately.
    fn is_alone(&self, business: &BusinessId) -> bool {
        let others_here = self.lines.len() - usize::from(self.lines.contains_key(business));
        let other_seen = match &self.latest {
            Some((latest, at)) if latest != business => Some(*at),
            _ => self.before,
        };
        others_here == 0 && other_seen.is_none_or(|at| at.elapsed() >= LATELY)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.turnstile.left(&self.business);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio_test::task;

    use super::*;

    fn business(name: &str) -> BusinessId {
        BusinessId::new(name).unwrap()
    }

    fn enter(turnstile: &Turnstile, name: &str) -> Option<Pass> {
        turnstile.enter(&business(name)).now_or_never().flatten()
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_alone_passes_freely() {
        let turnstile = Turnstile::new(2);
        let passes: Vec<_> = (0..100).map_while(|_| enter(&turnstile, "one")).collect();
        assert_eq!(passes.len(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn beside_others_each_passes_a_few_at_a_time_in_the_order_of_coming() {
        let turnstile = Turnstile::new(2);
        let other = enter(&turnstile, "other").unwrap();
        let mut within = vec![
            enter(&turnstile, "flood").unwrap(),
            enter(&turnstile, "flood").unwrap(),
        ];
        let flood = business("flood");
        let mut first = task::spawn(turnstile.enter(&flood));
        let mut second = task::spawn(turnstile.enter(&flood));
        assert!(first.poll().is_pending() && second.poll().is_pending());
        assert!(
            enter(&turnstile, "other").is_some(),
            "others have lines of their own"
        );
        within.pop();
        assert!(first.is_woken() && !second.is_woken());
        assert!(first.poll().is_ready());
        drop(other);
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_others_are_gone_for_a_while_the_line_is_let_in_at_once() {
        let turnstile = Turnstile::new(1);
        drop(enter(&turnstile, "other").unwrap());
        let within = enter(&turnstile, "flood").unwrap();
        let flood = business("flood");
        let mut waiting: Vec<_> = (0..10).map(|_| task::spawn(turnstile.enter(&flood))).collect();
        for each in &mut waiting {
            assert!(each.poll().is_pending());
        }
        tokio::time::advance(LATELY).await;
        drop(within);
        let passes: Vec<_> = waiting.iter_mut().map(task::Spawn::poll).collect();
        assert!(passes.iter().all(std::task::Poll::is_ready));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_leaves_the_line_to_the_next_and_no_trace() {
        let turnstile = Turnstile::new(1);
        drop(enter(&turnstile, "other").unwrap());
        let within = enter(&turnstile, "flood").unwrap();
        let flood = business("flood");
        let mut gives_up = task::spawn(turnstile.enter(&flood));
        let mut stays = task::spawn(turnstile.enter(&flood));
        assert!(gives_up.poll().is_pending() && stays.poll().is_pending());
        drop(gives_up);
        drop(within);
        assert!(stays.is_woken());
        drop(stays);
        assert!(turnstile.lock().lines.is_empty());
    }
}
