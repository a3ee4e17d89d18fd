//! The catalogue of a business, checked: every reference in it resolves, every number is in range.
//!
//! It is read from a document (TOML in files, JSON over the API) by [`Catalogue::from_toml`] and
//! [`Catalogue::from_json`]; a refused document names every mistake with its line or path.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::document::{self, Document, Mistakes};
use crate::types::{BusinessId, Channel, Language, ResourceId, ServiceId};

/// Everything that a business offers, and its rules.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The tenant.
    pub id: BusinessId,
    /// The name that customers know.
    pub name: String,
    /// Where the business's clock hangs; opening hours are local to it.
    pub time_zone: TimeZone,
    /// BCP 47 language tag of the business, for example `en-US`: the language of a conversation until its customer
    /// writes another one, and the order of dates in digits.
    pub locale: String,
    /// ISO 4217 code of every price.
    pub currency: String,
    /// How to get there, one line.
    pub address: Option<String>,
    /// A number that people can call.
    pub phone: Option<String>,
    /// Limits and habits.
    pub policies: Policies,
    /// What is offered, in the order of the document.
    pub services: Vec<Service>,
    /// Names for several services at once ("mani-pedi").
    pub bundles: Vec<Bundle>,
    /// What a visit occupies, in the order of the document.
    pub resources: Vec<Resource>,
    /// Weekly hours of the business.
    pub opening: Vec<OpeningRule>,
    /// Days that differ.
    pub exceptions: Vec<OpeningException>,
    /// Answers to common questions.
    pub faq: Vec<Faq>,
    /// Which language models understand its customers.
    pub understanding: Models,
    /// What it was read from, for export.
    pub document: Arc<Document>,
    /// Days whose hours were worked out before.
    pub(super) days: super::availability::KnownDays,
}

/// Limits and habits of a business. Durations are minutes unless named otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policies {
    /// Starts are offered on multiples of this, counted from local midnight.
    pub slot_grid_min: u32,
    /// How long before its start a visit can be booked at the latest.
    pub min_notice_min: u32,
    /// How many days ahead one can book; today counts as day 0, and day `horizon_days` is still bookable.
    pub horizon_days: u32,
    /// How long an offered slot is kept while the customer decides; 0 turns holds off.
    pub hold_min: u32,
    /// Until how long before its start a customer may cancel a visit.
    pub cancel_notice_min: u32,
    /// Until how long before its start a customer may move a visit.
    pub reschedule_notice_min: u32,
    /// How many upcoming appointments one customer may have.
    pub active_appointments_max: Option<u32>,
    /// Whether the business confirms each booking by hand (`pending` first).
    pub confirm_by_hand: bool,
    /// Whether a request that says everything is booked without a read-back.
    pub express: bool,
    /// Whether buffers must fit into opening hours too.
    pub buffers_inside_hours: bool,
    /// A sentence about cancelling, moving and coming late, for those who ask.
    pub text: Option<String>,
}

/// The language models that a business asks for in place of the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Models {
    /// For all its conversations.
    pub model: Option<String>,
    /// For those on a channel.
    pub channels: BTreeMap<Channel, String>,
}

impl Models {
    /// The model for conversations on a channel; `None` for the usual one.
    #[must_use]
    pub fn model_for(&self, channel: Channel) -> Option<&str> {
        let of_channel = self.channels.get(&channel);
        of_channel.or(self.model.as_ref()).map(String::as_str)
    }
}

/// Something that can be booked.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// The name that customers know.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// The visible length in elapsed minutes.
    pub duration_min: u32,
    /// Minutes before the visible start that are blocked too.
    pub buffer_before_min: u32,
    /// Minutes after the visible end that are blocked too.
    pub buffer_after_min: u32,
    /// The price in minor units of the catalogue's currency; `None` when it is asked for on the spot.
    pub price_minor: Option<u64>,
    /// What occupies it: one of these resources each time.
    pub requirements: Vec<Requirement>,
    /// For a class: when it takes place. Empty for a service by appointment.
    pub sessions: Vec<ClassSession>,
    /// An add-on is only booked together with another service, directly after it.
    pub add_on: bool,
    /// Whether customers can book it by chat and API.
    pub online_bookable: bool,
    /// Its own notice, in place of the policy's.
    pub min_notice_min: Option<u32>,
}

