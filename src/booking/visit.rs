//! What somebody wants ([`Wish`]), and a plan that would serve it ([`Plan`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::appointment::{Appointment, Status};
use super::catalogue::{Catalogue, ResourceKind, Service};
use crate::types::{AppointmentId, GoalId, ParticipantId, ResourceId, ServiceId};

/// A visit as wanted: what, for whom, by whom. When is asked for separately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// One item per service and person, in the order of the visit.
    pub items: Vec<WishItem>,
    /// How the items lie in time.
    pub arrangement: Arrangement,
}

/// One service for one person, or seats in a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishItem {
    /// What.
    pub service: ServiceId,
    /// By whom.
    pub staff: StaffWish,
    /// Seats in a class; 1 for everything else.
    pub seats: u32,
}

/// A wish about staff.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffWish {
    /// Whoever is free.
    #[default]
    Anyone,
    /// This one.
    Only(ResourceId),
    /// Anyone but these.
    Not(Vec<ResourceId>),
}

/// How the items of a wish lie in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// One after the other, without a pause (one person, several services).
    InSequence,
    /// All starting together (several people).
    Together,
    /// Several people, each with the same number of items one after the other; the items are listed person by
    /// person.
    SideBySide {
        /// How many.
        people: u32,
    },
}

/// A visit that fits: when, and what it occupies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The visible start.
    pub starts_at: Timestamp,
    /// The visible end.
    pub ends_at: Timestamp,
    /// What is occupied. Never empty; ordered by start.
    pub allocations: Vec<Allocation>,
}

/// A seat of a resource, occupied for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allocation {
    /// Which item of the wish it serves, from 0.
    pub item: u32,
    /// What is done there.
    pub service: ServiceId,
    /// What is occupied.
    pub resource: ResourceId,
    /// Which of its seats, from 1.
    pub seat: u32,
    /// The visible start.
    pub starts_at: Timestamp,
    /// The visible end.
    pub ends_at: Timestamp,
    /// The start with the buffer; `[blocked_from, blocked_until)` is what nobody else may touch.
    pub blocked_from: Timestamp,
    /// The end with the buffer.
    pub blocked_until: Timestamp,
}

/// Makes a wish of services for a number of people.
///
/// A class takes seats; several people have everything else side by side. Add-ons move behind the other services,
/// because they follow one. The wish about staff goes to the services that staff do; when several people come, one
/// asked for by name serves the first of them, because nobody can serve two at once.
#[must_use]
pub fn wish_for(catalogue: &Catalogue, services: &[ServiceId], staff: &StaffWish, people: u32) -> Wish {
    let people = people.max(1);
    let service = |id: &ServiceId| catalogue.service(id);
    let is_add_on = |id: &&ServiceId| service(id).is_some_and(|service| service.add_on);
    let (add_ons, mains): (Vec<&ServiceId>, Vec<&ServiceId>) = services.iter().partition(is_add_on);
    let in_order: Vec<&ServiceId> = mains.into_iter().chain(add_ons).collect();
    let item = |id: &ServiceId, person: u32, seats: u32| {
        let is_by_staff = service(id)
            .is_some_and(|service| service.requirements.iter().any(|r| r.kind == ResourceKind::Staff));
        let is_for_another = person > 0 && matches!(staff, StaffWish::Only(_));
        let staff = if is_by_staff && !is_for_another {
            staff.clone()
        } else {
            StaffWish::Anyone
        };
        WishItem {
            service: id.clone(),
            staff,
            seats,
        }
    };
    if people == 1
        || in_order
            .iter()
            .all(|id| service(id).is_some_and(Service::is_class))
    {
        return Wish {
            items: in_order.into_iter().map(|id| item(id, 0, people)).collect(),
            arrangement: Arrangement::InSequence,
        };
    }
    let arrangement = match in_order.len() {
        1 => Arrangement::Together,
        _ => Arrangement::SideBySide { people },
    };
    // More people than any business seats at once need no list of their own to be refused.
    let people = people.min(ITEMS_MAX + 1);
    let of_person = |person: u32| in_order.iter().map(move |id| (person, *id));
    let items = (0..people)
        .flat_map(of_person)
        .map(|(person, id)| item(id, person, 1))
        .collect();
    Wish { items, arrangement }
}

