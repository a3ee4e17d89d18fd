//! From pair to live actor: an exact map, and admission at its door.
//!
//! ractor's registry is no directory (a name is free again before its actor has ended), and a cache may forget; so
//! the map is our own. Two rules keep every message in order and none lost:
//! - A sender counts itself in under the map's lock before it sends.
//! - An actor leaves only under the same lock, and only when nobody is counted in.
//!
//! So a message either reaches the actor that is there, or finds no entry and starts the next one; an actor that has
//! left owes nothing and writes nothing any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ractor::{ActorId, ActorRef};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::actor::Message;
use super::limits::Limits;
use super::{Load, Refused};
use crate::types::Pair;

/// A live actor with the count of what it owes.
struct Entry {
    actor: ActorRef<Message>,
    /// Messages admitted and not yet answered.
    owed: Arc<AtomicUsize>,
    /// When the last one was admitted.
    used: Instant,
}

/// The map.
pub(super) struct Router {
    entries: Mutex<Entries>,
    waiting: Arc<AtomicUsize>,
    limits: Arc<Limits>,
    /// Rung whenever an actor was taken out.
    left: Notify,
}

#[derive(Default)]
struct Entries {
    live: HashMap<Pair, Entry>,
    /// Whose actor it is, so that one that died is found without looking at all others.
    pairs: HashMap<ActorId, Pair>,
    closed: bool,
}

impl Entries {
    fn insert(&mut self, pair: &Pair, entry: Entry) {
        self.pairs.insert(entry.actor.get_id(), pair.clone());
        self.live.insert(pair.clone(), entry);
    }

    fn remove(&mut self, pair: &Pair) {
        if let Some(entry) = self.live.remove(pair) {
            self.pairs.remove(&entry.actor.get_id());
        }
    }
}

/// A place in an actor's queue. Dropping it gives the place back.
#[derive(Debug)]
pub(super) struct Place {
    owed: Arc<AtomicUsize>,
    waiting: Arc<AtomicUsize>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.owed.fetch_sub(1, Ordering::AcqRel);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Router {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self {
            entries: Mutex::default(),
            waiting: Arc::default(),
            limits,
            left: Notify::new(),
        }
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
        let overloaded = Refused::Overloaded {
            retry_after: super::RETRY_AFTER,
        };
        if entries.closed || self.waiting.load(Ordering::Acquire) >= self.limits.waiting_max {
            return Err(overloaded);
        }
        if !entries.live.contains_key(pair) {
            let entry = Entry {
                actor: start()?,
                owed: Arc::default(),
                used: Instant::now(),
            };
            entries.insert(pair, entry);
        }
        let Some(entry) = entries.live.get_mut(pair) else {
            return Err(overloaded);
        };
        entry.used = Instant::now();
        if entry.owed.load(Ordering::Acquire) >= self.limits.waiting_per_pair_max {
            return Err(Refused::PairBusy {
                retry_after: super::RETRY_AFTER,
            });
        }
        entry.owed.fetch_add(1, Ordering::AcqRel);
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let place = Place {
            owed: entry.owed.clone(),
            waiting: self.waiting.clone(),
        };
        if entry.actor.send_message(make(place)).is_ok() {
            return Ok(());
        }
        // The actor died of a bug and its supervisor has not taken it out yet. The next sender finds a fresh one.
        entries.remove(pair);
        Err(overloaded)
    }

    /// The pair's live actor.
    pub(super) fn find(&self, pair: &Pair) -> Option<ActorRef<Message>> {
        self.lock().live.get(pair).map(|entry| entry.actor.clone())
    }

    /// Takes an actor out of the map if it owes nothing. `true` means that it must stop now: no message will come.
    pub(super) fn leave(&self, pair: &Pair, actor: ActorId) -> bool {
        let mut entries = self.lock();
        let owes_nothing =
            |entry: &Entry| entry.actor.get_id() == actor && entry.owed.load(Ordering::Acquire) == 0;
        let leaves = entries.live.get(pair).is_some_and(owes_nothing);
        if leaves {
            entries.remove(pair);
            self.left.notify_waiters();
        }
        leaves
    }

    /// Takes a dead actor out of the map, whatever it owed: those who wait are told by their closed channels.
    pub(super) fn bury(&self, actor: ActorId) {
        let mut entries = self.lock();
        // One that left by itself is out already, and its pair may have the next.
        if let Some(pair) = entries.pairs.get(&actor).cloned() {
            entries.remove(&pair);
            self.left.notify_waiters();
        }
    }

    /// How long an actor stays without messages; shorter when there are too many.
    pub(super) fn patience(&self) -> Duration {
        self.patience_among(self.lock().live.len())
    }

    fn patience_among(&self, live: usize) -> Duration {
        if live > self.limits.actors_max {
            self.limits.idle / 10
        } else {
            self.limits.idle
        }
    }

    /// Asks every actor that nobody has written to for long whether it is still needed.
    ///
    /// One round for all, because a timer of its own was 0.6 KB of each idle conversation.
    pub(super) fn wake_the_idle(&self) {
        let entries = self.lock();
        let patience = self.patience_among(entries.live.len());
        let is_idle = |entry: &&Entry| entry.used.elapsed() >= patience;
        for entry in entries.live.values().filter(is_idle) {
            // One that is gone meanwhile has left already.
            let _ = entry.actor.send_message(Message::Idle);
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
        for entry in self.lock().live.values() {
            // One that is gone meanwhile has left already.
            let _ = entry.actor.send_message(Message::Leave);
        }
        loop {
            // Made before looking, so that no departure is missed.
            let left = self.left.notified();
            if self.lock().live.is_empty() {
                return;
            }
            left.await;
        }
    }

    pub(super) fn load(&self) -> Load {
        let actors = self.lock().live.len();
        Load {
            actors: u64::try_from(actors).unwrap_or(u64::MAX),
            waiting: u64::try_from(self.waiting.load(Ordering::Acquire)).unwrap_or(u64::MAX),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Every change of the map is one insert or remove, so it is whole whatever panicked meanwhile.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
