//! Who listens live to which conversation.
//!
//! The hub remembers nothing: an event that nobody listens to is gone, and a listener that is too slow is told to
//! read the transcript again. That keeps it bounded, and the transcript the only truth. An entry lives exactly as
//! long as somebody listens.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::types::Pair;

/// Events that wait for a listener before it is told to resync.
const BUFFER: usize = 32;

/// Something that listeners of a conversation want to know at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The bot is working on an answer.
    Typing,
    /// The bot said something; it stands in the transcript.
    Reply(LiveReply),
    /// Goals or appointments may have changed; the version that made them so, when it is known.
    State {
        /// The conversation's version.
        version: Option<u64>,
    },
}

/// A reply as listeners get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveReply {
    /// Its number in the transcript.
    pub seq: u64,
    /// Its id, the same as in the transcript.
    pub message_id: String,
    /// What it says.
    pub text: String,
    /// What can be tapped.
    pub options: Vec<String>,
    /// When it was committed.
    pub at: Timestamp,
}

/// What a subscription yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// An event.
    Event(Event),
    /// Events were missed: read the transcript.
    Resync,
    /// The hub closed; nothing follows.
    Closed,
}

/// There are as many listeners as the hub takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many event streams are open")]
pub struct Full;

/// The live listeners of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hub {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    // Senders by pair. An entry without a listener is removed by the listener that leaves last.
    pairs: BTreeMap<Pair, broadcast::Sender<Event>>,
    listeners: usize,
    listeners_max: usize,
    closed: bool,
}

impl Hub {
    /// A hub for at most `listeners_max` listeners.
    #[must_use]
    pub fn new(listeners_max: usize) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                pairs: BTreeMap::new(),
                listeners: 0,
                listeners_max,
                closed: false,
            })),
        }
    }

    /// Listens to a conversation from now on.
    ///
    /// # Errors
    /// When there are too many listeners already, or the hub is closed.
    pub fn subscribe(&self, pair: &Pair) -> Result<Subscription, Full> {
        let mut state = self.lock();
        if state.closed || state.listeners >= state.listeners_max {
            return Err(Full);
        }
        state.listeners += 1;
        let events = state
            .pairs
            .entry(pair.clone())
            .or_insert_with(|| broadcast::channel(BUFFER).0)
            .subscribe();
        Ok(Subscription {
            events,
            hub: self.clone(),
            pair: pair.clone(),
        })
    }

    /// Tells every listener of a conversation; returns how many there are.
    pub fn publish(&self, pair: &Pair, event: Event) -> usize {
        let sender = self.lock().pairs.get(pair).cloned();
        // An error means that the last listener left this moment, which is the same as no entry.
        sender.map_or(0, |sender| sender.send(event).unwrap_or(0))
    }

    /// How many listeners there are.
    #[must_use]
    pub fn listeners(&self) -> usize {
        self.lock().listeners
    }

    /// Ends every subscription, so that open event streams do not hold up the end of the process.
    pub fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.pairs.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change under this lock is a single step, so the state is whole even if its holder panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One listener. Leaves the hub when dropped.
#[derive(Debug)]
pub struct Subscription {
    events: broadcast::Receiver<Event>,
    hub: Hub,
    pair: Pair,
}

impl Subscription {
    /// Waits for what comes next. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Next {
        match self.events.recv().await {
            Ok(event) => Next::Event(event),
            Err(RecvError::Lagged(_)) => Next::Resync,
            Err(RecvError::Closed) => Next::Closed,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.listeners -= 1;
        // This receiver is dropped after this body, so a count of one is this one.
        if state
            .pairs
            .get(&self.pair)
            .is_some_and(|sender| sender.receiver_count() <= 1)
        {
            state.pairs.remove(&self.pair);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{BusinessId, ParticipantId};

    fn pair(participant: &str) -> Pair {
        Pair {
            business: BusinessId::new("demo").unwrap(),
            participant: ParticipantId::new(participant).unwrap(),
        }
    }

    #[tokio::test]
    async fn only_listeners_of_the_conversation_hear_an_event() {
        let hub = Hub::new(8);
        let mut ana = hub.subscribe(&pair("ana")).unwrap();
        let _ben = hub.subscribe(&pair("ben")).unwrap();
        assert_eq!(hub.publish(&pair("ana"), Event::Typing), 1);
        assert_eq!(ana.next().await, Next::Event(Event::Typing));
        assert_eq!(hub.publish(&pair("cleo"), Event::Typing), 0);
    }

    #[tokio::test]
    async fn a_conversation_is_forgotten_when_its_last_listener_leaves() {
        let hub = Hub::new(8);
        let first = hub.subscribe(&pair("ana")).unwrap();
        let second = hub.subscribe(&pair("ana")).unwrap();
        drop(first);
        assert_eq!(hub.publish(&pair("ana"), Event::Typing), 1);
        drop(second);
        assert!(hub.lock().pairs.is_empty());
        assert_eq!(hub.listeners(), 0);
    }

    #[tokio::test]
    async fn a_listener_that_is_too_slow_is_told_to_resync() {
        let hub = Hub::new(8);
        let mut slow = hub.subscribe(&pair("ana")).unwrap();
        for _ in 0..=BUFFER {
            hub.publish(&pair("ana"), Event::Typing);
        }
        assert_eq!(slow.next().await, Next::Resync);
        assert_eq!(slow.next().await, Next::Event(Event::Typing));
    }

    #[tokio::test]
    async fn listeners_past_the_limit_are_refused_and_a_closed_hub_ends_the_rest() {
        let hub = Hub::new(1);
        let mut only = hub.subscribe(&pair("ana")).unwrap();
        assert_eq!(hub.subscribe(&pair("ben")).err(), Some(Full));
        hub.close();
        assert_eq!(only.next().await, Next::Closed);
        drop(only);
        assert_eq!(hub.subscribe(&pair("ben")).err(), Some(Full));
    }
}
