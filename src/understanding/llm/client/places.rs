//! How many answers are worked on at the same time, and that everybody gets their turn.
//!
//! A business first waits for one of its own places and only then for one of the common ones, both in the order of
//! coming. However many messages a business has waiting, no more of them than its own places stand in the common line,
//! so nobody waits behind more than that of anybody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::metrics;
use crate::types::BusinessId;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Places(Arc<Inner>);

struct Inner {
    common: Arc<Semaphore>,
    each_max: usize,
    // Held to count, never across an await. A business is in here while it waits or works.
    each: Mutex<HashMap<BusinessId, Own>>,
    working: Mutex<u32>,
}

struct Own {
    places: Arc<Semaphore>,
    users: usize,
}

/// A place, until it is dropped.
pub(super) struct Place {
    _common: OwnedSemaphorePermit,
    _own: OwnedSemaphorePermit,
    visit: Visit,
}

/// A business that is waited for or worked for; keeps its entry.
struct Visit {
    places: Places,
    business: BusinessId,
}

impl Places {
    pub(super) fn new(max: usize, each_max: usize) -> Self {
        let max = max.clamp(1, Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            common: Arc::new(Semaphore::new(max)),
            each_max: each_max.clamp(1, max),
            each: Mutex::default(),
            working: Mutex::default(),
        }))
    }

    /// Waits for a place. Dropping the future leaves the line.
    pub(super) async fn enter(&self, business: &BusinessId) -> Option<Place> {
        let (own, visit) = self.visit(business);
        // The semaphores are never closed.
        let own = own.acquire_owned().await.ok()?;
        let common = self.0.common.clone().acquire_owned().await.ok()?;
        self.count(1);
        Some(Place {
            _common: common,
            _own: own,
            visit,
        })
    }

    fn visit(&self, business: &BusinessId) -> (Arc<Semaphore>, Visit) {
        let mut each = self.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        let own = each.entry(business.clone()).or_insert_with(|| Own {
            places: Arc::new(Semaphore::new(self.0.each_max)),
            users: 0,
        });
        own.users += 1;
        let visit = Visit {
            places: self.clone(),
            business: business.clone(),
        };
        (own.places.clone(), visit)
    }

    fn count(&self, change: i32) {
        let mut working = self.0.working.lock().unwrap_or_else(PoisonError::into_inner);
        *working = working.saturating_add_signed(change);
        // Told under the lock, so that the last to change it is the last to tell.
        metrics::llm_works_on(*working);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.visit.places.count(-1);
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let mut each = self.places.0.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = each.get_mut(&self.business) {
            own.users -= 1;
            if own.users == 0 {
                each.remove(&self.business);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt as _;
    use tokio_test::task;

    use super::*;

    fn business(name: &str) -> BusinessId {
        BusinessId::new(name).unwrap()
    }

    #[tokio::test]
    async fn one_business_takes_no_more_than_its_own_places() {
        let places = Places::new(4, 2);
        let (busy, other) = (business("busy"), business("other"));
        let _first = places.enter(&busy).await.unwrap();
        let second = places.enter(&busy).await.unwrap();
        let mut third = task::spawn(places.enter(&busy));
        assert!(third.poll().is_pending());
        assert!(places.enter(&other).now_or_never().is_some(), "others go on");
        drop(second);
        assert!(third.is_woken());
        assert!(third.poll().is_ready());
    }

    #[tokio::test]
    async fn nobody_waits_behind_all_of_a_crowd() {
        let places = Places::new(2, 2);
        let (crowd, one) = (business("crowd"), business("one"));
        let mut taken = vec![
            places.enter(&crowd).await.unwrap(),
            places.enter(&crowd).await.unwrap(),
        ];
        let mut waiting: Vec<_> = (0..100).map(|_| task::spawn(places.enter(&crowd))).collect();
        for each in &mut waiting {
            assert!(each.poll().is_pending());
        }
        let mut one = task::spawn(places.enter(&one));
        assert!(one.poll().is_pending());
        drop(taken.pop());
        assert!(
            one.is_woken(),
            "the crowd waits for places of its own, not in the common line"
        );
        assert!(one.poll().is_ready());
    }

    #[tokio::test]
    async fn whoever_gives_up_leaves_the_line_and_no_trace() {
        let places = Places::new(1, 1);
        let salon = business("salon");
        let place = places.enter(&salon).await.unwrap();
        let other = business("other");
        {
            let mut gives_up = pin!(places.enter(&other));
            assert!(gives_up.as_mut().now_or_never().is_none());
        }
        drop(place);
        assert!(places.enter(&salon).now_or_never().is_some());
        assert!(places.0.each.lock().unwrap().is_empty());
    }
}
