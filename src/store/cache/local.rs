//! The cache of this process, by moka: contexts whose actor has left.
//!
//! It is bounded by the number of contexts and by the memory that they take, and forgets what was not used for a
//! while. moka knows one weight and one capacity, so an entry weighs the larger of its bytes and its share of the
//! capacity if there were as many entries as may be: the weights then reach the capacity before either bound is
//! passed. It may refuse or evict any entry at any time, so it is never the directory of live actors.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use moka::ops::compute::Op;

use super::{CacheError, Cached, ContextCache, Holding};
use crate::dialogue::Context;
use crate::types::ConversationId;

/// How many bytes of memory one byte of a context's JSON becomes. Measured with contexts of conversations that book:
/// 1.9 to 2.5, with the allocator's own share; rounded up.
const MEMORY_PER_JSON_BYTE: u64 = 3;
/// What every entry takes beside its context's contents: the context itself, and moka's own bookkeeping.
const MEMORY_PER_ENTRY: u64 = size_of::<Context>() as u64 + 256;

/// The bounds of a [`LocalCache`].
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Contexts at most.
    pub entries_max: u64,
    /// Bytes of memory at most; below 4 GiB.
    pub bytes_max: u64,
    /// How long a context is kept after it was last used.
    pub idle: Duration,
}

/// See the module.
pub struct LocalCache {
    entries: moka::sync::Cache<ConversationId, Entry>,
    bytes: Arc<AtomicU64>,
    /// The bounds leave room for nothing.
    is_off: bool,
}

#[derive(Clone)]
struct Entry {
    cached: Cached,
    bytes: u64,
}

impl LocalCache {
    /// Remembers within these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        let bytes = Arc::new(AtomicU64::new(0));
        let freed = bytes.clone();
        let share = bounds.bytes_max.checked_div(bounds.entries_max).unwrap_or(0);
        let capacity = share * bounds.entries_max;
        Self {
            entries: moka::sync::Cache::builder()
                .max_capacity(capacity)
                .weigher(move |_, entry: &Entry| u32::try_from(entry.bytes.max(share)).unwrap_or(u32::MAX))
                .time_to_idle(bounds.idle)
                .eviction_listener(move |_, entry: Entry, _| {
                    freed.fetch_sub(entry.bytes, Ordering::Relaxed);
                })
                .build(),
            bytes,
            is_off: capacity == 0,
        }
    }
}

#[async_trait]
impl ContextCache for LocalCache {
    async fn get(&self, conversation: ConversationId) -> Result<Option<Cached>, CacheError> {
        Ok(self.entries.get(&conversation).map(|entry| entry.cached))
    }

    fn put(&self, conversation: ConversationId, cached: &Cached, json: &Arc<str>) {
        if self.is_off {
            return;
        }
        let entry = Entry {
            cached: cached.clone(),
            bytes: MEMORY_PER_ENTRY + MEMORY_PER_JSON_BYTE * json.len() as u64,
        };
        // Two writers of one conversation do not exist in a process (I1), but an actor that leaves and the next one
        // that starts may put in either order.
        self.entries.entry(conversation).and_compute_with(|kept| {
            if kept.is_some_and(|kept| kept.value().cached.standing.version > entry.cached.standing.version) {
                return Op::Nop;
            }
            // Counted before it is in: whoever evicts it counts it back.
            self.bytes.fetch_add(entry.bytes, Ordering::Relaxed);
            Op::Put(entry)
        });
    }

    fn forget(&self, conversation: ConversationId) {
        self.entries.invalidate(&conversation);
    }

    fn holds(&self) -> Holding {
        // What has idled away is counted until moka meets it, which is now.
        self.entries.run_pending_tasks();
        Holding {
            entries: self.entries.entry_count(),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::store::Standing;
    use crate::types::TurnId;

    fn cache(entries_max: u64, bytes_max: u64) -> LocalCache {
        LocalCache::new(Bounds {
            entries_max,
            bytes_max,
            idle: Duration::from_secs(60),
        })
    }

    fn id(number: u64) -> ConversationId {
        ConversationId(Uuid::from_u128(u128::from(number)))
    }

    fn at(version: u64) -> Cached {
        Cached {
            standing: Standing {
                version,
                turn: TurnId(Uuid::from_u128(u128::from(version))),
            },
            context: Arc::default(),
        }
    }

    fn text(bytes: usize) -> Arc<str> {
        "x".repeat(bytes).into()
    }

    #[tokio::test]
    async fn it_never_moves_backwards() {
        let cache = cache(10, 1 << 20);
        for (version, remembered) in [(7, 7), (6, 7), (8, 8)] {
            cache.put(id(1), &at(version), &text(10));
            let found = cache.get(id(1)).await.unwrap().unwrap();
            assert_eq!(found.standing.version, remembered);
        }
    }

    #[test]
    fn it_holds_no_more_contexts_than_it_may() {
        let cache = cache(10, 1 << 20);
        for number in 0..1_000 {
            cache.put(id(number), &at(1), &text(10));
        }
        assert_eq!(cache.holds().entries, 10);
    }

    #[test]
    fn it_holds_no_more_bytes_than_it_may() {
        let bytes_max = 1 << 20;
        let cache = cache(1_000, bytes_max);
        for number in 0..1_000 {
            cache.put(id(number), &at(1), &text(50_000));
        }
        let Holding { entries, bytes } = cache.holds();
        assert!((1..=10).contains(&entries), "{entries}");
        assert!(bytes <= bytes_max && bytes > bytes_max / 2, "{bytes}");
    }

    #[test]
    fn what_is_replaced_or_forgotten_is_counted_back() {
        let cache = cache(10, 1 << 20);
        cache.put(id(1), &at(1), &text(1_000));
        cache.put(id(1), &at(2), &text(100));
        cache.put(id(1), &at(1), &text(5_000));
        cache.put(id(2), &at(1), &text(100));
        let one = MEMORY_PER_ENTRY + MEMORY_PER_JSON_BYTE * 100;
        assert_eq!(
            cache.holds(),
            Holding {
                entries: 2,
                bytes: 2 * one
            }
        );
        cache.forget(id(1));
        cache.forget(id(2));
        assert_eq!(cache.holds(), Holding::default());
    }

    #[tokio::test]
    async fn a_bound_of_zero_remembers_nothing() {
        for cache in [cache(0, 1 << 20), cache(10, 0)] {
            cache.put(id(1), &at(1), &text(10));
            assert_eq!(cache.holds(), Holding::default());
            assert!(cache.get(id(1)).await.unwrap().is_none());
        }
    }
}
