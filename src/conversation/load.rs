//! Loading a conversation: one query to the store, which also says whether what a cache remembers is right.

use std::sync::Arc;

use super::{Refused, Services};
use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::store::cache::Cached;
use crate::store::{Inbound, StoredContext};
use crate::telemetry::metrics::{self, CacheResult, Tier};
use crate::types::Pair;

/// The context that an actor owns, with its version.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub version: u64,
    pub context: Arc<Context>,
}

/// Loads a conversation: from a cache if the store says that it is current, else from the store.
pub(super) async fn load(services: &Services, pair: &Pair) -> Result<(Loaded, Vec<Inbound>), Refused> {
    let conversation = pair.conversation();
    let (cached, from) = remembered(services, pair).await;
    let opened = services
        .store
        .open(pair, cached.as_ref().map(|c| c.version))
        .await?;
    if let Some(cached) = cached {
        if opened.context.is_none() && cached.version == opened.version {
            metrics::cache_asked(from, CacheResult::Hit);
            let loaded = Loaded {
                version: cached.version,
                context: cached.context,
            };
            return Ok((loaded, opened.pending));
        }
        // Stale or ahead is a miss: what was remembered is of no use.
        metrics::cache_asked(from, CacheResult::Miss);
        if cached.version > opened.version {
            // Ahead of the store, after a failover: once the store has come so far again, the number would fit and the
            // context would not.
            services.local.forget(conversation).await;
            if let Some(shared) = &services.shared {
                shared.forget(conversation).await;
            }
        }
    }
    let found = if opened.context.is_some() {
        CacheResult::Hit
    } else {
        CacheResult::Miss
    };
    metrics::cache_asked(Tier::Durable, found);
    let context = match opened.context {
        Some(stored) => read(services, pair, &stored).await?,
        None => Context::default(),
    };
    let loaded = Loaded {
        version: opened.version,
        context: Arc::new(context),
    };
    Ok((loaded, opened.pending))
}

/// What the caches remember of a conversation, and which of them does. Those that do not are counted here; the one
/// that does is counted once the store has said whether it is right.
async fn remembered(services: &Services, pair: &Pair) -> (Option<Cached>, Tier) {
    let conversation = pair.conversation();
    let unknown = |tier, asked: &Result<Option<Cached>, _>| {
        let result = if asked.is_ok() {
            CacheResult::Miss
        } else {
            CacheResult::Error
        };
        metrics::cache_asked(tier, result);
    };
    let local = services.local.get(conversation).await;
    if let Ok(Some(cached)) = local {
        return (Some(cached), Tier::Local);
    }
    unknown(Tier::Local, &local);
    let Some(shared) = &services.shared else {
        metrics::cache_asked(Tier::Shared, CacheResult::Skipped);
        return (None, Tier::Durable);
    };
    let shared = shared.get(conversation).await;
    if let Ok(Some(cached)) = shared {
        return (Some(cached), Tier::Shared);
    }
    unknown(Tier::Shared, &shared);
    (None, Tier::Durable)
}

/// Reads a stored context. One that this version cannot read is begun anew: appointments and transcript stand in
/// tables of their own, so what is lost is the goal under way, and that is said in the log.
async fn read(services: &Services, pair: &Pair, stored: &StoredContext) -> Result<Context, Refused> {
    if stored.schema == SCHEMA {
        match serde_json::from_str(&stored.json) {
            Ok(context) => return Ok(context),
            Err(error) => {
                tracing::error!(conversation = %pair.conversation(), %error, "a stored context is broken and begins anew");
            }
        }
    } else {
        tracing::error!(
            conversation = %pair.conversation(),
            schema = stored.schema,
            "a stored context has another schema and begins anew"
        );
    }
    let last = services.store.messages(pair.conversation(), None, 1).await?;
    Ok(Context {
        last_seq: last.last().map_or(0, |entry| entry.seq),
        ..Context::default()
    })
}

impl From<&Loaded> for Cached {
    fn from(loaded: &Loaded) -> Self {
        Self {
            version: loaded.version,
            context: loaded.context.clone(),
        }
    }
}
