//! From pair to live actor: an exact map, and admission at its door.
//!
//! ractor's registry is no directory (a name is free again before its actor has ended), and a cache may forget; so
//! the map is our own. Two rules keep every message in order and none lost:
//! - A sender counts itself in under the map's lock before it sends.
//! - An actor leaves only under the same lock, and only when nobody is counted in.
//!
//! So a message either reaches the actor that is there, or finds no entry and starts the next one; an actor that has
//! left owes nothing and writes nothing any more.
//!
//! Whoever comes in above the cap of live actors has the least recently used idle one asked to leave. It is asked and
//! not told, because only the actor itself knows whether it works on something that nobody is counted in for, such as
//! what lay in the inbox. Busy ones are never cut: when all are busy the cap is passed, and the next rounds make room.

mod recency;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ractor::{ActorId, ActorRef};
use tokio::sync::Notify;
use tokio::time::Instant;

use self::recency::Recency;
use super::actor::Message;
use super::limits::Limits;
use super::pressure::Pressure;
use super::{Load, Refused};
use crate::shares::{NoShare, Share, Shares};
use crate::telemetry::metrics::{self, Shed};
use crate::types::Pair;

/// Actors that are looked at for one message above the cap: most are idle, so that the first will do.
const LOOKS_PER_MESSAGE: usize = 16;
/// Actors that one round looks at. A round takes the lock for well below a millisecond.
const LOOKS_PER_ROUND: usize = 1_024;
/// How often the rounds that make room come.
pub(super) const ROOM_EVERY: Duration = Duration::from_millis(100);

/// A live actor with the count of what it owes.
struct Entry {
    pair: Pair,
    actor: ActorRef<Message>,
    /// Messages admitted and not yet answered.
    owed: Arc<AtomicUsize>,
    /// When the last one was admitted, or the actor was last known to be busy.
    used: Instant,
}

/// The map.
pub(super) struct Router {
    entries: Mutex<Entries>,
    /// What businesses may have waiting.
    waiting: Shares,
    pressure: Arc<Pressure>,
    limits: Arc<Limits>,
    /// Rung whenever an actor was taken out.
    left: Notify,
}

#[derive(Default)]
struct Entries {
    live: Recency<Entry>,
    pairs: HashMap<Pair, recency::Place>,
    /// So that one that died is found without looking at all others.
    actors: HashMap<ActorId, recency::Place>,
    closed: bool,
}

impl Entries {
    fn insert(&mut self, entry: Entry) -> recency::Place {
        let (pair, actor) = (entry.pair.clone(), entry.actor.get_id());
        let place = self.live.insert(entry);
        self.pairs.insert(pair, place);
        self.actors.insert(actor, place);
        place
    }

    fn find(&self, pair: &Pair) -> Option<(recency::Place, &Entry)> {
        let place = *self.pairs.get(pair)?;
        Some((place, self.live.get(place)?))
    }

    fn remove(&mut self, place: recency::Place) {
        if let Some(entry) = self.live.remove(place) {
            self.pairs.remove(&entry.pair);
            self.actors.remove(&entry.actor.get_id());
        }
    }

    /// Asks idle actors to leave, the least recently used first.
    fn make_room(&mut self, actors: usize, looks_max: usize) {
        let now = Instant::now();
        let mut asked = 0;
        for _ in 0..looks_max.min(self.live.len()) {
            // Busy, about to leave, or busy without being counted in: none of them needs to be looked at again soon.
            let Some(entry) = self.live.touch_oldest() else {
                return;
            };
            entry.used = now;
            let is_idle = entry.owed.load(Ordering::Acquire) == 0;
            if is_idle && entry.actor.send_message(Message::MakeRoom).is_ok() {
                asked += 1;
                if asked == actors {
                    return;
                }
            }
        }
    }
}

/// A place in an actor's queue. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    owed: Arc<AtomicUsize>,
    pressure: Arc<Pressure>,
    _share: Share,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.owed.fetch_sub(1, Ordering::AcqRel);
        self.pressure.one_less();
    }
}

