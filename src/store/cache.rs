//! Caches of contexts: disposable, and never trusted.
//!
//! A cache remembers a context and where its conversation stood. A starting actor offers what it found to the store's
//! one query; only when the store says that the conversation stands just there is the cached context used (I6). So a cache that is stale,
//! empty or ahead costs a read and can never start a turn on a wrong context.
//!
//! `local` is the cache of this process, written when an actor leaves: a live one holds its context itself. `redis` is
//! the one that processes share, written after every commit, on the way of the reply. Writing waits for nothing: neither
//! for a server nor, after a commit, for a second serialisation.

pub mod local;
pub mod redis;

use std::sync::Arc;

use async_trait::async_trait;

use crate::dialogue::Context;
use crate::store::Standing;
use crate::types::ConversationId;

pub use local::LocalCache;
pub use redis::RedisCache;

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
    /// Remembers, unless a newer version is remembered already. `json` is the same context as the store has it.
    ///
    /// Waits for nobody: what is shared is written soon after, or not at all.
    fn put(&self, conversation: ConversationId, cached: &Cached, json: &Arc<str>);
    /// Forgets a conversation whose remembered version the store has never had, or has no more.
    fn forget(&self, conversation: ConversationId);
    /// How much is remembered in this process.
    fn holds(&self) -> Holding {
        Holding::default()
    }
    /// Writes what still waits to be written, for a short time at most.
    async fn close(&self) {}
}

/// How much a cache remembers in this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    /// Contexts.
    pub entries: u64,
    /// About the memory that they take, in bytes.
    pub bytes: u64,
}

/// A cache that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CacheError {
    /// It was not asked: it failed again and again, and is left alone for a moment.
    #[error("the cache is left alone for a moment")]
    Skipped,
    /// It was asked and failed.
    #[error("the cache did not answer: {0}")]
    Failed(String),
}
