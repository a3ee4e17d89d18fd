//! The actor of one pair: it alone owns the context.
//!
//! It does not do the work itself. A turn (or the loading before the first one) runs in a task that reports back, so
//! the actor stays responsive while a model thinks or a commit waits. What waits is in its queue, in order; nothing is owed that is not either in the queue, in the running turn, or durable.

use std::collections::{BTreeSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::joining::{Patience, Underway};
use super::load::{self, Loaded};
use super::router::Place;
use super::setting::Setting;
use super::stages::{self, Arrival, Beginning};
use super::turn::{self, Ended, Work};
use super::understand::{Kept, Thinking};
use super::{Answer, Refused, Said, Services};
use crate::dialogue::{Context, Event};
use crate::store::{Inbound, MessageKey};
use crate::telemetry::metrics::{self, CacheResult, Stage, Tier};
use crate::types::{Pair, ParticipantId};
use crate::understanding::Act;

/// What an actor is told.
pub(super) enum Message {
    /// Something to be answered.
    Item(Item),
    /// Messages of this pair may be waiting in the inbox: look. Who rings is told when they are answered; of those
    /// that could not be, by a closed channel.
    Ring(Place, oneshot::Sender<()>),
    /// The context is asked for.
    Context(Asker),
    /// Loading ended.
    Loaded(Box<Result<(Loaded, Vec<Inbound>), Refused>>),
    /// The running turn ended.
    Ended(Box<Ended>),
    /// The burst window may be over.
    Quiet,
    /// Nobody has written for long: see whether it is still needed.
    Idle,
    /// Too many live: leave if nothing is owed, however lately somebody wrote.
    MakeRoom,
    /// The process stops: leave as soon as nothing is owed.
    Leave,
}

/// Who asks for the context and its version.
pub(super) type Asker = oneshot::Sender<Option<(u64, Arc<Context>)>>;

/// Something that waits for its turn.
pub(super) struct Item {
    pub what: What,
    pub arrived: Arrival,
    /// When a message must be understood, so that its sender still gets the answer.
    pub due: Option<Instant>,
    /// Its place in the queue; `None` for what was found in the inbox.
    pub place: Option<Place>,
    /// What a message was understood to be before its turn began again.
    pub kept: Option<Box<Kept>>,
}

pub(super) enum What {
    /// A message, with who waits for the answer; nobody does for one that was found in the inbox.
    Message(Arc<Inbound>, Option<oneshot::Sender<Result<Said, Refused>>>),
    /// Acts without a message.
    Acts(Vec<Act>, oneshot::Sender<Result<Answer, Refused>>),
    /// Something that time or the world did.
    Event(Event, oneshot::Sender<()>),
    /// Something is set.
    Set(Setting, oneshot::Sender<Result<Option<u64>, Refused>>),
}

pub(super) struct ConversationActor;

pub(super) struct Start {
    pub services: Arc<Services>,
    pub pair: Pair,
}

pub(super) struct State {
    services: Arc<Services>,
    pair: Pair,
    loaded: Option<Loaded>,
    queue: VecDeque<Item>,
    /// Whether a task of this actor is under way: a turn, or the loading before it.
    working: bool,
    last_used: Instant,
    leaving: bool,
    /// The inbox must be looked at again before the next turn.
    rung: bool,
    /// Those who want to see the context; told between turns, so that whoever has got an answer sees what it made.
    askers: Vec<Asker>,
    /// Places of bells, given back when the inbox was looked at.
    bells: Vec<Place>,
    /// Those who rang; told when nothing waits any more.
    ringers: Vec<oneshot::Sender<()>>,
    /// So many messages at the front of the queue were in a turn that broke. Each goes alone, so that the one that
    /// broke it takes no other down again.
    alone: usize,
    /// Accepted messages that broke a turn of their own. They are left alone until the sweep rings, which counts an
    /// attempt first; after four the store gives them up, and the conversation goes on.
    broken: BTreeSet<MessageKey>,
    /// The running turn, if newer messages may join it.
    underway: Option<Box<Underway>>,
    /// The next turn is one that was given up for newer messages, with what is left of its patience.
    again: Option<Patience>,
}

impl Actor for ConversationActor {
    type Msg = Message;
    type State = State;
    type Arguments = Start;

    async fn pre_start(&self, _: ActorRef<Message>, start: Start) -> Result<State, ActorProcessingErr> {
        Ok(State {
            services: start.services,
            pair: start.pair,
            loaded: None,
            queue: VecDeque::new(),
            working: false,
            last_used: Instant::now(),
            leaving: false,
            rung: false,
            askers: Vec::new(),
            bells: Vec::new(),
            alone: 0,
            ringers: Vec::new(),
            broken: BTreeSet::new(),
            underway: None,
            again: None,
        })
    }

    /// Never fails: whatever goes wrong in a turn is a value that the turn reports.
    async fn handle(
        &self,
        myself: ActorRef<Message>,
        message: Message,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Item(item) => {
                state.last_used = Instant::now();
                state.queue.push_back(item);
                state.maybe_join();
                state.go_on(&myself);
            }
            Message::Ring(place, ringer) => {
                state.rung = true;
                state.broken.clear();
                state.bells.push(place);
                state.ringers.push(ringer);
                state.go_on(&myself);
            }
            Message::Context(asker) => {
                state.askers.push(asker);
                state.tell_askers();
            }
            Message::Loaded(result) => {
                if let Err(Refused::Joined(into)) = result.as_ref() {
                    state.ring_elsewhere(&myself, into);
                }
                state.loaded_is(*result);
                state.tell_askers();
                state.go_on(&myself);
            }
            Message::Ended(ended) => {
                if let Some(into) = &ended.joined_into {
                    state.ring_elsewhere(&myself, into);
                    // A message may have been made durable since the turn looked.
                    state.rung = true;
                }
                state.ended(*ended);
                state.tell_askers();
                state.go_on(&myself);
            }
            Message::Quiet => state.go_on(&myself),
            Message::Idle => state.maybe_leave(&myself),
            Message::MakeRoom => state.leave_if_unused(&myself),
            Message::Leave => {
                state.leaving = true;
                state.go_on(&myself);
            }
        }
        Ok(())
    }
}

