//! Who occupies what, in memory: the live appointments of one business.
//!
//! A calendar is shared as a snapshot and updated by deltas, often while readers still hold the old one. Its parts
//! are therefore shared too: a copy costs a few hundred reference counts, and an update copies only the parts that
//! it touches (one seat's blocks, one sixty-fourth of the index).

mod lane;
mod shards;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use self::lane::{Block, Lane};
use self::shards::Shards;
use super::appointment::{Appointment, Status};
use crate::types::{AppointmentId, ParticipantId, ResourceId};

/// The live appointments of a business from yesterday to its horizon, indexed for availability.
///
/// It is a snapshot: what it says may be a moment old, and the store has the last word.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Grows with every change of any allocation of the business; says which changes are in.
    pub version: u64,
    appointments: Shards<AppointmentId, Arc<Appointment>>,
    /// By start, so that a customer's visits come in order. Few have more than one or two.
    participants: Shards<ParticipantId, Vec<Arc<Appointment>>>,
    /// By resource; its seats from 1 stand at 0.
    lanes: BTreeMap<ResourceId, Vec<Arc<Lane>>>,
}

/// The seats of one resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seats<'a>(&'a [Arc<Lane>]);

impl Seats<'_> {
    /// As [`Calendar::is_free`].
    pub(super) fn is_free(
        self,
        seat: u32,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
        ignoring: &[AppointmentId],
    ) -> bool {
        let place = seat.checked_sub(1).and_then(|place| usize::try_from(place).ok());
        place
            .and_then(|place| self.0.get(place))
            .is_none_or(|lane| lane.overlapping(from, until, now, ignoring).next().is_none())
    }
}

/// The most seats of one resource that are kept; no catalogue has more.
const SEATS_MAX: u32 = 1_000;

impl Calendar {
    /// A calendar of these appointments.
    #[must_use]
    pub fn new(version: u64, appointments: impl IntoIterator<Item = Appointment>) -> Self {
        let mut calendar = Self {
            version,
            ..Self::default()
        };
        for appointment in appointments {
            calendar.apply(appointment);
        }
        calendar
    }

    /// Takes in an appointment as it is now; one that is no longer live leaves.
    pub fn apply(&mut self, appointment: Appointment) {
        self.remove(appointment.id);
        if !appointment.status.is_live() {
            return;
        }
        let appointment = Arc::new(appointment);
        for allocation in &appointment.allocations {
            if let Some(lane) = self.lane_mut(&allocation.resource, allocation.seat) {
                lane.insert(Block {
                    from: allocation.blocked_from,
                    until: allocation.blocked_until,
                    starts_at: allocation.starts_at,
                    ends_at: allocation.ends_at,
                    appointment: appointment.id,
                    expires_at: expiry(&appointment),
                });
            }
        }
        let by_start = |visit: &Arc<Appointment>| (visit.starts_at, visit.id);
        self.participants
            .update(appointment.participant.clone(), |visits| {
                let at = visits.partition_point(|other| by_start(other) < by_start(&appointment));
                visits.reserve_exact(1);
                visits.insert(at, Arc::clone(&appointment));
            });
        self.appointments.insert(appointment.id, appointment);
    }

    /// Lets an appointment leave; one that is not there is none the worse.
    pub fn remove(&mut self, id: AppointmentId) {
        let Some(known) = self.appointments.remove(&id) else {
            return;
        };
        for allocation in &known.allocations {
            if let Some(lane) = self.lane_mut(&allocation.resource, allocation.seat) {
                lane.remove(id);
            }
        }
        let is_last = self
            .participants
            .get(&known.participant)
            .is_some_and(|visits| visits.len() == 1);
        if is_last {
            self.participants.remove(&known.participant);
        } else {
            self.participants.update(known.participant.clone(), |visits| {
                visits.retain(|visit| visit.id != id);
            });
        }
    }

    /// Lets go of what no longer blocks anything after `before`: visits that are over and holds that have run out.
    pub fn forget(&mut self, before: Timestamp) {
        let is_over = |appointment: &Appointment| {
            let until = appointment.allocations.iter().map(|one| one.blocked_until);
            until.max().unwrap_or(appointment.ends_at) <= before
                || expiry(appointment).is_some_and(|at| at <= before)
        };
        let over: Vec<AppointmentId> = self
            .appointments()
            .filter(|appointment| is_over(appointment))
            .map(|appointment| appointment.id)
            .collect();
        for id in over {
            self.remove(id);
        }
    }

