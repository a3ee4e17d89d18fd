//! Promised slots: placing, ending, and sweeping them.
//!
//! A hold's id is computed from the turn that asks for it, so that a turn which runs again meets its own hold:
//!
//! - The hold stands and is for the same slot: it is the answer.
//! - It stands for another slot (the turn decided differently this time): it moves there.
//! - It has ended, and nothing ever became of it (only `held`, `released` and `expired` among its events): the turn
//!   was never committed, so it is placed anew under the next version. This is the one way back from a terminal
//!   state; a confirmation that was read back from the earlier promise is refused by the version.
//! - Anything else (it was confirmed, or used for a move) belongs to a turn that is committed: "taken".

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{By, Desk, Hold, Met, Put};
use crate::booking::appointment::{Appointment, EventKind, Refused, Status};
use crate::store::errors::{is_taken, may_pass};
use crate::store::{Actor, HoldOutcome, Result};
use crate::types::{AppointmentId, BusinessId};

/// Holds ended by one sweep; the next sweep takes the rest.
const EXPIRED_MAX: i64 = 500;

impl Hold {
    /// Places it with care: it may meet itself, dead holds, and others of its goal. Leaves nothing when it fails.
    pub(in crate::store) async fn place(&self, desk: &mut dyn Desk) -> Result<HoldOutcome> {
        let mut wanted = self.wanted();
        let met = desk.met(&self.pair, &wanted, self.now).await?;
        if let Some(row) = &met.own {
            if row.participant != self.pair.participant {
                return Ok(HoldOutcome::Taken);
            }
            if row.status.is_live() && !row.has_expired(self.now) {
                if same_slot(row, &wanted) {
                    return Ok(HoldOutcome::Held(row.clone()));
                }
                if row.status != Status::Held {
                    return Ok(HoldOutcome::Taken);
                }
            } else if !desk.nothing_became_of(wanted.id).await? {
                return Ok(HoldOutcome::Taken);
            }
            wanted.version = row.version + 1;
        }
        let by = bot(self.now);
        let put = Put {
            business: &self.pair.business,
            appointment: &wanted,
            kind: EventKind::Held,
            by,
            idempotency_key: None,
        };
        let placed = if met.dead.is_empty() && met.others.is_empty() {
            desk.put_alone(put).await
        } else {
            desk.savepoint().await?;
            let placed = make_way(desk, &met, put).await;
            match &placed {
                Ok(()) => desk.release().await?,
                Err(error) if may_pass(error) => {}
                Err(_) => desk.undo().await?,
            }
            placed
        };
        match placed {
            Ok(()) => Ok(HoldOutcome::Held(wanted)),
            // The goal's earlier hold stays when the new slot is not to be had.
            Err(error) if is_taken(&error) => Ok(HoldOutcome::Taken),
            Err(error) => Err(error),
        }
    }
}

/// Ends what is in the way, and places the hold.
async fn make_way(desk: &mut dyn Desk, met: &Met, put: Put<'_>) -> Result<()> {
    for id in &met.dead {
        end(desk, put.business, *id, Appointment::expire, put.by).await?;
    }
    for id in &met.others {
        end(desk, put.business, *id, Appointment::release, put.by).await?;
    }
    desk.put(put).await
}

fn same_slot(a: &Appointment, b: &Appointment) -> bool {
    a.starts_at == b.starts_at && a.ends_at == b.ends_at && a.allocations == b.allocations
}

const fn bot(at: Timestamp) -> By {
    By {
        actor: Actor::Bot,
        turn: None,
        at,
    }
}

/// Ends dead holds on the seats that `wanted` needs. A hold that ran out blocks until somebody ends it, because the
/// database's constraints know no clock; so whoever wants the seat does it first, in the same transaction.
pub(super) async fn clear_the_way(
    desk: &mut dyn Desk,
    business: &BusinessId,
    wanted: &Appointment,
    now: Timestamp,
) -> Result<()> {
    for id in desk.dead_on_seats(business, wanted, now).await? {
        end(desk, business, id, Appointment::expire, bot(now)).await?;
    }
    Ok(())
}

/// Ends a hold, if it still is one.
async fn end(
    desk: &mut dyn Desk,
    business: &BusinessId,
    id: AppointmentId,
    ending: fn(&mut Appointment) -> std::result::Result<EventKind, Refused>,
    by: By,
) -> Result<()> {
    let hold = desk.load(business, id).await?;
    if let Some(mut hold) = hold.filter(|hold| hold.status == Status::Held)
        && let Ok(kind) = ending(&mut hold)
    {
        let put = Put {
            business,
            appointment: &hold,
            kind,
            by,
            idempotency_key: None,
        };
        desk.put(put).await?;
    }
    Ok(())
}

/// Ends the holds that ran out.
pub(in crate::store) struct Expire {
    pub(in crate::store) now: Timestamp,
}

impl Expire {
    /// Answers with the businesses whose calendar changed.
    pub(in crate::store) async fn carry_out(&self, desk: &mut dyn Desk) -> Result<Vec<BusinessId>> {
        let mut businesses = BTreeSet::new();
        for (business, id) in desk.run_out(self.now, EXPIRED_MAX).await? {
            end(desk, &business, id, Appointment::expire, bot(self.now)).await?;
            businesses.insert(business);
        }
        Ok(businesses.into_iter().collect())
    }
}
