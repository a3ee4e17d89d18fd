//! The bounds of everything that waits in a conversation.

use std::sync::Arc;
use std::time::Duration;

use crate::types::Channel;

/// Bounds and habits of conversations.
#[derive(Clone)]
pub struct Limits {
    /// Messages of one pair that may wait for their turn.
    pub waiting_per_pair_max: usize,
    /// Messages of all pairs that may wait.
    pub waiting_max: usize,
    /// A message that would have to wait longer for its turn is refused at once.
    pub waiting_longest: Duration,
    /// Turns of one business that are worked on at once while other businesses have some, too.
    pub turns_at_once_max: usize,
    /// Messages that one turn answers at most.
    pub messages_per_turn_max: usize,
    /// An actor without messages leaves after this.
    pub idle: Duration,
    /// Live actors above which the least recently used idle ones leave. Busy ones stay, and may be more.
    pub actors_max: usize,
    /// A conversation that rests so long begins a new session.
    pub session_gap: Duration,
    /// How long the messages of a turn may take to be understood, together and from when the turn begins. A sender who
    /// waits less shortens it.
    pub understanding: Duration,
    /// A turn that takes longer, its waiting included, is logged with where the time went.
    pub slow_turn: Duration,
    /// How long a turn of a channel waits for more messages: after the last one, and in all.
    pub burst: Arc<dyn Fn(Channel) -> (Duration, Duration) + Send + Sync>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting_per_pair_max: 32,
            waiting_max: 10_000,
            waiting_longest: Duration::from_secs(10),
            turns_at_once_max: 32,
            messages_per_turn_max: 20,
            idle: Duration::from_secs(15 * 60),
            // At some 10 KB each they take 160 MB.
            actors_max: 16_000,
            session_gap: Duration::from_secs(2 * 60 * 60),
            understanding: Duration::from_secs(10),
            slow_turn: Duration::from_secs(5),
            burst: Arc::new(|_| (Duration::ZERO, Duration::ZERO)),
        }
    }
}
