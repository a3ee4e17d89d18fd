//! What nobody sends a message for: unfinished messages, dead holds, offers that ran out, slots that became free.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use super::{Conversations, Refused, Sweep, router};
use crate::dialogue::{self, Event};
use crate::telemetry::metrics::{self, AppointmentEvent, TurnOutcome};
use crate::types::BusinessId;

/// A message that has waited so long has lost its bell. Longer than a caller waits, so that a turn under way is not
/// rung for.
const LOST_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Pairs that one sweep rings at most; the next one finds the rest.
const PAIRS_MAX: u32 = 500;
/// Entries of a waitlist that are looked at when a slot becomes free.
const WAITING_MAX: u32 = 100;
/// Businesses whose waitlists wait to be looked at. Beyond that the sweep finds them.
const FREED_MAX: usize = 1024;
/// How long an event may take before the next one is rung.
const EVENT_WAIT: Duration = Duration::from_secs(10);

/// Says that slots became free.
pub(super) struct Bell {
    freed: mpsc::Sender<BusinessId>,
    /// Held while unfinished messages are rung for, so that two sweeps do not count one attempt twice.
    finding: Arc<Mutex<()>>,
}

pub(super) fn bell() -> (Bell, mpsc::Receiver<BusinessId>) {
    let (sender, receiver) = mpsc::channel(FREED_MAX);
    let bell = Bell {
        freed: sender,
        finding: Arc::default(),
    };
    (bell, receiver)
}

impl Bell {
    /// Has the business's waitlist looked at. A full queue drops the bell: each further cancellation rings anew.
    pub(super) fn slots_freed(&self, business: &BusinessId) {
        let _ = self.freed.try_send(business.clone());
    }
}

/// Looks at waitlists, one business after the other, until the conversations are gone.
pub(super) fn serve_waitlists(conversations: &Conversations, mut freed: mpsc::Receiver<BusinessId>) {
    // Weak, so that this task does not keep alive what it serves.
    let services = Arc::downgrade(&conversations.services);
    let supervisor = conversations.supervisor.clone();
    tokio::spawn(async move {
        while let Some(business) = freed.recv().await {
            let Some(services) = services.upgrade() else {
                return;
            };
            let conversations = Conversations {
                services,
                supervisor: supervisor.clone(),
            };
            if let Err(error) = offer_freed(&conversations, &business).await {
                tracing::warn!(%business, %error, "the waitlist could not be looked at");
            }
        }
    });
}

/// Lets idle actors leave, and more of them above the cap, until the conversations are gone.
pub(super) fn let_the_idle_leave(conversations: &Conversations) {
    let services = Arc::downgrade(&conversations.services);
    let every = |period| {
        let mut round = tokio::time::interval(period);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        round
    };
    let mut idle = every(conversations.services.router.round());
    let mut room = every(router::ROOM_EVERY);
    tokio::spawn(async move {
        loop {
            let is_idle_due = tokio::select! {
                _ = idle.tick() => true,
                _ = room.tick() => false,
            };
            let Some(services) = services.upgrade() else {
                return;
            };
            if is_idle_due {
                services.router.wake_the_idle();
            } else {
                services.router.make_room();
            }
        }
    });
}

/// Offers what is free to those who wait for it, longest waiting first. Each offer places its hold before the next
/// entry is looked at, so that one slot is offered to one customer.
async fn offer_freed(conversations: &Conversations, business: &BusinessId) -> Result<(), Refused> {
    let services = &conversations.services;
    let Some(known) = services.businesses.find(business).await? else {
        return Ok(());
    };
    for (pair, entry) in services.store.waiting(business, WAITING_MAX).await? {
        let now = services.clock.now();
        let calendar = services.businesses.calendar(&known, now).await?;
        if let Some(plan) = dialogue::first_fit(&known.catalogue, &calendar, &entry, now) {
            conversations
                .tell(
                    &pair,
                    Event::SlotFreed {
                        entry: entry.id,
                        plan,
                    },
                    EVENT_WAIT,
                )
                .await?;
        }
    }
    Ok(())
}

/// Rings for messages that were accepted and not answered. Whatever is left after the first ones are answered is rung
/// for in the background, because a message that was tried before is worked on alone.
async fn find_unfinished(conversations: &Conversations, scope: Sweep) -> Result<(), Refused> {
    let now = conversations.services.clock.now();
    let (first, later) = match scope {
        // Nobody else works on anything yet, so all of it is owed, also what a clock that was set back has yet to reach.
        Sweep::Start => (Timestamp::MAX, now),
        Sweep::Running => {
            let lost = now.checked_sub(LOST_AFTER).unwrap_or(now);
            (lost, lost)
        }
    };
    let Ok(alone) = conversations.services.upkeep.finding.clone().try_lock_owned() else {
        // An earlier sweep still rings.
        return Ok(());
    };
    let mut rung = ring_some(conversations, first).await?;
    let conversations = conversations.clone();
    tokio::spawn(async move {
        let _alone = alone;
        while !rung.is_empty() && all_answered(rung).await {
            match ring_some(&conversations, later).await {
                Ok(more) => rung = more,
                Err(error) => {
                    tracing::warn!(%error, "unfinished messages could not be looked for");
                    return;
                }
            }
        }
    });
    Ok(())
}

/// Claims unfinished messages and rings for them.
async fn ring_some(
    conversations: &Conversations,
    before: Timestamp,
) -> Result<Vec<Option<oneshot::Receiver<()>>>, Refused> {
    let unfinished = conversations
        .services
        .store
        .claim_unfinished(before, PAIRS_MAX)
        .await?;
    for _ in 0..unfinished.dead {
        metrics::turn_ended(TurnOutcome::Dead);
    }
    if unfinished.dead > 0 {
        tracing::error!(
            messages = unfinished.dead,
            "messages were given up after four attempts"
        );
    }
    let pairs = unfinished.pairs.iter();
    Ok(pairs.map(|pair| conversations.ring(pair).ok()).collect())
}

/// Whether everything that was rung for is answered. If not (a full house, a failing store, a message that breaks its
/// turn), trying again at once would only use its attempts up: the next sweep does.
async fn all_answered(rung: Vec<Option<oneshot::Receiver<()>>>) -> bool {
    let deadline = Instant::now() + EVENT_WAIT;
    for bell in rung {
        let Some(answered) = bell else { return false };
        if !matches!(tokio::time::timeout_at(deadline, answered).await, Ok(Ok(()))) {
            return false;
        }
    }
    true
}

pub(super) async fn sweep(conversations: &Conversations, scope: Sweep) -> Result<(), Refused> {
    let services = &conversations.services;
    let now = services.clock.now();
    for business in services.store.expire_holds(now).await? {
        metrics::appointment(AppointmentEvent::Expired);
        conversations.calendar_changed(&business);
    }
    for pair in services.store.offers_run_out(now, PAIRS_MAX).await? {
        conversations.tell(&pair, Event::Due, EVENT_WAIT).await?;
        services.upkeep.slots_freed(&pair.business);
    }
    find_unfinished(conversations, scope).await?;
    let gap = SignedDuration::try_from(services.limits.session_gap).unwrap_or(SignedDuration::from_hours(2));
    if let Ok(idle_since) = now.checked_sub(gap) {
        services.store.close_sessions(idle_since, now).await?;
    }
    Ok(())
}
