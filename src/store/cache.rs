//! Caches of contexts: disposable, and never trusted.
//!
//! A cache remembers a context and where its conversation stood. A starting actor offers what it found to the store's
//! one query; only when the store says that the conversation stands just there is the cached context used (I6). So a cache that is stale,
//! empty or ahead costs a read and can never start a turn on a wrong context.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::dialogue::Context;
use crate::store::Standing;
use crate::types::ConversationId;

/// A context with where its conversation stood.
#[derive(Debug, Clone)]
pub struct Cached {
    /// Where it stood.
    pub standing: Standing,
    /// The context.
    pub context: Arc<Context>,
}

/// Remembers contexts for a while.
#[async_trait]
pub trait ContextCache: Send + Sync + 'static {
    /// What is remembered of a conversation.
    ///
    /// # Errors
    /// When the cache cannot be asked; the caller goes on without it.
    async fn get(&self, conversation: ConversationId) -> Result<Option<Cached>, CacheError>;
    /// Remembers, unless a newer version is remembered already.
    async fn put(&self, conversation: ConversationId, cached: Cached);
    /// Forgets a conversation whose remembered version the store has never had, or has no more.
    async fn forget(&self, conversation: ConversationId) {
        // A cache that cannot forget lets the entry run out.
        let _ = conversation;
    }
}

/// A cache that did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the cache did not answer: {0}")]
pub struct CacheError(pub String);

/// The cache of this process, by moka. It may refuse or evict any entry at any time, so it is never the directory of
/// live actors.
pub struct LocalCache {
    entries: moka::sync::Cache<ConversationId, Cached>,
}

impl LocalCache {
    /// Remembers at most `entries_max` contexts, each for `idle` after it was last used.
    #[must_use]
    pub fn new(entries_max: u64, idle: Duration) -> Self {
        Self {
            entries: moka::sync::Cache::builder()
                .max_capacity(entries_max)
                .time_to_idle(idle)
                .build(),
        }
    }
}

#[async_trait]
impl ContextCache for LocalCache {
    async fn get(&self, conversation: ConversationId) -> Result<Option<Cached>, CacheError> {
        Ok(self.entries.get(&conversation))
    }

    async fn put(&self, conversation: ConversationId, cached: Cached) {
        // Two writers of one conversation do not exist in a process (I1), but an actor that leaves and the next one
        // that starts may put in either order.
        self.entries
            .entry(conversation)
            .and_upsert_with(|kept| match kept {
                Some(kept) if kept.value().standing.version > cached.standing.version => kept.into_value(),
                _ => cached,
            });
    }

    async fn forget(&self, conversation: ConversationId) {
        self.entries.invalidate(&conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::TurnId;
    use uuid::Uuid;

    #[tokio::test]
    async fn the_local_cache_never_moves_backwards() {
        let cache = LocalCache::new(10, Duration::from_secs(60));
        let id = ConversationId(Uuid::from_u128(1));
        let at = |version| Cached {
            standing: Standing {
                version,
                turn: TurnId(Uuid::from_u128(u128::from(version))),
            },
            context: Arc::default(),
        };
        cache.put(id, at(7)).await;
        cache.put(id, at(6)).await;
        assert_eq!(cache.get(id).await.unwrap().unwrap().standing.version, 7);
        cache.put(id, at(8)).await;
        assert_eq!(cache.get(id).await.unwrap().unwrap().standing.version, 8);
    }
}
