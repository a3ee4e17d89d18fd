//! The catalogue as people write it: TOML in files, JSON in `PUT /v1/businesses/{id}`; one shape for both.
//!
//! Nothing here is checked beyond its shape. [`Catalogue::from_document`](super::Catalogue::from_document) checks
//! it whole and reports every [`Mistake`] at once, because a form that complains about one field at a time is
//! filled in ten times.

mod check;
mod locate;
mod mistake;
mod opening;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use check::catalogue;
pub use mistake::{Mistake, Mistakes, Path, Problem};

/// Hours by day of the week, for example `{ tue = ["09:00-12:00", "13:00-19:00"], sat = ["10:00-17:00"] }`.
///
/// A key is a day (`tue`, `tuesday`), a range of days (`tue-fri`) or `daily`. A window whose end is not after its
/// start ends on the next day (`20:00-04:00`); `24:00` is the end of the day.
pub type Week = BTreeMap<String, Vec<String>>;

/// Everything that a business offers, and its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Catalogue)]
pub struct Document {
    /// The id of the business: lower-case letters, digits, `-` and `_`.
    pub id: String,
    /// The name that customers know.
    pub name: String,
    /// IANA name of the time zone of all hours, for example `America/New_York`.
    pub time_zone: String,
    /// BCP 47 language tag of replies.
    #[serde(default = "defaults::locale")]
    pub locale: String,
    /// ISO 4217 code of every price, for example `USD`.
    pub currency: String,
    /// How to get there, one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// A number that people can call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Weekly hours of the business, by day (`tue`), range of days (`tue-fri`) or `daily`; a window such as
    /// `20:00-04:00` ends on the next day.
    pub opening: Week,
    /// Limits and habits.
    #[serde(default)]
    pub policies: Policies,
    /// Parts of the year with other weekly hours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<Season>,
    /// Days that differ: holidays, short days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// The people who serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub staff: Vec<Staff>,
    /// Rooms, chairs, machines: what a visit occupies besides people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// What is offered, in the order in which it is listed to customers.
    pub services: Vec<Service>,
    /// Names for several services at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<Bundle>,
    /// Answers to common questions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faq: Vec<Faq>,
    /// Which language models understand customers, where one is asked at all.
    #[serde(default, skip_serializing_if = "Understanding::is_usual")]
    pub understanding: Understanding,
}

/// Limits and habits of a business; durations are minutes unless named otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CataloguePolicies)]
pub struct Policies {
    /// Starts are offered on multiples of this, counted from local midnight.
    pub slot_grid_min: u32,
    /// How long before its start a visit can be booked at the latest.
    pub min_notice_min: u32,
    /// How many days ahead one can book; today is day 0. At most 366.
    pub horizon_days: u32,
    /// How long an offered slot is kept while the customer decides; 0 turns holds off.
    pub hold_min: u32,
    /// Until how long before its start a customer may cancel a visit.
    pub cancel_notice_min: u32,
    /// Until how long before its start a customer may move a visit; as for cancelling when it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reschedule_notice_min: Option<u32>,
    /// How many upcoming appointments one customer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub active_appointments_max: Option<u32>,
    /// Whether the business confirms each booking by hand.
    pub confirm_by_hand: bool,
    /// Whether a request that says everything is booked without a read-back.
    pub express: bool,
    /// Whether buffers must fit into opening hours too.
    pub buffers_inside_hours: bool,
    /// A sentence about cancelling, moving and coming late, for those who ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            slot_grid_min: 15,
            min_notice_min: 60,
            horizon_days: 60,
            hold_min: 5,
            cancel_notice_min: 240,
            reschedule_notice_min: None,
            active_appointments_max: None,
            confirm_by_hand: false,
            express: false,
            buffers_inside_hours: false,
            text: None,
        }
    }
}

/// A part of the year with other weekly hours. Within it, only its hours hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueSeason)]
pub struct Season {
    /// The first day, for example `2026-06-01`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// The weekly hours from the first day to the last.
    pub opening: Week,
}