impl State {
    /// Starts what can be started now.
    fn go_on(&mut self, myself: &ActorRef<Message>) {
        if self.working {
            return;
        }
        if self.loaded.is_none() || self.rung {
            if !self.queue.is_empty() || self.rung {
                self.load(myself);
            }
            return self.maybe_leave(myself);
        }
        let Some(front) = self.queue.front() else {
            for ringer in self.ringers.drain(..) {
                // A sweep that went on without it finds out by the inbox.
                let _ = ringer.send(());
            }
            return self.maybe_leave(myself);
        };
        // What was found in the inbox has waited long enough, and whoever follows it joins its turn.
        if let (What::Message(inbound, _), Some(_)) = (&front.what, &front.place) {
            let (quiet, longest) = (self.services.limits.burst)(inbound.key.channel);
            if !quiet.is_zero() && self.is_still_gathering(myself, quiet, longest) {
                return;
            }
        }
        let (work, beginning) = self.take_work();
        self.working = true;
        // Without a context this point is not reached.
        let Some(loaded) = self.loaded.clone() else { return };
        metrics::cache_asked(Tier::Local, CacheResult::Hit);
        let (services, pair, myself) = (self.services.clone(), self.pair.clone(), myself.clone());
        tokio::spawn(async move {
            let slow = services.limits.slow_turn;
            let turn = Box::pin(turn::run(services, pair.clone(), loaded, work));
            let ended = stages::watched(&pair, beginning, slow, turn).await;
            // An actor that died meanwhile has nobody left to tell; what is durable is found by the sweep.
            let _ = myself.send_message(Message::Ended(Box::new(ended)));
        });
    }

    /// Whether more messages of a burst are waited for.
    fn is_still_gathering(&self, myself: &ActorRef<Message>, quiet: Duration, longest: Duration) -> bool {
        let now = Instant::now();
        let arrived = || self.queue.iter().map(|item| item.arrived.at);
        let (first, last) = (arrived().min().unwrap_or(now), arrived().max().unwrap_or(now));
        let due = (last + quiet).min(first + longest);
        if now >= due || self.leaving {
            return false;
        }
        myself.send_after(due - now, || Message::Quiet);
        true
    }

