//! Something that the customer wants done, and what is known about it so far.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::booking::appointment::Appointment;
use crate::booking::availability::Refusal;
use crate::booking::catalogue::{Catalogue, ResourceKind};
use crate::booking::visit::{Plan, StaffWish};
use crate::types::{AppointmentId, GoalId, ResourceId, ServiceId, WaitlistId};
use crate::understanding::{GoalKind, When};

/// A goal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goal {
    /// Its id: stays the same from the first word to the last.
    pub id: GoalId,
    /// What it is.
    pub kind: GoalKind,
    /// Where it stands.
    pub state: GoalState,
    /// What is known.
    pub slots: Slots,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last spoken of.
    pub touched_at: Timestamp,
    /// The slot promised to it, as it was read back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Appointment>,
    /// The plan that was read back, when holds are turned off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,
    /// The existing appointment that is moved or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<AppointmentId>,
    /// The waitlist entry whose offer it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waitlist: Option<WaitlistId>,
    /// What was refused last, for whoever asks why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

impl Goal {
    /// The slots as the API shows them. While a read-back waits for its yes, they are what was read back.
    #[must_use]
    pub fn view(&self, catalogue: &Catalogue) -> SlotsView {
        let mut view = self.slots.view(&catalogue.time_zone, self.target);
        let held = self.hold.as_ref().map(|hold| (hold.starts_at, &hold.allocations));
        let planned = self.plan.as_ref().map(|plan| (plan.starts_at, &plan.allocations));
        if let (GoalState::Confirming, Some((starts_at, allocations))) = (self.state, held.or(planned)) {
            let start = catalogue.time_zone.to_datetime(starts_at);
            view.date = Some(start.date().to_string());
            view.time = Some(start.time().strftime("%H:%M").to_string());
            view.when = None;
            let is_staff = |id: &&ResourceId| {
                catalogue
                    .resource(id)
                    .is_some_and(|resource| resource.kind == ResourceKind::Staff)
            };
            let staff = allocations.iter().map(|a| &a.resource).find(is_staff);
            view.staff = staff.map(ToString::to_string).or(view.staff);
        }
        view
    }
}

/// Where a goal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GoalState {
    /// Something is still to be said.
    Collecting,
    /// Options are on the table.
    Offering,
    /// A read-back waits for its yes.
    Confirming,
    /// Reached.
    Done,
    /// Set aside; continues when it is spoken of.
    Parked,
    /// Dropped by the customer.
    Cancelled,
    /// Nobody spoke of it for too long.
    Expired,
    /// Cannot be reached.
    Failed,
    /// A person has it.
    HandedOff,
}

impl GoalState {
    /// Whether the goal still wants something.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(
            self,
            Self::Collecting | Self::Offering | Self::Confirming | Self::Parked
        )
    }
}

/// What is known about a goal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Slots {
    /// The services, in the order of the visit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceSlot>,
    /// The wish about staff; `None` as long as nobody asked or said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<StaffSlot>,
    /// The constraint on time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<WhenSlot>,
    /// How many people come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_size: Option<u32>,
}

/// How a value came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provenance {
    /// The customer said it.
    Said,
    /// It follows from what was said (a near match, the only candidate).
    Inferred,
    /// The customer chose it from options.
    Chosen,
    /// Taken over from the appointment that is moved.
    Kept,
}

/// A service that is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceSlot {
    /// Which.
    pub id: ServiceId,
    /// How it is known.
    pub provenance: Provenance,
}

/// A wish about staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffSlot {
    /// Who.
    pub wish: StaffWish,
    /// How it is known.
    pub provenance: Provenance,
}

/// A constraint on time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhenSlot {
    /// The constraint, in absolute local dates.
    pub when: When,
    /// The local day on which it was said; on a later day "tomorrow" is no longer what it was.
    pub said_on: Date,
    /// The exact start, where a local time alone would be two instants (clocks going back).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// How it is known.
    pub provenance: Provenance,
}

/// The slots of a goal; what is unknown is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlotsView {
    /// The service's id (the first, when there are several).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// All services' ids, when there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The id of the member of staff, or `anyone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<String>,
    /// The local date, `2026-11-20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The local time, `15:00`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The words about time, while they are not one date and time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How many people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party_size: Option<u32>,
    /// The appointment that is moved or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<String>,
}

impl Slots {
    /// The slots as the API shows them.
    #[must_use]
    pub fn view(&self, zone: &TimeZone, target: Option<AppointmentId>) -> SlotsView {
        let services: Vec<String> = self.services.iter().map(|s| s.id.to_string()).collect();
        let staff = self.staff.as_ref().and_then(|s| match &s.wish {
            StaffWish::Anyone => Some("anyone".to_owned()),
            StaffWish::Only(id) => Some(id.to_string()),
            StaffWish::Not(_) => None,
        });
        let when = self.when.as_ref();
        let exact = when
            .and_then(|w| w.instant)
            .map(|at| at.to_zoned(zone.clone()).datetime());
        let date = exact
            .map(jiff::civil::DateTime::date)
            .or_else(|| when.and_then(|w| w.when.date()));
        let time = exact
            .map(jiff::civil::DateTime::time)
            .or_else(|| when.and_then(|w| w.when.time()));
        SlotsView {
            service: services.first().cloned(),
            services: if services.len() > 1 { services } else { Vec::new() },
            staff,
            date: date.map(|d| d.to_string()),
            time: time.map(|t| t.strftime("%H:%M").to_string()),
            when: when
                .filter(|_| date.is_none() || time.is_none())
                .map(|w| w.when.text.clone()),
            party_size: self.party_size,
            appointment: target.map(|id| id.to_string()),
        }
    }
}
