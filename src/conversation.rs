//! One conversation, one owner: the router, the actor of each pair, and the turn.
//!
//! - `router`: the exact map from pair to live actor, and admission; `pressure` sees when a message would wait too long.
//! - `reserved`: a place for a message that is made durable first.
//! - `turnstile`: how many turns of one business are worked on while others have some.
//! - `actor`: owns one context; gathers waiting messages; replays what a crash left. `supervisor` watches them.
//! - `load`, `turn` and `commit`: the context, then understand, decide, hold, commit, reply. `session`: stretches between idle gaps.
//! - `understand`: the messages of a turn become acts; with `scene` and `history`, what a model is told around them, and
//!   `joining`, what happens when a newer message comes while it thinks.
//! - `moved`: what was asked of somebody who has become somebody else.
//! - `notices`: what a turn did, told to the business's own systems.
//! - `upkeep`: what nobody sends a message for: unfinished messages, dead holds, offers from the waitlist.
//! - [`businesses`]: what the process knows of a business: catalogue, calendar, and (`names`) how things are called.
//!
//! [`Conversations`] is the door; nobody outside holds an `ActorRef`.

pub mod answer;
pub mod businesses;
pub mod limits;

mod actor;
mod commit;
mod history;
mod joining;
mod load;
mod moved;
mod names;
mod notices;
mod pressure;
mod reserved;
mod router;
mod scene;
mod session;
mod setting;
mod stages;
mod supervisor;
mod turn;
mod turnstile;
mod understand;
mod upkeep;

#[cfg(test)]
mod tests;

pub use answer::Answer;
pub use businesses::{Business, Businesses};
pub use limits::Limits;
pub use names::lexicon;
pub use reserved::Reserved;

use std::sync::Arc;
use std::time::Duration;

use ractor::{ActorCell, ActorRef, ActorRuntime};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::actor::{ConversationActor, Item, Message, What};
use self::moved::followed;
use self::router::{Place, Router};
use self::stages::Arrival;
use self::turnstile::Turnstile;
use crate::accounts::Listeners;
use crate::clock::Clock;
use crate::dialogue::{Context, Event};
use crate::store::cache::{ContextCache, Holding};
use crate::store::{self, Acceptance, Inbound, Store, Tell};
use crate::types::{BusinessId, Pair, ParticipantId};
use crate::understanding::{Act, Understanding};

/// What a sender gets for a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// Its turn is committed; this is the answer.
    Answered(Answer),
    /// It was answered before; this is what it was answered then, with `duplicate` set.
    Duplicate(Answer),
    /// It is durable, and its turn goes on; the reply follows through the transcript and the event stream.
    Accepted,
}

/// Why a message was not taken. Nothing of it is stored.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Refused {
    /// The pair has too many messages waiting: 429.
    #[error("too many messages of this participant are waiting")]
    PairBusy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// The process has too many messages waiting, or is stopping: 503.
    #[error("too many messages are waiting")]
    Overloaded {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// No such business: 404.
    #[error("there is no business of that id")]
    UnknownBusiness,
    /// The same message id came before with another text: 409.
    #[error("this message id was used before for another text")]
    MessageIdReused,
    /// The participant has become this one. Never leaves the door: what was asked is asked again in their conversation.
    #[error("the participant has become another one")]
    Joined(ParticipantId),
    /// The store failed: 503. Shared by everybody whose turn failed with it.
    #[error(transparent)]
    Store(Arc<store::Error>),
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Self::Store(Arc::new(error))
    }
}

/// How long a sender that was not admitted should wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How long a message whose sender has waited long enough may take to be stored. A database that hangs for longer is
/// no place to leave it in.
const ACCEPT_LIMIT: Duration = Duration::from_secs(2);

/// How long a committed turn may take to tell its answer: it is a matter of microseconds, or of never.
const LAST_MOMENT: Duration = Duration::from_millis(250);

