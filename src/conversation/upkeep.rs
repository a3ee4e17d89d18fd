//! What nobody sends a message for: unfinished messages, dead holds, offers that ran out, slots that became free.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use super::{Conversations, Refused, Sweep};
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
pub(super) struct Bell(mpsc::Sender<BusinessId>);

pub(super) fn bell() -> (Bell, mpsc::Receiver<BusinessId>) {
    let (sender, receiver) = mpsc::channel(FREED_MAX);
    (Bell(sender), receiver)
}

impl Bell {
    /// Has the business's waitlist looked at. A full queue drops the bell: each further cancellation rings anew.
    pub(super) fn slots_freed(&self, business: &BusinessId) {
        let _ = self.0.try_send(business.clone());
    }
}

/// Looks at waitlists, one business after the other, until the conversations are gone.
pub(super) fn serve_waitlists(conversations: &Conversations, mut freed: mpsc::Receiver<BusinessId>) {
    // Weak, so that this task does not keep alive what it serves.
    let services = std::sync::Arc::downgrade(&conversations.services);
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

/// Lets idle actors leave, until the conversations are gone.
pub(super) fn let_the_idle_leave(conversations: &Conversations) {
    let services = std::sync::Arc::downgrade(&conversations.services);
    let mut round = tokio::time::interval(conversations.services.router.round());
    round.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::spawn(async move {
        loop {
            round.tick().await;
            let Some(services) = services.upgrade() else {
                return;
            };
            services.router.wake_the_idle();
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
    let before = match scope {
        Sweep::Start => now,
        Sweep::Running => now.checked_sub(LOST_AFTER).unwrap_or(now),
    };
    let unfinished = services.store.claim_unfinished(before, PAIRS_MAX).await?;
    for _ in 0..unfinished.dead {
        metrics::turn_ended(TurnOutcome::Dead);
    }
    if unfinished.dead > 0 {
        tracing::error!(
            messages = unfinished.dead,
            "messages were given up after four attempts"
        );
    }
    for pair in unfinished.pairs {
        // A full house rings again at the next sweep.
        let _ = conversations.ring(&pair);
    }
    let gap = SignedDuration::try_from(services.limits.session_gap).unwrap_or(SignedDuration::from_hours(2));
    if let Ok(idle_since) = now.checked_sub(gap) {
        services.store.close_sessions(idle_since, now).await?;
    }
    Ok(())
}
