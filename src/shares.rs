//! What is bounded, shared out among businesses.
//!
//! Whoever comes alone may have nearly all of it. The last quarter is for those who hold less than an equal part, so that
//! a flood for one business finds its end while there is still room for every other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::types::BusinessId;

/// See the module. Cheap to clone; clones are one.
#[derive(Debug, Clone)]
pub struct Shares(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    max: usize,
    // Held to count, never across an await.
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Only those who hold something.
    each: HashMap<BusinessId, usize>,
}

/// A part of what is bounded. Dropping it gives it back.
#[derive(Debug)]
pub struct Share {
    shares: Shares,
    business: BusinessId,
}

/// Why there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoShare {
    /// All is taken.
    Full,
    /// There is some left, and it is for others.
    Spent,
}

impl Shares {
    /// So much of it.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Inner {
            max,
            taken: Mutex::default(),
        }))
    }

    /// One for a business.
    ///
    /// # Errors
    /// When there is none for it.
    pub fn take(&self, business: &BusinessId) -> Result<Share, NoShare> {
        let max = self.0.max;
        let mut taken = self.lock();
        if taken.all >= max {
            return Err(NoShare::Full);
        }
        let own = taken.each.get(business).copied().unwrap_or(0);
        let is_scarce = taken.all >= max - max / 4;
        // Somebody else may always come, so that even who is alone has only half by right.
        let businesses = (taken.each.len() + usize::from(own == 0)).max(2);
        if is_scarce && own >= (max / businesses).max(1) {
            return Err(NoShare::Spent);
        }
        taken.all += 1;
        *taken.each.entry(business.clone()).or_default() += 1;
        drop(taken);
        Ok(Share {
            shares: self.clone(),
            business: business.clone(),
        })
    }

    /// How much is taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        // Counts are whole whatever panicked while the lock was held.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.shares.lock();
        taken.all -= 1;
        if let Some(own) = taken.each.get_mut(&self.business) {
            *own -= 1;
            if *own == 0 {
                taken.each.remove(&self.business);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn business(name: &str) -> BusinessId {
        BusinessId::new(name).unwrap()
    }

    fn take(shares: &Shares, name: &str, times: usize) -> Vec<Share> {
        (0..times)
            .map_while(|_| shares.take(&business(name)).ok())
            .collect()
    }

    #[test]
    fn a_flood_ends_while_there_is_room_for_others() {
        let shares = Shares::new(100);
        let flood = take(&shares, "flood", 1_000);
        assert_eq!(flood.len(), 75);
        assert_eq!(shares.take(&business("flood")).unwrap_err(), NoShare::Spent);
        let one = take(&shares, "one", 1_000);
        let other = take(&shares, "other", 1_000);
        assert_eq!((one.len(), other.len()), (25, 0), "what is left is soon gone");
        assert_eq!(shares.take(&business("other")).unwrap_err(), NoShare::Full);
        drop(flood);
        // Now each has what is equal, and no more once it is scarce.
        let other = take(&shares, "other", 1_000);
        assert_eq!(other.len(), 50);
        assert_eq!(take(&shares, "third", 1_000).len(), 25);
        drop((one, other));
        assert_eq!(shares.taken(), 0);
    }

    #[test]
    fn where_there_is_little_nobody_is_kept_out_for_others_who_are_not_there() {
        let shares = Shares::new(2);
        assert_eq!(take(&shares, "one", 3).len(), 2);
    }

    proptest! {
        #[test]
        fn never_more_than_there_is_and_a_newcomer_beside_one_flood_finds_room(
            max in 4_usize..200,
            others in 0_usize..5,
        ) {
            let shares = Shares::new(max);
            let held: Vec<_> = (0..others)
                .flat_map(|n| take(&shares, &format!("b{n}"), 1))
                .collect();
            let flood = take(&shares, "flood", 10_000);
            prop_assert!(held.len() + flood.len() <= max);
            prop_assert_eq!(shares.taken(), held.len() + flood.len());
            if held.len() < max / 4 {
                prop_assert!(shares.take(&business("newcomer")).is_ok());
            }
        }
    }
}