impl Router {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self {
            entries: Mutex::default(),
            waiting: Shares::new(limits.waiting_max),
            pressure: Arc::new(Pressure::new(limits.waiting_longest)),
            limits,
            left: Notify::new(),
        }
    }

    /// Whether what comes now is answered in time, for those who wait for their answer. Nobody waits for what is durable:
    /// sending it away would only lose it.
    ///
    /// # Errors
    /// When it would have to wait for too long; it says when to come again.
    pub(super) fn is_in_time(&self) -> Result<(), Refused> {
        let Some(retry_after) = self.pressure.stay_away(self.waiting.taken()) else {
            return Ok(());
        };
        metrics::shed(Shed::Late);
        let retry_after = retry_after.max(super::RETRY_AFTER);
        Err(Refused::Overloaded { retry_after })
    }

    /// Sends a message to the pair's actor, starting it when there is none. `make` gets the message's place in the
    /// queue; `start` makes the actor and must not block.
    ///
    /// # Errors
    /// When the pair or the process has too much waiting, or the process is stopping.
    pub(super) fn send(
        &self,
        pair: &Pair,
        make: impl FnOnce(Place) -> Message,
        start: impl FnOnce() -> Result<ActorRef<Message>, Refused>,
    ) -> Result<(), Refused> {
        let mut entries = self.lock();
        let (at, actor, place) = self.reserve_in(&mut entries, pair, start)?;
        if actor.send_message(make(place)).is_err() {
            // The actor died of a bug and its supervisor has not taken it out yet. The next sender finds a fresh one.
            entries.remove(at);
            return Err(Refused::Overloaded {
                retry_after: super::RETRY_AFTER,
            });
        }
        Ok(())
    }

    /// Takes a place in the queue of the pair's actor, for a message that has to be made durable first. The actor stays
    /// as long as the place is held.
    ///
    /// # Errors
    /// As for [`Self::send`].
    pub(super) fn reserve(
        &self,
        pair: &Pair,
        start: impl FnOnce() -> Result<ActorRef<Message>, Refused>,
    ) -> Result<(ActorRef<Message>, Place), Refused> {
        let (_, actor, place) = self.reserve_in(&mut self.lock(), pair, start)?;
        Ok((actor, place))
    }

    fn reserve_in(
        &self,
        entries: &mut Entries,
        pair: &Pair,
        start: impl FnOnce() -> Result<ActorRef<Message>, Refused>,
    ) -> Result<(recency::Place, ActorRef<Message>, Place), Refused> {
        let overloaded = Refused::Overloaded {
            retry_after: super::RETRY_AFTER,
        };
        if entries.closed {
            return Err(overloaded);
        }
        // Before an actor is started for it: who is refused costs nothing.
        let share = match self.waiting.take(&pair.business) {
            Ok(share) => share,
            Err(why) => {
                metrics::shed(match why {
                    NoShare::Full => Shed::Waiting,
                    NoShare::Spent => Shed::Share,
                });
                return Err(overloaded);
            }
        };
        let known = entries.pairs.get(pair).copied();
        let place = match known {
            Some(place) => place,
            None => entries.insert(Entry {
                pair: pair.clone(),
                actor: start()?,
                owed: Arc::default(),
                used: Instant::now(),
            }),
        };
        let Some(entry) = entries.live.touch(place) else {
            return Err(overloaded);
        };
        entry.used = Instant::now();
        if entry.owed.load(Ordering::Acquire) >= self.limits.waiting_per_pair_max {
            return Err(Refused::PairBusy {
                retry_after: super::RETRY_AFTER,
            });
        }
        entry.owed.fetch_add(1, Ordering::AcqRel);
        let counted = Place {
            owed: entry.owed.clone(),
            pressure: self.pressure.clone(),
            _share: share,
        };
        let actor = entry.actor.clone();
        if known.is_none() && entries.live.len() > self.limits.actors_max {
            entries.make_room(1, LOOKS_PER_MESSAGE);
        }
        Ok((place, actor, counted))
    }

    /// The pair's live actor.
    pub(super) fn find(&self, pair: &Pair) -> Option<ActorRef<Message>> {
        self.lock().find(pair).map(|(_, entry)| entry.actor.clone())
    }

    /// Takes an actor out of the map if it owes nothing. `true` means that it must stop now: no message will come.
    pub(super) fn leave(&self, pair: &Pair, actor: ActorId) -> bool {
        let mut entries = self.lock();
        let owes_nothing =
            |entry: &Entry| entry.actor.get_id() == actor && entry.owed.load(Ordering::Acquire) == 0;
        let Some(place) = entries
            .find(pair)
            .and_then(|(place, entry)| owes_nothing(entry).then_some(place))
        else {
            return false;
        };
        entries.remove(place);
        self.left.notify_waiters();
        true
    }

    /// Takes a dead actor out of the map, whatever it owed: those who wait are told by their closed channels.
    pub(super) fn bury(&self, actor: ActorId) {
        let mut entries = self.lock();
        // One that left by itself is out already, and its pair may have the next.
        if let Some(place) = entries.actors.get(&actor).copied() {
            entries.remove(place);
            self.left.notify_waiters();
        }
    }

    /// Asks every actor that nobody has written to for long whether it is still needed.
    ///
    /// One round for all, because a timer of its own was 0.6 KB of each idle conversation.
    pub(super) fn wake_the_idle(&self) {
        let entries = self.lock();
        let is_idle = |entry: &&Entry| entry.used.elapsed() >= self.limits.idle;
        for entry in entries.live.iter().take_while(is_idle) {
            // One that is gone meanwhile has left already.
            let _ = entry.actor.send_message(Message::Idle);
        }
    }

    /// Asks as many idle actors to leave as live above the cap. Those who came in above it have asked for as many; what
    /// is left is what was busy then.
    pub(super) fn make_room(&self) {
        let mut entries = self.lock();
        let above = entries.live.len().saturating_sub(self.limits.actors_max);
        if above > 0 {
            entries.make_room(above, LOOKS_PER_ROUND);
        }
    }

    /// How often to ask: often enough that an actor stays hardly longer than it should.
    pub(super) fn round(&self) -> Duration {
        (self.limits.idle / 20).max(Duration::from_millis(10))
    }

    /// Admits nobody any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
    }

    /// Tells every actor to leave once it owes nothing, and waits until all have. Close first: then no actor comes.
    pub(super) async fn drain(&self) {
        for entry in self.lock().live.iter() {
            // One that is gone meanwhile has left already.
            let _ = entry.actor.send_message(Message::Leave);
        }
        loop {
            // Made before looking, so that no departure is missed.
            let left = self.left.notified();
            if self.lock().live.len() == 0 {
                return;
            }
            left.await;
        }
    }

    pub(super) fn load(&self) -> Load {
        let actors = self.lock().live.len();
        Load {
            actors: u64::try_from(actors).unwrap_or(u64::MAX),
            waiting: u64::try_from(self.waiting.taken()).unwrap_or(u64::MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing under the lock panics halfway through a change, so the map is whole whatever panicked meanwhile.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
