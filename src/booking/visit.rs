//! What somebody wants ([`Wish`]), and a plan that would serve it ([`Plan`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::types::{ResourceId, ServiceId};

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
