//! Claims replies that are due, sends them, and records what became of them.
//!
//! The dispatcher is woken after commits and looks by itself from time to time, so a lost wake-up costs a few
//! seconds and never a reply. The store hands out at most one reply of a conversation at a time, which is what
//! keeps them in order; across conversations a slow channel delays nobody, because each send has its own time
//! limit and only their number is bounded.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{FuturesUnordered, StreamExt};
use futures_util::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use super::{Sender, Sent};
use crate::clock::Clock;
use crate::store::{OutboxRow, Result, Settlement, Store};
use crate::telemetry::metrics::{self, Delivery};
use crate::telemetry::trace;
use crate::types::Channel;

/// When a reply is tried again, counted from the try that failed. After the last it is given up.
/// The same steps as the Standard Webhooks specification: seconds for a hiccup, hours for an outage.
const RETRY_AFTER: [SignedDuration; 7] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(10),
];

/// How long a channel may ask us to wait at most.
const WAIT_MAX: SignedDuration = SignedDuration::from_hours(24);

/// How long one send may take. Shorter than the lease by far, so that a claim never runs out under way.
const SEND_LIMIT: Duration = Duration::from_secs(10);

/// How long a claim is ours.
const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// Sends under way at once.
const IN_FLIGHT_MAX: usize = 64;

/// How often the outbox is looked at without being woken: finds retries that have come due, and leases that ran
/// out.
const POLL: Duration = Duration::from_secs(2);

/// Rings the dispatcher. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Says that replies may be waiting. Never blocks; any number of calls before the next look count as one.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// The two questions that a dispatcher asks of a store; narrow, so that a test can answer them.
#[async_trait]
trait Outbox: Send + Sync + 'static {
    async fn claim(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<OutboxRow>>;
    async fn settle(&self, settled: Vec<Settled>) -> Result<()>;
}

#[async_trait]
impl Outbox for Arc<dyn Store> {
    async fn claim(&self, now: Timestamp, lease_until: Timestamp, limit: u32) -> Result<Vec<OutboxRow>> {
        self.outbox_claim(now, lease_until, limit).await
    }

    async fn settle(&self, settled: Vec<Settled>) -> Result<()> {
        self.outbox_settle(settled).await
    }
}

/// The task between the outbox and the channels.
pub struct Dispatcher {
    outbox: Box<dyn Outbox>,
    clock: Arc<dyn Clock>,
    senders: BTreeMap<Channel, Arc<dyn Sender>>,
    waker: Waker,
}

type Settled = (Uuid, Settlement);