/// What conversations are made of.
pub struct Parts {
    /// The truth.
    pub store: Arc<dyn Store>,
    /// Catalogues and calendars.
    pub businesses: Businesses,
    /// Who turns text into acts.
    pub understanding: Arc<dyn Understanding>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The cache of this process.
    pub local: Arc<dyn ContextCache>,
    /// The cache that processes share, if there is one.
    pub shared: Option<Arc<dyn ContextCache>>,
    /// The bounds.
    pub limits: Limits,
    /// Rung after a commit that left replies to deliver.
    pub outbox_bell: Arc<dyn Fn() + Send + Sync>,
    /// Which systems of a business want to hear what happens.
    pub listeners: Listeners,
}

/// What every turn needs.
struct Services {
    store: Arc<dyn Store>,
    businesses: Businesses,
    understanding: Arc<dyn Understanding>,
    clock: Arc<dyn Clock>,
    local: Arc<dyn ContextCache>,
    shared: Option<Arc<dyn ContextCache>>,
    limits: Arc<Limits>,
    outbox_bell: Arc<dyn Fn() + Send + Sync>,
    listeners: Listeners,
    redactions: history::Redactions,
    router: Router,
    turnstile: Turnstile,
    upkeep: upkeep::Bell,
}

/// The door to all conversations of this process. Cheap to clone.
#[derive(Clone)]
pub struct Conversations {
    services: Arc<Services>,
    supervisor: ActorCell,
}

impl Conversations {
    /// Opens the door.
    ///
    /// # Errors
    /// When the supervisor cannot be started.
    pub async fn open(parts: Parts) -> Result<Self, ractor::SpawnErr> {
        let limits = Arc::new(parts.limits);
        let (bell, freed) = upkeep::bell();
        let services = Arc::new(Services {
            store: parts.store,
            businesses: parts.businesses,
            understanding: parts.understanding,
            clock: parts.clock,
            local: parts.local,
            shared: parts.shared,
            router: Router::new(limits.clone()),
            turnstile: Turnstile::new(limits.turns_at_once_max),
            limits,
            outbox_bell: parts.outbox_bell,
            listeners: parts.listeners,
            redactions: history::Redactions::default(),
            upkeep: bell,
        });
        let (supervisor, _) = supervisor::start(services.clone()).await?;
        let conversations = Self { services, supervisor };
        upkeep::serve_waitlists(&conversations, freed);
        upkeep::let_the_idle_leave(&conversations);
        Ok(conversations)
    }

    /// Takes a message into its conversation and waits for the answer, at most `wait`; then the message is made
    /// durable and [`Said::Accepted`] is returned.
    ///
    /// # Errors
    /// When it cannot be taken; nothing is stored then.
    pub async fn say(&self, message: Inbound, wait: Duration) -> Result<Said, Refused> {
        self.knows(&message.business).await?;
        let until = Instant::now() + wait;
        let say = |pair: Pair| {
            let message = Inbound {
                participant: pair.participant,
                ..message.clone()
            };
            self.say_there(Arc::new(message), until.saturating_duration_since(Instant::now()))
        };
        followed(message.pair(), say).await
    }

    async fn say_there(&self, message: Arc<Inbound>, wait: Duration) -> Result<Said, Refused> {
        let pair = message.pair();
        let (asker, mut answer) = oneshot::channel();
        // A tenth of the wait is for what comes after understanding.
        let due = Instant::now() + (wait - wait / 10);
        self.send(&pair, What::Message(message.clone(), Some(asker)), Some(due))?;
        match tokio::time::timeout(wait, &mut answer).await {
            Ok(Ok(said)) => said,
            // The turn broke; nothing of it is stored.
            Ok(Err(_)) => Err(Refused::Overloaded {
                retry_after: RETRY_AFTER,
            }),
            Err(_) => {
                let accepted = self.services.store.accept(vec![message.as_ref().clone()]);
                // One that is stored after all is answered in its turn, and known when it is sent again.
                let Ok(accepted) = tokio::time::timeout(ACCEPT_LIMIT, accepted).await else {
                    return Err(Refused::Overloaded {
                        retry_after: RETRY_AFTER,
                    });
                };
                match accepted?.first() {
                    Some(Acceptance::New) | None => {
                        // Its conversation may have turned out to be another one before it was stored.
                        if let Ok(Err(Refused::Joined(_))) = answer.try_recv() {
                            drop(self.ring(&pair));
                        }
                        Ok(Said::Accepted)
                    }
                    Some(Acceptance::Duplicate) => self.overtaken(&message, answer).await,
                }
            }
        }
    }

