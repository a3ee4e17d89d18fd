//! Loading a conversation: one query to the store, which also says whether what a cache remembers is right.

use std::sync::Arc;

use super::history::History;
use super::{Refused, Services};
use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::store::cache::{CacheError, Cached};
use crate::store::{Inbound, Standing, StoredContext};
use crate::telemetry::metrics::{self, CacheResult, Tier};
use crate::types::{Pair, ParticipantId};

/// Sessions of one conversation that are read at most: those of decades.
const SESSIONS_MAX: u32 = 100_000;

/// The context that an actor owns, with where the conversation stands; nowhere before its first turn.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub standing: Option<Standing>,
    pub context: Arc<Context>,
    /// What was said lately; `None` as long as nobody needs it.
    pub history: Option<History>,
}

impl Loaded {
    pub(super) fn version(&self) -> u64 {
        self.standing.map_or(0, |standing| standing.version)
    }
}

/// Loads a conversation for its next turn. There is none any more where the participant has become somebody else: what
/// waited is handed over, and the error says to whom.
pub(super) async fn load(services: &Services, pair: &Pair) -> Result<(Loaded, Vec<Inbound>), Refused> {
    let (opened, joined_into) = open(services, pair).await?;
    if joined_into.is_some()
        && let Some(into) = services.store.hand_over(pair).await?
    {
        return Err(Refused::Joined(into));
    }
    Ok(opened)
}

/// A conversation as it stands, whoever its participant is by now.
pub(super) async fn look(services: &Services, pair: &Pair) -> Result<(Loaded, Vec<Inbound>), Refused> {
    Ok(open(services, pair).await?.0)
}

type Found = ((Loaded, Vec<Inbound>), Option<ParticipantId>);

/// From a cache if the store says that it is current, else from the store.
async fn open(services: &Services, pair: &Pair) -> Result<Found, Refused> {
    let conversation = pair.conversation();
    let (cached, from) = remembered(services, pair).await;
    let opened = services
        .store
        .open(pair, cached.as_ref().map(|c| c.standing))
        .await?;
    if let Some(cached) = cached {
        if opened.context.is_none() && opened.standing == Some(cached.standing) {
            metrics::cache_asked(from, CacheResult::Hit);
            return Ok(((cached.into(), opened.pending), opened.joined_into));
        }
        // Stale or ahead is a miss: what was remembered is of no use.
        metrics::cache_asked(from, CacheResult::Miss);
        if cached.standing.version >= opened.version() {
            // Ahead of the store or beside it, after a failover. Caches keep what is newer, so that it would stay and
            // be a miss until the store has overtaken it.
            services.local.forget(conversation);
            if let Some(shared) = &services.shared {
                shared.forget(conversation);
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
        standing: opened.standing,
        context: Arc::new(context),
        history: None,
    };
    Ok(((loaded, opened.pending), opened.joined_into))
}

/// What the caches remember of a conversation, and which of them does. Those that do not are counted here; the one
/// that does is counted once the store has said whether it is right.
async fn remembered(services: &Services, pair: &Pair) -> (Option<Cached>, Tier) {
    let conversation = pair.conversation();
    let unknown = |tier, asked: &Result<Option<Cached>, CacheError>| {
        let result = match asked {
            Ok(_) => CacheResult::Miss,
            Err(CacheError::Skipped) => CacheResult::Skipped,
            Err(CacheError::Failed(_)) => CacheResult::Error,
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

/// Leaves what an actor owned to the cache of this process. A live actor needs no copy there: it would take the room of
/// a conversation that has none. An actor that dies of a bug leaves nothing, and the next one asks the store.
pub(super) fn remember(services: &Services, pair: &Pair, loaded: &Loaded) {
    let Some(standing) = loaded.standing else { return };
    let cached = Cached {
        standing,
        context: loaded.context.clone(),
    };
    // Serialised once more, a matter of microseconds for each actor that leaves; kept, it would double what each
    // live one weighs.
    let json: Arc<str> = serde_json::to_string(&cached.context).unwrap_or_default().into();
    services.local.put(pair.conversation(), &cached, &json);
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
    Ok(Context {
        last_seq: last_number(services, pair).await?,
        ..Context::default()
    })
}

/// The last number that a conversation's transcript has used. A transcript that is written behind may lack its latest
/// rows, so that their numbers would be used again; the sessions, which are written with each turn, have counted them.
async fn last_number(services: &Services, pair: &Pair) -> Result<u64, Refused> {
    let conversation = pair.conversation();
    let last = services.store.messages(conversation, None, 1).await?;
    let sessions = services.store.sessions(conversation, SESSIONS_MAX).await?;
    let counted = sessions.iter().map(|session| session.message_count).sum();
    Ok(last.last().map_or(0, |entry| entry.seq).max(counted))
}

impl From<Cached> for Loaded {
    fn from(committed: Cached) -> Self {
        Self {
            standing: Some(committed.standing),
            context: committed.context,
            history: None,
        }
    }
}