    /// Has the running turn begin again if what has just arrived can join it.
    fn maybe_join(&self) {
        if let (Some(underway), Some(loaded)) = (&self.underway, &self.loaded) {
            let messages_max = self.services.limits.messages_per_turn_max;
            underway.is_followed_by(&self.queue, &loaded.context, messages_max);
        }
    }

    /// The next piece of work: all messages that wait in a row, or one of anything else.
    fn take_work(&mut self) -> (Work, Beginning) {
        let mut beginning = Beginning::default();
        let alone = self.alone > 0;
        let messages_max = if alone {
            1
        } else {
            self.services.limits.messages_per_turn_max
        };
        let mut messages = Vec::with_capacity(self.queue.len().min(messages_max));
        while let Some(front) = self.queue.front() {
            let is_message = matches!(front.what, What::Message(..));
            if !messages.is_empty() && (!is_message || messages.len() >= messages_max) {
                break;
            }
            let Some(mut item) = self.queue.pop_front() else {
                break;
            };
            item.arrived.is_over();
            beginning.with(&item.arrived);
            // What a turn that begins again brings along has been waited for before.
            if self.again.is_none_or(|before| before.begun < item.arrived.at) {
                stages::took(Stage::Wait, item.arrived.at.elapsed());
            }
            match item.what {
                What::Message(inbound, asker) => messages.push(turn::Waiting {
                    inbound,
                    asker,
                    arrived: item.arrived,
                    due: item.due,
                    place: item.place,
                    kept: item.kept,
                }),
                What::Acts(acts, asker) => return (Work::Acts(acts, asker, item.place), beginning),
                What::Event(event, asker) => return (Work::Event(event, asker, item.place), beginning),
                What::Set(what, asker) => return (Work::Set(what, asker, item.place), beginning),
            }
        }
        self.alone = self.alone.saturating_sub(messages.len());
        if self.queue.is_empty() {
            // Most actors are idle most of the time, and room for four items would be a tenth of what they weigh.
            self.queue = VecDeque::new();
        }
        // In the order in which they were sent, as far as the sender's side tells.
        messages.sort_by_key(|m| m.inbound.sent_at.unwrap_or(m.inbound.received_at));
        let mut traced = messages
            .iter()
            .filter_map(|m| Some((m.inbound.trace?, &m.arrived)));
        if let Some((trace, arrived)) = traced.next_back() {
            beginning.belongs_to(trace, arrived);
        }
        let thinking = self.thinking(&messages, alone);
        (Work::Messages(messages, thinking), beginning)
    }

    /// How a turn may think about messages. One that goes alone stays alone; one that is understood by rules is done
    /// before anything could join it.
    fn thinking(&mut self, messages: &[turn::Waiting], alone: bool) -> Thinking {
        let limit = self.services.limits.understanding;
        let patience = Patience::of(messages, limit, self.again.take());
        let newer = (!alone && self.services.understanding.needs_scene()).then(|| {
            let (underway, newer) = Underway::new(messages, patience);
            self.underway = Some(Box::new(underway));
            newer
        });
        Thinking { patience, newer }
    }

    fn load(&mut self, myself: &ActorRef<Message>) {
        self.working = true;
        self.rung = false;
        let (services, pair, myself) = (self.services.clone(), self.pair.clone(), myself.clone());
        let span = stages::loading(self.queue.front().map(|item| &item.arrived));
        let loading = async move {
            let pass = services.turnstile.enter(&pair.business).await;
            // A panic is a mistake of ours; without a report the actor would wait for it for ever.
            let loading = AssertUnwindSafe(load::load(&services, &pair)).catch_unwind();
            let result = loading.await.unwrap_or_else(|_| {
                tracing::error!(conversation = %pair.conversation(), "loading a conversation broke");
                Err(Refused::Overloaded {
                    retry_after: super::RETRY_AFTER,
                })
            });
            drop(pass);
            let _ = myself.send_message(Message::Loaded(Box::new(result)));
        };
        tokio::spawn(loading.instrument(span));
    }