    /// The live appointment of that id.
    #[must_use]
    pub fn appointment(&self, id: AppointmentId) -> Option<&Arc<Appointment>> {
        self.appointments.get(&id)
    }

    /// Every appointment in it, in no meaningful order. Expired holds that nobody has told it of are among them.
    pub fn appointments(&self) -> impl Iterator<Item = &Arc<Appointment>> {
        self.appointments.values()
    }

    /// How many appointments are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.appointments().count()
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.appointments().next().is_none()
    }

    /// A participant's live appointments, by start. Holds count as long as they have not expired at `now`.
    pub fn of_participant<'a>(
        &'a self,
        participant: &'a ParticipantId,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Appointment>> + 'a {
        self.participants
            .get(participant)
            .into_iter()
            .flatten()
            .filter(move |appointment| expiry(appointment).is_none_or(|at| now < at))
    }

    /// A participant's live appointments that overlap the visible span `[from, until)`, by start: worth a warning,
    /// not a refusal, because people book for others too.
    pub fn of_participant_within<'a>(
        &'a self,
        participant: &'a ParticipantId,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Appointment>> + 'a {
        self.of_participant(participant, now)
            .filter(move |appointment| appointment.starts_at < until && from < appointment.ends_at)
    }

    /// Whether a seat is free for `[from, until)` at `now`, leaving `ignoring` out of account. An expired hold does not block.
    #[must_use]
    pub fn is_free(
        &self,
        resource: &ResourceId,
        seat: u32,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
        ignoring: &[AppointmentId],
    ) -> bool {
        self.seats_of(resource).is_free(seat, from, until, now, ignoring)
    }

    /// The seats of a resource, looked up once for many questions.
    pub(super) fn seats_of(&self, resource: &ResourceId) -> Seats<'_> {
        Seats(self.lanes.get(resource).map_or(&[], Vec::as_slice))
    }

    /// The seconds within `[from, until)` for which visits occupy a resource, all seats together and without buffers.
    #[must_use]
    pub fn occupied_s(
        &self,
        resource: &ResourceId,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
        ignoring: &[AppointmentId],
    ) -> i64 {
        let lanes = self.lanes.get(resource).map_or(&[][..], Vec::as_slice);
        lanes
            .iter()
            .flat_map(|lane| lane.overlapping(from, until, now, ignoring))
            .map(|block| block.ends_at.min(until).as_second() - block.starts_at.max(from).as_second())
            .map(|seconds| seconds.max(0))
            .sum()
    }

    /// The appointments that block a resource within `[from, until)`, by start; each once, even on several seats.
    #[must_use]
    pub fn busy(
        &self,
        resource: &ResourceId,
        from: Timestamp,
        until: Timestamp,
        now: Timestamp,
    ) -> Vec<&Arc<Appointment>> {
        let lanes = self.lanes.get(resource).map_or(&[][..], Vec::as_slice);
        let found: BTreeMap<(Timestamp, AppointmentId), &Arc<Appointment>> = lanes
            .iter()
            .flat_map(|lane| lane.overlapping(from, until, now, &[]))
            .filter_map(|block| self.appointment(block.appointment))
            .map(|appointment| ((appointment.starts_at, appointment.id), appointment))
            .collect();
        found.into_values().collect()
    }

    /// `None` for a seat that no resource has.
    fn lane_mut(&mut self, resource: &ResourceId, seat: u32) -> Option<&mut Lane> {
        if seat > SEATS_MAX {
            return None;
        }
        let at = usize::try_from(seat.checked_sub(1)?).ok()?;
        // Most updates meet a resource that is there already; only a new one pays for its name.
        if !self.lanes.contains_key(resource) {
            self.lanes.insert(resource.clone(), Vec::new());
        }
        let lanes = self.lanes.get_mut(resource)?;
        if lanes.len() <= at {
            lanes.resize_with(at + 1, Arc::default);
        }
        lanes.get_mut(at).map(Arc::make_mut)
    }
}

/// Until when an appointment blocks, if not for good. A hold that says no end is taken for one that has none.
fn expiry(appointment: &Appointment) -> Option<Timestamp> {
    match appointment.status {
        Status::Held => appointment.hold_expires_at,
        _ => None,
    }
}

#[cfg(test)]
mod tests;
