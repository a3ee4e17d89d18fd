//! The model of one conversation, set from outside. It goes through the actor, so that the context has one owner.

use super::load::{Loaded, load};
use super::{RETRY_AFTER, Refused, Services};
use crate::dialogue::context::SCHEMA;
use crate::ids;
use crate::store::cache::Cached;
use crate::store::{CommitOutcome, Standing, StoredContext, TurnCommit};
use crate::types::{Pair, TurnId};

/// How often it is tried again because another process has committed a turn meanwhile.
const ATTEMPTS_MAX: u32 = 8;

/// Has the conversation use this model from the next turn on, or the usual one. A turn without words: nothing is said
/// and no session is touched. A conversation that never was stays so.
pub(super) async fn set(
    services: &Services,
    pair: &Pair,
    mut loaded: Loaded,
    model: Option<String>,
) -> Result<Loaded, Refused> {
    for _ in 0..ATTEMPTS_MAX {
        if loaded.standing.is_none() || loaded.context.model == model {
            return Ok(loaded);
        }
        let mut context = loaded.context.as_ref().clone();
        context.model.clone_from(&model);
        let now = services.clock.now();
        let turn = TurnId(ids::new_id(now));
        // A context is plain data; serialising it cannot fail.
        let json = serde_json::to_string(&context).unwrap_or_default();
        let commit = TurnCommit {
            turn,
            pair: pair.clone(),
            expected_version: loaded.version(),
            at: now,
            context: StoredContext {
                schema: SCHEMA,
                json: json.clone(),
            },
            sessions: Vec::new(),
            transcript: Vec::new(),
            answered: Vec::new(),
            answer: String::new(),
            effects: Vec::new(),
            outbox: Vec::new(),
        };
        match services.store.commit(commit).await? {
            CommitOutcome::Committed { version, .. } => {
                let after = Cached {
                    standing: Standing { version, turn },
                    context: context.into(),
                };
                if let Some(shared) = &services.shared {
                    shared.put(pair.conversation(), &after, &json.into());
                }
                return Ok(Loaded {
                    history: loaded.history,
                    ..after.into()
                });
            }
            // Without messages and effects, only the version can be wrong.
            _ => loaded = load(services, pair).await?.0,
        }
    }
    Err(Refused::Overloaded {
        retry_after: RETRY_AFTER,
    })
}