    /// What to say about a message that was stored before its sender's wait ended: by an earlier delivery, or at the
    /// last moment by the very turn that was waited for. Only that turn knows which, and it is about to say so; asking
    /// the store alone would call the first answer a duplicate.
    async fn overtaken(
        &self,
        message: &Inbound,
        answer: oneshot::Receiver<Result<Said, Refused>>,
    ) -> Result<Said, Refused> {
        let stored = turn::repeat(&self.services, message).await?;
        if matches!(stored, Said::Duplicate(_))
            && let Ok(Ok(said)) = tokio::time::timeout(LAST_MOMENT, answer).await
        {
            return said;
        }
        Ok(stored)
    }

    /// Takes a place in the pair's conversation for a message that is about to be made durable, so that nobody is told
    /// that it was taken when there is no room for it.
    ///
    /// # Errors
    /// When there is none, or no such business.
    pub async fn reserve(&self, pair: &Pair) -> Result<Reserved, Refused> {
        self.knows(&pair.business).await?;
        let (actor, place) = self.services.router.reserve(pair, || self.start(pair))?;
        Ok(Reserved::new(actor, place))
    }

    /// Has the pair's actor do what these acts say, as if the customer had said it (`POST .../goals`).
    ///
    /// # Errors
    /// As for [`Self::say`]; also when it was not done within `wait`.
    pub async fn act(&self, pair: Pair, acts: Vec<Act>, wait: Duration) -> Result<Answer, Refused> {
        self.knows(&pair.business).await?;
        let act = |pair: Pair| {
            let acts = acts.clone();
            self.done(pair, wait, |asker| What::Acts(acts, asker))
        };
        followed(pair, act).await
    }

    /// Has something done in a conversation, and waits for what came of it.
    async fn done<T>(
        &self,
        pair: Pair,
        wait: Duration,
        what: impl FnOnce(oneshot::Sender<Result<T, Refused>>) -> What,
    ) -> Result<T, Refused> {
        let (asker, answer) = oneshot::channel();
        self.send(&pair, what(asker), None)?;
        match tokio::time::timeout(wait, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(Refused::Overloaded {
                retry_after: RETRY_AFTER,
            }),
        }
    }

    /// Tells the pair's conversation what time or the world did, and waits at most `wait` until it has dealt with it.
    async fn tell(&self, pair: &Pair, event: Event, wait: Duration) -> Result<(), Refused> {
        let (asker, done) = oneshot::channel();
        self.send(pair, What::Event(event, asker), None)?;
        // A turn that takes longer goes on; whoever rings this bell only wants not to run ahead.
        let _ = tokio::time::timeout(wait, done).await;
        Ok(())
    }

    /// Has the pair's conversation answer what lies in the inbox.
    ///
    /// # Errors
    /// When there is no room for a bell.
    pub fn look_into_inbox(&self, pair: &Pair) -> Result<(), Refused> {
        self.ring(pair).map(drop)
    }

    /// Has the pair's actor look into the inbox. The receiver hears when what lay there is answered; it is closed when
    /// that failed.
    fn ring(&self, pair: &Pair) -> Result<oneshot::Receiver<()>, Refused> {
        let (ringer, answered) = oneshot::channel();
        let make = |place| Message::Ring(place, ringer);
        self.services.router.send(pair, make, || self.start(pair))?;
        Ok(answered)
    }

    /// The pair's context as committed, with its version; `None` when it never wrote. A live actor is asked, else
    /// the store.
    ///
    /// # Errors
    /// When the business is unknown or the store failed.
    pub async fn context(&self, pair: &Pair) -> Result<Option<(u64, Context)>, Refused> {
        self.knows(&pair.business).await?;
        if let Some(actor) = self.services.router.find(pair) {
            let (asker, context) = oneshot::channel();
            let asked = actor.send_message(Message::Context(asker)).is_ok();
            if asked
                && let Ok(Ok(Some((version, context)))) = tokio::time::timeout(RETRY_AFTER, context).await
            {
                return Ok((version > 0).then(|| (version, context.as_ref().clone())));
            }
        }
        // Of somebody who has become somebody else, what it was until then.
        let (loaded, _) = load::look(&self.services, pair).await?;
        Ok((loaded.version() > 0).then(|| (loaded.version(), loaded.context.as_ref().clone())))
    }

