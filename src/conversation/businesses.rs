//! What the process knows of a business: its catalogue, its lexicon, its calendar.
//!
//! Both are read from the store once and kept. A calendar is refreshed by reading only what changed since the
//! version at hand, and only after somebody said that something did; what it says may be a moment old, because
//! the hold is what decides.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::names;
use crate::booking::{Calendar, Catalogue};
use crate::store::{Error, Result, Store};
use crate::types::BusinessId;
use crate::understanding::Lexicon;

/// A business as this process knows it.
#[derive(Debug)]
pub struct Business {
    /// What it offers.
    pub catalogue: Catalogue,
    /// Its names, for understanding.
    pub lexicon: Lexicon,
    /// The version of the catalogue document.
    pub version: u64,
    /// One for all versions of the catalogue: a turn that still works with an older one must hear of changes, too, or
    /// it would lose the same slot for ever.
    known: Arc<KnownCalendar>,
}

#[derive(Debug)]
struct KnownCalendar {
    calendar: tokio::sync::Mutex<Kept>,
    /// Counts announced changes; `seen` is the count that the calendar has read.
    changes: AtomicU64,
    seen: AtomicU64,
}

#[derive(Debug, Default)]
struct Kept {
    calendar: Arc<Calendar>,
    /// When what is over was last let go of.
    tidied: Timestamp,
}

impl KnownCalendar {
    /// One that has to be read before its first use.
    fn unread() -> Self {
        Self {
            calendar: tokio::sync::Mutex::default(),
            changes: AtomicU64::new(1),
            seen: AtomicU64::new(0),
        }
    }
}

/// Every business that this process has met. Cheap to clone.
#[derive(Clone)]
pub struct Businesses {
    store: Arc<dyn Store>,
    known: Arc<Mutex<HashMap<BusinessId, Arc<Business>>>>,
    /// Who reads a business holds the one of these that its id falls to, so that others wait for what is read instead of
    /// reading it themselves. Held across the read on purpose.
    readers: Arc<[tokio::sync::Mutex<()>; READERS]>,
    hasher: RandomState,
}

/// Businesses that may be read at once.
const READERS: usize = 64;

/// How long another reader is waited for, which only spares work; then everybody reads.
const READER_WAIT: Duration = Duration::from_secs(1);

/// Calendars begin a day before now, so that a visit under way is in them.
const PAST: SignedDuration = SignedDuration::from_hours(24);

/// How often what is over is looked for, in a calendar that changes.
const TIDY_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Businesses {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            known: Arc::default(),
            readers: Arc::new(std::array::from_fn(|_| tokio::sync::Mutex::default())),
            hasher: RandomState::new(),
        }
    }

    /// The business of that id.
    ///
    /// # Errors
    /// When the store fails or holds a document that this version cannot read.
    pub async fn find(&self, id: &BusinessId) -> Result<Option<Arc<Business>>> {
        if let Some(business) = self.known(id) {
            return Ok(Some(business));
        }
        let place = self.hasher.hash_one(id) % READERS as u64;
        let reader = self.readers[place as usize].lock();
        let _reading = tokio::time::timeout(READER_WAIT, reader).await;
        if let Some(business) = self.known(id) {
            return Ok(Some(business));
        }
        let Some((version, document)) = self.store.business(id).await? else {
            return Ok(None);
        };
        let catalogue = read(id, &document)?;
        Ok(Some(self.keep(catalogue, version)))
    }

    /// Stores a checked catalogue as the business's next version, and uses it from the next turn on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn put(&self, catalogue: Catalogue, now: Timestamp) -> Result<Arc<Business>> {
        // A document is plain data; serialising it cannot fail.
        let document = serde_json::to_string(catalogue.document.as_ref()).unwrap_or_default();
        let version = self.store.put_business(&catalogue.id, &document, now).await?;
        Ok(self.keep(catalogue, version))
    }

    /// Says that allocations of a business changed: its calendar is refreshed before its next use.
    pub fn calendar_changed(&self, id: &BusinessId) {
        if let Some(business) = self.lock().get(id) {
            business.known.changes.fetch_add(1, Ordering::Release);
        }
    }

    /// The business's calendar, with every change that was announced before the call.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn calendar(&self, business: &Business, now: Timestamp) -> Result<Arc<Calendar>> {
        // Held across the read on purpose: of many turns that find the calendar stale, one reads and the rest wait
        // for it. The read itself is limited by the store.
        let known = &business.known;
        let mut kept = known.calendar.lock().await;
        let changes = known.changes.load(Ordering::Acquire);
        if known.seen.load(Ordering::Acquire) != changes {
            let from = now.checked_sub(PAST).unwrap_or(now);
            let delta = self
                .store
                .calendar_changes(&business.catalogue.id, kept.calendar.version, from)
                .await?;
            let is_untidy = kept.tidied.duration_until(now) >= TIDY_EVERY;
            let fresh = Arc::make_mut(&mut kept.calendar);
            for appointment in delta.appointments {
                fresh.apply(appointment);
            }
            fresh.version = delta.version;
            if is_untidy {
                fresh.forget(from);
                kept.tidied = now;
            }
            known.seen.store(changes, Ordering::Release);
        }
        Ok(kept.calendar.clone())
    }

    fn known(&self, id: &BusinessId) -> Option<Arc<Business>> {
        self.lock().get(id).cloned()
    }

    fn keep(&self, catalogue: Catalogue, version: u64) -> Arc<Business> {
        let lexicon = names::lexicon(&catalogue);
        let mut known = self.lock();
        let calendar = match known.get(&catalogue.id) {
            // Two readers at once: what is known already stays, so that no turn goes back to an older catalogue.
            Some(kept) if kept.version >= version => return kept.clone(),
            Some(kept) => kept.known.clone(),
            None => Arc::new(KnownCalendar::unread()),
        };
        let business = Arc::new(Business {
            lexicon,
            catalogue,
            version,
            known: calendar,
        });
        known.insert(business.catalogue.id.clone(), business.clone());
        business
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<BusinessId, Arc<Business>>> {
        // The map is whole whatever panicked while the lock was held: every change is one insert.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(id: &BusinessId, document: &str) -> Result<Catalogue> {
    Catalogue::from_json(document).map_err(|mistakes| Error::Corrupt {
        table: "catalogue_versions",
        column: "document",
        id: id.to_string(),
        problem: mistakes.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::tests::store::FakeStore;

    #[tokio::test]
    async fn whoever_met_a_business_first_hears_of_its_changes_as_the_last_does() {
        let businesses = Businesses::new(Arc::new(FakeStore::default()));
        let catalogue = || Catalogue::from_toml(include_str!("../../examples/lotus-nails.toml")).unwrap();
        let now: Timestamp = "2026-11-18T15:00:00Z".parse().unwrap();
        // Two that read it at once, and one that met a newer version.
        let first = businesses.keep(catalogue(), 1);
        let second = businesses.keep(catalogue(), 1);
        assert!(Arc::ptr_eq(&first, &second));
        let newer = businesses.keep(catalogue(), 2);
        businesses.calendar(&first, now).await.unwrap();

        businesses.calendar_changed(&newer.catalogue.id);
        let is_stale = |business: &Business| {
            business.known.seen.load(Ordering::Relaxed) != business.known.changes.load(Ordering::Relaxed)
        };
        assert!(is_stale(&first) && is_stale(&newer));
        businesses.calendar(&first, now).await.unwrap();
        assert!(!is_stale(&newer));
    }
}