/// One resource that a service needs, from a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// What kind it is. A `Staff` requirement is the one that "with Linh" speaks of.
    pub kind: ResourceKind,
    /// The resources that would do, in the order of preference.
    pub any_of: Vec<ResourceId>,
}

/// When a class takes place, weekly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassSession {
    /// The day.
    pub weekday: Weekday,
    /// The local start.
    pub start: Time,
}

/// Names for several services booked together.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What customers call it.
    pub names: Vec<String>,
    /// What it stands for, in the order of the visit.
    pub services: Vec<ServiceId>,
}

/// What a visit occupies.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its id.
    pub id: ResourceId,
    /// The name that customers know.
    pub name: String,
    /// What else it is called.
    pub aliases: Vec<String>,
    /// What it is.
    pub kind: ResourceKind,
    /// How many visits it can serve at once: seats 1 to `capacity`.
    pub capacity: u32,
    /// Its own weekly hours, within those of the business; empty means the business's.
    pub opening: Vec<OpeningRule>,
    /// Its own days that differ.
    pub exceptions: Vec<OpeningException>,
    /// Whether it takes part at all.
    pub active: bool,
}

/// Kinds of resources. They are treated alike; the kind decides only which one "with ..." speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A person.
    Staff,
    /// A room or bay.
    Room,
    /// A chair or machine.
    Equipment,
    /// A class with seats.
    Class,
}

/// Weekly hours: one window on one day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningRule {
    /// The day on which the window starts.
    pub weekday: Weekday,
    /// The window.
    pub window: LocalWindow,
    /// The first day on which the rule holds. A rule with a first or last day is a season's: on the days of a season
    /// only its rules hold.
    pub valid_from: Option<Date>,
    /// The last day on which the rule holds.
    pub valid_to: Option<Date>,
}

/// A stretch of local time. `end <= start` ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalWindow {
    /// Its first minute.
    pub start: Time,
    /// The first minute that no longer belongs to it.
    pub end: Time,
}

/// Days on which other hours hold. Exceptions win over rules; a closure wins over any opening of a wider scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningException {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The hours on those days; empty means closed.
    pub windows: Vec<LocalWindow>,
    /// Why, for those who ask ("Thanksgiving").
    pub reason: Option<String>,
}

/// An answer to a common question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faq {
    /// What it is about: `location`, `parking`, `payment`, or any key.
    pub key: String,
    /// Words that ask for it.
    pub keywords: Vec<String>,
    /// The answer.
    pub answer: String,
}

impl Catalogue {
    /// The business's own language.
    #[must_use]
    pub fn language(&self) -> Language {
        Language::of_locale(&self.locale)
    }

    /// Reads a TOML document.
    ///
    /// # Errors
    /// Everything that is wrong with it, with lines; or the first place where its shape is wrong.
    pub fn from_toml(text: &str) -> Result<Self, Mistakes> {
        document::catalogue(Document::from_toml(text)?, Some(text))
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// Everything that is wrong with it, with paths; or the first place where its shape is wrong.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, Mistakes> {
        Self::from_document(Document::from_json(text.as_ref())?)
    }

    /// Checks a document.
    ///
    /// # Errors
    /// Everything that is wrong with it, with paths.
    pub fn from_document(document: Document) -> Result<Self, Mistakes> {
        document::catalogue(document, None)
    }

    /// The service of that id.
    #[must_use]
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| service.id == *id)
    }

    /// The resource of that id.
    #[must_use]
    pub fn resource(&self, id: &ResourceId) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.id == *id)
    }
}

impl Service {
    /// Whether it is a class with fixed sessions and seats.
    #[must_use]
    pub const fn is_class(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Whether it can be served by this member of staff.
    #[must_use]
    pub fn served_by(&self, staff: &ResourceId) -> bool {
        self.requirements
            .iter()
            .any(|r| r.kind == ResourceKind::Staff && r.any_of.contains(staff))
    }
}