    /// How the business's own systems are told of a change from outside a conversation: to be given to the store with the
    /// change. Once it is made, the outbox is to be rung ([`Self::calendar_changed`] does).
    #[must_use]
    pub fn tell_of_change(&self, business: Arc<Business>) -> Tell {
        let Some(listeners) = self.services.listeners.of(&business.catalogue.id) else {
            return Tell::nobody();
        };
        let at = self.services.clock.now();
        Tell::new(move |appointment, kind| notices::of_change(&business, appointment, kind, &listeners, at))
    }

    /// Appointments of a business were changed from outside: its calendar is read anew, and its waitlist looked at.
    pub fn calendar_changed(&self, business: &BusinessId) {
        self.services.businesses.calendar_changed(business);
        self.services.upkeep.slots_freed(business);
        (self.services.outbox_bell)();
    }

    /// Tells that replies which waited are due now.
    pub fn replies_are_due(&self) {
        (self.services.outbox_bell)();
    }

    /// How many actors live and how many messages wait.
    #[must_use]
    pub fn load(&self) -> Load {
        self.services.router.load()
    }

    /// How many contexts are remembered in this process.
    #[must_use]
    pub fn remembered(&self) -> Holding {
        self.services.local.holds()
    }

    /// Does what is due: rings for unfinished messages, expires dead holds, ends offers and sessions. Called by a
    /// timer, and by hand in tests.
    ///
    /// # Errors
    /// When the store failed; the next round tries again.
    pub async fn sweep(&self, scope: Sweep) -> Result<(), Refused> {
        upkeep::sweep(self, scope).await
    }

    /// Takes no more messages, waits until every conversation has answered what it owes, and has the caches write
    /// what they were given.
    pub async fn drain(&self) {
        self.services.router.close();
        self.services.router.drain().await;
        if let Some(shared) = &self.services.shared {
            shared.close().await;
        }
    }

    async fn knows(&self, business: &BusinessId) -> Result<(), Refused> {
        self.services
            .businesses
            .find(business)
            .await?
            .map(drop)
            .ok_or(Refused::UnknownBusiness)
    }

    fn send(&self, pair: &Pair, what: What, due: Option<Instant>) -> Result<(), Refused> {
        if matches!(what, What::Message(..) | What::Acts(..)) {
            self.services.router.is_in_time()?;
        }
        let make = |place: Place| {
            Message::Item(Item {
                what,
                arrived: Arrival::now(),
                due,
                place: Some(place),
                kept: None,
            })
        };
        self.services.router.send(pair, make, || self.start(pair))
    }

    fn start(&self, pair: &Pair) -> Result<ActorRef<Message>, Refused> {
        start(&self.services, pair, self.supervisor.clone())
    }
}

/// Starts an actor without waiting for it.
fn start(services: &Arc<Services>, pair: &Pair, supervisor: ActorCell) -> Result<ActorRef<Message>, Refused> {
    let start = actor::Start {
        services: services.clone(),
        pair: pair.clone(),
    };
    // No name: ractor's registry is no directory, and ours is the router.
    let spawned = ActorRuntime::spawn_linked_instant(None, ConversationActor, start, supervisor);
    spawned.map(|(actor, _)| actor).map_err(|error| {
        tracing::error!(%error, "an actor could not be started");
        Refused::Overloaded {
            retry_after: RETRY_AFTER,
        }
    })
}

/// How much a sweep looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sweep {
    /// At start: every message that was accepted and not answered.
    Start,
    /// From time to time: only those that have waited so long that their bell must have been lost.
    Running,
}

/// How busy the process is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Load {
    /// Live actors.
    pub actors: u64,
    /// Messages that wait for a turn.
    pub waiting: u64,
}