/// The most items of a wish that are planned; a longer one is not bookable.
pub const ITEMS_MAX: u32 = 24;

impl Wish {
    /// The items person by person. A wish that cannot be divided so has one person.
    pub(super) fn tracks(&self) -> impl Iterator<Item = &[WishItem]> {
        let people = match self.arrangement {
            Arrangement::InSequence => 1,
            Arrangement::Together => self.items.len(),
            Arrangement::SideBySide { people } => usize::try_from(people).unwrap_or(usize::MAX),
        };
        let divides = people > 0 && self.items.len().is_multiple_of(people);
        let of_each = if divides {
            self.items.len() / people
        } else {
            self.items.len()
        };
        self.items.chunks(of_each.max(1))
    }

    /// How many people come.
    #[must_use]
    pub fn people(&self) -> u32 {
        let of_track = |track: &[WishItem]| track.iter().map(|item| item.seats).max().unwrap_or(0);
        self.tracks().map(of_track).fold(0, u32::saturating_add)
    }
}

/// The price of a wish in minor units; `None` when a part of it is asked for on the spot, or unknown.
#[must_use]
pub fn price_minor(catalogue: &Catalogue, wish: &Wish) -> Option<u64> {
    let of_item = |item: &WishItem| {
        let price = catalogue.service(&item.service)?.price_minor?;
        price.checked_mul(u64::from(item.seats))
    };
    wish.items
        .iter()
        .try_fold(0_u64, |sum, item| sum.checked_add(of_item(item)?))
}

/// The visible length of a wish in elapsed minutes; `None` when a service is unknown.
#[must_use]
pub fn duration_min(catalogue: &Catalogue, wish: &Wish) -> Option<u32> {
    let of_item = |item: &WishItem| Some(catalogue.service(&item.service)?.duration_min);
    let of_track = |track: &[WishItem]| {
        track
            .iter()
            .try_fold(0_u32, |sum, item| sum.checked_add(of_item(item)?))
    };
    wish.tracks()
        .map(of_track)
        .try_fold(0, |longest: u32, track| Some(longest.max(track?)))
}

/// Whose appointment a plan becomes, and how.
#[derive(Debug, Clone)]
pub struct NewAppointment {
    /// Its id.
    pub id: AppointmentId,
    /// Whose it is.
    pub participant: ParticipantId,
    /// Until when it is held; `None` for one that is booked at once.
    pub hold_expires_at: Option<Timestamp>,
    /// The goal that it is for, if there is one.
    pub goal: Option<GoalId>,
}

impl Plan {
    /// The appointment of this plan for `wish`: held when it has an end of the hold, else pending when the business
    /// confirms by hand, else confirmed.
    #[must_use]
    pub fn new_appointment(&self, catalogue: &Catalogue, wish: &Wish, new: NewAppointment) -> Appointment {
        let status = match new.hold_expires_at {
            Some(_) => Status::Held,
            None if catalogue.policies.confirm_by_hand => Status::Pending,
            None => Status::Confirmed,
        };
        Appointment {
            id: new.id,
            participant: new.participant,
            status,
            allocations: self.allocations.clone(),
            services: wish.items.iter().map(|item| item.service.clone()).collect(),
            party_size: wish.people(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            price_minor: price_minor(catalogue, wish),
            hold_expires_at: new.hold_expires_at,
            goal: new.goal,
            version: 1,
        }
    }

    /// Who and what serves the item of the wish at `index`.
    pub fn resources_of(&self, index: u32) -> impl Iterator<Item = &ResourceId> {
        self.allocations
            .iter()
            .filter(move |a| a.item == index)
            .map(|a| &a.resource)
    }
}
