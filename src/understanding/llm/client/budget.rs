//! How many tokens a day may take, in all and for each business.
//!
//! A day is any 24 hours of this process, counted by the hour on tokio's clock: no time zone, no midnight at which
//! everybody's budget comes back at once, and nothing that a test cannot pass. A process that starts again begins to
//! count anew, and each process counts for itself. What is under way when a budget runs out is finished, so that it may be exceeded
//! by as much as is in flight.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::types::BusinessId;

const HOUR: Duration = Duration::from_secs(60 * 60);
const HOURS: usize = 24;

/// See the module.
pub(super) struct Budget {
    born: Instant,
    per_day: Option<u64>,
    per_business: Option<u64>,
    // Held to count, never across an await.
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: Day,
    /// Only those that were counted in the last 24 hours, and only when they have a budget.
    each: HashMap<BusinessId, Day>,
    swept: u64,
}

/// The tokens of the last 24 hours, by hour.
#[derive(Default)]
struct Day {
    hours: [u64; HOURS],
    /// The hour of the newest count.
    latest: u64,
}

impl Day {
    /// Forgets what is older than a day.
    fn go_on_to(&mut self, hour: u64) {
        let passed = hour.saturating_sub(self.latest);
        for back in 0..passed.min(HOURS as u64) {
            self.hours[slot(hour - back)] = 0;
        }
        self.latest = self.latest.max(hour);
    }

    fn total(&self) -> u64 {
        self.hours.iter().sum()
    }
}

const fn slot(hour: u64) -> usize {
    // Smaller than 24.
    #[expect(clippy::cast_possible_truncation, reason = "see above")]
    {
        (hour % HOURS as u64) as usize
    }
}

impl Budget {
    pub(super) fn new(per_day: Option<u64>, per_business: Option<u64>) -> Self {
        Self {
            born: Instant::now(),
            per_day,
            per_business,
            counts: Mutex::default(),
        }
    }

    /// Which budget is spent, in words, if one is.
    pub(super) fn spent_by(&self, business: &BusinessId) -> Option<&'static str> {
        let hour = self.hour();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all.go_on_to(hour);
        if self.per_day.is_some_and(|budget| counts.all.total() >= budget) {
            return Some("the day's budget of tokens is spent");
        }
        let budget = self.per_business?;
        let total = counts.each.get_mut(business).map_or(0, |day| {
            day.go_on_to(hour);
            day.total()
        });
        (total >= budget).then_some("the business's budget of tokens is spent for today")
    }

    /// So many tokens were used.
    pub(super) fn count(&self, business: &BusinessId, tokens: u64) {
        let hour = self.hour();
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = &mut *counts;
        counts.all.go_on_to(hour);
        counts.all.hours[slot(hour)] += tokens;
        if self.per_business.is_none() {
            return;
        }
        if counts.swept != hour {
            counts.swept = hour;
            counts.each.retain(|_, day| {
                day.go_on_to(hour);
                day.total() > 0
            });
        }
        let day = counts.each.entry(business.clone()).or_default();
        day.go_on_to(hour);
        day.hours[slot(hour)] += tokens;
    }

    fn hour(&self) -> u64 {
        self.born.elapsed().as_secs() / HOUR.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn business(name: &str) -> BusinessId {
        BusinessId::new(name).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_comes_back_as_its_hours_pass() {
        let budget = Budget::new(Some(100), None);
        let salon = business("salon");
        budget.count(&salon, 60);
        tokio::time::advance(HOUR * 5).await;
        assert_eq!(budget.spent_by(&salon), None);
        budget.count(&salon, 60);
        assert_eq!(
            budget.spent_by(&salon),
            Some("the day's budget of tokens is spent")
        );
        tokio::time::advance(HOUR * 18).await;
        assert!(budget.spent_by(&salon).is_some(), "23 hours are not a day");
        tokio::time::advance(HOUR).await;
        assert_eq!(budget.spent_by(&salon), None, "the first 60 are a day old");
        budget.count(&salon, 40);
        assert!(budget.spent_by(&salon).is_some(), "the other 60 are not");
        tokio::time::advance(HOUR * 1000).await;
        assert_eq!(budget.spent_by(&salon), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_business_spends_its_own_and_is_forgotten_after_a_day() {
        let budget = Budget::new(None, Some(50));
        let (salon, barber) = (business("salon"), business("barber"));
        budget.count(&salon, 50);
        assert!(budget.spent_by(&salon).is_some());
        assert_eq!(budget.spent_by(&barber), None);
        tokio::time::advance(HOUR * 24).await;
        budget.count(&barber, 1);
        assert_eq!(budget.counts.lock().unwrap().each.len(), 1);
        assert_eq!(budget.spent_by(&salon), None);
    }
}