    fn loaded_is(&mut self, result: Result<(Loaded, Vec<Inbound>), Refused>) {
        self.working = false;
        self.bells.clear();
        match result {
            Ok((loaded, pending)) => {
                // It is the actor's now, and what the cache has would only grow old.
                self.services.local.forget(self.pair.conversation());
                self.loaded = Some(loaded);
                // What was accepted before comes before what waits, unless it waits already. The same id with another
                // text is another message: what is durable goes first, and the other one is refused by it.
                for inbound in pending.into_iter().rev() {
                    let waits = |item: &Item| match &item.what {
                        What::Message(m, _) => m.key == inbound.key && m.text == inbound.text,
                        What::Acts(..) | What::Event(..) | What::Set(..) => false,
                    };
                    if !self.queue.iter().any(waits) && !self.broken.contains(&inbound.key) {
                        let what = What::Message(Arc::new(inbound), None);
                        self.queue.push_front(Item {
                            what,
                            arrived: Arrival::now(),
                            due: None,
                            place: None,
                            kept: None,
                        });
                    }
                }
            }
            Err(refused) => {
                if matches!(refused, Refused::Joined(_)) {
                    // What came in while it was looked is handed over by another look.
                    self.rung |= !self.queue.is_empty();
                } else {
                    tracing::warn!(error = %refused, "a conversation could not be loaded");
                }
                self.ringers.clear();
                self.again = None;
                for item in self.queue.drain(..) {
                    turn::refuse(item.what, &refused);
                }
            }
        }
    }

    /// The participant has become somebody else: has their conversation look into the inbox, where what was accepted
    /// here is by now. Without room for a bell, the sweep finds it.
    fn ring_elsewhere(&self, myself: &ActorRef<Message>, into: &ParticipantId) {
        let pair = Pair {
            business: self.pair.business.clone(),
            participant: into.clone(),
        };
        let Some(supervisor) = myself.try_get_supervisor() else {
            return;
        };
        let (ringer, _) = oneshot::channel();
        let ring = |place| Message::Ring(place, ringer);
        let start = || super::start(&self.services, &pair, supervisor);
        if let Err(error) = self.services.router.send(&pair, ring, start) {
            tracing::warn!(%error, "a joined conversation could not be rung; the sweep will");
        }
    }

    fn ended(&mut self, ended: Ended) {
        self.working = false;
        self.underway = None;
        self.again = ended.again;
        self.last_used = Instant::now();
        if ended.loaded.is_none() {
            // The turn was not committed, so that what it was to answer is still in the inbox.
            self.ringers.clear();
        }
        self.loaded = ended.loaded;
        self.broken.extend(ended.broken);
        if ended.again.is_none() {
            self.alone = self.alone.max(ended.unanswered.len());
        }
        for waiting in ended.unanswered.into_iter().rev() {
            self.queue.push_front(Item {
                what: What::Message(waiting.inbound, waiting.asker),
                arrived: waiting.arrived,
                due: waiting.due,
                place: waiting.place,
                kept: waiting.kept,
            });
        }
    }

    fn tell_askers(&mut self) {
        if self.working {
            return;
        }
        let known = self.loaded.as_ref().map(|l| (l.version(), l.context.clone()));
        for asker in self.askers.drain(..) {
            // Whoever asked may have given up meanwhile.
            let _ = asker.send(known.clone());
        }
    }

    fn maybe_leave(&self, myself: &ActorRef<Message>) {
        if self.leaving || self.last_used.elapsed() >= self.services.limits.idle {
            self.leave_if_unused(myself);
        }
    }

    fn leave_if_unused(&self, myself: &ActorRef<Message>) {
        if self.working || !self.queue.is_empty() || self.rung {
            return;
        }
        // Before the map is free of it, so that the next actor of the pair finds it. When the process stops, none comes.
        if let (Some(loaded), false) = (&self.loaded, self.leaving) {
            load::remember(&self.services, &self.pair, loaded);
        }
        if self.services.router.leave(&self.pair, myself.get_id()) {
            myself.stop(None);
        } else {
            self.services.local.forget(self.pair.conversation());
        }
    }
}
