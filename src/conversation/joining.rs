//! A newer message that comes while an older one is still being understood: the turn begins again with both, instead of
//! answering half a thought.
//!
//! A model takes seconds, and people write in pieces. As long as nothing is decided, giving the call up costs its
//! tokens and nothing else. It is bounded twice: a turn begins again a few times at most, and not when more than half of
//! its time is spent. Rules take microseconds; a turn that is understood by them never comes here.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::actor::{Item, What};
use super::turn::Waiting;
use crate::dialogue::Context;
use crate::store::MessageKey;

/// How often a turn begins again at most.
const AGAIN_MAX: u32 = 3;

/// How long a turn may take to understand, over all its beginnings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// When it began first.
    pub begun: Instant,
    /// When it must be understood.
    until: Instant,
    /// How often it began again.
    again: u32,
}

impl Patience {
    /// That of a turn with these messages; `before` is what it had when it began before.
    pub(super) fn of(messages: &[Waiting], limit: Duration, before: Option<Self>) -> Self {
        let begun = before.map_or_else(Instant::now, |before| before.begun);
        // Whoever has given up waiting is not waited for.
        let waits = messages
            .iter()
            .filter(|waiting| waiting.asker.as_ref().is_some_and(|asker| !asker.is_closed()))
            .filter_map(|waiting| waiting.due);
        Self {
            begun,
            until: waits.fold(begun + limit, Instant::min),
            again: before.map_or(0, |before| before.again + 1),
        }
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }

    fn allows_another_beginning(&self) -> bool {
        let all = self.until.saturating_duration_since(self.begun);
        self.again < AGAIN_MAX && self.begun.elapsed() <= all / 2
    }
}

/// A turn that may begin again, as its actor sees it.
pub(super) struct Underway {
    keys: BTreeSet<MessageKey>,
    messages: usize,
    patience: Patience,
    newer: Arc<Notify>,
}

impl Underway {
    /// With what tells the turn.
    pub(super) fn new(messages: &[Waiting], patience: Patience) -> (Self, Arc<Notify>) {
        let newer = Arc::new(Notify::new());
        let underway = Self {
            keys: messages.iter().map(|m| m.inbound.key.clone()).collect(),
            messages: messages.len(),
            patience,
            newer: newer.clone(),
        };
        (underway, newer)
    }

    /// Has the turn begin again if what came last into the queue can and may join it.
    pub(super) fn is_followed_by(&self, queue: &VecDeque<Item>, context: &Context, messages_max: usize) {
        let Some(What::Message(newest, _)) = queue.back().map(|item| &item.what) else {
            return;
        };
        // Another delivery waits for the answer of the first.
        if self.keys.contains(&newest.key) || context.has_seen(&newest.key.message_id) {
            return;
        }
        // What stands in between would not join, and order is kept.
        let only_messages = queue.iter().all(|item| matches!(item.what, What::Message(..)));
        let fits = self.messages + queue.len() <= messages_max;
        if only_messages && fits && self.patience.allows_another_beginning() {
            self.newer.notify_one();
        }
    }
}
