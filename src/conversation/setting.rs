//! What is set of one conversation from outside: its model, or a pause. It goes through the actor, so that the context
//! has one owner.

use std::time::Duration;

use jiff::Timestamp;

use super::actor::What;
use super::load::{Loaded, load};
use super::moved::followed;
use super::{Conversations, RETRY_AFTER, Refused, Services};
use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::ids;
use crate::store::cache::Cached;
use crate::store::{CommitOutcome, Standing, StoredContext, TurnCommit};
use crate::types::{Pair, TurnId};

/// How often it is tried again because another process has committed a turn meanwhile.
const ATTEMPTS_MAX: u32 = 8;

impl Conversations {
    /// Has the pair's conversation understood by this model from its next turn on; `None` is the usual one. Answers with
    /// the conversation's version, or with `None` when it never wrote.
    ///
    /// # Errors
    /// As for [`Self::act`].
    pub async fn set_model(
        &self,
        pair: &Pair,
        model: Option<String>,
        wait: Duration,
    ) -> Result<Option<u64>, Refused> {
        self.set(pair, Setting::Model(model), wait).await
    }

    /// Has the bot be silent in the pair's conversation until then, because a person answers; `None` ends it. What the
    /// customer writes meanwhile is kept, and only a wish to be left alone is answered. Answers as [`Self::set_model`].
    ///
    /// # Errors
    /// As for [`Self::act`].
    pub async fn pause(
        &self,
        pair: &Pair,
        until: Option<Timestamp>,
        wait: Duration,
    ) -> Result<Option<u64>, Refused> {
        self.set(pair, Setting::Pause(until), wait).await
    }

    /// A person has written to the customer, past the bot, which is silent at least until then.
    ///
    /// # Errors
    /// As for [`Self::act`].
    pub async fn staff_spoke(&self, pair: &Pair, until: Timestamp, wait: Duration) -> Result<(), Refused> {
        self.set(pair, Setting::PauseAtLeast(until), wait).await.map(drop)
    }

    async fn set(&self, pair: &Pair, what: Setting, wait: Duration) -> Result<Option<u64>, Refused> {
        self.knows(&pair.business).await?;
        let set = |pair: Pair| {
            let what = what.clone();
            self.done(pair, wait, |asker| What::Set(what, asker))
        };
        followed(pair.clone(), set).await
    }
}

/// Something that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Setting {
    /// The model that understands it from the next turn on; `None` is the usual one.
    Model(Option<String>),
    /// Until when a person answers and the bot does not; `None` ends it.
    Pause(Option<Timestamp>),
    /// At least until when.
    PauseAtLeast(Timestamp),
}

impl Setting {
    /// Whether it is so already.
    fn holds_in(&self, context: &Context) -> bool {
        match self {
            Self::Model(model) => context.model == *model,
            Self::Pause(until) => context.paused_until == *until,
            Self::PauseAtLeast(until) => context.paused_until >= Some(*until),
        }
    }

    fn put_into(self, context: &mut Context) {
        match self {
            Self::Model(model) => context.model = model,
            Self::Pause(until) => context.paused_until = until,
            Self::PauseAtLeast(until) => context.paused_until = Some(until),
        }
    }

    /// Whether it is worth beginning a conversation for: a person may write first.
    const fn begins(&self) -> bool {
        matches!(self, Self::Pause(Some(_)) | Self::PauseAtLeast(_))
    }
}

/// Sets it. A turn without words: nothing is said and no session is touched. A conversation that never was mostly stays
/// so.
pub(super) async fn set(
    services: &Services,
    pair: &Pair,
    mut loaded: Loaded,
    setting: Setting,
) -> Result<Loaded, Refused> {
    for _ in 0..ATTEMPTS_MAX {
        let is_new = loaded.standing.is_none();
        if is_new && !setting.begins() || setting.holds_in(&loaded.context) {
            return Ok(loaded);
        }
        let mut context = loaded.context.as_ref().clone();
        setting.clone().put_into(&mut context);
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