impl Dispatcher {
    /// A dispatcher with one sender per channel; of two for the same channel the later one serves it.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, senders: Vec<Arc<dyn Sender>>) -> Self {
        Self::over(Box::new(store), clock, senders)
    }

    fn over(outbox: Box<dyn Outbox>, clock: Arc<dyn Clock>, senders: Vec<Arc<dyn Sender>>) -> Self {
        Self {
            outbox,
            clock,
            senders: senders.into_iter().map(|s| (s.channel(), s)).collect(),
            waker: Waker::default(),
        }
    }

    /// What commits ring.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Works until `stop` is cancelled; then finishes the sends under way, records them, and returns.
    pub async fn run(self, stop: CancellationToken) {
        let mut in_flight: FuturesUnordered<BoxFuture<'_, Settled>> = FuturesUnordered::new();
        let mut settled: Vec<Settled> = Vec::new();
        let mut look = true;
        loop {
            if !self.settle(&mut settled).await {
                // The store is away. Claiming more would only send what cannot be recorded.
                look = false;
            }
            if look && !stop.is_cancelled() {
                let claimed = self.claim(IN_FLIGHT_MAX - in_flight.len()).await;
                in_flight.extend(claimed.into_iter().map(|row| {
                    let span = sending(&row);
                    self.deliver(row).instrument(span).boxed()
                }));
                look = false;
            }
            if stop.is_cancelled() && in_flight.is_empty() {
                return;
            }
            tokio::select! {
                Some(done) = in_flight.next() => {
                    settled.push(done);
                    // Whatever else is finished by now shares the write.
                    while let Some(Some(done)) = in_flight.next().now_or_never() {
                        settled.push(done);
                    }
                    // A settled reply lets the next one of its conversation go, and makes room.
                    look = true;
                }
                () = self.waker.0.notified(), if in_flight.len() < IN_FLIGHT_MAX => look = true,
                () = tokio::time::sleep(POLL) => look = in_flight.len() < IN_FLIGHT_MAX,
                () = stop.cancelled(), if !stop.is_cancelled() => {}
            }
        }
    }

    async fn claim(&self, limit: usize) -> Vec<OutboxRow> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let now = self.clock.now();
        let lease_until = now.checked_add(LEASE).unwrap_or(Timestamp::MAX);
        match self.outbox.claim(now, lease_until, limit).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "cannot claim replies from the outbox; trying again soon");
                Vec::new()
            }
        }
    }

    /// Sends one reply; says how it is to be recorded.
    async fn deliver(&self, row: OutboxRow) -> Settled {
        let sent = match self.senders.get(&row.channel) {
            // A send that hangs has an unknown outcome; it is tried again under the same id.
            Some(sender) => tokio::time::timeout(SEND_LIMIT, sender.send(&row))
                .await
                .unwrap_or_else(|_| Sent::Later {
                    after: None,
                    problem: "it took too long".to_owned(),
                }),
            None => Sent::Refused(format!("nothing sends to channel {}", row.channel)),
        };
        let now = self.clock.now();
        let after = |wait| now.checked_add(wait).unwrap_or(Timestamp::MAX);
        let (settlement, result) = match sent {
            Sent::Delivered(id) => (Settlement::Sent(id), Delivery::Sent),
            Sent::Postponed(wait) => (Settlement::Postponed(after(wait)), Delivery::Postponed),
            Sent::Unknown(wait) => (Settlement::Unknown { at: after(wait) }, Delivery::Unknown),
            Sent::Later { after, problem } => match retry_at(now, row.attempts, after) {
                Some(at) => {
                    let problem = Some(problem);
                    (Settlement::Retry { at, problem }, Delivery::Retry)
                }
                None => (
                    Settlement::Dead(format!(
                        "the channel did not take it in any attempt; the last time: {problem}"
                    )),
                    Delivery::Dead,
                ),
            },
            Sent::Refused(reason) => (Settlement::Dead(reason), Delivery::Dead),
        };
        metrics::outbox_sent(row.channel, result);
        Span::current().record("result", result.as_str());
        if matches!(settlement, Settlement::Dead(_)) {
            tracing::error!(outbox.id = %row.id, channel = %row.channel, attempts = row.attempts, "gave up on a reply");
        }
        (row.id, settlement)
    }

    /// Records what became of replies; what cannot be recorded now stays in `settled`.
    async fn settle(&self, settled: &mut Vec<Settled>) -> bool {
        if settled.is_empty() {
            return true;
        }
        match self.outbox.settle(settled.clone()).await {
            Ok(()) => {
                settled.clear();
                true
            }
            Err(error) => {
                tracing::warn!(%error, replies = settled.len(), "cannot record sent replies; trying again soon");
                false
            }
        }
    }
}

/// Of one try, below the turn that said it as far as that can be told across processes.
fn sending(row: &OutboxRow) -> Span {
    let origin = row.origin;
    let span = tracing::debug_span!(
        parent: None,
        "send",
        conversation = %row.pair.conversation(),
        turn = origin.turn.map(|turn| display(turn.0)),
        outbox.id = %row.id,
        channel = %row.channel,
        attempt = row.attempts,
        trace.id = origin.trace.map(|trace| display(trace.id)),
        result = Empty,
    );
    if let Some(trace) = origin.trace {
        trace::goes_on(&span, trace);
    }
    span
}

/// When a reply that failed now is tried again, if ever: on schedule, and not before the channel wants it. `attempts`
/// counts the tries, this one included.
fn retry_at(now: Timestamp, attempts: u32, asked: Option<SignedDuration>) -> Option<Timestamp> {
    let before = usize::try_from(attempts.saturating_sub(1)).ok()?;
    let delay = *RETRY_AFTER.get(before)?;
    now.checked_add(asked.map_or(delay, |asked| asked.clamp(delay, WAIT_MAX)))
        .ok()
}

#[cfg(test)]
mod tests;
