//! The counts of one process: exact, and bounded in number.
//!
//! Where too many are in use at once, a newcomer is let in and not counted: it would be a stranger's first request in any
//! case, and forgetting somebody who is over the limit would let them in again. The kinds are bounded apart, so that a
//! flood from many addresses makes nobody's messages uncounted.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::{Ask, Key, Ledger, Over, Request, Scope, Unanswered};

/// How often room is looked for where there is none: looking takes about a millisecond.
const LOOK_EVERY: u64 = 1_000_000;

/// See the module.
pub struct Local {
    // Held for a few map operations, never across an await.
    counts: Mutex<Counts>,
    began: Instant,
}

struct Counts {
    each: [Kind; Scope::ALL.len()],
    each_max: usize,
}

/// The counts of one kind: what is owed until when, in microseconds.
#[derive(Default)]
struct Kind {
    owed: HashMap<u128, u64>,
    looked: u64,
}

impl Local {
    /// Remembers at most so many counts of each kind.
    #[must_use]
    pub fn new(each_max: usize) -> Self {
        Self {
            counts: Mutex::new(Counts {
                each: Default::default(),
                each_max,
            }),
            began: Instant::now(),
        }
    }

    /// Lets requests in, or not, in their order.
    #[must_use]
    pub fn spend(&self, requests: &[Request]) -> Vec<Option<Over>> {
        let now = self.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .iter()
            .map(|request| counts.spend(request, now))
            .collect()
    }

    /// Forgets what is paid back.
    pub fn forget_old(&self) {
        let now = self.now();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in &mut counts.each {
            kind.forget_old(now);
        }
    }

    /// How many counts are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.each.iter().map(|kind| kind.owed.len()).sum()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX / 2)
    }
}

impl Counts {
    fn spend(&mut self, request: &Request, now: u64) -> Option<Over> {
        let mut worst: Option<Over> = None;
        let mut after: Vec<(Key, u64)> = Vec::with_capacity(request.asks.len());
        for Ask { key, rate } in &request.asks {
            let owed = self.kind(key.scope).owed.get(&key.id).copied().unwrap_or(now);
            match rate.spend(owed, now, request.cost) {
                Ok(then) => after.push((*key, then)),
                Err(wait) => {
                    let retry_after = Duration::from_micros(wait);
                    if worst.is_none_or(|worst| worst.retry_after < retry_after) {
                        worst = Some(Over {
                            scope: key.scope,
                            rate: *rate,
                            retry_after,
                        });
                    }
                }
            }
        }
        if worst.is_none() {
            let max = self.each_max;
            for (key, then) in after {
                self.kind(key.scope).remember(key.id, then, now, max);
            }
        }
        worst
    }

    fn kind(&mut self, scope: Scope) -> &mut Kind {
        &mut self.each[scope as usize]
    }
}

impl Kind {
    fn remember(&mut self, id: u128, then: u64, now: u64, max: usize) {
        if self.owed.len() >= max && !self.owed.contains_key(&id) {
            if self.looked + LOOK_EVERY <= now {
                self.forget_old(now);
                self.looked = now;
            }
            if self.owed.len() >= max {
                return;
            }
        }
        self.owed.insert(id, then);
    }

    fn forget_old(&mut self, now: u64) {
        self.owed.retain(|_, owed| *owed > now);
        if self.owed.is_empty() {
            self.owed = HashMap::new();
        }
    }
}

#[async_trait]
impl Ledger for Local {
    async fn spend(&self, _: u128, requests: &[Request]) -> Result<Vec<Option<Over>>, Unanswered> {
        Ok(Self::spend(self, requests))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rates::Rate;

    fn request(scope: Scope, id: u128) -> Request {
        let rate = Rate::per_minute(1);
        let key = Key { scope, id };
        Request {
            cost: 1,
            asks: vec![Ask { key, rate }],
        }
    }

    fn is_let_in(counts: &Local, scope: Scope, id: u128) -> bool {
        counts.spend(&[request(scope, id)])[0].is_none()
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_newcomers_lets_nobody_in_again_who_is_over_the_limit() {
        let counts = Local::new(100);
        assert!(is_let_in(&counts, Scope::Address, 1));
        for id in 2..10_000 {
            assert!(is_let_in(&counts, Scope::Address, id));
        }
        assert_eq!(counts.len(), 100);
        assert!(!is_let_in(&counts, Scope::Address, 1));
        // And the others are counted as ever.
        assert!(is_let_in(&counts, Scope::Participant, 1));
        assert!(!is_let_in(&counts, Scope::Participant, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn room_is_made_of_what_is_paid_back() {
        let counts = Local::new(2);
        for id in 1..=2 {
            assert!(is_let_in(&counts, Scope::Account, id));
        }
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(is_let_in(&counts, Scope::Account, 3));
        assert!(!is_let_in(&counts, Scope::Account, 3), "there was room for it");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_remembered_for_longer_than_a_minute_and_the_timers_round() {
        let counts = Local::new(100);
        assert!(is_let_in(&counts, Scope::Address, 1));
        tokio::time::advance(Duration::from_secs(59)).await;
        counts.forget_old();
        assert_eq!(counts.len(), 1);
        tokio::time::advance(Duration::from_secs(1)).await;
        counts.forget_old();
        assert!(counts.is_empty());
    }
}
