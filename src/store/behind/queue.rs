//! What was said and waits to be written: a bounded queue, and the task that empties it.
//!
//! A turn takes room for its rows before it is committed and gives it back when they are written, so that nothing is
//! ever committed whose rows have no place. Rows stay in the queue until the database has them: whoever reads a
//! transcript meanwhile finds them here. They are written in the order in which their turns were committed.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::store::retry::Pauses;
use crate::store::{Error, Result, TranscriptEntry};
use crate::telemetry::metrics::{self, TranscriptRows};
use crate::types::ConversationId;

/// Rows that may wait, those being written included.
pub(super) const ROWS_MAX: u32 = 10_000;
/// Rows in one write.
const BATCH_ROWS_MAX: usize = 512;
/// How long the first row of a quiet time waits for more: what a crash loses is what was said in so much time and in
/// that of a write.
const GATHER: Duration = Duration::from_millis(100);

/// Where rows go.
#[async_trait]
pub(super) trait Sink: Send + Sync + 'static {
    /// As [`Store::append_transcript`](crate::store::Store::append_transcript).
    async fn append(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()>;
}

/// What one turn said.
struct Said {
    conversation: ConversationId,
    entries: Vec<TranscriptEntry>,
    since: Instant,
    _room: OwnedSemaphorePermit,
}

/// The queue.
pub(super) struct Queue {
    /// Free places for rows. Closed with the queue.
    room: Arc<Semaphore>,
    /// Oldest first. Locked for a few lines at a time, never across an await.
    waiting: Mutex<VecDeque<Arc<Said>>>,
    /// Something was put in, or the end has come.
    wake: Notify,
    /// No more gathering: the end is near.
    hurry: CancellationToken,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            room: Arc::new(Semaphore::new(ROWS_MAX as usize)),
            waiting: Mutex::default(),
            wake: Notify::new(),
            hurry: CancellationToken::new(),
        }
    }

    /// Takes room for so many rows; `None` when there is not enough, or the queue is closing.
    pub(super) fn take_room(&self, rows: usize) -> Option<OwnedSemaphorePermit> {
        let rows = u32::try_from(rows).ok()?;
        Arc::clone(&self.room).try_acquire_many_owned(rows).ok()
    }

    /// Puts in what a committed turn said.
    pub(super) fn put(
        &self,
        room: OwnedSemaphorePermit,
        conversation: ConversationId,
        entries: Vec<TranscriptEntry>,
    ) {
        self.lock().push_back(Arc::new(Said {
            conversation,
            entries,
            since: Instant::now(),
            _room: room,
        }));
        self.wake.notify_one();
    }

    /// What waits of a conversation, in order, up to and without number `before`.
    pub(super) fn waiting_of(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
    ) -> Vec<TranscriptEntry> {
        let waiting = self.lock();
        let of_it = waiting.iter().filter(|said| said.conversation == conversation);
        of_it
            .flat_map(|said| &said.entries)
            .filter(|entry| before.is_none_or(|before| entry.seq < before))
            .cloned()
            .collect()
    }

    /// Shows how far the database is behind.
    pub(super) fn measure(&self) {
        let (rows, oldest) = {
            let waiting = self.lock();
            (count(&waiting), waiting.front().map(|said| said.since))
        };
        metrics::transcript_lags(rows, oldest.map_or(Duration::ZERO, |since| since.elapsed()));
    }

    /// Writes until the queue is closed and empty.
    pub(super) async fn run(self: Arc<Self>, sink: impl Sink) {
        loop {
            let batch = self.front();
            if batch.is_empty() {
                if self.room.is_closed() {
                    return;
                }
                self.wake.notified().await;
                tokio::select! {
                    () = tokio::time::sleep(GATHER) => {}
                    () = self.hurry.cancelled() => {}
                }
                continue;
            }
            self.write(&sink, &batch).await;
            {
                let mut waiting = self.lock();
                for written in &batch {
                    // Who gave up waiting for the end has taken everything out.
                    if waiting.front().is_some_and(|said| Arc::ptr_eq(said, written)) {
                        waiting.pop_front();
                    }
                }
            }
            self.measure();
        }
    }

    /// Takes nothing more, and waits until everything is written, at most for `limit`; what is not by then is lost.
    pub(super) async fn drain(&self, limit: Duration) {
        self.hurry.cancel();
        // All of the room is free when nothing waits and no turn that took some is under way. Meanwhile nobody else
        // gets any: this is the first in line.
        let drained = tokio::time::timeout(limit, self.room.acquire_many(ROWS_MAX)).await;
        self.end();
        // An error is the end of an earlier drain.
        if drained.is_err() {
            let left = std::mem::take(&mut *self.lock());
            lost(count(&left), "they were not written before the end");
        }
        self.measure();
    }

    /// Takes nothing more; what waits is written all the same if the process lives on.
    pub(super) fn end(&self) {
        self.hurry.cancel();
        self.room.close();
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Said>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch, which stays where it is until it is written.
    fn front(&self) -> Vec<Arc<Said>> {
        let mut rows = 0;
        let waiting = self.lock();
        let fits = waiting.iter().take_while(|said| {
            let first = rows == 0;
            rows += said.entries.len();
            first || rows <= BATCH_ROWS_MAX
        });
        fits.cloned().collect()
    }

    /// Writes a batch, for as long as it takes: turns cannot be committed either while the database is away, so that
    /// the queue does not grow. Only what the database refuses for what it is gets lost.
    async fn write(&self, sink: &impl Sink, batch: &[Arc<Said>]) {
        let rows: Vec<(ConversationId, &TranscriptEntry)> = batch
            .iter()
            .flat_map(|said| said.entries.iter().map(|entry| (said.conversation, entry)))
            .collect();
        let mut parts = vec![rows.as_slice()];
        let mut pauses = Pauses::of_a_write();
        while let Some(part) = parts.pop() {
            match sink.append(part).await {
                Ok(()) => metrics::transcript_rows(TranscriptRows::Behind, part.len() as u64),
                Err(error @ (Error::Rejected(_) | Error::Corrupt { .. })) => {
                    if part.len() == 1 {
                        lost(1, &error.to_string());
                        continue;
                    }
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                // Whoever waited for the end has given up.
                Err(_) if self.room.is_closed() && self.lock().is_empty() => return,
                // Whatever became of it: numbers that are there already are left alone.
                Err(_) => {
                    parts.push(part);
                    self.measure();
                    if !pauses.wait().await {
                        pauses = Pauses::of_a_write();
                    }
                }
            }
        }
    }
}

fn count(waiting: &VecDeque<Arc<Said>>) -> u64 {
    waiting.iter().map(|said| said.entries.len() as u64).sum()
}

fn lost(rows: u64, why: &str) {
    if rows > 0 {
        tracing::error!(rows, why, "rows of transcripts were lost");
        metrics::transcript_rows(TranscriptRows::Lost, rows);
    }
}

#[cfg(test)]
mod tests;
