//! What goes into one batch of a writer, and what has to wait for the next.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

use super::{Inbound, TurnCommit};
use crate::types::Pair;

/// Jobs in one batch.
pub(super) const JOBS_MAX: usize = 256;
/// Bytes in one batch: what bounds a commit is how much it writes.
const BYTES_MAX: usize = 1 << 20;
/// Roughly what a hold writes.
pub(super) const BYTES_OF_HOLD: usize = 1024;

/// A job that is written together with others.
pub(super) trait Batched {
    /// Roughly how much it writes.
    fn bytes(&self) -> usize;
    /// Hashes of what no two jobs of a batch may share. If two hashes fall together by chance, one of the jobs waits
    /// for the next batch.
    fn touches(&self) -> Vec<u64>;
    /// Whether it must have a batch of its own.
    fn is_alone(&self) -> bool {
        false
    }
}

/// Takes the next batch off the front: bounded in number and bytes, and without jobs that could get in each other's
/// way. A second turn of a conversation, or of a message, waits for the next batch, where it meets what became of
/// the first one.
pub(super) fn next<J: Batched>(waiting: &mut VecDeque<J>) -> Vec<J> {
    let mut batch = Vec::with_capacity(waiting.len().min(JOBS_MAX));
    let mut left = Vec::new();
    let mut touched = HashSet::new();
    let mut bytes = 0;
    while let Some(job) = waiting.pop_front() {
        bytes += job.bytes();
        let full = batch.len() == JOBS_MAX || bytes > BYTES_MAX;
        // What was left so far goes first, too.
        if (full || job.is_alone()) && !batch.is_empty() {
            waiting.push_front(job);
            break;
        }
        if job.is_alone() {
            batch.push(job);
            break;
        }
        let touches = job.touches();
        if touches.iter().any(|hash| touched.contains(hash)) {
            left.push(job);
        } else {
            batch.push(job);
        }
        // Those of a turn that waits as well, so that a third does not overtake it.
        touched.extend(touches);
    }
    while let Some(job) = left.pop() {
        waiting.push_front(job);
    }
    batch
}

pub(super) fn bytes_of_turn(turn: &TurnCommit) -> usize {
    let said: usize = turn.transcript.iter().map(|entry| entry.text.len() + 256).sum();
    let heard: usize = turn.answered.iter().map(|message| message.text.len() + 256).sum();
    turn.context.json.len() + turn.answer.len() + said + heard + 256 * turn.outbox.len()
}

pub(super) fn bytes_of_messages(messages: &[Inbound]) -> usize {
    messages
        .iter()
        .map(|message| message.text.len() + message.attachments.as_ref().map_or(0, String::len) + 256)
        .sum()
}

/// A turn's conversation and the messages that it answers.
pub(super) fn touches_of_turn(turn: &TurnCommit) -> Vec<u64> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut hashes = Vec::with_capacity(1 + turn.answered.len());
    hashes.push(hasher.hash_one(&turn.pair));
    for message in &turn.answered {
        hashes.push(hasher.hash_one(&message.key));
    }
    hashes
}

/// A hold's conversation.
pub(super) fn touches_of_hold(pair: &Pair) -> Vec<u64> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    vec![hasher.hash_one(pair)]
}