/// A day, or several in a row, with other hours. Either `closed = true` or `hours`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CatalogueException)]
pub struct Exception {
    /// The day, for example `2026-11-26`. For several days in a row use `from` and `to`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The first of several days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last of several days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Closed on those days.
    #[serde(skip_serializing_if = "is_false")]
    pub closed: bool,
    /// Open on those days at these hours, and no others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<String>,
    /// Why, for those who ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A person who serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueStaff)]
pub struct Staff {
    /// The id: lower-case letters, digits, `-` and `_`.
    pub id: String,
    /// The name that customers know.
    pub name: String,
    /// What else the person is called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The person's weekly hours within those of the business; missing means all of them.
    #[serde(default, skip_serializing_if = "Week::is_empty")]
    pub opening: Week,
    /// Days on which the person works other hours or not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Whether the person can be booked at all.
    #[serde(default = "defaults::yes", skip_serializing_if = "is_true")]
    pub active: bool,
}

/// A room, chair or machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueResource)]
pub struct Resource {
    /// The id: lower-case letters, digits, `-` and `_`.
    pub id: String,
    /// The name that customers know.
    pub name: String,
    /// What it is.
    pub kind: PlaceKind,
    /// What else it is called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// How many visits it can serve at once.
    #[serde(default = "defaults::one")]
    pub capacity: u32,
    /// Its weekly hours within those of the business; missing means all of them.
    #[serde(default, skip_serializing_if = "Week::is_empty")]
    pub opening: Week,
    /// Days on which it can be used at other hours or not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Whether it can be booked at all.
    #[serde(default = "defaults::yes", skip_serializing_if = "is_true")]
    pub active: bool,
}

/// Kinds of resources that are not people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// A room or bay.
    Room,
    /// A chair or machine.
    Equipment,
}

/// Something that can be booked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueService)]
pub struct Service {
    /// The id: lower-case letters, digits, `-` and `_`.
    pub id: String,
    /// The name that customers know.
    pub name: String,
    /// What else it is called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// How long it takes, in minutes.
    pub duration_min: u32,
    /// Minutes that are blocked before the start and not shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub buffer_before_min: u32,
    /// Minutes that are blocked after the end and not shown.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub buffer_after_min: u32,
    /// The price in the currency of the business, for example `"25.00"`; missing when it is asked for on the spot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    /// The ids of the staff who do it, any one of them, in the order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<String>,
    /// What else it needs, one each time: either `"room"` or `"equipment"` (any of that kind), or a list of ids of
    /// which any one will do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// For a class: when it takes place each week, for example `["sat 15:00"]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<String>,
    /// For a class: how many people can take part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u32>,
    /// Only booked together with another service, directly after it and by the same person.
    #[serde(default, skip_serializing_if = "is_false")]
    pub add_on: bool,
    /// Whether customers can book it by chat and API.
    #[serde(default = "defaults::yes", skip_serializing_if = "is_true")]
    pub online_bookable: bool,
    /// Its own notice in minutes, in place of the policy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_notice_min: Option<u32>,
}

/// One more thing that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected \"room\", \"equipment\" or a list of resource ids"
)]
#[schema(as = CatalogueNeed)]
pub enum Need {
    /// Any resource of that kind: `"room"` or `"equipment"`.
    Kind(PlaceKind),
    /// Any of these resources, in the order of preference.
    AnyOf(Vec<String>),
}

/// Names for several services booked together, in the order of the visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueBundle)]
pub struct Bundle {
    /// What customers call it.
    pub names: Vec<String>,
    /// The ids of its services.
    pub services: Vec<String>,
}

/// An answer to a common question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CatalogueFaq)]
pub struct Faq {
    /// What it is about: `location`, `parking`, `payment`, or any key.
    pub key: String,
    /// Words that ask for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// The answer.
    pub answer: String,
}

/// The language models that understand a business's customers, in place of the usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CatalogueUnderstanding)]
pub struct Understanding {
    /// The model for all conversations, as its endpoint calls it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Other models by channel (`api`, `web`, `terminal`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub channels: BTreeMap<String, String>,
}

impl Understanding {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Document {
    /// Reads the shape of a TOML document; what it says is checked by
    /// [`Catalogue::from_document`](super::Catalogue::from_document).
    ///
    /// # Errors
    /// The first place where the text is no TOML, or has a field that is unknown, missing or of another type.
    pub fn from_toml(text: &str) -> Result<Self, Mistakes> {
        toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| locate::line_of(text, span.start));
            Mistakes::shape(String::new(), line, error.message())
        })
    }

    /// Reads the shape of a JSON document.
    ///
    /// # Errors
    /// The first place where the text is no JSON, or has a field that is unknown, missing or of another type.
    pub fn from_json(text: &[u8]) -> Result<Self, Mistakes> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        let document: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { String::new() } else { path };
            let line = error.inner().line();
            Mistakes::shape(path, (line > 0).then_some(line), &error.inner().to_string())
        })?;
        deserializer
            .end()
            .map_err(|error| Mistakes::shape(String::new(), Some(error.line()), &error.to_string()))?;
        Ok(document)
    }

    /// The document as TOML, fit to be written to a file and read again.
    ///
    /// # Errors
    /// When the serializer refuses it, which would be a mistake of ours.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

mod defaults {
    pub(super) fn locale() -> String {
        "en-US".to_owned()
    }
    pub(super) const fn yes() -> bool {
        true
    }
    pub(super) const fn one() -> u32 {
        1
    }
}

// Serde hands fields over by reference.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_false(value: &bool) -> bool {
    !*value
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_true(value: &bool) -> bool {
    *value
}
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
const fn is_zero(value: &u32) -> bool {
    *value == 0
}
